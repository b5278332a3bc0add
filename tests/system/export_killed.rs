//! Killed at random points, an export leaves a folder of which the checkpoint holds, and the next export completes it.
//!
//! `LICTOR_TEST_SEED` sets another seed of the delays, `LICTOR_TEST_KILLS` how many kills there are.

use super::world::{NOW, World, copy};
use lictor_issuer::audit::check_export;
use lictor_issuer::catalogue::add_product;
use lictor_issuer::{ClockSource, Home, Occasion, Product, Terms};
use lictor_shared::log::{NoteKey, read_keys};
use lictor_shared::{Name, Text, Timestamp};
use std::path::Path;
use std::process::Stdio;
use std::thread;
use std::time::{Duration, Instant};

const KILLS: u64 = 12;

fn number(variable: &str, otherwise: u64) -> u64 {
    let given = std::env::var(variable).ok();
    given.map_or(otherwise, |text| text.parse().unwrap_or_else(|_| panic!("{variable} is a number")))
}

/// Adds so many events, none of which matters.
pub(crate) fn grow(world: &World, from: u32, to: u32) {
    let home = Home::open(&world.path("home")).unwrap();
    let mut ledger = home.ledger().unwrap();
    let occasion =
        Occasion::new(Timestamp::parse(NOW).unwrap(), ClockSource::Given, Text::new("alice").unwrap());
    for number in from..to {
        let (name, plans) = (Name::new(&format!("p{number}")).unwrap(), vec![Name::new("pro").unwrap()]);
        add_product(&mut ledger, &Product { name, plans, defaults: Terms::default() }, &occasion).unwrap();
    }
}

/// What the folder's checkpoint covers. Files that it does not cover yet may lie there, and nothing else.
pub(crate) fn covers(folder: &Path, keys: &[NoteKey]) -> u64 {
    match check_export(folder, keys) {
        Ok(checked) => checked.checkpoint.size,
        Err(failure) => {
            assert!(failure.message.contains("does not belong to the export"), "{failure}");
            let note = std::fs::read(folder.join("checkpoint")).unwrap();
            lictor_shared::log::Checkpoint::read(&note, &keys[0]).unwrap().size
        }
    }
}

#[test]
fn killed_at_random_an_export_is_completed_by_the_next() {
    let (seed, kills) = (number("LICTOR_TEST_SEED", 20_261_122), number("LICTOR_TEST_KILLS", KILLS));
    println!("LICTOR_TEST_SEED={seed} LICTOR_TEST_KILLS={kills}");
    let world = World::new("export killed");
    world.run(&["key", "new", "--purpose", "log", "--no-passphrase"]).done();
    let keys = read_keys(&world.run(&["audit", "key"]).done()).unwrap();
    grow(&world, 0, 100);
    world.run(&["audit", "export", "old"]).done();
    let before = covers(&world.path("old"), &keys);
    grow(&world, 100, 700);
    // Signed once, so that every run exports the same.
    let begun = Instant::now();
    world.run(&["audit", "export", "whole"]).done();
    let (after, runs) = (covers(&world.path("whole"), &keys), begun.elapsed());
    let mut random = seed;
    let mut landed = 0;
    for kill in 0..kills {
        let folder = world.path(&format!("killed {kill}"));
        copy(&world.path("old"), &folder);
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let delay = Duration::from_micros((random >> 33) % u64::try_from(runs.as_micros()).unwrap().max(1));
        let mut command = world.command();
        command.args(["audit", "export", "--now", NOW]).arg(&folder);
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        thread::sleep(delay);
        child.kill().unwrap();
        landed += u64::from(!child.wait().unwrap().success());
        let now = covers(&folder, &keys);
        assert!(now == before || now == after, "{now} of {before} or {after} events");
        world.run(&["audit", "export", folder.to_str().unwrap()]).done();
        let checked = check_export(&folder, &keys).unwrap_or_else(|failure| panic!("{failure}"));
        assert_eq!(checked.checkpoint.size, after);
    }
    assert!(landed > 0, "no kill came before the end");
    println!("{landed} of {kills} kills came before the end");
}
