//! Licenses by what they are: filtered, ordered and read one by one.

#[cfg(test)]
mod tests;

use lictor_shared::{Name, Text, Timestamp};
use rusqlite::types::FromSqlError;
use rusqlite::{Connection, Row};

use super::fault::OrFault;
use super::licenses::{
    SELECT_REVISIONS, license_columns, read_license, read_revision, revision_columns, revisions,
};
use super::narrowed::Narrowed;
use super::value::{At, Texts, Word};
use crate::error::Failure;
use crate::licenses::{LicenseRecord, LicenseState};
use crate::listing::{Direction, Selection, Sorting, Summary};

/// Each license with its latest revision, the revision in force if there is one, and the entry of the latest. `CROSS` keeps the
/// order of the joins, so that no table is gone through but the licenses.
const FROM: &str = " FROM license CROSS JOIN customer ON customer.id = license.customer_id \
    CROSS JOIN revision ON revision.license_id = license.id AND revision.revision = \
    (SELECT MAX(any.revision) FROM revision AS any WHERE any.license_id = license.id) \
    LEFT JOIN revision AS force ON force.license_id = license.id AND force.revision = \
    (SELECT MAX(any.revision) FROM revision AS any WHERE any.license_id = license.id AND any.nbf <= :at) \
    CROSS JOIN status_entry ON status_entry.list = revision.list AND status_entry.idx = revision.idx \
    CROSS JOIN status_list ON status_list.id = revision.list";

/// [`LicenseRecord::state`], word by word.
const STATE: &str = "CASE WHEN license.state <> 'active' THEN license.state \
    WHEN force.serial IS NULL THEN 'scheduled' \
    WHEN force.exp IS NULL OR :at < force.exp THEN 'active' \
    WHEN force.grace_until IS NULL OR :at < force.grace_until THEN 'grace' ELSE 'ended' END";

/// The number of the first column of the revision, behind the license and its state.
const REVISION: usize = 7;

/// The ids of the customers that are meant.
pub(super) const CUSTOMERS: &str = "SELECT customer.id FROM customer WHERE customer.id = :customer \
    UNION ALL SELECT customer.id FROM customer WHERE customer.name = :customer";
const OF_PRODUCT: &str = "EXISTS (SELECT 1 FROM json_each(revision.products) WHERE value = :product)";
const OF_PLAN: &str = "revision.plan = :plan";
const EXPIRING: &str = "revision.exp > :at AND revision.exp <= :end";

/// What is compared before the ids are.
fn key(sorting: Sorting) -> Option<String> {
    match sorting {
        Sorting::Issued => None,
        // Without end is behind the last instant that there is.
        Sorting::Expires => Some("COALESCE(revision.exp, 253402300800)".into()),
        Sorting::Customer => Some("customer.name COLLATE NOCASE".into()),
        // The place of the word in the order of `LicenseState::ALL`.
        Sorting::State => Some(format!("instr('scheduled active grace ended suspended revoked', {STATE})")),
    }
}

/// The statement that finds a selection at an instant, and what its parameters are.
pub(super) fn statement(selection: &Selection, at: Timestamp) -> (String, Narrowed<'_>) {
    let words = Texts(selection.states.iter().map(|state| state.as_str()).collect());
    let end = selection.expiring.map(|within| At(at.plus(within).unwrap_or(Timestamp::MAX)));
    let narrowed = Narrowed::default()
        .with(":at", At(at))
        .with(":most", selection.most.map_or(-1, i64::from))
        .by(
            format!("license.customer_id IN ({CUSTOMERS})"),
            ":customer",
            selection.customer.as_ref().map(Text::as_str),
        )
        .by(OF_PRODUCT, ":product", selection.product.as_ref().map(Name::as_str))
        .by(OF_PLAN, ":plan", selection.plan.as_ref().map(Name::as_str))
        .by(
            format!("{STATE} IN (SELECT value FROM json_each(:states))"),
            ":states",
            (!selection.states.is_empty()).then_some(words),
        )
        .by(EXPIRING, ":end", end)
        .by(behind(selection), ":after", selection.after.map(Word));
    let text = format!(
        "SELECT {license}, {STATE}, {revision}{FROM} WHERE {conditions} ORDER BY {order} LIMIT :most",
        license = license_columns!(),
        revision = revision_columns!(),
        conditions = narrowed.conditions(),
        order = order(selection),
    );
    (text, narrowed)
}

/// Only what comes after the license `:after`.
fn behind(selection: &Selection) -> String {
    let sign = match selection.direction {
        Direction::Ascending => '>',
        Direction::Descending => '<',
    };
    match key(selection.sorting) {
        None => format!("license.id {sign} :after"),
        Some(key) => {
            format!("({key}, license.id) {sign} (SELECT {key}, license.id{FROM} WHERE license.id = :after)")
        }
    }
}

fn order(selection: &Selection) -> String {
    let direction = match selection.direction {
        Direction::Ascending => "ASC",
        Direction::Descending => "DESC",
    };
    let key = key(selection.sorting).map(|key| format!("{key} {direction}, ")).unwrap_or_default();
    format!("{key}license.id {direction}")
}

/// Reads what was selected, row by row.
fn each(
    connection: &Connection,
    selection: &Selection,
    at: Timestamp,
    visit: &mut dyn FnMut(&Row<'_>) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let (text, narrowed) = statement(selection, at);
    narrowed.each(connection, &text, visit)
}

pub(crate) fn visit(
    connection: &Connection,
    selection: &Selection,
    at: Timestamp,
    visit: &mut dyn FnMut(Summary) -> Result<(), Failure>,
) -> Result<(), Failure> {
    each(connection, selection, at, &mut |row| visit(read_summary(row).or_fault()?))
}

pub(crate) fn visit_whole(
    connection: &Connection,
    selection: &Selection,
    at: Timestamp,
    visit: &mut dyn FnMut(LicenseRecord) -> Result<(), Failure>,
) -> Result<(), Failure> {
    // As long as the rows are being read, this reads the same state of the ledger as they do.
    let mut statement = connection.prepare(SELECT_REVISIONS).or_fault()?;
    each(connection, selection, at, &mut |row| {
        let mut license = read_license(row).or_fault()?;
        license.revisions = revisions(&mut statement, license.id)?;
        visit(license)
    })
}

fn read_summary(row: &Row<'_>) -> rusqlite::Result<Summary> {
    let license = read_license(row)?;
    let LicenseRecord { id, customer_id, customer, standing, .. } = license;
    let word: String = row.get(REVISION - 1)?;
    let state = LicenseState::from_word(&word).ok_or_else(|| {
        let error = FromSqlError::Other(format!("{word:?} is no state").into());
        rusqlite::Error::FromSqlConversionFailure(REVISION - 1, rusqlite::types::Type::Text, Box::new(error))
    })?;
    Ok(Summary { id, customer_id, customer, standing, state, latest: read_revision(row, REVISION)? })
}
