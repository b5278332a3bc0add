//! `lictor license revoke`.

use clap::Args;
use clap::builder::PossibleValue;
use lictor_shared::{Text, Timestamp};

use super::super::globals::Globals;
use super::super::output::Output;
use super::super::prompt::{Needed, Prompts};
use super::super::shown;
use super::super::values;
use super::super::writing::{Change, Writing};
use super::changed::Changed;
use super::named::named;
use super::revoke_rows::{FILE, Many};
use crate::error::{Failure, FailureKind};
use crate::licenses::LicenseRecord;
use crate::occasion::{Intent, Occasion};
use crate::revoke::{Revocation, RevocationReason, Revoked, preview_revocation, revoke_from};

const EXAMPLES: &str = "\
Examples:
  lictor license revoke acme.lic --reason customer-request
  lictor license revoke ID --reason fraud --note 'case 17' --confirm ID
  lictor license revoke ID --reason contract-ended --effective 2027-07-01
  lictor license revoke --from revocations.csv --reason non-payment

With --from each row of the file revokes a license. Its columns are request_id,
an id of your choice for each row, license, reason, note and effective. Every
row is checked first; then the number of licenses is to be confirmed.

It cannot be taken back. Deployments learn of it from the next status list:
lictor status publish";

/// Revoke a license: every revision that could still be used
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Revoke {
    /// The license: its id or a serial, 8 characters or more of either, or its file
    #[arg(value_name = "ID", required_unless_present_any = FILE)]
    id: Option<String>,
    /// Why
    #[arg(long, value_name = "CODE", required_unless_present_any = FILE)]
    reason: Option<RevocationReason>,
    /// A note for the record; the log holds only its salted hash
    #[arg(long, value_name = "TEXT")]
    note: Option<Text>,
    /// From which day on it counts: in the past its grace is shorter, in the future it holds until then [default: now]
    #[arg(long, value_name = "DATE", value_parser = values::start)]
    effective: Option<Timestamp>,
    /// The license's id in full, so that no slip revokes another one; with --from the number of licenses [default: asked at the terminal]
    #[arg(long, value_name = "ID|COUNT")]
    pub(super) confirm: Option<String>,
    #[command(flatten)]
    pub(super) many: Many,
    #[command(flatten)]
    pub(super) writing: Writing,
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
        if self.many.template {
            return self.write_template(output);
        }
        if let Some(path) = &self.many.from {
            return self.run_rows(path, globals, output);
        }
        let id = self.id.as_deref().ok_or_else(|| missing("ID"))?;
        let reason = self.reason.ok_or_else(|| missing("--reason"))?;
        let make = |change: &mut Change, output: &mut Output| {
            let license = named(&change.ledger, id)?.license;
            let id = license.id.to_string();
            let revocation = Revocation { reason, note: self.note.clone(), effective: self.effective };
            // What is wrong is said before anybody is asked to confirm.
            let planned = preview_revocation(&change.ledger, &id, &revocation, &change.occasion)?;
            // A dry run revokes nothing, so nobody is asked.
            if self.confirm.is_some() || change.occasion.intent != Intent::DryRun {
                self.confirmed(&license, planned.since, globals.prompts(), output)?;
            }
            let done = revoke_from(&mut change.ledger, &id, &revocation, &change.occasion)?;
            Ok(Changed { license, done })
        };
        self.writing.carry_out(globals, output, make, tell, super::show_changed)
    }

    fn confirmed(
        &self,
        license: &LicenseRecord,
        since: Timestamp,
        prompts: Prompts,
        output: &mut Output,
    ) -> Result<(), Failure> {
        let typed = match &self.confirm {
            Some(id) => id.clone(),
            None => ask(license, since, prompts, output)?,
        };
        if typed.trim().eq_ignore_ascii_case(&license.id.to_string()) {
            return Ok(());
        }
        let message = format!("{typed:?} is not the id of the license; nothing was revoked");
        Err(Failure::new(FailureKind::Usage, message).hint(format!("give --confirm {}", license.id)))
    }
}

fn missing(argument: &str) -> Failure {
    Failure::new(FailureKind::Usage, format!("{argument} is missing"))
}

/// Asks for the license's id at the terminal; where nobody may be asked, names the option.
fn ask(
    license: &LicenseRecord,
    since: Timestamp,
    prompts: Prompts,
    output: &mut Output,
) -> Result<String, Failure> {
    let needed = Needed {
        sentence: "a revocation must be confirmed",
        instead: format!("give --confirm {}", license.id),
    };
    let customer = shown::foreign(license.customer.as_str());
    let explanation =
        format!("This revokes the license {} of {customer} for good, from {since} on.", license.id);
    prompts.line(&needed, explanation, "Type its id to confirm:", output)
}

fn tell(Changed { license, done: revoked }: &Changed<Revoked>, occasion: &Occasion, output: &mut Output) {
    let at = occasion.at;
    let revisions = super::counted(revoked.revisions.len());
    output.say(format_args!(
        "Revoked the license {} of {}: {revisions}, {}.",
        revoked.license,
        shown::foreign(license.customer.as_str()),
        revoked.reason
    ));
    if revoked.since > at {
        output.say(format_args!(
            "  It counts from {} on; until then the license is what it was.",
            revoked.since
        ));
    } else if revoked.since < at {
        output.say(format_args!("  It counts from {} on.", revoked.since));
    }
    super::say_read_only_from(&revoked.revisions, at, output);
    output.say("Next: lictor status publish, and bring the list to the deployments");
}
