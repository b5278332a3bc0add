//! `lictor key activate`.

use clap::Args;

use super::super::globals::Globals;
use super::super::output::Output;
use super::super::writing::{Change, Writing};
use crate::error::Failure;
use crate::key::{KeyChange, Shipping, activate_key};

const EXAMPLES: &str = "\
Examples:
  lictor key activate ID
  lictor key activate ID --dry-run

Ship its public half first: deployments refuse what a key signs that they do not
know. The key that signed before stays active until: lictor key retire ID";

/// Let a next key sign from now on, before every key that was activated earlier
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Activate {
    /// The key: its id, or 8 characters or more of its beginning
    #[arg(value_name = "ID", allow_hyphen_values = true)]
    key: String,
    /// Activate it although its public half was never exported
    #[arg(long)]
    unshipped: bool,
    #[command(flatten)]
    writing: Writing,
}

impl Activate {
    pub(crate) fn run(&self, globals: &Globals, output: &mut Output) -> Result<u8, Failure> {
        let make = |change: &mut Change, _: &mut Output| {
            let kid = super::named(&change.ledger, &self.key)?;
            let shipping = if self.unshipped { Shipping::Waived } else { Shipping::Required };
            activate_key(&mut change.ledger, &kid, shipping, &change.occasion)
        };
        self.writing.carry_out(globals, output, make, |change, _, output| tell(change, output), super::show)
    }
}

fn tell(change: &KeyChange, output: &mut Output) {
    let kid = change.key.public.thumbprint();
    output.say(format_args!("The key {kid} is active: it signs from now on."));
    match change.first_exported {
        Some(at) => {
            output
                .say(format_args!("Its public half was first exported on {}; deployments with an", at.day()));
            output.say("older release refuse what it signs.");
        }
        None if change.key.is_of_log() => {
            output.say("Auditors must know it: hand its public half over with: lictor audit key");
        }
        None => output.warn("its public half was never exported; no deployment knows it"),
    }
    for old in &change.superseded {
        output.say(format_args!("Next, when all is well: lictor key retire {old}"));
    }
}
