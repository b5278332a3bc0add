//! `lictor license suspend`.

use clap::Args;
use lictor_shared::{Text, Timestamp};

use super::super::globals::Globals;
use super::super::output::Output;
use super::super::shown;
use super::super::writing::{self, Writing};
use super::named::named;
use crate::error::Failure;
use crate::licenses::LicenseRecord;
use crate::outcome::Outcome as _;
use crate::suspend::{Suspended, suspend};

const EXAMPLES: &str = "\
Examples:
  lictor license suspend acme.lic
  lictor license suspend ID --note 'invoice 4711 is overdue'

To take it back: lictor license reinstate ID. Deployments learn of either from
the next status list: lictor status publish";

/// Suspend a license until further notice: every revision that could be used
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Suspend {
    /// The license: its id or a serial, 8 characters or more of either, or its file
    #[arg(value_name = "ID")]
    id: String,
    /// A note for the record; the log holds only its salted hash
    #[arg(long, value_name = "TEXT")]
    note: Option<Text>,
    #[command(flatten)]
    writing: Writing,
}

impl Suspend {
    pub(crate) fn run(&self, globals: &Globals, output: &mut Output) -> Result<u8, Failure> {
        let (_, mut ledger) = globals.home_and_ledger()?;
        let occasion = globals.occasion_of(&self.writing)?;
        if let Some(answer) = writing::answered(&ledger, &occasion, output)? {
            return super::show_changed(&answer, output);
        }
        let license = named(&ledger, &self.id)?.license;
        let id = license.id.to_string();
        let suspended = suspend(&mut ledger, &id, self.note.as_ref(), &occasion)?;
        if let Some(dry_run) = ledger.dry_run() {
            return writing::tell(dry_run, output, |output| say(&license, &suspended, occasion.at, output));
        }
        say(&license, &suspended, occasion.at, output);
        super::show_changed(&suspended.answer(), output)
    }
}

fn say(license: &LicenseRecord, suspended: &Suspended, at: Timestamp, output: &mut Output) {
    output.say(format_args!(
        "Suspended the license {} of {}: {}.",
        license.id,
        shown::foreign(license.customer.as_str()),
        super::counted(suspended.revisions.len())
    ));
    super::say_read_only_from(&suspended.revisions, at, output);
    output.say("Next: lictor status publish, and bring the list to the deployments");
}
