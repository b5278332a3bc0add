//! The machine's clock in the log: it does not run backwards unseen. A time that is given counts as it is given.

use lictor_shared::{Seconds, Timestamp};
use rusqlite::{Connection, OptionalExtension as _, Row};

use super::events::differs;
use super::fault::OrFault;
use super::value::Int;
use crate::error::{Failure, FailureKind};
use crate::event::Event;
use crate::occasion::{ClockChange, ClockSource, Occasion};

/// Where only given times follow, as in a rehearsal, it goes back through them; else it reads one row. Nothing that a person
/// writes can look so in a leaf, since a quotation mark in a text is escaped there.
pub(super) const SELECT_LAST: &str = "SELECT seq, leaf FROM event \
    WHERE instr(leaf, CAST('\"clock\":\"system\"' AS BLOB)) > 0 ORDER BY seq DESC LIMIT 1";

/// The member of an event's body that says that the clock was changed before it.
pub(crate) const CLOCK_CHANGED: &str = "clockChanged";

/// Clocks that are kept right are set back by less, and two machines that are kept right differ by less; what a list or
/// a license says is hardly ever a matter of minutes.
pub(crate) const TOLERANCE: Seconds = match Seconds::new(300) {
    Some(seconds) => seconds,
    None => Seconds::ZERO,
};

/// How the clock of a change follows that of the last event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Follows {
    /// As it should.
    Well,
    /// Not, and that was expected: the change's events say so.
    NotAsRecorded,
}

/// Refuses a time by the machine's clock that lies before that of the last event by the machine's clock, unless that is to
/// be recorded.
///
/// The last such event is compared and not the latest instant in the log: each was held against the one before it, and what
/// was recorded under a clock that has been put right since does not stand in the way for ever.
pub(super) fn follows(connection: &Connection, occasion: &Occasion) -> Result<Follows, Failure> {
    // Whoever gives a time knows what he says.
    if occasion.clock == ClockSource::Given {
        return Ok(Follows::Well);
    }
    let Some(last) = before(connection, occasion.at)? else { return Ok(Follows::Well) };
    let refused = back(occasion, last);
    match occasion.clock_change {
        ClockChange::Record => Ok(Follows::NotAsRecorded),
        ClockChange::Refuse => Err(refused),
    }
}

/// The instant of the last event by the machine's clock, if `at` lies before it by more than clocks that are kept right do.
pub(crate) fn before(connection: &Connection, at: Timestamp) -> Result<Option<Timestamp>, Failure> {
    let last = last(connection)?.map(|event| event.at);
    Ok(last.filter(|last| at < last.minus(TOLERANCE)))
}

fn last(connection: &Connection) -> Result<Option<Event>, Failure> {
    let read = |row: &Row<'_>| Ok((row.get::<_, Int>(0)?.0, row.get::<_, Vec<u8>>(1)?));
    let last =
        connection.prepare_cached(SELECT_LAST).or_fault()?.query_row((), read).optional().or_fault()?;
    last.map(|(seq, leaf)| Event::read(&leaf).map_err(|error| differs(seq, error))).transpose()
}

fn back(occasion: &Occasion, last: Timestamp) -> Failure {
    let message = format!(
        "It is {} by the clock, and the last event was at {}; nothing was changed.",
        occasion.at, last
    );
    Failure::new(FailureKind::Conflict, message)
        .hint("Set the clock. If it is right now, and was wrong at the last event: --clock-changed")
        .with("at", occasion.at.to_string())
        .with("lastEventAt", last.to_string())
}
