//! `lictor license export`.

use clap::Args;
use lictor_shared::json::Value;
use std::path::Path;

use super::super::globals::Globals;
use super::super::outfile::OutFile;
use super::super::output::{Form, Output};
use super::super::rows::Lines;
use crate::durable::{Growing, Readers};
use crate::error::Failure;
use crate::export::visit_export;
use crate::home::Home;
use crate::ledger::Ledger;

const EXAMPLES: &str = "\
Examples:
  lictor license export --out licenses.jsonl
  lictor license export | wc -l

JSON Lines, a license on each, in the order of their ids; FORMAT.md, section 12,
says what stands in them. The file is for its owner only: it holds the names of
customers and licenses that work.";

/// Write all licenses with their tokens, for another ledger of the same issuer
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Export {
    #[command(flatten)]
    out: OutFile,
}

impl Export {
    pub(crate) fn run(&self, globals: &Globals, output: &mut Output) -> Result<u8, Failure> {
        let (home, ledger) = globals.home_and_ledger()?;
        let count = match self.out.path() {
            Some(path) => self.to_file(&home, &ledger, path)?,
            None => to_output(&ledger, output)?,
        };
        let licenses = if count == 1 { "1 license".into() } else { format!("{count} licenses") };
        output.say(format_args!("Exported {licenses} of {}.", ledger.issuer()));
        let forgotten = crate::ledger::carried::without_license(ledger.connection())?;
        if forgotten > 0 {
            output.warn(format_args!("{forgotten} status entries belong to licenses that a restore has forgotten, and are not in the export."));
            output.warn(
                "Those that are revoked or suspended would be valid on a list that another ledger signs:",
            );
            output.warn("go on publishing their lists here.");
        }
        let taken = crate::ledger::seats::taken(ledger.connection())?;
        if taken > 0 {
            let seats = if taken == 1 {
                "1 seat is taken, and".into()
            } else {
                format!("{taken} seats are taken, and")
            };
            output.warn(format_args!("{seats} the export does not say by whom. A ledger that takes the"));
            output.warn("licenses over keeps the activations on the lists, and counts seats from none.");
        }
        if let Some(path) = self.out.path() {
            let shown = path.display().to_string();
            match output.form() {
                Form::Text => output.data(shown)?,
                Form::Json => {
                    output.data(Value::object([("file", shown.into()), ("licenses", count.into())]))?
                }
            }
        }
        Ok(0)
    }

    fn to_file(&self, home: &Home, ledger: &Ledger, path: &Path) -> Result<u64, Failure> {
        let existing = self.out.may_take(path, home)?;
        let mut file = Growing::create(path, Readers::Owner)?;
        let mut count = 0;
        visit_export(ledger, &mut |_, line| {
            count += 1;
            file.write(line.as_bytes())
        })?;
        file.finish(existing)?;
        Ok(count)
    }
}

fn to_output(ledger: &Ledger, output: &mut Output) -> Result<u64, Failure> {
    let (mut lines, mut count) = (Lines::to(output), 0);
    visit_export(ledger, &mut |_, line| {
        count += 1;
        lines.write(line)
    })?;
    lines.end()?;
    Ok(count)
}
