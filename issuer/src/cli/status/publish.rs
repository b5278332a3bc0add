//! `lictor status publish`.

use clap::Args;
use lictor_shared::json::Value;
use lictor_shared::{Artefact as _, Purpose, Received, StatusList, Timestamp, Uri, armor};
use std::path::{Path, PathBuf};

use super::super::globals::Globals;
use super::super::outfile::Force;
use super::super::output::{Form, Output};
use super::super::passphrase::PassphraseSource;
use super::super::writing::{self, Writing};
use super::names::Names;
use crate::durable::{self, Readers};
use crate::error::{Failure, FailureKind};
use crate::home::Home;
use crate::ledger::Ledger;
use crate::occasion::Intent;
use crate::outcome::Outcome as _;
use crate::publish::{CurrentList, DueLists, Publication, due_lists, lists, publish};

const EXAMPLES: &str = "\
Examples:
  lictor status publish --out /srv/www/status
  lictor status publish --out /srv/www/status --changed
  lictor status publish --passphrase-file /run/secrets/lictor --json
  lictor status publish > status.lic

Once a list is full a further one is opened by itself. So let what runs on its
own give --out, or --json: without them there must be one list.
With --out each list is written to FOLDER/NAME.lic, NAME being the last part of
its URI; of two that end alike, the one that was opened later is NAME-HASH.lic,
HASH being 8 digits of the SHA-256 of its URI. An older edition of the list
there is replaced at once or not at all.
With --changed a list is left as it is if its newest edition still says all
there is to say and less than half of its time is over: run it twice in that
time, or more often. It is signed if an entry has changed, if a day that it
announced has come, or if its key has leaked since. The files in FOLDER are the
newest editions afterwards.";

/// Sign the status lists: what is revoked, for deployments to take in
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Publish {
    /// Write each list to a file in this folder [default: standard output]
    #[arg(long, value_name = "FOLDER")]
    out: Option<PathBuf>,
    /// Sign only the lists that say something new, or soon need a newer edition
    #[arg(long, requires = "out")]
    changed: bool,
    #[command(flatten)]
    force: Force,
    #[command(flatten)]
    writing: Writing,
    #[command(flatten)]
    passphrase: PassphraseSource,
}

impl Publish {
    pub(crate) fn run(&self, globals: &Globals, output: &mut Output) -> Result<u8, Failure> {
        let (home, mut ledger) = globals.home_and_ledger()?;
        let occasion = globals.occasion_of(&self.writing)?;
        let uris = lists(&home, &ledger)?;
        let names = Names::of(&uris);
        let place = (&home, &names);
        if let Some(answer) = writing::answered(&ledger, &occasion, output)? {
            return self.hand_out(&answer, &[], place, output);
        }
        let DueLists { lists: uris, current } = self.chosen(&ledger, uris, occasion.at)?;
        if occasion.intent != Intent::DryRun {
            // What cannot be handed out is not signed.
            match &self.out {
                Some(folder) => self.prepare(folder, place, &uris, &current)?,
                // In JSON they stand apart.
                None if uris.len() > 1 && output.form() == Form::Text => {
                    return Err(several(uris.iter().map(Uri::as_str)));
                }
                None => {}
            }
        }
        if uris.is_empty() {
            output.say(format_args!("Nothing is to be signed: {}.", left(&current)));
            return match occasion.intent {
                Intent::DryRun => output.either(String::new, || Value::Array(Vec::new())).map(|()| 0),
                _ => self.hand_out(&Value::Null, &current, place, output),
            };
        }
        let signer = self.passphrase.signer(&home, &ledger, Purpose::Status, &occasion, globals.prompts())?;
        let occasion = globals.after_asking(occasion)?;
        let publication = publish(&home, &mut ledger, &*signer, &uris, &occasion)?;
        if let Some(dry_run) = ledger.dry_run() {
            return writing::tell(dry_run, output, |output| tell(&publication, &current, output));
        }
        tell(&publication, &current, output);
        self.hand_out(&publication.answer(), &current, place, output)
            .map_err(|failure| failure.hint(SIGNED_NOT_WRITTEN))
    }

    /// The lists that are to be signed, and those that are left as they are.
    fn chosen(&self, ledger: &Ledger, uris: Vec<Uri>, at: Timestamp) -> Result<DueLists, Failure> {
        match self.changed {
            true => due_lists(ledger, &uris, at),
            false => Ok(DueLists { lists: uris, current: Vec::new() }),
        }
    }

    /// Writes each list to its file, or all to standard output. Of those that were left as they are, the files that are not what
    /// was published last are written again: a run may have been cut short before it came to them.
    fn hand_out(
        &self,
        answer: &Value,
        current: &[CurrentList],
        (home, names): (&Home, &Names),
        output: &mut Output,
    ) -> Result<u8, Failure> {
        let signed = answer.as_object().and_then(|answer| answer.get("lists")).and_then(Value::as_array);
        let missing = current.iter().filter(|list| !self.is_written(list, names)).map(CurrentList::to_value);
        let lists: Vec<Value> = signed.unwrap_or_default().iter().cloned().chain(missing).collect();
        match &self.out {
            Some(folder) => durable::create_folders(folder)?,
            // As where a request is repeated that once had a folder.
            None if lists.len() > 1 && output.form() == Form::Text => {
                return Err(several(lists.iter().map(|list| writing::text(list, "uri"))));
            }
            None => {}
        }
        let mut shown = Vec::new();
        for list in &lists {
            let file = self.out.as_deref().map(|folder| folder.join(names.file(writing::text(list, "uri"))));
            if let Some(path) = &file {
                self.write(list, path, home, output)?;
            }
            shown.push((list, file));
        }
        let text = || match &self.out {
            Some(_) => shown
                .iter()
                .filter_map(|(_, file)| file.as_ref())
                .map(|file| format!("{}\n", file.display()))
                .collect(),
            None => shown.iter().map(|(list, _)| armored(list)).collect(),
        };
        let file = |file: &Option<PathBuf>| file.as_ref().map(|path| path.display().to_string());
        let json = || {
            let lists = shown.iter().map(|(list, path)| writing::with(list, "file", file(path)));
            lists.collect::<Vec<_>>().into()
        };
        match &self.out {
            Some(_) => output.either(text, json)?,
            None => output.hand_over(text, json)?,
        }
        Ok(0)
    }

    /// Whether a list that was left as it is stands in its file.
    fn is_written(&self, list: &CurrentList, names: &Names) -> bool {
        let file = self.out.as_deref().map(|folder| folder.join(names.file(list.uri.as_str())));
        file.and_then(|file| lictor_validator::host::read_file(&file).ok())
            .is_some_and(|bytes| bytes == list.armored().as_bytes())
    }

    /// Writes a list to its file, unless a newer edition is there: whoever repeats a request takes nothing back.
    fn write(&self, list: &Value, path: &Path, home: &Home, output: &mut Output) -> Result<(), Failure> {
        let (uri, sequence) = (writing::text(list, "uri"), writing::number(list, "sequence"));
        let shown = path.display();
        if let Some(newer) = edition_of(path).filter(|found| found.uri.as_str() == uri)
            && newer.sequence > sequence
        {
            let newer = newer.sequence;
            output.warn(format_args!("{shown} holds a newer edition of {uri}, sequence {newer}; it stays."));
            return Ok(());
        }
        self.may_be_replaced(path, uri, home)?;
        durable::replace(path, armored(list).as_bytes(), Readers::Anyone)?;
        output.say(format_args!("The list {uri} is in {shown}."));
        Ok(())
    }

    /// Makes the folder, and makes sure that each list can be written there.
    fn prepare(
        &self,
        folder: &Path,
        (home, names): (&Home, &Names),
        uris: &[Uri],
        current: &[CurrentList],
    ) -> Result<(), Failure> {
        let missing = current.iter().filter(|list| !self.is_written(list, names)).map(|list| &list.uri);
        durable::create_folders(folder)?;
        for uri in uris.iter().chain(missing) {
            let path = folder.join(names.file(uri.as_str()));
            if path.is_dir() {
                let path = path.display().to_string();
                return Err(Failure::new(
                    FailureKind::CannotWrite,
                    format!("{path} is a folder; the list {uri} belongs there"),
                )
                .hint("move the folder away, or name another one with --out")
                .with("path", path));
            }
            self.may_be_replaced(&path, uri.as_str(), home)?;
            durable::probe(&path, StatusList::TOKEN_BYTES)?;
        }
        Ok(())
    }

    /// An edition of the same list makes way for a newer one; any other file needs to be given up.
    fn may_be_replaced(&self, path: &Path, uri: &str, home: &Home) -> Result<(), Failure> {
        match edition_of(path).is_some_and(|found| found.uri.as_str() == uri) {
            true => Ok(()),
            false => self.force.allows(path, home),
        }
    }
}

/// The list that a file says it is an edition of. Nothing hangs on it but whether it is kept.
fn edition_of(path: &Path) -> Option<StatusList> {
    let token = armor::unwrap(&lictor_validator::host::read_file(path).ok()?, StatusList::LABEL);
    let received = Received::<StatusList>::read(&token).ok()?;
    StatusList::read(received.untrusted_payload()).ok()
}

fn armored(list: &Value) -> String {
    armor::wrap(StatusList::LABEL, writing::text(list, "token"))
}

const SIGNED_NOT_WRITTEN: &str =
    "the list is signed and recorded; publish again when it can be written, which is safe";

/// Readers take the first list of a file, so several must not stand in one.
fn several<'u>(uris: impl Iterator<Item = &'u str>) -> Failure {
    let names: Vec<&str> = uris.collect();
    Failure::new(
        FailureKind::Conflict,
        format!("there are {} lists, and a file holds one: {}", names.len(), names.join(", ")),
    )
    .hint("write each to a file of its own with --out FOLDER")
}

/// How many lists stay as they are.
fn left(current: &[CurrentList]) -> String {
    match current.len() {
        1 => "1 list is left as it is".into(),
        number => format!("{number} lists are left as they are"),
    }
}

fn tell(publication: &Publication, current: &[CurrentList], output: &mut Output) {
    for published in &publication.lists {
        output.say(format_args!(
            "Published {}: sequence {}, {} revoked, {} suspended.",
            published.uri, published.sequence, published.revoked, published.suspended
        ));
        if let Some(at) = published.stale_from {
            output.say(format_args!("  Publish a newer one before {at}, even if nothing changes."));
        }
    }
    if !current.is_empty() {
        output.say(format_args!("Of the others nothing has changed: {}.", left(current)));
    }
}
