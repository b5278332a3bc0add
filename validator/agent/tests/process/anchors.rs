//! Whom to trust is the vendor's word, and nobody else's.

use crate::artefacts::{anchors, license_by, other_key};
use crate::world::{SETTINGS, World};

#[test]
fn no_flag_and_no_variable_replaces_them() {
    let world = World::new("trust");
    world.write("mine.json", anchors(&[(&other_key(), "")]));
    world.write("lictor-agent.toml", SETTINGS.replace("anchors.json", "mine.json"));
    world.write("forged.lic", license_by(&other_key(), |_| ()));
    for flag in ["--keys", "--anchors", "--config", "--state"] {
        world.run(&["install", "forged.lic", flag, "mine.json"]).exits(2, &["unexpected argument"]);
    }
    let mut command = world.command();
    command.args(["install", "forged.lic"]);
    for name in ["KEYS", "ANCHORS", "CONFIG", "HOME", "AGENT_CONFIG", "AGENT_ANCHORS", "AGENT_KEYS"] {
        command.env(format!("LICTOR_{name}"), world.path("mine.json"));
    }
    let ran: crate::world::Ran = command.env("HOME", world.path("")).output().unwrap().into();
    ran.exits(10, &["not among the trusted keys"]);
    // A link elsewhere finds the vendor's settings, not those beside the link.
    std::os::unix::fs::symlink(world.path("bin/lictor-agent"), world.path("lictor-agent")).unwrap();
    let ran: crate::world::Ran =
        world.outside(world.path("lictor-agent")).args(["install", "forged.lic"]).output().unwrap().into();
    ran.exits(10, &["not among the trusted keys"]);
}

#[test]
fn a_program_that_was_renamed() {
    let world = World::new("renamed");
    world.rename_program("bin/dialer-license");
    let run = |arguments: &[&str]| -> crate::world::Ran {
        world.outside(world.path("bin/dialer-license")).args(arguments).output().unwrap().into()
    };
    run(&["status"]).exits(30, &["dialer-license.toml cannot be read"]);
    world.write("bin/dialer-license.toml", SETTINGS);
    run(&["status"]).exits(0, &["dialer 7.3 (dialer) of Acme Software, in production"]);
    let help = run(&["install", "--help"]).done();
    assert!(
        help.contains("Usage: dialer-license install") && help.contains("  dialer-license install acme.lic"),
        "{help}"
    );
    assert!(!help.contains("lictor-agent"), "{help}");
}

#[test]
fn settings_that_cannot_be_meant() {
    let world = World::new("settings");
    for (settings, says) in [
        (SETTINGS.replace("dialer\"", "Dialer\""), "product: \"Dialer\" is no name"),
        (format!("{SETTINGS}envirnoment = \"staging\"\n"), "unknown field `envirnoment`"),
        (SETTINGS.replace("state =", "# state ="), "missing field `state`"),
        (format!("{SETTINGS}builtAt = \"soon\"\n"), "builtAt: \"soon\""),
        (format!("{SETTINGS}origin = \"nowhere\"\n"), "origin: \"nowhere\" is no origin"),
        (SETTINGS.replace("anchors.json", "none.json"), "none.json cannot be read"),
        (SETTINGS.replace("anchors.json", "lictor-agent.toml"), "anchors: "),
    ] {
        world.write("bin/lictor-agent.toml", settings);
        let failed = world.run(&["check", "--json"]).exits(30, &[says]).json();
        assert_eq!((&failed["success"], &failed["code"]), (&false.into(), &"INTERNAL".into()));
    }
    assert_eq!(world.state(), []);
}
