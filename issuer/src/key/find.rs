//! Which key is meant: by its thumbprint, or the beginning of it.

use lictor_keys::{KeyRecord, KeyRing};
use lictor_shared::json::Value;

use crate::error::{Failure, FailureKind};

/// Characters of a thumbprint that name a key, if it is the only one that begins so.
const LEAST: usize = 8;

/// Characters of a thumbprint.
const WHOLE: usize = 43;

/// The key with this thumbprint. Its first characters are enough, if there are at least 8 of them and no other key begins
/// so. Capitals count.
///
/// # Errors
/// [`FailureKind::NotFound`] if there is none, [`FailureKind::Conflict`] if there are several, naming them.
pub fn find_key<'r>(ring: &'r KeyRing, id: &str) -> Result<&'r KeyRecord, Failure> {
    let id = id.trim();
    if id.len() < LEAST {
        return Err(unknown(format!("{id:?} is too short for the id of a key: at least 8 characters."), id));
    }
    let found: Vec<&KeyRecord> = ring.records().iter().filter(|key| kid(key).starts_with(id)).collect();
    match found.as_slice() {
        [key] => Ok(key),
        [] if id.len() == WHOLE => Err(unknown(format!("There is no key {id}."), id)),
        [] => Err(unknown(format!("There is no key of which the id begins with {id:?}."), id)),
        several => Err(ambiguous(id, several)),
    }
}

fn kid(key: &KeyRecord) -> String {
    key.public.thumbprint().to_string()
}

fn unknown(message: String, id: &str) -> Failure {
    Failure::new(FailureKind::NotFound, message)
        .hint("lictor key list shows the ids; 8 characters of one are enough, if no other begins so.")
        .with("kid", id)
}

fn ambiguous(id: &str, several: &[&KeyRecord]) -> Failure {
    let named: Vec<String> = several.iter().map(|key| kid(key)).collect();
    let message = format!("Several keys have an id that begins with {id}: {}.", named.join(", "));
    Failure::new(FailureKind::Conflict, message)
        .hint("Write more characters of the one that you mean.")
        .with("candidates", named.into_iter().map(Value::from).collect::<Vec<_>>())
}

#[cfg(test)]
mod tests {
    use super::*;
    use lictor_keys::{KeyPurpose, KeyState};
    use lictor_shared::{Products, PublicKey, Text, Timestamp};

    /// The public keys of RFC 8032, section 7.1, tests 1 and 2, in base64url.
    const KEYS: [&str; 2] =
        ["11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo", "PUAXw-hDiVqStwqnTRt-vJyYLM8uxJaMwM1V8Sr0Zgw"];

    fn ring() -> KeyRing {
        let record = |x: &str| KeyRecord {
            public: PublicKey::from_base64url(x).unwrap(),
            state: KeyState::Next,
            issuer: Text::new("acme").unwrap(),
            purposes: KeyPurpose::ANCHORED.to_vec(),
            products: Products::Any,
            algorithm: None,
            created_at: Timestamp::parse("2026-01-01T00:00:00Z").unwrap(),
            not_before: None,
            not_after: None,
            distrust_after: None,
            turn: None,
            destroyed_at: None,
        };
        KeyRing::from_records(KEYS.map(record)).unwrap()
    }

    #[test]
    fn eight_characters_are_enough_and_seven_are_not() {
        let ring = ring();
        // RFC 8037, appendix A.3, has the thumbprint of the first.
        let whole = "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k";
        for named in [whole, "kPrK_qmx", " kPrK_qmxVW\n"] {
            assert_eq!(find_key(&ring, named).unwrap(), &ring.records()[0], "{named}");
        }
        for named in [
            "kPrK_qm",
            "kprk_qmx",
            "",
            "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4kk",
            "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4l",
        ] {
            assert_eq!(find_key(&ring, named).unwrap_err().kind, FailureKind::NotFound, "{named}");
        }
    }

    #[test]
    fn several_are_named() {
        let ring = ring();
        let both: Vec<&KeyRecord> = ring.records().iter().collect();
        let failure = ambiguous("12345678", &both);
        assert_eq!(failure.exit_code(), 20);
        assert!(both.iter().all(|key| failure.message.contains(&kid(key))), "{}", failure.message);
        assert_eq!(failure.details["candidates"].as_array().map(<[_]>::len), Some(2));
    }
}
