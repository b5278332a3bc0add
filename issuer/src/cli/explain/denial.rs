//! Why a deployment's request is denied.

use lictor_shared::documents::{self, DenialEntry};
use lictor_shared::json::Value;
use lictor_shared::{Code, Denial, Reason};

use crate::cli::{shown, writing};

/// The denial with this word.
pub(super) fn named(word: &str) -> Option<DenialEntry> {
    documents::denials().into_iter().find(|entry| entry.denial.as_str().eq_ignore_ascii_case(word))
}

/// Those whose word is no reason of a verdict as well.
pub(super) fn others() -> Vec<DenialEntry> {
    documents::denials().into_iter().filter(|entry| is_other(entry.denial)).collect()
}

fn is_other(denial: Denial) -> bool {
    Reason::ALL.iter().all(|reason| reason.as_str() != denial.as_str())
}

pub(super) fn words() -> impl Iterator<Item = &'static str> {
    Denial::ALL.iter().copied().filter(|denial| is_other(*denial)).map(Denial::as_str)
}

/// The words that lead to a code and are no reasons of verdicts.
pub(super) fn behind(code: Code) -> impl Iterator<Item = &'static str> {
    Denial::ALL
        .iter()
        .copied()
        .filter(move |denial| denial.code() == code && is_other(*denial))
        .map(Denial::as_str)
}

pub(super) fn row(entry: &DenialEntry) -> [String; 3] {
    [entry.denial.to_string(), entry.denial.code().to_string(), entry.meaning.clone()]
}

pub(super) fn text(entry: &DenialEntry) -> String {
    shown::facts(&[
        ("reason", entry.denial.to_string()),
        ("means", super::beside_label(&entry.meaning)),
        ("effect", "denies a deployment's request; the same one may be brought again".into()),
        ("code", super::numbered(entry.denial.code())),
        ("do", super::beside_label(&entry.action)),
        ("licensor", super::beside_label(&entry.licensor)),
    ])
}

/// Below a reason of a verdict with the same word.
pub(super) fn beside(entry: &DenialEntry) -> String {
    let denies = shown::facts(&[
        ("denies", super::beside_label(&format!("a deployment's request: {}", entry.meaning))),
        ("do", super::beside_label(&entry.action)),
        ("licensor", super::beside_label(&entry.licensor)),
    ]);
    format!("\n{denies}")
}

pub(super) fn value(entry: &DenialEntry) -> Value {
    Value::object([
        ("reason", entry.denial.as_str().into()),
        ("kind", "denial".into()),
        ("code", entry.denial.code().as_str().into()),
        ("mode", Value::Null),
        ("grace", Value::Null),
        ("meaning", entry.meaning.as_str().into()),
        ("action", entry.action.as_str().into()),
        ("licensor", entry.licensor.as_str().into()),
    ])
}

/// A reason of a verdict with the denial that has the same word, if there is one.
pub(super) fn with(reason: Value, denied: Option<&DenialEntry>) -> Value {
    match denied {
        Some(entry) => writing::with(&reason, "denial", value(entry)),
        None => reason,
    }
}
