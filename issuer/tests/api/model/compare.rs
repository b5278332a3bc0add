//! What the ledger says against what the model says.

use lictor_issuer::{LicenseRecord, Standing as Recorded, find};
use lictor_keys::KeyState;
use lictor_shared::Status;
use std::collections::BTreeSet;

use super::desk::{Desk, instant};
use super::rules::{DAY, Entry, License, Model, Standing};

/// Fails with a sentence where the two differ.
pub(super) type Compared = Result<(), String>;

/// The same, or what is not.
pub(super) fn same<T: PartialEq + core::fmt::Debug>(what: &str, is: &T, must: &T) -> Compared {
    if is == must { Ok(()) } else { Err(format!("{what} is {is:?} and must be {must:?}")) }
}

/// Compares all of it: keys, events, and each license with its state at every instant at which it could change.
pub(super) fn compare(desk: &Desk, model: &Model, did: &str) -> Compared {
    let states: Vec<KeyState> =
        desk.ledger.key_ring().unwrap().records().iter().map(|key| key.state).collect();
    let mut keys = vec![KeyState::Next; model.keys];
    if let Some(first) = keys.first_mut() {
        *first = KeyState::Active;
    }
    same("the states of the keys", &states, &keys)?;
    compare_last_event(desk, model, did)?;
    same("the number of licenses", &desk.ids.len(), &model.licenses.len())?;
    for (id, license) in desk.ids.iter().zip(&model.licenses) {
        let record = find(&desk.ledger, &id.to_string()).map_err(|failure| failure.message)?;
        compare_license(&record, license, model.now).map_err(|why| format!("of the license {id}, {why}"))?;
    }
    Ok(())
}

/// The last event is the last operation's that was done, and nothing else was recorded.
fn compare_last_event(desk: &Desk, model: &Model, did: &str) -> Compared {
    let tail =
        desk.ledger.events(model.events).collect::<Result<Vec<_>, _>>().map_err(|error| error.message)?;
    let kinds: Vec<&str> = tail.iter().map(|event| event.kind.as_str()).collect();
    same("the tail of the log", &kinds, &vec![did])
}

fn compare_license(record: &LicenseRecord, license: &License, now: u64) -> Compared {
    let standing = match license.standing {
        Standing::Active => Recorded::Active,
        Standing::Suspended { since } => Recorded::Suspended { since: instant(since) },
        Standing::Revoked { since, reason } => Recorded::Revoked { since: instant(since), reason },
    };
    same("what was decided", &record.standing, &standing)?;
    same("the number of revisions", &record.revisions.len(), &license.revisions.len())?;
    for (place, (found, revision)) in record.revisions.iter().zip(&license.revisions).enumerate() {
        let (status, since) = entry(revision.entry);
        let is = (
            (found.revision, found.issued_at, found.starts_at, found.expires_at, found.grace_until),
            (found.revocation_grace.get(), found.status, found.since),
        );
        let end = revision.end.map(|(end, grace)| (instant(end), instant(grace)));
        let must = (
            (
                u64::try_from(place + 1).unwrap(),
                instant(revision.issued_at),
                instant(revision.starts_at),
                end.map(|(end, _)| end),
                end.map(|(_, grace)| grace),
            ),
            (revision.revocation_grace, status, since.map(instant)),
        );
        same("a revision", &is, &must)?;
    }
    for seconds in instants(license, now) {
        let at = instant(seconds);
        same(&format!("the state at {at}"), &record.state(at), &license.state(seconds))?;
    }
    Ok(())
}

/// Now, much later, and before and at every edge of a revision.
fn instants(license: &License, now: u64) -> BTreeSet<u64> {
    let edges = license.revisions.iter().flat_map(|revision| {
        let end = revision.end.into_iter().flat_map(|(end, grace)| [end, grace]);
        end.chain([revision.starts_at])
    });
    edges.flat_map(|edge| [edge - 1, edge]).chain([now, now + 3650 * DAY]).collect()
}

pub(super) const fn entry(entry: Entry) -> (Status, Option<u64>) {
    match entry {
        Entry::Valid => (Status::Valid, None),
        Entry::Suspended { since } => (Status::Suspended, Some(since)),
        Entry::Revoked { since } => (Status::Revoked, Some(since)),
    }
}
