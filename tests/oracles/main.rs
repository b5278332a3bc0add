//! Other people's test suites, run through our signature check.
#![cfg(test)]

mod taming;
mod wycheproof;

use lictor_shared::PublicKey;

/// Whether our check accepts: the key must be one we trust at all, the signature must have 64 bytes and hold.
fn accepts(key: &[u8], message: &[u8], signature: &[u8]) -> bool {
    let (Ok(key), Ok(signature)) = (<&[u8; 32]>::try_from(key), <&[u8; 64]>::try_from(signature)) else {
        return false;
    };
    PublicKey::from_bytes(key).is_ok_and(|key| key.verifies(message, signature))
}
