//! Checking the signatures of a key that is met again and again, with multiples of it computed beforehand.
//!
//! It accepts exactly what `VerifyingKey::verify_strict` of ed25519-dalek accepts, and gets there another way:
//!
//! - strict: S is below the group order. Here the same call of the same library decides it.
//! - strict: R is a point, not of small order, and its bytes are those of `S·B - k·A`. Here the point is computed first and
//!   encoded; where the bytes are the same, R is that point in its canonical encoding, so that there is nothing left
//!   to decode, and the point itself is asked for its order.
//! - strict: A is not of small order. [`PublicKey`](super::PublicKey) holds no other.
//!
//! The equation is the one without cofactor, each signature is checked by itself, and never a batch of them: the sum over a batch
//! can come out right where single signatures do not hold, as with points that have a part of small order. How long it takes
//! depends on what is checked; all of that is public. The tests hold it against `verify_strict`.

use curve25519_dalek::constants::ED25519_BASEPOINT_POINT;
use curve25519_dalek::scalar::Scalar;
use ed25519_dalek::VerifyingKey;
use sha2::{Digest, Sha512};

use super::comb::{Comb, sum_of_public};

/// The multiples of a key and of the base point, 160 KiB.
pub(super) struct Tables {
    key: [u8; 32],
    minus_key: Comb,
    base: Comb,
}

impl Tables {
    /// Of a key that is not of small order.
    pub(super) fn new(key: &VerifyingKey) -> Self {
        let minus_key = Comb::new(&-key.to_edwards());
        Self { key: key.to_bytes(), minus_key, base: Comb::new(&ED25519_BASEPOINT_POINT) }
    }

    pub(super) fn verifies(&self, message: &[u8], signature: &[u8; 64]) -> bool {
        let ([r, s], []) = signature.as_chunks::<32>() else { return false };
        let Some(s) = Option::<Scalar>::from(Scalar::from_canonical_bytes(*s)) else { return false };
        let hash = Sha512::new().chain_update(r).chain_update(self.key).chain_update(message).finalize();
        let k = Scalar::from_bytes_mod_order_wide(&hash.into());
        let point = sum_of_public([(&self.minus_key, &k), (&self.base, &s)]);
        point.compress().as_bytes() == r && !point.is_small_order()
    }
}
