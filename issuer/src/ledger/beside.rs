//! A second connection that sees what a first one sees, so that both can be read at the same time.

use core::time::Duration;
use rusqlite::Connection;
use std::path::Path;

use super::fault::OrFault;
use super::log;
use super::open::{connect, settle};
use crate::error::Failure;

const BEGIN: &str = "BEGIN";

/// A connection that sees what the one sees that `view` is in a transaction of, or nothing if that cannot be had.
///
/// A transaction that reads sees all that was committed before its first statement, whatever others commit meanwhile. No change is
/// committed without an event, and the right edge of the log is over all events: so where both see the same edge, nothing was
/// committed between them, and no ledger with another history was put in the place of the first.
pub(crate) fn beside(view: &Connection) -> Option<Connection> {
    // What cannot be written is read without locks and without side files; a second connection might need both.
    if view.is_readonly("main") != Ok(false) {
        return None;
    }
    // Whatever stands in its way, all can be read in the view, which says what is wrong.
    let second = opened(Path::new(view.path()?)).ok()?;
    (log::edge(view).ok()? == log::edge(&second).ok()?).then_some(second)
}

fn opened(path: &Path) -> Result<Connection, Failure> {
    // Who only reads waits for nobody, but where somebody holds the whole file; and that may be the view itself.
    let connection = connect(path, Duration::ZERO)?;
    settle(&connection)?;
    connection.execute_batch(BEGIN).or_fault()?;
    Ok(connection)
}
