//! `lictor key new`.

use clap::Args;
use lictor_keys::PrivateKey;

use super::super::globals::Globals;
use super::super::output::Output;
use super::super::passphrase::NewPassphrase;
use super::super::writing::{self, Writing};
use super::KeyUse;
use crate::error::Failure;
use crate::key::KeyOrigin;
use crate::occasion::Intent;

const EXAMPLES: &str = "\
Examples:
  lictor key new
  lictor key new --passphrase-command 'pass show lictor'
  lictor key new --passphrase-file /run/secrets/lictor --purpose status
  lictor key new --purpose log

The first key becomes active at once. Later ones are next: ship their public
halves first. A key of the log signs checkpoints for auditors, and never ships.";

/// Make a signing key
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct New {
    #[command(flatten)]
    key_use: KeyUse,
    #[command(flatten)]
    passphrase: NewPassphrase,
    #[command(flatten)]
    writing: Writing,
}

impl New {
    pub(crate) fn run(&self, globals: &Globals, output: &mut Output) -> Result<u8, Failure> {
        let (home, mut ledger) = globals.home_and_ledger()?;
        let occasion = globals.occasion_of(&self.writing)?;
        if let Some(answer) = writing::answered(&ledger, &occasion, output)? {
            return super::show(&answer, output);
        }
        // A folder that others may read is refused before anybody is asked for a passphrase.
        home.keys()?;
        // What is not kept needs no passphrase.
        let passphrase = match occasion.intent {
            Intent::DryRun => None,
            _ => self.passphrase.sealing(globals.prompts())?,
        };
        let key = PrivateKey::generate()?;
        let ring = (&home, &mut ledger);
        super::join(&key, KeyOrigin::Generated, passphrase.as_ref(), &self.key_use, ring, &occasion, output)
    }
}
