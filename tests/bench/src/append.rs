//! What it costs to append an event, in ledgers of different lengths.

use lictor_issuer::{reinstate, suspend};
use std::error::Error;
use std::time::{Duration, Instant};

use crate::ledgers::{Prepared, occasion};
use crate::median::Costs;

const ROUNDS: usize = 200;

/// The costs in each of the ledgers, which take turns.
pub(crate) fn measured(ledgers: &mut [Prepared; 2]) -> Result<Vec<Costs>, Box<dyn Error>> {
    let mut runs = [Vec::new(), Vec::new()];
    for _ in 0..ROUNDS {
        for (prepared, runs) in ledgers.iter_mut().zip(&mut runs) {
            runs.push(two_events(prepared)?);
        }
    }
    Ok(runs.iter().map(|runs| Costs::of(runs, 2.0)).collect())
}

/// The ledger is afterwards what it was before, two events later.
fn two_events(prepared: &mut Prepared) -> Result<Duration, Box<dyn Error>> {
    let occasion = occasion()?;
    let began = Instant::now();
    suspend(&mut prepared.ledger, &prepared.license, None, &occasion)?;
    reinstate(&mut prepared.ledger, &prepared.license, None, &occasion)?;
    Ok(began.elapsed())
}
