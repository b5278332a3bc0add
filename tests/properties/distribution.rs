//! The generated cases reach every refusal and finding that `evaluate` can give, each often enough to mean something.

use super::{generate, holds};
use lictor_shared::Reason;
use std::cell::RefCell;
use std::collections::BTreeMap;

/// Refusals and findings that `evaluate` gives; the others are given before it, or are warnings.
const GIVEN: [Reason; 14] = [
    Reason::WrongProduct,
    Reason::WrongEnvironment,
    Reason::KeyDistrusted,
    Reason::NotYetValid,
    Reason::Superseded,
    Reason::WrongOrigin,
    Reason::Revoked,
    Reason::Suspended,
    Reason::ActivationRevoked,
    Reason::NotActivated,
    Reason::ActivationLapsed,
    Reason::Expired,
    Reason::StatusOverdue,
    Reason::MaintenanceEnded,
];

#[test]
fn every_refusal_and_finding_is_reached() {
    const CASES: u32 = 3_000;
    let counts = RefCell::new(BTreeMap::<String, u32>::new());
    holds(CASES, &generate::case(), |case| {
        let verdict = case.judge(&case.prepare());
        let mut counts = counts.borrow_mut();
        for reason in verdict.reasons() {
            *counts.entry(reason.to_string()).or_default() += 1;
        }
        *counts.entry(format!("mode {}", verdict.mode())).or_default() += 1;
        Ok(())
    });
    let counts = counts.into_inner();
    for (what, count) in &counts {
        println!("{:>6.2} %  {what}", f64::from(*count) * 100.0 / f64::from(CASES));
    }
    for reason in GIVEN {
        let count = counts.get(reason.as_str()).copied().unwrap_or_default();
        assert!(count * 200 >= CASES, "{reason}: {count} of {CASES} cases are under half a per cent");
    }
}
