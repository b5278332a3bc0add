//! Licenses on their way to another ledger of the same issuer: FORMAT.md, section 12.

use lictor_shared::json::Value;
use lictor_shared::{Timestamp, Uuid};

use crate::error::Failure;
use crate::ledger::carried::Entry;
use crate::ledger::entries::word;
use crate::ledger::{self, Ledger};
use crate::licenses::{LicenseRecord, RevisionRecord, Standing};

/// A license with all that another ledger needs of it.
pub(crate) struct ExportedLicense {
    /// What was decided, and about whose license; its revisions stand beside it.
    pub(crate) license: LicenseRecord,
    pub(crate) revisions: Vec<ExportedRevision>,
    /// The entries of its activations, in the order of lists and indices.
    pub(crate) activations: Vec<Entry>,
}

/// A revision and its token.
pub(crate) struct ExportedRevision {
    pub(crate) revision: RevisionRecord,
    pub(crate) token: String,
}

/// Visits the lines of an export of all licenses, each with the id of its license and ended by a line feed, until all are
/// visited or a visit fails. All of them are of one state of the ledger, whatever others do meanwhile.
///
/// # Errors
/// Those of the visit, and [`Failure`] if the ledger cannot be read.
pub fn visit_export(
    ledger: &Ledger,
    visit: &mut dyn FnMut(Uuid, &str) -> Result<(), Failure>,
) -> Result<(), Failure> {
    ledger::export::visit(ledger.connection(), &mut |license| {
        // Of a customer who was erased there is nothing that another ledger would take.
        if license.revisions.iter().all(|revision| revision.token.is_empty()) {
            return Ok(());
        }
        visit(license.license.id, &format!("{}\n", license.to_value()))
    })
}

impl ExportedLicense {
    fn to_value(&self) -> Value {
        let license = &self.license;
        let (state, since, reason) = match license.standing {
            Standing::Active => ("active", None, None),
            Standing::Suspended { since } => ("suspended", Some(since), None),
            Standing::Revoked { since, reason } => ("revoked", Some(since), Some(reason.as_str())),
        };
        Value::object([
            ("version", 1_u64.into()),
            ("id", license.id.to_string().into()),
            ("customerId", license.customer_id.as_str().into()),
            ("customer", license.customer.as_str().into()),
            ("state", state.into()),
            ("since", instant(since)),
            ("reason", reason.into()),
            ("revisions", self.revisions.iter().map(ExportedRevision::to_value).collect::<Vec<_>>().into()),
            ("activations", self.activations.iter().map(activation).collect::<Vec<_>>().into()),
        ])
    }
}

impl ExportedRevision {
    fn to_value(&self) -> Value {
        let revision = &self.revision;
        Value::object([
            ("revision", revision.revision.into()),
            ("serial", revision.serial.to_string().into()),
            ("kid", revision.key.to_string().into()),
            ("token", self.token.as_str().into()),
            ("statusUri", revision.entry.uri.as_str().into()),
            ("statusIndex", revision.entry.index.into()),
            ("status", word(revision.status).into()),
            ("since", instant(revision.since)),
            ("revocationGrace", revision.revocation_grace.get().into()),
        ])
    }
}

fn instant(at: Option<Timestamp>) -> Value {
    at.map(|at| at.to_string()).into()
}

fn activation(entry: &Entry) -> Value {
    Value::object([
        ("statusUri", entry.uri.as_str().into()),
        ("statusIndex", entry.index.into()),
        ("status", word(entry.status).into()),
        ("since", instant(entry.since)),
        ("revocationGrace", entry.grace.get().into()),
    ])
}
