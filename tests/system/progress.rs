//! The bar of what takes long is for somebody who watches.

use lictor_shared::log::read_keys;

use super::export_killed::{covers, grow};
use rexpect::session::spawn_command;
use std::process::Stdio;

use super::world::{NOW, World};

/// What a bar says of its length; it does not stay, so it stands between what is cleared.
const DRAWN: &str = " events, ";

/// What a terminal of this kind was given.
fn seen(world: &World, term: &str, arguments: &[&str]) -> String {
    let mut command = world.command();
    command.args(arguments).args(["--now", NOW]).env("TERM", term).stdin(Stdio::inherit());
    let session = spawn_command(command, Some(20_000));
    let mut session = session.unwrap_or_else(|error| panic!("a pseudo-terminal: {error}"));
    session.exp_eof().expect("it ends")
}

#[test]
fn a_bar_is_drawn_at_a_terminal_and_nowhere_else() {
    let world = World::new("progress");
    world.run(&["key", "new", "--purpose", "log", "--no-passphrase"]).done();
    // More than are gone through between two looks.
    grow(&world, 0, 600);
    world.run(&["audit", "checkpoint", "--out", "acme.checkpoint"]).done();
    let key = world.run(&["audit", "key"]).done();
    world.write("acme.vkey", &key);
    for command in [
        &["audit", "verify"][..],
        &["audit", "export", "seen"],
        &["audit", "check-export", "seen", "--key", "acme.vkey"],
    ] {
        // Of a folder that is there already nothing would be exported.
        let elsewhere = |place| {
            let exports = command.contains(&"export");
            let word = move |word: &&'static str| if exports && *word == "seen" { place } else { *word };
            command.iter().map(word).collect::<Vec<&str>>()
        };
        let seen = seen(&world, "xterm", command);
        assert!(seen.contains(DRAWN), "{command:?}: {seen:?}");
        // The last word on the screen is that of the command.
        let (_, behind) = seen.rsplit_once(DRAWN).expect("it is there");
        assert!(behind.contains('\n'), "{command:?}: {seen:?}");
        for (term, place, more) in [("xterm", "quiet", &["--quiet"][..]), ("dumb", "dumb", &[])] {
            let quiet = self::seen(&world, term, &[&elsewhere(place), more].concat());
            assert!(!quiet.contains(DRAWN), "{command:?} {term}: {quiet:?}");
        }
        let piped = world.run(&elsewhere("piped"));
        assert_eq!(piped.exit, Some(0), "{piped:?}");
        assert!(!piped.words.contains(DRAWN) && !piped.words.contains('\r'), "{command:?}: {piped:?}");
        assert!(!piped.words.contains('\u{1b}') && !piped.data.contains(DRAWN), "{command:?}: {piped:?}");
    }
    assert!(covers(&world.path("seen"), &read_keys(&key).expect("keys")) > 600);
}
