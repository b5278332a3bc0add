//! `lictor license renew`.

use clap::{ArgGroup, Args};
use lictor_shared::{Purpose, Timestamp};

use super::super::activation::taken;
use super::super::globals::Globals;
use super::super::outfile::OutFile;
use super::super::output::Output;
use super::super::passphrase::PassphraseSource;
use super::super::values;
use super::super::writing::{self, Writing};
use super::handed;
use super::named::named;
use super::renew_all::Several;
use super::revised::{self, ChangesOptions};
use crate::error::{Failure, FailureKind};
use crate::outcome::Outcome as _;
use crate::renew::{Renewal, RenewedTerm, preview_renewal, renew};
use crate::terms::Span;

const EXAMPLES: &str = "\
Examples:
  lictor license renew ID --term 1y --out acme-2.lic
  lictor license renew ID --until 2028-12-31 --seats 50 --revoke-previous
  lictor license renew --expiring-within 30d --term 1y --out renewed
  lictor license renew --from renewals.csv --term 1y --out renewed

The new term counts from the old end, or from now if that is past. The new
revision holds from now on, so nothing lapses in between. What is not given
stays as it is; of what can be given several times, what is given replaces all
that the license had, and none leaves nothing of it: --feature none, --limit
none, --origin none, --meta none.

With --expiring-within a plan is shown first, and all of it is done or nothing.
What has expired, is suspended or was renewed already is left out. Then --out is
a folder, in which each license gets a file ID.lic.

With --from each row of the file renews a license, each with terms of its own.
Its columns are license, request_id, an id of your choice for each row, and the
options, with _ for -. Every row is checked before the first is signed. Then
--out is a folder, in which each license gets a file REQUEST_ID.lic. What was
cut short goes on when it is repeated.";

/// Renew a license: its next revision, with a later end
#[derive(Args, Debug)]
#[command(
    after_help = EXAMPLES,
    group(ArgGroup::new("end").args(["term", "until"])),
    group(ArgGroup::new("which").required(true).args(["id", "expiring_within", "from", "template"])),
    mut_args(revised::without_defaults)
)]
pub(crate) struct Renew {
    /// The license: its id or a serial, 8 characters or more of either, or its file
    #[arg(value_name = "ID")]
    id: Option<String>,
    /// For how long: 1y, 6mo, 2w, 90d (calendar time, UTC)
    #[arg(long, value_name = "SPAN", value_parser = values::term::<Span>)]
    term: Option<Span>,
    /// The last day of the new term
    #[arg(long, value_name = "DATE", value_parser = values::end)]
    until: Option<Timestamp>,
    /// Revoke the earlier revisions as well
    #[arg(long)]
    revoke_previous: bool,
    #[command(flatten)]
    pub(super) out: OutFile,
    #[command(flatten)]
    pub(super) several: Several,
    #[command(flatten)]
    pub(super) writing: Writing,
    #[command(flatten)]
    pub(super) passphrase: PassphraseSource,
    #[command(flatten)]
    changes: ChangesOptions,
}

impl Renew {
    pub(crate) fn run(&self, globals: &Globals, output: &mut Output) -> Result<u8, Failure> {
        if self.several.template {
            return self.write_template(output);
        }
        if let Some(path) = &self.several.from {
            return self.run_rows(path, globals, output);
        }
        let Some(id) = &self.id else { return self.run_several(globals, output) };
        let (home, mut ledger) = globals.home_and_ledger()?;
        let (renewal, occasion) = (self.renewal()?, globals.occasion_of(&self.writing)?);
        if let Some(answer) = writing::answered(&ledger, &occasion, output)? {
            return handed::hand_out_again(&answer, (&self.out, &home), output);
        }
        let id = named(&ledger, id)?.license.id.to_string();
        // What is wrong is said before anybody is asked for a passphrase.
        let draft = preview_renewal(&home, &ledger, &id, &renewal, &occasion)?;
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
        let renewed = renew(&home, &mut ledger, &*signer, &id, &renewal, &occasion)?;
        if let Some(dry_run) = ledger.dry_run() {
            return writing::tell(dry_run, output, |output| revised::tell("Renewed", &renewed, output));
        }
        revised::tell("Renewed", &renewed, output);
        let license = &renewed.issued.signed.license;
        taken::say_if_fewer(&ledger, license, output)?;
        handed::hand_out(&renewed.answer(), license, (&self.out, &home), output)?;
        Ok(0)
    }

    pub(super) fn renewal(&self) -> Result<Renewal, Failure> {
        let until = self.until.map(RenewedTerm::Until);
        let length = self.term.map(RenewedTerm::For).or(until).ok_or_else(|| {
            Failure::new(FailureKind::Usage, "until when is it renewed?")
                .hint("give --term 1y or --until DATE")
        })?;
        let earlier = revised::earlier(self.revoke_previous);
        Ok(Renewal { length, changes: self.changes.changes()?, earlier })
    }
}
