//! `lictor audit prove`.

use clap::Args;
use lictor_shared::json::Value;

use super::super::globals::Globals;
use super::super::outfile::OutFile;
use super::super::output::Output;
use super::super::passphrase::PassphraseSource;
use super::covering::covering;
use crate::audit::{find_event, named_event, receipt};
use crate::error::Failure;

const EXAMPLES: &str = "\
Examples:
  lictor audit prove 17 --out acme.proof
  lictor audit prove 0198c0d2-6c1e-7a33-9d5e-2f6f2b1d9a10 --out acme.proof
  lictor audit prove 17 --json

The receipt (C2SP tlog-proof) proves that the log has the event, to whoever has
its verifier key: lictor audit key. Hand it to a customer with his activation;
he checks it with: lictor-agent check-proof. Personal texts are not in it.

It is made against the newest checkpoint that covers the event, or against one
that is signed now; only that needs the log's key.";

/// Make a receipt of an event that others can check
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Prove {
    /// The number of the event, or the serial of an activation or the id of a license that it gave
    #[arg(value_name = "EVENT")]
    event: String,
    #[command(flatten)]
    out: OutFile,
    #[command(flatten)]
    passphrase: PassphraseSource,
}

impl Prove {
    pub(crate) fn run(&self, globals: &Globals, output: &mut Output) -> Result<u8, Failure> {
        let (home, mut ledger) = globals.home_and_ledger()?;
        let seq = named_event(&ledger, &self.event)?;
        let (event, _) = find_event(&ledger, seq)?;
        if let Some(path) = self.out.path() {
            self.out.allows(path, &home)?;
        }
        let (note, key) = covering(seq, (&home, &mut ledger), &self.passphrase, globals, output)?;
        let (receipt, proved) = receipt(&ledger, seq, &note, &key)?;
        let file = self.out.write(&home, receipt.as_bytes())?.map(|path| path.display().to_string());
        let place = match &file {
            Some(file) => format!(" is in {file}"),
            None => String::new(),
        };
        output.say(format_args!(
            "The receipt of event {seq}, {}, of {}{place}. Checked.",
            event.kind, event.at
        ));
        output.say(format_args!(
            "  It holds for {}, under a checkpoint of {} events.",
            key.name(),
            proved.checkpoint.size
        ));
        super::say_if_it_goes_on(&ledger, seq, output)?;
        output.either(
            || if file.is_some() { String::new() } else { receipt.clone() },
            || {
                Value::object([
                    ("event", seq.into()),
                    ("kind", event.kind.as_str().into()),
                    ("origin", key.name().into()),
                    ("size", proved.checkpoint.size.into()),
                    ("key", key.to_string().into()),
                    ("file", file.as_deref().into()),
                    ("receipt", receipt.as_str().into()),
                ])
            },
        )?;
        Ok(0)
    }
}
