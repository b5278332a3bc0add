//! `lictor key export`.

use clap::Args;
use lictor_shared::json::Value;

use super::super::globals::Globals;
use super::super::outfile::OutFile;
use super::super::output::{Form, Output};
use crate::error::{Failure, FailureKind};

const EXAMPLES: &str = "\
Examples:
  lictor key export --out anchors.json
  lictor key export > product/src/anchors.json

What is written is public: build it into the product, and export again for
every release.";

/// Write the trust anchors: the public halves of all keys as a JWK Set
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Export {
    #[command(flatten)]
    out: OutFile,
}

impl Export {
    pub(crate) fn run(&self, globals: &Globals, output: &mut Output) -> Result<u8, Failure> {
        let (home, ledger) = globals.home_and_ledger()?;
        let anchors = ledger.key_ring()?.anchors().map_err(|error| {
            Failure::new(
                FailureKind::SigningNotConfigured,
                "there is no key yet, so there is nothing to export",
            )
            .hint("lictor key new")
            .because(error)
        })?;
        let text = anchors.to_json();
        let Some(path) = self.out.write(&home, text.as_bytes())? else {
            output.raw(&text)?;
            return Ok(0);
        };
        let count = anchors.anchors().len();
        let keys =
            if count == 1 { "The public key is".to_string() } else { format!("{count} public keys are") };
        let file = path.display().to_string();
        output.say(format_args!("{keys} in {file}."));
        if output.form() == Form::Json {
            output
                .data(Value::object([("file", file.into()), ("keys", u64::try_from(count).ok().into())]))?;
        }
        Ok(0)
    }
}
