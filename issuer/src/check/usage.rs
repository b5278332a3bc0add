//! The events of reports against their rows, and against the tokens that are kept of them.

use lictor_shared::json::Value;
use sha2::{Digest, Sha256};

use super::{Check, Facts};
use crate::audit::{SignedReport, facts};
use crate::error::Failure;
use crate::event::Event;
use crate::ledger::events::differs;
use crate::ledger::projection::Table;
use crate::ledger::usage;

impl Check<'_> {
    /// The token is the one that was brought, its deployment has signed it, and event and row say what it says.
    pub(super) fn usage_reported(&mut self, event: &Event) -> Result<(), Failure> {
        let told = Facts(event);
        let sha256 = told.text("tokenSha256")?;
        let row = usage::find(self.connection, sha256)?.filter(|row| row.seq == event.seq);
        let row = row.ok_or_else(|| differs(event.seq, format!("the report {sha256} is missing")))?;
        told.says("tokenSha256", lictor_shared::hex(&Sha256::digest(&row.token)))?;
        let signed = SignedReport::read(&row.token).map_err(|failure| {
            differs(event.seq, format!("its report cannot be read: {}", failure.message))
        })?;
        for (name, value) in facts(signed.claims()) {
            told.says(&name, value)?;
        }
        told.says("license", row.license.to_string())?;
        told.says("deployment", row.deployment.to_string())?;
        told.says("report", row.report.to_string())?;
        told.says("sequence", row.sequence)?;
        told.says("previous", row.previous)?;
        told.says("from", row.from.seconds())?;
        told.says("to", row.to.seconds())?;
        let words = row.anomalies.iter().map(|word| word.as_str().into()).collect::<Vec<Value>>();
        told.says("anomalies", words)?;
        self.counts(Table::UsageReport);
        Ok(())
    }
}
