//! The ledger that makes way.

use std::path::{Path, PathBuf};

use super::past::Past;
use super::place::Log;
use super::{Present, is_there};
use crate::check::check;
use crate::error::{Failure, FailureKind, shell};
use crate::home::Home;
use crate::ledger::{Ledger, fault};

/// How much of what happened since the backup the replaced ledger told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Memory {
    /// It was whole: every entry and every decision was carried over.
    Whole,
    /// It was damaged: what could be read was carried over.
    Damaged,
    /// It was missing or could not be read: nothing was carried over.
    None,
}

impl Memory {
    /// The word for it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Whole => "whole",
            Self::Damaged => "damaged",
            Self::None => "none",
        }
    }
}

/// What is in the place of the ledger. One that can be opened is [held](Ledger::hold).
pub(super) enum Replaced {
    Whole(Ledger),
    Damaged(Ledger),
    /// Missing, or so damaged that it cannot even be locked; then no other process of ours writes in it either.
    Lost,
}

impl Replaced {
    pub(super) fn hold(home: &Home, path: &Path, present: Present) -> Result<Self, Failure> {
        let found = home.ledger();
        if present == Present::Keep && is_there(path) {
            return Err(kept(path, found.and_then(|ledger| check(&ledger).map(drop))));
        }
        match found {
            Ok(ledger) => Self::held(ledger),
            Err(failure) if is_damage(&failure) => Ok(Self::Lost),
            Err(failure) => Err(failure),
        }
    }

    fn held(ledger: Ledger) -> Result<Self, Failure> {
        match ledger.hold() {
            Err(failure) if !is_damage(&failure) => return Err(failure),
            // What cannot be locked may still be read.
            Ok(()) | Err(_) => {}
        }
        match check(&ledger) {
            Ok(_) => Ok(Self::Whole(ledger)),
            Err(failure) if is_damage(&failure) => Ok(Self::Damaged(ledger)),
            Err(failure) => Err(failure),
        }
    }

    pub(super) fn memory(&self) -> Memory {
        match self {
            Self::Whole(_) => Memory::Whole,
            Self::Damaged(_) => Memory::Damaged,
            Self::Lost => Memory::None,
        }
    }

    pub(super) fn past(&self) -> Result<Past, Failure> {
        match self {
            Self::Whole(ledger) => Past::of(ledger),
            Self::Damaged(ledger) => Ok(Past::of_ruins(ledger)),
            Self::Lost => Ok(Past::default()),
        }
    }

    /// Whether the backup is one of this issuer's ledger, and of the one that makes way.
    pub(super) fn is_of(&self, home: &Home, backup: &Ledger, copy: &Path) -> Result<(), Failure> {
        let (ours, theirs) = (&home.config().issuer, backup.issuer());
        if ours != theirs {
            let message = format!(
                "{} is a backup of the issuer {theirs}, and this is the home of {ours}.",
                copy.display()
            );
            return Err(Failure::new(FailureKind::Conflict, message)
                .hint("Name a backup of this issuer's ledger, or the other issuer's home with --home."));
        }
        let (Self::Whole(ledger) | Self::Damaged(ledger)) = self else { return Ok(()) };
        if ledger.id() == backup.id() {
            return Ok(());
        }
        let message = format!(
            "{} is a backup of the ledger {}, and the one that is there is {}.",
            copy.display(),
            backup.id(),
            ledger.id()
        );
        let away = shell(&ledger.path().display().to_string());
        Err(Failure::new(FailureKind::Conflict, message)
            .hint(format!(
                "Name a backup of that ledger. If this one is meant all the same, move {away} away and repeat the command."
            ))
            .with("backup", backup.id().to_string())
            .with("ledger", ledger.id().to_string()))
    }

    /// Before another ledger takes its name: what is done with a log that lies beside it. It stays locked.
    pub(super) fn makes_way(&self) -> Result<Log, Failure> {
        match self {
            Self::Whole(ledger) | Self::Damaged(ledger) => ledger.gives_up_its_name().map(|()| Log::Spent),
            Self::Lost => Ok(Log::Unread),
        }
    }
}

fn is_damage(failure: &Failure) -> bool {
    failure.kind == FailureKind::Ledger && !fault::is_held(failure)
}

fn kept(path: &Path, state: Result<(), Failure>) -> Failure {
    let shown = PathBuf::from(path).display().to_string();
    let replace = "To replace it all the same: --replace";
    match state {
        Ok(()) => {
            Failure::new(FailureKind::Conflict, format!("The ledger {shown} is whole; it was left as it is."))
                .hint(format!("Licenses issued since the backup would be forgotten. {replace}"))
        }
        Err(failure) if is_damage(&failure) => {
            let message = format!("There is a ledger {shown}; it was left as it is. {}", failure.message);
            Failure::new(FailureKind::Conflict, message).hint("To replace it, and keep it aside: --replace")
        }
        Err(failure) => failure,
    }
}
