//! `lictor license suspend`.

use clap::Args;
use lictor_shared::Text;

use super::super::globals::Globals;
use super::super::output::Output;
use super::super::shown;
use super::super::writing::{Change, Writing};
use super::changed::Changed;
use super::named::named;
use crate::error::Failure;
use crate::occasion::Occasion;
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
        let make = |change: &mut Change, _: &mut Output| {
            let license = named(&change.ledger, &self.id)?.license;
            let id = license.id.to_string();
            let done = suspend(&mut change.ledger, &id, self.note.as_ref(), &change.occasion)?;
            Ok(Changed { license, done })
        };
        self.writing.carry_out(globals, output, make, say, super::show_changed)
    }
}

fn say(Changed { license, done: suspended }: &Changed<Suspended>, occasion: &Occasion, output: &mut Output) {
    output.say(format_args!(
        "Suspended the license {} of {}: {}.",
        license.id,
        shown::foreign(license.customer.as_str()),
        super::counted(suspended.revisions.len())
    ));
    super::say_read_only_from(&suspended.revisions, occasion.at, output);
    output.say("Next: lictor status publish, and bring the list to the deployments");
}
