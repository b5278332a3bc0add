//! A list that is outranked, or another issuer's, changes nothing.

use super::{generate, holds};
use lictor_validator::{Horizon, NotAccepted};
use proptest::prelude::*;

#[test]
fn a_lower_sequence_or_another_issuer_changes_nothing() {
    let pair = (generate::case(), generate::case())
        .prop_filter("a list more, and one to be outranked by", |(case, other)| {
            !other.lists.is_empty() && case.lists.iter().any(|list| !list.foreign)
        });
    holds(400, &pair, |(mut case, other)| {
        let mut extra = other.lists[0].clone();
        let highest = case
            .lists
            .iter()
            .filter(|list| !list.foreign)
            .map(|list| list.sequence)
            .max()
            .unwrap_or_default();
        if !extra.foreign {
            extra.sequence = highest - 1;
        }
        let verdict = case.judge(&case.prepare()).to_json();
        // Wherever in the order it is given.
        for place in 0..=case.lists.len() {
            case.lists.insert(place, extra.clone());
            prop_assert_eq!(&case.judge(&case.prepare()).to_json(), &verdict);
            case.lists.remove(place);
        }
        Ok(())
    });
}

#[test]
fn the_order_of_lists_does_not_matter() {
    holds(400, &generate::case(), |case| {
        let verdict = case.judge(&case.prepare()).to_json();
        let mut reversed = case.clone();
        reversed.lists.reverse();
        prop_assert_eq!(reversed.judge(&reversed.prepare()).to_json(), verdict);
        Ok(())
    });
}

#[test]
fn a_higher_sequence_decides_alone() {
    holds(300, &generate::case(), |mut case| {
        prop_assume!(case.lists.len() == 2);
        case.lists[0].foreign = false;
        case.lists[1].foreign = false;
        case.lists[0].sequence = 1;
        case.lists[1].sequence = 2;
        let both = case.judge(&case.prepare()).to_json();
        case.lists.remove(0);
        prop_assert_eq!(case.judge(&case.prepare()).to_json(), both);
        Ok(())
    });
}

#[test]
fn acceptance_ends_400_days_ahead() {
    let horizon = |now| Horizon { now, watermark: None, built_at: None, latest_license: None };
    let list = generate::ListCase {
        foreign: false,
        issued: 1600,
        ttl: 1,
        sequence: 1,
        license_status: 0,
        activation_status: 0,
        license_since: None,
        activation_since: None,
    };
    let anchors = {
        let key = generate::list_key();
        lictor_shared::AnchorSet::read(format!("{{\"keys\":[{}]}}", key.jwk("acme-licensing", "")).as_bytes())
            .expect("anchors")
    };
    // 1600 quarters are 400 days.
    assert!(list.accept(&anchors, &horizon(generate::at(0))).is_ok());
    let early = lictor_shared::Timestamp::from_seconds(generate::at(0).seconds() - 1).expect("in range");
    let refused = list.accept(&anchors, &horizon(early)).err();
    assert_eq!(refused, Some(NotAccepted::FarAhead { issued_at: generate::at(1600), known: early }));
}
