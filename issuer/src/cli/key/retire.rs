//! `lictor key retire`.

use clap::Args;

use super::super::globals::Globals;
use super::super::output::Output;
use super::super::writing::{Change, Writing};
use crate::error::Failure;
use crate::key::{KeyChange, Succession, retire_key};

const EXAMPLES: &str = "\
Examples:
  lictor key retire ID
  lictor key retire ID --without-successor

What it signed stays valid. Anchors that are exported from then on accept
nothing of it that is dated later. A thief can write any date, so destroy the
private half next: lictor key destroy ID";

/// Let an active key sign no more; what it signed stays valid
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Retire {
    /// The key: its id, or 8 characters or more of its beginning
    #[arg(value_name = "ID", allow_hyphen_values = true)]
    key: String,
    /// Retire it although nobody will sign what it signs
    #[arg(long)]
    without_successor: bool,
    #[command(flatten)]
    writing: Writing,
}

impl Retire {
    pub(crate) fn run(&self, globals: &Globals, output: &mut Output) -> Result<u8, Failure> {
        let make = |change: &mut Change, _: &mut Output| {
            let kid = super::named(&change.ledger, &self.key)?;
            let succession = if self.without_successor { Succession::Waived } else { Succession::Required };
            retire_key(&mut change.ledger, &kid, succession, &change.occasion)
        };
        self.writing.carry_out(globals, output, make, |change, _, output| tell(change, output), super::show)
    }
}

fn tell(change: &KeyChange, output: &mut Output) {
    let kid = change.key.public.thumbprint();
    output.say(format_args!("The key {kid} is retired: it signs no more."));
    if change.key.is_of_log() {
        output.say("The checkpoints that it signed stay what they are, and auditors go on needing its");
        output.say("public half, which lictor audit key --all shows.");
        super::say_gaps(change, output);
        output.say("Next: destroy its private half, and every backup of it, with:");
        output.say(format_args!("  lictor key destroy {kid}"));
        return;
    }
    if let Some(end) = change.key.not_after {
        output.say(format_args!("What it signed until {end} stays valid."));
    }
    super::say_gaps(change, output);
    output.say("Next: ship the new anchors in a release, with: lictor key export");
    output.say("Then destroy its private half, and every backup of it, with:");
    output.say(format_args!("  lictor key destroy {kid}"));
}
