//! The guard's verdict is asked in every request of a product, and use is counted there, so they cost no memory. The allocator counts, and this is the only
//! test of its process: whatever it counts the verdict has caused.
#![cfg(test)]

use lictor_shared::{AnchorSet, Name, Text, Timestamp};
use lictor_tests::session::Folder;
use lictor_tests::signing::TestKey;
use lictor_validator::host::{self, Guard, Product, Ticking};
use lictor_validator::{Action, Mode, Permission};
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};
use std::alloc::System;
use std::hint::black_box;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// iat and nbf of the license.
const START: u64 = 1_795_305_600;
/// The next change of its verdict.
const WARN_FROM: u64 = 1_824_249_600;

fn product() -> Product {
    let anchors = format!("{{\"keys\":[{}]}}", TestKey::new(1).jwk("acme-licensing", ""));
    Product {
        anchors: AnchorSet::read(anchors.as_bytes()).unwrap(),
        name: Name::new("dialer").unwrap(),
        environment: Name::new("production").unwrap(),
        origin: None,
        built_at: None,
        program: Text::new("dialer 7.3").unwrap(),
    }
}

fn install(guard: &Guard) {
    let key = TestKey::new(1);
    let license = key.token(key.header("license+jwt"), include_str!("../structure/license.json"));
    let _outcome = guard.install(license.as_bytes());
}

/// Allocations, reallocations and deallocations of asking a thousand times.
fn cost(guard: &Guard, between: impl Fn(u64)) -> [usize; 3] {
    // What a thread needs once.
    drop(guard.verdict());
    let region = Region::new(ALLOCATOR);
    for call in 0..1000 {
        between(call);
        let verdict = guard.verdict();
        let _permission = black_box(verdict.permits(black_box(Action::Write)));
        let _mode = black_box((verdict.mode(), verdict.next_change(), verdict.reasons().len()));
        let _bought = black_box((verdict.feature("branding"), verdict.limit("agents")));
    }
    let change = region.change();
    [change.allocations, change.reallocations, change.deallocations]
}

#[test]
fn a_verdict_allocates_nothing() {
    let folder = Folder::new("allocations");
    let clock = Arc::new(AtomicU64::new(START));
    let read = Arc::clone(&clock);
    let guard = Guard::opening(product(), host::Folder::at(folder.path().join("state")))
        .clock(move || Timestamp::from_seconds(read.load(Ordering::SeqCst)).unwrap())
        // Another thread's allocations would be counted as the verdict's.
        .ticking(Ticking::ByHost)
        .open();
    install(&guard);
    assert_eq!(guard.verdict().permits(Action::Write), Permission::Granted);
    // While the clock stands, and while it runs up to the last second before the next change.
    assert_eq!(cost(&guard, |_| ()), [0; 3]);
    let run = |call: u64| clock.store(WARN_FROM - 1000 + call, Ordering::SeqCst);
    assert_eq!(cost(&guard, run), [0; 3]);
    // In every thread.
    std::thread::scope(|scope| {
        let costs = scope.spawn(|| cost(&guard, |_| ())).join().unwrap();
        assert_eq!(costs, [0; 3]);
    });
    // The counter counts: past the next change it is judged again, once.
    let once = cost(&guard, |call| {
        if call == 500 {
            clock.store(WARN_FROM, Ordering::SeqCst)
        }
    });
    assert!(once[0] > 0, "{once:?}");
    assert_eq!(cost(&guard, |_| ()), [0; 3]);

    // Nor does counting under a name that is known.
    guard.record("users", 0).unwrap();
    assert_eq!(cost(&guard, |call| guard.record("users", call).unwrap()), [0; 3]);

    // The system's clock costs nothing either.
    let other = host::Folder::at(folder.path().join("other"));
    let guard = Guard::opening(product(), other).ticking(Ticking::ByHost).open();
    install(&guard);
    assert_ne!(guard.verdict().mode(), Mode::Unlicensed);
    assert_eq!(cost(&guard, |_| ()), [0; 3]);
}
