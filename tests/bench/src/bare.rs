//! Verifying a ledger, beside reading and hashing the same rows and nothing else.

use lictor_issuer::check;
use rusqlite::types::ValueRef;
use rusqlite::{Connection, OpenFlags};
use sha2::{Digest, Sha256};
use std::error::Error;
use std::time::{Duration, Instant};

use crate::ledgers::Prepared;
use crate::median::Costs;

const ROUNDS: usize = 3;

/// What each of the two costs per event. They take turns.
pub(crate) fn measured(prepared: &mut Prepared) -> Result<(Costs, Costs), Box<dyn Error>> {
    let (mut checked, mut read) = (Vec::new(), Vec::new());
    let mut events = 0;
    for _ in 0..ROUNDS {
        let began = Instant::now();
        events = check(&prepared.ledger)?.events;
        checked.push(began.elapsed());
        read.push(rows(prepared)?);
    }
    Ok((Costs::of(&checked, events as f64), Costs::of(&read, events as f64)))
}

/// Reads every row of every table, and hashes it.
fn rows(prepared: &Prepared) -> Result<Duration, Box<dyn Error>> {
    let connection = Connection::open_with_flags(prepared.ledger.path(), OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    let began = Instant::now();
    let mut tables = connection
        .prepare("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")?;
    let tables: Vec<String> = tables.query_map((), |row| row.get(0))?.collect::<Result<_, _>>()?;
    let mut hash = [0; 32];
    for table in tables {
        let mut statement = connection.prepare(&format!("SELECT * FROM {table}"))?;
        let columns = statement.column_count();
        let mut rows = statement.query(())?;
        while let Some(row) = rows.next()? {
            let mut row_hash = Sha256::new();
            for column in 0..columns {
                match row.get_ref(column)? {
                    ValueRef::Text(bytes) | ValueRef::Blob(bytes) => row_hash.update(bytes),
                    ValueRef::Integer(number) => row_hash.update(number.to_le_bytes()),
                    ValueRef::Null | ValueRef::Real(_) => {}
                }
            }
            let row_hash: [u8; 32] = row_hash.finalize().into();
            hash.iter_mut().zip(row_hash).for_each(|(all, one)| *all ^= one);
        }
    }
    // So that nothing of it can be left out.
    assert_ne!(hash, [0; 32]);
    Ok(began.elapsed())
}
