//! The report to an auditor: all licenses at an instant, gathered in one view of a ledger that was found whole in it.

mod chart;
mod markup;
mod page;
mod top;

use core::cmp::Reverse;
use lictor_shared::log::TreeHash;
use lictor_shared::{Name, SeatLimit, Text, Timestamp, Uuid};
use std::collections::BTreeMap;

use super::conduct::{Denied, Flow};
use super::customer_use::{CustomerUse, is_in_force, together};
use super::license_use::{Horizon, Judged, LicenseUse, Scope, visit_in_view};
use super::month::Month;
use super::oddity::{Oddity, OddityKind};
use crate::activation::{DeploymentRecord, Occupancy, SeatState};
use crate::check::{Checked, check_view};
use crate::error::Failure;
use crate::ledger::{Ledger, OrFault as _, customers, elsewhere, usage};
use crate::licenses::LicenseState;

pub use top::Top;

/// Months ahead of which the ends are counted.
const CALENDAR: usize = 12;

/// Rows of each table that are kept for the page.
const ROWS: usize = 50;

/// The same of what is odd, of each kind.
const ROWS_OF_KIND: usize = 15;

/// All licenses of an issuer at an instant, and who uses them. Every number in it follows from the events.
#[derive(Clone, Debug)]
pub struct Report {
    /// The issuer.
    pub issuer: Text,
    /// The id of the ledger.
    pub ledger: Uuid,
    /// By what it is judged.
    pub judged: Judged,
    /// What was gone through, and found as it should be.
    pub checked: Checked,
    /// The size of the log, and the root over it.
    pub head: (u64, TreeHash),
    /// How many reports of use were brought.
    pub reports: u64,
    /// How many events the newest checkpoint covers, if one was ever signed.
    pub checkpoint: Option<u64>,
    /// How many customers there are.
    pub customers: u64,
    /// Licenses by what they are.
    pub states: BTreeMap<LicenseState, u64>,
    /// Seats in all.
    pub seats: SeatTotals,
    /// Deployments by what became of their seats.
    pub deployments: BTreeMap<SeatState, u64>,
    /// Deployments that hold a seat of which the lease has ended.
    pub lapsed: u64,
    /// Activations that another ledger granted: which deployments they are for is not known.
    pub elsewhere: u64,
    /// Licenses that end soon, by how soon.
    pub ending: BTreeMap<Horizon, u64>,
    /// Licenses by the month in which they end, of twelve months.
    pub calendar: BTreeMap<Month, u64>,
    /// Licenses that end after these months, and those that never end.
    pub beyond_calendar: (u64, u64),
    /// What came and went, by month.
    pub months: BTreeMap<Month, Flow>,
    /// What was denied, by reason.
    pub denials: BTreeMap<String, Denied>,
    /// The licenses that end soon, the first first.
    pub ending_soon: Top<(Timestamp, Uuid), Licensed>,
    /// The licenses, those first of which the most is used.
    pub by_use: Top<Rank, Licensed>,
    /// What the licenses of each customer come to, by his id.
    pub by_customer: BTreeMap<Text, CustomerUse>,
    /// What is odd, by kind.
    pub oddities: BTreeMap<OddityKind, Odd>,
    /// The deployments that have been silent longest, and when each was last heard of.
    pub silent: Top<(Timestamp, Uuid, u64), (Licensed, DeploymentRecord, Timestamp)>,
}

/// Seats of all licenses together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SeatTotals {
    /// Seats in use.
    pub used: u64,
    /// Those that licenses in force (active or in grace) have, where their number is limited.
    pub limit: u64,
    /// How many of these are in use.
    pub used_of_limit: u64,
    /// Licenses in force with any number of seats.
    pub unlimited: u64,
    /// Seats in use beyond the limits of their licenses.
    pub beyond: u64,
    /// Licenses of which more seats are in use than their limit.
    pub licenses_beyond: u64,
}

/// What a table says of a license.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Licensed {
    /// Its id.
    pub id: Uuid,
    /// The customer's name.
    pub customer: Text,
    /// The products of the latest revision.
    pub products: Vec<Name>,
    /// What it is.
    pub state: LicenseState,
    /// How many seats it has, and how many are taken.
    pub occupancy: Occupancy,
    /// When it expires, unless never.
    pub expires_at: Option<Timestamp>,
    /// When its grace ends, unless never.
    pub grace_until: Option<Timestamp>,
}

/// The place of a license among those that are used most: thousandths of its limit that are used, then seats; those without
/// limit come last.
pub type Rank = (bool, Reverse<(u64, u64)>, Uuid);

/// What is odd in one way, the last first.
pub type Odd = Top<(Reverse<u64>, Uuid), (Licensed, Oddity)>;

/// Checks the ledger as `ledger verify` does and gathers what a report says of it, in the same view. Every license is
/// visited on the way, with all that is known of its use.
///
/// # Errors
/// [`FailureKind::Ledger`](crate::FailureKind::Ledger) if the ledger is not whole; those of the visit.
pub fn report(
    ledger: &Ledger,
    judged: Judged,
    visit: &mut dyn FnMut(&LicenseUse) -> Result<(), Failure>,
) -> Result<Report, Failure> {
    let view = ledger.connection().unchecked_transaction().or_fault()?;
    let checked = check_view(&view, &[], &mut |_| ())?;
    let mut report = Report::new(ledger, judged, checked)?;
    visit_in_view(ledger, &Scope::default(), judged, &mut |used| {
        report.add(&used);
        visit(&used)
    })?;
    Ok(report)
}

impl Report {
    fn new(ledger: &Ledger, judged: Judged, checked: Checked) -> Result<Self, Failure> {
        let connection = ledger.connection();
        let calendar = Month::of(judged.at).following(CALENDAR).map(|month| (month, 0)).collect();
        Ok(Self {
            issuer: ledger.issuer().clone(),
            ledger: ledger.id(),
            judged,
            checked,
            head: ledger.tree().head()?,
            reports: usage::count(connection)?,
            checkpoint: ledger.newest_checkpoint()?.map(|newest| newest.size),
            customers: customers::count(connection)?,
            states: BTreeMap::new(),
            seats: SeatTotals::default(),
            deployments: BTreeMap::new(),
            lapsed: 0,
            elsewhere: elsewhere::count(connection)?,
            ending: BTreeMap::new(),
            calendar,
            beyond_calendar: (0, 0),
            months: BTreeMap::new(),
            denials: BTreeMap::new(),
            ending_soon: Top::new(ROWS),
            by_use: Top::new(ROWS),
            by_customer: BTreeMap::new(),
            oddities: BTreeMap::new(),
            silent: Top::new(ROWS),
        })
    }

    /// How many licenses there are.
    #[must_use]
    pub fn licenses(&self) -> u64 {
        self.states.values().sum()
    }

    /// How many licenses end within a time.
    #[must_use]
    pub fn ending_within(&self, horizon: Horizon) -> u64 {
        self.ending.iter().filter(|(within, _)| **within <= horizon).map(|(_, licenses)| licenses).sum()
    }

    /// How often something was odd.
    #[must_use]
    pub fn odd(&self) -> u64 {
        self.oddities.values().map(Top::total).sum()
    }

    /// How many requests were denied.
    #[must_use]
    pub fn denied(&self) -> u64 {
        self.denials.values().map(|denied| denied.times).sum()
    }

    /// Every month from the first in which something happened to that of the report: what came and went in it, and the seats
    /// in use at its end.
    #[must_use]
    pub fn seats_over_time(&self) -> Vec<(Month, Flow, u64)> {
        let this = Month::of(self.judged.at);
        let first = self.months.first_key_value().map_or(this, |(month, _)| *month);
        let last = self.months.last_key_value().map_or(this, |(month, _)| this.max(*month));
        let (mut over_time, mut in_use, mut month) = (Vec::new(), 0_u64, first);
        while month <= last {
            let flow = self.months.get(&month).copied().unwrap_or_default();
            in_use = (in_use + flow.granted).saturating_sub(flow.given_up());
            over_time.push((month, flow, in_use));
            month = month.next();
        }
        over_time
    }

    fn add(&mut self, used: &LicenseUse) {
        *self.states.entry(used.state).or_default() += 1;
        for deployment in &used.deployments {
            *self.deployments.entry(deployment.state).or_default() += 1;
            self.lapsed += u64::from(deployment.has_lapsed(self.judged.at));
        }
        for (month, flow) in &used.months {
            self.months.entry(*month).or_default().add(flow);
        }
        for (reason, denied) in &used.denials {
            let all = self.denials.get(reason).map_or(*denied, |before| before.add(*denied));
            self.denials.insert(reason.clone(), all);
        }
        let customer = self.by_customer.entry(used.license.customer_id.clone());
        customer.or_insert_with(|| CustomerUse::of(&used.license, used.judged)).add(used);
        self.add_seats(used);
        self.add_end(used);
        self.add_rows(used);
    }

    fn add_seats(&mut self, used: &LicenseUse) {
        let (active, beyond) = (used.occupancy.active, used.occupancy.beyond_limit());
        self.seats.used += active;
        self.seats.beyond += beyond;
        self.seats.licenses_beyond += u64::from(beyond > 0);
        if !is_in_force(used.state) {
            return;
        }
        match used.occupancy.seats.limit {
            SeatLimit::Unlimited => self.seats.unlimited += 1,
            SeatLimit::AtMost(limit) => {
                self.seats.limit = together(self.seats.limit, limit);
                self.seats.used_of_limit += active.min(limit);
            }
        }
    }

    fn add_end(&mut self, used: &LicenseUse) {
        if let Some(horizon) = used.ends_within() {
            *self.ending.entry(horizon).or_default() += 1;
        }
        if used.state == LicenseState::Revoked {
            return;
        }
        match used.expires_at() {
            None => self.beyond_calendar.1 += 1,
            Some(end) if end <= self.judged.at => {}
            Some(end) => match self.calendar.get_mut(&Month::of(end)) {
                Some(licenses) => *licenses += 1,
                None => self.beyond_calendar.0 += 1,
            },
        }
    }

    fn add_rows(&mut self, used: &LicenseUse) {
        let (licensed, id) = (Licensed::of(used), used.license.id);
        if let (Some(end), Some(_)) = (used.expires_at(), used.ends_within()) {
            self.ending_soon.add((end, id), || licensed.clone());
        }
        self.by_use.add(rank(used), || licensed.clone());
        for oddity in &used.oddities {
            let of_kind = self.oddities.entry(oddity.kind).or_insert_with(|| Top::new(ROWS_OF_KIND));
            of_kind.add((Reverse(oddity.last_event), id), || (licensed.clone(), oddity.clone()));
        }
        for (number, deployment) in (0..).zip(used.silent()) {
            let heard = used.last_heard(deployment);
            self.silent.add((heard, id, number), || (licensed.clone(), deployment.clone(), heard));
        }
    }
}

impl Licensed {
    fn of(used: &LicenseUse) -> Self {
        let latest = used.license.latest();
        Self {
            id: used.license.id,
            customer: used.license.customer.clone(),
            products: latest.map(|latest| latest.products.clone()).unwrap_or_default(),
            state: used.state,
            occupancy: used.occupancy,
            expires_at: latest.and_then(|latest| latest.expires_at),
            grace_until: latest.and_then(|latest| latest.grace_until),
        }
    }
}

fn rank(used: &LicenseUse) -> Rank {
    let active = used.occupancy.active;
    let (is_unlimited, part) = match used.occupancy.seats.limit {
        SeatLimit::Unlimited => (true, 0),
        SeatLimit::AtMost(limit) => (false, active.saturating_mul(1000) / limit.max(1)),
    };
    (is_unlimited, Reverse((part, active)), used.license.id)
}

/// The customers, those first of whose limit the most is used, then those with the most seats in use; those without limit
/// come last.
fn most_used_first(customers: &BTreeMap<Text, CustomerUse>) -> Top<CustomerRank<'_>, &CustomerUse> {
    let mut first = Top::new(ROWS);
    for (id, used) in customers {
        let part = match used.seats().limit {
            SeatLimit::Unlimited => None,
            SeatLimit::AtMost(limit) => Some(used.used_in_force.saturating_mul(1000) / limit.max(1)),
        };
        first.add((Reverse((part, used.used)), id), || used);
    }
    first
}

/// The place of a customer among those who use the most.
type CustomerRank<'c> = (Reverse<(Option<u64>, u64)>, &'c Text);
