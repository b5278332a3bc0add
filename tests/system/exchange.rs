//! Both programs, and nothing but files between them: five deployments and one issuer.

use rusqlite::Connection;
use serde_json::Value;

use super::server::Server;
use super::world::{Ran, World};

/// A license of two seats and one beyond, and the servers that hold it.
fn five(world: &World) -> (String, Vec<Server<'_>>) {
    let license = world.issue("acme.lic", &["--activation", "required", "--seats", "2", "--overage", "1"]);
    let server = |number| Server::licensed(world, &format!("depot-{number}"), "acme.lic");
    (license, (1..=5).map(server).collect())
}

/// Asks, brings the request to the issuer, and leaves the answer in `answer.txt`.
fn ask(world: &World, server: &Server<'_>, request: &[&str]) -> Ran {
    world.write("request.txt", server.run(&[&["request"], request].concat()).done());
    answer(world)
}

/// Brings `request.txt` to the issuer.
fn answer(world: &World) -> Ran {
    world.run(&["activation", "grant", "request.txt", "--out", "answer.txt", "--force", "--json"])
}

/// Asks and installs the answer.
fn seat(world: &World, server: &Server<'_>, request: &[&str]) -> Ran {
    let granted = ask(world, server, request);
    assert_eq!(granted.exit, Some(0), "{granted:?}");
    server.run(&["install", "answer.txt"]).done();
    granted
}

/// Every event about a seat: its kind, and how the request followed from what came before.
fn events(world: &World) -> Vec<(String, String)> {
    let ledger = Connection::open(world.path("home/ledger.db")).expect("the ledger");
    let mut select = ledger
        .prepare("SELECT kind, CAST(leaf AS TEXT) FROM event WHERE kind LIKE 'activation.%' ORDER BY seq")
        .expect("the table of events");
    let rows = select.query_map([], |row| Ok((row.get(0)?, row.get::<_, String>(1)?))).expect("events");
    let event = |row: Result<(String, String), rusqlite::Error>| {
        let (kind, leaf) = row.expect("an event");
        let leaf: Value = serde_json::from_str(&leaf).expect("a leaf of JSON");
        (kind, leaf["body"]["history"].as_str().unwrap_or_default().to_owned())
    };
    rows.map(event).collect()
}

/// What the license's page shows: how many seats are taken, and of each deployment its label, state and odd histories.
fn shown(world: &World, license: &str) -> (u64, Vec<String>) {
    let page = world.run(&["license", "show", license, "--json"]).json();
    let deployments = page["deployments"].as_array().expect("deployments").iter();
    let mut rows: Vec<String> = deployments
        .map(|one| {
            let text = |member: &str| one[member].as_str().expect("a text").to_owned();
            format!("{} {} {} {}", text("label"), text("state"), one["lostAnswers"], one["forks"])
        })
        .collect();
    rows.sort();
    (page["seats"]["used"].as_u64().expect("a number"), rows)
}

#[test]
fn from_the_first_seat_to_a_clone() {
    let world = World::new("exchange");
    let (license, servers) = five(&world);
    let waits = "grace LICENSE_SEAT_LIMIT not_activated until 2026-12-06T09:00:00Z\n";
    assert!(servers.iter().all(|server| server.verdict() == waits));

    // Two seats and one beyond.
    for (index, label) in ["Depot 1", "Depot 2", "Depot 3"].into_iter().enumerate() {
        let ran = seat(&world, &servers[index], &["--label", label]);
        assert_eq!(ran.json()["seat"], index + 1);
        assert_eq!(ran.words.contains("1 beyond the limit of 2 (overage 1)"), index == 2, "{ran:?}");
        assert_eq!(servers[index].verdict(), "full\n");
    }
    let three = ["Depot 1 active 0 0", "Depot 2 active 0 0", "Depot 3 active 0 0"];
    assert_eq!(shown(&world, &license), (3, three.map(Into::into).to_vec()));

    // The fourth and the fifth are denied, and stay as they are.
    for (index, label) in [(3, "Depot 4"), (4, "Depot 5")] {
        let ran = ask(&world, &servers[index], &["--label", label]);
        ran.fails(13, &["All 3 seats"]);
        let envelope = ran.json();
        assert_eq!(
            (&envelope["code"], &envelope["details"]["reason"]),
            (&"LICENSE_SEAT_LIMIT".into(), &"seats_exhausted".into())
        );
        assert_eq!(servers[index].verdict(), waits);
    }
    assert_eq!(shown(&world, &license).0, 3);

    // One gives its seat back: with the receipt it has none.
    let ran = seat(&world, &servers[0], &["--release"]);
    assert_eq!(ran.json()["kind"], "release");
    assert_eq!(servers[0].verdict(), waits);
    assert_eq!(
        shown(&world, &license),
        (2, vec!["Depot 1 released 0 0".into(), "Depot 2 active 0 0".into(), "Depot 3 active 0 0".into(),])
    );

    // The fourth brings the same request again, and now there is a seat: the one that was given back. The fifth's is denied.
    let ran = seat(&world, &servers[3], &["--again"]);
    assert_eq!(ran.json()["seat"], 1);
    assert_eq!(servers[3].verdict(), "full\n");
    ask(&world, &servers[4], &["--again"]).fails(13, &["All 3 seats"]);
    assert_eq!(servers[4].verdict(), waits);

    // The second's folder is copied, and both ask: whoever comes second does not follow from the answer to the first.
    let clone = servers[1].cloned("depot-2-copy");
    assert_eq!(clone.id(), servers[1].id());
    assert_eq!(seat(&world, &servers[1], &["--label", "Depot 2"]).json()["history"], "plain");
    let ran = seat(&world, &clone, &["--label", "Depot 2"]);
    assert_eq!(ran.json()["history"], "forked");
    assert!(ran.words.contains("two copies"), "{ran:?}");

    // An answer to the third is lost, and it asks anew.
    assert_eq!(ask(&world, &servers[2], &["--label", "Depot 3"]).json()["history"], "plain");
    let ran = seat(&world, &servers[2], &["--label", "Depot 3"]);
    assert_eq!(ran.json()["history"], "lost_answer");

    // Neither is punished, not even after the newest list has come.
    world.run(&["status", "publish", "--out", "public"]).done();
    for server in [&servers[1], &clone, &servers[2], &servers[3]] {
        server.run(&["install", "public/0.lic"]).done();
        assert_eq!(server.verdict(), "full\n", "{}", server.id());
    }

    // All of it is seen, and is in the log.
    assert_eq!(
        shown(&world, &license),
        (
            3,
            vec![
                "Depot 1 released 0 0".into(),
                "Depot 2 active 0 1".into(),
                "Depot 3 active 1 0".into(),
                "Depot 4 active 0 0".into(),
            ]
        )
    );
    let page = world.run(&["license", "show", &license]).done();
    for says in ["3 of 2 taken, overage 1", "forked 1x", "lost_answer 1x", "released", "seats_exhausted"] {
        assert!(page.contains(says), "{says}: {page}");
    }
    let denials = &world.run(&["license", "show", &license, "--json"]).json()["denials"];
    let latest = denials["latest"].as_array().expect("denials").iter();
    let latest: Vec<&str> = latest.map(|denied| denied["label"].as_str().expect("a label")).collect();
    assert_eq!((&denials["count"], latest), (&3.into(), vec!["Depot 5", "Depot 5", "Depot 4"]));
    let events = events(&world);
    let events: Vec<(&str, &str)> =
        events.iter().map(|(kind, history)| (kind.as_str(), history.as_str())).collect();
    assert_eq!(
        events,
        [
            ("activation.granted", "plain"),
            ("activation.granted", "plain"),
            ("activation.granted", "plain"),
            ("activation.denied", ""),
            ("activation.denied", ""),
            ("activation.released", "plain"),
            ("activation.granted", "plain"),
            ("activation.denied", ""),
            ("activation.renewed", "plain"),
            ("activation.renewed", "forked"),
            ("activation.forked", ""),
            ("activation.renewed", "plain"),
            ("activation.renewed", "lost_answer"),
        ]
    );
    world.run(&["ledger", "verify"]).done();
}
