//! `lictor key destroy`.

use clap::Args;

use super::super::globals::Globals;
use super::super::output::Output;
use super::super::writing::{self, Writing};
use super::confirm::{Confirm, Irrevocable};
use crate::error::Failure;
use crate::key::{DestroyedKey, KeyFile, destroy_key, find_key, remove_destroyed};
use crate::outcome::Outcome as _;

const EXAMPLES: &str = "\
Examples:
  lictor key destroy ID
  lictor key destroy ID --confirm ID

Deletes the key file for good, of a key that is retired, distrusted or next.
What it signed stays valid, and its public half goes on shipping if it ever
signed. Delete its backups yourself; media may keep what was deleted.";

/// Destroy the private half of a key that signs no more
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Destroy {
    /// The key: its id, or 8 characters or more of its beginning
    #[arg(value_name = "ID", allow_hyphen_values = true)]
    key: String,
    #[command(flatten)]
    confirm: Confirm,
    #[command(flatten)]
    writing: Writing,
}

impl Destroy {
    pub(crate) fn run(&self, globals: &Globals, output: &mut Output) -> Result<u8, Failure> {
        let (home, mut ledger) = globals.home_and_ledger()?;
        let occasion = globals.occasion_of(&self.writing)?;
        if let Some(answer) = writing::answered(&ledger, &occasion, output)? {
            // Whoever was interrupted after the log said so wants the file gone.
            let ring = ledger.key_ring()?;
            let key = find_key(&ring, writing::text(&answer, "kid"))?;
            if key.destroyed_at.is_some()
                && remove_destroyed(&home.keys()?, &key.public.thumbprint())? == KeyFile::Removed
            {
                output.say("But its file was still there. Now it is deleted.");
            }
            return super::show(&answer, output);
        }
        let kid = super::named(&ledger, &self.key)?;
        let step = Irrevocable { done: "destroyed", does: "Nothing can ever be signed with it again." };
        self.confirm.of(&kid, &step, &occasion.intent, globals.prompts(), output)?;
        let destroyed = destroy_key(&home, &mut ledger, &kid, &occasion)?;
        if writing::is_dry(&occasion) {
            let dry_run = ledger.dry_run().cloned().unwrap_or_default();
            return writing::tell(&dry_run, output, |output| tell(&destroyed, output));
        }
        tell(&destroyed, output);
        super::show(&destroyed.answer(), output)
    }
}

fn tell(destroyed: &DestroyedKey, output: &mut Output) {
    let kid = destroyed.key.public.thumbprint();
    match (destroyed.event, destroyed.file) {
        (None, _) => {
            output.say(format_args!("The key {kid} was destroyed before,"));
            output.say("and its file was still there. Now the file is deleted.");
        }
        (Some(_), KeyFile::Removed) => {
            output.say(format_args!("The key {kid} is destroyed: its file is deleted."));
        }
        (Some(_), KeyFile::Absent) => {
            output.say(format_args!("The key {kid} is destroyed."));
            output.say("Its file was not in the key folder: destroy it where it is.");
        }
    }
    output.say("Next: delete every backup of the file. Media may keep what was deleted.");
}
