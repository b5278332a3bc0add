//! Signed notes: text with signatures below it.

use alloc::string::{String, ToString};
use alloc::vec::Vec;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use core::fmt;
use core::fmt::Write as _;
use sha2::{Digest, Sha256};

use crate::key::{KeyError, PublicKey};
use crate::limits;

/// The signature type of Ed25519 over the note's text (signed-note, "Signature types").
const ED25519: u8 = 1;
/// What a signature line begins with: an em dash and a space.
const MARK: &str = "\u{2014} ";

/// Why something is no note, no key of one, or not signed as expected.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoteError {
    /// More than [`limits::NOTE_BYTES`].
    #[error("{bytes} bytes are too many for a note, which has {} at most", limits::NOTE_BYTES)]
    TooLarge {
        /// Its size.
        bytes: usize,
    },
    /// Not text, or with control characters.
    #[error("a note is text in UTF-8, without control characters other than line ends")]
    NoText,
    /// No signatures stand below it.
    #[error("no signatures stand below the text, after an empty line")]
    NoSignatures,
    /// A line below the text that is no signature.
    #[error("line {0} below the text is no signature")]
    BadSignatureLine(usize),
    /// Another key's, or nobody's.
    #[error("the note is not signed by {0}")]
    NotSignedBy(String),
    /// A signature that names the key and does not hold.
    #[error("the note says that {0} signed it, but the signature does not hold: it was changed or forged")]
    BadSignature(String),
    /// Not `NAME+ID+KEY`.
    #[error("{0:?} is no note key: NAME+ID+KEY, with the id in 8 hex digits and the key in base64")]
    BadKey(String),
    /// The name of a key is empty, or has a space or a plus.
    #[error("{0:?} is no name of a note key: it is not empty and has no spaces, control characters or plus")]
    BadName(String),
    /// An id that is not that of name and key.
    #[error("the id of the note key {name} is {written}, but its name and key make it {computed}")]
    OtherId {
        /// The name.
        name: String,
        /// The id that is written.
        written: String,
        /// What it must be.
        computed: String,
    },
    /// The 32 bytes are refused as a key.
    #[error("the note key {0} cannot be used: {1}")]
    Unusable(String, KeyError),
}

/// Whom a note is signed by: a name and an Ed25519 public key (C2SP signed-note; Go calls its text a verifier key).
///
/// ```
/// use lictor_shared::log::NoteKey;
/// // The key in the documentation of Go's package golang.org/x/mod/sumdb/note.
/// let key: NoteKey = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW".parse()?;
/// assert_eq!(key.name(), "PeterNeumann");
/// # Ok::<(), lictor_shared::log::NoteError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoteKey {
    name: String,
    key: PublicKey,
}

impl NoteKey {
    /// Gives a public key the name under which it signs notes.
    ///
    /// # Errors
    /// [`NoteError::BadName`] if the name is empty or has a space, a control character or a plus.
    pub fn new(name: &str, key: PublicKey) -> Result<Self, NoteError> {
        let fits = |c: char| !c.is_whitespace() && !c.is_control() && c != '+';
        match !name.is_empty() && name.chars().all(fits) {
            true => Ok(Self { name: name.into(), key }),
            false => Err(NoteError::BadName(name.into())),
        }
    }

    /// The name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The key.
    #[must_use]
    pub const fn public_key(&self) -> &PublicKey {
        &self.key
    }

    /// The first four bytes of SHA-256(name ‖ LF ‖ type ‖ key).
    fn id(&self) -> [u8; 4] {
        let digest = Sha256::new()
            .chain_update(&self.name)
            .chain_update([b'\n', ED25519])
            .chain_update(self.key.as_bytes())
            .finalize();
        let [a, b, c, d, ..]: [u8; 32] = digest.into();
        [a, b, c, d]
    }
}

/// Keys as files hold them, one on each line; at least one.
///
/// # Errors
/// [`NoteError::BadKey`] and others if a line is none.
pub fn read_keys(text: &str) -> Result<Vec<NoteKey>, NoteError> {
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    let keys: Vec<NoteKey> = lines.map(str::parse).collect::<Result<_, _>>()?;
    if keys.is_empty() { Err(NoteError::BadKey(text.into())) } else { Ok(keys) }
}

impl fmt::Display for NoteKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let typed = [&[ED25519][..], self.key.as_bytes()].concat();
        write!(f, "{}+{}+{}", self.name, hex_id(self.id()), STANDARD.encode(typed))
    }
}

impl core::str::FromStr for NoteKey {
    type Err = NoteError;

    fn from_str(text: &str) -> Result<Self, NoteError> {
        let bad = || NoteError::BadKey(text.into());
        // Base64 has pluses of its own.
        let (name, rest) = text.trim().split_once('+').ok_or_else(bad)?;
        let (id, key) = rest.split_once('+').ok_or_else(bad)?;
        let decoded = (key.len() == 44).then(|| STANDARD.decode(key).ok()).flatten().ok_or_else(bad)?;
        let Some((&ED25519, key)) = decoded.split_first() else { return Err(bad()) };
        let key: &[u8; 32] = key.try_into().map_err(|_| bad())?;
        let key = PublicKey::from_bytes(key).map_err(|error| NoteError::Unusable(name.into(), error))?;
        let key = Self::new(name, key)?;
        let computed = hex_id(key.id());
        match id == computed {
            true => Ok(key),
            false => Err(NoteError::OtherId { name: name.into(), written: id.into(), computed }),
        }
    }
}

/// A note as it arrived: nothing of it is trusted until [`SignedNote::text_signed_by`] says so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedNote {
    /// With its last line end.
    text: String,
    signatures: Vec<NoteSignature>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct NoteSignature {
    name: String,
    id: [u8; 4],
    bytes: Vec<u8>,
}

impl SignedNote {
    /// Puts a signature below a text, which ends with a line end. `sign` signs the bytes of the text.
    ///
    /// # Errors
    /// Those of `sign`.
    pub fn sign<E>(
        text: &str,
        key: &NoteKey,
        sign: impl FnOnce(&[u8]) -> Result<[u8; 64], E>,
    ) -> Result<Self, E> {
        let bytes = sign(text.as_bytes())?.to_vec();
        let signature = NoteSignature { name: key.name.clone(), id: key.id(), bytes };
        Ok(Self { text: text.into(), signatures: Vec::from([signature]) })
    }

    /// Reads a note.
    ///
    /// # Errors
    /// [`NoteError`] if it is none.
    pub fn read(note: &[u8]) -> Result<Self, NoteError> {
        if note.len() > limits::NOTE_BYTES {
            return Err(NoteError::TooLarge { bytes: note.len() });
        }
        let note = core::str::from_utf8(note).map_err(|_| NoteError::NoText)?;
        if note.chars().any(|c| c < ' ' && c != '\n') {
            return Err(NoteError::NoText);
        }
        // The last empty line ends the text; it may have others.
        let (text, signatures) = note.rsplit_once("\n\n").ok_or(NoteError::NoSignatures)?;
        let lines = signatures.strip_suffix('\n').ok_or(NoteError::NoSignatures)?;
        let read = |(number, line)| NoteSignature::read(line).ok_or(NoteError::BadSignatureLine(number));
        let signatures = (1..).zip(lines.split('\n')).map(read).collect::<Result<_, _>>()?;
        Ok(Self { text: text.to_string() + "\n", signatures })
    }

    /// The text, which anybody may have written.
    #[must_use]
    pub fn untrusted_text(&self) -> &str {
        &self.text
    }

    /// Of several keys the one that it says that it is signed by, else the first. Nobody has checked that it is.
    #[must_use]
    pub fn key_among<'k>(&self, keys: &'k [NoteKey]) -> Option<&'k NoteKey> {
        let named = |key: &&NoteKey| self.signatures.iter().any(|found| found.is_by(key));
        keys.iter().find(named).or(keys.first())
    }

    /// In whose names signatures stand below it, one for each line. Nobody has checked them.
    pub fn signers(&self) -> impl Iterator<Item = &str> {
        self.signatures.iter().map(|found| found.name.as_str())
    }

    /// The text, if this key signed it. Signatures by other keys are ignored; one that says it is by this key must hold.
    ///
    /// # Errors
    /// [`NoteError::NotSignedBy`] or [`NoteError::BadSignature`].
    pub fn text_signed_by(&self, key: &NoteKey) -> Result<&str, NoteError> {
        let mut ours = self.signatures.iter().filter(|found| found.is_by(key));
        let holds = |found: &NoteSignature| {
            let bytes = found.bytes.as_slice().try_into();
            bytes.is_ok_and(|bytes| key.key.verifies(self.text.as_bytes(), bytes))
        };
        let Some(first) = ours.next() else { return Err(NoteError::NotSignedBy(key.name.clone())) };
        match holds(first) && ours.all(holds) {
            true => Ok(&self.text),
            false => Err(NoteError::BadSignature(key.name.clone())),
        }
    }
}

impl NoteSignature {
    /// Whether it says that it is by this key.
    fn is_by(&self, key: &NoteKey) -> bool {
        self.name == key.name && self.id == key.id()
    }

    fn read(line: &str) -> Option<Self> {
        let (name, signature) = line.strip_prefix(MARK)?.split_once(' ')?;
        let decoded = STANDARD.decode(signature).ok()?;
        let (id, bytes) = decoded.split_first_chunk::<4>()?;
        let whole = !name.is_empty() && !name.contains('+') && !bytes.is_empty();
        whole.then(|| Self { name: name.into(), id: *id, bytes: bytes.into() })
    }
}

impl fmt::Display for SignedNote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.text)?;
        for signature in &self.signatures {
            let bytes = [&signature.id[..], &signature.bytes].concat();
            writeln!(f, "{MARK}{} {}", signature.name, STANDARD.encode(bytes))?;
        }
        Ok(())
    }
}

fn hex_id(id: [u8; 4]) -> String {
    let mut text = String::new();
    for byte in id {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    /// From the documentation of Go's golang.org/x/mod/sumdb/note.
    const PETER: &str = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
    const NOTE: &str = "If you think cryptography is the answer to your problem,\n\
        then you don't know what your problem is.\n\
        \n\
        \u{2014} PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n";

    fn peter() -> NoteKey {
        PETER.parse().unwrap()
    }

    fn read(note: &str) -> Result<SignedNote, NoteError> {
        SignedNote::read(note.as_bytes())
    }

    #[test]
    fn a_note_that_go_signed_is_read_and_written() {
        let note = read(NOTE).unwrap();
        let text = note.text_signed_by(&peter()).unwrap();
        assert!(text.starts_with("If you think") && text.ends_with("is.\n"));
        assert_eq!(note.to_string(), NOTE);
        assert_eq!(peter().to_string(), PETER);
    }

    #[test]
    fn another_text_key_or_name_is_not_signed() {
        let changed = read(&NOTE.replace("think", "thunk")).unwrap();
        assert_eq!(changed.text_signed_by(&peter()), Err(NoteError::BadSignature("PeterNeumann".into())));
        let other = NoteKey::new("other", peter().public_key().clone()).unwrap();
        assert_eq!(read(NOTE).unwrap().text_signed_by(&other), Err(NoteError::NotSignedBy("other".into())));
        let renamed = read(&NOTE.replace("\u{2014} PeterNeumann", "\u{2014} Peter")).unwrap();
        assert_eq!(renamed.text_signed_by(&peter()), Err(NoteError::NotSignedBy("PeterNeumann".into())));
    }

    #[test]
    fn signatures_of_strangers_are_ignored() {
        let more = NOTE.to_string() + "\u{2014} witness.example/w AAAAAAECAwQ=\n";
        assert!(read(&more).unwrap().text_signed_by(&peter()).is_ok());
    }

    #[test]
    fn a_second_signature_of_the_same_key_must_hold_too() {
        let (_, line) = NOTE.rsplit_once("\n\n").unwrap();
        let forged = line.replace("x08go/ZJ", "x08go/ZK");
        for note in [NOTE.to_string() + &forged, NOTE.replace(line, &(forged.clone() + line))] {
            let note = read(&note).unwrap();
            assert_eq!(note.text_signed_by(&peter()), Err(NoteError::BadSignature("PeterNeumann".into())));
        }
    }

    #[test]
    fn of_several_keys_the_one_that_is_named_is_taken() {
        let other = NoteKey::new("other", peter().public_key().clone()).unwrap();
        let keys = read_keys(&alloc::format!("\n{other}\r\n {PETER}\n")).unwrap();
        assert_eq!(keys, [other.clone(), peter()]);
        assert_eq!(read(NOTE).unwrap().key_among(&keys), Some(&peter()));
        assert_eq!(read(NOTE).unwrap().key_among(core::slice::from_ref(&other)), Some(&other));
        assert!(read_keys("\n").is_err() && read_keys(&alloc::format!("{PETER}\nx\n")).is_err());
    }

    #[test]
    fn text_may_have_empty_lines() {
        let spaced = NOTE.replace("problem,\n", "problem,\n\n");
        assert!(read(&spaced).unwrap().untrusted_text().contains("problem,\n\nthen"));
    }

    #[test]
    fn what_is_no_note_is_told_why() {
        let long = "x".repeat(limits::NOTE_BYTES + 1);
        assert_eq!(read(&long), Err(NoteError::TooLarge { bytes: limits::NOTE_BYTES + 1 }));
        assert_eq!(read(&NOTE.replace("think", "th\tink")), Err(NoteError::NoText));
        assert_eq!(SignedNote::read(b"\xff\n\n"), Err(NoteError::NoText));
        for unsigned in ["", "text\n", "text\n\n", NOTE.trim_end()] {
            assert_eq!(read(unsigned), Err(NoteError::NoSignatures), "{unsigned:?}");
        }
        for bad in [
            "- PeterNeumann AAAAAAE=",
            "\u{2014} AAAAAAE=",
            "\u{2014} a+b AAAAAAE=",
            "\u{2014} a AAAAAA==",
            "\u{2014} a ?",
        ] {
            let note = NOTE.to_string() + bad + "\n";
            assert_eq!(read(&note), Err(NoteError::BadSignatureLine(2)), "{bad}");
        }
    }

    #[test]
    fn what_is_no_key_is_told_why() {
        let key = |text: &str| text.parse::<NoteKey>();
        for bad in [
            "",
            "PeterNeumann",
            "PeterNeumann+c74f20a3",
            &PETER.replace("ARpc", "AhpC"),
            &PETER.replace("10TW", ""),
        ] {
            assert_eq!(key(bad), Err(NoteError::BadKey(bad.into())), "{bad}");
        }
        assert!(matches!(key(&PETER.replace("c74f", "c74e")), Err(NoteError::OtherId { .. })));
        assert!(matches!(key(&PETER.replace("Peter", "Paul")), Err(NoteError::OtherId { .. })));
        assert!(matches!(key(&PETER.replace("Peter", "Peter ")), Err(NoteError::BadName(_))));
        assert!(matches!(key(&PETER[12..]), Err(NoteError::BadName(_))));
        let weak = "weak+00000000+AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
        assert!(matches!(key(weak), Err(NoteError::Unusable(_, KeyError::Weak))));
    }
}
