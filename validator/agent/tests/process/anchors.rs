//! Whom to trust is the vendor's word, and nobody else's.

use crate::artefacts::{anchors, license, license_by, other_key};
use crate::world::{NOW, Ran, SETTINGS, World};
use lictor_tests::programs;
use std::path::Path;
use std::process::Command;

/// A machine whose user has anchors and settings of his own wherever he can put them, and a license signed by them.
fn forger(name: &str) -> World {
    let world = World::new(name);
    world.write("forged.lic", license_by(&other_key(), |_| ()));
    let settings = SETTINGS.replace("anchors.json", "mine.json");
    for folder in ["", "mine", "mine/.config", "mine/.config/lictor-agent", "mine/lictor-agent"] {
        std::fs::create_dir_all(world.path(folder)).unwrap();
        world.write(&format!("{folder}/mine.json"), anchors(&[(&other_key(), "")]));
        world.write(&format!("{folder}/anchors.json"), anchors(&[(&other_key(), "")]));
        world.write(&format!("{folder}/lictor-agent.toml"), &settings);
    }
    world
}

/// Asserts that the forged license is refused by the vendor's anchors, and nothing is kept anywhere else.
#[track_caller]
fn is_refused(world: &World, command: &mut Command) {
    let ran: Ran = command.args(["install"]).arg(world.path("forged.lic")).output().unwrap().into();
    ran.exits(10, &["not among the trusted keys"]);
    assert!(!world.path("mine/state").exists() && world.path("state").exists(), "{command:?}");
}

#[test]
fn what_is_forged_would_be_taken_by_its_own_anchors() {
    let world = forger("forged");
    world.write("bin/anchors.json", anchors(&[(&other_key(), "")]));
    world.run(&["install", "forged.lic"]).exits(0, &["LICENSE: accepted"]);
}

#[test]
fn no_flag_replaces_them() {
    let world = forger("flags");
    for flag in ["--keys", "--anchors", "--config", "--settings", "--state", "--home", "--product"] {
        world.run(&["install", "forged.lic", flag, "mine/mine.json"]).exits(2, &["unexpected argument"]);
    }
    assert_eq!(world.state(), []);
}

#[test]
fn no_variable_replaces_them() {
    let world = forger("variables");
    let mut command = world.command();
    for name in ["KEYS", "ANCHORS", "CONFIG", "HOME", "STATE", "AGENT_CONFIG", "AGENT_ANCHORS", "AGENT_KEYS"]
    {
        command.env(format!("LICTOR_{name}"), world.path("mine/mine.json"));
        command.env(name, world.path("mine/mine.json"));
    }
    is_refused(&world, &mut command);
    for name in
        ["HOME", "XDG_CONFIG_HOME", "XDG_CONFIG_DIRS", "XDG_DATA_HOME", "XDG_STATE_HOME", "PWD", "TMPDIR"]
    {
        is_refused(&world, world.command().env(name, world.path("mine")));
    }
    is_refused(&world, world.command().env("PATH", world.path("mine")));
}

#[test]
fn no_folder_and_no_name_replaces_them() {
    let world = forger("places");
    let program = world.path("bin/lictor-agent");
    // Where it is started.
    is_refused(&world, world.command().current_dir(world.path("mine")));
    // Through a link that lies beside other settings, or is called otherwise.
    for link in ["mine/lictor-agent", "mine/dialer-license"].map(|name| world.path(name)) {
        let _a_folder = std::fs::remove_dir_all(&link);
        std::os::unix::fs::symlink(&program, &link).unwrap();
        is_refused(&world, &mut world.outside(&link));
    }
    // Under another name than its file's.
    let renamed = world.path("mine/lictor-agent");
    is_refused(&world, std::os::unix::process::CommandExt::arg0(&mut world.command(), renamed));
}

/// Those that are compiled in are not even replaced by what lies beside the program.
#[test]
fn no_file_replaces_what_is_compiled_in() {
    let world = forger("built in");
    let program = world.path("bin/dialer-license");
    programs::install(programs::built_in(), &program);
    for name in ["bin/dialer-license.toml", "bin/lictor-agent.toml"] {
        world.write(name, SETTINGS.replace("anchors.json", "mine.json").replace("Acme", "Forged"));
    }
    world.write("bin/mine.json", anchors(&[(&other_key(), "")]));
    world.write("bin/anchors.json", anchors(&[(&other_key(), "")]));
    for folder in ["", "bin", "mine"] {
        is_refused(
            &world,
            world.outside(&program).current_dir(world.path(folder)).env("HOME", world.path("mine")),
        );
    }
    world.write("acme.lic", license(|_| ()));
    let run = |arguments: &[&str]| -> Ran {
        world.outside(&program).args(arguments).args(["--now", NOW]).output().unwrap().into()
    };
    run(&["install", "acme.lic"]).exits(0, &["acme.lic: LICENSE: accepted"]);
    run(&["status"]).exits(0, &["dialer 7.3 (dialer) of Acme Software", "Write to support@acme.example."]);
}

/// Nothing reads a variable, so none can be overlooked above.
#[test]
fn no_source_reads_a_variable() {
    fn walk(folder: &Path, seen: &mut usize) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                walk(&path, seen);
                continue;
            }
            let text = std::fs::read_to_string(&path).unwrap();
            for reads in ["env::var", "var_os(", "option_env!", "env =", "env)]", "home_dir"] {
                assert!(!text.contains(reads), "{reads} in {}", path.display());
            }
            *seen += 1;
        }
    }
    let mut seen = 0;
    walk(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut seen);
    assert!(seen > 20, "{seen}");
}

/// Whoever copies the program has one that trusts him, and a state of its own; the product's it does not change.
#[test]
fn a_copy_with_other_anchors_convinces_nobody_else() {
    let world = forger("copied");
    let copy = world.path("mine/copy");
    programs::install(&world.path("bin/lictor-agent"), &copy);
    world.write("mine/copy.toml", SETTINGS.replace("anchors.json", "mine.json"));
    let ran: Ran =
        world.outside("sh").args(["-c", "exec mine/copy install forged.lic"]).output().unwrap().into();
    ran.exits(0, &["LICENSE: accepted"]);
    // It has laid the license into the product's own folder, where it is judged again.
    assert!(world.state().iter().any(|(name, _)| name.starts_with("license-")));
    world.run(&["check"]).exits(10, &["unlicensed LICENSE_INVALID"]);
}

#[test]
fn a_program_that_was_renamed() {
    let world = World::new("renamed");
    world.rename_program("bin/dialer-license");
    let run = |arguments: &[&str]| -> Ran {
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
    assert_eq!(run(&["--version"]).done(), format!("dialer-license {}\n", env!("CARGO_PKG_VERSION")));
    run(&["request"]).exits(21, &["hint: dialer-license install FILE"]);
    // No brand of ours in anything that is shown to the vendor's customers.
    for arguments in [
        &["--help"][..],
        &["status"],
        &["status", "--json"],
        &["install", "bin/anchors.json"],
        &["support-bundle"],
        &["explain", "--all"],
        &["check"],
        &["identity"],
        &["nonsense"],
        &["request", "--help"],
    ] {
        let ran = run(arguments);
        let shown = format!("{}{}", ran.data, ran.words).replace(&world.path("").display().to_string(), "");
        assert!(!shown.to_lowercase().contains("lictor"), "{arguments:?}: {shown}");
    }
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
