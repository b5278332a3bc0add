//! Status lists: how old the last one is, what has changed since, and how much room is left.

use lictor_shared::json::{Members, Value};
use lictor_shared::{Timestamp, limits};
use std::collections::BTreeMap;

use super::Finding;
use crate::error::Failure;
use crate::event::{Event, EventKind};
use crate::home::Home;
use crate::ledger::Ledger;
use crate::ledger::carried;
use crate::ledger::entries::{self, ListRecord};

/// A list with fewer free indices than this, a sixteenth of all, will soon be full.
const FEW: u64 = 1 << 20 >> 4;

const PUBLISH: &str = "lictor status publish";

pub(super) fn examine(home: &Home, ledger: &Ledger, at: Timestamp) -> Result<Vec<Finding>, Failure> {
    let records = entries::records(ledger.connection())?;
    let changed = changed(ledger)?;
    let mut findings: Vec<Finding> = records.iter().map(|record| age(home, record, at)).collect();
    findings.extend(records.iter().filter_map(|record| {
        let changes = *changed.get(record.uri.as_str())?;
        record.published_at.map(|published| unpublished(record, published, changes))
    }));
    let current = home.config().status_uri.as_str();
    let used =
        records.iter().find(|record| record.uri.as_str() == current).map_or(0, |record| record.entries);
    findings.push(room(current, u64::from(limits::STATUS_ENTRIES).saturating_sub(used)));
    findings.extend(forgotten(carried::without_license(ledger.connection())?));
    Ok(findings)
}

fn age(home: &Home, list: &ListRecord, at: Timestamp) -> Finding {
    let uri = &list.uri;
    let Some(published) = list.published_at else {
        return match list.entries {
            0 => Finding::fine("lists", format!("{uri} is new; no license refers to it.")),
            _ => Finding::warning("lists", format!("{uri} was never published."), PUBLISH),
        };
    };
    match published.plus(home.config().status_ttl) {
        Some(stale) if stale <= at => Finding::warning(
            "lists",
            format!("{uri} was last published at {published} and is stale since {stale}."),
            PUBLISH,
        ),
        Some(stale) => Finding::fine(
            "lists",
            format!("{uri} was last published at {published} and is fresh until {stale}."),
        ),
        None => Finding::fine("lists", format!("{uri} stays fresh.")),
    }
}

/// How often an entry of each list was revoked, suspended or reinstated since the list was last published.
fn changed(ledger: &Ledger) -> Result<BTreeMap<String, u64>, Failure> {
    let mut changed = BTreeMap::new();
    for event in ledger.events(1) {
        let event = event?;
        if event.kind == EventKind::StatusPublished {
            changed.remove(event.body.get("uri").and_then(Value::as_str).unwrap_or_default());
        }
        for uri in entries_of(&event) {
            *changed.entry(uri).or_default() += 1;
        }
    }
    Ok(changed)
}

/// The list of each entry that an event changes.
fn entries_of(event: &Event) -> Vec<String> {
    let objects = |name: &str| {
        let items = event.body.get(name).and_then(Value::as_array).into_iter().flatten();
        items.filter_map(Value::as_object).collect::<Vec<_>>()
    };
    let uri = |members: &Members| members.get("uri").and_then(Value::as_str).map(ToOwned::to_owned);
    let placed = |members: &Members| members.get("status").and_then(Value::as_object).and_then(uri);
    if event.kind == EventKind::LedgerRestored {
        let valid = |entry: &&Members| entry.get("status").and_then(Value::as_str) == Some("valid");
        let taken = objects("handedOut").into_iter().filter(|entry| !valid(entry));
        return taken.chain(objects("stopped")).filter_map(uri).collect();
    }
    // `revisions` of what is stopped or reinstated, `revoked` of what is renewed.
    objects("revisions").into_iter().chain(objects("revoked")).filter_map(placed).collect()
}

fn unpublished(list: &ListRecord, published: Timestamp, changes: u64) -> Finding {
    let entries = if changes == 1 {
        "1 change of an entry".to_owned()
    } else {
        format!("{changes} changes of entries")
    };
    let says = format!(
        "{} has {entries} (revoked, suspended, reinstated) that no list tells yet: it was last published at {published}.",
        list.uri
    );
    Finding::warning("lists", says, format!("{PUBLISH}, and bring the list to the deployments"))
}

fn room(uri: &str, free: u64) -> Finding {
    let says = format!("{uri} has {free} free indices.");
    match free < FEW {
        true => Finding::warning("room", says, "Open a new list: set statusUri in lictor.toml to a new URI."),
        false => Finding::fine("room", says),
    }
}

/// Entries that a restored ledger took over: they stay taken, and lists go on telling what became of them.
fn forgotten(entries: u64) -> Option<Finding> {
    let says = match entries {
        0 => return None,
        1 => "1 entry belongs to a license that a restore has forgotten, and stays taken.".to_owned(),
        _ => format!("{entries} entries belong to licenses that a restore has forgotten, and stay taken."),
    };
    Some(Finding::fine("room", says))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::Severity;

    #[test]
    fn a_list_that_is_nearly_full_is_told_of() {
        assert_eq!(room("a:b", FEW).severity, Severity::Fine);
        assert_eq!(room("a:b", FEW - 1).severity, Severity::Warning);
    }
}
