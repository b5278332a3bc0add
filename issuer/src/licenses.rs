//! The licenses that were issued, as the ledger knows them.

use lictor_shared::json::Value;
use lictor_shared::{
    Artefact as _, License, Name, Received, SeatLimit, Seats, Seconds, Status, StatusRef, Text, Thumbprint,
    Timestamp, Uuid, armor,
};

use crate::error::{Failure, FailureKind};
use crate::ledger::fault::RESTORE;
use crate::ledger::{Ledger, licenses};
use crate::revoke::RevocationReason;
use rusqlite::Connection;

/// A license and what became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LicenseRecord {
    /// Its id.
    pub id: Uuid,
    /// The customer's id.
    pub customer_id: Text,
    /// The customer's name.
    pub customer: Text,
    /// What was decided about it.
    pub standing: Standing,
    /// Its revisions, from 1 on.
    pub revisions: Vec<RevisionRecord>,
}

/// What was decided about a license. That it starts and ends is a matter of time: see [`LicenseRecord::state`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Nothing against it.
    Active,
    /// It is suspended until further notice.
    Suspended {
        /// Since when.
        since: Timestamp,
    },
    /// It is revoked for good.
    Revoked {
        /// Since when.
        since: Timestamp,
        /// Why.
        reason: RevocationReason,
    },
}

/// One signed token of a license.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RevisionRecord {
    /// Its serial.
    pub serial: Uuid,
    /// Its number, from 1.
    pub revision: u64,
    /// The key that signed it.
    pub key: Thumbprint,
    /// The products.
    pub products: Vec<Name>,
    /// The plan.
    pub plan: Name,
    /// When it was signed.
    pub issued_at: Timestamp,
    /// From when it holds.
    pub starts_at: Timestamp,
    /// When it expires; `None`: never.
    pub expires_at: Option<Timestamp>,
    /// When its grace ends; `None`: never.
    pub grace_until: Option<Timestamp>,
    /// Its place on the status list.
    pub entry: StatusRef,
    /// What the list says of it, once it is published.
    pub status: Status,
    /// Since when, if that is not [`Status::Valid`].
    pub since: Option<Timestamp>,
    /// How long a deployment goes on after that.
    pub revocation_grace: Seconds,
    pub(crate) list: i64,
}

/// What a license is at an instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum LicenseState {
    /// It starts later.
    Scheduled,
    /// It holds.
    Active,
    /// It has expired; everything goes on working for a while.
    Grace,
    /// It has expired, and its grace is over.
    Ended,
    /// It is suspended.
    Suspended,
    /// It is revoked.
    Revoked,
}

impl LicenseState {
    /// All of them, in the order of a license's life.
    pub const ALL: &[Self] =
        &[Self::Scheduled, Self::Active, Self::Grace, Self::Ended, Self::Suspended, Self::Revoked];

    /// The state with this word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|state| state.as_str() == word)
    }

    /// What it means, in a sentence.
    #[must_use]
    pub const fn meaning(self) -> &'static str {
        match self {
            Self::Scheduled => "It starts later.",
            Self::Active => "It holds.",
            Self::Grace => "It has expired; everything goes on working for a while.",
            Self::Ended => "It has expired, and its grace is over.",
            Self::Suspended => "It is suspended.",
            Self::Revoked => "It is revoked.",
        }
    }

    /// The word for it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Scheduled => "scheduled",
            Self::Active => "active",
            Self::Grace => "grace",
            Self::Ended => "ended",
            Self::Suspended => "suspended",
            Self::Revoked => "revoked",
        }
    }
}

impl LicenseRecord {
    /// What it is at an instant: what was decided about it, else where its revision in force stands.
    #[must_use]
    pub fn state(&self, at: Timestamp) -> LicenseState {
        match self.standing {
            Standing::Revoked { .. } => LicenseState::Revoked,
            Standing::Suspended { .. } => LicenseState::Suspended,
            Standing::Active => self.course(at),
        }
    }

    /// Where its revision in force stands at an instant, whatever was decided about the license.
    #[must_use]
    pub(crate) fn course(&self, at: Timestamp) -> LicenseState {
        match self.in_force(at) {
            None => LicenseState::Scheduled,
            Some(revision) if revision.expires_at.is_none_or(|end| at < end) => LicenseState::Active,
            Some(revision) if revision.is_usable(at) => LicenseState::Grace,
            Some(_) => LicenseState::Ended,
        }
    }

    /// The revision in force at an instant: of those that have started, the one with the highest number.
    #[must_use]
    pub fn in_force(&self, at: Timestamp) -> Option<&RevisionRecord> {
        self.revisions
            .iter()
            .filter(|revision| revision.starts_at <= at)
            .max_by_key(|revision| revision.revision)
    }

    /// The revisions that a deployment can still do something with at or after this instant, and that are not revoked.
    #[must_use]
    pub fn usable(&self, at: Timestamp) -> Vec<&RevisionRecord> {
        let usable =
            |revision: &&RevisionRecord| revision.is_usable(at) && revision.status != Status::Revoked;
        self.revisions.iter().filter(usable).collect()
    }

    /// The latest revision.
    #[must_use]
    pub fn latest(&self) -> Option<&RevisionRecord> {
        self.revisions.iter().max_by_key(|revision| revision.revision)
    }
}

impl RevisionRecord {
    /// Whether a deployment can still do anything with it at or after this instant: its grace has not ended, or it is
    /// without end.
    #[must_use]
    pub fn is_usable(&self, at: Timestamp) -> bool {
        self.grace_until.is_none_or(|end| at < end)
    }
}

/// A license's token and what it says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedLicense {
    /// The token, as it was first handed out.
    pub token: String,
    /// Its claims.
    pub license: License,
}

impl SignedLicense {
    /// The token in armor, as files and mails carry it.
    #[must_use]
    pub fn armored(&self) -> String {
        armor::wrap(License::LABEL, &self.token)
    }
}

/// The token with this serial, byte for byte as it was handed out.
///
/// # Errors
/// [`FailureKind::NotFound`] if there is none.
pub fn signed(ledger: &Ledger, serial: Uuid) -> Result<SignedLicense, Failure> {
    signed_in(ledger.connection(), serial)
}

/// The same in a change under way.
pub(crate) fn signed_in(connection: &Connection, serial: Uuid) -> Result<SignedLicense, Failure> {
    let token = token_in(connection, serial)?;
    Ok(SignedLicense { license: read_signed(serial, &token)?, token })
}

/// The token of this serial as it lies in the ledger, unless it was erased.
pub(crate) fn token_in(connection: &Connection, serial: Uuid) -> Result<String, Failure> {
    let token = licenses::token(connection, serial)?.ok_or_else(|| {
        Failure::new(FailureKind::NotFound, format!("There is no token with the serial {serial}."))
            .hint("lictor license list")
            .with("serial", serial.to_string())
    })?;
    if token.is_empty() { Err(erased(serial)) } else { Ok(token) }
}

/// What the token of this serial says. Nothing in it is verified.
pub(crate) fn read_signed(serial: Uuid, token: &str) -> Result<License, Failure> {
    read_token(token).ok_or_else(|| {
        Failure::new(
            FailureKind::Ledger,
            format!("The ledger is damaged: the token {serial} cannot be read."),
        )
        .hint(RESTORE)
    })
}

fn erased(serial: Uuid) -> Failure {
    let message = format!("The token {serial} was erased with its customer.");
    Failure::new(FailureKind::Conflict, message)
        .hint("lictor license show tells what is left of it; to go on, issue another license.")
        .with("serial", serial.to_string())
}

/// How many seats a revision gives: what the event of it says, which stays also when its token is erased.
///
/// # Errors
/// [`FailureKind::NotFound`] if there is no such revision.
pub fn seats(ledger: &Ledger, serial: Uuid) -> Result<Seats, Failure> {
    seats_in(ledger.connection(), serial)
}

/// The same in a change under way.
pub(crate) fn seats_in(connection: &Connection, serial: Uuid) -> Result<Seats, Failure> {
    let event = licenses::event(connection, serial)?.ok_or_else(|| {
        Failure::new(FailureKind::NotFound, format!("There is no license with the serial {serial}."))
            .hint("lictor license list")
            .with("serial", serial.to_string())
    })?;
    let seats = event.body.get("seats").and_then(Value::as_object);
    let number = |name: &str| seats.and_then(|seats| seats.get(name)).and_then(Value::as_integer);
    let limit = number("limit").map_or(SeatLimit::Unlimited, SeatLimit::AtMost);
    Ok(Seats { limit, overage: number("overage").unwrap_or_default() })
}

/// What a token says. It is to be believed only of one in the ledger, which the validator accepted before it was stored.
pub(crate) fn read_token(token: &str) -> Option<License> {
    let received = Received::<License>::read(token).ok()?;
    License::read(received.untrusted_payload()).ok()
}
