//! `lictor activation grant`.

use clap::Args;
use lictor_keys::Signer;
use lictor_shared::json::Value;
use lictor_shared::{Code, Envelope, Purpose};
use std::io::IsTerminal as _;
use std::path::{Path, PathBuf};

use super::super::globals::Globals;
use super::super::input;
use super::super::outfile::OutFile;
use super::super::output::{Form, Output};
use super::super::passphrase::PassphraseSource;
use super::super::shown;
use super::super::values;
use super::super::writing::{self, Writing};
use super::taken;
use crate::activation::{
    Answer, Denied, Given, Grants, History, Manner, SeatRequest, SeatState, grant, is_for_us,
    products_to_sign_for, recall,
};
use crate::error::{Failure, FailureKind};
use crate::home::Home;
use crate::ledger::Ledger;
use crate::occasion::{Intent, Occasion};
use crate::outcome::{DryRun, Outcome as _};
use crate::terms::Span;

const EXAMPLES: &str = "\
Examples:
  lictor activation grant request.lic > answer.lic
  lictor activation grant a.lic b.lic --lease 1y --out answers.lic
  pbpaste | lictor activation grant - --json
  lictor activation grant inbox --out answers

The answer is one piece: the activation or the receipt for a released seat, the
newest status list, and a newer license if there is one. A request that was
answered before gets the same answer again. One that is denied gets an envelope,
and may be brought again; lictor explain says what its reason means. With --json
each answer is a line.

Of a folder every file is answered whose name does not begin with a dot, in the
order of names. Then --out is a folder too, in which each gets a file
NAME.answer. A file that cannot be answered is named and left, and the others
are answered all the same; the exit code is that of the first, by name, that was
left or denied. What was cut short goes on when it is repeated.";

/// Room that is looked for before anything is granted.
pub(super) const ANSWER_BYTES: usize = 64 * 1024;

/// Answer requests of deployments: grant and renew seats, take them back
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Grant {
    /// Requests: files, or a folder of them, or - for standard input
    #[arg(value_name = "FILE|FOLDER|-", required = true)]
    pub(super) file: Vec<PathBuf>,
    /// How long the activations hold: 1y, 6mo, 2w, 90d [default: until further notice]
    #[arg(long, value_name = "SPAN", value_parser = values::term::<Span>)]
    pub(super) lease: Option<Span>,
    #[command(flatten)]
    pub(super) out: OutFile,
    #[command(flatten)]
    pub(super) writing: Writing,
    #[command(flatten)]
    pub(super) passphrase: PassphraseSource,
}

impl Grant {
    pub(crate) fn run(&self, globals: &Globals, output: &mut Output) -> Result<u8, Failure> {
        self.one_standard_input()?;
        if let Some(folder) = self.folder()? {
            return self.run_folder(folder, globals, output);
        }
        let (home, mut ledger) = globals.home_and_ledger()?;
        let occasion = globals.occasion_of(&self.writing)?;
        if let Some(answer) = writing::answered(&ledger, &occasion, output)? {
            let path = self.out.write_again(&home, armored(&answer).as_bytes());
            return self.show(&answer, written(&answer, path)?, output);
        }
        self.say_how_to_paste(output);
        let requests = self.requests(&home, &ledger)?;
        // What cannot be answered is said before anybody is asked for a passphrase, and what was answered needs none.
        if let Some(grants) = recall(&home, &ledger, &requests)? {
            return self.again(&grants, &home, &occasion, output);
        }
        self.out.can_be_written(&home, ANSWER_BYTES, &occasion)?;
        // What is denied in any case needs none either.
        let products = products_to_sign_for(&home, &ledger, &requests, occasion.at)?;
        let prompts = globals.prompts();
        let signers =
            self.passphrase.signers(&home, &ledger, (Purpose::Activation, &products), &occasion, prompts)?;
        let signers: Vec<&(dyn Signer + Sync)> = signers.iter().map(|signer| &**signer).collect();
        let occasion = globals.after_asking(occasion)?;
        let grants = grant(&home, &mut ledger, &signers, &requests, self.lease, &occasion)?;
        if let Some(dry_run) = ledger.dry_run() {
            return writing::tell(dry_run, output, |output| tell(&grants, output));
        }
        tell(&grants, output);
        self.hand_out(&grants, &home, output).map_err(|failure| {
            failure.hint("what was granted is recorded; repeat the command for the same answers")
        })
    }

    fn one_standard_input(&self) -> Result<(), Failure> {
        input::once(self.file.iter().map(PathBuf::as_path))?;
        let reads = self.file.iter().any(|file| input::is_standard_input(file));
        if reads && self.writing.request_id.is_some() {
            // What is asked for is known by the content of the files; standard input is not read twice.
            return Err(Failure::new(FailureKind::Usage, "a request id is for requests in files")
                .hint("write the request to a file and name that, or leave --request-id out: a request that is repeated gets the same answer anyway"));
        }
        if reads && self.passphrase.reads_standard_input() {
            return Err(Failure::new(
                FailureKind::Usage,
                "the request and the passphrase cannot both come from standard input",
            )
            .hint("give the passphrase with --passphrase-file FILE or --passphrase-command COMMAND"));
        }
        Ok(())
    }

    /// Nobody is left before a cursor that says nothing.
    fn say_how_to_paste(&self, output: &mut Output) {
        let reads = self.file.iter().any(|file| input::is_standard_input(file));
        if reads && std::io::stdin().is_terminal() {
            output.say("Paste the request, then press Enter and Ctrl-D.");
        }
    }

    /// The requests of all files. One that cannot be answered is told by its file and place, and then none is.
    fn requests(&self, home: &Home, ledger: &Ledger) -> Result<Vec<SeatRequest>, Failure> {
        let mut requests = Vec::new();
        for file in &self.file {
            let name = match input::is_standard_input(file) {
                true => "standard input".to_string(),
                false => file.display().to_string(),
            };
            let found =
                SeatRequest::read_all(&input::read(file)?).map_err(|failure| told_of(&name, failure))?;
            for (place, request) in (1..).zip(&found) {
                is_for_us(home, ledger, request).map_err(|failure| match found.len() {
                    1 => told_of(&name, failure),
                    count => told_of(&format!("{name}: request {place} of {count}"), failure),
                })?;
            }
            requests.extend(found);
        }
        Ok(requests)
    }

    /// Answers that were all given before.
    fn again(
        &self,
        grants: &Grants,
        home: &Home,
        occasion: &Occasion,
        output: &mut Output,
    ) -> Result<u8, Failure> {
        if occasion.intent == Intent::DryRun {
            let nothing = DryRun { claims: Vec::new(), events: Vec::new() };
            return writing::tell(&nothing, output, |output| tell(grants, output));
        }
        tell(grants, output);
        let answer = grants.answer();
        let path = self.out.write_again(home, armored(&answer).as_bytes());
        self.show(&answer, written(&answer, path)?, output)
    }

    fn hand_out(&self, grants: &Grants, home: &Home, output: &mut Output) -> Result<u8, Failure> {
        let answer = grants.answer();
        let armored = armored(&answer);
        // A file with nothing in it would only seem to be an answer.
        let path = if armored.is_empty() { Ok(None) } else { self.out.write(home, armored.as_bytes()) };
        self.show(&answer, written(&answer, path)?, output)
    }

    /// Writes what each request was answered with, in their order; the exit code of the first denial.
    fn show(&self, answer: &Value, file: Option<&Path>, output: &mut Output) -> Result<u8, Failure> {
        if let Some(file) = file {
            output.say(format_args!("It is in {}.", file.display()));
        }
        let file = file.map(|file| file.display().to_string());
        let mut exit = 0;
        for each in answers(answer) {
            match (envelope(each), output.form()) {
                (Some(envelope), _) => {
                    exit = if exit == 0 { envelope.code.exit_code() } else { exit };
                    output.data(envelope)?;
                }
                (None, Form::Json) => output.data(writing::with(each, "file", file.clone()))?,
                (None, Form::Text) if file.is_some() => output.data(writing::text(each, "serial"))?,
                (None, Form::Text) => output.raw(writing::text(each, "armor"))?,
            }
        }
        Ok(exit)
    }
}

pub(super) fn told_of(which: &str, failure: Failure) -> Failure {
    Failure { message: format!("{which}: {}", failure.message), ..failure }
}

fn written<'p>(answer: &Value, path: Result<Option<&'p Path>, Failure>) -> Result<Option<&'p Path>, Failure> {
    path.map(|path| path.filter(|_| !armored(answer).is_empty()))
}

pub(super) fn answers(answer: &Value) -> &[Value] {
    let answers = answer.as_object().and_then(|members| members.get("answers"));
    answers.and_then(Value::as_array).unwrap_or_default()
}

pub(super) fn armored(answer: &Value) -> String {
    answers(answer).iter().map(|each| writing::text(each, "armor")).collect()
}

/// The envelope of a denial.
pub(super) fn envelope(answer: &Value) -> Option<Envelope> {
    let code = Code::ALL.iter().find(|code| code.as_str() == writing::text(answer, "code"))?;
    let details = answer.as_object()?.get("details")?.as_object()?.clone();
    Some(Envelope { code: *code, error: writing::text(answer, "error").into(), details })
}

pub(super) fn tell(grants: &Grants, output: &mut Output) {
    for answer in &grants.answers {
        match answer {
            Answer::Given(given) => tell_given(given, output),
            Answer::Denied(denied) => output.fail(&failure(denied)),
        }
    }
}

fn failure(denied: &Denied) -> Failure {
    let who = format!("{} ({})", shown::foreign(denied.label.as_str()), denied.deployment);
    let message = format!("denied to {who}: {}", denied.message);
    Failure::new(FailureKind::Conflict, message).hint(denied.hint.as_str())
}

fn tell_given(given: &Given, output: &mut Output) {
    let who = format!("{} ({})", shown::foreign(given.label.as_str()), given.deployment);
    let (license, seat) = (given.license, given.seat.unwrap_or_default());
    match given.manner {
        Manner::Granted => output.say(format_args!("Granted seat {seat} of the license {license} to {who}.")),
        Manner::Renewed => output.say(format_args!("Renewed seat {seat} of the license {license} of {who}.")),
        Manner::Released => {
            output.say(format_args!(
                "Took back the seat of the license {license} of {who}; this is its receipt."
            ));
        }
        Manner::Repeated => {
            output.say(format_args!("Answered before: here is the same answer to {who} again."));
        }
    }
    if let Some(gone) = given.gone {
        let became = match gone {
            SeatState::Released => "was given back",
            SeatState::Expired => "came to its end",
            SeatState::Active | SeatState::Revoked => "was taken away",
        };
        output.warn(format_args!(
            "the seat of this answer {became} since; for another one the deployment makes a new request"
        ));
    }
    if let Some(occupancy) = &given.occupancy {
        output.say(format_args!("  {}", taken::in_words(occupancy)));
    }
    if let Some(end) = given.ends_at {
        output.say(format_args!("  Its lease ends at {end}."));
    }
    tell_enclosed(given, output);
    match given.history {
        History::Plain => {}
        History::LostAnswer => output.warn("Its last answer never arrived: it asks with the activation that it had before (lost_answer).",
        ),
        History::Forked => output.warn(format_args!("It asks with what does not follow from its last answer (forked): there are two copies of it, or it was restored from a backup. To see it: lictor activation show {}",
            given.deployment
        )),
    }
}

fn tell_enclosed(given: &Given, output: &mut Output) {
    let counted = |number: usize, one: &str, many: &str| match number {
        0 => None,
        1 => Some(one.to_owned()),
        number => Some(format!("{number} {many}")),
    };
    let (lists, licenses) = (given.paste.lists.len(), given.paste.licenses.len());
    // There may be a newer list by now.
    let (label, list) = match given.manner {
        Manner::Repeated => ("Enclosed, as it was then", "a status list"),
        Manner::Granted | Manner::Renewed | Manner::Released => ("Enclosed", "the newest status list"),
    };
    let enclosed =
        [counted(lists, list, "status lists"), counted(licenses, "a newer license", "newer licenses")];
    let enclosed: Vec<String> = enclosed.into_iter().flatten().collect();
    if !enclosed.is_empty() {
        output.say(format_args!("  {label}: {}.", enclosed.join(", ")));
    }
    if lists == 0 {
        output.warn("No status list is enclosed: none was published, and another key signs them.");
    }
}
