//! The table `usage_report`: what stands next to a report among those of its deployment. No row is read that is no neighbour, and
//! no token at all.

use lictor_shared::{Thumbprint, Timestamp};
use rusqlite::{Connection, OptionalExtension as _, Params};

use super::fault::OrFault;
use super::value::{At, Int, Word};
use crate::error::Failure;

pub(super) const SELECT_BEFORE: &str =
    "SELECT MAX(sequence) FROM usage_report WHERE deployment = ?1 AND sequence < ?2";
pub(super) const HAS_NUMBER: &str =
    "SELECT EXISTS (SELECT 1 FROM usage_report WHERE deployment = ?1 AND sequence = ?2)";
pub(super) const HAS_BEYOND: &str =
    "SELECT EXISTS (SELECT 1 FROM usage_report WHERE deployment = ?1 AND sequence > ?2)";
pub(super) const SELECT_NAMED: &str =
    "SELECT sequence, to_at FROM usage_report WHERE sha256 = ?2 AND deployment = ?1";
pub(super) const HAS_NEXT: &str =
    "SELECT EXISTS (SELECT 1 FROM usage_report WHERE previous = ?2 AND deployment = ?1 AND sequence = ?3)";
pub(super) const HAS_NEXT_BEFORE: &str =
    "SELECT EXISTS (SELECT 1 FROM usage_report WHERE previous = ?2 AND deployment = ?1 AND from_at < ?3)";
/// Brought in their order, nothing ends behind the beginning of the last one.
pub(super) const HAS_WITHIN: &str =
    "SELECT EXISTS (SELECT 1 FROM usage_report WHERE deployment = ?1 AND to_at > ?2 AND from_at < ?3)";

/// The reports of a deployment, whatever their license.
pub(crate) struct Neighbours<'c> {
    connection: &'c Connection,
    deployment: Thumbprint,
}

/// The report that another one says that it continues.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Named {
    pub(crate) sequence: u64,
    /// The end of its period.
    pub(crate) to: Timestamp,
}

impl<'c> Neighbours<'c> {
    pub(crate) const fn of(connection: &'c Connection, deployment: Thumbprint) -> Self {
        Self { connection, deployment }
    }

    /// The highest number below this one.
    pub(crate) fn last_before(&self, sequence: u64) -> Result<Option<u64>, Failure> {
        let mut statement = self.connection.prepare_cached(SELECT_BEFORE).or_fault()?;
        let highest: Option<Int> =
            statement.query_row((Word(self.deployment), Int(sequence)), |row| row.get(0)).or_fault()?;
        Ok(highest.map(|Int(sequence)| sequence))
    }

    /// Whether one has this number.
    pub(crate) fn has(&self, sequence: u64) -> Result<bool, Failure> {
        self.is(HAS_NUMBER, (Word(self.deployment), Int(sequence)))
    }

    /// Whether one has a higher number.
    pub(crate) fn goes_beyond(&self, sequence: u64) -> Result<bool, Failure> {
        self.is(HAS_BEYOND, (Word(self.deployment), Int(sequence)))
    }

    /// The one with this hash.
    pub(crate) fn find(&self, sha256: &str) -> Result<Option<Named>, Failure> {
        let mut statement = self.connection.prepare_cached(SELECT_NAMED).or_fault()?;
        let found = statement.query_row((Word(self.deployment), sha256), |row| {
            let (Int(sequence), At(to)) = (row.get(0)?, row.get(1)?);
            Ok(Named { sequence, to })
        });
        found.optional().or_fault()
    }

    /// Whether one with this number says that it continues that with this hash.
    pub(crate) fn is_continued(&self, sha256: &str, sequence: u64) -> Result<bool, Failure> {
        self.is(HAS_NEXT, (Word(self.deployment), sha256, Int(sequence)))
    }

    /// The same of one that begins before an instant, whatever its number.
    pub(crate) fn is_continued_before(&self, sha256: &str, at: Timestamp) -> Result<bool, Failure> {
        self.is(HAS_NEXT_BEFORE, (Word(self.deployment), sha256, At(at)))
    }

    /// Whether the period of one has a time in common with this one.
    pub(crate) fn has_within(&self, from: Timestamp, to: Timestamp) -> Result<bool, Failure> {
        self.is(HAS_WITHIN, (Word(self.deployment), At(from), At(to)))
    }

    fn is(&self, statement: &str, of: impl Params) -> Result<bool, Failure> {
        let mut statement = self.connection.prepare_cached(statement).or_fault()?;
        statement.query_row(of, |row| row.get(0)).or_fault()
    }
}
