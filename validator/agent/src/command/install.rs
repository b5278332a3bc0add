//! `install`: takes what the vendor sent.

use clap::Args;
use lictor_validator::Code;
use lictor_validator::host::{Guard, Outcome, Refused, Trouble, read_file, read_stream};
use lictor_validator::shared::json::Value;
use std::io::{self, IsTerminal as _};
use std::path::{Path, PathBuf};

use super::status;
use crate::advice;
use crate::deployment::{Deployment, Intent};
use crate::failure::{Failure, Kind};
use crate::output::{Form, Output};
use crate::shown;

const EXAMPLES: &str = "\
Examples:
  lictor-agent install acme.lic
  lictor-agent install answer.txt status-list.txt
  lictor-agent install -

Every armored block is judged by itself, whatever mail or text is around it; -
reads a paste, ended by Ctrl-D. What is refused replaces nothing.

Exit codes: 0 if every block is held now or was not needed; else the code of the
first that is not: 10 LICENSE_INVALID, 11 LICENSE_EXPIRED, 12 LICENSE_REVOKED,
13 LICENSE_SEAT_LIMIT; 30 if a file cannot be read, and then nothing is
installed; 31 if what was accepted cannot be kept.";

/// Install licenses, status lists, activations and receipts
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Install {
    /// What the vendor sent: a file, or - for standard input; may be given several times
    #[arg(value_name = "FILE|-", required = true)]
    files: Vec<PathBuf>,
}

/// A block, where it stood, and what became of it.
struct Judged {
    file: String,
    block: String,
    outcome: Outcome,
}

impl Install {
    pub(crate) fn run(&self, deployment: &Deployment, output: &mut Output) -> Result<u8, Failure> {
        // Every file is read before the first is judged.
        let files = self.read(output)?;
        let guard = deployment.open(Intent::Change, output)?;
        let judged: Vec<Judged> = files.iter().flat_map(|(file, bytes)| judge(&guard, file, bytes)).collect();
        match output.form {
            Form::Json => output.json(value(&guard, deployment, &judged)?)?,
            Form::Text => {
                let lines: String = judged.iter().map(Judged::lines).collect();
                output.raw(&output.called.in_text(&lines))?;
                output.raw(&shown::facts(status::mode_rows(&guard, &output.called)))?;
            }
        }
        if judged.iter().any(|judged| judged.code().is_some()) {
            output.say(format_args!("{}: {}", deployment.settings.vendor, deployment.settings.support));
        }
        if let Err(failure) = can_be_kept(&guard, &judged) {
            output.tell(&failure);
            return Ok(failure.exit_code());
        }
        Ok(judged.iter().find_map(Judged::code).map_or(0, Code::exit_code))
    }

    fn read(&self, output: &mut Output) -> Result<Vec<(String, Vec<u8>)>, Failure> {
        if self.files.iter().filter(|path| is_standard_input(path)).count() > 1 {
            return Err(Failure::new(Kind::Usage, "standard input is named twice", "name it once"));
        }
        if self.files.iter().any(|path| is_standard_input(path)) && io::stdin().is_terminal() {
            output.say("Paste what the vendor sent, then press Enter and Ctrl-D.");
        }
        self.files.iter().map(|path| read(path)).collect()
    }
}

fn is_standard_input(path: &Path) -> bool {
    path.as_os_str() == "-"
}

fn read(path: &Path) -> Result<(String, Vec<u8>), Failure> {
    let (name, bytes) = if is_standard_input(path) {
        ("standard input".to_string(), read_stream(io::stdin().lock()))
    } else {
        (path.display().to_string(), read_file(path))
    };
    match bytes {
        Ok(bytes) => Ok((name, bytes)),
        Err(error) => Err(Failure::new(
            Kind::CannotRead,
            format!("{name} cannot be read: {error}; nothing was installed"),
            "check the path, and that you may read it",
        )),
    }
}

/// Refuses to call installed what ends with this command.
fn can_be_kept(guard: &Guard, judged: &[Judged]) -> Result<(), Failure> {
    let troubles = guard.troubles();
    let stateless = troubles.iter().find(|trouble| matches!(trouble, Trouble::Stateless { .. }));
    match stateless.filter(|_| judged.iter().any(Judged::is_new)) {
        None => Ok(()),
        Some(trouble) => Err(Failure::new(
            Kind::CannotWrite,
            format!("{trouble}; what was accepted is gone now that this command has ended"),
            "give the program a folder of state that it can write to",
        )),
    }
}

fn judge(guard: &Guard, file: &str, bytes: &[u8]) -> Vec<Judged> {
    let blocks = guard.install(bytes).blocks.into_iter();
    blocks.map(|(block, outcome)| Judged { file: file.into(), block, outcome }).collect()
}

impl Judged {
    /// What became of it, and below it what to do about that.
    fn lines(&self) -> String {
        let line = shown::foreign(&format!("{}: {}: {}", self.file, self.block, self.sentence()));
        let advice = advice::about(&self.block, &self.outcome);
        advice.map_or_else(|| format!("{line}\n"), |advice| format!("{line}\n  do: {advice}\n"))
    }

    /// Whether something has to be kept for it.
    const fn is_new(&self) -> bool {
        matches!(&self.outcome, Outcome::Accepted | Outcome::Pending { .. } | Outcome::Released)
    }

    /// A word for programs.
    const fn word(&self) -> &'static str {
        match &self.outcome {
            Outcome::Accepted => "accepted",
            Outcome::Pending { .. } => "pending",
            Outcome::AlreadyHeld => "already_held",
            Outcome::Outranked => "outranked",
            Outcome::NotUsable => "not_usable",
            Outcome::Released => "released",
            Outcome::Refused(_) => "refused",
        }
    }

    fn sentence(&self) -> String {
        match &self.outcome {
            Outcome::Accepted => "accepted".into(),
            Outcome::Pending { from } => format!("accepted; it comes into force by itself on {from}"),
            Outcome::AlreadyHeld => "was held already".into(),
            Outcome::Outranked => "not needed; something newer is held".into(),
            Outcome::NotUsable => "for another deployment or product; it does nothing here".into(),
            Outcome::Released => "the seat was given back".into(),
            Outcome::Refused(why) => format!("refused: {why}"),
        }
    }

    /// The code of what is not held.
    fn code(&self) -> Option<Code> {
        match &self.outcome {
            Outcome::Refused(Refused::License(reason)) => reason.code().or(Some(Code::LicenseInvalid)),
            Outcome::Refused(_) | Outcome::NotUsable => Some(Code::LicenseInvalid),
            _ => None,
        }
    }

    fn to_value(&self) -> Value {
        let from = match &self.outcome {
            Outcome::Pending { from } => Some(*from),
            _ => None,
        };
        Value::object([
            ("file", self.file.as_str().into()),
            ("block", self.block.as_str().into()),
            ("outcome", self.word().into()),
            ("code", self.code().map(Code::as_str).into()),
            ("from", shown::time(from)),
            ("text", self.sentence().into()),
            ("advice", advice::about(&self.block, &self.outcome).into()),
        ])
    }
}

fn value(guard: &Guard, deployment: &Deployment, judged: &[Judged]) -> Result<Value, Failure> {
    let blocks: Vec<Value> = judged.iter().map(Judged::to_value).collect();
    let remaining = status::remaining(guard, deployment)?;
    Ok(Value::object([("blocks", blocks.into()), ("status", status::value(guard, deployment, remaining))]))
}
