//! Bytes of any kind are answered, never with rights.

use super::{generate, holds};
use lictor_shared::{AnchorSet, Mode};
use lictor_validator::check;
use proptest::collection::vec;
use proptest::prelude::*;

/// A change to a bare token: never one that only adds white space around it, which is allowed.
#[derive(Clone, Debug)]
enum Change {
    Put(prop::sample::Index, u8),
    Cut(prop::sample::Index),
    Insert(prop::sample::Index, u8),
    Swap(prop::sample::Index, prop::sample::Index),
}

fn change() -> impl Strategy<Value = Change> {
    let at = any::<prop::sample::Index>;
    prop_oneof![
        (at(), any::<u8>()).prop_map(|(at, byte)| Change::Put(at, byte)),
        at().prop_map(Change::Cut),
        (at(), any::<u8>()).prop_map(|(at, byte)| Change::Insert(at, byte)),
        (at(), at()).prop_map(|(one, other)| Change::Swap(one, other)),
    ]
}

fn changed(token: &str, change: &Change) -> Vec<u8> {
    let mut bytes = token.as_bytes().to_vec();
    let length = bytes.len();
    match change {
        Change::Put(at, byte) => bytes[at.index(length)] = *byte,
        Change::Cut(at) => bytes.truncate(at.index(length)),
        // Not at the ends.
        Change::Insert(at, byte) => bytes.insert(1 + at.index(length - 1), *byte),
        Change::Swap(one, other) => bytes.swap(one.index(length), other.index(length)),
    }
    bytes
}

#[test]
fn a_changed_license_gives_no_rights() {
    holds(3_000, &(generate::case(), change()), |(case, change)| {
        let token = generate::token(generate::list_key(), &case.license.claims());
        let bytes = changed(&token, &change);
        prop_assume!(bytes != token.as_bytes());
        let prepared = generate::Prepared::nothing(&case);
        let verdict =
            check(&bytes, &case.anchors(), &case.context_at(&prepared, generate::at(case.context.now)));
        prop_assert_eq!(verdict.mode(), Mode::Unlicensed, "{:?}", change);
        prop_assert!(verdict.license().is_none());
        Ok(())
    });
}

#[test]
fn bytes_of_any_kind_are_answered() {
    let pieces = prop_oneof![
        vec(any::<u8>(), 0..40),
        Just(b"-----BEGIN LICENSE-----\n".to_vec()),
        Just(b"-----END LICENSE-----\n".to_vec()),
        Just(b"-----BEGIN STATUS LIST-----\r\n".to_vec()),
        Just(b"eyJhbGciOiJFZERTQSJ9.e30.AAAA".to_vec()),
        Just(vec![0xFF, 0xFE, 0x2D, 0x00]),
        Just(b"{\"keys\":[".to_vec()),
        Just(b"]}".to_vec()),
        Just("\u{feff}\u{200b}> ".as_bytes().to_vec()),
    ];
    holds(3_000, &(generate::case(), vec(pieces, 0..8)), |(case, pieces)| {
        let bytes = pieces.concat();
        let prepared = generate::Prepared::nothing(&case);
        let verdict =
            check(&bytes, &case.anchors(), &case.context_at(&prepared, generate::at(case.context.now)));
        prop_assert_eq!(verdict.mode(), Mode::Unlicensed);
        prop_assert!(AnchorSet::read(&bytes).is_err());
        Ok(())
    });
}
