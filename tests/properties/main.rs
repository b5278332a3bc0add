//! Properties of the verdict over generated licenses and circumstances.
//!
//! The seed is fixed, so a run repeats; `LICTOR_TEST_SEED` sets another one. What fails is printed shrunk.
#![cfg(test)]

mod distribution;
mod garbage;
mod generate;
mod lists;
mod monotone;
mod next_change;
mod round_trip;

use generate::Case;
use lictor_validator::Verdict;
use proptest::strategy::Strategy;
use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestRng, TestRunner};

/// Runs a property over generated cases.
fn holds<S: Strategy>(cases: u32, strategy: &S, property: impl Fn(S::Value) -> Result<(), TestCaseError>) {
    let seed: u64 = match std::env::var("LICTOR_TEST_SEED") {
        Ok(text) => text.parse().expect("LICTOR_TEST_SEED is a number"),
        Err(_) => 20_261_122,
    };
    println!("LICTOR_TEST_SEED={seed}");
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &bytes);
    let config = Config { cases, failure_persistence: None, ..Config::default() };
    if let Err(failure) = TestRunner::new_with_rng(config, rng).run(strategy, property) {
        panic!("LICTOR_TEST_SEED={seed}: {failure}");
    }
}

/// What a verdict says, its time and the warning about the clock left aside.
fn said(verdict: &Verdict) -> String {
    let reasons: Vec<&str> = verdict
        .reasons()
        .iter()
        .map(|reason| reason.as_str())
        .filter(|word| *word != "clock_rolled_back")
        .collect();
    format!(
        "{} {:?} {:?} {:?} {:?} {reasons:?}",
        verdict.mode(),
        verdict.code(),
        verdict.reason(),
        verdict.pending(),
        verdict.until()
    )
}
