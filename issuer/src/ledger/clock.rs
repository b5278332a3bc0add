//! The clock of the log: time does not run backwards in it, and does not change its source unseen.

use lictor_shared::Seconds;
use rusqlite::{Connection, OptionalExtension as _, Row};

use super::events::differs;
use super::fault::OrFault;
use super::value::Int;
use crate::error::{Failure, FailureKind};
use crate::event::Event;
use crate::occasion::{ClockChange, ClockSource, Intent, Occasion};

pub(super) const SELECT_LAST: &str = "SELECT seq, leaf FROM event ORDER BY seq DESC LIMIT 1";

/// The member of an event's body that says that the clock was changed before it.
pub(crate) const CLOCK_CHANGED: &str = "clockChanged";

/// Clocks that are kept right are set back by less, and two machines that are kept right differ by less; what a list or
/// a license says is hardly ever a matter of minutes.
const TOLERANCE_SECONDS: u64 = 300;

/// How the clock of a change follows that of the last event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Follows {
    /// As it should.
    Well,
    /// Not, and that was expected: the change's events say so.
    NotAsRecorded,
}

/// Refuses a time that does not follow the last event's, unless that is to be recorded.
///
/// The last event is compared and not the latest instant in the log: each was held against the one before it, and what
/// was recorded under a clock that has been put right since does not stand in the way for ever.
pub(super) fn follows(connection: &Connection, occasion: &Occasion) -> Result<Follows, Failure> {
    // Of a rehearsal nothing stays.
    if occasion.intent == Intent::DryRun && occasion.clock == ClockSource::Given {
        return Ok(Follows::Well);
    }
    let Some(last) = last(connection)? else { return Ok(Follows::Well) };
    let refused = match (last.clock, occasion.clock) {
        (ClockSource::System, ClockSource::Given) => given(occasion, &last),
        (ClockSource::Given, ClockSource::System) => not_given(&last),
        _ if is_before(occasion, &last) => back(occasion, &last),
        _ => return Ok(Follows::Well),
    };
    match occasion.clock_change {
        ClockChange::Record => Ok(Follows::NotAsRecorded),
        ClockChange::Refuse => {
            Err(refused.with("at", occasion.at.to_string()).with("lastEventAt", last.at.to_string()))
        }
    }
}

fn last(connection: &Connection) -> Result<Option<Event>, Failure> {
    let read = |row: &Row<'_>| Ok((row.get::<_, Int>(0)?.0, row.get::<_, Vec<u8>>(1)?));
    let last = connection.query_row(SELECT_LAST, (), read).optional().or_fault()?;
    last.map(|(seq, leaf)| Event::read(&leaf).map_err(|error| differs(seq, error))).transpose()
}

fn is_before(occasion: &Occasion, last: &Event) -> bool {
    let tolerance = Seconds::new(TOLERANCE_SECONDS).unwrap_or(Seconds::ZERO);
    occasion.at < last.at.minus(tolerance)
}

fn back(occasion: &Occasion, last: &Event) -> Failure {
    let message = format!(
        "It is {} by the clock, and the last event was at {}; nothing was changed.",
        occasion.at, last.at
    );
    Failure::new(FailureKind::Conflict, message)
        .hint("Set the clock. If it is right now, and was wrong at the last event: --clock-changed")
}

fn given(occasion: &Occasion, last: &Event) -> Failure {
    let message = format!(
        "The time {} was given with --now, and the last event, at {}, went by the machine's clock; nothing was changed.",
        occasion.at, last.at
    );
    Failure::new(FailureKind::Conflict, message).hint(
        "Leave --now out. Rehearse with --dry-run, or in a home of its own. To go on all the same: --clock-changed",
    )
}

fn not_given(last: &Event) -> Failure {
    let message = format!(
        "The last event was at a given time, {}, and now the machine's clock would count; nothing was changed.",
        last.at
    );
    Failure::new(FailureKind::Conflict, message).hint(
        "In a home for rehearsals give --now as well. To go by the machine's clock from now on: --clock-changed",
    )
}
