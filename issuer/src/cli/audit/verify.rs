//! `lictor audit verify`.

use clap::Args;
use lictor_shared::json::Value;

use super::super::globals::Globals;
use super::super::output::Output;
use super::super::shown;
use crate::check::check;
use crate::error::Failure;

const EXAMPLES: &str = "\
Examples:
  lictor audit verify
  lictor audit verify --json

It changes nothing, and others can work meanwhile. Exit code 32 with the first
difference if the ledger is damaged or was tampered with.";

/// Recompute everything in the ledger from its events, and compare
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Verify {}

impl Verify {
    #[expect(clippy::unused_self, reason = "every command runs the same way")]
    pub(crate) fn run(&self, globals: &Globals, output: &mut Output) -> Result<u8, Failure> {
        let (_, ledger) = globals.home_and_ledger()?;
        let checked = check(&ledger)?;
        output.say("The ledger is whole: every row follows from its events.");
        let [events, licenses, personal, erased] = super::super::ledger::counts(&checked);
        output.either(
            || {
                shown::facts(&[
                    ("ledger", ledger.id().to_string()),
                    ("issuer", shown::foreign(ledger.issuer().as_str())),
                    ("events", checked.events.to_string()),
                    ("licenses", checked.licenses.to_string()),
                    ("personal texts", checked.personal.to_string()),
                    ("erased texts", checked.erased.to_string()),
                ])
            },
            || {
                let (id, issuer) = (ledger.id().to_string().into(), ledger.issuer().as_str().into());
                Value::object([("ledger", id), ("issuer", issuer), events, licenses, personal, erased])
            },
        )?;
        Ok(0)
    }
}
