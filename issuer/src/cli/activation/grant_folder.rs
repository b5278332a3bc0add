//! `lictor activation grant FOLDER`: the requests of a day, each file answered by a file.

mod looked_at;

use indicatif::ProgressBar;
use lictor_keys::Signer;
use lictor_shared::Purpose;
use lictor_shared::json::Value;
use std::fs;
use std::path::{Path, PathBuf};

use super::super::globals::Globals;
use super::super::output::{Form, Output};
use super::super::progress::bar;
use super::super::writing;
use super::grant::{Grant, answers, armored, envelope, tell};
use crate::activation::{Grants, grant, recall};
use crate::durable::{self, Readers, cannot_read};
use crate::error::{Failure, FailureKind};
use crate::home::Home;
use crate::ledger::Ledger;
use crate::occasion::{Intent, Occasion};
use crate::outcome::Outcome as _;

/// Files that are answered in one durable step.
const BATCH: usize = 64;

/// Bytes of the name of an answer: file systems take 255, and while it is written more stands around it.
const NAME_BYTES: usize = 220;

/// What becomes of the files.
#[derive(Debug, Default)]
struct Tally {
    /// That were answered, or would be.
    answered: u64,
    /// Requests that were denied.
    denied: u64,
    /// Files that cannot be answered.
    left: u64,
    /// The first by name that was denied or left, and its exit code.
    first: Option<(PathBuf, u8)>,
}

impl Tally {
    fn leave(&mut self, file: &Path, failure: &Failure, output: &mut Output) -> Result<(), Failure> {
        output.fail(failure);
        self.left += 1;
        self.not_answered(file, failure.kind.exit_code());
        match output.form() {
            Form::Json => output.data(failure.envelope()),
            Form::Text => Ok(()),
        }
    }

    /// Files are left before any is answered, so this does not come in the order of their names.
    fn not_answered(&mut self, file: &Path, exit: u8) {
        if self.first.as_ref().is_none_or(|(first, _)| file < first.as_path()) {
            self.first = Some((file.into(), exit));
        }
    }

    fn exit(&self) -> u8 {
        self.first.as_ref().map_or(0, |(_, exit)| *exit)
    }
}

/// Where files are answered, and how.
struct Round<'a> {
    command: &'a Grant,
    home: &'a Home,
    ledger: &'a mut Ledger,
    output: &'a mut Output,
    tally: Tally,
    bar: ProgressBar,
}

impl Grant {
    /// The folder, if one is all that is named.
    pub(super) fn folder(&self) -> Result<Option<&Path>, Failure> {
        match self.file.as_slice() {
            [only] if only.is_dir() => Ok(Some(only)),
            several => match several.iter().find(|file| file.is_dir()) {
                None => Ok(None),
                Some(folder) => {
                    let message = format!("{} is a folder, and stands beside others", folder.display());
                    Err(Failure::new(FailureKind::Usage, message).hint("give a folder alone"))
                }
            },
        }
    }

    pub(super) fn run_folder(
        &self,
        folder: &Path,
        globals: &Globals,
        output: &mut Output,
    ) -> Result<u8, Failure> {
        if self.writing.request_id.is_some() {
            return Err(Failure::new(
                FailureKind::Usage,
                "a request id is for requests in files that are named",
            )
            .hint("leave --request-id out: a request that is repeated gets the same answer anyway"));
        }
        let (home, mut ledger) = globals.home_and_ledger()?;
        let occasion = globals.occasion_of(&self.writing)?;
        ledger.follows(&occasion)?;
        let is_tried = occasion.intent == Intent::DryRun;
        if !is_tried && self.out.path().is_none() && output.form() == Form::Text {
            return Err(Failure::new(FailureKind::Usage, "where shall the answers go?")
                .hint("give --out FOLDER for a file each, or --json for standard output"));
        }
        self.has_a_folder_of_its_own(folder)?;
        let files = files_of(folder)?;
        let (tally, hidden) = (Tally::default(), ProgressBar::hidden());
        let mut round = Round { command: self, home: &home, ledger: &mut ledger, output, tally, bar: hidden };
        // What cannot be answered is said before anybody is asked for a passphrase; everything else is answered all the same.
        let (files, products) = round.sorted(files, &occasion)?;
        if is_tried {
            return round.tell_tried(&files);
        }
        round.open()?;
        let signers = self.passphrase.signers(
            round.home,
            round.ledger,
            (Purpose::Activation, &products),
            &occasion,
            globals.prompts(),
        )?;
        let signers: Vec<&(dyn Signer + Sync)> = signers.iter().map(|signer| &**signer).collect();
        round.bar = bar(
            Some(u64::try_from(files.len()).unwrap_or(u64::MAX)),
            "{bar:24} {human_pos} of {human_len} requests, {rate}{left}",
            round.output,
        );
        let answered = files.chunks(BATCH).try_for_each(|files| {
            let occasion = globals.after_asking(occasion.clone())?;
            round.answer(files, &signers, &occasion)
        });
        round.bar.finish_and_clear();
        // What was written is on disk, whatever else has failed.
        let finished = self.out.path().map_or(Ok(()), durable::sync_all_of);
        answered.and(finished).map_err(|failure| {
            failure.hint("what was granted is recorded; repeat the command for the same answers")
        })?;
        Ok(round.conclude())
    }

    /// Refuses to answer into the folder of the requests, where the next run would take answers for requests.
    fn has_a_folder_of_its_own(&self, folder: &Path) -> Result<(), Failure> {
        let real = |path: &Path| path.canonicalize().ok();
        match self.out.path().map(real) {
            Some(Some(out)) if Some(&out) == real(folder).as_ref() => {
                Err(Failure::new(FailureKind::Usage, "the answers cannot lie among the requests")
                    .hint("give --out another folder"))
            }
            _ => Ok(()),
        }
    }

    /// The file of the answer to what is in a file.
    fn answer_to(&self, file: &Path) -> Option<PathBuf> {
        let mut name = file.file_name()?.to_os_string();
        name.push(".answer");
        self.out.path().map(|folder| folder.join(name))
    }
}

impl Round<'_> {
    /// Makes the folder, and makes sure that it can be written, before anything is granted.
    fn open(&self) -> Result<(), Failure> {
        let Some(folder) = self.command.out.path() else { return Ok(()) };
        if self.home.owns(folder) {
            let path = folder.display().to_string();
            let message = format!("{path} belongs to the issuer's home; nothing was done");
            return Err(Failure::new(FailureKind::Conflict, message)
                .hint("name another folder")
                .with("path", path));
        }
        durable::create_folders(folder)?;
        durable::probe(&folder.join("lictor"), super::grant::ANSWER_BYTES)
    }

    /// Answers some files in one change, and writes their answers.
    fn answer(
        &mut self,
        files: &[PathBuf],
        signers: &[&(dyn Signer + Sync)],
        occasion: &Occasion,
    ) -> Result<(), Failure> {
        let (mut requests, mut whose) = (Vec::new(), Vec::with_capacity(files.len()));
        for file in files {
            // It may have been changed since it was read first, or be gone.
            let read = self.read(file);
            // So may a customer be erased since.
            let needed = read.and_then(|found| self.products_for(file, &found, occasion).map(|_| found));
            match needed {
                Ok(found) => {
                    whose.push((file, found.len()));
                    requests.extend(found);
                }
                Err(failure) if is_of_a_file(failure.kind) => {
                    self.bar.suspend(|| self.tally.leave(file, &failure, self.output))?;
                }
                Err(failure) => return Err(failure),
            }
        }
        let granted = match recall(self.home, self.ledger, &requests)? {
            Some(given_before) => given_before,
            None => grant(self.home, self.ledger, signers, &requests, self.command.lease, occasion)?,
        };
        let mut answers = granted.answers.into_iter();
        for (file, count) in whose {
            let answers = answers.by_ref().take(count).collect();
            self.hand_out(file, &Grants { answers, event: granted.event })?;
            self.bar.inc(1);
        }
        Ok(())
    }

    /// Writes the answer to a file, and says what it is.
    fn hand_out(&mut self, file: &Path, grants: &Grants) -> Result<(), Failure> {
        let answer = grants.answer();
        let text = armored(&answer);
        let path = self.command.answer_to(file).filter(|_| !text.is_empty());
        if let Some(path) = path.as_ref().filter(|path| !durable::is_just_so(path, text.as_bytes())) {
            durable::put_soon(path, text.as_bytes(), Readers::Anyone)?;
        }
        let is_denied = text.is_empty();
        let done = if is_denied { "Denied" } else { "Answered" };
        self.tally.answered += u64::from(!is_denied);
        // What is shown would stand in the middle of the bar.
        self.bar.clone().suspend(|| {
            self.output.say(format_args!("{done} {}:", file.display()));
            tell(grants, self.output);
            self.show(file, &answer, path.as_deref())
        })
    }

    fn show(&mut self, request: &Path, answer: &Value, path: Option<&Path>) -> Result<(), Failure> {
        let file = request.display().to_string();
        let path = path.map(|path| path.display().to_string());
        for each in answers(answer) {
            match (envelope(each), self.output.form()) {
                (Some(mut envelope), _) => {
                    self.tally.denied += 1;
                    self.tally.not_answered(request, envelope.code.exit_code());
                    envelope.details.insert("path".into(), file.as_str().into());
                    // Standard output is for the names of answers, where it is not JSON.
                    if self.output.form() == Form::Json {
                        self.output.data(envelope)?;
                    }
                }
                (None, Form::Json) => {
                    let each = writing::with(each, "file", path.as_deref());
                    self.output.data(writing::with(&each, "path", file.as_str()))?;
                }
                (None, Form::Text) => {}
            }
        }
        match (path, self.output.form()) {
            (Some(path), Form::Text) => self.output.raw(&format!("{path}\n")),
            _ => Ok(()),
        }
    }

    fn tell_tried(self, files: &[PathBuf]) -> Result<u8, Failure> {
        let Self { output, tally, .. } = self;
        output.say("Dry run: nothing is granted or denied, and nothing is written.");
        let found = files.len();
        // Programs were told of each file that is left.
        if tally.left > 0 && output.form() == Form::Json {
            return Ok(tally.exit());
        }
        output.either(
            || format!("{found}\n"),
            || {
                let found = u64::try_from(found).unwrap_or(u64::MAX);
                Value::object([
                    ("dryRun", true.into()),
                    ("toAnswer", found.into()),
                    ("left", tally.left.into()),
                ])
            },
        )?;
        Ok(tally.exit())
    }

    fn conclude(self) -> u8 {
        let exit = self.tally.exit();
        let Tally { answered, denied, left, .. } = self.tally;
        let counted = |count: u64| if count == 1 { "1 file".into() } else { format!("{count} files") };
        self.output.say(format_args!("Answered {}.", counted(answered)));
        if denied > 0 {
            let requests = if denied == 1 { "request was" } else { "requests were" };
            self.output.say(format_args!("  {denied} {requests} denied, as said above."));
        }
        if left > 0 {
            self.output.say(format_args!("  {} could not be answered, as said above.", counted(left)));
        }
        exit
    }
}

/// Whether such a failure is about what is in one file, and stands against no other.
const fn is_of_a_file(kind: FailureKind) -> bool {
    use FailureKind::{CannotRead, Conflict, NotFound};
    matches!(kind, CannotRead | Conflict | NotFound)
}

/// The files of a folder, by name. Hidden ones, which mail programs and file systems leave there, and folders are left out.
fn files_of(folder: &Path) -> Result<Vec<PathBuf>, Failure> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).map_err(cannot_read(folder))? {
        let entry = entry.map_err(cannot_read(folder))?;
        let is_hidden = entry.file_name().as_encoded_bytes().starts_with(b".");
        // A link counts as what it leads to. Pipes and devices, which could be read for ever, are no files.
        let is_special = |path: &Path| fs::metadata(path).is_ok_and(|found| !found.is_file());
        if !is_hidden && !is_special(&entry.path()) {
            files.push(entry.path());
        }
    }
    files.sort_unstable();
    Ok(files)
}
