//! `lictor key list`.

use clap::Args;
use lictor_keys::{KeyRecord, KeyRing};
use lictor_shared::json::Value;
use lictor_shared::{Products, Thumbprint, Timestamp};
use std::collections::BTreeMap;

use super::super::globals::Globals;
use super::super::output::{Form, Output};
use super::super::{shown, writing};
use crate::error::Failure;

const EXAMPLES: &str = "\
Examples:
  lictor key list
  lictor key list --json

FILE says whether the private half is in the key folder, SHIPS since when the
public half is among the exported anchors.";

/// Show the signing keys, how they stand, and what is in the key folder
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct List {}

/// A key with what the ledger does not say of it.
struct Shown<'a> {
    key: &'a KeyRecord,
    /// Whether its file is in the key folder; `None`: the folder does not say.
    file: Option<bool>,
    exported: Option<Timestamp>,
}

impl List {
    #[expect(clippy::unused_self, reason = "every command runs the same way")]
    pub(crate) fn run(&self, globals: &Globals, output: &mut Output) -> Result<u8, Failure> {
        let (home, ledger) = globals.home_and_ledger()?;
        let ring = ledger.key_ring()?;
        if ring.records().is_empty() && output.form() == Form::Text {
            output.say("There are no keys yet. Make one with: lictor key new");
            return Ok(0);
        }
        let files = home.keys().and_then(|folder| Ok(folder.list()?));
        // The states stand in the ledger, whatever is wrong with the folder.
        let files = files.map_err(|failure| output.warn(failure)).ok();
        let exported = crate::key::exported_since(ledger.connection())?;
        let keys = shown(&ring, files.as_deref(), &exported);
        output.either(|| text(&keys), || keys.iter().map(to_value).collect::<Vec<_>>().into())?;
        Ok(0)
    }
}

fn shown<'a>(
    ring: &'a KeyRing,
    files: Option<&[Thumbprint]>,
    exported: &BTreeMap<String, Timestamp>,
) -> Vec<Shown<'a>> {
    let shown = |key: &'a KeyRecord| {
        let kid = key.public.thumbprint();
        let file = files.map(|files| files.contains(&kid));
        Shown { key, file, exported: exported.get(&kid.to_string()).copied() }
    };
    ring.records().iter().map(shown).collect()
}

/// The table, and under it what has an end or a beginning.
fn text(keys: &[Shown<'_>]) -> String {
    let mut text = shown::table(["KEY", "STATE", "FOR", "FILE", "SHIPS"], keys.iter().map(row));
    for Shown { key, file, .. } in keys {
        let mut notes = super::windows(key);
        if let Some(at) = key.destroyed_at {
            notes.push(format!("destroyed at {at}"));
            if *file == Some(true) {
                notes.push("its file is still there; repeat lictor key destroy".into());
            }
        }
        if !notes.is_empty() {
            text += &format!("\n{}:\n", key.public.thumbprint());
            notes.iter().for_each(|note| text += &format!("  {note}\n"));
        }
    }
    text
}

fn row(shown: &Shown<'_>) -> [String; 5] {
    let Shown { key, file, exported } = shown;
    let purposes: Vec<&str> = key.purposes.iter().map(|purpose| purpose.as_str()).collect();
    let purposes = if purposes.len() == 3 { "all".into() } else { purposes.join(" ") };
    let what = match &key.products {
        Products::Any => purposes,
        Products::Only(names) => {
            let names: Vec<&str> = names.iter().map(|name| name.as_str()).collect();
            format!("{purposes}: {}", names.join(" "))
        }
    };
    let ships = match exported {
        _ if !key.ships() => "no".into(),
        Some(since) => since.day(),
        None => "not yet".into(),
    };
    let file = match file {
        Some(true) => "yes",
        Some(false) => "no",
        None => "?",
    };
    [key.public.thumbprint().to_string(), key.standing().to_string(), what, file.into(), ships]
}

fn to_value(shown: &Shown<'_>) -> Value {
    let key = writing::with(&crate::key::to_value(shown.key), "file", shown.file);
    writing::with(&key, "exportedAt", shown.exported.map(|at| at.to_string()))
}
