//! Between its effective time and `nextChange` a verdict is constant; at `nextChange` it is another one.

use super::{Case, generate, holds, said};
use lictor_shared::{Seconds, Timestamp};
use proptest::prelude::*;

fn second() -> Seconds {
    Seconds::new(1).expect("in range")
}

/// Instants at which something may happen: every quarter of a day of the case's span and the seconds beside it, and the
/// last instant there is.
fn instants(between: impl Fn(Timestamp) -> bool) -> Vec<Timestamp> {
    (0..200)
        .map(generate::at)
        .flat_map(|at| [Some(at.minus(second())), Some(at), at.plus(second())])
        .flatten()
        .chain([Timestamp::MAX])
        .filter(|at| between(*at))
        .collect()
}

fn constant_until_it_changes(case: &Case) -> Result<(), TestCaseError> {
    let prepared = case.prepare();
    let verdict = case.judge(&prepared);
    let (t, change) = (verdict.effective_time(), verdict.next_change());
    for at in instants(|at| at > t && change.is_none_or(|change| at < change)) {
        let later = case.judge_at(&prepared, at);
        prop_assert_eq!(said(&later), said(&verdict), "at {}, before {:?}", at, change);
        prop_assert_eq!(later.next_change(), change, "at {}", at);
        prop_assert_eq!(later.effective_time(), at);
    }
    if let Some(change) = change {
        prop_assert!(change > t);
        prop_assert_ne!(said(&case.judge_at(&prepared, change)), said(&verdict), "at {}", change);
    }
    Ok(())
}

#[test]
fn a_verdict_holds_exactly_until_next_change() {
    holds(700, &generate::case(), |case| constant_until_it_changes(&case));
}

#[test]
fn the_same_question_has_the_same_answer() {
    holds(200, &generate::case(), |case| {
        let (first, second) = (case.prepare(), case.prepare());
        let verdict = case.judge(&first).to_json();
        prop_assert_eq!(&verdict, &case.judge(&first).to_json());
        prop_assert_eq!(&verdict, &case.judge(&second).to_json());
        Ok(())
    });
}
