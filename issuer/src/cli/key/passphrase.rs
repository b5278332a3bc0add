//! `lictor key passphrase`.

use clap::Args;
use lictor_keys::{Protection, Resealed};
use lictor_shared::Thumbprint;
use std::path::{Path, PathBuf};

use super::super::globals::Globals;
use super::super::input;
use super::super::output::Output;
use super::super::passphrase::{self, PassphraseSource};
use super::super::prompt::Prompts;
use super::super::writing::{self, Change, Writing};
use crate::error::Failure;
use crate::home::Home;
use crate::key::{Reseal, ResealedKey, has_private_half, reseal_key};
use crate::occasion::Occasion;

const EXAMPLES: &str = "\
Examples:
  lictor key passphrase ID
  lictor key passphrase ID --passphrase-file old.txt \\
      --new-passphrase-file new.txt
  lictor key passphrase ID --passphrase-file old.txt --no-passphrase

The key stays the same. Backups of the old file go on opening with the old
passphrase: replace them.";

/// Seal a key file anew, under another passphrase or none
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Passphrase {
    /// The key: its id, or 8 characters or more of its beginning
    #[arg(value_name = "ID", allow_hyphen_values = true)]
    key: String,
    #[command(flatten)]
    old: PassphraseSource,
    /// The new passphrase is the first line of this file, or of standard input for - [default: asked at the terminal]
    #[arg(long, value_name = "FILE|-")]
    new_passphrase_file: Option<PathBuf>,
    /// Leave the key file unencrypted; whoever can read it can sign
    #[arg(long, conflicts_with = "new_passphrase_file")]
    no_passphrase: bool,
    #[command(flatten)]
    writing: Writing,
}

impl Passphrase {
    pub(crate) fn run(&self, globals: &Globals, output: &mut Output) -> Result<u8, Failure> {
        let old = self.old.reads_standard_input().then_some(Path::new("-"));
        input::once([old, self.new_passphrase_file.as_deref()].into_iter().flatten())?;
        let make = |change: &mut Change, _: &mut Output| {
            let kid = super::named(&change.ledger, &self.key)?;
            has_private_half(&change.ledger.key_ring()?, &kid)?;
            let reseal = self.reseal(&change.home, kid, &change.occasion, globals.prompts())?;
            reseal_key(&change.home, &mut change.ledger, &reseal, &change.occasion)
        };
        self.writing.carry_out(
            globals,
            output,
            make,
            |resealed, _, output| tell(resealed, output),
            super::show,
        )
    }

    /// Asks for the passphrases before the ledger is locked, so that nobody waits for somebody who types.
    fn reseal(
        &self,
        home: &Home,
        kid: Thumbprint,
        occasion: &Occasion,
        prompts: Prompts,
    ) -> Result<Reseal, Failure> {
        let protection = if self.no_passphrase { Protection::None } else { Protection::Passphrase };
        if writing::is_dry(occasion) {
            return Ok(Reseal { kid, protection, sealed: None });
        }
        // If somebody seals it anew while the passphrases are asked for, it is no longer this one.
        let before = home.keys()?.load(&kid)?;
        let key = self.old.open_key(home, &kid, prompts)?;
        let new = match (&self.new_passphrase_file, protection) {
            (_, Protection::None) => None,
            (Some(path), Protection::Passphrase) => Some(passphrase::from_file(path)?),
            (None, Protection::Passphrase) => Some(passphrase::ask_twice(
                prompts,
                "give --new-passphrase-file FILE; --no-passphrase leaves the key file open",
            )?),
        };
        let sealed = Some(Resealed::new(&key, new.as_ref(), before)?);
        Ok(Reseal { kid, protection, sealed })
    }
}

fn tell(resealed: &ResealedKey, output: &mut Output) {
    let kid = resealed.key.public.thumbprint();
    match resealed.protection {
        Protection::Passphrase => {
            output.say(format_args!("The file of the key {kid}"));
            output.say("opens with the new passphrase only.");
        }
        Protection::None => {
            output.warn(format_args!("The file of the key {kid}"));
            output.warn("is not encrypted any more; whoever can read it can sign licenses.");
        }
    }
    output.say("Next: replace its backups, which open with the old passphrase.");
}
