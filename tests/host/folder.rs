//! The store that is a folder.

use crate::world::World;
use lictor_validator::host::{Folder, StateStore as _, Swap};
use std::fs;
use std::os::unix::fs::MetadataExt as _;

#[test]
fn replaces_what_still_stands_there_and_nothing_else() {
    let world = World::new("folder");
    let folder = Folder::at(world.path("a").join("b"));
    assert_eq!(folder.names().unwrap(), Vec::<String>::new());
    assert_eq!(folder.read("x").unwrap(), None);
    assert_eq!(folder.stamp(), None);
    let swap = |old: Option<&str>, new: Option<&str>| {
        folder.swap("x", old.map(str::as_bytes), new.map(str::as_bytes)).unwrap()
    };
    for (old, new, done, after) in [
        (Some("1"), Some("2"), Swap::Taken, None),
        (Some("1"), None, Swap::Taken, None),
        (None, Some("1"), Swap::Done, Some("1")),
        (None, Some("2"), Swap::Taken, Some("1")),
        (Some("2"), None, Swap::Taken, Some("1")),
        (Some("1"), Some("2"), Swap::Done, Some("2")),
        (Some("2"), None, Swap::Done, None),
        (None, None, Swap::Done, None),
    ] {
        assert_eq!(swap(old, new), done, "{old:?} -> {new:?}");
        assert_eq!(folder.read("x").unwrap().as_deref(), after.map(str::as_bytes));
    }
}

#[test]
fn what_a_crash_left_is_overwritten_and_never_read() {
    let world = World::new("folder crash");
    let folder = Folder::at(world.state());
    assert_eq!(folder.swap("x", None, Some(b"1")).unwrap(), Swap::Done);
    // Half of a file, readable for everybody.
    fs::write(world.state().join(".new"), b"hal").unwrap();
    assert_eq!(folder.names().unwrap(), ["x"]);
    folder.writable().unwrap();
    fs::write(world.state().join(".new"), b"hal").unwrap();
    assert_eq!(folder.swap("x", Some(b"1"), Some(b"2")).unwrap(), Swap::Done);
    assert_eq!(fs::read(world.state().join("x")).unwrap(), b"2");
    assert_eq!(fs::metadata(world.state().join("x")).unwrap().mode() & 0o777, 0o600);
    assert!(!world.state().join(".new").exists());
}

#[test]
fn a_file_that_cannot_be_one_of_ours_is_not_read() {
    let world = World::new("folder large");
    let folder = Folder::at(world.state());
    folder.writable().unwrap();
    fs::write(world.state().join("state.json"), vec![b' '; 4 * 1024 * 1024 + 1]).unwrap();
    let refused = folder.read("state.json").unwrap_err().to_string();
    assert!(refused.contains("state.json cannot be read: the file is larger"), "{refused}");
    // And so it is not replaced either.
    let guard = world.guard();
    assert_eq!(guard.verdict().reasons().last(), Some(&lictor_validator::Reason::Stateless));
    assert_eq!(fs::metadata(world.state().join("state.json")).unwrap().len(), 4 * 1024 * 1024 + 1);
}
