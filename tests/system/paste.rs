//! The same exchange where nothing but text passes: copied from one terminal of 80 columns, mailed, pasted into another.

use rexpect::session::{PtySession, spawn_command};
use std::process::{Command, Stdio};

use super::server::Server;
use super::world::{NOW, World};

/// A program at a terminal of 80 columns and 24 lines.
fn at_a_terminal(world: &World, program: &Command, arguments: &[&str]) -> PtySession {
    let mut shell = world.outside("bash");
    shell.args(["-c", "stty cols 80 rows 24; exec \"$0\" \"$@\""]).arg(program.get_program());
    shell.args(arguments).args(["--now", NOW]).stdin(Stdio::inherit());
    spawn_command(shell, Some(30_000)).unwrap_or_else(|error| panic!("a pseudo-terminal: {error}"))
}

/// What somebody copies off the screen: the last block of a label, with the line ends of the terminal.
fn copied(screen: &str, label: &str) -> String {
    let (begin, end) = (format!("-----BEGIN {label}-----"), format!("-----END {label}-----"));
    let from = screen.rfind(&begin).unwrap_or_else(|| panic!("no {label} in {screen}"));
    let to = screen[from..].find(&end).unwrap_or_else(|| panic!("no end of {label} in {screen}"));
    let block = &screen[from..from + to + end.len()];
    assert!(block.contains("\r\n"), "that was no terminal");
    // Nothing of it is broken by a terminal that is this narrow.
    assert!(block.lines().all(|line| line.len() <= 64), "{block}");
    block.to_owned()
}

/// What the mail makes of it: quoted, blanks at the ends of lines, CRLF, and words around it.
fn mailed(block: &str) -> String {
    let quoted: String = block.lines().map(|line| format!("> > {line} \u{a0} \r\n")).collect();
    format!("Hello Bob,\r\n\r\non Sunday Alice wrote:\r\n{quoted}> > -- \r\n> > Alice\r\n")
}

fn paste(terminal: &mut PtySession, text: &str) {
    for line in text.split_inclusive('\n') {
        terminal.send(line).expect("it listens");
        terminal.flush().expect("it listens");
    }
    terminal.send_control('d').expect("it listens");
}

/// From the server to the issuer and back, through two terminals and two mails.
fn exchange(world: &World, server: &Server<'_>, request: &[&str], answer: &str) -> String {
    let screen = at_a_terminal(world, &server.command(), &[&["request"], request].concat()).exp_eof();
    let request = mailed(&copied(&screen.expect("a request"), "ACTIVATION REQUEST"));
    let mut issuer = at_a_terminal(world, &world.command(), &["activation", "grant", "-"]);
    issuer.exp_string("Paste the request, then press Enter and Ctrl-D.").expect("it says how");
    paste(&mut issuer, &request);
    let screen = issuer.exp_eof().expect("an answer");
    let list = copied(&screen, "STATUS LIST");
    let mut installing = at_a_terminal(world, &server.command(), &["install", "-"]);
    installing.exp_string("Paste what the vendor sent, then press Enter and Ctrl-D.").expect("it says how");
    // The blocks are one paste, as they stand on the screen.
    paste(&mut installing, &mailed(&format!("{}\r\n{list}", copied(&screen, answer))));
    installing.exp_eof().expect("it ends")
}

#[test]
fn a_seat_is_asked_for_granted_and_given_back_by_paste() {
    let world = World::new("paste");
    let license = world.issue("acme.lic", &["--activation", "required", "--seats", "1"]);
    let server = Server::licensed(&world, "server", "acme.lic");
    let screen = exchange(&world, &server, &["--label", "Call centre 2"], "ACTIVATION");
    for says in ["standard input: STATUS LIST: accepted", "standard input: ACTIVATION: accepted", "full: "] {
        assert!(screen.contains(says), "{says}: {screen}");
    }
    assert_eq!(server.verdict(), "full\n");
    let shown = world.run(&["license", "show", &license, "--json"]).json();
    assert_eq!(
        (&shown["seats"]["used"], &shown["deployments"][0]["label"]),
        (&1.into(), &"Call centre 2".into())
    );
    let screen = exchange(&world, &server, &["--release"], "RELEASE");
    assert!(screen.contains("the seat was given back"), "{screen}");
    assert!(server.verdict().starts_with("grace LICENSE_SEAT_LIMIT not_activated"));
    assert_eq!(world.run(&["license", "show", &license, "--json"]).json()["seats"]["used"], 0);
}
