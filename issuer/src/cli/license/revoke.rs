//! `lictor license revoke`.

use clap::Args;
use clap::builder::PossibleValue;
use lictor_shared::Text;

use super::super::globals::Globals;
use super::super::output::Output;
use super::super::prompt::{Needed, Prompts};
use super::super::shown;
use super::super::writing::{self, Writing};
use super::named::named;
use crate::error::{Failure, FailureKind};
use crate::licenses::LicenseRecord;
use crate::occasion::Intent;
use crate::outcome::Outcome as _;
use crate::revoke::{RevocationReason, Revoked, revoke};

const EXAMPLES: &str = "\
Examples:
  lictor license revoke ID --reason non-payment
  lictor license revoke acme.lic --reason customer-request
  lictor license revoke ID --reason fraud --note 'case 17' --confirm ID

It cannot be taken back. Deployments learn of it from the next status list:
lictor status publish";

/// Revoke a license: every revision that could still be used
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Revoke {
    /// The license: its id or a serial, 8 characters or more of either, or its file
    #[arg(value_name = "ID")]
    id: String,
    /// Why
    #[arg(long, value_name = "CODE")]
    reason: RevocationReason,
    /// A note for the record; the log holds only its salted hash
    #[arg(long, value_name = "TEXT")]
    note: Option<Text>,
    /// The license's id in full, so that no slip revokes another one [default: asked at the terminal]
    #[arg(long, value_name = "ID")]
    confirm: Option<String>,
    #[command(flatten)]
    writing: Writing,
}

impl clap::ValueEnum for RevocationReason {
    fn value_variants<'a>() -> &'a [Self] {
        Self::ALL
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        Some(PossibleValue::new(self.as_str()).help(self.meaning()))
    }
}

impl Revoke {
    pub(crate) fn run(&self, globals: &Globals, output: &mut Output) -> Result<u8, Failure> {
        let (_, mut ledger) = globals.home_and_ledger()?;
        let occasion = globals.occasion_of(&self.writing)?;
        if let Some(answer) = writing::answered(&ledger, &occasion, output)? {
            return super::show_changed(&answer, output);
        }
        let license = named(&ledger, &self.id)?.license;
        let confirmed = match &self.confirm {
            Some(id) => id.clone(),
            // Nothing is revoked, so there is nothing to confirm.
            None if occasion.intent == Intent::DryRun => license.id.to_string(),
            None => ask(&license, globals.prompts(), output)?,
        };
        if !confirmed.trim().eq_ignore_ascii_case(&license.id.to_string()) {
            let message = format!("{confirmed:?} is not the id of the license; nothing was revoked");
            return Err(
                Failure::new(FailureKind::Usage, message).hint(format!("give --confirm {}", license.id))
            );
        }
        let id = license.id.to_string();
        let revoked = revoke(&mut ledger, &id, self.reason, self.note.as_ref(), &occasion)?;
        if let Some(dry_run) = ledger.dry_run() {
            return writing::tell(dry_run, output, |output| tell(&license, &revoked, output));
        }
        tell(&license, &revoked, output);
        super::show_changed(&revoked.answer(), output)
    }
}

/// Asks for the license's id at the terminal; where nobody may be asked, names the option.
fn ask(license: &LicenseRecord, prompts: Prompts, output: &mut Output) -> Result<String, Failure> {
    let needed = Needed {
        sentence: "a revocation must be confirmed",
        instead: format!("give --confirm {}", license.id),
    };
    let customer = shown::foreign(license.customer.as_str());
    let explanation = format!("This revokes the license {} of {customer} for good.", license.id);
    prompts.line(&needed, explanation, "Type its id to confirm:", output)
}

fn tell(license: &LicenseRecord, revoked: &Revoked, output: &mut Output) {
    let revisions = super::counted(revoked.revisions.len());
    output.say(format_args!(
        "Revoked the license {} of {}: {revisions}, {}.",
        revoked.license,
        shown::foreign(license.customer.as_str()),
        revoked.reason
    ));
    super::say_read_only_from(&revoked.revisions, output);
    output.say("Next: lictor status publish, and bring the list to the deployments");
}
