//! `lictor key export`.

use clap::Args;
use lictor_keys::KeyRing;
use lictor_shared::json::Value;
use lictor_shared::limits;

use super::super::globals::Globals;
use super::super::outfile::OutFile;
use super::super::output::{Form, Output};
use super::super::writing::{self, Writing};
use crate::error::Failure;
use crate::home::Home;
use crate::key::{AnchorChange, AnchorChangeKind, ExportedKeys, export_keys};
use crate::outcome::Outcome as _;

const EXAMPLES: &str = "\
Examples:
  lictor key export --out anchors.json
  lictor key export > product/src/anchors.json
  lictor key export --out anchors.json --force

What is written is public: build it into the product, and export again for
every release. What changed since the last export is said.";

/// Write the trust anchors: the public halves of all keys as a JWK Set
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Export {
    #[command(flatten)]
    out: OutFile,
    #[command(flatten)]
    writing: Writing,
}

impl Export {
    pub(crate) fn run(&self, globals: &Globals, output: &mut Output) -> Result<u8, Failure> {
        let (home, mut ledger) = globals.home_and_ledger()?;
        let occasion = globals.occasion_of(&self.writing)?;
        if let Some(answer) = writing::answered(&ledger, &occasion, output)? {
            self.out.write_again(&home, writing::text(&answer, "set").as_bytes())?;
            return self.show(&answer, output);
        }
        self.out.can_be_written(&home, limits::FILE_BYTES)?;
        let exported = export_keys(&mut ledger, &occasion)?;
        if writing::is_dry(&occasion) {
            let dry_run = ledger.dry_run().cloned().unwrap_or_default();
            let words = changes(&exported, &ledger.key_ring()?);
            return writing::tell(&dry_run, output, |output| output.say(words.join("\n")));
        }
        self.hand_out(&home, &exported, &ledger.key_ring()?, output)
    }

    fn hand_out(
        &self,
        home: &Home,
        exported: &ExportedKeys,
        ring: &KeyRing,
        output: &mut Output,
    ) -> Result<u8, Failure> {
        if let Some(path) = self.out.write(home, exported.set.as_bytes())? {
            let count = exported.count;
            let keys =
                if count == 1 { "The public key is".to_string() } else { format!("{count} public keys are") };
            output.say(format_args!("{keys} in {}.", path.display()));
        }
        for sentence in changes(exported, ring) {
            output.say(sentence);
        }
        self.show(&exported.answer(), output)
    }

    /// The set itself, or of a file that was written what is worth knowing.
    fn show(&self, answer: &Value, output: &mut Output) -> Result<u8, Failure> {
        match (self.out.path(), output.form()) {
            (None, _) => output.raw(writing::text(answer, "set"))?,
            (Some(_), Form::Text) => {}
            (Some(path), Form::Json) => {
                let mut told = answer.as_object().cloned().unwrap_or_default();
                told.remove("set");
                told.insert("file".into(), path.display().to_string().into());
                output.data(Value::from(told))?;
            }
        }
        Ok(0)
    }
}

/// What changed since the last export, a sentence each. Of the first export nothing is said.
fn changes(exported: &ExportedKeys, ring: &KeyRing) -> Vec<String> {
    let Some(since) = exported.since else { return Vec::new() };
    if exported.changes.is_empty() {
        return vec![format!("Since the last export, {since}, nothing changed.")];
    }
    let head = format!("Since the last export, {since}:");
    core::iter::once(head).chain(exported.changes.iter().map(|change| in_words(change, ring))).collect()
}

fn in_words(change: &AnchorChange, ring: &KeyRing) -> String {
    let kid = change.kid;
    let key = ring.find(&kid);
    let word = change.kind.as_str();
    match (change.kind, key) {
        (AnchorChangeKind::Added, Some(key)) => format!("- {word} {kid} ({})", key.standing()),
        (AnchorChangeKind::Changed, Some(key)) => {
            let windows = super::windows(key);
            format!("- {word} {kid}:\n  {}", windows.join("\n  "))
        }
        _ => format!("- {word} {kid}"),
    }
}
