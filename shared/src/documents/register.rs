//! What CODES.md says of every code, reason and denial. The document is the one source; nothing of it is written twice.

use alloc::string::String;
use alloc::vec::Vec;

use super::CODES;
use crate::{Code, Denial, Reason};

/// What the document says of a code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CodeEntry {
    /// The code.
    pub code: Code,
    /// When it is given.
    pub when: String,
}

/// What the document says of a reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReasonEntry {
    /// The reason.
    pub reason: Reason,
    /// What it does.
    pub effect: Effect,
    /// What it says.
    pub meaning: String,
    /// What the deployment's admin does about it.
    pub action: String,
}

/// What the document says of a denial.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DenialEntry {
    /// The denial.
    pub denial: Denial,
    /// What it says.
    pub meaning: String,
    /// What the deployment's admin does about it.
    pub action: String,
    /// What the licensor can do about it.
    pub licensor: String,
}

/// What the document says of a mode.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModeEntry {
    /// The mode.
    pub mode: String,
    /// Whether it permits what recovers a deployment.
    pub recover: String,
    /// Whether it permits reading.
    pub read: String,
    /// Whether it permits writing.
    pub write: String,
    /// What becomes of features.
    pub features: String,
    /// The code that comes with it.
    pub code: String,
}

/// What a reason does to the verdict.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// The mode that a refusal gives.
    Refusal(String),
    /// The grace that a finding has before it becomes read_only.
    Finding(String),
    /// Nothing.
    Warning,
}

/// Every code, in the order of the register.
#[must_use]
pub fn codes() -> Vec<CodeEntry> {
    let entry = |cells: Vec<String>| {
        let [word, _http, _exit, when] = cells.try_into().ok()?;
        let code = Code::ALL.iter().copied().find(|code| code.as_str() == word)?;
        Some(CodeEntry { code, when })
    };
    rows("## Codes").filter_map(entry).collect()
}

/// Every mode, from the best to the worst.
#[must_use]
pub fn modes() -> Vec<ModeEntry> {
    let entry = |cells: Vec<String>| {
        let [mode, recover, read, write, features, code] = cells.try_into().ok()?;
        Some(ModeEntry { mode, recover, read, write, features, code })
    };
    rows("## Modes").filter_map(entry).collect()
}

/// Every reason, in the order of the register.
#[must_use]
pub fn reasons() -> Vec<ReasonEntry> {
    let entry = |cells: Vec<String>| {
        let [word, _code, effect, meaning, action] = cells.try_into().ok()?;
        let reason = Reason::ALL.iter().copied().find(|reason| reason.as_str() == word)?;
        Some(ReasonEntry { reason, effect: Effect::read(effect), meaning, action })
    };
    rows("## Reasons").filter_map(entry).collect()
}

/// Every denial, in the order of the register.
#[must_use]
pub fn denials() -> Vec<DenialEntry> {
    let entry = |cells: Vec<String>| {
        let [word, _code, meaning, action, licensor] = cells.try_into().ok()?;
        let denial = Denial::ALL.iter().copied().find(|denial| denial.as_str() == word)?;
        Some(DenialEntry { denial, meaning, action, licensor })
    };
    rows("## Denials").filter_map(entry).collect()
}

impl Effect {
    fn read(cell: String) -> Self {
        match cell.as_str() {
            "warning" => Self::Warning,
            "unlicensed" | "read_only" => Self::Refusal(cell),
            _ => Self::Finding(cell),
        }
    }
}

/// The cells of the rows of the table under a heading, without its head.
fn rows(heading: &str) -> impl Iterator<Item = Vec<String>> {
    let section = CODES.lines().skip_while(move |line| *line != heading).skip(1);
    let table = section.skip_while(|line| !line.starts_with('|')).take_while(|line| line.starts_with('|'));
    table
        .skip(2)
        .map(|line| line.trim_matches('|').split('|').map(|cell| cell.trim().replace('`', "")).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The document is read to the last row, so no word goes unexplained.
    #[test]
    fn every_word_of_the_registers_is_explained() {
        let codes: Vec<Code> = codes().iter().map(|entry| entry.code).collect();
        assert_eq!(codes, Code::ALL);
        let denials = denials();
        assert_eq!(denials.iter().map(|entry| entry.denial).collect::<Vec<_>>(), Denial::ALL);
        let says_all = |entry: &DenialEntry| {
            [&entry.meaning, &entry.action, &entry.licensor].iter().all(|cell| !cell.is_empty())
        };
        assert!(denials.iter().all(says_all));
        let reasons = reasons();
        assert_eq!(reasons.iter().map(|entry| entry.reason).collect::<Vec<_>>(), Reason::ALL);
        for entry in reasons {
            assert!(!entry.meaning.is_empty() && !entry.action.is_empty(), "{}", entry.reason);
            let warns = matches!(entry.effect, Effect::Warning);
            assert_eq!(warns, entry.reason.code().is_none(), "{}", entry.reason);
        }
    }
}
