//! Random sequences of operations, done by the issuer and by a simple model of the rules, come to the same.
//!
//! The seed is fixed, so a run repeats; `LICTOR_TEST_SEED` sets another one, `LICTOR_TEST_SEQUENCES` how many there are. A
//! sequence that fails is printed shrunk.

mod asking;
mod compare;
mod desk;
mod operations;
mod published;
mod reach;
mod rules;
mod seats;

use lictor_issuer::check;
use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestRng, TestRunner};
use std::path::Path;
use std::sync::Mutex;

use self::desk::{Desk, begin};
use self::operations::{Operation, sequence};
use self::reach::Reach;
use self::rules::Model;
use crate::support::World;
use lictor_issuer::Terms;

const SEQUENCES: u64 = 1000;

/// At once: a sequence waits for the disk most of its time.
const WORKERS: u64 = 4;

fn number(variable: &str, otherwise: u64) -> u64 {
    let given = std::env::var(variable).ok();
    given.map_or(otherwise, |text| text.parse().unwrap_or_else(|_| panic!("{variable} is a number")))
}

#[test]
fn random_sequences_come_to_what_the_rules_say() {
    let (seed, sequences) =
        (number("LICTOR_TEST_SEED", 20_261_122), number("LICTOR_TEST_SEQUENCES", SEQUENCES));
    println!("LICTOR_TEST_SEED={seed} LICTOR_TEST_SEQUENCES={sequences}");
    let mut template = World::bare();
    template.add_product("dialer", Terms::default());
    let World { home, ledger, scratch: _kept, .. } = template;
    let events = u64::try_from(ledger.events(1).count()).unwrap();
    // Closed, its file is whole and can be copied.
    drop(ledger);
    let reach = Mutex::new(Reach::default());
    std::thread::scope(|scope| {
        for worker in 0..WORKERS {
            let cases = (sequences + worker) / WORKERS;
            let (home, reach) = (home.path(), &reach);
            scope.spawn(move || run(seed, worker, cases, (home, events), reach));
        }
    });
    let reach = reach.into_inner().unwrap();
    println!("{reach}");
    reach.assert_everything_happened();
}

fn run(seed: u64, worker: u64, cases: u64, template: (&Path, u64), reach: &Mutex<Reach>) {
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    bytes[8..16].copy_from_slice(&worker.to_le_bytes());
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &bytes);
    let cases = u32::try_from(cases).unwrap();
    let config = Config { cases, failure_persistence: None, max_shrink_iters: 400, ..Config::default() };
    let done = TestRunner::new_with_rng(config, rng)
        .run(&sequence(), |operations| play(&operations, template, reach).map_err(TestCaseError::fail));
    if let Err(failure) = done {
        panic!("LICTOR_TEST_SEED={seed}: {failure}");
    }
}

/// Does a sequence twice, and compares after every operation.
fn play(operations: &[Operation], template: (&Path, u64), reach: &Mutex<Reach>) -> Result<(), String> {
    let mut desk = Desk::at(template.0);
    let mut model = Model::new(begin(), template.1);
    for (place, operation) in operations.iter().chain([&Operation::Publish]).enumerate() {
        let before = model.clone();
        let is = desk.apply(operation, &before).map_err(|failure| failure.kind);
        let must = model.apply(operation);
        reach.lock().unwrap().note(operation, &before, &model, must);
        let step = || format!("after operation {place}, {operation:?}");
        compare::same("the result", &is, &must).map_err(|why| format!("{}: {why}", step()))?;
        compare::compare(&desk, &model).map_err(|why| format!("{}: {why}", step()))?;
    }
    check(&desk.ledger).map_err(|failure| format!("the check of the ledger: {failure}"))?;
    // Where nobody signs there is no list of now.
    if model.signer().is_none() { Ok(()) } else { published::compare(&desk, &model) }
}
