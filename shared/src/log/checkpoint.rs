//! Checkpoints: how long the log was, and what it said, at some time.

use alloc::string::{String, ToString};
use core::fmt;

use super::hash::TreeHash;
use super::note::{NoteError, NoteKey, SignedNote};

/// Size and root of a log (C2SP tlog-checkpoint). Whoever remembers one can tell later whether anything before it was changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    /// Whose log it is.
    pub origin: String,
    /// How many leaves it has.
    pub size: u64,
    /// The root over them.
    pub root: TreeHash,
}

/// Why something is no checkpoint of the log that is meant.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CheckpointError {
    /// No note, or not signed by the log.
    #[error(transparent)]
    Note(#[from] NoteError),
    /// Signed by the log, but no checkpoint.
    #[error("the note is no checkpoint: {0}")]
    NoCheckpoint(&'static str),
    /// Signed by the log's key for another log.
    #[error("the checkpoint is of the log {found:?}, not of {expected:?}")]
    OtherLog {
        /// Whose it is.
        found: String,
        /// Whose it should be.
        expected: String,
    },
}

impl Checkpoint {
    /// Reads a checkpoint that the log signed with this key, of which the name is the log's origin.
    ///
    /// # Errors
    /// [`CheckpointError`] if it is none.
    pub fn read(note: &[u8], key: &NoteKey) -> Result<Self, CheckpointError> {
        Self::of_note(&SignedNote::read(note)?, key)
    }

    /// Reads what a note says, which anybody may have written.
    ///
    /// # Errors
    /// [`CheckpointError`] if it says no checkpoint.
    pub fn untrusted(note: &SignedNote) -> Result<Self, CheckpointError> {
        Self::of_text(note.untrusted_text())
    }

    pub(super) fn of_note(note: &SignedNote, key: &NoteKey) -> Result<Self, CheckpointError> {
        let checkpoint = Self::of_text(note.text_signed_by(key)?)?;
        match checkpoint.origin == key.name() {
            true => Ok(checkpoint),
            false => Err(CheckpointError::OtherLog { found: checkpoint.origin, expected: key.name().into() }),
        }
    }

    /// Reads the text of a checkpoint. Lines after the third are extensions, of which we know none.
    fn of_text(text: &str) -> Result<Self, CheckpointError> {
        const LINES: CheckpointError =
            CheckpointError::NoCheckpoint("it has fewer than three lines, or an empty one");
        let mut lines = text.strip_suffix('\n').unwrap_or(text).split('\n');
        let mut line = || lines.next().filter(|line| !line.is_empty()).ok_or(LINES);
        let (origin, size, root) = (line()?, line()?, line()?);
        if lines.any(str::is_empty) {
            return Err(LINES);
        }
        let size = decimal(size).ok_or(CheckpointError::NoCheckpoint("its size is no number"))?;
        let root = TreeHash::from_base64(root).ok_or(CheckpointError::NoCheckpoint("its root is no hash"))?;
        Ok(Self { origin: origin.into(), size, root })
    }

    /// Signs it with the log's key, which bears the origin as its name.
    ///
    /// # Errors
    /// Those of `sign`.
    pub fn sign<E>(
        &self,
        key: &NoteKey,
        sign: impl FnOnce(&[u8]) -> Result<[u8; 64], E>,
    ) -> Result<SignedNote, E> {
        SignedNote::sign(&self.to_string(), key, sign)
    }
}

/// A number as notes write them: digits, no sign, no zero in front.
pub(super) fn decimal(text: &str) -> Option<u64> {
    let canonical = text == "0" || !text.starts_with('0');
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    (canonical && digits).then(|| text.parse().ok()).flatten()
}

/// The text that is signed.
impl fmt::Display for Checkpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}\n{}\n{}\n", self.origin, self.size, self.root)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of C2SP tlog-checkpoint.
    const TEXT: &str =
        "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n";

    #[test]
    fn the_example_is_read_and_written() {
        let checkpoint = Checkpoint::of_text(TEXT).unwrap();
        assert_eq!(
            (checkpoint.origin.as_str(), checkpoint.size),
            ("example.com/behind-the-sofa", 20_852_163)
        );
        assert_eq!(checkpoint.to_string(), TEXT);
        let extended = TEXT.to_string() + "more\n";
        assert_eq!(Checkpoint::of_text(&extended).unwrap(), checkpoint);
    }

    #[test]
    fn what_is_no_checkpoint_is_told_why() {
        let refused = |text: &str| matches!(Checkpoint::of_text(text), Err(CheckpointError::NoCheckpoint(_)));
        for bad in [
            "",
            "example.com/log\n1\n",
            &TEXT.replace("example.com/behind-the-sofa", ""),
            &TEXT.replace("20852163", "020852163"),
            &TEXT.replace("20852163", "+20852163"),
            &TEXT.replace("20852163", "18446744073709551616"),
            &TEXT.replace("20852163", ""),
            &TEXT.replace("q2I=", "q2J="),
            &TEXT.replace("q2I=", "q2I"),
            &(TEXT.to_string() + "\nmore\n"),
        ] {
            assert!(refused(bad), "{bad:?}");
        }
        assert_eq!(decimal("0"), Some(0));
        assert_eq!(decimal(""), None);
    }
}
