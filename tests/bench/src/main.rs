//! What Lictor costs: one command, one table, medians of interleaved runs, the peers in the same run.
//!
//! ```console
//! $ cargo run --release --manifest-path tests/bench/Cargo.toml
//! $ cargo run --release --manifest-path tests/bench/Cargo.toml -- check guard
//! $ cargo run --release --manifest-path tests/bench/Cargo.toml -- all
//! ```
//!
//! Without an argument the sections that take seconds are run; the others take minutes and are named, or `all` is.
//!
//! | variable | what it sets | otherwise |
//! |---|---|---|
//! | `LICTOR_BENCH_EVENTS` | events in the long ledger of `audit` | a million |
//! | `LICTOR_BENCH_LICENSES` | licenses in the longest ledger of `growth` | a million |
//! | `LICTOR_BENCH_BULK` | licenses that `bulk` issues | a hundred thousand |
//! | `LICTOR_BENCH_FOLDER` | where ledgers are prepared; long ones are used again | `target/bench` of this workspace |
//! | `LICTOR_BENCH_PROGRAMS` | where the programs lie that `startup` runs | they are built |

mod append;
mod audit;
mod bare;
mod cold;
mod counted;
mod growth;
mod hot;
mod issuing;
mod ledgers;
mod lists;
mod machine;
mod median;
mod memory;
mod orders;
mod sample;
mod seats;
mod startup;
mod status;
mod table;
mod turns;

use std::error::Error;

use table::Table;

type Rows = fn(&Table) -> Result<(), Box<dyn Error>>;

/// How long a section takes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Takes {
    Seconds,
    Minutes,
}

const SECTIONS: [(&str, Takes, Rows); 11] = [
    ("check", Takes::Seconds, cold::rows),
    ("guard", Takes::Seconds, hot::rows),
    ("lists", Takes::Seconds, lists::rows),
    ("issue", Takes::Seconds, issuing::one),
    ("startup", Takes::Seconds, startup::rows),
    ("instructions", Takes::Seconds, counted::rows),
    ("bulk", Takes::Minutes, issuing::bulk),
    ("status", Takes::Minutes, status::rows),
    ("grants", Takes::Minutes, seats::rows),
    ("audit", Takes::Minutes, audit::rows),
    ("growth", Takes::Minutes, growth::rows),
];

fn main() -> Result<(), Box<dyn Error>> {
    let named: Vec<String> = std::env::args().skip(1).collect();
    if let [counted::REPEAT, name, times] = named.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        return counted::repeat(name, times.parse()?);
    }
    if let Some(unknown) =
        named.iter().find(|name| *name != "all" && SECTIONS.iter().all(|section| section.0 != **name))
    {
        let sections: Vec<&str> = SECTIONS.iter().map(|section| section.0).collect();
        return Err(
            format!("no section is called {unknown:?}; there are {}, and all", sections.join(", ")).into()
        );
    }
    println!("{}", machine::described());
    println!();
    let table = Table::new();
    for (name, takes, rows) in SECTIONS {
        let wanted = named.iter().any(|named| named == name || named == "all");
        if wanted || named.is_empty() && takes == Takes::Seconds {
            rows(&table)?;
        }
    }
    Ok(())
}
