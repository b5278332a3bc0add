//! The issuer under test, doing what the model is told as well.

use lictor_issuer::key::{Shipping, activate_key, add_key, destroy_key, distrust_key, retire_key};
use lictor_issuer::terms::{Span, StatusAge, TermLength};
use lictor_issuer::{
    Amendment, Changes, Earlier, Expiring, Failure, Home, Issued, Ledger, Occasion, Publication, Renewal,
    RenewedTerm, Revocation, Terms, amend, issue, plan_renewals, publish, reinstate, renew, renew_all,
    revoke_from, suspend,
};
use lictor_keys::{PrivateKey, seal_plain};
use lictor_shared::{SeatLimit, Seconds, Timestamp, Uri, Uuid};
use std::fs;
use std::path::Path;

use super::asking::Askers;
use super::operations::{Ends, Index, Operation, Order, Revise, Step};
use super::rules::{Model, Said};
use crate::support::{LIST, Scratch, at, new_key, order, time};

/// No license has this id.
pub(super) const UNKNOWN: &str = "0198c0d2-6c1e-7a33-9d5e-2f6f2b1d9a10";

pub(super) struct Desk {
    pub(super) home: Home,
    pub(super) ledger: Ledger,
    /// The keys, in the order in which they were made.
    pub(super) keys: Vec<PrivateKey>,
    /// A key that nobody knows.
    pub(super) stranger: PrivateKey,
    /// The licenses, in the order in which they were issued.
    pub(super) ids: Vec<Uuid>,
    /// The list that was published last.
    pub(super) list: Option<String>,
    pub(super) askers: Askers,
    _scratch: Scratch,
}

impl Desk {
    /// A desk of its own: a copy of a home without keys and licenses. Making one takes many waits for the disk.
    pub(super) fn at(template: &Path) -> Self {
        let scratch = Scratch::new();
        let path = scratch.0.join("home");
        copy(template, &path);
        let home = Home::open(&path).unwrap();
        let ledger = home.ledger().unwrap();
        let stranger = PrivateKey::generate().unwrap();
        Self {
            home,
            ledger,
            keys: Vec::new(),
            stranger,
            ids: Vec::new(),
            list: None,
            askers: Askers::new(),
            _scratch: scratch,
        }
    }

    /// Does it as the model is about to: at its time, to the license that it means.
    pub(super) fn apply(&mut self, operation: &Operation, model: &Model) -> Result<Said, Failure> {
        let occasion = Occasion { at: instant(model.now), ..at(crate::support::NOW) };
        match operation {
            Operation::Ask { .. } | Operation::AskAgain { .. } => self.bring(operation, model, &occasion),
            _ => self.change(operation, model, &occasion).map(|()| Said::Done),
        }
    }

    fn change(&mut self, operation: &Operation, model: &Model, occasion: &Occasion) -> Result<(), Failure> {
        let id =
            |of: Index| model.about(of).map_or_else(|| UNKNOWN.into(), |place| self.ids[place].to_string());
        let id = operation.of().map(id).unwrap_or_default();
        // Whoever signs opens the key that signs; where there is none, any other does as little.
        let signer = model.signer().map_or(&self.stranger, |place| &self.keys[place]);
        match operation {
            Operation::Pass { .. } | Operation::Ask { .. } | Operation::AskAgain { .. } => Ok(()),
            Operation::Take { by, of, taking } => self.take_seat((*by, *of, *taking), model, occasion),
            Operation::NewKey => self.new_key(occasion),
            Operation::Key { of, step } => self.take(*step, model.about_key(*of), occasion),
            Operation::Issue(ordered) => {
                let issued = issue_to(&self.home, &mut self.ledger, signer, ordered, occasion)?;
                self.ids.push(issued.signed.license.id);
                Ok(())
            }
            Operation::RenewSeveral { within, days, revise, revoke_previous } => {
                let until = instant(model.now + within);
                let expiring = Expiring { until, customer: None, product: None };
                let length = RenewedTerm::For(span(*days));
                let renewal =
                    Renewal { length, changes: renewed(revise), earlier: earlier(*revoke_previous) };
                let (home, ledger) = (&self.home, &mut self.ledger);
                let plan = plan_renewals(home, ledger, &expiring, &renewal, occasion)?;
                renew_all(home, ledger, signer, (&expiring, &plan), &renewal, occasion).map(drop)
            }
            Operation::Renew { ends, revise, revoke_previous, .. } => {
                let length = match *ends {
                    Ends::After { days } => RenewedTerm::For(span(days)),
                    Ends::Until { seconds } => {
                        RenewedTerm::Until(instant(model.now.saturating_add_signed(seconds)))
                    }
                    Ends::Never => unreachable!("no renewal is without end"),
                };
                let renewal =
                    Renewal { length, changes: renewed(revise), earlier: earlier(*revoke_previous) };
                renew(&self.home, &mut self.ledger, signer, &id, &renewal, occasion).map(drop)
            }
            Operation::Amend { revise, revoke_previous, .. } => {
                let amendment = Amendment { changes: changes(revise), earlier: earlier(*revoke_previous) };
                amend(&self.home, &mut self.ledger, signer, &id, &amendment, occasion).map(drop)
            }
            Operation::Suspend { .. } => suspend(&mut self.ledger, &id, None, occasion).map(drop),
            Operation::Reinstate { .. } => reinstate(&mut self.ledger, &id, None, occasion).map(drop),
            Operation::Revoke { reason, effective, .. } => {
                let effective = effective.map(|seconds| instant(model.now.saturating_add_signed(seconds)));
                let revocation = Revocation { reason: *reason, note: None, effective };
                revoke_from(&mut self.ledger, &id, &revocation, occasion).map(drop)
            }
            Operation::Publish => {
                let published = publish_with(&self.home, &mut self.ledger, signer, occasion)?;
                self.list = Some(published.lists[0].token.clone());
                Ok(())
            }
        }
    }

    fn new_key(&mut self, occasion: &Occasion) -> Result<(), Failure> {
        let key = PrivateKey::generate().unwrap();
        let pem = seal_plain(&key).unwrap();
        add_key(&self.home, &mut self.ledger, new_key(&key), &pem, occasion)?;
        self.keys.push(key);
        Ok(())
    }

    fn take(&mut self, step: Step, place: Option<usize>, occasion: &Occasion) -> Result<(), Failure> {
        let key = place.map_or(&self.stranger, |place| &self.keys[place]);
        let (ledger, kid) = (&mut self.ledger, key.public().thumbprint());
        match step {
            Step::Activate => activate_key(ledger, &kid, Shipping::Waived, occasion).map(drop),
            Step::Retire(succession) => retire_key(ledger, &kid, succession, occasion).map(drop),
            Step::Distrust { seconds } => {
                let after = instant(occasion.at.seconds().saturating_add_signed(seconds));
                distrust_key(ledger, &kid, after, occasion).map(drop)
            }
            Step::Destroy => destroy_key(&self.home, ledger, &kid, occasion).map(drop),
        }
    }
}

fn issue_to(
    home: &Home,
    ledger: &mut Ledger,
    signer: &PrivateKey,
    ordered: &Order,
    occasion: &Occasion,
) -> Result<Issued, Failure> {
    let after = |seconds: i64| instant(occasion.at.seconds().saturating_add_signed(seconds));
    let mut order = order();
    order.starts = ordered.starts.map(after);
    order.terms = Terms {
        term: Some(match ordered.ends {
            Ends::Never => TermLength::Perpetual,
            Ends::After { days } => TermLength::For(span(days)),
            Ends::Until { seconds } => TermLength::Until(after(seconds)),
        }),
        grace: ordered.grace.and_then(Seconds::new),
        revocation_grace: ordered.revocation_grace.and_then(Seconds::new),
        // Of the windows in a verdict only those of suspension, revocation and the end are the model's.
        max_status_age: Some(StatusAge::Never),
        seats: ordered.seats.map(|(seats, _)| SeatLimit::AtMost(seats)),
        overage: ordered.seats.map(|(_, overage)| overage),
        ..Terms::default()
    };
    issue(home, ledger, signer, &order, occasion)
}

fn publish_with(
    home: &Home,
    ledger: &mut Ledger,
    signer: &PrivateKey,
    occasion: &Occasion,
) -> Result<Publication, Failure> {
    publish(home, ledger, signer, &[Uri::new(LIST).unwrap()], occasion)
}

const fn earlier(revoke_previous: bool) -> Earlier {
    if revoke_previous { Earlier::Revoke } else { Earlier::Keep }
}

fn renewed(revise: &Revise) -> Changes {
    let mut changes = changes(revise);
    changes.terms.grace = revise.grace.and_then(Seconds::new);
    changes
}

fn changes(revise: &Revise) -> Changes {
    let terms = Terms {
        seats: revise.seats.map(SeatLimit::AtMost),
        revocation_grace: revise.revocation_grace.and_then(Seconds::new),
        ..Terms::default()
    };
    Changes { terms, ..Changes::default() }
}

pub(super) fn span(days: u64) -> Span {
    Span::Days(u32::try_from(days).unwrap())
}

pub(super) fn instant(seconds: u64) -> Timestamp {
    Timestamp::from_seconds(seconds).unwrap()
}

/// When every sequence begins.
pub(super) fn begin() -> u64 {
    time(crate::support::NOW).seconds()
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir(to).unwrap();
    fs::set_permissions(to, fs::metadata(from).unwrap().permissions()).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let target = to.join(path.file_name().unwrap());
        if path.is_dir() {
            copy(&path, &target);
        } else {
            fs::copy(&path, &target).unwrap();
        }
    }
}
