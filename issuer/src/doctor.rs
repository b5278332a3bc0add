//! The examination of a home: what is configured, who may read it, and what will soon stand in somebody's way.

mod files;
mod keys;
mod lists;
mod log;

use lictor_shared::Timestamp;
use std::path::Path;

use crate::check::check;
use crate::error::{Failure, FailureKind};
use crate::home::Home;
use crate::ledger::fault::RESTORE;
use crate::ledger::{Ledger, clock, projection};

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// As it should be.
    Fine,
    /// It works, and should be seen to.
    Warning,
    /// Something is damaged or cannot be used.
    Problem,
}

impl Severity {
    /// The word for it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Fine => "ok",
            Self::Warning => "warning",
            Self::Problem => "problem",
        }
    }
}

/// What was looked at, and how it was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// What was looked at, as one word.
    pub check: &'static str,
    /// How bad it is.
    pub severity: Severity,
    /// How it was found, in a sentence.
    pub says: String,
    /// What to do about it.
    pub fix: Option<String>,
    /// Of a problem: the kind of failure that a command would meet.
    pub kind: Option<FailureKind>,
}

impl Finding {
    fn fine(check: &'static str, says: impl Into<String>) -> Self {
        Self { check, severity: Severity::Fine, says: says.into(), fix: None, kind: None }
    }

    fn warning(check: &'static str, says: impl Into<String>, fix: impl Into<String>) -> Self {
        Self { check, severity: Severity::Warning, says: says.into(), fix: Some(fix.into()), kind: None }
    }

    /// What a command would fail with.
    fn problem(check: &'static str, failure: Failure) -> Self {
        let Failure { kind, message, hint, .. } = failure;
        Self { check, severity: Severity::Problem, says: message, fix: hint, kind: Some(kind) }
    }
}

/// How thoroughly the ledger is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Depth {
    /// Everything in it is recomputed from its events, which takes as long as it is large.
    Thorough,
    /// Only its file is looked at.
    Quick,
}

/// Looks at everything in a home without changing it, as of `at`. What stands in the way of looking is a finding too.
///
/// # Errors
/// [`FailureKind::NotFound`] if there is no home.
pub fn examine(path: &Path, at: Timestamp, depth: Depth) -> Result<Vec<Finding>, Failure> {
    let home = match Home::open(path) {
        Ok(home) => home,
        Err(failure) if failure.kind == FailureKind::NotFound => return Err(failure),
        Err(failure) => return Ok(vec![Finding::problem("configuration", failure)]),
    };
    let config = home.config();
    let names = format!("lictor.toml names the issuer {} and the list {}.", config.issuer, config.status_uri);
    let mut findings = vec![Finding::fine("configuration", names)];
    findings.extend(files::examine(&home));
    match home.ledger() {
        Ok(ledger) => findings.extend(of_ledger(&home, &ledger, at, depth)),
        Err(failure) => {
            findings.push(Finding::problem("ledger", failure));
            // A key can be lost as well, whatever became of the ledger.
            findings.extend(keys::folder(&home, None));
        }
    }
    Ok(findings)
}

/// Ledger, clock, keys and lists; the first failure of one of them is its finding.
fn of_ledger(home: &Home, ledger: &Ledger, at: Timestamp, depth: Depth) -> Vec<Finding> {
    let mut findings = vec![
        integrity(ledger, depth).unwrap_or_else(|failure| Finding::problem("integrity", failure)),
        clock(ledger, at).unwrap_or_else(|failure| Finding::problem("clock", failure)),
    ];
    findings.extend(keys::examine(home, ledger, at));
    findings.extend(
        lists::examine(home, ledger, at).unwrap_or_else(|failure| vec![Finding::problem("lists", failure)]),
    );
    findings.push(log::examine(home, ledger).unwrap_or_else(|failure| Finding::problem("log", failure)));
    findings
}

fn integrity(ledger: &Ledger, depth: Depth) -> Result<Finding, Failure> {
    if depth == Depth::Thorough {
        let checked = check(ledger)?;
        let events = match checked.events {
            1 => "its 1 event".to_owned(),
            events => format!("its {events} events"),
        };
        let says = format!("Every row of the ledger follows from {events}.");
        return Ok(Finding::fine("integrity", says));
    }
    match projection::quick_damage(ledger.connection())? {
        None => Ok(Finding::fine(
            "integrity",
            "The ledger's file is sound; because of --quick its rows were not recomputed.",
        )),
        Some(damage) => {
            let failure = Failure::new(FailureKind::Ledger, format!("The ledger is damaged: {damage}."));
            Err(failure.hint(RESTORE))
        }
    }
}

/// By the rule that changes are held to.
fn clock(ledger: &Ledger, at: Timestamp) -> Result<Finding, Failure> {
    Ok(match clock::before(ledger.connection(), at)? {
        Some(last) => Finding::warning(
            "clock",
            format!("It is {at}, and the last event by the clock was at {last}."),
            "Set the clock. If it is right now, and was wrong then: --clock-changed with the next change.",
        ),
        None => Finding::fine("clock", format!("It is {at}, which agrees with the log.")),
    })
}
