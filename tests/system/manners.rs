//! What is said, how, and to whom: quiet, colour, questions, closed pipes.

use super::world::{NOW, Ran, STATUS_URI, World, program};
use rexpect::session::{PtySession, spawn_command};
use std::process::{Command, Stdio};

const ORDER: [&str; 9] =
    ["issue", "--product", "dialer", "--plan", "pro", "--customer", "Acme GmbH", "--term", "1y"];

const ESCAPE: &str = "\u{1b}[";

fn order<'a>(more: &[&'a str]) -> Vec<&'a str> {
    [&ORDER[..], more].concat()
}

fn run(command: &mut Command) -> Ran {
    Ran::of(&command.args(["--now", NOW]).output().unwrap_or_else(|error| panic!("{}: {error}", program())))
}

/// A world whose key has the passphrase "correct horse".
fn sealed(name: &str) -> World {
    let world = World::empty(name);
    world.write("passphrase", "correct horse");
    world.run(&["init", "--issuer", "acme-licensing", "--status-uri", STATUS_URI]).done();
    world.run(&["key", "new", "--passphrase-file", "passphrase"]).done();
    world.run(&["product", "add", "dialer", "--plan", "pro"]).done();
    world
}

#[test]
fn quiet_says_only_warnings_and_errors() {
    let world = World::new("quiet");
    let ran = world.run(&order(&["--out", "one.lic", "--quiet"]));
    assert_eq!(ran.words, "");
    let id = ran.done().trim().to_string();
    assert_eq!(id.len(), 36, "the data is what it is without --quiet");
    let ran = world.run(&order(&["--out", "two.lic", "--seats", "25", "--quiet"]));
    assert!(ran.words.starts_with("warning: ") && ran.words.lines().count() == 1, "{ran:?}");
    ran.done();
    let ran = world.run(&order(&["--out", "two.lic", "--quiet"]));
    assert!(ran.words.starts_with("error: ") && ran.words.contains("\n  hint: "), "{ran:?}");
    assert_eq!((ran.exit, ran.data.as_str()), (Some(20), ""));
    // A file that is left out of a verdict is a warning too.
    let verify = ["verify", "one.lic", "--product", "dialer", "--status", "anchors.json", "--quiet"];
    let ran = world.run(&verify);
    assert!(ran.words.starts_with("warning: anchors.json: not accepted: "), "{ran:?}");
    ran.done();
}

/// The words of a failure under a choice and in an environment; its data is plain in any case.
fn failure(world: &World, color: &[&str], environment: &[(&str, &str)]) -> String {
    let mut command = world.command();
    command.args(["product", "show", "desk", "--json"]).args(color).envs(environment.iter().copied());
    let ran = run(&mut command);
    assert_eq!(ran.exit, Some(21), "{ran:?}");
    assert!(!ran.data.contains(ESCAPE), "data is never coloured: {ran:?}");
    ran.words
}

#[test]
fn words_are_coloured_on_demand() {
    let world = World::new("color");
    let plain = failure(&world, &[], &[]);
    assert!(plain.starts_with("error: ") && !plain.contains(ESCAPE), "{plain}");
    let always = failure(&world, &["--color", "always"], &[]);
    assert_eq!(
        always,
        plain
            .replace("error:", "\u{1b}[1m\u{1b}[31merror:\u{1b}[0m")
            .replace("hint:", "\u{1b}[32mhint:\u{1b}[0m")
    );
    let (no, force) = (("NO_COLOR", "1"), ("CLICOLOR_FORCE", "1"));
    assert_eq!(failure(&world, &["--color", "always"], &[no]), always, "who asks for it gets it");
    assert_eq!(failure(&world, &["--color=auto"], &[force]), always);
    assert_eq!(failure(&world, &[], &[force, no]), plain);
    assert_eq!(failure(&world, &["--color", "never"], &[force]), plain);
}

#[test]
fn help_and_usage_errors_follow_the_same_choice() {
    let world = World::empty("color help");
    for line in
        [&["--help"][..], &["help", "key", "new"], &["help"], &["key"], &["isue"], &["key", "new", "--alg"]]
    {
        let colored = |choice: &str, variable: &str| {
            let mut command = world.command();
            let ran = run(command.args(line).args(["--color", choice]).env(variable, "1"));
            (ran.data + &ran.words).contains(ESCAPE)
        };
        assert!(colored("always", "NO_COLOR"), "{line:?}");
        assert!(colored("auto", "CLICOLOR_FORCE"), "{line:?}");
        assert!(!colored("never", "CLICOLOR_FORCE"), "{line:?}");
        assert!(!colored("auto", "UNRELATED"), "{line:?}");
    }
    world.run(&["key", "list", "--color", "purple"]).fails(2, &["purple", "auto, always, never"]);
}

/// The program at a terminal that knows colours.
fn terminal(world: &World, arguments: &[&str], environment: &[(&str, &str)]) -> PtySession {
    let mut command = world.command();
    command.args(arguments).args(["--now", NOW]).stdin(Stdio::inherit()).env("TERM", "xterm");
    command.envs(environment.iter().copied());
    spawn_command(command, Some(20_000)).unwrap_or_else(|error| panic!("a pseudo-terminal: {error}"))
}

#[test]
fn a_terminal_gets_colours_unless_told_otherwise() {
    let world = World::new("color terminal");
    let seen = |more: &[&str], environment: &[(&str, &str)]| {
        let line = [&["product", "show", "desk"][..], more].concat();
        terminal(&world, &line, environment).exp_eof().expect("it ends")
    };
    assert!(seen(&[], &[]).contains("\u{1b}[31merror:"));
    assert!(!seen(&[], &[("NO_COLOR", "1")]).contains(ESCAPE));
    assert!(!seen(&["--color", "never"], &[]).contains(ESCAPE));
    assert!(!seen(&[], &[("TERM", "dumb")]).contains(ESCAPE));
    assert!(seen(&["--color", "always"], &[("TERM", "dumb")]).contains(ESCAPE));
}

/// Every command that asks, with the words of the hint that answers it.
fn asking(id: &str) -> Vec<(Vec<String>, &'static str)> {
    let line = |words: &[&str]| words.iter().map(ToString::to_string).collect::<Vec<_>>();
    vec![
        (line(&["key", "new"]), "--no-passphrase"),
        (line(&["key", "import", "sealed.pem"]), "--passphrase-file"),
        (line(&order(&[])), "--passphrase-file"),
        (line(&["license", "renew", id, "--term", "1y"]), "--passphrase-command"),
        (line(&["license", "amend", id, "--seats", "5"]), "LICTOR_PASSPHRASE_FILE"),
        (line(&["status", "publish"]), "--passphrase-file"),
        (line(&["license", "revoke", id, "--reason", "fraud"]), "--confirm"),
        (
            line(&["ledger", "restore", "backup.db", "--status-uri", "urn:acme:status:1", "--replace"]),
            "--confirm acme-licensing",
        ),
    ]
}

#[test]
fn where_nobody_may_be_asked_the_option_is_named_at_once() {
    let world = sealed("no input");
    let id = world.issue("acme.lic", &["--passphrase-file", "passphrase"]);
    world.run(&["ledger", "backup", "backup.db"]).done();
    std::fs::copy(world.key_file(), world.path("sealed.pem")).expect("copied");
    for (line, option) in asking(&id) {
        let line: Vec<&str> = line.iter().map(String::as_str).collect();
        world
            .untouched(|| world.run(&line))
            .fails(2, &["and there is no terminal to ask at", "hint: ", option]);
        let refused = [&line[..], &["--no-input"]].concat();
        let said = ["and --no-input forbids to ask", "hint: ", option];
        world.untouched(|| world.run(&refused)).fails(2, &said);
        // At a terminal too: it ends by itself.
        let seen = world.untouched(|| terminal(&world, &refused, &[]).exp_eof().expect("it asks nothing"));
        assert!(seen.contains("--no-input forbids to ask") && seen.contains(option), "{line:?}: {seen}");
    }
    // Who answers beforehand is not hindered.
    world.issue("again.lic", &["--passphrase-file", "passphrase", "--no-input"]);
}

#[test]
fn a_question_that_nobody_would_see_is_not_asked() {
    let world = World::new("unseen");
    let id = world.issue("acme.lic", &[]);
    let script = "\"$0\" \"$@\" 2> words; echo \"exit $?\"";
    let mut command = world.outside("bash");
    command.args(["-c", script, program(), "license", "revoke", &id, "--reason", "fraud", "--now", NOW]);
    let mut session = spawn_command(
        {
            command.stdin(Stdio::inherit());
            command
        },
        Some(20_000),
    )
    .expect("a pseudo-terminal");
    session.exp_string("exit 2").expect("it does not wait");
    assert!(world.read("words").contains("there is no terminal to ask at"));
}

#[test]
fn questions_are_asked_under_quiet_too() {
    let world = World::new("quiet question");
    let id = world.issue("acme.lic", &[]);
    let mut session = terminal(&world, &["license", "revoke", &id, "--reason", "fraud", "--quiet"], &[]);
    session.exp_string("for good, from 2026-11-22T09:00:00Z on.").expect("it says what it asks for");
    session.exp_string("Type its id to confirm:").expect("it asks");
    session.send_line(&id).expect("it listens");
    let seen = session.exp_eof().expect("it ends");
    assert!(seen.contains(&id) && !seen.contains("Revoked"), "{seen}");
}

/// Runs with a pipe as standard output of which the other end is closed already.
fn into_closed_pipe(world: &World, arguments: &[&str]) -> Ran {
    let (reader, writer) = std::io::pipe().expect("a pipe");
    drop(reader);
    let mut command = world.command();
    let output = command.args(arguments).args(["--now", NOW]).stdout(writer).stderr(Stdio::piped()).output();
    Ran::of(&output.expect("it runs"))
}

#[test]
fn a_reader_who_has_had_enough_is_no_failure() {
    let world = World::new("closed pipe");
    let id = world.issue("acme.lic", &["--max-status-age", "never"]);
    let verify = ["verify", "acme.lic", "--product", "dialer"];
    let cases: [(&[&str], i32); 12] = [
        (&["license", "list"], 0),
        (&["license", "list", "--json"], 0),
        (&["license", "show", &id], 0),
        (&["product", "list"], 0),
        (&["key", "list"], 0),
        (&["completions", "bash"], 0),
        (&["explain"], 0),
        (&["--help"], 0),
        (&["help", "formats"], 0),
        (&["--version"], 0),
        (&verify, 0),
        // A verdict is in the exit code too, and stays there.
        (&[&verify[..], &["--at", "2028-06-01T00:00:00Z"]].concat(), 11),
    ];
    for (line, exit) in cases {
        let ran = world.untouched(|| into_closed_pipe(&world, line));
        assert_eq!((ran.exit, ran.words.as_str()), (Some(exit), ""), "{line:?}");
    }
    // A failure is said as ever; its envelope finds nobody.
    let ran = into_closed_pipe(&world, &["product", "show", "desk", "--json"]);
    ran.fails(21, &["error: ", "hint: "]);
    assert!(!ran.words.contains("standard output"), "{ran:?}");
    // What was done is done, and said.
    let ran = into_closed_pipe(&world, &["license", "revoke", &id, "--reason", "fraud", "--confirm", &id]);
    ran.fails(0, &["Revoked the license"]);
    assert!(!ran.words.contains("error"), "{ran:?}");
}

#[test]
fn a_license_that_nobody_read_is_told_of() {
    let world = World::new("closed pipe issue");
    for line in [order(&[]), order(&["--json"]), order(&["--quiet"])] {
        let ran = into_closed_pipe(&world, &line);
        ran.fails(31, &["standard output cannot be written", "lictor license show", "--out FILE"]);
        let (_, hint) = ran.words.split_once("lictor license show ").expect("a command");
        let id = hint.split(' ').next().expect("an id");
        world.run(&["license", "show", id, "--out", &format!("{id}.lic")]).done();
    }
    let ran = into_closed_pipe(&world, &["status", "publish"]);
    ran.fails(31, &["standard output cannot be written", "publish again"]);
    // With a file nothing is lost.
    let ran = into_closed_pipe(&world, &["status", "publish", "--out", "lists"]);
    ran.fails(0, &["is in lists/0.lic."]);
    let ran = into_closed_pipe(&world, &order(&["--out", "acme.lic"]));
    ran.fails(0, &["It is in acme.lic."]);
    assert!(!ran.words.contains("error"), "{ran:?}");
}

/// A shell's own pipes and closed streams, as people write them.
#[test]
fn pipes_of_a_shell() {
    let world = World::new("shell pipes");
    world.issue("one.lic", &[]);
    let cases = [
        ("lictor license list | head -n 1", "LICENSE "),
        ("lictor completions bash | head -n 1", "_lictor() {"),
        ("lictor completions bash | true", ""),
        ("lictor help | head -n 1", "Issue, revoke and verify"),
        ("lictor license list >&-", ""),
        ("lictor license list 2>&- | head -n 1", "LICENSE "),
        (
            "lictor issue --product dialer --plan pro --customer Acme --term 1y --out two.lic >&- 2>&-; cat two.lic | head -n 1",
            "-----BEGIN LICENSE-----",
        ),
        ("lictor product show desk 2>&-; echo $?", "21"),
    ];
    for (line, begins) in cases {
        let script =
            format!("lictor() {{ \"$PROGRAM\" \"$@\"; }}; set -o pipefail; {line}; echo \"ended $?\" >&2");
        let output = world.outside("bash").args(["-c", &script]).env("PROGRAM", program()).output();
        let ran = Ran::of(&output.unwrap_or_else(|error| panic!("bash: {error}; install it")));
        assert!(ran.data.starts_with(begins), "{line}: {ran:?}");
        assert_eq!(ran.words, "ended 0\n", "{line}");
    }
}

#[test]
fn a_full_disk_is_no_closed_pipe() {
    let world = World::new("full output");
    world.issue("acme.lic", &[]);
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full");
    let full = full.unwrap_or_else(|error| panic!("/dev/full: {error}; Linux has it"));
    for line in [&["license", "list"][..], &["--help"], &["help", "formats"]] {
        let output = world
            .command()
            .args(line)
            .stdout(full.try_clone().expect("cloned"))
            .stderr(Stdio::piped())
            .output();
        Ran::of(&output.expect("it runs")).fails(31, &["standard output cannot be written"]);
    }
}

#[test]
fn help_says_of_a_command_what_the_command_says() {
    fn walk(command: &clap::Command, path: &[String], found: &mut Vec<Vec<String>>) {
        found.push(path.to_vec());
        for inner in command.get_subcommands() {
            walk(inner, &[path, &[inner.get_name().to_string()]].concat(), found);
        }
    }
    let mut found = Vec::new();
    walk(&lictor_issuer::cli::grammar(), &[], &mut found);
    assert!(found.len() > 20, "{found:?}");
    let world = World::empty("help");
    for path in found {
        let path: Vec<&str> = path.iter().map(String::as_str).collect();
        let help = world.run(&[&["help"], path.as_slice()].concat()).done();
        assert_eq!(help, world.run(&[path.as_slice(), &["--help"]].concat()).done(), "{path:?}");
    }
}
