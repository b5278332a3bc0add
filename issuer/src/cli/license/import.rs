//! `lictor license import`.

use clap::Args;
use std::fs::File;
use std::io::{self, BufReader};
use std::path::PathBuf;

use super::super::globals::Globals;
use super::super::input::is_standard_input;
use super::super::output::Output;
use super::super::writing::{self, Writing};
use crate::durable::cannot_read;
use crate::error::{Failure, FailureKind};
use crate::import::{Imported, import, read_export};
use crate::ledger::Ledger;
use crate::outcome::Outcome as _;

const EXAMPLES: &str = "\
Examples:
  lictor license import licenses.jsonl --dry-run
  lictor license import licenses.jsonl
  ssh old lictor license export | lictor license import -

Every token is verified with this issuer's own keys, so those are imported
first. All of the licenses are imported or none; those that are here already,
just so, are left as they are.";

/// Import licenses that another ledger of this issuer exported
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Import {
    /// The export, or - for standard input
    #[arg(value_name = "FILE|-")]
    file: PathBuf,
    #[command(flatten)]
    writing: Writing,
}

impl Import {
    pub(crate) fn run(&self, globals: &Globals, output: &mut Output) -> Result<u8, Failure> {
        if self.writing.request_id.is_some() && is_standard_input(&self.file) {
            // What standard input said cannot be compared before it is read, nor read again.
            return Err(Failure::new(
                FailureKind::Usage,
                "an import of standard input cannot be asked for once",
            )
            .hint("name a file, or leave --request-id out: what is here already is not imported again"));
        }
        let (_, mut ledger) = globals.home_and_ledger()?;
        let occasion = globals.occasion_of(&self.writing)?;
        if let Some(answer) = writing::answered(&ledger, &occasion, output)? {
            return show(&answer, output);
        }
        let arriving = self.read(&ledger)?;
        let imported = import(&mut ledger, &arriving, &occasion)?;
        if let Some(dry_run) = ledger.dry_run() {
            return writing::tell(dry_run, output, |output| tell(&imported, output));
        }
        tell(&imported, output);
        show(&imported.answer(), output)
    }

    fn read(&self, ledger: &Ledger) -> Result<Vec<crate::import::Arriving>, Failure> {
        if is_standard_input(&self.file) {
            return read_export(ledger, io::stdin().lock());
        }
        let file = File::open(&self.file).map_err(cannot_read(&self.file))?;
        read_export(ledger, BufReader::new(file))
    }
}

fn counted(number: u64, one: &str, more: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { more })
}

fn tell(imported: &Imported, output: &mut Output) {
    let licenses = counted(imported.licenses, "license", "licenses");
    let revisions = counted(imported.revisions, "revision", "revisions");
    output.say(format_args!("Imported {licenses}, {revisions}."));
    if imported.skipped > 0 {
        let here = counted(imported.skipped, "was", "were");
        output.say(format_args!("  {here} here already, and left so."));
    }
    if imported.licenses > 0 {
        output.say("Next: lictor status publish, from now on here alone: a list that two ledgers sign takes back revocations");
    }
}

fn show(answer: &lictor_shared::json::Value, output: &mut Output) -> Result<u8, Failure> {
    let number = answer.as_object().and_then(|answer| answer.get("licenses")).cloned();
    output
        .either(|| format!("{}\n", number.unwrap_or(lictor_shared::json::Value::Null)), || answer.clone())?;
    Ok(0)
}
