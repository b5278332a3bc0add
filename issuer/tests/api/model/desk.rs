//! The issuer under test, doing what the model is told as well.

use lictor_issuer::key::add_key;
use lictor_issuer::terms::{Span, StatusAge, TermLength};
use lictor_issuer::{
    Amendment, Changes, Earlier, Failure, Home, Issued, Ledger, Occasion, Publication, Renewal, RenewedTerm,
    Terms, amend, issue, publish, reinstate, renew, revoke, suspend,
};
use lictor_keys::{PrivateKey, seal_plain};
use lictor_shared::{SeatLimit, Seconds, Timestamp, Uri, Uuid};
use std::fs;
use std::path::Path;

use super::operations::{Ends, Index, Operation, Order, Revise};
use super::rules::Model;
use crate::support::{LIST, Scratch, at, new_key, order, time};

/// No license has this id.
const UNKNOWN: &str = "0198c0d2-6c1e-7a33-9d5e-2f6f2b1d9a10";

pub(super) struct Desk {
    pub(super) home: Home,
    pub(super) ledger: Ledger,
    /// The first key, which signs.
    key: PrivateKey,
    /// The licenses, in the order in which they were issued.
    pub(super) ids: Vec<Uuid>,
    /// The list that was published last.
    pub(super) list: Option<String>,
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
        let key = PrivateKey::generate().unwrap();
        Self { home, ledger, key, ids: Vec::new(), list: None, _scratch: scratch }
    }

    /// Does it as the model is about to: at its time, to the license that it means.
    pub(super) fn apply(&mut self, operation: &Operation, model: &Model) -> Result<(), Failure> {
        let occasion = Occasion { at: instant(model.now), ..at(crate::support::NOW) };
        let id =
            |of: Index| model.about(of).map_or_else(|| UNKNOWN.into(), |place| self.ids[place].to_string());
        let id = operation.of().map(id).unwrap_or_default();
        match operation {
            Operation::Pass { .. } => Ok(()),
            Operation::NewKey => self.new_key(model.keys, &occasion),
            Operation::Issue(order) => self.issue(order, &occasion).map(|issued| {
                self.ids.push(issued.signed.license.id);
            }),
            Operation::Renew { ends, revise, revoke_previous, .. } => {
                let length = match *ends {
                    Ends::After { days } => RenewedTerm::For(span(days)),
                    Ends::Until { seconds } => {
                        RenewedTerm::Until(instant(model.now.saturating_add_signed(seconds)))
                    }
                    Ends::Never => unreachable!("no renewal is without end"),
                };
                let earlier = if *revoke_previous { Earlier::Revoke } else { Earlier::Keep };
                let mut changes = changes(revise);
                changes.terms.grace = revise.grace.and_then(Seconds::new);
                let renewal = Renewal { length, changes, earlier };
                renew(&self.home, &mut self.ledger, &self.key, &id, &renewal, &occasion).map(drop)
            }
            Operation::Amend { revise, .. } => {
                let amendment = Amendment { changes: changes(revise), earlier: Earlier::Keep };
                amend(&self.home, &mut self.ledger, &self.key, &id, &amendment, &occasion).map(drop)
            }
            Operation::Suspend { .. } => suspend(&mut self.ledger, &id, None, &occasion).map(drop),
            Operation::Reinstate { .. } => reinstate(&mut self.ledger, &id, None, &occasion).map(drop),
            Operation::Revoke { reason, .. } => {
                revoke(&mut self.ledger, &id, *reason, None, &occasion).map(drop)
            }
            Operation::Publish => self.publish(&occasion).map(|publication| {
                self.list = Some(publication.lists[0].token.clone());
            }),
        }
    }

    fn new_key(&mut self, there: usize, occasion: &Occasion) -> Result<(), Failure> {
        let another = PrivateKey::generate().unwrap();
        let key = if there == 0 { &self.key } else { &another };
        add_key(&self.home, &mut self.ledger, new_key(key), &seal_plain(key).unwrap(), occasion).map(drop)
    }

    fn issue(&mut self, ordered: &Order, occasion: &Occasion) -> Result<Issued, Failure> {
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
            ..Terms::default()
        };
        issue(&self.home, &mut self.ledger, &self.key, &order, occasion)
    }

    fn publish(&mut self, occasion: &Occasion) -> Result<Publication, Failure> {
        publish(&self.home, &mut self.ledger, &self.key, &[Uri::new(LIST).unwrap()], occasion)
    }
}

fn changes(revise: &Revise) -> Changes {
    let terms = Terms {
        seats: revise.seats.map(SeatLimit::AtMost),
        revocation_grace: revise.revocation_grace.and_then(Seconds::new),
        ..Terms::default()
    };
    Changes { terms, ..Changes::default() }
}

fn span(days: u64) -> Span {
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
