//! `lictor audit verify`.

use clap::Args;
use lictor_shared::json::Value;
use lictor_shared::log::NoteKey;
use std::path::{Path, PathBuf};

use super::super::globals::Globals;
use super::super::input;
use super::super::output::Output;
use super::super::progress;
use super::super::shown;
use crate::audit::{Remembered, Trust};
use crate::check::{Checked, check_against};
use crate::error::Failure;
use crate::ledger::Ledger;

const EXAMPLES: &str = "\
Examples:
  lictor audit verify
  lictor audit verify --against acme.checkpoint --key \"$(cat acme.vkey)\"
  lictor audit verify --against 2026-10.checkpoint --against 2026-11.checkpoint

That the last events were deleted, that this is an old copy of the ledger, or
that all of it was written anew is found only with a checkpoint which was kept
elsewhere. Of several checkpoints the older ones narrow down where the
difference is.

It changes nothing, and others can work meanwhile. Exit code 32 with the first
difference if the ledger is damaged or was tampered with.";

/// Recompute everything in the ledger from its events, and hold it against remembered checkpoints
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Verify {
    /// A checkpoint that was kept elsewhere, or - for standard input; may be given several times
    #[arg(long, value_name = "FILE|-")]
    against: Vec<PathBuf>,
    /// The verifier key of the log (NAME+ID+KEY), as lictor audit key gave it; may be given several times [default: the keys in the ledger, which whoever replaced it may have replaced too]
    #[arg(long, value_name = "KEY", requires = "against")]
    key: Vec<NoteKey>,
}

impl Verify {
    pub(crate) fn run(&self, globals: &Globals, output: &mut Output) -> Result<u8, Failure> {
        input::once(self.against.iter().map(PathBuf::as_path))?;
        let (_, ledger) = globals.home_and_ledger()?;
        let remembered = self.against.iter().map(|path| self.read(path, &ledger));
        let remembered: Vec<Remembered> = remembered.collect::<Result<_, _>>()?;
        let (events, _) = ledger.tree().head()?;
        let bar = progress::events(events, output);
        let checked = check_against(&ledger, &remembered, |done| bar.set_position(done));
        bar.finish_and_clear();
        let checked = checked?;
        output.say("The ledger is whole: every row follows from its events.");
        self.say_of(&remembered, output);
        let facts = Facts { ledger: &ledger, checked: &checked, remembered: &remembered };
        output.either(|| facts.text(), || facts.json())?;
        Ok(0)
    }

    fn read(&self, path: &Path, ledger: &Ledger) -> Result<Remembered, Failure> {
        let name = match input::is_standard_input(path) {
            true => "standard input".to_owned(),
            false => path.display().to_string(),
        };
        let trust = if self.key.is_empty() { Trust::Ledger } else { Trust::Keys(&self.key) };
        Remembered::read(ledger, &name, &input::read(path)?, trust)
    }

    fn say_of(&self, remembered: &[Remembered], output: &mut Output) {
        for one in remembered {
            let events = super::super::ledger::counted(one.checkpoint().size, "event");
            output.say(format_args!("The first {events} are as the checkpoint in {} says.", one.name()));
        }
        match (remembered.is_empty(), self.key.is_empty()) {
            (true, _) => {
                output
                    .say("That none of the last ones was removed shows only with a checkpoint that was kept");
                output.say("elsewhere: lictor audit verify --against FILE");
            }
            (false, true) => {
                output
                    .say("The key was taken from the ledger. To trust the ledger for nothing, give the key");
                output.say("that you have of the log: --key KEY");
            }
            (false, false) => {}
        }
    }
}

struct Facts<'a> {
    ledger: &'a Ledger,
    checked: &'a Checked,
    remembered: &'a [Remembered],
}

impl Facts<'_> {
    fn text(&self) -> String {
        let Self { ledger, checked, .. } = self;
        shown::facts(&[
            ("ledger", ledger.id().to_string()),
            ("issuer", shown::foreign(ledger.issuer().as_str())),
            ("events", checked.events.to_string()),
            ("licenses", checked.licenses.to_string()),
            ("checkpoints", checked.checkpoints.to_string()),
            ("personal texts", checked.personal.to_string()),
            ("erased texts", checked.erased.to_string()),
        ])
    }

    fn json(&self) -> Value {
        let (id, issuer) = (self.ledger.id().to_string(), self.ledger.issuer().as_str());
        let [events, licenses, personal, erased] = super::super::ledger::counts(self.checked);
        let against = self.remembered.iter().map(|one| {
            let checkpoint = one.checkpoint();
            Value::object([
                ("file", one.name().into()),
                ("origin", checkpoint.origin.as_str().into()),
                ("size", checkpoint.size.into()),
                ("root", checkpoint.root.to_string().into()),
            ])
        });
        Value::object([
            ("ledger", id.into()),
            ("issuer", issuer.into()),
            events,
            licenses,
            ("checkpoints", self.checked.checkpoints.into()),
            personal,
            erased,
            ("against", against.collect::<Vec<_>>().into()),
        ])
    }
}
