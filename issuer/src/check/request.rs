//! What was made once against the events that tell of it.

use lictor_shared::hex;
use lictor_shared::json::Value;
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;

use super::{Check, damaged};
use crate::error::Failure;
use crate::event::{Event, EventKind};
use crate::ledger::requests;
use crate::ledger::transaction::REQUEST_ID;

/// What the events say of one request.
#[derive(Default)]
pub(super) struct Told {
    /// The last of them.
    seq: u64,
    /// The tokens that were signed.
    tokens: BTreeSet<String>,
    /// The trust anchors that were exported.
    anchors: BTreeSet<String>,
}

impl Check<'_> {
    pub(super) fn request(&mut self, event: &Event) {
        let Some(id) = event.body.get(REQUEST_ID).and_then(Value::as_str) else { return };
        let told = self.requests.entry(id.to_owned()).or_default();
        told.seq = event.seq;
        let hash = |name: &str| event.body.get(name).and_then(Value::as_str).map(String::from);
        match event.kind {
            EventKind::KeyExported => told.anchors.extend(hash("sha256")),
            // An import answers with numbers alone.
            EventKind::LicenseImported => {}
            _ => told.tokens.extend(hash("tokenSha256")),
        }
    }

    /// Every request has its row, and gives no token that was not signed for it.
    pub(super) fn requests(&mut self) -> Result<(), Failure> {
        let mut told = core::mem::take(&mut self.requests);
        requests::each(self.connection, |id, seq, answer| match told.remove(id) {
            Some(told) if told.seq == seq => told.gave(id, answer),
            Some(Told { seq: last, .. }) => Err(damaged(format!(
                "the row {id:?} of the table request says {seq}, and its last event is {last}"
            ))),
            None => Err(damaged(format!("no event tells of the row {id:?} of the table request"))),
        })?;
        match told.first_key_value() {
            None => Ok(()),
            Some((id, _)) => {
                Err(damaged(format!("the table request has no row {id:?}, of which events tell")))
            }
        }
    }
}

impl Told {
    fn gave(&self, id: &str, answer: &Value) -> Result<(), Failure> {
        let (tokens, anchors) = (hashes(answer, "token"), hashes(answer, "set"));
        // Several renewals are answered with serials, and their tokens read in the ledger.
        let by_serial = answer.as_object().is_some_and(|members| members.contains_key("renewed"));
        let what = if !by_serial && tokens != self.tokens || by_serial && !tokens.is_empty() {
            "the tokens that were signed"
        } else if anchors != self.anchors {
            "the trust anchors that were exported"
        } else {
            return Ok(());
        };
        Err(damaged(format!("the answer to the request {id:?} does not hold {what} for it")))
    }
}

/// The hashes of every text with this name in an answer.
fn hashes(answer: &Value, name: &str) -> BTreeSet<String> {
    match answer {
        Value::Object(members) => {
            let own = members.get(name).and_then(Value::as_str).map(|text| hex(&Sha256::digest(text)));
            own.into_iter().chain(members.values().flat_map(|member| hashes(member, name))).collect()
        }
        Value::Array(items) => items.iter().flat_map(|item| hashes(item, name)).collect(),
        _ => BTreeSet::new(),
    }
}
