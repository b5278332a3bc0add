//! What our writer makes, our reader accepts and returns.

use super::{generate, holds};
use lictor_shared::{
    Activation, Algorithm, Artefact, Claims, EmbeddedKey, License, PublicKey, Received, Release, Request,
    RequestKind, Status, StatusList, Unsigned,
};
use miniz_oxide::deflate::compress_to_vec_zlib;
use proptest::prelude::*;

#[test]
fn a_license_comes_back_as_it_was() {
    holds(500, &generate::case(), |case| {
        let claims = case.license.claims();
        let token = generate::token(generate::list_key(), &claims);
        let received = Received::<License>::read(&token).expect("a token");
        prop_assert_eq!(License::read(received.untrusted_payload()), Ok(claims.clone()));
        let written = claims.to_value().to_string();
        prop_assert_eq!(written.as_bytes(), received.untrusted_payload());
        Ok(())
    });
}

#[test]
fn a_status_list_comes_back_as_it_was() {
    let entries = prop::collection::btree_map(0..1_u32 << 20, 1..=2_u8, 0..20);
    holds(60, &entries, |entries| {
        let entries: Vec<(u32, u8)> = entries.into_iter().collect();
        let draft = generate::draft(&entries, |packed| compress_to_vec_zlib(packed, 6));
        let token = generate::token(generate::list_key(), &draft);
        let received = Received::<StatusList>::read(&token).expect("a token");
        let list = StatusList::read(received.untrusted_payload()).expect("a list");
        let read: Vec<(u32, u8)> = list
            .exceptions()
            .map(|(index, status)| (index, if status == Status::Suspended { 2 } else { 1 }))
            .collect();
        prop_assert_eq!(read, entries.clone());
        prop_assert_eq!(
            (list.sequence, list.ttl, list.issued_at),
            (draft.sequence, draft.ttl, draft.issued_at)
        );
        prop_assert_eq!(&list.since, &draft.since);
        let suspended = entries.iter().any(|(_, status)| *status == 2);
        prop_assert_eq!(list.bits().get(), if suspended { 2 } else { 1 });
        Ok(())
    });
}

#[test]
fn activations_receipts_and_requests_come_back_as_they_were() {
    let previous = prop::option::of(6..20_u8);
    let kind = prop_oneof![Just(RequestKind::Activate), Just(RequestKind::Release)];
    holds(300, &(generate::case(), kind, previous), |(case, kind, previous)| {
        let Some(activation) = case.activation.as_ref().map(generate::ActivationCase::claims) else {
            return Ok(());
        };
        let token = generate::token(generate::list_key(), &activation);
        let received = Received::<Activation>::read(&token).expect("a token");
        prop_assert_eq!(Activation::read(received.untrusted_payload()), Ok(activation.clone()));

        let (release, request) = generate::exchange(&activation, kind, previous);
        let token = generate::token(generate::list_key(), &release);
        let received = Received::<Release>::read(&token).expect("a token");
        prop_assert_eq!(Release::read(received.untrusted_payload()), Ok(release));

        let key = generate::deployment_key();
        let public = PublicKey::from_bytes(&key.public()).expect("a key");
        let unsigned = Unsigned::<Request>::new(Algorithm::Ed25519, &EmbeddedKey(public.clone()), &request);
        let signature = key.sign(unsigned.signing_input());
        let received = Received::<Request>::read(&unsigned.with_signature(&signature)).expect("a token");
        prop_assert!(received.is_signed_by(&public));
        prop_assert_eq!(&received.untrusted_signer().0, &public);
        prop_assert_eq!(Request::read(received.untrusted_payload()), Ok(request));
        Ok(())
    });
}
