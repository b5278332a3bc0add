//! `lictor audit check-proof`.

use clap::Args;
use lictor_shared::json::Value;
use lictor_shared::log::{Proved, Receipt, ReceiptError};
use std::path::PathBuf;

use super::super::input;
use super::super::output::Output;
use super::super::shown;
use super::note_key::note_keys;
use crate::error::{Failure, FailureKind};
use crate::event::EventKind;

const EXAMPLES: &str = "\
Examples:
  lictor audit check-proof acme.proof --key acme.vkey
  lictor audit check-proof - --key 'lictor/0198…+c74f20a3+ARpc2Q…' --json

It needs no ledger and no home. The key is what lictor audit key prints; take it
from the issuer by another way than the receipt. A receipt proves that the log
has the event at this place, under this checkpoint: not that what it tells of is
still so, and not that the issuer shows everybody the same log. For that compare
the checkpoint with one that somebody else remembers.

Exit codes: 0 if it is proved, 22 if it is not, 30 if a file cannot be read as
what it should be.";

/// Check a receipt of an event; needs no ledger
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct CheckProof {
    /// The receipt: a file, or - for standard input
    #[arg(value_name = "FILE|-")]
    file: PathBuf,
    /// The log's verifier key, or a file that holds it
    #[arg(long, value_name = "KEY|FILE", allow_hyphen_values = true)]
    key: String,
}

impl CheckProof {
    pub(crate) fn run(&self, output: &mut Output) -> Result<u8, Failure> {
        let keys = note_keys(&self.key)?;
        let receipt = Receipt::read(&input::read(&self.file)?).map_err(|error| unread(&self.file, &error))?;
        let proved = receipt.proves(&keys).map_err(not_proved)?;
        output.say(format_args!(
            "Proved: the log {} has event {} at this place, under a checkpoint of {} events.",
            proved.checkpoint.origin, proved.event.seq, proved.checkpoint.size
        ));
        output.say("  Not proved: that what it tells of is still so. Later events may have changed it.");
        output.either(
            || shown::facts(&facts(&proved)),
            || {
                let leaf = String::from_utf8_lossy(receipt.untrusted_leaf());
                to_value(&proved, &leaf)
            },
        )?;
        Ok(0)
    }
}

fn unread(file: &std::path::Path, error: &ReceiptError) -> Failure {
    let named = file.display().to_string();
    Failure::new(FailureKind::CannotRead, format!("{named}: {error}"))
        .hint("A receipt is a text that begins with c2sp.org/tlog-proof@v1; ask for it again.")
        .with("path", named)
}

fn not_proved(error: ReceiptError) -> Failure {
    Failure::new(FailureKind::Validation, format!("Nothing is proved: {error}."))
        .hint("Compare the key with the one that the issuer gave you; if it is that one, ask for the receipt again.")
        .because(error)
}

fn facts(proved: &Proved) -> Vec<(&'static str, String)> {
    let (event, checkpoint) = (&proved.event, &proved.checkpoint);
    let meaning = EventKind::from_word(&event.kind)
        .map_or("a kind that this version does not know", EventKind::meaning);
    let mut facts = vec![
        ("event", format!("{}, {}: {meaning}", event.seq, shown::foreign(&event.kind))),
        ("at", super::instant(event.at, &event.clock)),
        ("by", shown::foreign(&event.actor)),
    ];
    let members = ["license", "deployment", "serial", "revision", "seat", "product", "tokenSha256"];
    let member = |name: &'static str| match event.body.get(name)? {
        Value::String(text) => Some((name, shown::foreign(text))),
        value => Some((name, value.to_string())),
    };
    facts.extend(members.into_iter().filter_map(member));
    facts.push(("log", shown::foreign(&checkpoint.origin)));
    facts.push(("place", format!("{} of {}", event.seq, checkpoint.size)));
    facts.push(("root", checkpoint.root.to_string()));
    facts
}

fn to_value(proved: &Proved, leaf: &str) -> Value {
    let (event, checkpoint) = (&proved.event, &proved.checkpoint);
    Value::object([
        ("event", event.seq.into()),
        ("kind", event.kind.as_str().into()),
        ("at", event.at.to_string().into()),
        ("clock", event.clock.as_str().into()),
        ("actor", event.actor.as_str().into()),
        ("body", event.body.clone().into()),
        ("leaf", leaf.into()),
        ("origin", checkpoint.origin.as_str().into()),
        ("size", checkpoint.size.into()),
        ("root", checkpoint.root.to_string().into()),
    ])
}
