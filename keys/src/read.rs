//! Reading a key file's text, no further than a key file can reach.

use core::mem;
use std::io::Read;
use zeroize::Zeroizing;

use crate::error::KeyFileError;
use crate::limits;

/// Reads a key file's text, at most [`limits::KEY_FILE_BYTES`] of it. The text is wiped when it is dropped.
///
/// # Errors
/// [`KeyFileError::Unreadable`], [`KeyFileError::TooLarge`] or [`KeyFileError::NotText`].
pub fn read_key_file(reader: impl Read) -> Result<Zeroizing<String>, KeyFileError> {
    // Allocated once: growing would leave copies of an unencrypted key behind.
    let mut bytes = Zeroizing::new(vec![0_u8; limits::KEY_FILE_BYTES + 1]);
    let length = fill(reader, &mut bytes).map_err(KeyFileError::Unreadable)?;
    if length > limits::KEY_FILE_BYTES {
        return Err(KeyFileError::TooLarge);
    }
    bytes.truncate(length);
    match String::from_utf8(mem::take(&mut *bytes)) {
        Ok(text) => Ok(Zeroizing::new(text)),
        Err(error) => {
            drop(Zeroizing::new(error.into_bytes()));
            Err(KeyFileError::NotText)
        }
    }
}

/// Reads until `buffer` is full or the input ends, and says how much that was.
fn fill(mut reader: impl Read, buffer: &mut [u8]) -> std::io::Result<usize> {
    let mut filled = 0;
    while let Some(rest) = buffer.get_mut(filled..).filter(|rest| !rest.is_empty()) {
        match reader.read(rest) {
            Ok(0) => break,
            Ok(count) => filled += count,
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_to_the_limit_and_no_further() {
        let full = vec![b'x'; limits::KEY_FILE_BYTES];
        assert_eq!(read_key_file(&*full).unwrap().len(), limits::KEY_FILE_BYTES);
        assert!(matches!(read_key_file(std::io::repeat(b'x')), Err(KeyFileError::TooLarge)));
        assert!(matches!(read_key_file(&b"\x30\x2e\xff"[..]), Err(KeyFileError::NotText)));
        assert!(read_key_file(&b""[..]).unwrap().is_empty());
    }
}
