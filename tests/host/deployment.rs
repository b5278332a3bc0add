//! A deployment as a process of its own: opens a guard over a folder, does one thing, and says what it sees.
//!
//! `deployment FOLDER LICENSE ANCHORS NOW [ask TIMES | spin MILLISECONDS | install FILE...]`

#![expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a test reads what it says, and is failed by what it does not"
)]

use lictor_shared::{AnchorSet, Name, RequestKind, Text, Timestamp};
use lictor_validator::host::{Ask, Folder, Guard, Product};
use std::time::{Duration, Instant};

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [folder, license, anchors, now, rest @ ..] = &arguments[..] else { return };
    let product = Product {
        anchors: AnchorSet::read(&std::fs::read(anchors).unwrap()).unwrap(),
        name: Name::new("dialer").unwrap(),
        environment: Name::new("production").unwrap(),
        origin: None,
        built_at: None,
        program: Text::new("dialer 7.3").unwrap(),
    };
    let now = Timestamp::parse(now).unwrap();
    let guard = Guard::opening(product, Folder::at(folder)).watch(license).clock(move || now).open();
    match rest {
        [verb, times] if verb == "ask" => (0..times.parse().unwrap()).for_each(|_| ask(&guard)),
        [verb, millis] if verb == "spin" => spin(&guard, Duration::from_millis(millis.parse().unwrap())),
        [verb, files @ ..] if verb == "install" => files.iter().for_each(|file| install(&guard, file)),
        _ => say(&guard),
    }
}

fn say(guard: &Guard) {
    println!("{}", guard.verdict().to_json());
    println!("deployment {:?}", guard.deployment().map(|id| id.to_string()));
    for trouble in guard.troubles() {
        println!("{trouble}");
    }
}

fn ask(guard: &Guard) {
    let label = Text::new("web").unwrap();
    let ask = Ask { kind: RequestKind::Activate, license: None, label, signals: &[] };
    let armored = guard.ask(&ask).unwrap();
    // On one line.
    let token: String = armored.lines().filter(|line| !line.starts_with("---")).collect();
    println!("{token}");
}

/// Installs a file, and says which when that is done.
fn install(guard: &Guard, file: &str) {
    let outcomes = guard.install(&std::fs::read(file).unwrap());
    println!("{file} {}", outcomes.blocks.len());
}

/// Reloads and writes as fast as it can, to be killed meanwhile.
fn spin(guard: &Guard, duration: Duration) {
    let start = Instant::now();
    while start.elapsed() < duration {
        ask(guard);
    }
}
