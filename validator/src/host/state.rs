//! What a deployment remembers: scalars only; signed artefacts are kept beside it as they are.

mod text;

use lictor_shared::{RequestKind, Seconds, StatusRef, Text, Thumbprint, Timestamp, Uri, Uuid, limits};
use std::collections::{BTreeMap, BTreeSet};

use super::custody::Owner;
use super::digest::Digest;
use super::watermark::Watermark;

pub(crate) use text::{Damage, Taken, seal, unseal};

/// Seconds by which the watermark may be ahead of what is kept of it: what a crash may cost. Readings alone would write a file at
/// every look.
const UNSAVED: u64 = 60;
/// Releases of which the first run is remembered: those that run beside each other while replicas are upgraded.
const RELEASES: usize = 16;

/// A license: its issuer and its id.
pub(crate) type LicenseKey = (Text, Uuid);
/// A list: its issuer and its URI.
pub(crate) type ListKey = (Text, Uri);

/// The scalars of the format's section 10.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct State {
    pub(crate) clock: Watermark,
    /// The deployment, if its key was made while the clock stood ahead: since when it counts as made.
    pub(crate) owner: Option<Owner>,
    pub(crate) licenses: BTreeMap<LicenseKey, LicenseRecord>,
    pub(crate) lists: BTreeMap<ListKey, Highest>,
    /// Of the lists and activations in force.
    pub(crate) accepted: BTreeSet<Digest>,
    /// When an entry was first seen to be no longer valid.
    pub(crate) learned: BTreeMap<(ListKey, u32), Timestamp>,
    /// First run of each release, by the release's date.
    pub(crate) first_runs: BTreeMap<Timestamp, Timestamp>,
    pub(crate) requests: Requests,
}

/// What is remembered of one license id.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct LicenseRecord {
    /// First installation here.
    pub(crate) since: Option<Timestamp>,
    /// Highest revision that has been in force here; 0: none.
    pub(crate) revision: u64,
    /// Since when no matching origin has been configured.
    pub(crate) origin_since: Option<Timestamp>,
}

/// The highest sequence accepted of one list, and the key that set it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Highest {
    pub(crate) sequence: u64,
    pub(crate) key: Thumbprint,
}

/// What was asked of issuers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Requests {
    /// Grows by one with every request.
    pub(crate) counter: u64,
    pub(crate) newest: Option<Newest>,
}

/// The newest request: its nonce, who asked, and of whom was asked what for which license.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Newest {
    pub(crate) nonce: Uuid,
    /// A key that was lost since awaits nothing: its answer is of no use to the one that came after it.
    pub(crate) deployment: Thumbprint,
    pub(crate) kind: RequestKind,
    pub(crate) issuer: Text,
    pub(crate) license: Uuid,
    pub(crate) answer: Answer,
}

/// Whether a request was answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    Awaited,
    Received,
}

impl State {
    pub(crate) fn license(&self, key: &LicenseKey) -> LicenseRecord {
        self.licenses.get(key).copied().unwrap_or_default()
    }

    pub(crate) fn learned(&self, issuer: &Text, status: &StatusRef) -> Option<Timestamp> {
        let list = (issuer.clone(), status.uri.clone());
        self.learned.get(&(list, status.index)).copied()
    }

    /// Remembers a release's first run, and forgets that of releases long gone.
    pub(crate) fn first_run(&mut self, released: Timestamp, at: Timestamp, reading: Reading) {
        let mut first = self.first_runs.get(&released).copied();
        remember_known(&mut first, at, reading);
        self.first_runs.extend(first.map(|first| (released, first)));
        while self.first_runs.len() > RELEASES {
            self.first_runs.pop_first();
        }
    }

    /// Whether so much has changed since `kept` that it must be kept in its place.
    pub(crate) fn outgrows(&self, kept: &Self) -> bool {
        let seconds = |state: &Self| state.clock.reached.map(Timestamp::seconds);
        let moved = match (seconds(self), seconds(kept)) {
            (Some(now), Some(then)) => now < then || now - then >= UNSAVED,
            (now, then) => now != then,
        };
        let still = Watermark { reached: kept.clock.reached, ..self.clock };
        moved || Self { clock: still, ..self.clone() } != *kept
    }
}

/// What a reading of the clock says of an instant that lies ahead of t.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reading {
    /// The clock may be right, so the instant was noted while it stood ahead.
    Credible,
    /// `clock_rolled_back`: t is only what is known without the clock, and the instant may well be right.
    Behind,
}

impl Reading {
    /// If now + 86400 < t, the clock is behind.
    pub(crate) fn of(now: Timestamp, t: Timestamp) -> Self {
        let tolerated = Seconds::new(limits::CLOCK_TOLERANCE).and_then(|day| now.plus(day));
        if tolerated.is_some_and(|tolerated| tolerated < t) { Self::Behind } else { Self::Credible }
    }
}

/// Stores t first: an instant that lies ahead, and so counts as unknown, becomes `t`.
///
/// Not while the clock is behind: then it counts as unknown, which grants nothing, until the clock is right again. A machine
/// that starts in 1970 and asks for the time a minute later would lose each grace that it is in; and whoever held
/// his clock back for ever would begin each one anew with whatever he installs.
pub(crate) fn remember(instant: &mut Timestamp, t: Timestamp, reading: Reading) {
    if reading == Reading::Credible {
        *instant = t.min(*instant);
    }
}

/// The same for one that may not be remembered yet: it begins at `t`, by the first clock that may be right. A machine that is set up
/// before it has asked for the time would else have begun when its license was signed.
pub(crate) fn remember_known(instant: &mut Option<Timestamp>, t: Timestamp, reading: Reading) {
    match instant {
        Some(known) => remember(known, t, reading),
        None if reading == Reading::Credible => *instant = Some(t),
        None => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> Timestamp {
        Timestamp::from_seconds(seconds).unwrap()
    }

    #[test]
    fn a_clock_is_behind_by_more_than_a_day() {
        let now = at(1_795_305_600);
        for (t, reading) in [
            (at(0), Reading::Credible),
            (now, Reading::Credible),
            (at(now.seconds() + 86_400), Reading::Credible),
            (at(now.seconds() + 86_401), Reading::Behind),
            (Timestamp::MAX, Reading::Behind),
        ] {
            assert_eq!(Reading::of(now, t), reading, "{t}");
        }
        assert_eq!(Reading::of(Timestamp::MAX, Timestamp::MAX), Reading::Credible);
    }

    /// What is remembered before, t, and what is remembered then by each kind of reading.
    #[test]
    fn only_a_credible_reading_begins_an_instant_or_lowers_what_lies_ahead() {
        for (before, t, credible, behind) in
            [(None, 5, 5, None), (Some(3), 5, 3, Some(3)), (Some(5), 5, 5, Some(5)), (Some(9), 5, 5, Some(9))]
        {
            for (reading, after) in [(Reading::Credible, Some(credible)), (Reading::Behind, behind)] {
                let mut instant = before.map(at);
                remember_known(&mut instant, at(t), reading);
                assert_eq!(instant, after.map(at), "{before:?} {reading:?}");
            }
        }
    }

    #[test]
    fn a_minute_of_time_is_worth_a_write() {
        let mark = |reached| State { clock: Watermark { reached, candidate: None }, ..State::default() };
        let kept = mark(Some(at(1000)));
        for (reached, outgrows) in
            [(Some(1000), false), (Some(1059), false), (Some(1060), true), (Some(999), true), (None, true)]
        {
            assert_eq!(mark(reached.map(at)).outgrows(&kept), outgrows, "{reached:?}");
        }
        assert!(kept.outgrows(&mark(None)));
        assert!(State { requests: Requests { counter: 1, newest: None }, ..kept.clone() }.outgrows(&kept));
    }
}
