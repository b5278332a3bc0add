//! Who uses what: one license after the other, with its seats, its deployments, and what was odd or denied.

use lictor_shared::{Name, Seconds, Text, Thumbprint, Timestamp, Uuid};
use rusqlite::Connection;
use std::collections::BTreeMap;

use super::conduct::{Conduct, Denied, Flow};
use super::month::Month;
use super::oddity::{Oddity, OddityKind, SeatOddity};
use crate::activation::{DeploymentPage, DeploymentRecord, Occupancy, SeatState, deployments, occupancy};
use crate::error::{Failure, FailureKind};
use crate::ledger::{Ledger, OrFault as _, licenses};
use crate::licenses::{LicenseRecord, LicenseState, Standing};
use crate::listing::{Selection, visit_licenses};

/// Whose use is looked up. What is left open leaves none out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scope {
    /// That of this license.
    pub license: Option<Uuid>,
    /// Those of the customers with this id or exactly this name.
    pub customer: Option<Text>,
    /// Those of which the latest revision is for this product.
    pub product: Option<Name>,
    /// Only those behind this one, by their ids.
    pub after: Option<Uuid>,
    /// At most so many.
    pub most: Option<u32>,
}

/// By what the use of licenses is judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Judged {
    /// The instant.
    pub at: Timestamp,
    /// Whoever has a seat and was not heard of for longer than this is silent.
    pub silent_after: Seconds,
}

impl Judged {
    /// Refuses an instant before the last event: of what was before it, the ledger keeps the events, and not who had which seat.
    ///
    /// # Errors
    /// [`FailureKind::Conflict`] with the instant of that event.
    pub fn is_after_the_log(&self, ledger: &Ledger) -> Result<(), Failure> {
        let (size, _) = ledger.tree().head()?;
        match ledger.events(size).next().transpose()?.filter(|last| self.at < last.at) {
            None => Ok(()),
            Some(last) => Err(before(self.at, last.seq, last.at)),
        }
    }
}

fn before(at: Timestamp, seq: u64, last: Timestamp) -> Failure {
    let message = format!(
        "Event {seq}, the last one, is of {last}. Who used what before, at {at}, cannot be told from now."
    );
    Failure::new(FailureKind::Conflict, message)
        .hint(format!(
            "Give a time from {last} on, or no --now. What was recorded before: lictor audit log --until {at}"
        ))
        .with("at", at.to_string())
        .with("lastEventAt", last.to_string())
}

/// How soon a license ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Horizon {
    /// Within 30 days.
    Days30,
    /// Within 60 days, and not within 30.
    Days60,
    /// Within 90 days, and not within 60.
    Days90,
}

impl Horizon {
    /// All of them, the nearest first.
    pub const ALL: [Self; 3] = [Self::Days30, Self::Days60, Self::Days90];

    /// How many days.
    #[must_use]
    pub const fn days(self) -> u32 {
        match self {
            Self::Days30 => 30,
            Self::Days60 => 60,
            Self::Days90 => 90,
        }
    }

    /// The nearest before which an end lies that is yet to come.
    #[must_use]
    pub fn of(end: Timestamp, at: Timestamp) -> Option<Self> {
        let within = |horizon: &Self| at.plus_days(horizon.days()).is_none_or(|last| end <= last);
        Self::ALL.into_iter().find(within).filter(|_| at < end)
    }
}

/// One license, and who uses it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LicenseUse {
    /// The license.
    pub license: LicenseRecord,
    /// What it is now.
    pub state: LicenseState,
    /// How many seats it has, and how many of them are taken.
    pub occupancy: Occupancy,
    /// The deployments that have or had a seat, in the order of their ids.
    pub deployments: Vec<DeploymentRecord>,
    /// What is odd.
    pub oddities: Vec<Oddity>,
    /// What was denied, by reason.
    pub denials: BTreeMap<String, Denied>,
    /// What came and went, by month.
    pub months: BTreeMap<Month, Flow>,
    pub(super) judged: Judged,
    heard: BTreeMap<Thumbprint, Timestamp>,
}

impl LicenseUse {
    pub(super) fn of(ledger: &Ledger, license: LicenseRecord, judged: Judged) -> Result<Self, Failure> {
        let conduct = Conduct::of(ledger.connection(), license.id)?;
        let occupancy = occupancy(ledger, &license, judged.at)?;
        let (months, denials) = (conduct.months.clone(), conduct.denials.clone());
        let (stopped, revised, heard) = (conduct.stopped, conduct.revised, conduct.heard.clone());
        let mut oddities = conduct.oddities(ledger.connection())?;
        held_while_stopped(&license, (&occupancy, judged.at), stopped, &mut oddities);
        beyond_limit(&license, &occupancy, revised, &mut oddities);
        Ok(Self {
            state: license.state(judged.at),
            deployments: all_deployments(ledger, license.id)?,
            license,
            occupancy,
            oddities,
            denials,
            months,
            judged,
            heard,
        })
    }

    /// When a deployment was last heard of: when a request of its was last answered, or the end of the last period of which
    /// it reported its use, whatever is later. What was reported counts until it was brought, however late its clock is.
    #[must_use]
    pub fn last_heard(&self, deployment: &DeploymentRecord) -> Timestamp {
        let reported = self.heard.get(&deployment.id).copied();
        reported.map_or(deployment.last_seen, |reported| reported.max(deployment.last_seen))
    }

    /// Whether a deployment has a seat and was not heard of for long.
    #[must_use]
    pub fn is_silent(&self, deployment: &DeploymentRecord) -> bool {
        let heard_until = self.last_heard(deployment).plus(self.judged.silent_after);
        deployment.state == SeatState::Active && heard_until.is_some_and(|until| until < self.judged.at)
    }

    /// The deployments that have a seat and were not heard of for long.
    pub fn silent(&self) -> impl Iterator<Item = &DeploymentRecord> {
        self.deployments.iter().filter(|deployment| self.is_silent(deployment))
    }

    /// When it expires by its latest revision, unless it is revoked; `None`: never.
    #[must_use]
    pub fn expires_at(&self) -> Option<Timestamp> {
        self.license.latest()?.expires_at.filter(|_| self.state != LicenseState::Revoked)
    }

    /// How soon it ends, if soon.
    #[must_use]
    pub fn ends_within(&self) -> Option<Horizon> {
        Horizon::of(self.expires_at()?, self.judged.at)
    }

    /// How many requests were denied.
    #[must_use]
    pub fn denied(&self) -> u64 {
        self.denials.values().map(|denied| denied.times).sum()
    }

    /// When the last request was denied.
    #[must_use]
    pub fn last_denied(&self) -> Option<Timestamp> {
        self.denials.values().map(|denied| denied.last).max()
    }
}

/// Visits the licenses that are meant, in the order of their ids, one after the other as they are read, until all are visited
/// or a visit fails.
///
/// # Errors
/// Those of the visit, and [`Failure`] if the ledger cannot be read.
pub fn visit_use(
    ledger: &Ledger,
    scope: &Scope,
    judged: Judged,
    visit: &mut dyn FnMut(LicenseUse) -> Result<(), Failure>,
) -> Result<(), Failure> {
    // One view of everything, whatever others commit meanwhile.
    let _view = ledger.connection().unchecked_transaction().or_fault()?;
    visit_in_view(ledger, scope, judged, visit)
}

/// The same in a view that is open.
pub(super) fn visit_in_view(
    ledger: &Ledger,
    scope: &Scope,
    judged: Judged,
    visit: &mut dyn FnMut(LicenseUse) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let mut visit = |license| visit(LicenseUse::of(ledger, license, judged)?);
    match scope.license {
        Some(id) => match one(ledger.connection(), id, scope)? {
            Some(license) => visit(license),
            None => Ok(()),
        },
        None => visit_licenses(ledger, &selection(scope), judged.at, &mut visit),
    }
}

/// The license with this id, if nothing else that is asked for leaves it out.
fn one(connection: &Connection, id: Uuid, scope: &Scope) -> Result<Option<LicenseRecord>, Failure> {
    let is_meant = |license: &LicenseRecord| {
        let whose = |text: &Text| *text == license.customer_id || *text == license.customer;
        let is_for = |name: &Name| license.latest().is_some_and(|latest| latest.products.contains(name));
        let has_place = scope.after.is_none_or(|after| after < license.id) && scope.most != Some(0);
        has_place && scope.customer.as_ref().is_none_or(whose) && scope.product.as_ref().is_none_or(is_for)
    };
    Ok(licenses::find(connection, id)?.filter(is_meant))
}

fn selection(scope: &Scope) -> Selection {
    Selection {
        customer: scope.customer.clone(),
        product: scope.product.clone(),
        after: scope.after,
        most: scope.most,
        ..Selection::default()
    }
}

/// Deployments that are read at a time.
const PAGE: u32 = 1000;

fn all_deployments(ledger: &Ledger, license: Uuid) -> Result<Vec<DeploymentRecord>, Failure> {
    let mut all = Vec::new();
    loop {
        let after = all.last().map(|last: &DeploymentRecord| (last.license, last.id));
        let found = deployments(ledger, DeploymentPage { license: Some(license), after, size: PAGE })?;
        let is_last = found.len() < usize::try_from(PAGE).unwrap_or(usize::MAX);
        all.extend(found);
        if is_last {
            return Ok(all);
        }
    }
}

/// What is revoked for a day to come is what it was until then.
fn held_while_stopped(
    license: &LicenseRecord,
    (occupancy, at): (&Occupancy, Timestamp),
    stopped: Option<(u64, Timestamp)>,
    oddities: &mut Vec<Oddity>,
) {
    let (kind, since) = match license.standing {
        Standing::Active => return,
        Standing::Suspended { since } => (SeatOddity::HeldWhileSuspended, since),
        Standing::Revoked { since, .. } => (SeatOddity::HeldWhileRevoked, since),
    };
    if occupancy.active == 0 || since > at {
        return;
    }
    let mut oddity = Oddity::new(OddityKind::Seats(kind), license.id, None);
    if let Some((seq, _)) = stopped {
        oddity.shown_by(seq, since);
    }
    (oddity.first, oddity.last, oddity.seats) = (since, since, occupancy.active);
    oddities.insert(0, oddity);
}

/// Seats beyond the limit are in use now, or were granted once.
fn beyond_limit(
    license: &LicenseRecord,
    occupancy: &Occupancy,
    revised: Option<(u64, Timestamp)>,
    oddities: &mut Vec<Oddity>,
) {
    let (seats, kind) = (occupancy.beyond_limit(), OddityKind::Seats(SeatOddity::BeyondLimit));
    let granted = oddities.iter_mut().find(|oddity| oddity.kind == kind);
    match granted {
        Some(oddity) => oddity.seats = seats,
        None if seats == 0 => {}
        None => {
            let mut oddity = Oddity::new(kind, license.id, None);
            oddity.seats = seats;
            if let Some((seq, at)) = revised {
                (oddity.first, oddity.last, oddity.last_event) = (at, at, seq);
                oddity.events.push(seq);
            }
            oddities.push(oddity);
        }
    }
}
