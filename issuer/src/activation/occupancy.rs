//! How many seats a license has, and how many are taken.

use lictor_shared::{License, SeatLimit, Seats, Timestamp};
use rusqlite::Connection;

use crate::error::{Failure, FailureKind};
use crate::ledger::{Ledger, seats};
use crate::licenses::{LicenseRecord, RevisionRecord, seats_in, signed_in};

/// How many seats there are, and how many of them are taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Occupancy {
    /// Seats that are taken.
    pub active: u64,
    /// Seats that there are.
    pub seats: Seats,
}

impl Occupancy {
    /// How many seats may be taken in all; `None`: any number.
    #[must_use]
    pub const fn room(&self) -> Option<u64> {
        match self.seats.limit {
            SeatLimit::Unlimited => None,
            SeatLimit::AtMost(limit) => Some(limit.saturating_add(self.seats.overage)),
        }
    }

    /// Whether there is no room for one more.
    #[must_use]
    pub const fn is_full(&self) -> bool {
        match self.room() {
            None => false,
            Some(room) => self.active >= room,
        }
    }

    /// How many are taken beyond the limit.
    #[must_use]
    pub const fn beyond_limit(&self) -> u64 {
        match self.seats.limit {
            SeatLimit::Unlimited => 0,
            SeatLimit::AtMost(limit) => self.active.saturating_sub(limit),
        }
    }
}

/// How many seats of a license are taken, and how many there are by the revision that counts at an instant.
///
/// # Errors
/// [`Failure`] if the ledger cannot be read.
pub fn occupancy(ledger: &Ledger, license: &LicenseRecord, at: Timestamp) -> Result<Occupancy, Failure> {
    let connection = ledger.connection();
    let seats = seats_in(connection, counting_revision(license, at)?.serial)?;
    Ok(Occupancy { active: seats::active(connection, license.id)?, seats })
}

/// The same in a change under way, by the claims of the revision that counts.
pub(super) fn occupancy_in(connection: &Connection, counting: &License) -> Result<Occupancy, Failure> {
    Ok(Occupancy { active: seats::active(connection, counting.id)?, seats: counting.seats })
}

/// The claims of the revision that says how many seats there are and for which products: the one in force, since seats that
/// are bought for next year are not there yet; before the first is in force, the one that will be.
pub(super) fn counting(
    connection: &Connection,
    license: &LicenseRecord,
    at: Timestamp,
) -> Result<License, Failure> {
    Ok(signed_in(connection, counting_revision(license, at)?.serial)?.license)
}

fn counting_revision(license: &LicenseRecord, at: Timestamp) -> Result<&RevisionRecord, Failure> {
    let first = || {
        license.revisions.iter().min_by_key(|revision: &&RevisionRecord| {
            (revision.starts_at, core::cmp::Reverse(revision.revision))
        })
    };
    license.in_force(at).or_else(first).ok_or_else(|| {
        Failure::new(FailureKind::Ledger, format!("The license {} has no revision.", license.id))
            .hint("Restore the whole home from a backup; keep the damaged one for analysis.")
    })
}
