//! Reports as the ledger knows them.

use core::ops::ControlFlow;
use lictor_shared::{Artefact as _, Received, Thumbprint, Timestamp, UsageReport, Uuid, armor};

use super::anomaly::UsageAnomaly;
use crate::error::{Failure, FailureKind};
use crate::ledger::fault::RESTORE;
use crate::ledger::{Ledger, OrFault as _, usage as table};

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

    /// What was odd about it and is not any more: a gap before it that was filled, since the report that it follows was brought.
    ///
    /// # Errors
    /// [`Failure`] if the ledger cannot be read.
    pub fn closed(&self, ledger: &Ledger) -> Result<Option<UsageAnomaly>, Failure> {
        let Some(previous) = &self.previous else { return Ok(None) };
        if !self.anomalies.contains(&UsageAnomaly::Gap) {
            return Ok(None);
        }
        let is_filled = table::is_there(ledger.connection(), self.deployment, (previous, self.sequence))?;
        Ok(is_filled.then_some(UsageAnomaly::Gap))
    }

    /// The token in armor, as the deployment wrote it.
    #[must_use]
    pub fn armored(&self) -> String {
        armor::wrap(UsageReport::LABEL, &self.token)
    }
}

/// Which reports are looked up. What is left open leaves none out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UsageScope {
    /// Those on this license.
    pub license: Option<Uuid>,
    /// Those with this id.
    pub report: Option<Uuid>,
    /// Only those of the deployments behind this one, by license and id.
    pub after: Option<(Uuid, Thumbprint)>,
    /// Those of at most so many deployments; one that reports under two licenses counts twice.
    pub most: Option<u32>,
}

/// Visits the reports that are meant, but for those that were erased with a customer: by license and deployment, in the order
/// in which they were brought, one after the other as they are read, until all are visited or a visit fails.
///
/// # Errors
/// Those of the visit, and [`Failure`] if the ledger cannot be read.
pub fn visit_usage(
    ledger: &Ledger,
    scope: &UsageScope,
    visit: &mut dyn FnMut(UsageRecord) -> Result<(), Failure>,
) -> Result<(), Failure> {
    // One view of everything, whatever others commit meanwhile.
    let view = ledger.connection().unchecked_transaction().or_fault()?;
    let (mut last, mut left) = (None, scope.most.unwrap_or(u32::MAX));
    table::visit(&view, scope, &mut |report| {
        let whose = Some((report.license, report.deployment));
        if whose != last {
            let Some(fewer) = left.checked_sub(1) else { return Ok(ControlFlow::Break(())) };
            (last, left) = (whose, fewer);
        }
        visit(report).map(ControlFlow::Continue)
    })
}

/// Every report that was brought, or those of one license, as [`visit_usage`] visits them.
///
/// # Errors
/// [`Failure`] if the ledger cannot be read.
pub fn usage(ledger: &Ledger, license: Option<Uuid>) -> Result<Vec<UsageRecord>, Failure> {
    let mut reports = Vec::new();
    visit_usage(ledger, &UsageScope { license, ..UsageScope::default() }, &mut |report| {
        reports.push(report);
        Ok(())
    })?;
    Ok(reports)
}
