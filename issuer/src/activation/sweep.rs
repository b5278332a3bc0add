//! Freeing the seats of which the lease has ended.

use lictor_shared::{Timestamp, Uuid};

use super::record::{DeploymentRecord, SeatState};
use crate::error::Failure;
use crate::event::{EventKind, Facts};
use crate::ledger::transaction::{Recorded, Transaction};
use crate::ledger::{deployments, seats};

/// Frees every seat of a license of which the lease has ended. The last event of it.
pub(super) fn sweep(
    transaction: &Transaction<'_>,
    license: Uuid,
    at: Timestamp,
) -> Result<Option<Recorded>, Failure> {
    let connection = transaction.connection();
    let mut last = None;
    for ended in deployments::ended(connection, license, at)? {
        seats::free(connection, license, ended.id)?;
        let facts = Facts::new([
            ("license", license.to_string().into()),
            ("deployment", ended.id.to_string().into()),
            ("seat", ended.seat.into()),
            ("endedAt", ended.lease_end.map(Timestamp::seconds).into()),
            ("active", seats::active(connection, license)?.into()),
        ]);
        last = Some(transaction.record(EventKind::ActivationExpired, facts)?);
        deployments::write(connection, &DeploymentRecord { state: SeatState::Expired, seat: None, ..ended })?;
    }
    Ok(last)
}
