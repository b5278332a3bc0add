//! Randomness, from the operating system only.

use lictor_shared::{Timestamp, Uuid};

/// The operating system gives no randomness.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the operating system gives no randomness: {0}")]
pub struct EntropyError(getrandom::Error);

/// Fills `bytes` with random bytes.
pub(crate) fn fill(bytes: &mut [u8]) -> Result<(), EntropyError> {
    getrandom::fill(bytes).map_err(EntropyError)
}

/// A fresh UUID of version 7 (RFC 9562, section 5.7), dated `at`.
pub(crate) fn uuid(at: Timestamp) -> Result<Uuid, EntropyError> {
    let mut random = [0_u8; 10];
    fill(&mut random)?;
    let [a, b, c, rest @ ..] = random;
    let [_, _, millis @ ..] = at.seconds().saturating_mul(1000).to_be_bytes();
    let mut bytes = [0_u8; 16];
    let parts = millis.into_iter().chain([0x70 | (a & 0x0f), b, 0x80 | (c & 0x3f)]).chain(rest);
    for (byte, part) in bytes.iter_mut().zip(parts) {
        *byte = part;
    }
    // Version and variant were set above, so it is one.
    Uuid::from_bytes(bytes).ok_or(EntropyError(getrandom::Error::UNEXPECTED))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uuids_are_dated_and_differ() {
        let at = Timestamp::parse("2026-11-22T00:00:00Z").unwrap();
        let (one, two) = (uuid(at).unwrap().to_string(), uuid(at).unwrap().to_string());
        assert_ne!(one, two);
        // 1795305600000 = 0x01a2008d7400.
        assert_eq!(one[..15], *"01a2008d-7400-7");
        assert!(uuid(Timestamp::MAX).is_ok());
    }
}
