//! What the log costs: one command, one table, medians of interleaved runs.
//!
//! ```console
//! $ cargo run --release --manifest-path tests/bench/Cargo.toml
//! ```
//!
//! `LICTOR_BENCH_EVENTS` is the number of events in the large ledger (a million unless it is given), `LICTOR_BENCH_FOLDER` where
//! ledgers are prepared (`target/bench` beside this workspace). A ledger that was prepared is used again.

mod append;
mod bare;
mod ledgers;
mod machine;
mod median;

use std::error::Error;

/// Events in the small ledger.
const SMALL: u64 = 1_000;

fn main() -> Result<(), Box<dyn Error>> {
    let large = match std::env::var("LICTOR_BENCH_EVENTS") {
        Ok(number) => number.parse()?,
        Err(_) => 1_000_000,
    };
    let mut ledgers = [ledgers::prepared(SMALL)?, ledgers::prepared(large)?];
    println!("{}", machine::described());
    println!();
    println!("| what | events | median | spread |");
    println!("|---|---|---|---|");
    let appended = append::measured(&mut ledgers)?;
    for (events, costs) in [SMALL, large].into_iter().zip(&appended) {
        println!("| append one event (suspend, reinstate), durable | {events} | {costs} |");
    }
    let [_, mut home] = ledgers;
    let (check, bare) = bare::measured(&mut home)?;
    println!("| verify the ledger, per event | {large} | {check} |");
    println!("| read and hash the same rows, per event | {large} | {bare} |");
    println!();
    println!("Verifying takes {:.2} times reading and hashing.", check.median() / bare.median());
    Ok(())
}
