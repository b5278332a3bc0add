//! Ctrl-C: the terminal as it was, the ledger as before or as after, and no file half written.

use super::world::{NOW, STATUS_URI, World, program};
use rexpect::session::{PtySession, spawn_command};
use std::os::unix::process::ExitStatusExt as _;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

const ORDER: [&str; 9] =
    ["issue", "--product", "dialer", "--plan", "pro", "--customer", "Acme GmbH", "--term", "1y"];

/// What runs the program so that signals end it, though whoever runs the tests may ignore them, as `nohup` and shells do
/// for what they run behind a person's back.
fn listening(world: &World) -> Command {
    let mut command = world.outside("env");
    command.arg("--default-signal");
    command
}

/// A shell at a terminal that shows what is typed; it runs the program and then tells how it ended and what became of the
/// terminal.
fn shell(world: &World, arguments: &[&str]) -> PtySession {
    let script = "trap : INT TERM HUP; stty echo; \
        sh -c 'echo \"process $$\"; exec \"$0\" \"$@\"' \"$0\" \"$@\"; echo \"ended $?\"; \
        stty -a | tr -s '; ' '\\n' | grep -x -e echo -e -echo -e icanon -e -icanon -e isig -e -isig; echo over";
    let mut command = listening(world);
    command
        .args(["bash", "-c", script, program()])
        .args(arguments)
        .args(["--now", NOW])
        .stdin(Stdio::inherit());
    spawn_command(command, Some(20_000)).unwrap_or_else(|error| panic!("a pseudo-terminal: {error}"))
}

/// The program's id.
fn process(session: &mut PtySession) -> String {
    session.exp_string("process ").expect("it says who it is");
    session.read_line().expect("a number").trim().to_string()
}

fn kill(signal: &str, process: &str) {
    let status = Command::new("bash").args(["-c", &format!("kill -{signal} {process}")]).status();
    assert!(status.is_ok_and(|status| status.success()), "kill -{signal} {process}");
}

#[track_caller]
fn assert_ended(session: &mut PtySession, exit: i32) {
    session.exp_string(&format!("ended {exit}")).unwrap_or_else(|error| panic!("ended {exit}: {error}"));
    let terminal = session.exp_string("over").expect("the shell goes on");
    let mut settings: Vec<&str> = terminal.split_whitespace().collect();
    settings.sort_unstable();
    assert_eq!(settings, ["echo", "icanon", "isig"], "the terminal is as it was");
}

/// A home without a key.
fn keyless(name: &str) -> World {
    let world = World::empty(name);
    world.run(&["init", "--issuer", "acme-licensing", "--status-uri", STATUS_URI]).done();
    world
}

/// As [`World::untouched`], after the next command: until then the files beside the ledger tell of who had it open.
#[track_caller]
fn unchanged(world: &World, done: impl FnOnce()) {
    world.untouched(|| {
        done();
        world.run(&["license", "list"]).done();
    });
}

#[test]
fn ctrl_c_at_a_passphrase_prompt_gives_the_echo_back() {
    let world = keyless("ctrl-c passphrase");
    unchanged(&world, || {
        let mut session = shell(&world, &["key", "new"]);
        session.exp_string("New passphrase for the key file: ").expect("it asks");
        session.send("half a passphr").and_then(|_| session.flush()).expect("it listens");
        session.send_control('c').expect("it listens");
        assert_ended(&mut session, 130);
    });
    // At the second question as well.
    unchanged(&world, || {
        let mut session = shell(&world, &["key", "new"]);
        session.exp_string("New passphrase for the key file: ").expect("it asks");
        session.send_line("one two three").expect("it listens");
        session.exp_string("The same again: ").expect("it asks again");
        session.send_control('c').expect("it listens");
        assert_ended(&mut session, 130);
    });
}

#[test]
fn other_signals_at_a_passphrase_prompt_give_the_echo_back_too() {
    let world = keyless("signals passphrase");
    for (signal, exit) in [("INT", 130), ("TERM", 143), ("HUP", 129)] {
        unchanged(&world, || {
            let mut session = shell(&world, &["key", "new"]);
            let process = process(&mut session);
            session.exp_string("New passphrase for the key file: ").expect("it asks");
            kill(signal, &process);
            assert_ended(&mut session, exit);
        });
    }
}

#[test]
fn an_answered_prompt_leaves_the_terminal_as_it_was() {
    let world = keyless("answered passphrase");
    let mut session = shell(&world, &["key", "new"]);
    for question in ["New passphrase for the key file: ", "The same again: "] {
        session.exp_string(question).expect("it asks");
        session.send_line("one two three").expect("it listens");
    }
    assert_ended(&mut session, 0);
    let mut session = shell(&world, &["key", "new"]);
    session.exp_string("New passphrase for the key file: ").expect("it asks");
    session.send_control('d').expect("it listens");
    session.exp_string("nothing was typed").expect("it says so");
    assert_ended(&mut session, 2);
}

#[test]
fn the_end_of_the_input_is_no_answer() {
    let world = World::new("ctrl-d question");
    world.issue("acme.lic", &[]);
    unchanged(&world, || {
        let mut session = shell(&world, &["customer", "erase", "acme-gmbh", "--running"]);
        session.exp_string("Type the customer's id to confirm:").expect("it asks");
        session.send_control('d').expect("it listens");
        session.exp_string("nothing was typed").expect("it says so");
        assert_ended(&mut session, 2);
    });
}

#[test]
fn ctrl_c_at_a_question_does_nothing() {
    let world = World::new("ctrl-c question");
    let id = world.issue("acme.lic", &[]);
    unchanged(&world, || {
        let mut session = shell(&world, &["license", "revoke", &id, "--reason", "fraud"]);
        session.exp_string("Type its id to confirm:").expect("it asks");
        session.send(&id[..20]).and_then(|_| session.flush()).expect("it listens");
        session.send_control('c').expect("it listens");
        assert_ended(&mut session, 130);
    });
}

fn start(world: &World, arguments: &[&str]) -> Child {
    let mut command = listening(world);
    command.arg(program()).args(arguments).args(["--now", NOW]).stdout(Stdio::null()).stderr(Stdio::null());
    command.spawn().unwrap_or_else(|error| panic!("{}: {error}", program()))
}

/// What must never stay: temporary files, in the home and beside what is written.
fn assert_tidy(world: &World) {
    for folder in ["", "home", "home/keys"] {
        for entry in std::fs::read_dir(world.path(folder)).expect("it can be listed") {
            let name = entry.expect("an entry").file_name().to_string_lossy().into_owned();
            assert!(!name.ends_with(".tmp"), "{name} stays in {folder:?}");
        }
    }
}

fn licenses(world: &World) -> usize {
    let list = world.run(&["license", "list", "--json"]).json();
    list.as_array().map(Vec::len).expect("a list")
}

#[test]
fn who_waits_for_the_ledger_can_give_up() {
    let world = World::new("ctrl-c waiting");
    let holder = rusqlite::Connection::open(world.path("home/ledger.db")).expect("the ledger opens");
    holder.execute_batch("BEGIN IMMEDIATE").expect("it is free");
    let begun = Instant::now();
    let mut child = start(&world, &[&ORDER[..], &["--out", "acme.lic"]].concat());
    sleep(Duration::from_secs(1));
    assert!(child.try_wait().expect("it can be asked").is_none(), "it waits");
    kill("INT", &child.id().to_string());
    let status = child.wait().expect("it ends");
    assert_eq!(status.signal(), Some(2), "{status}");
    assert!(begun.elapsed() < Duration::from_secs(4), "at once, not when its patience ends");
    holder.execute_batch("ROLLBACK").expect("it was held");
    drop(holder);
    assert_tidy(&world);
    assert!(!world.path("acme.lic").exists());
    assert_eq!(licenses(&world), 0);
    world.issue("acme.lic", &[]);
}

/// Sends Ctrl-C's signal at many moments of a command that takes a known time.
#[test]
fn at_no_moment_does_ctrl_c_leave_a_half() {
    const ROUNDS: u32 = 40;
    let world = World::new("ctrl-c any time");
    let begun = Instant::now();
    world.issue("first.lic", &[]);
    let whole = begun.elapsed() + Duration::from_millis(2);
    let (mut landed, mut known) = (0, licenses(&world));
    for round in 0..ROUNDS {
        let file = format!("{round}.lic");
        let mut child = start(&world, &[&ORDER[..], &["--out", &file]].concat());
        sleep(whole * round / ROUNDS);
        kill("INT", &child.id().to_string());
        let status = child.wait().expect("it ends");
        assert!(status.signal() == Some(2) || status.code() == Some(0), "{status}");
        landed += u32::from(status.signal() == Some(2));
        assert_tidy(&world);
        let now = licenses(&world);
        let written = world.path(&file).exists();
        assert!(now == known || now == known + 1, "{known} licenses, then {now}");
        assert!(!written || now == known + 1, "a file is in the ledger");
        assert!(!written || world.read(&file).ends_with("-----END LICENSE-----\n"), "a file is whole");
        known = now;
    }
    println!("{landed} of {ROUNDS} signals arrived before the end");
    assert!(landed > ROUNDS / 4, "{landed} of {ROUNDS}: the signals come too late to test anything");
    world.run(&["ledger", "verify"]).done();
}
