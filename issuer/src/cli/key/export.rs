//! `lictor key export`.

use clap::Args;
use std::path::PathBuf;

use super::super::globals::Globals;
use super::super::output::Output;
use crate::durable::{self, Readers};
use crate::error::Failure;

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
    /// Write to this file, which must not exist yet
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

impl Export {
    pub(crate) fn run(&self, globals: &Globals, output: &mut Output) -> Result<u8, Failure> {
        let anchors = globals.own_anchors()?;
        let text = anchors.to_json();
        match &self.out {
            None => output.raw(&text)?,
            Some(path) => {
                durable::create(path, text.as_bytes(), Readers::Anyone)?;
                let count = anchors.anchors().len();
                let keys = if count == 1 {
                    "The public key is".to_string()
                } else {
                    format!("{count} public keys are")
                };
                output.say(format_args!("{keys} in {}.", path.display()));
            }
        }
        Ok(0)
    }
}
