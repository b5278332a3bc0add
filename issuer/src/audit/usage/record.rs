//! Reports as the ledger knows them.

use lictor_shared::{Artefact as _, Received, Thumbprint, Timestamp, UsageReport, Uuid, armor};

use super::anomaly::UsageAnomaly;
use crate::error::{Failure, FailureKind};
use crate::ledger::fault::RESTORE;
use crate::ledger::{Ledger, usage as table};

/// One report that was brought.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UsageRecord {
    /// SHA-256 of its token, in hex.
    pub sha256: String,
    /// The event with which it was recorded.
    pub seq: u64,
    /// The license.
    pub license: Uuid,
    /// The deployment.
    pub deployment: Thumbprint,
    /// The report's own id.
    pub report: Uuid,
    /// Its number among the deployment's reports, from 1.
    pub sequence: u64,
    /// The hash of the one before it, as it says.
    pub previous: Option<String>,
    /// Beginning of its period.
    pub from: Timestamp,
    /// End of its period.
    pub to: Timestamp,
    /// What was odd about it when it was brought.
    pub anomalies: Vec<UsageAnomaly>,
    /// Its token, as it was brought; empty if it was erased with the customer.
    pub token: String,
}

impl UsageRecord {
    /// What it says.
    ///
    /// # Errors
    /// [`FailureKind::Ledger`] if it is not as it was when it was recorded.
    pub fn claims(&self) -> Result<UsageReport, Failure> {
        let received = Received::<UsageReport>::read(&self.token).ok();
        let claims = received.and_then(|received| UsageReport::read(received.untrusted_payload()).ok());
        claims.ok_or_else(|| {
            let message = format!("The ledger is damaged: the report {} cannot be read.", self.report);
            Failure::new(FailureKind::Ledger, message).hint(RESTORE)
        })
    }

    /// The token in armor, as the deployment wrote it.
    #[must_use]
    pub fn armored(&self) -> String {
        armor::wrap(UsageReport::LABEL, &self.token)
    }
}

/// Every report that was brought, or those of one license, but for those that were erased with a customer: by license and deployment, in the order in which they were brought.
///
/// # Errors
/// [`Failure`] if the ledger cannot be read.
pub fn usage(ledger: &Ledger, license: Option<Uuid>) -> Result<Vec<UsageRecord>, Failure> {
    let mut reports = table::all(ledger.connection(), license)?;
    reports.retain(|report| !report.token.is_empty());
    Ok(reports)
}
