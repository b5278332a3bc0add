//! Many changes of one kind, asked for by the rows of a file.
//!
//! The file is read twice. First every row is decided in one change that is given up again, so that the code which decides is
//! the one that will make it, and rows are held against each other; nothing is signed before all of them can be. Then the
//! rows are made in batches, each durable before anything of it is handed out. Every row bears a request id: what was made
//! is found by it, so a run that was cut short is gone on with by repeating it, and no row is ever made twice.

mod check;
mod issue;
mod make;
mod renew;
mod revoke;
mod wrong;

use lictor_shared::json::{Members, Value};
use lictor_shared::{Text, Thumbprint};
use rusqlite::Connection;
use sha2::{Digest as _, Sha256};
use std::collections::BTreeSet;

pub use self::issue::{check_orders, issue_orders};
pub use self::renew::{check_renewals, renew_rows};
pub use self::revoke::{check_revocations, revoke_rows};
pub use self::wrong::Wrong;

use crate::error::Failure;
use crate::find::find_in;
use crate::ledger::claimed;
use crate::ledger::transaction::{Recorded, Transaction};
use crate::licenses::LicenseRecord;
use crate::occasion::{Occasion, Request};

/// Rows that are made in one durable step, of those that take the most.
///
/// A step costs a few writes that must reach the disk, however many rows it has; and as long as it takes, others wait for the
/// ledger: less than half a second.
pub const BATCH: usize = 1024;

/// What a row asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row<T> {
    /// The line of the file that it begins in, from 1.
    pub line: u64,
    /// What makes sure that it is made once.
    pub request: Request,
    /// What is asked for.
    pub asked: T,
}

/// A change of a license that stands in the ledger.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OfLicense<T> {
    /// The id or a serial, or 8 characters or more of either.
    pub license: String,
    /// What becomes of it.
    pub change: T,
}

/// A row, or what is known of one that does not say what it should.
pub type Read<T> = Result<Row<T>, Unread>;

/// A row that does not say what it should.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unread {
    /// The line of the file that it begins in, from 1.
    pub line: u64,
    /// The id of its request, if that can be read: no other row may have it.
    pub request: Option<Text>,
    /// Everything that is wrong with it.
    pub wrong: Vec<Wrong>,
}

/// The rows of a file, which is read twice.
pub trait Rows<T> {
    /// What the file is called in messages.
    fn name(&self) -> &str;

    /// Begins anew with the first row.
    ///
    /// # Errors
    /// [`FailureKind::CannotRead`](crate::FailureKind::CannotRead) if it cannot be.
    fn rewind(&mut self) -> Result<(), Failure>;

    /// The next row, or what is wrong with it; `None`: there are no more.
    ///
    /// # Errors
    /// [`FailureKind::CannotRead`](crate::FailureKind::CannotRead) if the file cannot be read.
    fn next(&mut self) -> Result<Option<Read<T>>, Failure>;
}

/// What came of a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Made {
    /// The line of the file.
    pub line: u64,
    /// The id of its request.
    pub request: Text,
    /// When it was made.
    pub when: When,
    /// What it came to, without the token.
    pub answer: Value,
    /// The token that was signed, if one was.
    pub token: Option<String>,
}

/// What somebody must hear of a row before it is made.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Foreseen {
    /// What is unusual in what it asks for.
    pub warnings: Vec<String>,
    /// Whether its license is suspended, and stays so.
    pub is_suspended: bool,
}

/// When a row was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// By this run.
    Now,
    /// By an earlier one.
    Before,
}

/// Who hands out what came of the rows.
pub trait Taker {
    /// Refuses a row of which what comes could not be handed out, before anything is made. What was made before is given.
    ///
    /// # Errors
    /// [`Failure`] with what stands against it.
    fn expect(&mut self, request: &Text, made: Option<&Made>) -> Result<(), Failure>;

    /// Hears of a row that it can be made.
    fn foresee(&mut self, _line: u64, _foreseen: &Foreseen) {}

    /// Hands out what came of a batch. All of it is in the ledger, whatever becomes of it here.
    ///
    /// # Errors
    /// [`Failure`] if it cannot be.
    fn take(&mut self, made: Vec<Made>) -> Result<(), Failure>;
}

/// What the first reading found: every row can be made.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Checked {
    /// Rows that are to be made.
    pub fresh: u64,
    /// Rows that were made before.
    pub before: u64,
    /// The keys that sign them.
    pub keys: BTreeSet<Thumbprint>,
    /// What each batch of the file said.
    batches: Vec<[u8; 32]>,
}

impl Checked {
    /// All rows.
    #[must_use]
    pub const fn rows(&self) -> u64 {
        self.fresh.saturating_add(self.before)
    }
}

/// What a run came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Rows that it made.
    pub now: u64,
    /// Rows that were made before.
    pub before: u64,
}

/// A kind of change of which many can be asked for by a file.
pub(crate) trait Change<T> {
    /// How that is called which it makes, as "license": one and several.
    const NOUN: [&'static str; 2];

    /// Rows that are made in one durable step.
    const BATCH: usize = BATCH;

    /// Decides rows in a change that is given up again, and puts there what decides on later rows; gives what each comes to, or
    /// what stands against it.
    fn decide(
        &mut self,
        transaction: &Transaction<'_>,
        rows: &[Row<T>],
    ) -> Result<Vec<Result<Foreseen, Failure>>, Failure>;

    /// The keys that are needed for what was decided on.
    fn keys(&self) -> BTreeSet<Thumbprint>;

    /// Refuses so many rows as there is no room for.
    fn has_room(&self, connection: &Connection, rows: u64) -> Result<(), Failure>;

    /// Makes rows in a change under way, in their order: records each under its request, and remembers its answer. `None`:
    /// there were none.
    fn make(
        &mut self,
        transaction: &Transaction<'_>,
        rows: Vec<Row<T>>,
    ) -> Result<(Vec<Made>, Option<Recorded>), Failure>;
}

/// What time it is, asked for anew for each batch.
pub type Clock<'a> = &'a mut dyn FnMut() -> Result<Occasion, Failure>;

/// The license that a row names, which no other row may name that is yet to be carried out: what the second one asks for would
/// depend on what the first one did.
fn claimed_license<T>(connection: &Connection, row: &Row<OfLicense<T>>) -> Result<LicenseRecord, Failure> {
    let license = found_license(connection, &row.asked.license)?;
    claimed::claim_license(connection, &license.id.to_string(), row.line)?;
    Ok(license)
}

fn found_license(connection: &Connection, id: &str) -> Result<LicenseRecord, Failure> {
    // Of what is known of it, that it is about the license tells its column.
    find_in(connection, id)
        .map_err(|failure| Failure { details: Members::new(), ..failure }.with("license", id))
}

/// What a batch asks for, so that a file which is changed between the readings is noticed.
fn digest<'r, T: 'r>(rows: impl Iterator<Item = &'r Row<T>>) -> [u8; 32] {
    let mut hash = Sha256::new();
    for row in rows {
        hash.update(row.request.id.as_str());
        hash.update([0]);
        hash.update(row.request.arguments);
    }
    hash.finalize().into()
}
