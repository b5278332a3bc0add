//! All licenses with all revisions and tokens, one license after the other.

use lictor_shared::Uuid;
use rusqlite::{Connection, Row};

use super::elsewhere;
use super::fault::OrFault;
use super::licenses::{license_columns, read_license, read_revision, revision_columns};
use crate::error::Failure;
use crate::export::{ExportedLicense, ExportedRevision};

/// In the order of two indices, so that nothing is sorted.
pub(super) const SELECT_ALL: &str = concat!(
    "SELECT ",
    license_columns!(),
    ", ",
    revision_columns!(),
    ", revision.token FROM license CROSS JOIN customer ON customer.id = license.customer_id \
     CROSS JOIN revision ON revision.license_id = license.id \
     CROSS JOIN status_entry ON status_entry.list = revision.list AND status_entry.idx = revision.idx \
     CROSS JOIN status_list ON status_list.id = revision.list ORDER BY license.id, revision.revision"
);

/// The number of the first column of the revision.
const REVISION: usize = 6;

/// The number of the column of the token.
const TOKEN: usize = REVISION + 15;

pub(crate) fn visit(
    connection: &Connection,
    visit: &mut dyn FnMut(&ExportedLicense) -> Result<(), Failure>,
) -> Result<(), Failure> {
    // One state of the ledger, whatever others commit meanwhile.
    let view = connection.unchecked_transaction().or_fault()?;
    let mut statement = view.prepare(SELECT_ALL).or_fault()?;
    let mut rows = statement.query(()).or_fault()?;
    let mut gathered: Option<ExportedLicense> = None;
    while let Some(row) = rows.next().or_fault()? {
        let (license, revision) = read(row).or_fault()?;
        match &mut gathered {
            Some(same) if id(same) == id(&license) => same.revisions.push(revision),
            _ => {
                if let Some(whole) = &gathered {
                    visit(whole)?;
                }
                let license =
                    ExportedLicense { activations: elsewhere::of_license(&view, *id(&license))?, ..license };
                gathered = Some(ExportedLicense { revisions: vec![revision], ..license });
            }
        }
    }
    gathered.iter().try_for_each(visit)
}

const fn id(license: &ExportedLicense) -> &Uuid {
    &license.license.id
}

fn read(row: &Row<'_>) -> rusqlite::Result<(ExportedLicense, ExportedRevision)> {
    let license =
        ExportedLicense { license: read_license(row)?, revisions: Vec::new(), activations: Vec::new() };
    Ok((license, ExportedRevision { revision: read_revision(row, REVISION)?, token: row.get(TOKEN)? }))
}
