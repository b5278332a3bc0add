//! What is counted and not kept yet: in memory only.

use lictor_shared::{ModeSince, Name, Peak, StringError, Timestamp, limits};
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::book::Book;
use crate::verdict::Verdict;

/// Why a value was not recorded.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RecordError {
    /// The counter's name is none.
    #[error(transparent)]
    Name(#[from] StringError),
    /// There are as many counters already as a report has room for.
    #[error("{0:?} is one counter too many: a report has room for {max}", max = limits::USAGE_COUNTERS)]
    TooMany(String),
    /// The value cannot be written.
    #[error("{0} is too large: the largest value is {max}", max = limits::INTEGER_MAX)]
    TooLarge(u64),
}

/// What is counted. It is locked for as long as it takes to compare two numbers.
#[derive(Debug, Default)]
pub(super) struct Meter(Mutex<Counting>);

#[derive(Debug, Default)]
struct Counting {
    /// What was counted and is not in the record yet; `None`: nothing of that name.
    counters: BTreeMap<Name, Option<Peak>>,
    modes: Vec<ModeSince>,
    omitted: u64,
    /// What the verdict said last.
    last: Option<ModeSince>,
}

/// What is to be added to the record.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Pending {
    /// What the verdict said, oldest first.
    pub(super) modes: Vec<ModeSince>,
    /// Changes between the first and the second of these that are not listed.
    pub(super) omitted: u64,
    pub(super) counters: BTreeMap<Name, Peak>,
    /// What the verdict said last, whether or not the record has it.
    pub(super) last: Option<ModeSince>,
}

impl Meter {
    pub(super) fn record(&self, name: &str, value: u64, t: Timestamp) -> Result<(), RecordError> {
        if value > limits::INTEGER_MAX {
            return Err(RecordError::TooLarge(value));
        }
        let mut counting = self.counting();
        let reached = Peak { highest: value, at: t };
        // Whoever counts under a name that is known copies two numbers.
        if let Some(pending) = counting.counters.get_mut(name) {
            if pending.is_none_or(|peak| value > peak.highest) {
                *pending = Some(reached);
            }
            return Ok(());
        }
        let new = Name::new(name)?;
        if counting.counters.len() >= limits::USAGE_COUNTERS {
            return Err(RecordError::TooMany(name.into()));
        }
        counting.counters.insert(new, Some(reached));
        Ok(())
    }

    pub(super) fn see(&self, verdict: &Verdict) {
        let reason = verdict.reason().and_then(|reason| Name::new(reason.as_str()).ok());
        let seen = ModeSince { mode: verdict.mode(), reason, since: verdict.effective_time() };
        let mut counting = self.counting();
        if counting.last.as_ref().is_some_and(|last| says_the_same(last, &seen)) {
            return;
        }
        counting.last = Some(seen.clone());
        let Counting { modes, omitted, .. } = &mut *counting;
        push(modes, omitted, seen);
    }

    pub(super) fn pending(&self) -> Pending {
        let counting = self.counting();
        let counters = counting.counters.iter();
        Pending {
            modes: counting.modes.clone(),
            omitted: counting.omitted,
            counters: counters.filter_map(|(name, peak)| Some((name.clone(), (*peak)?))).collect(),
            last: counting.last.clone(),
        }
    }

    /// Lets go of what the record has now, and learns which names it has.
    pub(super) fn settle(&self, kept: &Pending, book: &Book) {
        let mut counting = self.counting();
        for (name, pending) in &mut counting.counters {
            // What was counted meanwhile stays to be added.
            if kept.counters.get(name) == pending.as_ref() {
                *pending = None;
            }
        }
        counting.counters.retain(|name, pending| pending.is_some() || book.counters.contains_key(name));
        for name in book.counters.keys() {
            counting.counters.entry(name.clone()).or_insert(None);
        }
        let taken = counting.modes.len().min(kept.modes.len());
        counting.modes.drain(..taken);
        counting.omitted = counting.omitted.saturating_sub(kept.omitted);
    }

    fn counting(&self) -> MutexGuard<'_, Counting> {
        // Nothing here can panic half-way.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

pub(super) fn says_the_same(one: &ModeSince, other: &ModeSince) -> bool {
    (one.mode, &one.reason) == (other.mode, &other.reason)
}

/// Adds a change; the oldest ones behind the first are folded where there are too many.
pub(super) fn push(modes: &mut Vec<ModeSince>, omitted: &mut u64, seen: ModeSince) {
    modes.push(seen);
    while modes.len() > limits::USAGE_MODES {
        modes.remove(1);
        *omitted = omitted.saturating_add(1).min(limits::INTEGER_MAX);
    }
}
