//! Checking with tables against `verify_strict`, over signatures that are made, mended and mutated at random: of ordinary keys and of keys
//! with a part of small order, with and without an R of small order, with an S at and above the group order.
//!
//! The seed is fixed, so a run repeats; `LICTOR_TEST_SEED` sets another one, `LICTOR_TEST_SIGNATURES` how many there are:
//!
//! ```console
//! $ LICTOR_TEST_SIGNATURES=10000000 cargo test --release -p lictor-tests --test oracles tables -- --nocapture
//! ```

use curve25519_dalek::constants::EIGHT_TORSION;
use curve25519_dalek::edwards::EdwardsPoint;
use curve25519_dalek::scalar::Scalar;
use ed25519_dalek::{Signature, VerifyingKey};
use lictor_shared::PublicKey;
use sha2::{Digest as _, Sha512};
use std::thread;

/// Signatures of each key.
const OF_A_KEY: u64 = 250;

/// The group order, least significant byte first.
const ORDER: [u8; 32] = [
    0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14, 0, 0, 0,
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
];

/// Numbers that look random, the same for the same seed.
struct Dice {
    seed: u64,
    drawn: u64,
}

impl Dice {
    fn bytes(&mut self) -> [u8; 64] {
        self.drawn += 1;
        Sha512::new()
            .chain_update(self.seed.to_le_bytes())
            .chain_update(self.drawn.to_le_bytes())
            .finalize()
            .into()
    }

    fn below(&mut self, limit: usize) -> usize {
        let [low, high, ..] = self.bytes();
        usize::from(u16::from_le_bytes([low, high])) % limit
    }

    fn scalar(&mut self) -> Scalar {
        Scalar::from_bytes_mod_order_wide(&self.bytes())
    }

    fn torsion(&mut self) -> EdwardsPoint {
        EIGHT_TORSION[self.below(8)]
    }
}

/// A key pair, of which the public half may have a part of small order.
struct Pair {
    secret: Scalar,
    public: [u8; 32],
    strict: VerifyingKey,
    tabled: PublicKey,
}

impl Pair {
    fn new(dice: &mut Dice) -> Self {
        let secret = dice.scalar();
        let part = if dice.below(2) == 0 { EIGHT_TORSION[0] } else { dice.torsion() };
        let public = (EdwardsPoint::mul_base(&secret) + part).compress().to_bytes();
        let strict = VerifyingKey::from_bytes(&public).unwrap();
        let tabled = PublicKey::from_bytes(&public).unwrap().with_tables();
        Self { secret, public, strict, tabled }
    }

    /// A signature for which the equation holds, at least if everything of small order is left aside.
    fn sign(&self, message: &[u8], dice: &mut Dice) -> [u8; 64] {
        let nonce = if dice.below(16) == 0 { Scalar::ZERO } else { dice.scalar() };
        let part = if dice.below(2) == 0 { EIGHT_TORSION[0] } else { dice.torsion() };
        let r = (EdwardsPoint::mul_base(&nonce) + part).compress().to_bytes();
        let hash = Sha512::new().chain_update(r).chain_update(self.public).chain_update(message).finalize();
        let k = Scalar::from_bytes_mod_order_wide(&hash.into());
        joined(r, (nonce + k * self.secret).to_bytes())
    }

    /// Whether both say so; they must say the same.
    fn accepts(&self, message: &[u8], signature: &[u8; 64]) -> bool {
        let strict = self.strict.verify_strict(message, &Signature::from_bytes(signature)).is_ok();
        let tabled = self.tabled.verifies(message, signature);
        let case = || format!("key {:02x?}, message {message:02x?}, signature {signature:02x?}", self.public);
        assert_eq!(tabled, strict, "{}", case());
        strict
    }
}

fn joined(r: [u8; 32], s: [u8; 32]) -> [u8; 64] {
    let mut signature = [0; 64];
    signature[..32].copy_from_slice(&r);
    signature[32..].copy_from_slice(&s);
    signature
}

/// S and the group order, which is the same modulo the order.
fn above_the_order(signature: &[u8; 64]) -> [u8; 64] {
    let (mut sum, mut carry) = (*signature, 0);
    for (byte, more) in sum[32..].iter_mut().zip(ORDER) {
        let total = u16::from(*byte) + u16::from(more) + carry;
        [*byte, _] = total.to_le_bytes();
        carry = total >> 8;
    }
    sum
}

/// An encoding that none of RFC 8032 is: a y of p to 2^255 - 1, or one of them with the other sign.
fn non_canonical(dice: &mut Dice) -> [u8; 32] {
    let mut bytes = [0xff; 32];
    bytes[0] = 0xed + u8::try_from(dice.below(19)).unwrap();
    bytes[31] = if dice.below(2) == 0 { 0x7f } else { 0xff };
    bytes
}

/// One of the ways in which a signature and its message go wrong; some of them leave them as they are.
fn mutate(message: &mut [u8], signature: &mut [u8; 64], dice: &mut Dice) {
    let [r, s] = [signature[..32].try_into().unwrap(), signature[32..].try_into().unwrap()];
    match dice.below(24) {
        0 => signature[dice.below(64)] ^= 1 << dice.below(8),
        1 => *message.last_mut().unwrap() ^= 1 << dice.below(8),
        2 => *signature = above_the_order(signature),
        3 => *signature = joined(non_canonical(dice), s),
        4 => *signature = joined(dice.torsion().compress().to_bytes(), s),
        5 => *signature = joined(r, dice.scalar().to_bytes()),
        6 => *signature = dice.bytes(),
        7 => *signature = joined(r, ORDER),
        8 => *signature = joined(r, [0; 32]),
        _ => {}
    }
}

/// How many of so many signatures are accepted.
fn accepted(seed: u64, signatures: u64) -> u64 {
    let mut dice = Dice { seed, drawn: 0 };
    let mut accepted = 0;
    for _key in 0..signatures.div_ceil(OF_A_KEY) {
        let pair = Pair::new(&mut dice);
        for _signature in 0..OF_A_KEY {
            let mut message = dice.bytes()[..=dice.below(64)].to_vec();
            let mut signature = pair.sign(&message, &mut dice);
            mutate(&mut message, &mut signature, &mut dice);
            accepted += u64::from(pair.accepts(&message, &signature));
        }
    }
    accepted
}

fn number(name: &str, otherwise: u64) -> u64 {
    let given = std::env::var(name).ok();
    given.map_or(otherwise, |text| text.parse().unwrap_or_else(|_| panic!("{name} is a number")))
}

#[test]
fn tables_answer_as_verify_strict_does() {
    let (seed, signatures) =
        (number("LICTOR_TEST_SEED", 20_261_123), number("LICTOR_TEST_SIGNATURES", 20_000));
    println!("LICTOR_TEST_SEED={seed} LICTOR_TEST_SIGNATURES={signatures}");
    let halves = [seed, seed ^ u64::MAX];
    let counted: u64 = thread::scope(|scope| {
        let running = halves.map(|seed| scope.spawn(move || accepted(seed, signatures / 2)));
        running.map(|half| half.join().unwrap()).iter().sum()
    });
    println!("{counted} of {signatures} were accepted, by both");
    assert!(counted * 10 > signatures, "only {counted} were accepted");
    assert!(counted * 10 < signatures * 5, "as many as {counted} were accepted");
}
