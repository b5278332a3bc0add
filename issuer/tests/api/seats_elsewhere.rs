//! Seats that were granted elsewhere, or before a restore: their activations stay what they were, and nothing that is wrong
//! about them is taken for right.

use lictor_issuer::activation::revoke_seat;
use lictor_issuer::{
    Depth, FailureKind, Published, RevocationReason, Severity, check, examine, publish, revoke,
};
use lictor_shared::Uri;
use rusqlite::Connection;
use serde_json::{Value, json};

use crate::deployment::{Deployment, at};
use crate::export::export;
use crate::import::{beside, import_at, with_list};
use crate::restore::{backup, restored};
use crate::support::{LIST, NOW, World, field_errors, time};

fn published(world: &mut World, uri: &str) -> Published {
    let uri = Uri::new(uri).unwrap();
    publish(&world.home, &mut world.ledger, &world.key, &[uri], &at(NOW)).unwrap().lists.remove(0)
}

fn lines(world: &World) -> String {
    export(&world.ledger).into_iter().map(|(_, line)| line).collect()
}

fn revoke_of(world: &mut World, deployment: &Deployment) {
    let id = deployment.key.public().thumbprint().to_string();
    revoke_seat(&mut world.ledger, (&id, None), None, &at(NOW)).unwrap();
}

/// A license with two seats, of which one was revoked and one is held.
fn world() -> World {
    let mut world = World::new();
    let issued = world.seats(2, 0);
    let mut deployments = [Deployment::new(&issued), Deployment::new(&issued)];
    for deployment in &mut deployments {
        world.grant(&deployment.activate());
    }
    revoke_of(&mut world, &deployments[0]);
    world
}

/// What `lictor doctor` says of lists, room and seats beyond what is fine, or all of it.
fn said(world: &World, least: Severity) -> Vec<String> {
    let findings = examine(world.home.path(), time(NOW), Depth::Thorough).unwrap();
    assert!(findings.iter().all(|finding| finding.severity < Severity::Problem), "{findings:?}");
    let said = findings.into_iter().filter(|finding| finding.severity >= least);
    said.map(|finding| finding.says).collect()
}

#[track_caller]
fn says(world: &World, words: &str) -> bool {
    said(world, Severity::Fine).iter().any(|says| says.contains(words))
}

#[test]
fn a_seat_that_was_revoked_stays_so_in_the_ledger_that_takes_its_license_over() {
    let mut old = world();
    assert_eq!(published(&mut old, LIST).revoked, 1);
    let exported = lines(&old);
    let mut new = beside(&old);
    let imported = import_at(&mut new, &exported, &at(NOW)).unwrap();
    assert_eq!((imported.licenses, imported.revisions, imported.activations), (1, 1, 2));
    check(&new.ledger).unwrap();
    assert_eq!(published(&mut new, LIST).revoked, 1, "the seat does not live again");
    // What came stays with its license, wherever that goes next, and the import can be repeated.
    assert_eq!(lines(&new), exported);
    assert_eq!(import_at(&mut new, &exported, &at(NOW)).unwrap().skipped, 1);
    assert_eq!(import_at(&mut old, &exported, &at(NOW)).unwrap().skipped, 1);
    let mut third = with_list(beside(&old), "urn:acme:status:2");
    import_at(&mut third, &lines(&new), &at(NOW)).unwrap();
    assert_eq!(lines(&third), exported);
    assert!(says(&new, "2 activations were granted elsewhere or before a restore"));
    assert!(
        !says(&new, "has forgotten") && !says(&new, "have forgotten"),
        "{:?}",
        said(&new, Severity::Fine)
    );
}

/// What is granted here after an import does not make it another license; what was granted there does.
#[test]
fn an_import_is_repeated_as_long_as_all_that_comes_is_here() {
    let mut old = World::new();
    let issued = old.seats(9, 0);
    old.grant(&Deployment::new(&issued).activate());
    let exported = lines(&old);
    let mut new = beside(&old);
    import_at(&mut new, &exported, &at(NOW)).unwrap();
    new.grant(&Deployment::new(&issued).activate());
    assert_eq!(import_at(&mut new, &exported, &at(NOW)).unwrap().skipped, 1);
    old.grant(&Deployment::new(&issued).activate());
    assert_eq!(import_at(&mut old, &exported, &at(NOW)).unwrap().skipped, 1);
    let failure = import_at(&mut new, &lines(&old), &at(NOW)).unwrap_err();
    assert_eq!(failure.kind, FailureKind::Conflict);
    assert!(failure.message.contains("differs"), "{failure}");
}

#[test]
fn the_activations_of_a_license_are_its_line_and_its_events() {
    let old = world();
    let line: Value = serde_json::from_str(&lines(&old)).unwrap();
    let activations = line["activations"].as_array().unwrap();
    let mut indices: Vec<u64> =
        activations.iter().map(|activation| activation["statusIndex"].as_u64().unwrap()).collect();
    for activation in activations {
        let is_revoked = activation["status"] == "revoked";
        let expected = json!({
            "statusUri": LIST,
            "statusIndex": activation["statusIndex"],
            "status": if is_revoked { "revoked" } else { "valid" },
            "since": if is_revoked { json!(NOW) } else { Value::Null },
            "revocationGrace": 1_209_600,
        });
        assert_eq!(*activation, expected);
    }
    assert_eq!(activations.iter().filter(|activation| activation["status"] == "revoked").count(), 1);
    indices.push(line["revisions"][0]["statusIndex"].as_u64().unwrap());
    indices.sort_unstable();
    indices.dedup();
    assert_eq!(indices.len(), 3, "each has an entry of its own");
    assert!(activations[0]["statusIndex"].as_u64() < activations[1]["statusIndex"].as_u64());

    let mut new = beside(&old);
    import_at(&mut new, &lines(&old), &at(NOW)).unwrap();
    let event = new.ledger.events(1).last().unwrap().unwrap();
    let body: Value = serde_json::from_str(&event.leaf()).unwrap();
    let told: Vec<Value> = activations
        .iter()
        .map(|activation| {
            let since = (activation["status"] == "revoked").then(|| time(NOW).seconds());
            json!({
                "grace": 1_209_600,
                "idx": activation["statusIndex"],
                "since": since,
                "status": activation["status"],
                "uri": LIST,
            })
        })
        .collect();
    assert_eq!(body["body"]["activations"], json!(told));
}

#[test]
fn activations_that_are_not_as_the_format_says_are_refused() {
    let old = world();
    let mut new = beside(&old);
    let line: Value = serde_json::from_str(&lines(&old)).unwrap();
    let (first, second) = (&line["activations"][0], &line["activations"][1]);
    let with = |name: &str, value: Value| {
        let mut changed = first.clone();
        changed[name] = value;
        json!([changed, second])
    };
    let mut fewer = first.clone();
    fewer.as_object_mut().unwrap().remove("since");
    for (activations, says) in [
        (json!({}), "activations: it is no array"),
        (json!([7]), "activations[0]: it is no object"),
        (json!([second, first]), "activations: they are not in the order"),
        (json!([first, first]), "activations: they are not in the order"),
        (json!([fewer]), "activations[0].since: it is missing"),
        (with("more", json!(1)), "activations[0].more"),
        (with("statusUri", json!("no uri")), "activations[0].statusUri"),
        (with("statusIndex", json!(1_048_576)), "activations[0].statusIndex"),
        (with("status", json!("lost")), "activations[0].status"),
        (with("since", json!("2026-11-22")), "activations[0].since"),
        (with("revocationGrace", json!("5")), "activations[0].revocationGrace"),
    ] {
        let mut changed = line.clone();
        changed["activations"] = activations;
        let failure = import_at(&mut new, &format!("{changed}\n"), &at(NOW)).unwrap_err();
        assert_eq!(field_errors(&failure), ["line 1"]);
        assert!(failure.message.contains(says), "{says}: {}", failure.message);
    }
    let mut without = line.clone();
    without.as_object_mut().unwrap().remove("activations");
    let failure = import_at(&mut new, &format!("{without}\n"), &at(NOW)).unwrap_err();
    assert!(failure.message.contains("line 1: activations: it is missing"), "{}", failure.message);
    // The index of the license itself.
    let mut taken = line.clone();
    taken["activations"] = json!([first]);
    taken["activations"][0]["statusIndex"] = line["revisions"][0]["statusIndex"].clone();
    let failure = import_at(&mut new, &format!("{taken}\n"), &at(NOW)).unwrap_err();
    assert_eq!(failure.kind, FailureKind::Conflict, "{}", failure.message);
    // The list on which new entries are handed out.
    let mut near = line.clone();
    near["activations"] = json!([first]);
    near["activations"][0]["statusUri"] = json!("urn:acme:status:1");
    let failure = import_at(&mut new, &format!("{near}\n"), &at(NOW)).unwrap_err();
    assert!(failure.message.contains("a second time"), "{}", failure.message);
    assert_eq!(new.ledger.events(1).count(), 2, "nothing was imported");
}

#[test]
fn what_came_with_an_import_follows_from_its_event() {
    for change in [
        "DELETE FROM activation_elsewhere WHERE idx = (SELECT MIN(idx) FROM activation_elsewhere)",
        "UPDATE activation_elsewhere SET license_id = 'x'",
        "UPDATE status_entry SET status = 0, since = NULL",
        "UPDATE status_entry SET since = since + 1 WHERE status = 1",
        "UPDATE status_entry SET grace = 5",
    ] {
        let old = world();
        let mut new = beside(&old);
        import_at(&mut new, &lines(&old), &at(NOW)).unwrap();
        check(&new.ledger).unwrap();
        let intruder = Connection::open(new.ledger.path()).unwrap();
        intruder.execute_batch("PRAGMA foreign_keys = OFF").unwrap();
        intruder.execute_batch(change).unwrap();
        assert_eq!(check(&new.ledger).expect_err(change).exit_code(), 32, "{change}");
    }
}

#[test]
fn an_entry_that_comes_revoked_changes_the_list_that_was_published_here() {
    let mut old = world();
    let exported = lines(&old);
    let mut new = beside(&old);
    let plain = old.issue(|_| {});
    let only = lines(&old)
        .lines()
        .find(|line| line.contains(&plain.signed.license.id.to_string()))
        .unwrap()
        .to_owned();
    import_at(&mut new, &format!("{only}\n"), &at(NOW)).unwrap();
    published(&mut new, LIST);
    assert!(!says(&new, "no published list tells yet"));
    import_at(&mut new, &exported, &at(NOW)).unwrap();
    check(&new.ledger).unwrap();
    assert!(says(&new, "1 change of an entry"), "{:?}", said(&new, Severity::Fine));
}

#[test]
fn a_seat_that_was_taken_back_is_to_be_published() {
    let mut world = World::new();
    let issued = world.seats(3, 0);
    let mut deployments: Vec<Deployment> = (0..3).map(|_| Deployment::new(&issued)).collect();
    world.grant(&deployments[0].activate());
    assert!(says(&world, "was never published"), "the list was enclosed alone");
    published(&mut world, LIST);
    assert_eq!(said(&world, Severity::Warning), Vec::<String>::new());
    revoke_of(&mut world, &deployments[0]);
    assert!(says(&world, "1 change of an entry"), "{:?}", said(&world, Severity::Fine));
    // A list that is enclosed with an answer reaches one deployment alone.
    world.grant(&deployments[1].activate());
    let enclosed = world.events_of(lictor_issuer::EventKind::StatusPublished);
    let marks: Vec<_> = enclosed.iter().map(|event| event.body.get("enclosed")).collect();
    assert_eq!(marks, [Some(&true.into()), None, Some(&true.into())]);
    assert!(says(&world, "1 change of an entry"), "{:?}", said(&world, Severity::Fine));
    world.grant(&deployments[1].release());
    assert!(says(&world, "2 changes of entries"), "{:?}", said(&world, Severity::Fine));
    published(&mut world, LIST);
    assert_eq!(said(&world, Severity::Warning), Vec::<String>::new());
    assert!(!says(&world, "forgotten"), "{:?}", said(&world, Severity::Fine));
}

#[test]
fn a_restore_tells_of_the_seats_that_it_forgets() {
    let mut world = World::new();
    let issued = world.seats(3, 0);
    let mut deployments: Vec<Deployment> = (0..3).map(|_| Deployment::new(&issued)).collect();
    world.grant(&deployments[0].activate());
    published(&mut world, LIST);
    backup(&world, "old.db");
    world.grant(&deployments[1].activate());
    world.grant(&deployments[2].activate());
    revoke_of(&mut world, &deployments[2]);
    let stranger = world.issue(|_| {});
    let exported = lines(&world);
    let (mut world, told) = restored(world, "old.db", 1, NOW);
    assert_eq!((told.handed_out, told.activations, told.stopped), (3, 2, 0));
    assert_eq!(world.taken(&issued), 1);
    assert!(says(&world, "2 activations were granted elsewhere or before a restore"));
    assert!(says(&world, "1 entry belongs to a license that a restore has forgotten"));
    // They go on with their license; that of the license that is forgotten does not.
    let id = stranger.signed.license.id.to_string();
    let known: String =
        exported.lines().filter(|line| !line.contains(&id)).map(|line| format!("{line}\n")).collect();
    assert_eq!(lines(&world), known);
    // The list that was kept does not tell of the one that was revoked, so the next answer encloses another.
    let paste = world.grant(&deployments[1].activate()).paste;
    assert_eq!(paste.lists.len(), 2);
    check(&world.ledger).unwrap();
    let last = world.events_of(lictor_issuer::EventKind::StatusPublished);
    let revoked = |event: &lictor_issuer::Event| event.body["revoked"].as_integer();
    assert!(last.iter().any(|event| revoked(event) == Some(1)), "{last:?}");
    revoke(&mut world.ledger, &issued.signed.license.id.to_string(), RevocationReason::Other, None, &at(NOW))
        .unwrap();
    check(&world.ledger).unwrap();
    // A second restore keeps what the first one took over.
    backup(&world, "new.db");
    let (world, told) = restored(world, "new.db", 2, NOW);
    assert_eq!((told.handed_out, told.activations), (0, 0));
    let (_, told) = restored(world, "old.db", 3, NOW);
    assert_eq!((told.handed_out, told.activations), (4, 3));
}
