//! `lictor audit check-export`.

use clap::Args;
use lictor_shared::json::Value;
use std::path::PathBuf;

use super::super::output::Output;
use super::super::progress;
use super::super::shown;
use super::note_key::note_keys;
use crate::audit::check_export_and_see;
use crate::error::Failure;

const EXAMPLES: &str = "\
Examples:
  lictor audit check-export acme-log --key acme.vkey
  lictor audit check-export acme-log --key 'lictor/0198…+c74f20a3+ARpc2Q…' --json

It needs no ledger and no home, and changes nothing. The key is what lictor
audit key prints; take it from the issuer by another way than the folder. Exit
code 32 with the first file and event that differ.";

/// Check every byte of an exported log; needs no ledger
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct CheckExport {
    /// The folder that lictor audit export wrote to
    #[arg(value_name = "FOLDER")]
    folder: PathBuf,
    /// The log's verifier key, or a file that holds it
    #[arg(long, value_name = "KEY|FILE", allow_hyphen_values = true)]
    key: String,
}

impl CheckExport {
    pub(crate) fn run(&self, output: &mut Output) -> Result<u8, Failure> {
        let keys = note_keys(&self.key)?;
        let bar = progress::events(0, output);
        let checked = check_export_and_see(&self.folder, &keys, |progress| {
            bar.set_length(progress.of);
            bar.set_position(progress.done);
        });
        bar.finish_and_clear();
        let checked = checked?;
        let checkpoint = &checked.checkpoint;
        output.say("Every file is as the log signed it, none is missing, and no other is there.");
        for name in &checked.unchecked {
            let name = shown::foreign(name);
            output.say(format_args!("{name} has signed the checkpoint too; that signature was not checked."));
        }
        output.either(
            || {
                shown::facts(&[
                    ("log", shown::foreign(&checkpoint.origin)),
                    ("events", checkpoint.size.to_string()),
                    ("root", checkpoint.root.to_string()),
                    ("files", checked.files.to_string()),
                ])
            },
            || {
                Value::object([
                    ("origin", checkpoint.origin.as_str().into()),
                    ("events", checkpoint.size.into()),
                    ("root", checkpoint.root.to_string().into()),
                    ("files", checked.files.into()),
                ])
            },
        )?;
        Ok(0)
    }
}
