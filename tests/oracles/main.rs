//! Other people's test suites, run through our signature check.
#![cfg(test)]

mod tables;
mod taming;
mod wycheproof;

use lictor_shared::PublicKey;

/// Whether our check accepts, without tables and with them: the key must be one we trust at all, the signature must have 64 bytes and hold.
fn accepts(key: &[u8], message: &[u8], signature: &[u8]) -> bool {
    let (Ok(key), Ok(signature)) = (<&[u8; 32]>::try_from(key), <&[u8; 64]>::try_from(signature)) else {
        return false;
    };
    let Ok(key) = PublicKey::from_bytes(key) else { return false };
    let accepted = key.verifies(message, signature);
    assert_eq!(key.with_tables().verifies(message, signature), accepted, "tables make a difference");
    accepted
}
