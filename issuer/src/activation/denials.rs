//! The requests of a license that were denied, as the log tells of them.

use lictor_shared::{Thumbprint, Timestamp, Uuid};

use crate::error::Failure;
use crate::event::Event;
use crate::ledger::Ledger;
use crate::ledger::events::{self, Texts, differs};

/// What was denied under one license.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Denials {
    /// How often in all.
    pub count: u64,
    /// The latest of them, the last one first.
    pub latest: Vec<DeniedRequest>,
}

/// A request that was denied.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeniedRequest {
    /// When.
    pub at: Timestamp,
    /// Who asked.
    pub deployment: Thumbprint,
    /// What people call it, by that request; `None` if it was erased.
    pub label: Option<String>,
    /// Why, by the register of denials.
    pub reason: String,
    /// The number of its event.
    pub event: u64,
}

/// What was denied under a license, of which `most` one by one.
///
/// # Errors
/// [`Failure`] if the ledger cannot be read.
pub fn denials(ledger: &Ledger, license: Uuid, most: u32) -> Result<Denials, Failure> {
    let (count, found) = events::denials(ledger.connection(), license, most)?;
    let latest = found.iter().map(|event| denied(ledger, event)).collect::<Result<_, _>>()?;
    Ok(Denials { count, latest })
}

fn denied(ledger: &Ledger, event: &Event) -> Result<DeniedRequest, Failure> {
    let text = |name: &str| event.body.get(name).and_then(|value| value.as_str());
    let lacks = |name: &str| differs(event.seq, format!("it has no proper {name}"));
    let deployment = text("deployment").and_then(|id| Thumbprint::new(id).ok());
    let label = Texts::new(ledger.connection()).of_one(event.seq)?.remove("label");
    Ok(DeniedRequest {
        at: event.at,
        deployment: deployment.ok_or_else(|| lacks("deployment"))?,
        label: label.map(|label| label.text().to_owned()),
        reason: text("reason").ok_or_else(|| lacks("reason"))?.to_owned(),
        event: event.seq,
    })
}
