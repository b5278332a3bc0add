//! The exit codes of the command line, each with what it means: gathered from the kinds of failure and the codes of verdicts
//! and denials.

use lictor_shared::Code;
use lictor_shared::documents::{self, CodeEntry};

use super::shown;
use crate::error::FailureKind;

/// What an exit code means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exit {
    /// The exit code.
    pub number: u8,
    /// The code in the envelope or verdict beside it; none where nothing failed.
    pub code: Option<Code>,
    /// What it means, in a sentence.
    pub when: String,
}

/// Every way in which a command ends, in the order of the exit codes.
#[must_use]
pub fn exits() -> Vec<Exit> {
    let done = Exit { number: 0, code: None, when: "done; a verdict of full or grace".to_string() };
    let kind = |kind: &FailureKind| Exit {
        number: kind.exit_code(),
        code: Some(kind.code()),
        when: format!("{kind}: {}", kind.meaning()),
    };
    let verdict = |entry: CodeEntry| Exit {
        number: entry.code.exit_code(),
        code: Some(entry.code),
        when: format!("a verdict, or a request that is denied: {}", entry.when),
    };
    let verdicts = documents::codes().into_iter().filter(|entry| is_of_a_verdict(entry.code)).map(verdict);
    let mut exits: Vec<Exit> =
        [done].into_iter().chain(FailureKind::ALL.iter().map(kind)).chain(verdicts).collect();
    exits.sort_by_key(|exit| exit.number);
    exits
}

/// Whether a verdict ends with it.
fn is_of_a_verdict(code: Code) -> bool {
    lictor_shared::Reason::ALL.iter().any(|reason| reason.code() == Some(code))
}

/// All of them in a few lines.
pub(super) fn summary() -> String {
    let verdicts: Vec<u8> =
        Code::ALL.iter().filter(|code| is_of_a_verdict(**code)).map(|code| code.exit_code()).collect();
    let range = verdicts.iter().min().zip(verdicts.iter().max());
    let range =
        range.map(|(first, last)| (*first, format!("{first} to {last} a verdict's or a denial's code")));
    let kinds =
        FailureKind::ALL.iter().map(|kind| (kind.exit_code(), format!("{} {kind}", kind.exit_code())));
    let mut words: Vec<(u8, String)> = kinds.chain(range).chain([(0, "0 done".to_string())]).collect();
    words.sort();
    words.dedup_by_key(|(number, _)| *number);
    // A line ends between two of them, not within one.
    let words: Vec<String> = words.into_iter().map(|(_, words)| words.replace(' ', STAYS)).collect();
    shown::folded(&format!("Exit codes: {}.", words.join(", ")), shown::WIDTH).replace(STAYS, " ")
}

/// Stands for a space where a line is not to be broken.
const STAYS: &str = "\u{0}";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_exit_code_is_there() {
        let numbers: Vec<u8> = exits().iter().map(|exit| exit.number).collect();
        assert_eq!(numbers, [0, 1, 2, 10, 11, 12, 13, 14, 20, 20, 21, 22, 30, 31, 32]);
    }

    #[test]
    fn the_summary_names_every_exit_code() {
        let summary = summary().replace('\n', " ");
        for exit in exits() {
            let number = exit.number;
            let named = summary.contains(&format!(" {number} ")) || (11..=12).contains(&number);
            assert!(named, "{number} is not in {summary:?}");
        }
        assert!(summary.contains(" 10 to 13 a verdict's or a denial's code,"), "{summary}");
    }
}
