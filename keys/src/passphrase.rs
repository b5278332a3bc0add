//! The passphrase of a key file.

use core::fmt;
use std::io::{self, Read};
use zeroize::Zeroizing;

use crate::limits;

/// A passphrase: 1 to 1023 bytes of UTF-8 without control characters. It cannot be copied or printed, and its memory is
/// wiped when it is dropped.
///
/// It goes into the key derivation byte for byte as it was typed: spaces count, also at its end, and Unicode is not
/// normalised. Control characters are refused because no prompt takes them and some tools stop at them.
pub struct Passphrase(Zeroizing<String>);

/// Why something is no passphrase. Says nothing of what it was.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PassphraseError {
    /// Nothing, or nothing in the first line.
    #[error("the passphrase is empty; it stands in the first line")]
    Empty,
    /// Over [`limits::PASSPHRASE_BYTES`].
    #[error(
        "the passphrase is longer than {} bytes; OpenSSL would cut it off there",
        limits::PASSPHRASE_BYTES
    )]
    TooLong,
    /// Not UTF-8.
    #[error("the passphrase is not UTF-8 text; write it as text, for example as letters and digits")]
    NotText,
    /// A control character or a byte order mark.
    #[error(
        "the passphrase holds a control character or a byte order mark, which no prompt takes; write it as plain text without them"
    )]
    Control,
    /// Reading failed.
    #[error("the passphrase cannot be read: {0}")]
    Unreadable(io::Error),
}

impl Passphrase {
    /// A passphrase as it was typed at a prompt.
    ///
    /// # Errors
    /// [`PassphraseError`] if it is empty, longer than 1023 bytes, or holds a control character or byte order mark.
    pub fn new(text: &str) -> Result<Self, PassphraseError> {
        if text.is_empty() {
            return Err(PassphraseError::Empty);
        }
        if text.len() > limits::PASSPHRASE_BYTES {
            return Err(PassphraseError::TooLong);
        }
        if text.chars().any(|c| c.is_control() || c == '\u{feff}') {
            return Err(PassphraseError::Control);
        }
        Ok(Self(Zeroizing::new(text.to_owned())))
    }

    /// The first line of a file's bytes. It ends at the first LF or at the end; CRs at its end are dropped. What
    /// follows it is ignored.
    ///
    /// # Errors
    /// [`PassphraseError`] if the line is not UTF-8, or for the reasons of [`Passphrase::new`].
    pub fn from_first_line(bytes: &[u8]) -> Result<Self, PassphraseError> {
        let line = bytes.split(|byte| *byte == b'\n').next().unwrap_or_default();
        let text = core::str::from_utf8(line).map_err(|_| PassphraseError::NotText)?;
        Self::new(text.trim_end_matches('\r'))
    }

    /// Reads the first line and not a byte more, so that a terminal or pipe need not end.
    ///
    /// # Errors
    /// [`PassphraseError`] if reading fails, or for the reasons of [`Passphrase::from_first_line`].
    #[expect(
        clippy::unbuffered_bytes,
        reason = "a buffer would take more than the line, and keep a copy of it"
    )]
    pub fn read_first_line(reader: impl Read) -> Result<Self, PassphraseError> {
        // Room for CR LF after the longest passphrase, from the start: growing would leave copies behind.
        let room = limits::PASSPHRASE_BYTES + 2;
        let mut line = Zeroizing::new(Vec::with_capacity(room));
        for byte in reader.bytes() {
            let byte = byte.map_err(PassphraseError::Unreadable)?;
            if byte == b'\n' {
                break;
            }
            if line.len() == room {
                return Err(PassphraseError::TooLong);
            }
            line.push(byte);
        }
        Self::from_first_line(&line)
    }

    /// The passphrase, for the key derivation. Do not copy it, and do not print it.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Passphrase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Passphrase(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn first_line(bytes: &[u8]) -> Result<String, PassphraseError> {
        let whole = Passphrase::from_first_line(bytes).map(|passphrase| passphrase.expose().to_owned());
        let read = Passphrase::read_first_line(bytes).map(|passphrase| passphrase.expose().to_owned());
        assert_eq!(format!("{whole:?}"), format!("{read:?}"), "both ways of reading agree");
        whole
    }

    #[test]
    fn is_the_first_line_without_its_end() {
        for file in ["one two ", "one two \n", "one two \r\n", "one two \nsecond\n", "one two \r\r\n\u{e9}"] {
            assert_eq!(first_line(file.as_bytes()).unwrap(), "one two ", "{file:?}");
        }
        assert_eq!(first_line(b"one\n\xff\xfe").unwrap(), "one", "what follows need not be text");
    }

    #[test]
    fn refuses_what_would_open_nothing() {
        for empty in ["", "\n", "\r\n", "\nsecond"] {
            assert!(matches!(first_line(empty.as_bytes()), Err(PassphraseError::Empty)), "{empty:?}");
        }
        for control in ["a\tb", "a\0", "a\rb", "\u{feff}a", "a\u{85}"] {
            assert!(matches!(first_line(control.as_bytes()), Err(PassphraseError::Control)), "{control:?}");
        }
        assert!(matches!(first_line(b"\xff"), Err(PassphraseError::NotText)));
    }

    #[test]
    fn is_as_long_as_openssl_reads_it() {
        let longest = "x".repeat(1023);
        for end in ["", "\n", "\r\n"] {
            assert_eq!(first_line(format!("{longest}{end}").as_bytes()).unwrap(), longest);
        }
        for over in ["x".repeat(1024), "x".repeat(5000)] {
            assert!(matches!(first_line(over.as_bytes()), Err(PassphraseError::TooLong)));
        }
    }

    #[test]
    fn reads_no_more_than_the_line() {
        let mut input: &[u8] = b"first\nsecond";
        Passphrase::read_first_line(&mut input).unwrap();
        assert_eq!(input, b"second");
    }

    #[test]
    fn shows_nothing() {
        assert_eq!(format!("{:?}", Passphrase::new("hunter2").unwrap()), "Passphrase(..)");
    }
}
