//! The guard's verdict, which a product asks in every request.

use lictor_shared::{Text, Timestamp};
use lictor_tests::session::Folder;
use lictor_validator::host::{self, Guard, Product, Ticking};
use lictor_validator::{Action, Mode};
use std::error::Error;
use std::hint::black_box;

use crate::sample::{Sample, context};
use crate::table::Table;
use crate::turns::measured;

const ROUNDS: usize = 101;
const CALLS: usize = 10_000;

/// A guard that holds the license, and its folder. The host's clock stands still, the system's runs.
pub(crate) fn guard(clock: Clock) -> Result<(Guard, Folder), Box<dyn Error>> {
    let (sample, context) = (Sample::new()?, context()?);
    let product = Product {
        anchors: sample.anchors,
        name: context.product,
        environment: context.environment,
        origin: None,
        built_at: None,
        program: Text::new("dialer 7.3")?,
    };
    let folder = Folder::new("bench guard");
    let opening = Guard::opening(product, host::Folder::at(folder.path())).ticking(Ticking::ByHost);
    let now = context.now;
    let guard = match clock {
        Clock::Still => opening.clock(move || black_box(now)).open(),
        Clock::System => opening.open(),
    };
    let _installed = guard.install(sample.token.as_bytes());
    assert_ne!(guard.verdict().mode(), Mode::Unlicensed);
    Ok((guard, folder))
}

/// Whose clock a guard reads.
#[derive(Clone, Copy)]
pub(crate) enum Clock {
    Still,
    System,
}

/// What a request of a product does.
pub(crate) fn ask(guard: &Guard) {
    let _permission = black_box(guard.verdict().permits(black_box(Action::Write)));
}

pub(crate) fn rows(table: &Table) -> Result<(), Box<dyn Error>> {
    let ((still, _kept), (running, _too)) = (guard(Clock::Still)?, guard(Clock::System)?);
    let mut clock = || {
        black_box(Timestamp::from_seconds(seconds()));
    };
    let mut a = || ask(&still);
    let mut b = || ask(&running);
    let [clock, still, running] = measured(ROUNDS, CALLS, [&mut clock, &mut a, &mut b]);
    table.cost("the guard's verdict, the host's clock", "one license", &still);
    table.cost("the guard's verdict, the system's clock", "one license", &running);
    table.cost("reading the system's clock alone", "", &clock);
    Ok(())
}

fn seconds() -> u64 {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    now.map_or(0, |since| since.as_secs())
}
