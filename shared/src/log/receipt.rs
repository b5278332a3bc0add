//! Receipts: proof that something stands in the log, for whoever has nothing else.

use alloc::string::{String, ToString};
use alloc::vec::Vec;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use core::fmt;

use super::checkpoint::{Checkpoint, CheckpointError, decimal};
use super::event::{LogEvent, LogEventError};
use super::hash::TreeHash;
use super::note::{NoteError, NoteKey, SignedNote};
use super::path::is_included;
use crate::limits;

const FIRST_LINE: &str = "c2sp.org/tlog-proof@v1";
/// No tree is higher.
const LONGEST_PATH: usize = 64;

/// A leaf, its place in the log, and what proves both against a checkpoint (C2SP tlog-proof). The leaf travels as the
/// format's extra data, so that the file stands for itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    leaf: Vec<u8>,
    index: u64,
    path: Vec<TreeHash>,
    checkpoint: SignedNote,
}

/// What a receipt proves: the log with the key has this event at this place, under this checkpoint. Not, that what it tells of
/// is still so: later events may have changed it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proved {
    /// The event; its `seq` is its place.
    pub event: LogEvent,
    /// How long the log was, and what it said.
    pub checkpoint: Checkpoint,
}

/// Why something is no receipt, or proves nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReceiptError {
    /// Not in the format.
    #[error("this is no receipt of a log: {0}")]
    NoReceipt(&'static str),
    /// Its checkpoint is none, or not the log's.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// The path does not lead from the leaf to the root.
    #[error(
        "the receipt does not lead to the root of its checkpoint, so its entry is not proved to be number {} of {size}",
        .index.saturating_add(1)
    )]
    NotIncluded {
        /// Where the leaf should stand, from 0.
        index: u64,
        /// How many leaves the checkpoint has.
        size: u64,
    },
    /// The log has it, and it is no event of an issuer.
    #[error(transparent)]
    NoEvent(#[from] LogEventError),
    /// The log has it, and it says that it stands elsewhere.
    #[error("the entry says that it is event {says}, and stands in the log as event {stands}")]
    OtherPlace {
        /// Its `seq`.
        says: u64,
        /// Its place, from 1.
        stands: u64,
    },
}

impl From<NoteError> for ReceiptError {
    fn from(error: NoteError) -> Self {
        Self::Checkpoint(error.into())
    }
}

impl Receipt {
    /// Puts a receipt together; nobody has checked it yet.
    #[must_use]
    pub const fn new(leaf: Vec<u8>, index: u64, path: Vec<TreeHash>, checkpoint: SignedNote) -> Self {
        Self { leaf, index, path, checkpoint }
    }

    /// Reads a receipt.
    ///
    /// # Errors
    /// [`ReceiptError`] if it is none.
    pub fn read(file: &[u8]) -> Result<Self, ReceiptError> {
        use ReceiptError::NoReceipt;
        if file.len() > limits::RECEIPT_BYTES {
            return Err(NoReceipt("it is too large"));
        }
        let text = core::str::from_utf8(file).map_err(|_| NoReceipt("it is no text in UTF-8"))?;
        let (proof, checkpoint) = text.split_once("\n\n").ok_or(NoReceipt("it has no checkpoint"))?;
        let mut lines = proof.split('\n');
        if lines.next() != Some(FIRST_LINE) {
            return Err(NoReceipt("it does not begin with c2sp.org/tlog-proof@v1"));
        }
        let extra = lines.next().and_then(|line| line.strip_prefix("extra "));
        let leaf = extra.and_then(|leaf| STANDARD.decode(leaf).ok());
        let leaf = leaf.ok_or(NoReceipt("it does not carry the entry that it is about"))?;
        let index = lines.next().and_then(|line| line.strip_prefix("index ")).and_then(decimal);
        let index = index.ok_or(NoReceipt("it does not say where the entry stands"))?;
        let path: Option<Vec<TreeHash>> = lines.map(TreeHash::from_base64).take(LONGEST_PATH + 1).collect();
        let path = path
            .filter(|path| path.len() <= LONGEST_PATH)
            .ok_or(NoReceipt("its path has a line that is no hash"))?;
        Ok(Self { leaf, index, path, checkpoint: SignedNote::read(checkpoint.as_bytes())? })
    }

    /// The leaf, which anybody may have written.
    #[must_use]
    pub fn untrusted_leaf(&self) -> &[u8] {
        &self.leaf
    }

    /// The leaf, its place from 0, and the checkpoint, if the log with this key has it there.
    ///
    /// # Errors
    /// [`ReceiptError`] if that is not proved.
    pub fn proved_by(&self, key: &NoteKey) -> Result<(&[u8], u64, Checkpoint), ReceiptError> {
        let checkpoint = Checkpoint::of_note(&self.checkpoint, key)?;
        let leaf = TreeHash::of_leaf(&self.leaf);
        match is_included(&leaf, self.index, checkpoint.size, &self.path, &checkpoint.root) {
            true => Ok((&self.leaf, self.index, checkpoint)),
            false => Err(ReceiptError::NotIncluded { index: self.index, size: checkpoint.size }),
        }
    }

    /// The event, if the issuer's log with one of these keys has it there.
    ///
    /// # Errors
    /// [`ReceiptError`] if that is not proved.
    pub fn proves(&self, keys: &[NoteKey]) -> Result<Proved, ReceiptError> {
        let key = self.checkpoint.key_among(keys).ok_or_else(|| NoteError::NotSignedBy("any key".into()))?;
        let (leaf, index, checkpoint) = self.proved_by(key)?;
        let event = LogEvent::read(leaf)?;
        match index.checked_add(1) {
            Some(stands) if stands == event.seq => Ok(Proved { event, checkpoint }),
            stands => Err(ReceiptError::OtherPlace { says: event.seq, stands: stands.unwrap_or(u64::MAX) }),
        }
    }
}

impl fmt::Display for Receipt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path: Vec<String> = self.path.iter().map(ToString::to_string).collect();
        writeln!(f, "{FIRST_LINE}\nextra {}\nindex {}", STANDARD.encode(&self.leaf), self.index)?;
        for hash in path {
            writeln!(f, "{hash}")?;
        }
        write!(f, "\n{}", self.checkpoint)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::key::PublicKey;
    use crate::log::{Edge, inclusion_path};
    use alloc::collections::BTreeMap;
    use core::convert::Infallible;
    use ed25519_dalek::{Signer as _, SigningKey};

    const LEAVES: [&[u8]; 5] = [b"one", b"two", b"three", b"", b"five"];

    fn key() -> (NoteKey, SigningKey) {
        let signing = SigningKey::from_bytes(&[7; 32]);
        let public = PublicKey::from_bytes(signing.verifying_key().as_bytes()).unwrap();
        (NoteKey::new("log.acme.example", public).unwrap(), signing)
    }

    fn receipt(index: u64, origin: &str) -> Receipt {
        let (key, signing) = key();
        let mut edge = Edge::default();
        let nodes: BTreeMap<(u32, u64), TreeHash> = LEAVES
            .iter()
            .flat_map(|leaf| edge.push(TreeHash::of_leaf(leaf)))
            .map(|node| ((node.level, node.index), node.hash))
            .collect();
        let node = |level, index| Ok::<_, Infallible>(nodes[&(level, index)]);
        let Ok(path) = inclusion_path(index, 5, node);
        let checkpoint = Checkpoint { origin: origin.into(), size: 5, root: edge.root() };
        let Ok(note) = checkpoint.sign(&key, |text| Ok::<_, Infallible>(signing.sign(text).to_bytes()));
        Receipt::new(LEAVES[usize::try_from(index).unwrap()].into(), index, path, note)
    }

    #[test]
    fn every_entry_has_a_receipt_that_can_be_read_again() {
        for index in 0..5 {
            let written = receipt(index, "log.acme.example").to_string();
            let read = Receipt::read(written.as_bytes()).unwrap();
            let (leaf, at, checkpoint) = read.proved_by(&key().0).unwrap();
            assert_eq!((leaf, at), (LEAVES[usize::try_from(index).unwrap()], index));
            assert_eq!(checkpoint.size, 5);
            assert_eq!(read.to_string(), written);
        }
    }

    #[test]
    fn another_entry_place_path_or_log_is_not_proved() {
        let good = receipt(1, "log.acme.example");
        let not_included = Err(ReceiptError::NotIncluded { index: 1, size: 5 });
        assert_eq!(Receipt { leaf: b"TWO".to_vec(), ..good.clone() }.proved_by(&key().0), not_included);
        let path = good.path[1..].to_vec();
        assert_eq!(Receipt { path, ..good.clone() }.proved_by(&key().0), not_included);
        let moved = Receipt { index: 2, ..good.clone() };
        assert_eq!(moved.proved_by(&key().0), Err(ReceiptError::NotIncluded { index: 2, size: 5 }));
        let other = receipt(1, "log.other.example");
        assert!(matches!(
            other.proved_by(&key().0),
            Err(ReceiptError::Checkpoint(CheckpointError::OtherLog { .. }))
        ));
        let forged = good.to_string().replace("\n5\n", "\n6\n");
        let forged = Receipt::read(forged.as_bytes()).unwrap();
        assert!(matches!(
            forged.proved_by(&key().0),
            Err(ReceiptError::Checkpoint(CheckpointError::Note(NoteError::BadSignature(_))))
        ));
    }

    /// A receipt for the only entry of a log.
    fn alone(leaf: &str) -> Receipt {
        let (key, signing) = key();
        let root = TreeHash::of_leaf(leaf.as_bytes());
        let checkpoint = Checkpoint { origin: key.name().into(), size: 1, root };
        let Ok(note) = checkpoint.sign(&key, |text| Ok::<_, Infallible>(signing.sign(text).to_bytes()));
        Receipt::new(leaf.into(), 0, Vec::new(), note)
    }

    #[test]
    fn no_bit_of_a_receipt_can_be_flipped() {
        let good = receipt(2, "log.acme.example").to_string().into_bytes();
        assert!(Receipt::read(&good).unwrap().proved_by(&key().0).is_ok());
        for at in 0..good.len() {
            for bit in 0..8 {
                let mut flipped = good.clone();
                flipped[at] ^= 1 << bit;
                let read = Receipt::read(&flipped);
                let proved = read.as_ref().map(|read| read.proved_by(&key().0));
                assert!(!matches!(proved, Ok(Ok(_))), "bit {bit} of byte {at}");
            }
        }
    }

    #[test]
    fn an_event_is_proved_at_its_own_place_only() {
        let leaf = |seq: u64| {
            let rest = r#""kind":"license.issued","seq":"#;
            alloc::format!(r#"{{"actor":"a","at":0,"body":{{}},"clock":"system",{rest}{seq},"version":1}}"#)
        };
        let proved = alone(&leaf(1)).proves(&[key().0]).unwrap();
        assert_eq!((proved.event.seq, proved.checkpoint.size), (1, 1));
        let other = alone(&leaf(2)).proves(&[key().0]);
        assert_eq!(other, Err(ReceiptError::OtherPlace { says: 2, stands: 1 }));
        assert!(matches!(alone("one").proves(&[key().0]), Err(ReceiptError::NoEvent(_))));
        let stranger = NoteKey::new("log.other.example", key().0.public_key().clone()).unwrap();
        assert!(alone(&leaf(1)).proves(&[stranger.clone(), key().0]).is_ok());
        assert!(alone(&leaf(1)).proves(&[stranger]).is_err() && alone(&leaf(1)).proves(&[]).is_err());
    }

    #[test]
    fn what_is_no_receipt_is_told_why() {
        let good = receipt(1, "log.acme.example").to_string();
        let refused = |text: &str| matches!(Receipt::read(text.as_bytes()), Err(ReceiptError::NoReceipt(_)));
        assert!(!refused(&good));
        for bad in [
            "",
            "garbage",
            &good.replace("@v1", "@v2"),
            &good.replace("extra ", "other "),
            &good.replace("extra ", "extra ?"),
            &good.replace("index 1", "index 01"),
            &good.replace("index 1\n", ""),
            &good.replace("index 1\n", "index 1\nx\n"),
            &good.replace(
                "index 1\n",
                &("index 1\n".to_string() + &"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n".repeat(65)),
            ),
            &"x".repeat(limits::RECEIPT_BYTES + 1),
        ] {
            assert!(refused(bad), "{bad:.80}");
        }
    }
}
