//! Randomness, from the operating system only.

use lictor_shared::{Timestamp, Uuid};
use rand::TryRng as _;
use rand::rngs::SysRng;

use crate::error::{Failure, FailureKind};

/// `N` random bytes.
pub(crate) fn bytes<const N: usize>() -> Result<[u8; N], Failure> {
    let mut bytes = [0; N];
    SysRng.try_fill_bytes(&mut bytes).map_err(|error| {
        Failure::new(FailureKind::Unexpected, "The operating system gives no randomness.").because(error)
    })?;
    Ok(bytes)
}

/// A number drawn uniformly from 0 to `2^bits - 1`; at most 32 bits.
pub(crate) fn number(bits: u32) -> Result<u32, Failure> {
    let drawn = u32::from_le_bytes(bytes()?);
    Ok(drawn.checked_shr(u32::BITS.saturating_sub(bits)).unwrap_or_default())
}

/// A fresh UUID of version 7, dated `at`.
pub(crate) fn uuid(at: Timestamp) -> Result<Uuid, Failure> {
    let millis = at.seconds().saturating_mul(1000);
    let made = uuid::Builder::from_unix_timestamp_millis(millis, &bytes()?).into_uuid();
    Uuid::from_bytes(made.into_bytes())
        .ok_or_else(|| Failure::new(FailureKind::Unexpected, "A fresh UUID is not one of version 7."))
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
        assert_eq!(one[..13], *"01a2008d-7400");
        assert!(uuid(Timestamp::MAX).is_ok());
    }

    #[test]
    fn numbers_fill_their_range_and_no_more() {
        let drawn: Vec<u32> = (0..200).map(|_| number(1).unwrap()).collect();
        assert!(drawn.iter().all(|number| *number < 2) && drawn.contains(&0) && drawn.contains(&1));
        assert!((0..200).all(|_| number(20).unwrap() < 1 << 20));
        assert_eq!(number(0).unwrap(), 0);
    }
}
