//! `lictor audit export`.

use clap::Args;
use lictor_shared::json::Value;
use std::path::PathBuf;

use super::super::globals::Globals;
use super::super::output::Output;
use super::super::passphrase::PassphraseSource;
use super::super::progress;
use super::covering::newest;
use crate::audit::{ExportedLog, export_log_and_see};
use crate::error::{Failure, FailureKind};

const EXAMPLES: &str = "\
Examples:
  lictor audit export /srv/www/acme-log
  lictor audit export acme-log --passphrase-file /run/secrets/log --json

The folder is a log in tiles (C2SP tlog-tiles): it can be served as it is, and
Go's golang.org/x/mod/sumdb/tlog reads it. Who works at the issuer's, and which
licenses and deployments there are, stands in it; personal texts do not. The
verifier key is not in it: bring it to the auditor by another way (lictor audit
key), and he checks the folder with: lictor audit check-export.

Repeating it adds what is new. A run that was broken off leaves a folder in which
the old checkpoint still holds, and the next one completes it. In a folder from
which the file checkpoint was removed every file is compared again.";

/// Write the log into a folder that others can check
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Export {
    /// The folder: a new or empty one, or one that an export of this log was written to
    #[arg(value_name = "FOLDER")]
    folder: PathBuf,
    #[command(flatten)]
    passphrase: PassphraseSource,
}

impl Export {
    pub(crate) fn run(&self, globals: &Globals, output: &mut Output) -> Result<u8, Failure> {
        let (home, mut ledger) = globals.home_and_ledger()?;
        let folder = self.folder.display().to_string();
        if home.owns(&self.folder) {
            let message = format!("{folder} belongs to the issuer's home; it was not touched");
            return Err(Failure::new(FailureKind::Conflict, message)
                .hint("name another folder")
                .with("path", folder));
        }
        let (note, key) = newest((&home, &mut ledger), &self.passphrase, globals, output)?;
        let bar = progress::events(0, output);
        let done = export_log_and_see(&ledger, (&note, &key), &self.folder, |progress| {
            bar.set_length(progress.of);
            bar.set_position(progress.done);
        });
        bar.finish_and_clear();
        let done = done?;
        tell(&done, output);
        output.say(
            "Next: bring the folder and, by another way, the verifier key (lictor audit key) to the auditor",
        );
        output.either(
            || format!("{folder}\n"),
            || {
                Value::object([
                    ("folder", folder.as_str().into()),
                    ("origin", key.name().into()),
                    ("before", done.before.into()),
                    ("events", done.events.into()),
                    ("written", done.written.into()),
                    ("removed", done.removed.into()),
                ])
            },
        )?;
        Ok(0)
    }
}

fn tell(done: &ExportedLog, output: &mut Output) {
    match (done.before, done.events - done.before) {
        (_, 0) => output.say(format_args!("Nothing is new: the folder covers {} events.", done.events)),
        (0, _) => output.say(format_args!("Exported {} events.", done.events)),
        (before, new) => {
            output
                .say(format_args!("Added {new} events to {before}: the folder covers {} now.", done.events));
        }
    }
}
