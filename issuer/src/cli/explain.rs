//! `lictor explain`: what a code or reason means, and what to do.

mod near;

use clap::Args;
use lictor_shared::documents::{self, CodeEntry, Effect, ReasonEntry};
use lictor_shared::json::Value;
use lictor_shared::{Code, Reason};

use super::output::Output;
use super::shown;
use crate::error::{Failure, FailureKind};

const EXAMPLES: &str = "\
Examples:
  lictor explain expired
  lictor explain LICENSE_REVOKED
  lictor explain
  lictor explain status_overdue --json";

/// Say what a code or reason of a verdict means and what to do
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Explain {
    /// A reason as expired, or a code as LICENSE_EXPIRED [default: all reasons, as a table]
    #[arg(value_name = "REASON|CODE")]
    word: Option<String>,
}

impl Explain {
    pub(crate) fn run(&self, output: &mut Output) -> Result<u8, Failure> {
        let reasons = documents::reasons();
        let Some(word) = &self.word else {
            output
                .either(|| table(&reasons), || reasons.iter().map(reason_value).collect::<Vec<_>>().into())?;
            return Ok(0);
        };
        // As it was copied: from a sentence, from JSON, with the hyphens of an option.
        let meant = word.trim().trim_matches('"').replace('-', "_");
        let codes = documents::codes();
        let reason = reasons.iter().find(|entry| entry.reason.as_str().eq_ignore_ascii_case(&meant));
        let code = codes.iter().find(|entry| entry.code.as_str().eq_ignore_ascii_case(&meant));
        match (reason, code) {
            (Some(entry), _) => output.either(|| reason_text(entry), || reason_value(entry))?,
            (_, Some(entry)) => output.either(|| code_text(entry), || code_value(entry))?,
            (None, None) => return Err(unknown(word, &meant)),
        }
        Ok(0)
    }
}

/// What a label leaves of 80 columns.
const WIDTH: usize = 70;

/// What the other columns of the table leave of 80.
const MEANING_WIDTH: usize = 37;

fn table(reasons: &[ReasonEntry]) -> String {
    let row = |entry: &ReasonEntry| {
        [
            entry.reason.to_string(),
            entry.reason.code().map_or("-", Code::as_str).to_string(),
            shown::folded(&entry.meaning, MEANING_WIDTH),
        ]
    };
    shown::table(["REASON", "CODE", "MEANING"], reasons.iter().map(row))
}

fn reason_text(entry: &ReasonEntry) -> String {
    let effect = match &entry.effect {
        Effect::Refusal(mode) => format!("refuses: the mode is {mode} at once"),
        Effect::Finding(grace) => format!("{}, then read_only", grace_of(grace)),
        Effect::Warning => "warns: everything goes on working".to_string(),
    };
    shown::facts(&[
        ("reason", entry.reason.to_string()),
        ("means", shown::folded(&entry.meaning, WIDTH)),
        ("effect", effect),
        ("code", entry.reason.code().map_or_else(|| "none".to_string(), numbered)),
        ("do", shown::folded(&entry.action, WIDTH)),
    ])
}

/// `grace.status`, a member of the license; or `until graceUntil`.
fn grace_of(grace: &str) -> String {
    match grace.strip_prefix("until ") {
        Some(end) => format!("grace until the license's {end}"),
        None => format!("grace for the license's {grace}"),
    }
}

fn numbered(code: Code) -> String {
    format!("{code} (HTTP {}, exit {})", code.http_status(), code.exit_code())
}

fn code_text(entry: &CodeEntry) -> String {
    let reasons = behind(entry.code).map(Reason::as_str).collect::<Vec<_>>().join(", ");
    let reasons = if reasons.is_empty() { "none".to_string() } else { shown::folded(&reasons, WIDTH) };
    shown::facts(&[
        ("code", numbered(entry.code)),
        ("means", shown::folded(&entry.when, WIDTH)),
        ("reasons", reasons),
    ])
}

/// The reasons that lead to a code.
fn behind(code: Code) -> impl Iterator<Item = Reason> {
    Reason::ALL.iter().copied().filter(move |reason| reason.code() == Some(code))
}

fn reason_value(entry: &ReasonEntry) -> Value {
    let (kind, mode, grace) = match &entry.effect {
        Effect::Refusal(mode) => ("refusal", Some(mode.as_str()), None),
        Effect::Finding(grace) => ("finding", None, Some(grace.as_str())),
        Effect::Warning => ("warning", None, None),
    };
    Value::object([
        ("reason", entry.reason.as_str().into()),
        ("kind", kind.into()),
        ("code", entry.reason.code().map(Code::as_str).into()),
        ("mode", mode.into()),
        ("grace", grace.into()),
        ("meaning", entry.meaning.as_str().into()),
        ("action", entry.action.as_str().into()),
    ])
}

fn code_value(entry: &CodeEntry) -> Value {
    Value::object([
        ("code", entry.code.as_str().into()),
        ("http", u64::from(entry.code.http_status()).into()),
        ("exit", u64::from(entry.code.exit_code()).into()),
        ("meaning", entry.when.as_str().into()),
        ("reasons", behind(entry.code).map(|reason| reason.as_str().into()).collect::<Vec<_>>().into()),
    ])
}

fn unknown(word: &str, meant: &str) -> Failure {
    let words =
        Reason::ALL.iter().map(|reason| reason.as_str()).chain(Code::ALL.iter().map(|code| code.as_str()));
    let near = near::near(meant, words);
    let hint = match near.as_slice() {
        [] => "lictor explain lists all reasons".to_string(),
        [one] => format!("lictor explain {one}"),
        [first, ..] => format!(
            "lictor explain {first}; near are also {}",
            near.iter().skip(1).copied().collect::<Vec<_>>().join(" and ")
        ),
    };
    Failure::new(FailureKind::NotFound, format!("{word:?} is no reason and no code"))
        .hint(hint)
        .with("near", near.into_iter().map(Value::from).collect::<Vec<_>>())
}
