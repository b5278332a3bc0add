//! Status lists: how old the last one is, what has changed since, and how much room is left.

use lictor_shared::json::{Members, Value};
use lictor_shared::{Timestamp, Uri};
use std::collections::BTreeMap;

use super::Finding;
use crate::error::Failure;
use crate::event::{Event, EventKind};
use crate::home::Home;
use crate::ledger::Ledger;
use crate::ledger::carried;
use crate::ledger::elsewhere;
use crate::ledger::entries::{self, ListRecord};
use crate::ledger::shards::FULL;
use crate::ledger::whole::Whole;
use crate::publish::ENCLOSED;
use crate::shard;

/// A list with so many entries will soon be full.
const SOON: u64 = FULL / 16 * 15;

const PUBLISH: &str = "lictor status publish";

pub(super) fn examine(home: &Home, ledger: &Ledger, at: Timestamp) -> Result<Vec<Finding>, Failure> {
    let records = entries::records(ledger.connection())?;
    let told = told(ledger)?;
    let of = |record: &ListRecord| told.get(record.uri.as_str()).copied().unwrap_or_default();
    let mut findings: Vec<Finding> =
        records.iter().map(|record| age(home, record, of(record).published_at, at)).collect();
    findings.extend(records.iter().filter_map(|record| match of(record) {
        Told { changes: 0, .. } | Told { published_at: None, .. } => None,
        Told { changes, published_at: Some(published) } => Some(unpublished(record, published, changes)),
    }));
    findings.push(room(&home.config().status_uri, &records));
    findings.extend(forgotten(carried::without_license(ledger.connection())?));
    findings.extend(uncounted(elsewhere::count(ledger.connection())?));
    Ok(findings)
}

/// What the log says of a list.
#[derive(Clone, Copy, Default)]
struct Told {
    /// When it was last published. One that was enclosed with an answer reached a single deployment.
    published_at: Option<Timestamp>,
    /// How often an entry was revoked, suspended or reinstated since.
    changes: u64,
}

fn age(home: &Home, list: &ListRecord, published_at: Option<Timestamp>, at: Timestamp) -> Finding {
    let uri = &list.uri;
    let Some(published) = published_at else {
        return match list.entries {
            0 => Finding::fine("lists", format!("{uri} is new; no license refers to it.")),
            _ => Finding::warning("lists", format!("{uri} was never published."), PUBLISH),
        };
    };
    match published.plus(home.config().status_ttl) {
        Some(stale) if stale <= at => Finding::warning(
            "lists",
            format!("{uri} was last published at {published} and has been stale since {stale}."),
            PUBLISH,
        ),
        Some(stale) => Finding::fine(
            "lists",
            format!("{uri} was last published at {published} and is fresh until {stale}."),
        ),
        None => Finding::fine("lists", format!("{uri} stays fresh.")),
    }
}

/// What the log says of each list.
fn told(ledger: &Ledger) -> Result<BTreeMap<String, Told>, Failure> {
    let mut told: BTreeMap<String, Told> = BTreeMap::new();
    for event in Whole::new(ledger.events(1)) {
        let event = event?;
        let event = event.whole();
        if event.kind == EventKind::StatusPublished && !event.body.contains_key(ENCLOSED) {
            let uri = event.body.get("uri").and_then(Value::as_str).unwrap_or_default();
            told.insert(uri.to_owned(), Told { published_at: Some(event.at), changes: 0 });
        }
        for uri in entries_of(event) {
            told.entry(uri).or_default().changes += 1;
        }
    }
    Ok(told)
}

/// The list of each entry that an event changes.
fn entries_of(event: &Event) -> Vec<String> {
    let objects = |name: &str| {
        let items = event.body.get(name).and_then(Value::as_array).into_iter().flatten();
        items.filter_map(Value::as_object).collect::<Vec<_>>()
    };
    let uri = |members: &Members| members.get("uri").and_then(Value::as_str).map(ToOwned::to_owned);
    let placed = |members: &Members| members.get("status").and_then(Value::as_object).and_then(uri);
    let is_stopped = |entry: &&Members| entry.get("status").and_then(Value::as_str) != Some("valid");
    match event.kind {
        EventKind::LedgerRestored => {
            let taken = objects("handedOut").into_iter().filter(is_stopped);
            taken.chain(objects("stopped")).filter_map(uri).collect()
        }
        EventKind::LicenseImported => {
            let stopped = event.body.get("stopped").and_then(Value::as_object);
            let revision = stopped.and_then(|_| placed(&event.body));
            let activations = objects("activations").into_iter().filter(is_stopped).filter_map(uri);
            activations.chain(revision).collect()
        }
        // `revisions` of what is stopped or reinstated, `revoked` of what is renewed, `activations` of a seat that was taken back.
        _ => {
            ["revisions", "revoked", "activations"].into_iter().flat_map(objects).filter_map(placed).collect()
        }
    }
}

fn unpublished(list: &ListRecord, published: Timestamp, changes: u64) -> Finding {
    let entries = if changes == 1 {
        "1 change of an entry".to_owned()
    } else {
        format!("{changes} changes of entries")
    };
    let says = format!(
        "{} has {entries} (revoked, suspended, reinstated) that no published list tells yet: it was last published at {published}.",
        list.uri
    );
    Finding::warning("lists", says, format!("{PUBLISH}, and bring the list to the deployments"))
}

/// Which lists new licenses get, and how full they are. Where one is full, a further one is opened by itself.
fn room(uri: &Uri, records: &[ListRecord]) -> Finding {
    let entries = |uri: &str| records.iter().find(|list| list.uri.as_str() == uri).map(|list| list.entries);
    let further = records.iter().filter_map(|list| shard::split(list.uri.as_str()));
    let last =
        further.filter(|(first, _)| *first == uri.as_str()).map(|(_, number)| number).max().unwrap_or(1);
    let newest = shard::name(uri, last).unwrap_or_else(|_| uri.clone());
    let used = entries(newest.as_str()).unwrap_or_default();
    let says = format!("{newest} has {used} of {FULL} entries");
    match shard::name(uri, last.saturating_add(1)) {
        Ok(next) => Finding::fine("room", format!("{says}; then {next} is opened.")),
        Err(_) if used < SOON => Finding::fine("room", format!("{says}.")),
        Err(_) => Finding::warning(
            "room",
            format!("{says}, and the name of a further list would be too long."),
            "Set statusUri in lictor.toml to a new, shorter URI.",
        ),
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

/// Entries of activations of which the seats are not known here.
fn uncounted(entries: u64) -> Option<Finding> {
    let says = match entries {
        0 => return None,
        1 => {
            "1 activation was granted elsewhere or before a restore; its seat is not counted here.".to_owned()
        }
        _ => {
            format!(
                "{entries} activations were granted elsewhere or before a restore; their seats are not counted here."
            )
        }
    };
    Some(Finding::fine("seats", says))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::Severity;
    use lictor_shared::limits;

    fn list(uri: &str, entries: u64) -> ListRecord {
        ListRecord { uri: Uri::new(uri).unwrap(), entries }
    }

    #[test]
    fn what_is_told_is_how_full_the_newest_list_is() {
        let uri = Uri::new("a:b").unwrap();
        let says = |records: &[ListRecord]| room(&uri, records).says;
        assert_eq!(says(&[]), "a:b has 0 of 917504 entries; then a:b.2 is opened.");
        let full = [list("a:b", FULL), list("a:c.7", 9), list("a:b.2", FULL), list("a:b.3", 5)];
        assert_eq!(says(&full), "a:b.3 has 5 of 917504 entries; then a:b.4 is opened.");
        assert_eq!(room(&uri, &full).severity, Severity::Fine);
    }

    #[test]
    fn a_list_that_will_soon_be_full_for_good_is_told_of() {
        let uri = Uri::new(&format!("a:{}", "b".repeat(limits::URI_CHARS - 2))).unwrap();
        let severity = |entries| room(&uri, &[list(uri.as_str(), entries)]).severity;
        assert_eq!(severity(SOON - 1), Severity::Fine);
        assert_eq!(severity(SOON), Severity::Warning);
    }
}
