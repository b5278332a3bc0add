//! What operations cost as the ledger grows from a thousand licenses to a million.

use lictor_issuer::{find, issue, reinstate, suspend};
use std::error::Error;

use crate::ledgers::{Prepared, occasion, order, prepared};
use crate::table::Table;
use crate::turns::with_each;

const ROUNDS: usize = 201;

pub(crate) fn rows(table: &Table) -> Result<(), Box<dyn Error>> {
    let most: u64 = match std::env::var("LICTOR_BENCH_LICENSES") {
        Ok(number) => number.parse()?,
        Err(_) => 1_000_000,
    };
    let sizes = [1_000_u64, 10_000, 100_000, 1_000_000].into_iter().filter(|size| *size <= most);
    // Of such a ledger every second event issues a license.
    let mut homes: Vec<(u64, Prepared)> =
        sizes.map(|size| Ok((size, prepared(2 * size)?))).collect::<Result<_, Box<dyn Error>>>()?;
    operation(table, &mut homes, "issue one license, durable", |home, round| {
        issue(&home.home, &mut home.ledger, &home.key, &order(&format!("Grown {round}"))?, &occasion()?)?;
        Ok(())
    })?;
    operation(table, &mut homes, "suspend and reinstate one, durable", |home, _| {
        suspend(&mut home.ledger, &home.license, None, &occasion()?)?;
        reinstate(&mut home.ledger, &home.license, None, &occasion()?)?;
        Ok(())
    })?;
    operation(table, &mut homes, "find a license by its id", |home, _| {
        let _found = find(&home.ledger, &home.license)?;
        Ok(())
    })
}

fn operation(
    table: &Table,
    homes: &mut [(u64, Prepared)],
    what: &str,
    mut done: impl FnMut(&mut Prepared, usize) -> Result<(), Box<dyn Error>>,
) -> Result<(), Box<dyn Error>> {
    let costs = with_each(ROUNDS, homes, |(_, home), round| done(home, round))?;
    let (first, smallest) = costs.first().zip(homes.first()).ok_or("a ledger")?;
    for ((size, _), costs) in homes.iter().zip(&costs) {
        let of = format!("{size} licenses");
        match *size == smallest.0 {
            true => table.cost(what, &of, costs),
            false => table.beside(what, &of, costs, first, "the smallest"),
        }
    }
    Ok(())
}
