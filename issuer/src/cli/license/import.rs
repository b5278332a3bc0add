//! `lictor license import`.

use clap::Args;
use std::fs::File;
use std::io::{self, BufReader};
use std::path::PathBuf;

use super::super::asked::repeatable;
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
        if self.writing.request_id.is_some() {
            repeatable(&self.file)?;
        }
        let (home, mut ledger) = globals.home_and_ledger()?;
        let occasion = globals.occasion_of(&self.writing)?;
        if let Some(answer) = writing::answered(&ledger, &occasion, output)? {
            return show(&answer, output);
        }
        let arriving = self.read(&ledger)?;
        let imported = import(&home, &mut ledger, &arriving, &occasion)?;
        if writing::is_dry(&occasion) {
            let dry_run = ledger.dry_run().cloned().unwrap_or_default();
            return writing::tell(&dry_run, output, |output| tell(&imported, output));
        }
        tell(&imported, output);
        if imported.revisions == 0 {
            writing::say_not_remembered(&occasion, output);
        }
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
        let (one, more) = ("license was here already, and stays", "licenses were here already, and stay");
        output.say(format_args!("  {} as before.", counted(imported.skipped, one, more)));
    }
    if imported.activations > 0 {
        let (one, more) = ("activation came with them, and stands", "activations came with them, and stand");
        output.warn(format_args!("{} on the lists as before.", counted(imported.activations, one, more)));
        output.warn("The seats that deployments hold by them are not counted here: this ledger counts");
        output.warn("from none. OPERATING.md, \"Taking licenses over\", says what to do about it.");
    }
    if imported.licenses > 0 {
        output.say("Next: lictor status publish");
        output.say("From now on publish here alone: of two ledgers that sign the same list, each takes");
        output.say("back what the other revoked.");
    }
}

fn show(answer: &lictor_shared::json::Value, output: &mut Output) -> Result<u8, Failure> {
    let number = answer.as_object().and_then(|answer| answer.get("licenses")).cloned();
    output
        .either(|| format!("{}\n", number.unwrap_or(lictor_shared::json::Value::Null)), || answer.clone())?;
    Ok(0)
}
