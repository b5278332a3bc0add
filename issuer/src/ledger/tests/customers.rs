//! Customers, their ids and their names.

use lictor_shared::Text;
use std::collections::BTreeSet;

use super::super::*;
use super::intruder;
use crate::error::FailureKind;
use crate::event::{EventKind, Facts};
use crate::scratch::{Scratch, Unsaid, occasion};

#[test]
fn customers_keep_their_ids_and_share_none() {
    let scratch = Scratch::new();
    let (_, mut ledger) = scratch.ledger();
    let occasion = occasion();
    let transaction = ledger.begin(&occasion).unwrap();
    let text = |text: &str| Text::new(text).unwrap();
    let identify = |name: &str, id: Option<&str>| {
        let id = id.map(text);
        crate::customer::identify(transaction.connection(), &text(name), id.as_ref()).map(|id| id.to_string())
    };
    assert_eq!(identify("Acme GmbH", None).unwrap(), "acme-gmbh");
    assert_eq!(identify("Acme GmbH", None).unwrap(), "acme-gmbh", "the same customer");
    let other = identify("ACME GmbH", None).unwrap();
    assert!(other.starts_with("acme-gmbh-") && other.len() == 14, "{other}");
    assert_eq!(identify("ACME GmbH", None).unwrap(), other);
    assert_eq!(identify("Bolt", Some("acme-gmbh")).unwrap_err().kind, FailureKind::Conflict);
    assert_eq!(identify("Acme GmbH", Some("acme-gmbh")).unwrap(), "acme-gmbh");
    assert_eq!(identify("Acme GmbH", Some("acme-2")).unwrap(), "acme-2");
    let several = identify("Acme GmbH", None).unwrap_err();
    assert_eq!(several.kind, FailureKind::Conflict);
    assert!(several.message.contains("acme-2, acme-gmbh"), "{}", several.message);
    for name in [" Bolt", "Bolt ", "\u{a0}Bolt"] {
        let failure = identify(name, None).unwrap_err();
        assert_eq!(failure.kind, FailureKind::Validation);
        assert!(failure.message.contains("write \"Bolt\""), "{}", failure.message);
    }
    assert_eq!(identify(" Bolt", Some("bolt")).unwrap_err().kind, FailureKind::Validation);
    assert!(identify("Bolt", Some("bolt ")).unwrap_err().message.starts_with("customerId: "));
    assert!(identify(" ", None).unwrap_err().message.contains("nothing but white space"));
    // A license that is signed already says what it says, and names him.
    let (name, id) = (text(" Bolt"), text("bolt"));
    crate::customer::identify_signed(transaction.connection(), &name, &id).unwrap();
    assert_eq!(identify(" Bolt", None).unwrap(), "bolt");
    assert_eq!(identify("!!!", None).unwrap(), "customer");
    assert!(identify("???", None).unwrap().starts_with("customer-"));
}

/// Names that look alike are different customers, unless they are the same to the byte.
#[test]
fn names_that_look_alike_never_share_an_id() {
    let scratch = Scratch::new();
    let (_, mut ledger) = scratch.ledger();
    let occasion = occasion();
    let transaction = ledger.begin(&occasion).unwrap();
    let identify = |name: &str| {
        crate::customer::identify(transaction.connection(), &Text::new(name).unwrap(), None).unwrap()
    };
    let alike = [
        // One letter, and the same as a letter with a combining mark.
        "Caf\u{e9}",
        "Cafe\u{301}",
        "Cafe",
        // Latin, Cyrillic and Greek.
        "Acme",
        "\u{410}\u{441}me",
        "\u{391}cme",
        // Full width, with a space that is not broken, with one of no width.
        "\u{ff21}cme",
        "Ac\u{a0}me",
        "Ac\u{200b}me",
        // What small letters become of.
        "STRASSE",
        "stra\u{df}e",
        "\u{130}stanbul",
        "Istanbul",
        "\u{131}stanbul",
        // Nothing of which an id could be made.
        "!!!",
        "\u{1f980}",
        "---",
    ];
    let ids: Vec<Text> = alike.iter().map(|name| identify(name)).collect();
    assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), alike.len(), "{ids:?}");
    assert_eq!(
        alike.iter().map(|name| identify(name)).collect::<Vec<_>>(),
        ids,
        "each keeps the one that it got"
    );
    let names = |id: &Text| customers::name(transaction.connection(), id).unwrap().unwrap();
    assert!(ids.iter().zip(alike).all(|(id, name)| names(id).as_str() == name));
}

#[test]
fn of_ten_thousand_names_no_two_share_an_id() {
    let scratch = Scratch::new();
    let (_, mut ledger) = scratch.ledger();
    let occasion = occasion();
    let transaction = ledger.begin(&occasion).unwrap();
    let letters = ['a', 'A', '\u{e4}', '\u{430}', '\u{682a}', ' ', '-', '.', '!', '1'];
    // Each number, its digits as letters: many names with one slug, and none twice.
    let name = |number: usize| -> String {
        let digits = number.to_string();
        let letter = |digit: char| letters[usize::try_from(digit.to_digit(10).unwrap()).unwrap()];
        // In quotation marks, since no white space may stand around it.
        format!("\"{}\"", digits.chars().map(letter).collect::<String>())
    };
    let names: BTreeSet<String> = (0..10_000).map(name).collect();
    assert_eq!(names.len(), 10_000);
    let identify = |name: &String| {
        crate::customer::identify(transaction.connection(), &Text::new(name).unwrap(), None).unwrap()
    };
    let ids: BTreeSet<String> = names.iter().map(|name| identify(name).to_string()).collect();
    assert_eq!(ids.len(), names.len());
}

#[test]
fn no_name_of_a_customer_stands_in_a_leaf() {
    let scratch = Scratch::new();
    let (path, mut ledger) = scratch.ledger();
    let occasion = occasion();
    let transaction = ledger.begin(&occasion).unwrap();
    let facts = Facts::new([("plan", "basic".into())]).personal("customer", "Acme GmbH").unwrap();
    let event = transaction.record(EventKind::LicenseIssued, facts).unwrap();
    transaction.commit(event, &Unsaid).unwrap();
    let leaf = ledger.events(2).next().unwrap().unwrap();
    assert!(!leaf.leaf().contains("Acme"));
    let texts = events::Texts::new(ledger.connection()).of_one(2).unwrap();
    assert_eq!(texts["customer"].text(), "Acme GmbH");
    assert_eq!(leaf.body["customer"], texts["customer"].to_value());
    // Erased, the leaf stays what it is.
    intruder(&path).execute("DELETE FROM personal WHERE seq = 2", ()).unwrap();
    assert_eq!(ledger.events(2).next().unwrap().unwrap(), leaf);
}
