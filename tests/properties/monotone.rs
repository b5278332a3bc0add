//! From its start on, a license never gets better by waiting.

use super::{Case, generate, holds};
use lictor_shared::{Mode, Timestamp};
use proptest::prelude::*;

fn rank(mode: Mode) -> usize {
    Mode::ALL.iter().position(|listed| *listed == mode).expect("listed")
}

/// Drops what is remembered of instants ahead of `t`: when such an instant comes to pass, the host has learned something,
/// and the inputs are no longer the same.
fn forget_what_lies_ahead(case: &mut Case, t: Timestamp) {
    let known = |since: Option<u64>| since.filter(|since| generate::at(*since) <= t);
    let context = &mut case.context;
    context.unmatched_since = known(context.unmatched_since);
    context.built = context.built.map(|(built, first_run)| (built, known(first_run)));
    context.deployment = context.deployment.map(known);
    context.learned = (known(context.learned.0), known(context.learned.1));
}

#[test]
fn waiting_never_improves_the_mode() {
    holds(800, &generate::case(), |mut case| {
        let prepared = case.prepare();
        let start = case.judge(&prepared).effective_time().max(generate::at(case.license.starts));
        forget_what_lies_ahead(&mut case, start);
        let mut worst = rank(case.judge_at(&prepared, start).mode());
        for at in (0..200).map(generate::at).filter(|at| *at > start) {
            let mode = case.judge_at(&prepared, at).mode();
            prop_assert!(rank(mode) >= worst, "{} at {}", mode, at);
            worst = rank(mode);
        }
        Ok(())
    });
}

#[test]
fn setting_the_clock_back_gains_nothing() {
    holds(400, &generate::case(), |mut case| {
        let prepared = case.prepare();
        let verdict = case.judge(&prepared);
        case.context.watermark = Some(case.context.now.max(case.context.watermark.unwrap_or_default()));
        let back = case.judge_at(&prepared, Timestamp::EPOCH);
        prop_assert_eq!(super::said(&back), super::said(&verdict));
        prop_assert_eq!(back.effective_time(), verdict.effective_time());
        prop_assert_eq!(back.next_change(), verdict.next_change());
        Ok(())
    });
}
