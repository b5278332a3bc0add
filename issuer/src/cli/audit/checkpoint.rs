//! `lictor audit checkpoint`.

use clap::Args;
use lictor_keys::KeyPurpose;
use lictor_shared::json::Value;
use lictor_shared::limits;

use super::super::globals::Globals;
use super::super::outfile::OutFile;
use super::super::output::{Form, Output};
use super::super::passphrase::PassphraseSource;
use super::super::writing::{self, Writing};
use crate::audit::{SignedCheckpoint, sign_checkpoint};
use crate::error::Failure;
use crate::home::Home;
use crate::occasion::Intent;
use crate::outcome::{DryRun, Outcome as _};

const EXAMPLES: &str = "\
Examples:
  lictor audit checkpoint > acme.checkpoint
  lictor audit checkpoint --out acme.checkpoint --force
  lictor audit checkpoint --passphrase-file /run/secrets/log

What is written is a signed note (C2SP tlog-checkpoint): how many events there
are, and one hash over all of them. Whoever keeps it away from this machine can
tell later whether any of them was changed or removed, with:
  lictor audit verify --against FILE";

/// Sign how long the log is and what it says, for others to remember
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Checkpoint {
    #[command(flatten)]
    out: OutFile,
    #[command(flatten)]
    writing: Writing,
    #[command(flatten)]
    passphrase: PassphraseSource,
}

impl Checkpoint {
    pub(crate) fn run(&self, globals: &Globals, output: &mut Output) -> Result<u8, Failure> {
        let (home, mut ledger) = globals.home_and_ledger()?;
        let occasion = globals.occasion_of(&self.writing)?;
        if let Some(answer) = writing::answered(&ledger, &occasion, output)? {
            self.out.write_again(&home, writing::text(&answer, NOTE).as_bytes())?;
            return self.show(&answer, output);
        }
        self.out.can_be_written(&home, limits::NOTE_BYTES, &occasion)?;
        let current = match occasion.intent {
            Intent::MakeOnce(_) => None,
            Intent::Make | Intent::DryRun => ledger.current_checkpoint()?,
        };
        let signed = match current {
            Some(current) => current,
            None => {
                let prompts = globals.prompts();
                let signer = self.passphrase.signer(&home, &ledger, KeyPurpose::Log, &occasion, prompts)?;
                let occasion = globals.after_asking(occasion.clone())?;
                sign_checkpoint(&mut ledger, &*signer, &occasion)?
            }
        };
        if writing::is_dry(&occasion) {
            let dry_run = ledger.dry_run().cloned().unwrap_or_else(DryRun::default);
            return writing::tell(&dry_run, output, |output| tell(&signed, output));
        }
        self.hand_out(&home, &signed, output)
    }

    fn hand_out(&self, home: &Home, signed: &SignedCheckpoint, output: &mut Output) -> Result<u8, Failure> {
        let written = self.out.write(home, signed.stored.note.as_bytes());
        let written = written.map_err(|failure| failure.hint(SIGNED_NOT_WRITTEN))?;
        tell(signed, output);
        if let Some(path) = written {
            output.say(format_args!("It is in {}.", path.display()));
        }
        self.show(&signed.answer(), output)
    }

    /// The note itself, or of a file that was written what is worth knowing.
    fn show(&self, answer: &Value, output: &mut Output) -> Result<u8, Failure> {
        match (self.out.path(), output.form()) {
            (None, Form::Text) => output.raw(writing::text(answer, NOTE))?,
            (None, Form::Json) => output.data(answer)?,
            (Some(_), Form::Text) => {}
            (Some(path), Form::Json) => {
                output.data(writing::with(answer, "file", path.display().to_string()))?;
            }
        }
        Ok(0)
    }
}

/// What an answer calls the note.
const NOTE: &str = "checkpoint";
const SIGNED_NOT_WRITTEN: &str = "the checkpoint is signed and kept; ask again when it can be written";

fn tell(signed: &SignedCheckpoint, output: &mut Output) {
    let checkpoint = &signed.checkpoint;
    let events = super::super::ledger::counted(checkpoint.size, "event");
    match signed.event {
        Some(_) => {
            output.say(format_args!("Signed a checkpoint of {events}, its own among them."));
        }
        None => {
            output.say(format_args!("Nothing has happened since the checkpoint of {events}; this is it."))
        }
    }
    output.say(format_args!("Root: {}", checkpoint.root));
    output.say("Keep it away from this machine, and hand it to those who audit you.");
}
