//! Issuing: one license, and as many as a vendor has customers, beside what signing them and checking that costs at least.

use lictor_issuer::issue;
use lictor_keys::PrivateKey;
use lictor_keys::Signer as _;
use std::error::Error;
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use crate::ledgers::{Prepared, occasion, order, prepared};
use crate::median::Costs;
use crate::memory::Peak;
use crate::orders;
use crate::sample::Sample;
use crate::table::Table;
use crate::turns::{measured, timed};

const ROUNDS: usize = 301;
const BULK_ROUNDS: usize = 3;

/// One license after the other, each durable before the next.
pub(crate) fn one(table: &Table) -> Result<(), Box<dyn Error>> {
    let mut home = prepared(1_000)?;
    let (key, sample) = (PrivateKey::generate()?, Sample::new()?);
    let mut signed = || assert!(key.sign(sample.token.as_bytes()).is_ok());
    let mut round = 0..;
    let mut issued = || {
        let issued = issue_one(&mut home, round.next().unwrap_or_default());
        issued.unwrap_or_else(|error| panic!("a license is issued: {error}"));
    };
    let [signed, issued] = measured(ROUNDS, 1, [&mut signed, &mut issued]);
    let of = "a ledger of 1000 events";
    table.cost("sign one license and check the signature", &sample.size(), &signed);
    table.beside("issue one license, durable", of, &issued, &signed, "that");
    Ok(())
}

fn issue_one(home: &mut Prepared, round: usize) -> Result<(), Box<dyn Error>> {
    issue(&home.home, &mut home.ledger, &home.key, &order(&format!("Bench {round}"))?, &occasion()?)?;
    Ok(())
}

/// A customer base.
pub(crate) fn bulk(table: &Table) -> Result<(), Box<dyn Error>> {
    let many: u64 = match std::env::var("LICTOR_BENCH_BULK") {
        Ok(number) => number.parse()?,
        Err(_) => 100_000,
    };
    let of = format!("{many} licenses");
    // What a process has had it may keep: so the few come first.
    let peak = Peak::forgotten();
    issued(many / 10)?;
    let less = peak.told();
    let peak = Peak::forgotten();
    let runs = timed(BULK_ROUNDS, &mut [bare, issued], |done, _| done(many))?;
    let peak = peak.told();
    let [least, made] = [&runs[0], &runs[1]].map(|runs| Costs::of(runs, many as f64));
    table.rate("sign and check on every core, nothing else", &of, &least, "");
    table.share("issue from orders, all checked first, in durable batches", &of, &made, &least);
    table.fact("peak memory of issuing them", &of, &peak, &format!("{less} of a tenth of them"));
    Ok(())
}

/// Issues licenses, each durable with its event, its answer and its customer, and every order checked before the first is signed.
fn issued(many: u64) -> Result<Duration, Box<dyn Error>> {
    let mut home = prepared(1_000)?;
    let kid = home.key.public().thumbprint();
    let key = home.home.keys()?.open_key(&kid, None)?;
    // A ledger that was prepared before knows the orders of earlier runs.
    let name = format!("run {}", SystemTime::now().duration_since(SystemTime::UNIX_EPOCH)?.as_micros());
    let began = Instant::now();
    orders::issued((&home.home, &mut home.ledger, key), &name, many)?;
    Ok(began.elapsed())
}

/// Makes signatures and checks them, on every core.
fn bare(many: u64) -> Result<Duration, Box<dyn Error>> {
    let (key, sample) = (PrivateKey::generate()?, Sample::new()?);
    let cores = thread::available_parallelism()?.get() as u64;
    let began = Instant::now();
    thread::scope(|scope| {
        for _core in 0..cores {
            // The call checks what it has signed.
            scope
                .spawn(|| (0..many / cores).for_each(|_| assert!(key.sign(sample.token.as_bytes()).is_ok())));
        }
    });
    Ok(began.elapsed())
}
