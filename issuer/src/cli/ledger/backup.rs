//! `lictor ledger backup`.

use clap::Args;
use lictor_shared::json::Value;
use std::path::PathBuf;

use super::super::globals::Globals;
use super::super::outfile::Force;
use super::super::output::Output;
use crate::error::{Failure, FailureKind};

const EXAMPLES: &str = "\
Examples:
  lictor ledger backup /mnt/backup/ledger-2026-11-22.db
  lictor ledger backup ledger.db --home /srv/lictor --json

Others can work meanwhile. Keys are not in it: back up the folder keys/ and the
passphrase apart. To take it back:
  lictor ledger restore FILE --status-uri URI";

/// Copy the ledger into a new file while it is in use, and check the copy
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Backup {
    /// The file to write, which must not exist yet
    #[arg(value_name = "FILE")]
    file: PathBuf,
    #[command(flatten)]
    force: Force,
}

impl Backup {
    pub(crate) fn run(&self, globals: &Globals, output: &mut Output) -> Result<u8, Failure> {
        let (home, ledger) = globals.home_and_ledger()?;
        if self.file.as_os_str() == "-" {
            return Err(Failure::new(FailureKind::Usage, "a ledger cannot be written to standard output")
                .hint("name a file; one of that name is ./-"));
        }
        self.force.allows(&self.file, &home)?;
        let checked = ledger.backup(&self.file, self.force.existing())?;
        let file = self.file.display().to_string();
        output.say(format_args!(
            "Backed up the ledger of {}: {}, checked.",
            ledger.issuer(),
            super::holds(&checked)
        ));
        output.say("Next: bring it to another machine; the keys are not in it");
        let [events, licenses, personal, erased] = super::counts(&checked);
        output.either(
            || format!("{file}\n"),
            || Value::object([("file", file.as_str().into()), events, licenses, personal, erased]),
        )?;
        Ok(0)
    }
}
