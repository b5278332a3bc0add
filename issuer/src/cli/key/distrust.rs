//! `lictor key distrust`.

use clap::Args;
use lictor_keys::KeyRecord;
use lictor_shared::Timestamp;

use super::super::globals::Globals;
use super::super::output::Output;
use super::super::values;
use super::super::writing::{Change, Writing};
use super::confirm::{Confirm, Irrevocable};
use crate::error::Failure;
use crate::key::{KeyChange, distrust_key};
use crate::occasion::Occasion;

const EXAMPLES: &str = "\
Examples:
  lictor key distrust ID --after 2027-02-01T00:00:00Z
  lictor key distrust ID --after 2027-02-01T00:00:00Z --confirm ID

For a key that leaked. It signs no more at once, whatever TIME says. It cannot
be taken back; TIME can be brought forward and is never put off. Deployments
learn of it from a release with the new anchors, and from nothing else.";

/// Record that a key has leaked: nothing of it counts from a date on
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Distrust {
    /// The key: its id, or 8 characters or more of its beginning
    #[arg(value_name = "ID", allow_hyphen_values = true)]
    key: String,
    /// From when on deployments take nothing of it; may lie ahead, so that honest customers get new licenses in time
    #[arg(long, value_name = "TIME", value_parser = values::time)]
    after: Timestamp,
    #[command(flatten)]
    confirm: Confirm,
    #[command(flatten)]
    writing: Writing,
}

impl Distrust {
    pub(crate) fn run(&self, globals: &Globals, output: &mut Output) -> Result<u8, Failure> {
        let after = self.after;
        let make = |change: &mut Change, output: &mut Output| {
            let kid = super::named(&change.ledger, &self.key)?;
            let log = change.ledger.key_ring()?.find(&kid).is_some_and(KeyRecord::is_of_log);
            let does = if log { OF_LOG.into() } else { of_products(after) };
            let step = Irrevocable { done: "distrusted", does: &does };
            self.confirm.of(&kid, &step, &change.occasion.intent, globals.prompts(), output)?;
            distrust_key(&mut change.ledger, &kid, after, &change.occasion)
        };
        let say = |change: &KeyChange, occasion: &Occasion, output: &mut Output| match change.key.is_of_log()
        {
            true => tell_of_log(change, output),
            false => tell(change, after, occasion, output),
        };
        self.writing.carry_out(globals, output, make, say, super::show)
    }
}

const OF_LOG: &str = "It signs no checkpoint any more, and auditors must be told.";

fn of_products(after: Timestamp) -> String {
    format!("From {after} on, deployments with the next anchors refuse every\nlicense that it signed.")
}

/// The same of a key that no deployment knows.
fn tell_of_log(change: &KeyChange, output: &mut Output) {
    let kid = change.key.public.thumbprint();
    output.say(format_args!("The key {kid} is distrusted: it signs no more."));
    output.say("Whoever has it can sign checkpoints of a log that never was. A checkpoint that an");
    output.say("auditor had before it leaked counts as ever; one that turns up later proves nothing.");
    super::say_gaps(change, output);
    output.say("Next:");
    output.say("- tell everyone who has its public half, and since when it may be in other hands");
    match (change.gaps.is_empty(), change.spares.first()) {
        (true, _) => {}
        (false, Some(spare)) => output.say(format_args!("- make a spare sign: lictor key activate {spare}")),
        (false, None) => output.say("- make another key: lictor key new --purpose log"),
    }
    output.say("- hand out the public half of the new one: lictor audit key");
    output.say("- sign and hand out a checkpoint with it: lictor audit checkpoint");
}

/// The consequences, and what to do, in the order in which it is to be done.
fn tell(change: &KeyChange, after: Timestamp, occasion: &Occasion, output: &mut Output) {
    let kid = change.key.public.thumbprint();
    output.say(format_args!("The key {kid} is distrusted: it signs no more."));
    if after > occasion.at {
        output.say(format_args!("In deployments with the new anchors everything works until {after},"));
        output.say("with the warning key_compromised.");
    }
    output.say(format_args!("From {after} on its licenses are refused as key_distrusted, which"));
    output.say("is read-only, and its lists and activations are accepted no more. Deployments");
    output.say("without the new anchors go on trusting it.");
    super::say_gaps(change, output);
    output.say("Next:");
    match (change.gaps.is_empty(), change.spares.first()) {
        (true, _) => {}
        (false, Some(spare)) => output.say(format_args!("- make a spare sign: lictor key activate {spare}")),
        (false, None) => output.say("- make another key, since there is no spare: lictor key new"),
    }
    output.say("- ship new anchors: lictor key export");
    match change.licenses {
        0 => output.say("- no license that it signed can still be used, so none needs to be signed anew"),
        1 => output.say("- sign the one license anew that it signed: lictor license amend ID"),
        count => output
            .say(format_args!("- sign the {count} licenses anew that it signed: lictor license amend ID")),
    }
    output.say("- sign the status lists anew: lictor status publish");
}
