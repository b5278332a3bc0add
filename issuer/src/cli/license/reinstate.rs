//! `lictor license reinstate`.

use clap::Args;
use lictor_shared::Text;

use super::super::globals::Globals;
use super::super::output::Output;
use super::super::shown;
use super::super::writing::{self, Writing};
use super::named::named;
use crate::error::Failure;
use crate::licenses::LicenseRecord;
use crate::outcome::Outcome as _;
use crate::suspend::{Reinstated, reinstate};

const EXAMPLES: &str = "\
Examples:
  lictor license reinstate ID
  lictor license reinstate ID --note 'invoice 4711 is paid'

Deployments learn of it from the next status list: lictor status publish";

/// Reinstate a suspended license: it is again what it was before
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Reinstate {
    /// The license: its id or a serial, 8 characters or more of either, or its file
    #[arg(value_name = "ID")]
    id: String,
    /// A note for the record; the log holds only its salted hash
    #[arg(long, value_name = "TEXT")]
    note: Option<Text>,
    #[command(flatten)]
    writing: Writing,
}

impl Reinstate {
    pub(crate) fn run(&self, globals: &Globals, output: &mut Output) -> Result<u8, Failure> {
        let (_, mut ledger) = globals.home_and_ledger()?;
        let occasion = globals.occasion_of(&self.writing)?;
        if let Some(answer) = writing::answered(&ledger, &occasion, output)? {
            return super::show_changed(&answer, output);
        }
        let license = named(&ledger, &self.id)?.license;
        let id = license.id.to_string();
        let reinstated = reinstate(&mut ledger, &id, self.note.as_ref(), &occasion)?;
        if let Some(dry_run) = ledger.dry_run() {
            return writing::tell(dry_run, output, |output| say(&license, &reinstated, output));
        }
        say(&license, &reinstated, output);
        super::show_changed(&reinstated.answer(), output)
    }
}

fn say(license: &LicenseRecord, reinstated: &Reinstated, output: &mut Output) {
    output.say(format_args!(
        "Reinstated the license {} of {}: {}, suspended since {}.",
        license.id,
        shown::foreign(license.customer.as_str()),
        super::counted(reinstated.revisions.len()),
        reinstated.suspended_since
    ));
    output.say("Next: lictor status publish, and bring the list to the deployments");
}
