//! What the log costs: appending to a short and a long one, and verifying a ledger beside reading it.

use std::error::Error;

use crate::table::Table;
use crate::{append, bare, ledgers};

/// Events in the small ledger.
const SMALL: u64 = 1_000;

pub(crate) fn rows(table: &Table) -> Result<(), Box<dyn Error>> {
    let large = match std::env::var("LICTOR_BENCH_EVENTS") {
        Ok(number) => number.parse()?,
        Err(_) => 1_000_000,
    };
    if large <= SMALL {
        return Err(format!("LICTOR_BENCH_EVENTS is {large}, and must be more than {SMALL}").into());
    }
    let mut ledgers = [ledgers::prepared(SMALL)?, ledgers::prepared(large)?];
    let appended = append::measured(&mut ledgers)?;
    for (events, costs) in [SMALL, large].into_iter().zip(&appended) {
        table.cost("append one event (suspend, reinstate), durable", &format!("{events} events"), costs);
    }
    let [_, mut home] = ledgers;
    let (check, bare) = bare::measured(&mut home)?;
    let of = format!("{large} events");
    table.cost("read and hash every row, per event", &of, &bare);
    table.beside("verify the ledger, per event", &of, &check, &bare, "reading");
    Ok(())
}
