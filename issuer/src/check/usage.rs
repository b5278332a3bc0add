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

fn is_as_signed(told: &Facts<'_>, token: &str) -> Result<(), Failure> {
    told.says("tokenSha256", lictor_shared::hex(&Sha256::digest(token)))?;
    let signed = SignedReport::read(token)
        .map_err(|failure| differs(told.0.seq, format!("its report cannot be read: {}", failure.message)))?;
    facts(signed.claims()).into_iter().try_for_each(|(name, value)| told.says(&name, value))
}

impl Check<'_> {
    /// The token is the one that was brought, its deployment has signed it, and event and row say what it says.
    pub(super) fn usage_reported(&mut self, event: &Event) -> Result<(), Failure> {
        let told = Facts(event);
        let sha256 = told.text("tokenSha256")?;
        let row = usage::find(self.connection, sha256)?.filter(|row| row.seq == event.seq);
        let row = row.ok_or_else(|| differs(event.seq, format!("the report {sha256} is missing")))?;
        match (self.erased.since(&event.body, event.seq), row.token.is_empty()) {
            (Some(_), true) => {}
            (Some(_), false) => return Err(differs(event.seq, "its report was erased, and is there")),
            (None, _) => is_as_signed(&told, &row.token)?,
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
