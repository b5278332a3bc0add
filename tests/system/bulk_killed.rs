//! Killed at random points and repeated, a file of orders ends with exactly one license for each row, and every file is whole.
//!
//! The seed of the delays is fixed; `LICTOR_TEST_SEED` sets another one, `LICTOR_TEST_KILLS` how many kills there are.

use super::world::{NOW, World};
use serde_json::Value;
use std::collections::BTreeSet;
use std::fs;
use std::process::Stdio;
use std::thread;
use std::time::{Duration, Instant};

const ROWS: usize = 4000;
const KILLS: u64 = 6;
const ORDER: [&str; 12] = [
    "license",
    "issue",
    "--from",
    "orders.csv",
    "--product",
    "dialer",
    "--plan",
    "pro",
    "--term",
    "1y",
    "--out",
    "o",
];

fn number(variable: &str, otherwise: u64) -> u64 {
    let given = std::env::var(variable).ok();
    given.map_or(otherwise, |text| text.parse().unwrap_or_else(|_| panic!("{variable} is a number")))
}

fn world(name: &str) -> World {
    let world = World::new(name);
    let mut csv = String::from("request_id,customer\n");
    (0..ROWS).for_each(|row| csv += &format!("r{row},Customer {}\n", row % 900));
    world.write("orders.csv", csv);
    world
}

#[test]
fn killed_at_random_each_row_ends_with_one_license() {
    let (seed, kills) = (number("LICTOR_TEST_SEED", 20_261_123), number("LICTOR_TEST_KILLS", KILLS));
    println!("LICTOR_TEST_SEED={seed} LICTOR_TEST_KILLS={kills}");
    let unhurt = world("bulk unhurt");
    let begun = Instant::now();
    unhurt.run(&ORDER).done();
    let runs = u64::try_from(begun.elapsed().as_micros()).expect("not long");
    let world = world("bulk killed");
    let (mut random, mut landed) = (seed, 0);
    for _ in 0..kills {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let mut command = world.command();
        command.args(ORDER).args(["--now", NOW]).stdout(Stdio::null()).stderr(Stdio::null());
        let mut child = command.spawn().expect("it starts");
        thread::sleep(Duration::from_micros((random >> 33) % runs));
        child.kill().expect("it is killed");
        landed += u64::from(!child.wait().expect("it ended").success());
        world.run(&["audit", "verify"]).done();
    }
    assert!(landed > 0, "no kill came before the end");
    let told = world.run(&[&ORDER[..10], &["--jsonl"]].concat()).done();
    world.run(&ORDER).done();
    let told: Vec<Value> = told.lines().map(|line| serde_json::from_str(line).expect("an object")).collect();
    let ids: BTreeSet<&str> = told.iter().filter_map(|line| line["id"].as_str()).collect();
    assert_eq!((told.len(), ids.len()), (ROWS, ROWS));
    let verified = world.run(&["audit", "verify", "--json"]).json();
    assert_eq!(verified["licenses"], ROWS);
    assert_eq!(verified["events"], 3 + 2 * ROWS);
    for line in &told {
        let file = world.read(&format!("o/{}.lic", line["requestId"].as_str().expect("an id")));
        let token: String = file.lines().filter(|line| !line.starts_with("-----")).collect();
        assert_eq!(Some(token.as_str()), line["token"].as_str());
    }
    // Beside them there is at most what a kill leaves: a hidden file that nothing takes for a license.
    let visible = fs::read_dir(world.path("o"))
        .expect("listed")
        .filter(|file| !file.as_ref().expect("a file").file_name().to_string_lossy().starts_with('.'));
    assert_eq!(visible.count(), ROWS);
    println!("{landed} of {kills} kills came before the end");
}
