//! What every command that changes something shares: it can be asked for once, or only tried.

use clap::Args;
use lictor_keys::{SignError, Signer};
use lictor_shared::json::Value;
use lictor_shared::{PublicKey, Text};

use super::globals::Globals;
use super::output::{Form, Output};
use crate::error::Failure;
use crate::event::{Event, EventKind};
use crate::home::Home;
use crate::ledger::Ledger;
use crate::occasion::{ClockChange, Intent, Occasion};
use crate::outcome::{DryRun, Outcome};

const HEADING: &str = "Safe repetition";

/// How a change is asked for.
#[derive(Args, Debug)]
pub(crate) struct Writing {
    /// Do it once: asked again with this id and the same arguments, the answer is the same and nothing is done
    #[arg(long, value_name = "ID", conflicts_with = "dry_run", help_heading = HEADING)]
    pub(super) request_id: Option<Text>,
    /// Show what would be signed and recorded; sign nothing, write nothing
    #[arg(long, help_heading = HEADING)]
    pub(super) dry_run: bool,
    /// Go on though the machine's clock stands before the last event; it is recorded
    #[arg(long, help_heading = HEADING)]
    clock_changed: bool,
}

impl Writing {
    pub(super) const fn clock_change(&self) -> ClockChange {
        if self.clock_changed { ClockChange::Record } else { ClockChange::Refuse }
    }
}

/// A change under way: where, and when, by whom and how it is asked for.
pub(crate) struct Change {
    pub(crate) home: Home,
    pub(crate) ledger: Ledger,
    pub(crate) occasion: Occasion,
}

impl Writing {
    /// Makes a change unless the same request was carried out before. `say` says what was done, or would be; `show` writes
    /// the answer, of now or of then.
    pub(crate) fn carry_out<T: Outcome>(
        &self,
        globals: &Globals,
        output: &mut Output,
        make: impl FnOnce(&mut Change, &mut Output) -> Result<T, Failure>,
        say: impl FnOnce(&T, &Occasion, &mut Output),
        show: impl FnOnce(&Value, &mut Output) -> Result<u8, Failure>,
    ) -> Result<u8, Failure> {
        let (home, ledger) = globals.home_and_ledger()?;
        let occasion = globals.occasion_of(self)?;
        if let Some(answer) = answered(&ledger, &occasion, output)? {
            return show(&answer, output);
        }
        let mut change = Change { home, ledger, occasion };
        let made = make(&mut change, output)?;
        let Change { ledger, occasion, .. } = change;
        if let Some(dry_run) = ledger.dry_run() {
            return tell(dry_run, output, |output| say(&made, &occasion, output));
        }
        say(&made, &occasion, output);
        show(&made.answer(), output)
    }
}

/// The answer to a request that was carried out before. If it is none, the change may be made at this time.
pub(crate) fn answered(
    ledger: &Ledger,
    occasion: &Occasion,
    output: &mut Output,
) -> Result<Option<Value>, Failure> {
    let answer = ledger.answer(occasion)?;
    match &answer {
        Some(_) => {
            output.say("This request was carried out before; here is its answer again. Nothing was done.")
        }
        None => ledger.follows(occasion)?,
    }
    Ok(answer)
}

/// Says that a request which led to no change is carried out whenever it is asked for.
pub(crate) fn say_not_remembered(occasion: &Occasion, output: &mut Output) {
    if matches!(occasion.intent, Intent::MakeOnce(_)) {
        output.warn(
            "Nothing was to be done, so the request is not remembered; asked again, it may do something.",
        );
    }
}

/// Whether it is only tried.
pub(crate) fn is_dry(occasion: &Occasion) -> bool {
    occasion.intent == Intent::DryRun
}

/// Tells what a dry run would have come to; `say` says what would have been said.
pub(crate) fn tell(
    dry_run: &DryRun,
    output: &mut Output,
    say: impl FnOnce(&mut Output),
) -> Result<u8, Failure> {
    output.say("Dry run: nothing is signed, and nothing is written. What would be said:");
    say(output);
    if dry_run.events.iter().any(|event| draws(event.kind)) {
        output.say("Dry run: ids and places on status lists are drawn anew when it is done.");
    }
    let told = to_value(dry_run);
    match output.form() {
        Form::Json => output.data(told)?,
        Form::Text => output.raw(&super::shown::indented(&told))?,
    }
    Ok(0)
}

/// Whether something in such an event is drawn at random.
const fn draws(kind: EventKind) -> bool {
    matches!(
        kind,
        EventKind::IssuerCreated
            | EventKind::KeyCreated
            | EventKind::LicenseIssued
            | EventKind::LicenseRenewed
            | EventKind::LicenseAmended
            | EventKind::ActivationGranted
            | EventKind::ActivationRenewed
    )
}

fn to_value(dry_run: &DryRun) -> Value {
    let event = |event: &Event| {
        let members = Value::read_object(event.leaf().as_bytes());
        members.map_or(Value::Null, Value::from)
    };
    Value::object([
        ("dryRun", true.into()),
        ("claims", Value::Array(dry_run.claims.clone())),
        ("events", Value::Array(dry_run.events.iter().map(event).collect())),
    ])
}

/// A text in an answer.
pub(crate) fn text<'a>(answer: &'a Value, name: &str) -> &'a str {
    let member = answer.as_object().and_then(|members| members.get(name));
    member.and_then(Value::as_str).unwrap_or_default()
}

/// A number in an answer.
pub(crate) fn number(answer: &Value, name: &str) -> u64 {
    let member = answer.as_object().and_then(|members| members.get(name));
    member.and_then(Value::as_integer).unwrap_or_default()
}

/// An answer with one member more.
pub(crate) fn with(answer: &Value, name: &str, member: impl Into<Value>) -> Value {
    let mut members = answer.as_object().cloned().unwrap_or_default();
    members.insert(name.to_owned(), member.into());
    members.into()
}

/// Stands where a dry run needs a signer: it has the key's public half and no other.
#[derive(Debug)]
pub(super) struct Unopened(pub(super) PublicKey);

impl Signer for Unopened {
    fn public_key(&self) -> &PublicKey {
        &self.0
    }

    fn sign(&self, _: &[u8]) -> Result<[u8; 64], SignError> {
        Err(SignError::Backend("the key was not opened, since this is a dry run".into()))
    }
}
