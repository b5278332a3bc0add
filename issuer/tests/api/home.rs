//! A home is there as a whole, or not.

use lictor_issuer::{FailureKind, Home};
use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use crate::support::{NOW, Scratch, World, init, tree};

#[test]
fn a_new_home_is_whole_and_its_owners() {
    let scratch = Scratch::new();
    let path = scratch.0.join("deep/er/acme home");
    let home = init(&path, NOW).unwrap();
    for (name, mode) in [("", 0o700), ("keys", 0o700), ("lictor.toml", 0o600), ("ledger.db", 0o600)] {
        let found = fs::metadata(path.join(name)).unwrap().permissions().mode() & 0o777;
        assert_eq!(found, mode, "{name}");
    }
    let names: Vec<_> = tree(&scratch.0.join("deep/er")).into_keys().collect();
    assert_eq!(names.len(), 4, "nothing else is left: {names:?}");
    assert_eq!(home.config(), Home::open(&path).unwrap().config());
    let first = home.ledger().unwrap().events(1).next().unwrap().unwrap();
    assert_eq!(first.kind.as_str(), "issuer.created");
    assert_eq!(first.body["issuer"].as_str(), Some("acme-licensing"));
    assert!(home.keys().unwrap().list().unwrap().is_empty());
}

#[test]
fn a_home_is_never_made_over_another() {
    let world = World::new();
    drop(world.ledger);
    let before = tree(world.home.path());
    let failure = init(world.home.path(), NOW).unwrap_err();
    assert_eq!(failure.exit_code(), 20);
    assert!(failure.message.contains("is the home of an issuer already") && failure.hint.is_some());
    assert_eq!(tree(&world.scratch.0.join("home")), before);
    let file = world.scratch.0.join("file");
    fs::write(&file, "x").unwrap();
    assert_eq!(init(&file, NOW).unwrap_err().kind, FailureKind::Conflict);
    assert_eq!(init(&world.scratch.0, NOW).unwrap_err().kind, FailureKind::Conflict);
    let empty = world.scratch.0.join("empty");
    fs::create_dir(&empty).unwrap();
    init(&empty, NOW).unwrap();
    assert_eq!(fs::metadata(&empty).unwrap().permissions().mode() & 0o777, 0o700);
}

#[test]
fn half_a_home_is_impossible() {
    let scratch = Scratch::new();
    // The name of the ledger in it is longer than SQLite takes, so the making fails after keys and configuration.
    let deep = (0..9).fold(scratch.0.clone(), |path, _| path.join("x".repeat(50)));
    fs::create_dir_all(&deep).unwrap();
    let failure = init(&deep.join("home"), NOW).unwrap_err();
    assert!(failure.message.starts_with("The ledger"), "{}", failure.message);
    assert!(tree(&deep).is_empty(), "{:?}", tree(&deep).keys());
}

#[test]
fn what_is_no_home_is_said_to_be_none() {
    let scratch = Scratch::new();
    for path in [scratch.0.join("missing"), scratch.0.clone()] {
        let failure = Home::open(&path).unwrap_err();
        assert_eq!(failure.exit_code(), 21);
        let hint = failure.hint.unwrap();
        assert!(hint.starts_with("lictor init --home '/") && hint.contains("--status-uri"), "{hint}");
    }
}

#[test]
fn a_configuration_that_cannot_be_meant_is_named_with_its_line() {
    let world = World::bare();
    let config = world.home.path().join("lictor.toml");
    let good = fs::read_to_string(&config).unwrap();
    fs::write(&config, good.replace("# warn = \"30d\"", "warn = \"1M\"")).unwrap();
    let failure = Home::open(world.home.path()).unwrap_err();
    assert_eq!(failure.exit_code(), 30);
    assert!(failure.message.contains("lictor.toml, line 18, column 8: \"1M\""), "{}", failure.message);
    fs::write(&config, b"issuer = \"\xff\"").unwrap();
    assert_eq!(Home::open(world.home.path()).unwrap_err().exit_code(), 30);
    fs::write(&config, good.replace("acme-licensing", "acme")).unwrap();
    let failure = Home::open(world.home.path()).unwrap().ledger().unwrap_err();
    assert_eq!(failure.exit_code(), 20, "the ledger is another issuer's: {}", failure.message);
}

#[test]
fn a_home_that_lost_a_part_says_which() {
    let world = World::new();
    drop(world.ledger);
    let home = world.home.path();
    fs::rename(home.join("ledger.db"), home.join("lost.db")).unwrap();
    let failure = world.home.ledger().unwrap_err();
    assert_eq!(failure.exit_code(), 32);
    assert!(failure.message.contains("ledger.db is missing"), "{}", failure.message);
    assert!(!home.join("ledger.db").exists(), "opening creates nothing");
    fs::rename(home.join("keys"), home.join("lost keys")).unwrap();
    let failure = world.home.keys().unwrap_err();
    assert_eq!(failure.exit_code(), 30);
    assert!(failure.hint.unwrap().contains("backup"));
}

#[test]
fn a_home_without_its_configuration_says_how_to_write_it_again() {
    let world = World::new();
    let config = world.home.path().join("lictor.toml");
    let uri = world.home.config().status_uri.clone();
    drop(world.ledger);
    fs::remove_file(&config).unwrap();
    let failure = Home::open(world.home.path()).unwrap_err();
    assert_eq!(failure.exit_code(), 30);
    assert!(failure.message.contains("lictor.toml is missing"), "{}", failure.message);
    let hint = failure.hint.unwrap();
    assert!(hint.contains(&format!("'issuer = \"acme-licensing\"' 'statusUri = \"{uri}\"'")), "{hint}");
    fs::write(&config, format!("issuer = \"acme-licensing\"\nstatusUri = \"{uri}\"\n")).unwrap();
    assert_eq!(Home::open(world.home.path()).unwrap().config().status_uri, uri);
    fs::remove_file(&config).unwrap();
    fs::write(world.home.path().join("ledger.db"), "no ledger").unwrap();
    let failure = Home::open(world.home.path()).unwrap_err();
    assert_eq!(failure.exit_code(), 30);
    assert!(!failure.hint.unwrap().contains("init"), "what is there is not to be made anew");
}

#[test]
fn keys_that_others_could_read_are_not_used() {
    let world = World::new();
    let keys = world.home.path().join("keys");
    fs::set_permissions(&keys, fs::Permissions::from_mode(0o750)).unwrap();
    let failure = world.home.keys().unwrap_err();
    assert_eq!(failure.exit_code(), 30);
    assert!(failure.message.contains("chmod 700"), "{}", failure.message);
}
