//! `lictor license amend`.

use clap::Args;
use lictor_shared::Purpose;
use std::path::PathBuf;

use super::super::globals::Globals;
use super::super::output::Output;
use super::super::passphrase::PassphraseSource;
use super::handed;
use super::named::named;
use super::revised::{self, ChangesOptions};
use crate::amend::{amend, preview_amendment};
use crate::error::Failure;

const EXAMPLES: &str = "\
Examples:
  lictor license amend ID --seats 50 --out acme-2.lic
  lictor license amend ID --plan enterprise --feature branding --feature sso
  lictor license amend ID --origin https://calls.acme.example --json

Start and end stay. What is not given stays as it is; of what can be given
several times, what is given replaces all that the license had.";

/// Amend a license: its next revision in mid-term, with the same dates
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES, mut_args(revised::without_defaults))]
pub(crate) struct Amend {
    /// The license: its id or a serial, 8 characters or more of either, or its file
    #[arg(value_name = "ID")]
    id: String,
    /// Write the license to this file, which must not exist yet [default: standard output]
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    #[command(flatten)]
    passphrase: PassphraseSource,
    #[command(flatten)]
    changes: ChangesOptions,
}

impl Amend {
    pub(crate) fn run(&self, globals: &Globals, output: &mut Output) -> Result<u8, Failure> {
        let (home, mut ledger) = globals.home_and_ledger()?;
        let (changes, occasion) = (self.changes.changes()?, globals.occasion()?);
        let id = named(&ledger, &self.id)?.license.id.to_string();
        // What is wrong is said before anybody is asked for a passphrase.
        preview_amendment(&home, &ledger, &id, &changes, &occasion)?;
        handed::can_be_written(self.out.as_deref())?;
        let signer =
            self.passphrase.signer(&home, &ledger, Purpose::License, &occasion, globals.prompts())?;
        let amended = amend(&home, &mut ledger, &signer, &id, &changes, &occasion)?;
        revised::tell("Amended", &amended, output);
        handed::hand_out(&amended.issued, self.out.as_deref(), revised::more(&amended), output)?;
        Ok(0)
    }
}
