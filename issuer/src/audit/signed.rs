//! Ledgers of many events, and checkpoints of them, for tests.

use lictor_shared::PublicKey;
use lictor_shared::json::Value;
use lictor_shared::log::{Checkpoint, NoteKey, SignedNote};
use lictor_tests::signing::TestKey;
use std::convert::Infallible;

use crate::event::{EventKind, Facts};
use crate::ledger::Ledger;
use crate::scratch::{Unsaid, occasion};

pub(super) const ORIGIN: &str = "lictor/0198c0d2-6c1e-7a33-9d5e-2f6f2b1d9a10";

/// Records events until there are so many.
pub(super) fn grow(ledger: &mut Ledger, events: u64) {
    let (before, _) = ledger.tree().head().unwrap();
    let occasion = occasion();
    let transaction = ledger.begin(&occasion).unwrap();
    let mut last = None;
    for _ in before..events {
        let facts = Facts::new([("keys", Value::Array(Vec::new()))]);
        last = Some(transaction.record(EventKind::KeyExported, facts).unwrap());
    }
    if let Some(last) = last {
        transaction.commit(last, &Unsaid).unwrap();
    }
}

pub(super) fn key(origin: &str) -> NoteKey {
    NoteKey::new(origin, PublicKey::from_bytes(&TestKey::new(7).public()).unwrap()).unwrap()
}

/// A checkpoint over the first `size` events, by [`key`].
pub(super) fn checkpoint(ledger: &Ledger, origin: &str, size: u64) -> SignedNote {
    let root = ledger.tree().root_at(size).unwrap();
    let checkpoint = Checkpoint { origin: origin.into(), size, root };
    let Ok(note) = checkpoint.sign(&key(origin), |text| Ok::<_, Infallible>(TestKey::new(7).sign(text)));
    note
}
