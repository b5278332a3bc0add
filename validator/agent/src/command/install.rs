//! `install`: takes what the vendor sent.

use clap::Args;
use lictor_validator::Code;
use lictor_validator::context::HostFlag;
use lictor_validator::host::{Guard, Outcome, Refused, read_file, read_stream};
use lictor_validator::shared::json::Value;
use std::io;
use std::path::{Path, PathBuf};

use super::status;
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
installed.";

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
        let files = self.read()?;
        let guard = deployment.open(Intent::Change)?;
        let judged: Vec<Judged> = files.iter().flat_map(|(file, bytes)| judge(&guard, file, bytes)).collect();
        match output.form {
            Form::Json => output.json(value(&guard, deployment, &judged))?,
            Form::Text => {
                let lines = judged.iter().map(|judged| shown::foreign(&judged.line()) + "\n");
                output.raw(&lines.collect::<String>())?;
                output.raw(&shown::facts(status::mode_rows(&guard.verdict())))?;
            }
        }
        if let Some(trouble) =
            guard.troubles().iter().find(|trouble| trouble.flag() == Some(HostFlag::Stateless))
        {
            output.say(format_args!("warning: {trouble}; what was installed is gone when this command ends"));
        }
        Ok(judged.iter().find_map(Judged::code).map_or(0, Code::exit_code))
    }

    fn read(&self) -> Result<Vec<(String, Vec<u8>)>, Failure> {
        if self.files.iter().filter(|path| is_standard_input(path)).count() > 1 {
            return Err(Failure::new(Kind::Usage, "standard input is named twice", "name it once"));
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

fn judge(guard: &Guard, file: &str, bytes: &[u8]) -> Vec<Judged> {
    let blocks = guard.install(bytes).blocks.into_iter();
    blocks.map(|(block, outcome)| Judged { file: file.into(), block, outcome }).collect()
}

impl Judged {
    fn line(&self) -> String {
        format!("{}: {}: {}", self.file, self.block, self.sentence())
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
        ])
    }
}

fn value(guard: &Guard, deployment: &Deployment, judged: &[Judged]) -> Value {
    let blocks: Vec<Value> = judged.iter().map(Judged::to_value).collect();
    Value::object([("blocks", blocks.into()), ("status", status::value(guard, deployment))])
}
