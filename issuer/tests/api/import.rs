//! Importing what another ledger of the issuer exported: verified line by line, all or none, and harmless when repeated.

use lictor_issuer::key::{Succession, add_key, destroy_key, retire_key};
use lictor_issuer::terms::{FromText as _, Span};
use lictor_issuer::{
    Changes, Earlier, Failure, FailureKind, Home, Imported, Intent, Occasion, Renewal, RenewedTerm,
    RevocationReason, Standing, check, find, import, read_export, reinstate, renew, revoke, signed, suspend,
};
use lictor_keys::{KeyState, seal_plain};
use lictor_shared::Status;
use serde_json::{Value, json};

use crate::support::{LIST, NOW, World, at, field_errors, new_key, order, text};

const LATER: &str = "2026-12-24T00:00:00Z";

/// An empty ledger that knows the same key.
pub(crate) fn beside(world: &World) -> World {
    let mut other = World::bare();
    let (pem, key) = (seal_plain(&world.key).unwrap(), new_key(&world.key));
    add_key(&other.home, &mut other.ledger, key, &pem, &at(NOW)).unwrap();
    let key = other.home.keys().unwrap().open_key(&world.key.public().thumbprint(), None).unwrap();
    World { key, ..with_list(other, "urn:acme:status:1") }
}

/// With this list for new licenses.
pub(crate) fn with_list(world: World, list: &str) -> World {
    let path = world.home.path().join("lictor.toml");
    let uri = world.home.config().status_uri.to_string();
    std::fs::write(&path, std::fs::read_to_string(&path).unwrap().replace(&uri, list)).unwrap();
    World { home: Home::open(world.home.path()).unwrap(), ..world }
}

/// Three licenses: one that was renewed, one suspended, one revoked.
fn world() -> (World, Vec<Value>) {
    let mut world = World::new();
    let ids = ["Acme GmbH", "Bolt AG", "Initech"]
        .map(|customer| world.issue(|order| order.customer = text(customer)).signed.license.id.to_string());
    let length = RenewedTerm::For(Span::from_text("1y").unwrap());
    let renewal = Renewal { length, changes: Changes::default(), earlier: Earlier::Revoke };
    renew(&world.home, &mut world.ledger, &world.key, &ids[0], &renewal, &at(LATER)).unwrap();
    suspend(&mut world.ledger, &ids[1], None, &at(LATER)).unwrap();
    revoke(&mut world.ledger, &ids[2], RevocationReason::Fraud, None, &at(LATER)).unwrap();
    let lines = ids.iter().map(|id| exported(&world, id)).collect();
    (world, lines)
}

/// A license as the format has it.
fn exported(world: &World, id: &str) -> Value {
    let record = find(&world.ledger, id).unwrap();
    let (state, since, reason) = match record.standing {
        Standing::Active => ("active", None, None),
        Standing::Suspended { since } => ("suspended", Some(since.to_string()), None),
        Standing::Revoked { since, reason } => ("revoked", Some(since.to_string()), Some(reason.as_str())),
    };
    let revision = |revision: &lictor_issuer::RevisionRecord| {
        json!({
            "revision": revision.revision,
            "serial": revision.serial.to_string(),
            "kid": revision.key.to_string(),
            "token": signed(&world.ledger, revision.serial).unwrap().token,
            "statusUri": revision.entry.uri.as_str(),
            "statusIndex": revision.entry.index,
            "status": match revision.status {
                Status::Valid => "valid",
                Status::Revoked => "revoked",
                Status::Suspended => "suspended",
            },
            "since": revision.since.map(|since| since.to_string()),
            "revocationGrace": revision.revocation_grace.get(),
        })
    };
    json!({
        "version": 1,
        "id": id,
        "customerId": record.customer_id.as_str(),
        "customer": record.customer.as_str(),
        "state": state,
        "since": since,
        "reason": reason,
        "revisions": record.revisions.iter().map(revision).collect::<Vec<_>>(),
        "activations": [],
    })
}

fn file(lines: &[Value]) -> String {
    lines.iter().map(|line| format!("{line}\n")).collect()
}

pub(crate) fn import_at(world: &mut World, export: &str, occasion: &Occasion) -> Result<Imported, Failure> {
    let arriving = read_export(&world.ledger, export.as_bytes())?;
    import(&world.home, &mut world.ledger, &arriving, occasion)
}

fn counts(imported: Imported) -> (u64, u64, u64) {
    (imported.licenses, imported.revisions, imported.skipped)
}

#[test]
fn what_is_imported_is_what_was_exported() {
    let (world, lines) = world();
    let mut other = beside(&world);
    let imported = import_at(&mut other, &file(&lines), &at(LATER)).unwrap();
    assert_eq!(counts(imported), (3, 4, 0));
    for line in &lines {
        assert_eq!(exported(&other, line["id"].as_str().unwrap()), *line);
    }
    check(&other.ledger).unwrap();
    let events: Vec<_> = other.ledger.events(1).map(|event| event.unwrap()).collect();
    let kinds: Vec<_> = events.iter().map(|event| event.kind.as_str()).collect();
    assert_eq!(kinds[2..], ["license.imported"; 4]);
    assert!(events.iter().all(|event| !event.leaf().contains("Acme GmbH")));
    // It goes on living here.
    let id = |place: usize| lines[place]["id"].as_str().unwrap();
    reinstate(&mut other.ledger, id(1), None, &at(LATER)).unwrap();
    revoke(&mut other.ledger, id(0), RevocationReason::Other, None, &at(LATER)).unwrap();
    check(&other.ledger).unwrap();
}

/// Only an order may be mended; what is signed says what it says.
#[test]
fn white_space_around_the_name_of_a_customer_comes_along() {
    let mut world = World::new();
    let order = |order: &mut lictor_issuer::Order| {
        order.customer = text(" Bolt AG");
        order.customer_id = Some(text("bolt"));
    };
    // There are customers of whom it was not refused yet.
    let earlier = rusqlite::Connection::open(world.ledger.path()).unwrap();
    earlier.execute("INSERT INTO customer (id, name) VALUES ('bolt', ' Bolt AG')", ()).unwrap();
    let id = world.issue(order).signed.license.id.to_string();
    let line = exported(&world, &id);
    let mut other = beside(&world);
    assert_eq!(
        counts(import_at(&mut other, &file(core::slice::from_ref(&line)), &at(LATER)).unwrap()),
        (1, 1, 0)
    );
    assert_eq!((exported(&other, &id), &line["customer"]), (line.clone(), &json!(" Bolt AG")));
    check(&other.ledger).unwrap();
}

#[test]
fn an_import_can_be_repeated_and_tried() {
    let (world, lines) = world();
    let mut other = beside(&world);
    let events = other.ledger.events(1).count();
    let tried = Occasion { intent: Intent::DryRun, ..at(LATER) };
    assert_eq!(counts(import_at(&mut other, &file(&lines), &tried).unwrap()), (3, 4, 0));
    assert_eq!(other.ledger.dry_run().unwrap().events.len(), 4);
    assert_eq!(other.ledger.events(1).count(), events);
    import_at(&mut other, &file(&lines[..1]), &at(LATER)).unwrap();
    assert_eq!(counts(import_at(&mut other, &file(&lines), &at(LATER)).unwrap()), (2, 2, 1));
    let events = other.ledger.events(1).count();
    let again = import_at(&mut other, &file(&lines), &at(LATER)).unwrap();
    assert_eq!((counts(again), again.event), ((0, 0, 3), None));
    assert_eq!(other.ledger.events(1).count(), events);
    assert_eq!(counts(import_at(&mut other, "", &at(LATER)).unwrap()), (0, 0, 0));
}

#[test]
fn what_the_tokens_do_not_say_is_refused_by_line_and_member() {
    let (world, lines) = world();
    let mut other = beside(&world);
    let events = other.ledger.events(1).count();
    let second = lines[1]["revisions"][0]["token"].clone();
    let broken = format!("{}x", lines[0]["revisions"][1]["token"].as_str().unwrap());
    let changes: [(&str, Value, &str); 20] = [
        ("/version", json!(2), "version"),
        ("/id", json!("0198c0d2-6c1e-7a33-9d5e-2f6f2b1d9a10"), "id"),
        ("/customer", json!("Bolt AG"), "customer"),
        ("/customerId", json!("bolt-ag"), "customerId"),
        ("/state", json!("lost"), "state"),
        ("/state", json!("suspended"), "state"),
        ("/since", json!(LATER), "state"),
        ("/since", json!("2026-12-24"), "since"),
        ("/reason", json!("bored"), "reason"),
        ("/revisions", json!([]), "revisions"),
        ("/revisions/0/revision", json!(2), "revisions[0].revision"),
        ("/revisions/0/serial", json!("0198c0d2-6c1e-7a33-9d5e-2f6f2b1d9a10"), "revisions[0].serial"),
        ("/revisions/1/kid", json!("x"), "revisions[1].kid"),
        ("/revisions/1/token", json!(broken), "revisions[1].token"),
        ("/revisions/0/token", second, "revisions[0]."),
        ("/revisions/0/statusUri", json!("urn:x"), "revisions[0].statusUri"),
        ("/revisions/0/statusIndex", json!(1_048_575), "revisions[0].statusIndex"),
        ("/revisions/0/revocationGrace", json!(5), "revisions[0].revocationGrace"),
        ("/revisions/1/status", json!("suspended"), "revisions[1].since"),
        ("/revisions/0/since", json!(null), "revisions[0].since"),
    ];
    for (pointer, value, says) in changes {
        let mut line = lines[0].clone();
        *line.pointer_mut(pointer).unwrap() = value;
        let failure = import_at(&mut other, &file(&[lines[1].clone(), line]), &at(LATER)).unwrap_err();
        assert_eq!(field_errors(&failure), ["line 2"], "{pointer}");
        assert!(failure.message.contains(&format!("line 2: {says}")), "{pointer}: {}", failure.message);
    }
    let mut more = lines[0].clone();
    more["more"] = json!(1);
    let mut fewer = lines[0].clone();
    fewer.as_object_mut().unwrap().remove("reason");
    let whole = file(&lines);
    for (export, says) in [
        (file(&[more]), "line 1: more"),
        (file(&[fewer]), "line 1: reason: it is missing"),
        (whole.trim_end().to_owned(), "line 3: it does not end"),
        (format!("\n{whole}"), "line 1"),
        (whole.replacen("\"version\":1", "\"version\":1,\"version\":1", 1), "line 1"),
    ] {
        let failure = import_at(&mut other, &export, &at(LATER)).unwrap_err();
        assert_eq!(failure.exit_code(), 22);
        assert!(failure.message.contains(says), "{says}: {}", failure.message);
    }
    assert_eq!(other.ledger.events(1).count(), events);
}

#[test]
fn another_issuers_keys_sign_nothing_that_is_imported() {
    let (_, lines) = world();
    let failure = import_at(&mut World::new(), &file(&lines), &at(LATER)).unwrap_err();
    assert_eq!(field_errors(&failure), ["line 1", "line 2", "line 3"]);
    let failure = import_at(&mut World::bare(), &file(&lines), &at(LATER)).unwrap_err();
    assert!(failure.message.contains("lictor key import"), "{}", failure.message);
}

#[test]
fn what_is_taken_here_by_something_else_is_a_conflict() {
    let (mut world, lines) = world();
    // It was suspended since.
    let mut other = beside(&world);
    import_at(&mut other, &file(&lines), &at(LATER)).unwrap();
    suspend(&mut other.ledger, lines[0]["id"].as_str().unwrap(), None, &at(LATER)).unwrap();
    // The customer's id is another one's here.
    let mut named = beside(&world);
    named.add_product("dialer", lictor_issuer::Terms::default());
    named.issue(|order| {
        order.customer = text("Somebody else");
        order.customer_id = Some(text("acme-gmbh"));
    });
    // So is the index.
    let id = world.try_issue_at(&order(), LATER).unwrap().signed;
    let mut indexed = with_list(beside(&world), LIST);
    indexed.add_product("dialer", lictor_issuer::Terms::default());
    let index = indexed.issue(|order| order.customer = text("Bolt AG")).signed.license.status.index;
    let mut indexed = with_list(indexed, "urn:acme:status:1");
    let line = exported(&world, &id.license.id.to_string());
    let intruder = rusqlite::Connection::open(indexed.ledger.path()).unwrap();
    intruder.execute_batch("PRAGMA foreign_keys = OFF").unwrap();
    let moved = "UPDATE status_entry SET idx = ?1 WHERE idx = ?2";
    intruder.execute(moved, (id.license.status.index, index)).unwrap();
    for (target, line, says) in [
        (&mut other, &lines[0], "already"),
        (&mut named, &lines[0], "acme-gmbh"),
        (&mut indexed, &line, "index"),
    ] {
        let events = target.ledger.events(1).count();
        let failure = import_at(target, &file(&[lines[1].clone(), line.clone()]), &at(LATER)).unwrap_err();
        assert_eq!(
            (failure.exit_code(), failure.details["line"].as_integer()),
            (20, Some(2)),
            "{}",
            failure.message
        );
        assert!(failure.message.contains(says), "{}", failure.message);
        assert_eq!(target.ledger.events(1).count(), events);
    }
}

#[test]
fn a_license_that_is_stopped_has_no_revision_that_is_not() {
    let (world, lines) = world();
    let mut other = beside(&world);
    let stopped: Vec<&Value> = lines.iter().filter(|line| line["state"] != json!("active")).collect();
    assert!(stopped.iter().any(|line| line["state"] == json!("revoked")), "{lines:?}");
    for line in stopped {
        let mut freed = line.clone();
        for revision in freed["revisions"].as_array_mut().unwrap() {
            revision["status"] = json!("valid");
            revision["since"] = json!(null);
        }
        let failure = import_at(&mut other, &file(&[freed]), &at(LATER)).unwrap_err();
        assert!(failure.message.contains("line 1: state: it is "), "{}", failure.message);
    }
}

#[test]
fn a_key_that_came_with_its_licenses_and_never_signed_here_is_retired_before_it_is_destroyed() {
    let (old, lines) = world();
    let imported = old.key.public().thumbprint();
    let mut other = with_list(World::new(), "urn:acme:status:1");
    assert_eq!(other.add_key(&old.key, |key| key).unwrap().state, KeyState::Next);
    let arriving = read_export(&other.ledger, file(&lines).as_bytes()).unwrap();
    import(&other.home, &mut other.ledger, &arriving, &at(LATER)).unwrap();
    let ships = |world: &World| {
        let ring = world.ledger.key_ring().unwrap();
        let anchors = ring.anchors().unwrap();
        anchors.anchors().iter().find(|anchor| anchor.key == *old.key.public()).map(|anchor| anchor.not_after)
    };
    assert_eq!(ships(&other), Some(None));
    let refused = destroy_key(&other.home, &mut other.ledger, &imported, &at(LATER)).unwrap_err();
    assert_eq!(refused.exit_code(), 20);
    assert!(refused.message.contains("stays valid only if it is retired first"), "{}", refused.message);
    assert_eq!(refused.hint, Some(format!("First: lictor key retire {imported}")));
    assert!(other.home.keys().unwrap().contains(&imported).unwrap(), "its file is still there");
    // It signs nothing here, so nobody has to follow it. Two licenses of three can still be used.
    let change = retire_key(&mut other.ledger, &imported, Succession::Required, &at(LATER)).unwrap();
    assert_eq!((change.licenses, change.gaps.len()), (2, 0));
    destroy_key(&other.home, &mut other.ledger, &imported, &at(LATER)).unwrap();
    assert_eq!(
        ships(&other),
        Some(Some(crate::support::time(LATER))),
        "what it signed until then stays valid"
    );
    check(&other.ledger).unwrap();
}

/// What an export leaves out would be free to be drawn again.
#[test]
fn nothing_is_imported_onto_the_list_of_new_licenses() {
    let (world, lines) = world();
    let mut other = with_list(beside(&world), LIST);
    let failure = import_at(&mut other, &file(&lines[1..]), &at(LATER)).unwrap_err();
    assert_eq!((failure.kind, failure.details["uri"].as_str()), (FailureKind::Conflict, Some(LIST)));
    assert!(failure.message.contains("Line 1") && failure.message.contains("a second time"), "{failure:?}");
    assert_eq!(other.ledger.events(1).count(), 2, "nothing was imported");
    // With a list of its own it takes them, and what is here already is no matter of the list.
    let mut other = with_list(other, "urn:acme:status:1");
    import_at(&mut other, &file(&lines), &at(LATER)).unwrap();
    let mut other = with_list(other, LIST);
    assert_eq!(counts(import_at(&mut other, &file(&lines), &at(LATER)).unwrap()), (0, 0, 3));
}
