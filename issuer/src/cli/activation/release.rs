//! `lictor activation release`.

use clap::Args;
use lictor_shared::Text;

use super::super::globals::Globals;
use super::super::output::Output;
use super::super::writing::{Change, Writing};
use crate::activation::{Vacated, release_seat};
use crate::error::Failure;
use crate::occasion::Occasion;

const EXAMPLES: &str = "\
Examples:
  lictor activation release kPrK_qmx
  lictor activation release kPrK_qmx --license ID --note 'server broken'

A deployment that is alive asks for it itself: lictor activation grant answers
its request with a receipt.";

/// Give a deployment's seat back for it, as when its server is dead
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Release {
    /// The deployment: its id or the serial of an activation, 8 characters or more of either
    #[arg(value_name = "ID", allow_hyphen_values = true)]
    id: String,
    /// Its seat of this license, if it has several
    #[arg(long, value_name = "ID")]
    license: Option<String>,
    /// A note for the record; the log holds only its salted hash
    #[arg(long, value_name = "TEXT")]
    note: Option<Text>,
    #[command(flatten)]
    writing: Writing,
}

impl Release {
    pub(crate) fn run(&self, globals: &Globals, output: &mut Output) -> Result<u8, Failure> {
        let make = |change: &mut Change, _: &mut Output| {
            let license = super::license(&change.ledger, self.license.as_deref())?;
            release_seat(&mut change.ledger, (&self.id, license), self.note.as_ref(), &change.occasion)
        };
        let say = |vacated: &Vacated, _: &Occasion, output: &mut Output| {
            super::tell_vacated("Released", vacated, output);
        };
        self.writing.carry_out(globals, output, make, say, super::show_changed)
    }
}
