//! The record as it is kept: one period from the last report on, and the chain that the next one continues.

use lictor_shared::{Beginning, ModeSince, Name, Peak, Seconds, Thumbprint, Timestamp, limits};
use std::collections::BTreeMap;

use super::meter::{Pending, push, says_the_same};
use super::{MINUTE, Moment};
use crate::host::digest::Digest;
use crate::host::state::{Reading, remember};

/// The record of one period.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Book {
    /// Whose chain it is: another key begins another.
    pub(super) deployment: Thumbprint,
    /// Reports that were made; the next one bears the number after it.
    pub(super) sequence: u64,
    /// SHA-256 of the last one.
    pub(super) previous: Option<Digest>,
    pub(super) from: Timestamp,
    pub(super) beginning: Beginning,
    /// The first is since `from`.
    pub(super) modes: Vec<ModeSince>,
    pub(super) omitted: u64,
    pub(super) counters: BTreeMap<Name, Peak>,
    /// The last report, as it was made.
    pub(super) newest: Option<String>,
}

impl Book {
    /// A new one, from the first thing on that was seen.
    pub(super) fn begun(pending: &Pending, moment: Moment<'_>) -> Self {
        let seen = pending.modes.iter().map(|mode| mode.since);
        let counted = pending.counters.values().map(|peak| peak.at);
        let from = seen.chain(counted).min().unwrap_or(moment.t);
        Self::anew(from, moment)
    }

    fn anew(from: Timestamp, moment: Moment<'_>) -> Self {
        // Nothing is missing if the deployment is no older, but for what a crash may cost.
        let minute = Seconds::new(MINUTE).unwrap_or(Seconds::ZERO);
        let since = moment.identity.since();
        let beginning = match since.plus(minute).is_none_or(|until| from <= until) {
            true => Beginning::Start,
            false => Beginning::Gap,
        };
        Self {
            deployment: moment.identity.id(),
            sequence: 0,
            previous: None,
            from,
            beginning,
            modes: Vec::new(),
            omitted: 0,
            counters: BTreeMap::new(),
            newest: None,
        }
    }

    /// The same in the name of the key that the deployment has now. One that was lost takes its chain with it.
    pub(super) fn of(self, moment: Moment<'_>) -> Self {
        if self.deployment == moment.identity.id() {
            return self;
        }
        let Self { from, modes, omitted, counters, .. } = self;
        Self { modes, omitted, counters, beginning: Beginning::Gap, ..Self::anew(from, moment) }
    }

    /// Adds what was counted, at effective time `t` and reading `now`. Says whether there was no room for a counter.
    pub(super) fn add(&mut self, pending: &Pending, t: Timestamp, now: Timestamp) -> bool {
        let reading = Reading::of(now, t);
        // What lies ahead was noted while the clock stood there.
        let settled = |mut at: Timestamp| {
            remember(&mut at, t, reading);
            at
        };
        self.from = settled(self.from);
        self.modes.iter_mut().for_each(|mode| mode.since = settled(mode.since));
        self.counters.values_mut().for_each(|peak| peak.at = settled(peak.at));
        for mode in &pending.modes {
            self.add_mode(ModeSince { since: settled(mode.since), ..mode.clone() });
        }
        if let (true, Some(last)) = (self.modes.is_empty(), &pending.last) {
            self.add_mode(last.clone());
        }
        self.omitted = self.omitted.saturating_add(pending.omitted).min(limits::INTEGER_MAX);
        let mut crowded = false;
        for (name, peak) in &pending.counters {
            let at = settled(peak.at).max(self.from);
            crowded |= !self.add_counter(name, Peak { at, ..*peak });
        }
        crowded
    }

    /// A period never runs backwards: what was seen before the last change counts from it on.
    fn add_mode(&mut self, seen: ModeSince) {
        let Some(last) = self.modes.last() else {
            self.modes.push(ModeSince { since: self.from, ..seen });
            return;
        };
        if !says_the_same(last, &seen) {
            let since = seen.since.max(last.since);
            push(&mut self.modes, &mut self.omitted, ModeSince { since, ..seen });
        }
    }

    fn add_counter(&mut self, name: &Name, peak: Peak) -> bool {
        let room = self.counters.len() < limits::USAGE_COUNTERS;
        match self.counters.get_mut(name) {
            Some(known) if known.highest >= peak.highest => true,
            Some(known) => {
                *known = peak;
                true
            }
            None if room => self.counters.insert(name.clone(), peak).is_none(),
            None => false,
        }
    }

    /// The latest instant that it tells of.
    pub(super) fn latest(&self) -> Timestamp {
        let modes = self.modes.iter().map(|mode| mode.since);
        modes.chain(self.counters.values().map(|peak| peak.at)).fold(self.from, Timestamp::max)
    }

    /// The period that follows a report.
    pub(super) fn reported(self, sequence: u64, to: Timestamp, token: String) -> Self {
        let last = self.modes.last().map(|mode| ModeSince { since: to, ..mode.clone() });
        Self {
            sequence,
            previous: Some(Digest::of(&token)),
            from: to,
            beginning: Beginning::Report,
            modes: last.into_iter().collect(),
            omitted: 0,
            counters: BTreeMap::new(),
            newest: Some(token),
            ..self
        }
    }

    /// Whether the store has gone back since: fewer reports, or less of the same period.
    pub(super) fn is_older_than(&self, seen: &Self) -> bool {
        let lost = |(name, seen): (&Name, &Peak)| {
            self.counters.get(name).is_none_or(|peak| peak.highest < seen.highest)
        };
        let same = (self.deployment, self.sequence, self.previous)
            == (seen.deployment, seen.sequence, seen.previous);
        self.deployment == seen.deployment && self.sequence < seen.sequence
            || same && seen.counters.iter().any(lost)
    }

    /// The same with what another record of the same period knows beyond it.
    pub(super) fn joined(mut self, other: &Self) -> Self {
        if (self.sequence, self.previous) == (other.sequence, other.previous) {
            for (name, peak) in &other.counters {
                self.add_counter(name, Peak { at: peak.at.max(self.from), ..*peak });
            }
        }
        self
    }
}
