//! `lictor audit show`.

use clap::Args;
use lictor_shared::hex;
use lictor_shared::json::{Members, Value};
use lictor_shared::log::TreeHash;

use super::super::globals::Globals;
use super::super::output::Output;
use super::super::shown;
use crate::audit::{find_event, named_event};
use crate::error::Failure;
use crate::event::{Commitment, Event};
use crate::ledger::Ledger;

const EXAMPLES: &str = "\
Examples:
  lictor audit show 17
  lictor audit show 0198c0d2-6c1e-7a33-9d5e-2f6f2b1d9a10
  lictor audit show 17 --json

The leaf is what the log hashes: SHA-256 over a byte 0 and it. From its hash and
the path below follows the root. For a proof that others can check:
  lictor audit prove EVENT";

/// Show an event, its hash, and its place in the log's tree
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Show {
    /// The number of the event, or the serial of an activation or the id of a license that it gave
    #[arg(value_name = "EVENT")]
    event: String,
}

/// Where the event stands in a tree.
struct Place {
    size: u64,
    root: TreeHash,
    path: Vec<TreeHash>,
    /// The checkpoint that signs the root; none: the log as it is now.
    note: Option<String>,
}

impl Show {
    pub(crate) fn run(&self, globals: &Globals, output: &mut Output) -> Result<u8, Failure> {
        let (_, ledger) = globals.home_and_ledger()?;
        let seq = named_event(&ledger, &self.event)?;
        let (event, personal) = find_event(&ledger, seq)?;
        let place = place(&ledger, seq)?;
        output.either(|| text(&event, &personal, &place), || to_value(&event, &personal, &place))?;
        super::say_if_it_goes_on(&ledger, seq, output)?;
        Ok(0)
    }
}

/// Its place under the newest checkpoint, or in the log as it is if none covers it.
fn place(ledger: &Ledger, seq: u64) -> Result<Place, Failure> {
    let tree = ledger.tree();
    let newest = ledger.newest_checkpoint()?.filter(|newest| newest.size >= seq);
    let (size, root) = match &newest {
        Some(newest) => (newest.size, tree.root_at(newest.size)?),
        None => tree.head()?,
    };
    Ok(Place { size, root, path: tree.inclusion(seq, size)?, note: newest.map(|newest| newest.note) })
}

fn text(event: &Event, personal: &[(String, Commitment)], place: &Place) -> String {
    let leaf = event.leaf();
    let mut facts = vec![
        ("event", event.seq.to_string()),
        ("kind", format!("{}: {}", event.kind, event.kind.meaning())),
        ("at", super::instant(event.at, event.clock.as_str())),
        ("by", shown::foreign(event.actor.as_str())),
        ("body", members(&event.body, personal).join("\n")),
        ("leaf hash", TreeHash::of_leaf(leaf.as_bytes()).to_string()),
    ];
    let under = match place.note {
        Some(_) => format!("place {} under the checkpoint of {} events", event.seq, place.size),
        None => {
            format!("place {} of the log's {} events; no checkpoint covers it yet", event.seq, place.size)
        }
    };
    facts.push(("proof", under));
    facts.push(("path", place.path.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")));
    facts.push(("root", place.root.to_string()));
    shown::facts(&facts)
}

/// A line for each member; beside a commitment the text that it stands for.
fn members(body: &Members, personal: &[(String, Commitment)]) -> Vec<String> {
    let text = |name: &str| personal.iter().find(|(field, _)| field == name).map(|(_, text)| text.text());
    let line = |(name, value): (&String, &Value)| {
        let value_text = match value {
            Value::String(text) => shown::foreign(text),
            value => shown::json(&value.to_string()),
        };
        match text(name) {
            Some(text) => format!("{name}: \"{}\" {value_text}", shown::foreign(text)),
            None if crate::event::is_commitment(value) => format!("{name}: (erased) {value_text}"),
            None => format!("{name}: {value_text}"),
        }
    };
    body.iter().map(line).collect()
}

fn to_value(event: &Event, personal: &[(String, Commitment)], place: &Place) -> Value {
    let leaf = event.leaf();
    let hashes: Vec<Value> = place.path.iter().map(|hash| hash.to_string().into()).collect();
    let commitment = |(field, text): &(String, Commitment)| {
        let parts = [("salt", hex(text.salt()).into()), ("text", text.text().into())];
        (field.clone(), Value::object(parts))
    };
    let place = Value::object([
        ("size", place.size.into()),
        ("root", place.root.to_string().into()),
        ("index", (event.seq - 1).into()),
        ("path", hashes.into()),
        ("checkpoint", place.note.as_deref().into()),
    ]);
    Value::object([
        ("event", event.seq.into()),
        ("kind", event.kind.as_str().into()),
        ("meaning", event.kind.meaning().into()),
        ("at", event.at.to_string().into()),
        ("clock", event.clock.as_str().into()),
        ("actor", event.actor.as_str().into()),
        ("body", event.body.clone().into()),
        ("personal", personal.iter().map(commitment).collect::<Members>().into()),
        ("leafHash", TreeHash::of_leaf(leaf.as_bytes()).to_string().into()),
        ("leaf", leaf.into()),
        ("inclusion", place),
    ])
}
