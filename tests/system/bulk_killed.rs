//! Killed at random points and repeated, a file of rows ends with each of them carried out exactly once, and every file is whole.
//!
//! The seed of the delays is fixed; `LICTOR_TEST_SEED` sets another one, `LICTOR_TEST_KILLS` how many kills there are, and
//! `LICTOR_TEST_ROWS` how many rows: a hundred thousand take minutes in a release build.

use super::bulk::NAMES;
use super::world::{NOW, World, copy};
use serde_json::Value;
use std::collections::BTreeSet;
use std::fs;
use std::process::Stdio;
use std::thread;
use std::time::{Duration, Instant};

/// More than one batch of each kind.
const ROWS: u64 = 1500;
const KILLS: u64 = 6;
const ISSUE: [&str; 10] =
    ["license", "issue", "--from", "orders.csv", "--product", "dialer", "--plan", "pro", "--term", "1y"];
const RENEW: [&str; 6] = ["license", "renew", "--from", "rows.csv", "--term", "1y"];
const REVOKE: [&str; 6] = ["license", "revoke", "--from", "rows.csv", "--reason", "contract-ended"];

fn number(variable: &str, otherwise: u64) -> u64 {
    let given = std::env::var(variable).ok();
    given.map_or(otherwise, |text| text.parse().unwrap_or_else(|_| panic!("{variable} is a number")))
}

fn rows() -> usize {
    usize::try_from(number("LICTOR_TEST_ROWS", ROWS)).expect("a number of rows")
}

/// A world with a file of orders: names as customers have them, each of several customers who order more than once.
fn ordered(name: &str) -> World {
    let world = World::new(name);
    let mut csv = String::from("request_id,customer,meta.note\n");
    for (row, hard) in (0..rows()).zip(NAMES.iter().cycle()) {
        let customer = format!("{hard} {}", row % 800).replace('"', "\"\"");
        csv += &format!("r{row},\"{customer}\",\"=1+1\n\"\"{row}\"\"\"\n");
    }
    world.write("orders.csv", csv);
    world
}

/// A world with licenses that were issued, and a file that names each of them.
fn issued(name: &str) -> World {
    let world = ordered(name);
    let told = world.run(&[&ISSUE[..], &["--jsonl"]].concat()).done();
    let mut csv = String::from("request_id,license\n");
    for (row, line) in told.lines().enumerate() {
        let line: Value = serde_json::from_str(line).expect("an object");
        csv += &format!("s{row},{}\n", line["id"].as_str().expect("an id"));
    }
    world.write("rows.csv", csv);
    world
}

/// Kills a command at random points of its run, and then lets it end; what it tells of each row then.
fn killed(world: &World, command: &[&str], out: &[&str]) -> Vec<Value> {
    let (seed, kills) = (number("LICTOR_TEST_SEED", 20_261_123), number("LICTOR_TEST_KILLS", KILLS));
    println!("LICTOR_TEST_SEED={seed} LICTOR_TEST_KILLS={kills}");
    copy(&world.path("home"), &world.path("unhurt"));
    let begun = Instant::now();
    let whole = [command, &["--home", "unhurt"], out].concat();
    let whole: Vec<&str> = whole.iter().map(|word| if *word == "o" { "u" } else { *word }).collect();
    world.run(&whole).done();
    let runs = u64::try_from(begun.elapsed().as_micros()).expect("not long");
    let (mut random, mut landed, mut half_way) = (seed, 0, 0);
    for _ in 0..kills {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let mut victim = world.command();
        victim.args(command).args(out).args(["--now", NOW]).stdout(Stdio::null()).stderr(Stdio::null());
        let mut child = victim.spawn().expect("it starts");
        thread::sleep(Duration::from_micros((random >> 33) % runs));
        child.kill().expect("it is killed");
        landed += u64::from(!child.wait().expect("it ended").success());
        world.run(&["audit", "verify"]).done();
        let tried = world.run(&[command, &["--dry-run", "--json"]].concat()).json();
        half_way += u64::from(tried["before"] != 0 && tried["before"] != rows());
    }
    assert!(landed > 0, "no kill came before the end");
    println!("{landed} of {kills} kills came before the end, {half_way} found some rows carried out");
    let told = world.run(&[command, &["--jsonl"]].concat()).done();
    told.lines().map(|line| serde_json::from_str(line).expect("an object")).collect()
}

/// Every file of the folder is that of a row, and whole.
fn are_in_the_folder(world: &World, told: &[Value]) {
    for line in told {
        let file = world.read(&format!("o/{}.lic", line["requestId"].as_str().expect("an id")));
        let token: String = file.lines().filter(|line| !line.starts_with("-----")).collect();
        assert_eq!(Some(token.as_str()), line["token"].as_str());
    }
    // Beside them there is at most what a kill leaves: a hidden file that nothing takes for a license.
    let visible = fs::read_dir(world.path("o"))
        .expect("listed")
        .filter(|file| !file.as_ref().expect("a file").file_name().to_string_lossy().starts_with('.'));
    assert_eq!(visible.count(), rows());
}

/// How many there are.
fn distinct(told: &[Value], member: &str) -> usize {
    told.iter().filter_map(|line| line[member].as_str()).collect::<BTreeSet<_>>().len()
}

#[test]
fn killed_at_random_each_row_ends_with_one_license() {
    let world = ordered("bulk killed");
    let told = killed(&world, &ISSUE, &["--out", "o"]);
    world.run(&[&ISSUE[..], &["--out", "o"]].concat()).done();
    assert_eq!((told.len(), distinct(&told, "id")), (rows(), rows()));
    let verified = world.run(&["audit", "verify", "--json"]).json();
    assert_eq!(verified["licenses"], rows());
    assert_eq!(verified["events"], 3 + 2 * rows());
    are_in_the_folder(&world, &told);
}

#[test]
fn killed_at_random_each_license_is_renewed_once() {
    let world = issued("bulk killed renew");
    let told = killed(&world, &RENEW, &["--out", "o"]);
    world.run(&[&RENEW[..], &["--out", "o"]].concat()).done();
    assert_eq!((distinct(&told, "id"), distinct(&told, "serial")), (rows(), rows()));
    assert!(told.iter().all(|line| line["revision"] == 2 && line["expiresAt"] == "2028-11-22T09:00:00Z"));
    let verified = world.run(&["audit", "verify", "--json"]).json();
    assert_eq!(verified["events"], 3 + 4 * rows());
    are_in_the_folder(&world, &told);
}

#[test]
fn killed_at_random_each_license_is_revoked_once() {
    let world = issued("bulk killed revoke");
    let confirm = rows().to_string();
    let told = killed(&world, &[&REVOKE[..], &["--confirm", &confirm]].concat(), &[]);
    assert_eq!(distinct(&told, "id"), rows());
    assert!(told.iter().all(|line| line["revisions"].as_array().is_some_and(|stopped| stopped.len() == 1)));
    let verified = world.run(&["audit", "verify", "--json"]).json();
    assert_eq!(verified["events"], 3 + 4 * rows());
    let listed = world.run(&["license", "list", "--state", "revoked", "--jsonl"]).done();
    assert_eq!(listed.lines().count(), rows());
}
