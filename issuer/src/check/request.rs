//! What was made once against the events that tell of it.

use lictor_shared::hex;
use lictor_shared::json::Value;
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;

use super::{Check, damaged};
use crate::error::Failure;
use crate::event::Event;
use crate::ledger::requests;
use crate::ledger::transaction::REQUEST_ID;

/// What the events say of one request.
#[derive(Default)]
pub(super) struct Told {
    /// The last of them.
    seq: u64,
    /// The tokens that were signed.
    tokens: BTreeSet<String>,
}

impl Check<'_> {
    pub(super) fn request(&mut self, event: &Event) {
        let Some(id) = event.body.get(REQUEST_ID).and_then(Value::as_str) else { return };
        let told = self.requests.entry(id.to_owned()).or_default();
        told.seq = event.seq;
        told.tokens.extend(event.body.get("tokenSha256").and_then(Value::as_str).map(Into::into));
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
        match tokens(answer).iter().all(|token| self.tokens.contains(token)) {
            true => Ok(()),
            false => Err(damaged(format!(
                "the answer to the request {id:?} has a token that was not signed for it"
            ))),
        }
    }
}

/// The hashes of the tokens in an answer.
fn tokens(answer: &Value) -> Vec<String> {
    match answer {
        Value::Object(members) => {
            let own = members.get("token").and_then(Value::as_str).map(|token| hex(&Sha256::digest(token)));
            own.into_iter().chain(members.values().flat_map(tokens)).collect()
        }
        Value::Array(items) => items.iter().flat_map(tokens).collect(),
        _ => Vec::new(),
    }
}
