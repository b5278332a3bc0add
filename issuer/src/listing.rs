//! Looking licenses up: which ones, in which order, and how much of each.

use lictor_shared::{Name, Seconds, Text, Timestamp, Uuid};

use crate::error::{Failure, FailureKind};
use crate::ledger::{Ledger, licenses, listing};
use crate::licenses::{LicenseRecord, LicenseState, RevisionRecord, Standing};

/// Which licenses are looked up. What is left open leaves none out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Selection {
    /// Those of the customers with this id or exactly this name.
    pub customer: Option<Text>,
    /// Those of which the latest revision is for this product.
    pub product: Option<Name>,
    /// Those of which the latest revision has this plan.
    pub plan: Option<Name>,
    /// Those in one of these states.
    pub states: Vec<LicenseState>,
    /// Those of which the latest revision expires within this time and has not expired.
    pub expiring: Option<Seconds>,
    /// By what they are ordered.
    pub sorting: Sorting,
    /// Which end of that order comes first.
    pub direction: Direction,
    /// Only those behind this one in that order.
    pub after: Option<Uuid>,
    /// At most so many.
    pub most: Option<u32>,
}

/// By what licenses are ordered. Among equals the id decides.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Sorting {
    /// By their ids, which begin with the time of their making.
    #[default]
    Issued,
    /// By the end of the latest revision; those without end last.
    Expires,
    /// By the customer's name, without regard to capital letters of A to Z.
    Customer,
    /// By state, in the order of [`LicenseState::ALL`].
    State,
}

/// Which end of an order comes first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Direction {
    /// The first, the earliest, the lowest.
    #[default]
    Ascending,
    /// The last.
    Descending,
}

/// What a list says of a license.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Summary {
    /// Its id.
    pub id: Uuid,
    /// The customer's id.
    pub customer_id: Text,
    /// The customer's name.
    pub customer: Text,
    /// What was decided about it.
    pub standing: Standing,
    /// What it is at the instant that was asked for, as [`LicenseRecord::state`].
    pub state: LicenseState,
    /// Its latest revision, which may not have started yet.
    pub latest: RevisionRecord,
}

/// Visits the licenses that are meant, one after the other as they are read, until all are visited or a visit fails.
///
/// # Errors
/// Those of the visit, [`FailureKind::NotFound`] if [`Selection::after`] must be a license and is none, and [`Failure`] if
/// the ledger cannot be read.
pub fn visit_summaries(
    ledger: &Ledger,
    selection: &Selection,
    at: Timestamp,
    visit: &mut dyn FnMut(Summary) -> Result<(), Failure>,
) -> Result<(), Failure> {
    check_place(ledger, selection)?;
    listing::visit(ledger.connection(), selection, at, visit)
}

/// The same with all revisions of each.
///
/// # Errors
/// As [`visit_summaries`].
pub fn visit_licenses(
    ledger: &Ledger,
    selection: &Selection,
    at: Timestamp,
    visit: &mut dyn FnMut(LicenseRecord) -> Result<(), Failure>,
) -> Result<(), Failure> {
    check_place(ledger, selection)?;
    listing::visit_whole(ledger.connection(), selection, at, visit)
}

/// An id is a place in the order of ids whether a license has it or not; in other orders only a license has a place.
fn check_place(ledger: &Ledger, selection: &Selection) -> Result<(), Failure> {
    let Some(after) = selection.after.filter(|_| selection.sorting != Sorting::Issued) else { return Ok(()) };
    match licenses::find(ledger.connection(), after)? {
        Some(license) if license.id == after => Ok(()),
        _ => {
            Err(Failure::new(FailureKind::NotFound, format!("There is no license {after} to go on behind."))
                .hint("Give the id of the last license of the page before.")
                .with("id", after.to_string()))
        }
    }
}
