//! `lictor key new`.

use clap::Args;
use lictor_keys::PrivateKey;

use super::super::globals::Globals;
use super::super::output::Output;
use super::super::passphrase::NewPassphrase;
use super::KeyUse;
use crate::error::Failure;
use crate::key::KeyOrigin;

const EXAMPLES: &str = "\
Examples:
  lictor key new
  lictor key new --passphrase-command 'pass show lictor'
  lictor key new --passphrase-file /run/secrets/lictor --purpose status

The first key becomes active at once. Later ones are next: ship their public
halves first.";

/// Make a signing key
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct New {
    #[command(flatten)]
    key_use: KeyUse,
    #[command(flatten)]
    passphrase: NewPassphrase,
}

impl New {
    pub(crate) fn run(&self, globals: &Globals, output: &mut Output) -> Result<u8, Failure> {
        let (home, mut ledger) = globals.home_and_ledger()?;
        // A folder that others may read is refused before anybody is asked for a passphrase.
        home.keys()?;
        let passphrase = self.passphrase.sealing(globals.prompts())?;
        let key = PrivateKey::generate()?;
        let (ring, occasion) = ((&home, &mut ledger), globals.occasion()?);
        super::join(&key, KeyOrigin::Generated, passphrase.as_ref(), &self.key_use, ring, &occasion, output)
    }
}
