//! `lictor explain`: what a mode, code, reason or denial means, and what to do.

mod denial;
mod mode;

use clap::Args;
use lictor_shared::documents::{self, CodeEntry, Effect, ReasonEntry};
use lictor_shared::json::Value;
use lictor_shared::{Code, Reason};

use super::near;
use super::output::Output;
use super::shown;
use super::table::Column;
use crate::error::{Failure, FailureKind};

const EXAMPLES: &str = "\
Examples:
  lictor explain grace
  lictor explain expired
  lictor explain LICENSE_SEAT_LIMIT --json
  lictor explain seats_exhausted";

/// Say what a mode, reason, code or denial means and what to do
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Explain {
    /// A mode as grace, a reason as expired or seats_exhausted, or a code as LICENSE_EXPIRED [default: all reasons, as a table]
    #[arg(value_name = "WORD")]
    word: Option<String>,
}

impl Explain {
    pub(crate) fn run(&self, output: &mut Output) -> Result<u8, Failure> {
        let reasons = documents::reasons();
        let Some(word) = &self.word else {
            output.either(|| table(&reasons), || values(&reasons))?;
            return Ok(0);
        };
        // As it was copied: from a sentence, from JSON, with the hyphens of an option.
        let meant = word.trim().trim_matches('"').replace('-', "_");
        let codes = documents::codes();
        let reason = reasons.iter().find(|entry| entry.reason.as_str().eq_ignore_ascii_case(&meant));
        let code = codes.iter().find(|entry| entry.code.as_str().eq_ignore_ascii_case(&meant));
        let (mode, denial) = (mode::named(&meant), denial::named(&meant));
        match (reason, denial, code, mode) {
            (Some(entry), denied, ..) => output.either(
                || reason_text(entry) + &denied.as_ref().map(denial::beside).unwrap_or_default(),
                || denial::with(reason_value(entry), denied.as_ref()),
            )?,
            (_, Some(denied), ..) => output.either(|| denial::text(&denied), || denial::value(&denied))?,
            (.., Some(entry), _) => output.either(|| code_text(entry), || code_value(entry))?,
            (.., Some(entry)) => output.either(|| mode::text(&entry), || mode::value(&entry))?,
            (None, None, None, None) => return Err(unknown(word, &meant)),
        }
        Ok(0)
    }
}

/// What a label takes.
const LABEL_WIDTH: usize = 10;

/// In lines that fit beside a label.
fn beside_label(text: &str) -> String {
    shown::folded(text, shown::width().saturating_sub(LABEL_WIDTH))
}

fn table(reasons: &[ReasonEntry]) -> String {
    let row = |entry: &ReasonEntry| {
        [
            entry.reason.to_string(),
            entry.reason.code().map_or("-", Code::as_str).to_string(),
            entry.meaning.clone(),
        ]
    };
    shown::table(
        ["REASON".into(), "CODE".into(), Column::prose("MEANING")],
        reasons.iter().map(row).chain(denial::others().iter().map(denial::row)),
    )
}

fn values(reasons: &[ReasonEntry]) -> Value {
    let with_denial = |entry: &ReasonEntry| {
        denial::with(reason_value(entry), denial::named(entry.reason.as_str()).as_ref())
    };
    let others = denial::others();
    reasons.iter().map(with_denial).chain(others.iter().map(denial::value)).collect::<Vec<_>>().into()
}

fn reason_text(entry: &ReasonEntry) -> String {
    let effect = match &entry.effect {
        Effect::Refusal(mode) => format!("refuses: the mode is {mode} at once"),
        Effect::Finding(grace) => format!("{}, then read_only", grace_of(grace)),
        Effect::Warning => "warns: everything goes on working".to_string(),
    };
    shown::facts(&[
        ("reason", entry.reason.to_string()),
        ("means", beside_label(&entry.meaning)),
        ("effect", effect),
        ("code", entry.reason.code().map_or_else(|| "none".to_string(), numbered)),
        ("do", beside_label(&entry.action)),
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
    let reasons = behind(entry.code).collect::<Vec<_>>().join(", ");
    let reasons = if reasons.is_empty() { "none".to_string() } else { beside_label(&reasons) };
    shown::facts(&[
        ("code", numbered(entry.code)),
        ("means", beside_label(&entry.when)),
        ("reasons", reasons),
    ])
}

/// The reasons that lead to a code, those of denials after those of verdicts.
fn behind(code: Code) -> impl Iterator<Item = &'static str> {
    let reasons = Reason::ALL.iter().filter(move |reason| reason.code() == Some(code));
    reasons.map(|reason| reason.as_str()).chain(denial::behind(code))
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
        ("reasons", behind(entry.code).map(Value::from).collect::<Vec<_>>().into()),
    ])
}

fn unknown(word: &str, meant: &str) -> Failure {
    let words = Reason::ALL.iter().map(|reason| reason.as_str());
    let words = words.chain(denial::words());
    let words = words.chain(Code::ALL.iter().map(|code| code.as_str())).chain(mode::words());
    let near = near::near(meant, words);
    let hint = match near.as_slice() {
        [] => "lictor explain lists all reasons".to_string(),
        [one] => format!("lictor explain {one}"),
        [first, ..] => format!(
            "lictor explain {first}; near are also {}",
            near.iter().skip(1).copied().collect::<Vec<_>>().join(" and ")
        ),
    };
    Failure::new(FailureKind::NotFound, format!("{word:?} is no mode, no reason and no code"))
        .hint(hint)
        .with("near", near.into_iter().map(Value::from).collect::<Vec<_>>())
}
