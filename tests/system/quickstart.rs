//! The quickstart: without prompts, in any folder, once.

use super::world::World;
use std::fs;

#[test]
fn shows_the_main_job_and_leaves_it_there() {
    let world = World::empty("quickstart");
    let shown = world.run(&["quickstart"]).done();
    let verdicts: Vec<&str> =
        shown.lines().filter_map(|line| line.split_once(' ')).map(|(word, _)| word).collect();
    let modes: Vec<&str> =
        verdicts.into_iter().filter(|word| ["full", "grace", "read_only"].contains(word)).collect();
    assert_eq!(modes, ["full", "grace", "read_only", "grace", "read_only"]);
    assert!(shown.contains("(exit code 11)") && shown.contains("(exit code 12)"), "{shown}");
    for command in [
        "init",
        "key new",
        "key export",
        "product add",
        "issue",
        "license list",
        "license revoke",
        "status publish",
    ] {
        assert!(shown.contains(&format!("$ lictor {command} ")), "{command} is not shown");
    }
    for file in ["home/ledger.db", "acme.lic", "anchors.json", "0.lic", ".gitignore"] {
        assert!(world.path("lictor-quickstart").join(file).is_file(), "{file}");
    }
    // What is printed runs as it stands.
    let folder = world.path("lictor-quickstart");
    let listed =
        world.command().current_dir(&folder).args(["license", "list", "--home", "home", "--json"]).output();
    let listed = super::world::Ran::of(&listed.expect("it runs")).json();
    assert_eq!(listed[0]["state"], "revoked");

    world.run(&["quickstart"]).fails(20, &["lictor quickstart --again"]);
    world.run(&["quickstart", "--again", "--json"]).done();
}

#[test]
fn deletes_no_folder_of_somebody_else() {
    let world = World::empty("quickstart foreign");
    fs::create_dir(world.path("lictor-quickstart")).expect("made");
    world.write("lictor-quickstart/precious", "data");
    world.run(&["quickstart", "--again"]).fails(20, &["not made by the quickstart"]);
    assert_eq!(world.read("lictor-quickstart/precious"), "data");
}

/// What it leaves when it is cut short at once, and what only looks like that.
#[test]
fn a_folder_that_was_hardly_begun_is_begun_again() {
    let mark = "# Made by lictor quickstart; delete the whole folder at will.\n*\n";
    let (part, begun, beside) = (&mark[..20], "lictor-quickstart/.gitignore", "lictor-quickstart/precious");
    for (files, is_its_own) in [
        (vec![], true),
        (vec![(begun, "")], true),
        (vec![(begun, part)], true),
        (vec![(begun, mark), (beside, "data")], true),
        (vec![(begun, part), (beside, "data")], false),
        (vec![(begun, ""), (beside, "data")], false),
        (vec![(begun, "*.o\n")], false),
    ] {
        let world = World::empty("quickstart begun");
        fs::create_dir(world.path("lictor-quickstart")).expect("made");
        for (name, text) in &files {
            world.write(name, text);
        }
        let ran = world.run(&["quickstart", "--again"]);
        if is_its_own {
            ran.done();
            assert!(!world.path(beside).exists());
        } else {
            ran.fails(20, &["not made by the quickstart"]);
            files.iter().for_each(|(name, text)| assert_eq!(world.read(name), *text));
        }
    }
}
