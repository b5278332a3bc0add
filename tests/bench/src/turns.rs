//! Things that are measured take turns, so that what else the machine does befalls all of them alike.

use std::error::Error;
use std::time::{Duration, Instant};

use crate::median::Costs;

/// The costs of each thing: `rounds` times, `calls` calls of each in a row.
pub(crate) fn measured<const N: usize>(
    rounds: usize,
    calls: usize,
    mut things: [&mut dyn FnMut(); N],
) -> [Costs; N] {
    let mut runs = [const { Vec::new() }; N];
    for round in 0..=rounds {
        // Each begins as often as every other one; the first round warms up.
        for place in 0..N {
            let thing = (place + round) % N;
            let began = Instant::now();
            (0..calls).for_each(|_| things[thing]());
            if round > 0 {
                runs[thing].push(began.elapsed());
            }
        }
    }
    runs.map(|runs| Costs::of(&runs, calls as f64))
}

/// The costs of what may fail, with each of several things: once a round.
pub(crate) fn with_each<T>(
    rounds: usize,
    things: &mut [T],
    mut done: impl FnMut(&mut T, usize) -> Result<(), Box<dyn Error>>,
) -> Result<Vec<Costs>, Box<dyn Error>> {
    let runs = timed(rounds + 1, things, |thing, round| {
        let began = Instant::now();
        done(thing, round)?;
        Ok(began.elapsed())
    })?;
    // As above.
    Ok(runs.iter().map(|runs| Costs::of(&runs[1..], 1.0)).collect())
}

/// How long each of several things took in each round, as it tells itself: what it prepares does not count.
pub(crate) fn timed<T>(
    rounds: usize,
    things: &mut [T],
    mut done: impl FnMut(&mut T, usize) -> Result<Duration, Box<dyn Error>>,
) -> Result<Vec<Vec<Duration>>, Box<dyn Error>> {
    let mut runs = vec![Vec::with_capacity(rounds); things.len()];
    for round in 0..rounds {
        for place in 0..runs.len() {
            let number = (place + round) % runs.len();
            runs[number].push(done(&mut things[number], round)?);
        }
    }
    Ok(runs)
}
