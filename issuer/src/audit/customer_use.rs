//! Who uses what: one customer after the other, with what all his licenses come to.

use lictor_shared::{Name, SeatLimit, Seats, Text, Timestamp, Uuid, limits};

use super::license_use::{Horizon, Judged, LicenseUse};
use crate::error::Failure;
use crate::ledger::{Ledger, OrFault as _, customers, erasure, licenses};
use crate::licenses::{LicenseRecord, LicenseState};

/// Whose use is looked up. What is left open leaves none out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CustomerScope {
    /// Only the customers with this id or exactly this name.
    pub customer: Option<Text>,
    /// Of their licenses only this one counts.
    pub license: Option<Uuid>,
    /// Of their licenses only those count of which the latest revision is for this product.
    pub product: Option<Name>,
    /// Only the customers behind this one, by their ids.
    pub after: Option<Text>,
    /// At most so many of them.
    pub most: Option<u32>,
}

/// One customer, and what the licenses of his that count come to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CustomerUse {
    /// His id; if he was erased, that which stands in its place.
    pub id: Text,
    /// His name.
    pub name: Text,
    /// How many licenses.
    pub licenses: u64,
    /// How many of them are in force: active or in grace.
    pub in_force: u64,
    /// Seats in use under all of them.
    pub used: u64,
    /// Seats in use under those in force.
    pub used_in_force: u64,
    /// Seats that those in force have where their number is limited.
    pub limited_to: u64,
    /// How many of those in force have any number of seats.
    pub unlimited: u64,
    /// Seats that those in force grant beyond their limits.
    pub overage: u64,
    /// Seats in use beyond the limit of their own license: room under another takes none of them away.
    pub beyond: u64,
    /// Licenses of which more seats are in use than their limit.
    pub licenses_beyond: u64,
    /// Deployments that have a seat, and were not heard of for long.
    pub silent: u64,
    /// What is odd, as often as it is told.
    pub odd: u64,
    /// Requests that were denied.
    pub denied: u64,
    /// When the first of them ends that has not ended and is not revoked; `None`: none will.
    pub next_end: Option<Timestamp>,
    judged: Judged,
}

impl CustomerUse {
    pub(super) fn of(license: &LicenseRecord, judged: Judged) -> Self {
        Self {
            id: license.customer_id.clone(),
            name: license.customer.clone(),
            licenses: 0,
            in_force: 0,
            used: 0,
            used_in_force: 0,
            limited_to: 0,
            unlimited: 0,
            overage: 0,
            beyond: 0,
            licenses_beyond: 0,
            silent: 0,
            odd: 0,
            denied: 0,
            next_end: None,
            judged,
        }
    }

    /// How many seats the licenses in force have together; any number, if one of them has.
    #[must_use]
    pub const fn seats(&self) -> Seats {
        let limit = match self.unlimited {
            0 => SeatLimit::AtMost(self.limited_to),
            _ => SeatLimit::Unlimited,
        };
        Seats { limit, overage: self.overage }
    }

    /// Seats in use under licenses that are not in force, whose limits count nowhere.
    #[must_use]
    pub const fn used_not_in_force(&self) -> u64 {
        self.used.saturating_sub(self.used_in_force)
    }

    /// How soon the next of his licenses ends, if soon.
    #[must_use]
    pub fn ends_within(&self) -> Option<Horizon> {
        Horizon::of(self.next_end?, self.judged.at)
    }

    pub(super) fn add(&mut self, used: &LicenseUse) {
        let (active, beyond) = (used.occupancy.active, used.occupancy.beyond_limit());
        let count = |items: usize| u64::try_from(items).unwrap_or(u64::MAX);
        self.licenses += 1;
        self.used += active;
        self.beyond += beyond;
        self.licenses_beyond += u64::from(beyond > 0);
        self.silent += count(used.silent().count());
        self.odd += count(used.oddities.len());
        self.denied += used.denied();
        let to_come = used.expires_at().filter(|end| *end > self.judged.at);
        self.next_end = self.next_end.into_iter().chain(to_come).min();
        if is_in_force(used.state) {
            self.add_seats(used.occupancy.seats, active);
        }
    }

    fn add_seats(&mut self, seats: Seats, active: u64) {
        self.in_force += 1;
        self.used_in_force += active;
        self.overage = together(self.overage, seats.overage);
        match seats.limit {
            SeatLimit::Unlimited => self.unlimited += 1,
            SeatLimit::AtMost(limit) => self.limited_to = together(self.limited_to, limit),
        }
    }
}

/// Whether a license gives anybody a right now.
pub(super) const fn is_in_force(state: LicenseState) -> bool {
    matches!(state, LicenseState::Active | LicenseState::Grace)
}

/// A sum of seats, which ends where the numbers of all formats do.
pub(super) fn together(some: u64, more: u64) -> u64 {
    some.saturating_add(more).min(limits::INTEGER_MAX)
}

/// Visits the customers that are meant and have a license that counts, in the order of their ids, one after the other as they
/// are read, until all are visited or a visit fails.
///
/// # Errors
/// Those of the visit, and [`Failure`] if the ledger cannot be read.
pub fn visit_customer_use(
    ledger: &Ledger,
    scope: &CustomerScope,
    judged: Judged,
    visit: &mut dyn FnMut(CustomerUse) -> Result<(), Failure>,
) -> Result<(), Failure> {
    // One view of everything, whatever others commit meanwhile.
    let view = ledger.connection().unchecked_transaction().or_fault()?;
    let (mut after, mut left) = (scope.after.clone(), scope.most.unwrap_or(u32::MAX));
    while left > 0 {
        let Some(id) = customers::next(&view, after.as_ref(), scope.customer.as_ref())? else { break };
        if let Some(used) = use_of(ledger, &id, scope, judged)? {
            visit(used)?;
            left -= 1;
        }
        after = Some(id);
    }
    Ok(())
}

/// What his licenses that count come to, if there are any.
fn use_of(
    ledger: &Ledger,
    customer: &Text,
    scope: &CustomerScope,
    judged: Judged,
) -> Result<Option<CustomerUse>, Failure> {
    let mut all: Option<CustomerUse> = None;
    for id in erasure::licenses_of(ledger.connection(), customer)? {
        let Some(license) = counting(ledger, id, scope)? else { continue };
        let mut used = all.unwrap_or_else(|| CustomerUse::of(&license, judged));
        used.add(&LicenseUse::of(ledger, license, judged)?);
        all = Some(used);
    }
    Ok(all)
}

/// The license with this id, if it counts.
fn counting(ledger: &Ledger, id: Uuid, scope: &CustomerScope) -> Result<Option<LicenseRecord>, Failure> {
    if scope.license.is_some_and(|only| only != id) {
        return Ok(None);
    }
    let is_for =
        |license: &LicenseRecord, name| license.latest().is_some_and(|latest| latest.products.contains(name));
    let found = licenses::find(ledger.connection(), id)?;
    Ok(found.filter(|license| scope.product.as_ref().is_none_or(|name| is_for(license, name))))
}
