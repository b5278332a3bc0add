//! The events of one license that tell of its seats, of what their holders reported, and of what was decided about it.

use lictor_shared::Uuid;
use rusqlite::Connection;

use super::events::differs;
use super::fault::OrFault;
use super::value::{Int, Word};
use crate::error::Failure;
use crate::event::Event;

pub(super) const SELECT_OF_LICENSE: &str = "SELECT seq, leaf FROM event WHERE license_id = ?1 AND \
    (kind GLOB 'activation.*' OR kind IN ('usage.reported', 'license.revoked', 'license.suspended', 'license.renewed', 'license.amended')) \
    ORDER BY seq";

/// Visits them in their order, until all are visited or a visit fails.
pub(crate) fn visit(
    connection: &Connection,
    license: Uuid,
    visit: &mut dyn FnMut(Event) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let mut statement = connection.prepare(SELECT_OF_LICENSE).or_fault()?;
    let mut rows = statement.query([Word(license)]).or_fault()?;
    while let Some(row) = rows.next().or_fault()? {
        let (Int(seq), leaf): (Int, Vec<u8>) = (row.get(0).or_fault()?, row.get(1).or_fault()?);
        visit(Event::read(&leaf).map_err(|error| differs(seq, error))?)?;
    }
    Ok(())
}
