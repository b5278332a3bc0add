//! How SQLite goes about finding events.

use lictor_shared::Uuid;

use super::*;
use crate::event::EventKind;
use crate::scratch::Scratch;

/// The steps of SQLite's plan.
fn plan(selection: &EventSelection) -> Vec<String> {
    let scratch = Scratch::new();
    let (_, ledger) = scratch.ledger();
    let narrowed = narrowed(selection);
    let explained = format!("EXPLAIN QUERY PLAN {}", statement(selection, &narrowed));
    let mut steps = Vec::new();
    narrowed
        .each(ledger.connection(), &explained, &mut |row| {
            steps.push(row.get::<_, String>(3).or_fault()?);
            Ok(())
        })
        .unwrap();
    steps
}

#[test]
fn the_events_of_a_license_are_found_by_an_index() {
    let license = Uuid::new("0198c0d2-6c1e-7000-8000-2f6f2b1d9a10").ok();
    let steps = plan(&EventSelection { license, last: Some(10), ..EventSelection::default() });
    assert!(steps.iter().any(|step| step.contains("event_by_license")), "{steps:?}");
    assert!(!steps.iter().any(|step| step.contains("SCAN event")), "{steps:?}");
}

#[test]
fn nothing_is_sorted_however_much_is_asked() {
    let everything = EventSelection {
        customer: Text::new("acme").ok(),
        product: Name::new("dialer").ok(),
        deployment: Some("abcdefgh".into()),
        kinds: vec![EventKind::LicenseIssued],
        actor: Text::new("jana").ok(),
        after: Some(3),
        before: Some(9),
        ..EventSelection::default()
    };
    for selection in [everything.clone(), EventSelection { last: Some(5), ..everything }] {
        let steps = plan(&selection);
        assert!(
            steps.iter().any(|step| step.contains("SEARCH event USING INTEGER PRIMARY KEY")),
            "{steps:?}"
        );
        assert!(!steps.iter().any(|step| step.contains("TEMP B-TREE FOR ORDER")), "{steps:?}");
    }
}
