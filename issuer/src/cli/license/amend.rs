//! `lictor license amend`.

use clap::Args;
use lictor_shared::Purpose;

use super::super::activation::taken;
use super::super::globals::Globals;
use super::super::outfile::OutFile;
use super::super::output::Output;
use super::super::passphrase::PassphraseSource;
use super::super::writing::{self, Writing};
use super::handed;
use super::named::named;
use super::revised::{self, ChangesOptions};
use crate::amend::{Amendment, amend, preview_amendment};
use crate::error::Failure;
use crate::outcome::Outcome as _;

const EXAMPLES: &str = "\
Examples:
  lictor license amend ID --seats 50 --out acme-2.lic
  lictor license amend ID --plan enterprise --feature branding --feature sso
  lictor license amend ID --origin https://calls.acme.example --json
  lictor license amend ID --seats 10 --feature none --revoke-previous

Start and end stay. What is not given stays as it is; of what can be given
several times, what is given replaces all that the license had, and none leaves
nothing of it: --feature none, --limit none, --origin none, --meta none.";

/// Amend a license: its next revision in mid-term, with the same dates
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES, mut_args(revised::without_defaults))]
pub(crate) struct Amend {
    /// The license: its id or a serial, 8 characters or more of either, or its file
    #[arg(value_name = "ID")]
    id: String,
    /// Revoke the earlier revisions as well
    #[arg(long)]
    revoke_previous: bool,
    #[command(flatten)]
    out: OutFile,
    #[command(flatten)]
    writing: Writing,
    #[command(flatten)]
    passphrase: PassphraseSource,
    #[command(flatten)]
    changes: ChangesOptions,
}

impl Amend {
    pub(crate) fn run(&self, globals: &Globals, output: &mut Output) -> Result<u8, Failure> {
        let (home, mut ledger) = globals.home_and_ledger()?;
        let (amendment, occasion) = (self.amendment()?, globals.occasion_of(&self.writing)?);
        if let Some(answer) = writing::answered(&ledger, &occasion, output)? {
            return handed::hand_out_again(&answer, (&self.out, &home), output);
        }
        let id = named(&ledger, &self.id)?.license.id.to_string();
        // What is wrong is said before anybody is asked for a passphrase.
        let draft = preview_amendment(&home, &ledger, &id, &amendment, &occasion)?;
        handed::can_be_written(&self.out, &home, &occasion)?;
        let prompts = globals.prompts();
        let signer = self.passphrase.product_signer(
            &home,
            &ledger,
            (Purpose::License, &draft.products),
            &occasion,
            prompts,
        )?;
        let occasion = globals.after_asking(occasion)?;
        let amended = amend(&home, &mut ledger, &*signer, &id, &amendment, &occasion)?;
        if let Some(dry_run) = ledger.dry_run() {
            return writing::tell(dry_run, output, |output| revised::tell("Amended", &amended, output));
        }
        revised::tell("Amended", &amended, output);
        let license = &amended.issued.signed.license;
        taken::say_if_fewer(&ledger, license, output)?;
        handed::hand_out(&amended.answer(), license, (&self.out, &home), output)?;
        Ok(0)
    }

    fn amendment(&self) -> Result<Amendment, Failure> {
        Ok(Amendment { changes: self.changes.changes()?, earlier: revised::earlier(self.revoke_previous) })
    }
}
