//! Which event is meant: by its number, or by what it gave.

use lictor_shared::json::Value;

use crate::error::{Failure, FailureKind};
use crate::event::parts::CONTINUES;
use crate::event::{Commitment, Event};
use crate::find::find_revision;
use crate::ledger::events::Texts;
use crate::ledger::{Ledger, activations, licenses};

/// How many are named when several are meant.
const CANDIDATES: u32 = 5;

/// Event number `seq`, and those of its personal texts that have not been erased.
///
/// # Errors
/// [`FailureKind::NotFound`] with the last number if there is none.
pub fn find_event(ledger: &Ledger, seq: u64) -> Result<(Event, Vec<(String, Commitment)>), Failure> {
    let (last, _) = ledger.tree().head()?;
    let found = if seq == 0 { None } else { ledger.events(seq).next().transpose()? };
    let event = found.ok_or_else(|| {
        Failure::new(
            FailureKind::NotFound,
            format!("There is no event {seq}: the log ends with event {last}."),
        )
        .hint("lictor audit log shows the events.")
        .with("event", seq)
        .with("events", last)
    })?;
    Ok((event, Texts::new(ledger.connection()).of_one(seq)?.into_iter().collect()))
}

/// The last of the events in which the lists of this one go on, if they do (an `event.continued` follows it).
///
/// # Errors
/// [`Failure`] if the ledger cannot be read.
pub fn goes_on_until(ledger: &Ledger, seq: u64) -> Result<Option<u64>, Failure> {
    let mut last = None;
    for event in ledger.events(seq.saturating_add(1)) {
        let event = event?;
        if event.body.get(CONTINUES).and_then(Value::as_integer) != Some(seq) {
            break;
        }
        last = Some(event.seq);
    }
    Ok(last)
}

/// The number of the event that a text names: the number itself; the serial of an activation, for the event that granted it; the
/// serial of a revision or the id of a license, for the event that issued it. 8 characters of an id are enough, if no other
/// begins so.
///
/// # Errors
/// [`FailureKind::NotFound`] if there is none, [`FailureKind::Conflict`] if there are several.
pub fn named_event(ledger: &Ledger, text: &str) -> Result<u64, Failure> {
    if let Some(seq) = number(text) {
        return Ok(seq);
    }
    let beginning = text.trim().to_ascii_lowercase();
    let granted = match crate::find::is_id(&beginning) && beginning.len() >= crate::find::LEAST {
        true => activations::events_from(ledger.connection(), &beginning, CANDIDATES + 1)?,
        false => Vec::new(),
    };
    match (granted.as_slice(), find_revision(ledger, text)) {
        ([], Ok(found)) => {
            let serial = found.serial.or_else(|| found.license.revisions.first().map(|first| first.serial));
            let issued =
                serial.map(|serial| licenses::event_number(ledger.connection(), serial)).transpose()?;
            issued.flatten().ok_or_else(|| none(text))
        }
        ([], Err(failure)) if failure.kind == FailureKind::NotFound => Err(none(text)),
        ([], Err(failure)) => Err(failure),
        ([(_, seq)], Err(failure)) if failure.kind == FailureKind::NotFound => Ok(*seq),
        (granted, license) => {
            let serials = granted.iter().map(|(serial, _)| serial.to_string());
            let license = license.ok().map(|found| found.license.id.to_string());
            Err(several(text, serials.chain(license).collect()))
        }
    }
}

/// No id begins with digits alone but those with a zero in front.
fn number(text: &str) -> Option<u64> {
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    (digits && (text == "0" || !text.starts_with('0'))).then(|| text.parse().ok()).flatten()
}

fn none(text: &str) -> Failure {
    Failure::new(
        FailureKind::NotFound,
        format!("{text:?} is neither the number of an event nor an id or serial that one gave."),
    )
    .hint(
        "Name a number, as lictor audit log shows them, the serial of an activation, or the id of a license; \
         8 characters of an id are enough.",
    )
    .with("event", text)
}

fn several(text: &str, named: Vec<String>) -> Failure {
    let message = format!("Several ids begin with {text}: {}.", named.join(", "));
    Failure::new(FailureKind::Conflict, message)
        .hint("Write more characters of the one that you mean.")
        .with("candidates", named.into_iter().map(Value::from).collect::<Vec<_>>())
}
