//! A file of rows, of which each has a license signed.

use lictor_keys::Signer;
use lictor_shared::json::Value;
use std::path::Path;

use super::words::PUBLISH;
use super::{Folder, Handing, Kind, Table, To, Words};
use crate::bulk::{Checked, Clock, Rows, Taker, Tally};
use crate::cli::globals::Globals;
use crate::cli::outfile::OutFile;
use crate::cli::output::Output;
use crate::cli::passphrase::PassphraseSource;
use crate::cli::writing::Writing;
use crate::error::{Failure, FailureKind};
use crate::home::Home;
use crate::ledger::Ledger;
use crate::occasion::{Intent, Occasion};

/// Decides every row.
type Check<T> =
    fn(&Home, &mut Ledger, &mut dyn Rows<T>, &Occasion, &mut dyn Taker) -> Result<Checked, Failure>;
/// Carries out those that were not carried out before.
type Make<T> = fn(
    &Home,
    &mut Ledger,
    &[Box<dyn Signer + Sync>],
    (&mut dyn Rows<T>, &Checked),
    Clock<'_>,
    &mut dyn Taker,
) -> Result<Tally, Failure>;

/// How licenses are signed, and where they go.
pub(crate) struct Signing<'a> {
    pub(crate) out: &'a OutFile,
    pub(crate) jsonl: bool,
    pub(crate) writing: &'a Writing,
    pub(crate) passphrase: &'a PassphraseSource,
    pub(crate) words: Words,
}

impl Signing<'_> {
    /// Checks every row of the file, and then carries them out.
    pub(crate) fn run<T>(
        &self,
        (path, kind): (&Path, Kind<T>),
        (check, make): (Check<T>, Make<T>),
        globals: &Globals,
        output: &mut Output,
    ) -> Result<u8, Failure> {
        let (home, mut ledger) = globals.home_and_ledger()?;
        let occasion = globals.occasion_of(self.writing)?;
        ledger.follows(&occasion)?;
        let is_tried = occasion.intent == Intent::DryRun;
        if !is_tried && self.out.path().is_none() && !self.jsonl {
            return Err(Failure::new(FailureKind::Usage, "where shall the licenses go?")
                .hint("give --out FOLDER for a file each, or --jsonl for standard output"));
        }
        let mut rows = Table::open(path, kind, globals)?;
        let mut handing = Handing::begin(self.to(&home), output);
        let checking = Occasion { intent: Intent::Make, ..occasion.clone() };
        let checked = check(&home, &mut ledger, &mut rows, &checking, &mut handing);
        handing.pause();
        let checked = checked?;
        Words::warn_if_empty(&checked, handing.output());
        if is_tried {
            handing.warn();
            return self.words.tell_tried(&checked, "nothing is signed, and nothing is written", output);
        }
        if let Some(words) = Words::say_how_to_go_on(&checked) {
            handing.output().say(words);
        }
        let signers = self.open((&home, &ledger), &checked, globals, &handing)?;
        handing.go_on(checked.rows(), "licenses");
        let mut clock = || globals.after_asking(occasion.clone());
        let made = make(&home, &mut ledger, &signers, (&mut rows, &checked), &mut clock, &mut handing);
        // What was written is on disk, whatever else has failed.
        let finished = handing.finish();
        let is_to_publish = handing.warn();
        let tally = made.and_then(|tally| finished.map(|()| tally))?;
        self.conclude(tally, is_to_publish, output)
    }

    fn to<'s>(&'s self, home: &'s Home) -> To<'s> {
        match (self.out.path(), self.jsonl) {
            (Some(path), _) => To::Folder(Folder { path, out: self.out, home }),
            (None, true) => To::Lines,
            (None, false) => To::Nowhere,
        }
    }

    /// Opens the folder and the keys, each asked for once.
    fn open(
        &self,
        (home, ledger): (&Home, &Ledger),
        checked: &Checked,
        globals: &Globals,
        handing: &Handing<'_>,
    ) -> Result<Vec<Box<dyn Signer + Sync>>, Failure> {
        handing.open()?;
        ledger.is_in_place()?;
        let open = |kid| {
            let key = self.passphrase.open_key(home, kid, globals.prompts())?;
            let key: Box<dyn Signer + Sync> = Box::new(key);
            Ok(key)
        };
        checked.keys.iter().map(open).collect()
    }

    fn conclude(&self, tally: Tally, is_to_publish: bool, output: &mut Output) -> Result<u8, Failure> {
        self.words.say(tally, output);
        if is_to_publish {
            output.say(PUBLISH);
        }
        let folder = self.out.path().map(|path| path.display().to_string());
        if let Some(folder) = &folder {
            output.say(format_args!("{folder} has a file for each row: REQUEST_ID.lic"));
        }
        if self.jsonl {
            return Ok(0);
        }
        output.either(
            || format!("{}\n", tally.now),
            || {
                Value::object([
                    (self.words.was, tally.now.into()),
                    ("before", tally.before.into()),
                    ("folder", folder.as_deref().into()),
                ])
            },
        )?;
        Ok(0)
    }
}
