//! Who was erased since the backup is erased again.

use lictor_shared::json::Value;
use lictor_shared::{Text, Uuid};
use rusqlite::Connection;

use crate::erase;
use crate::error::Failure;
use crate::event::Event;
use crate::ledger::transaction::{Recorded, Transaction};
use crate::ledger::{erasure, licenses};

/// Erases in a backup what the replaced ledger knew as erased. How many licenses that were, and the last event of it.
pub(super) fn erase_again(
    transaction: &Transaction<'_>,
    erasures: &[Event],
    mut last: Recorded,
) -> Result<(usize, Recorded), Failure> {
    let connection = transaction.connection();
    let mut erased = 0;
    for event in erasures {
        let nobody = event.body.get("erasedAs").and_then(Value::as_str).and_then(|name| Text::new(name).ok());
        let Some(nobody) = nobody else { continue };
        let (again, owners) = left(connection, event, &nobody)?;
        if again.is_empty() {
            continue;
        }
        let requests = erasure::requests_of(connection, &again)?;
        last = erase::erase(transaction, (&again, &requests), &nobody)?.0;
        owners.iter().try_for_each(|owner| erasure::forget(connection, owner))?;
        erased += again.len();
    }
    Ok((erased, last))
}

/// The licenses of an erasure of which a backup still knows whose they are, or something that was written down after an
/// erasure before; and the customers that it takes them for.
fn left(connection: &Connection, event: &Event, nobody: &Text) -> Result<(Vec<Uuid>, Vec<Text>), Failure> {
    let (mut left, mut owners) = (Vec::new(), Vec::new());
    for id in ids(event) {
        let Some(license) = licenses::find(connection, id)?.filter(|license| license.id == id) else {
            continue;
        };
        if license.customer_id != *nobody {
            left.push(id);
            owners.push(license.customer_id);
        } else if erasure::is_kept(connection, id)? || !erasure::requests_of(connection, &[id])?.is_empty() {
            left.push(id);
        }
    }
    Ok((left, owners))
}

fn ids(event: &Event) -> Vec<Uuid> {
    let ids = event.body.get("licenses").and_then(Value::as_array).unwrap_or_default();
    ids.iter().filter_map(|id| Uuid::new(id.as_str()?).ok()).collect()
}
