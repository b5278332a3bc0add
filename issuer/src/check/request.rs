//! What was made once against the events that tell of it.

use lictor_shared::armor::{self, Block, Label};
use lictor_shared::hex;
use lictor_shared::json::Value;
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;

use super::{Check, damaged};
use crate::error::Failure;
use crate::event::{Event, EventKind};
use crate::ledger::transaction::REQUEST_ID;
use crate::ledger::{answers, licenses, requests};

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
            // So does one of reports, whose tokens are the deployments' own.
            EventKind::UsageReported => {}
            _ => told.tokens.extend(hash("tokenSha256")),
        }
    }

    /// Every request has its row, and gives no token that was not signed for it.
    pub(super) fn requests(&mut self) -> Result<(), Failure> {
        let mut told = core::mem::take(&mut self.requests);
        requests::each(self.connection, |id, seq, answer| match told.remove(id) {
            Some(told) if told.seq == seq && is_of_deployments(answer) => self.pasted(&told, id, answer),
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

/// Whether it answers requests of deployments.
fn is_of_deployments(answer: &Value) -> bool {
    answer.as_object().is_some_and(|members| members.contains_key("answers"))
}

impl Check<'_> {
    /// A deployment gets a paste, in which stand the tokens that were signed for it, and others that were signed before.
    fn pasted(&self, told: &Told, id: &str, answer: &Value) -> Result<(), Failure> {
        let mut pastes = Vec::new();
        texts(answer, "armor", &mut |paste| pastes.extend(armor::read_blocks(paste.as_bytes())));
        let pasted: BTreeSet<String> =
            pastes.iter().map(|block| hex(&Sha256::digest(&block.token))).collect();
        let own = hashes(answer, "token");
        if !own.is_subset(&told.tokens) || !told.tokens.is_subset(&pasted) {
            return Err(holds_not(id, "the tokens that were signed"));
        }
        for block in &pastes {
            let hash: [u8; 32] = Sha256::digest(&block.token).into();
            if !told.tokens.contains(&hex(&hash)) && !self.was_signed(block, &hash)? {
                return Err(holds_not(id, "tokens that were signed"));
            }
        }
        Ok(())
    }

    /// Whether a token in a paste is in the ledger.
    fn was_signed(&self, block: &Block, hash: &[u8; 32]) -> Result<bool, Failure> {
        match block.label.as_str() {
            label if label == Label::License.as_str() => {
                Ok(licenses::by_sha256(self.connection, hash)?.is_some())
            }
            label if label == Label::StatusList.as_str() => {
                let hash = hex(hash);
                Ok(self.seats.editions.values().any(|signed| signed.sha256 == hash))
            }
            _ => answers::is_there(self.connection, &block.token),
        }
    }
}

fn holds_not(id: &str, what: &str) -> Failure {
    damaged(format!("the answer to the request {id:?} does not hold {what} for it"))
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
        Err(holds_not(id, what))
    }
}

/// The hashes of every text with this name in an answer.
fn hashes(answer: &Value, name: &str) -> BTreeSet<String> {
    let mut hashes = BTreeSet::new();
    texts(answer, name, &mut |text| {
        hashes.insert(hex(&Sha256::digest(text)));
    });
    hashes
}

/// Shows every text with this name in an answer.
fn texts(answer: &Value, name: &str, see: &mut impl FnMut(&str)) {
    match answer {
        Value::Object(members) => {
            members.get(name).and_then(Value::as_str).into_iter().for_each(&mut *see);
            members.values().for_each(|member| texts(member, name, see));
        }
        Value::Array(items) => items.iter().for_each(|item| texts(item, name, see)),
        _ => {}
    }
}
