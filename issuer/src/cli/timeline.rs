//! The future of a license: every instant at which its verdict changes by itself.

use lictor_shared::json::Value;
use lictor_shared::{Code, Reason, Timestamp};
use lictor_validator::Verdict;

use super::shown;
use super::table::Column;

/// A verdict, and those that follow it as time goes by.
pub(crate) struct Timeline {
    verdicts: Vec<Verdict>,
}

impl Timeline {
    /// Goes from change to change; `decide` gives the verdict at an instant, with everything else as it is.
    pub(crate) fn walk(first: Verdict, decide: impl Fn(Timestamp) -> Verdict) -> Self {
        let next = |verdict: &Verdict| verdict.next_change().map(&decide);
        // It ends: each finding and each warning begins and ends at most once.
        Self { verdicts: std::iter::successors(Some(first), next).collect() }
    }

    /// For people.
    pub(crate) fn table(&self) -> String {
        let before = std::iter::once(None).chain(self.verdicts.iter().map(Some));
        let row = |(before, verdict): (Option<&Verdict>, &Verdict)| {
            [
                verdict.effective_time().to_string(),
                verdict.mode().to_string(),
                verdict.code().map_or("-", Code::as_str).to_string(),
                before.map_or_else(|| listed(verdict), |before| why(before, verdict)),
            ]
        };
        shown::table(
            ["FROM".into(), "MODE".into(), "CODE".into(), Column::prose("WHY")],
            before.zip(&self.verdicts).map(row),
        )
    }

    /// For programs.
    pub(crate) fn to_value(&self) -> Value {
        Value::Array(self.verdicts.iter().map(row_value).collect())
    }
}

fn row_value(verdict: &Verdict) -> Value {
    let reasons = verdict.reasons().iter().map(|reason| reason.as_str().into());
    Value::object([
        ("at", verdict.effective_time().to_string().into()),
        ("mode", verdict.mode().as_str().into()),
        ("code", verdict.code().map(Code::as_str).into()),
        ("pending", verdict.pending().map(Code::as_str).into()),
        ("until", verdict.until().map(|at| at.to_string()).into()),
        ("reasons", reasons.collect::<Vec<_>>().into()),
    ])
}

/// What there is to say from the start.
fn listed(verdict: &Verdict) -> String {
    let reasons: Vec<&str> = verdict.reasons().iter().map(|reason| reason.as_str()).collect();
    reasons.join(", ")
}

/// What changes: `+` joins, `-` leaves; a grace that ends lets its reason stand and only shows in mode and code.
fn why(before: &Verdict, now: &Verdict) -> String {
    let marked =
        |mark: char, reasons: Vec<Reason>| reasons.into_iter().map(move |word| format!("{mark}{word}"));
    let joining = only(now.reasons(), before.reasons());
    let leaving = only(before.reasons(), now.reasons());
    let over = grace_over(before, now).filter(|reason| !joining.contains(reason));
    let mut parts: Vec<String> = over.map(|reason| format!("{reason}: grace over")).into_iter().collect();
    parts.extend(marked('+', joining));
    parts.extend(marked('-', leaving));
    parts.join(", ")
}

/// The reason behind a code that was not there before.
fn grace_over(before: &Verdict, now: &Verdict) -> Option<Reason> {
    let behind = |verdict: &Verdict| (verdict.code(), verdict.reason());
    now.code().and(now.reason()).filter(|_| behind(before) != behind(now))
}

/// The reasons that are here and not there.
pub(crate) fn only(here: &[Reason], there: &[Reason]) -> Vec<Reason> {
    here.iter().copied().filter(|reason| !there.contains(reason)).collect()
}
