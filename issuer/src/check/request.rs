//! What was made once against the events that tell of it.

use lictor_shared::armor::{self, Block, Label};
use lictor_shared::hex;
use lictor_shared::json::Value;
use rusqlite::Connection;
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet};

use super::{Check, damaged};
use crate::error::Failure;
use crate::event::{Commitment, Event, EventKind};
use crate::ledger::by_event::ByEvent;
use crate::ledger::requests::{ANSWER, Remembered};
use crate::ledger::transaction::REQUEST_ID;
use crate::ledger::{answers, licenses, requests};

/// What the events say of requests.
pub(super) struct Requests<'l> {
    /// Those of which the row was not found to follow from them, by id.
    told: BTreeMap<String, Told>,
    rows: ByEvent<'l, Remembered>,
    /// The numbers of the events with which rows were found to follow from them.
    settled: Vec<u64>,
}

impl<'l> Requests<'l> {
    pub(super) const fn new(connection: &'l Connection) -> Self {
        Self { told: BTreeMap::new(), rows: requests::by_event(connection), settled: Vec::new() }
    }
}

/// What the events say of one request.
#[derive(Default)]
struct Told {
    /// The last of them.
    seq: u64,
    /// What the event by which it was answered commits to.
    answer: Option<Value>,
    /// The tokens that were signed.
    tokens: BTreeSet<String>,
    /// The trust anchors that were exported.
    anchors: BTreeSet<String>,
    /// The checkpoints that were signed.
    checkpoints: BTreeSet<String>,
}

impl Check<'_> {
    pub(super) fn request(&mut self, event: &Event) {
        let Some(id) = event.body.get(REQUEST_ID).and_then(Value::as_str) else { return };
        let told = self.requests.told.entry(id.to_owned()).or_default();
        told.seq = event.seq;
        let hash = |name: &str| event.body.get(name).and_then(Value::as_str).map(String::from);
        match event.kind {
            EventKind::RequestAnswered => told.answer = event.body.get(ANSWER).cloned(),
            EventKind::KeyExported => told.anchors.extend(hash("sha256")),
            // An import answers with numbers alone.
            EventKind::LicenseImported => {}
            // So does one of reports, whose tokens are the deployments' own.
            EventKind::UsageReported => {}
            _ => told.tokens.extend(hash("tokenSha256")),
        }
        if event.kind == EventKind::RequestAnswered && self.is_settled(id, event) {
            self.requests.told.remove(id);
            self.requests.settled.push(event.seq);
        }
    }

    /// Whether the row of a request is what its event commits to, or was erased. What is wrong with it otherwise is said when all
    /// requests are compared.
    fn is_settled(&mut self, id: &str, event: &Event) -> bool {
        // What cannot be read is met again when all of them are compared.
        let Ok(Some(row)) = self.requests.rows.of(event.seq) else { return false };
        let commits = |row: Commitment| event.body.get(ANSWER).is_some_and(|told| row.is(told));
        row.id == id
            && match (self.erased.is_request(id, row.seq), row.is_erased()) {
                (true, true) => true,
                (false, false) => row.commitment().is_some_and(commits),
                _ => false,
            }
    }

    /// A checkpoint, as it is kept, was signed for the request of its event.
    pub(super) fn request_got(&mut self, event: &Event, note: &str) {
        let id = event.body.get(REQUEST_ID).and_then(Value::as_str);
        if let Some(told) = id.and_then(|id| self.requests.told.get_mut(id)) {
            told.checkpoints.insert(hex(&Sha256::digest(note)));
        }
    }

    /// Every request has its row, which says what its events say.
    pub(super) fn requests(&mut self) -> Result<(), Failure> {
        let mut told = core::mem::take(&mut self.requests.told);
        let settled = core::mem::take(&mut self.requests.settled);
        let rows = requests::count(self.connection)?;
        if told.is_empty() && usize::try_from(rows) == Ok(settled.len()) {
            return Ok(());
        }
        requests::each(self.connection, |row| match told.remove(&row.id) {
            Some(told) if told.seq == row.seq => self.request_follows(&told, row),
            Some(Told { seq: last, .. }) => Err(damaged(format!(
                "the row {:?} of the table request says {}, and its last event is {last}",
                row.id, row.seq
            ))),
            None if settled.binary_search(&row.seq).is_ok() => Ok(()),
            None => Err(damaged(format!("no event tells of the row {:?} of the table request", row.id))),
        })?;
        match told.first_key_value() {
            None => Ok(()),
            Some((id, _)) => {
                Err(damaged(format!("the table request has no row {id:?}, of which events tell")))
            }
        }
    }

    fn request_follows(&self, told: &Told, row: &Remembered) -> Result<(), Failure> {
        let id = &row.id;
        match (self.erased.is_request(id, row.seq), row.is_erased()) {
            (true, true) => return Ok(()),
            (false, false) => {}
            (true, false) => {
                return Err(damaged(format!("the answer to the request {id:?} was erased, and is there")));
            }
            (false, true) => {
                return Err(damaged(format!(
                    "the answer to the request {id:?} is gone, and was never erased"
                )));
            }
        }
        // Its event speaks for every byte.
        let committed = row.commitment().as_ref().map(Commitment::to_value);
        if told.answer.is_some() || committed.is_some() {
            return match told.answer == committed {
                true => Ok(()),
                false => Err(damaged(format!(
                    "the answer to the request {id:?}, or what was asked for, is not what its event commits to"
                ))),
            };
        }
        match row.answer()? {
            answer if is_of_deployments(&answer) => self.pasted(told, id, &answer),
            answer => told.gave(id, &answer),
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
            label if label == Label::StatusList.as_str() => Ok(self.is_list(&hex(hash))),
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
        } else if hashes(answer, "checkpoint") != self.checkpoints {
            "the checkpoint that was signed"
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
