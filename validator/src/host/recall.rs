//! Two memories of one deployment: what its store says, and what a running process holds.

use lictor_shared::{Thumbprint, Timestamp};
use std::collections::BTreeMap;

use super::state::{Answer, Highest, LicenseRecord, Requests, State};

/// Which of two memories has gone further in the exchange with issuers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lead {
    /// What the store says. An answer may have ended a seat that the process still holds, or set the clock right.
    Store,
    /// What the process holds.
    Memory,
    Neither,
}

impl Lead {
    pub(crate) fn between(stored: &State, held: &State) -> Self {
        match progress(&stored.requests).cmp(&progress(&held.requests)) {
            core::cmp::Ordering::Greater => Self::Store,
            core::cmp::Ordering::Less => Self::Memory,
            core::cmp::Ordering::Equal => Self::Neither,
        }
    }
}

/// The counter only grows, and an answer is received once.
fn progress(requests: &Requests) -> (u64, bool) {
    let answered = requests.newest.as_ref().is_some_and(|newest| newest.answer == Answer::Received);
    (requests.counter, answered)
}

impl State {
    /// Whether it is older than one that the same store once held: something in it has fallen that only grows.
    pub(crate) fn is_older_than(&self, seen: &Self) -> bool {
        let lead = Lead::between(self, seen);
        let forgets = seen
            .licenses
            .iter()
            .any(|(key, seen)| self.licenses.get(key).is_none_or(|record| record.revision < seen.revision));
        let falls = seen.lists.iter().any(|(key, seen)| {
            self.lists.get(key).is_none_or(|list| list.key == seen.key && list.sequence < seen.sequence)
        });
        let set_back = lead != Lead::Store && self.clock.reached < seen.clock.reached;
        lead == Lead::Memory || forgets || falls || set_back
    }

    /// What the store says, and whatever `held` knows beyond it. A maximum that a distrusted key set is not insisted on.
    pub(crate) fn recalling(self, held: &Self, is_distrusted: impl Fn(Thumbprint) -> bool) -> Self {
        let lead = Lead::between(&self, held);
        let clock = match lead {
            Lead::Store => self.clock,
            Lead::Memory => held.clock,
            Lead::Neither if held.clock.reached > self.clock.reached => held.clock,
            Lead::Neither => self.clock,
        };
        // Whoever knows the newer list knows what became of its entries.
        let sequence = |state: &Self, list| state.lists.get(list).map(|highest: &Highest| highest.sequence);
        let learned =
            held.learned.iter().filter(|((list, _), _)| sequence(&self, list) <= sequence(held, list));
        let learned: Vec<_> = learned.map(|(entry, at)| (entry.clone(), *at)).collect();
        let mut licenses = self.licenses;
        for (key, held) in &held.licenses {
            let record = licenses.entry(key.clone()).or_default();
            *record = record.recalling(held);
        }
        let mut lists = self.lists;
        for (key, held) in held.lists.iter().filter(|(_, held)| !is_distrusted(held.key)) {
            let highest = lists.entry(key.clone()).or_insert(*held);
            if highest.sequence < held.sequence {
                *highest = *held;
            }
        }
        let first_runs = held.first_runs.iter().map(|(release, at)| (*release, *at));
        Self {
            clock,
            owner: self.owner.or(held.owner),
            licenses,
            lists,
            accepted: self.accepted,
            learned: earliest(self.learned, learned.into_iter()),
            first_runs: earliest(self.first_runs, first_runs),
            requests: if lead == Lead::Memory { held.requests.clone() } else { self.requests },
        }
    }
}

impl LicenseRecord {
    fn recalling(self, held: &Self) -> Self {
        let first = |one: Option<Timestamp>, other: Option<Timestamp>| one.into_iter().chain(other).min();
        Self {
            since: first(self.since, held.since),
            revision: self.revision.max(held.revision),
            origin_since: first(self.origin_since, held.origin_since),
        }
    }
}

/// Of each instant the first that either knows.
fn earliest<K: Ord>(
    mut known: BTreeMap<K, Timestamp>,
    more: impl Iterator<Item = (K, Timestamp)>,
) -> BTreeMap<K, Timestamp> {
    for (key, at) in more {
        let first = known.entry(key).or_insert(at);
        *first = at.min(*first);
    }
    known
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::state::Newest;
    use crate::host::watermark::Watermark;
    use lictor_shared::{RequestKind, Text, Uri, Uuid};

    fn at(seconds: u64) -> Timestamp {
        Timestamp::from_seconds(seconds).unwrap()
    }

    fn key(letter: char) -> Thumbprint {
        Thumbprint::new(&letter.to_string().repeat(43)).unwrap()
    }

    fn issuer() -> Text {
        Text::new("acme-licensing").unwrap()
    }

    fn license() -> Uuid {
        Uuid::new("01890a5d-ac96-774b-bcce-b302099a8057").unwrap()
    }

    /// A state that has reached a time, asked so often, and was answered or not.
    fn state(reached: u64, counter: u64, answer: Answer) -> State {
        let newest = Newest {
            nonce: license(),
            deployment: key('A'),
            kind: RequestKind::Activate,
            issuer: issuer(),
            license: license(),
            answer,
        };
        State {
            clock: Watermark { reached: Some(at(reached)), candidate: None },
            requests: Requests { counter, newest: Some(newest) },
            ..State::default()
        }
    }

    fn with_revision(revision: u64) -> State {
        let mut state = state(5, 1, Answer::Awaited);
        state.licenses.insert((issuer(), license()), LicenseRecord { revision, ..LicenseRecord::default() });
        state
    }

    fn with_list(sequence: u64, by: char) -> State {
        let mut state = state(5, 1, Answer::Awaited);
        let list = (issuer(), Uri::new("urn:acme:status:0").unwrap());
        state.lists.insert(list.clone(), Highest { sequence, key: key(by) });
        state.learned.insert((list, 3), at(sequence));
        state
    }

    /// What the store says and what is held: who leads, and which time counts.
    #[test]
    fn whoever_has_gone_further_with_the_issuer_knows_the_time() {
        use Answer::{Awaited, Received};
        for (stored, held, lead, reached) in [
            ((5, 1, Awaited), (7, 1, Awaited), Lead::Neither, 7),
            ((7, 1, Awaited), (5, 1, Awaited), Lead::Neither, 7),
            ((5, 1, Received), (9, 1, Awaited), Lead::Store, 5),
            ((5, 2, Awaited), (9, 1, Received), Lead::Store, 5),
            ((9, 1, Awaited), (5, 1, Received), Lead::Memory, 5),
            ((9, 1, Received), (5, 2, Awaited), Lead::Memory, 5),
        ] {
            let [stored, held] =
                [stored, held].map(|(reached, counter, answer)| state(reached, counter, answer));
            assert_eq!(Lead::between(&stored, &held), lead, "{stored:?} {held:?}");
            let recalled = stored.recalling(&held, |_| false);
            assert_eq!(recalled.clock.reached, Some(at(reached)), "{held:?}");
        }
    }

    #[test]
    fn what_only_grows_tells_which_is_older() {
        use Answer::{Awaited, Received};
        let same = state(5, 1, Awaited);
        for (stored, seen, older) in [
            (same.clone(), same.clone(), false),
            (state(4, 1, Awaited), same.clone(), true),
            (state(4, 1, Received), same.clone(), false),
            (state(6, 0, Awaited), same.clone(), true),
            (with_revision(1), with_revision(2), true),
            (with_revision(2), with_revision(1), false),
            (same.clone(), with_revision(0), true),
            (with_list(1, 'A'), with_list(2, 'A'), true),
            (with_list(2, 'A'), with_list(1, 'A'), false),
            // A list by a key that is not distrusted replaces one by a distrusted key, whatever the sequence.
            (with_list(1, 'E'), with_list(2, 'A'), false),
            (same, with_list(1, 'A'), true),
        ] {
            assert_eq!(stored.is_older_than(&seen), older, "{stored:?} {seen:?}");
        }
    }

    #[test]
    fn the_higher_of_each_counts() {
        let found = |state: &State| {
            let list = state.lists.values().next().map(|list| list.sequence);
            (list, state.learned.values().next().map(|at| at.seconds()))
        };
        for (stored, held, sequence, learned) in [(7, 9, 9, 7), (9, 7, 9, 9), (7, 7, 7, 7)] {
            let recalled = with_list(stored, 'A').recalling(&with_list(held, 'A'), |_| false);
            assert_eq!(found(&recalled), (Some(sequence), Some(learned)), "{stored} {held}");
        }
        let distrusting = with_list(7, 'A').recalling(&with_list(9, 'E'), |by| by == key('E'));
        assert_eq!(found(&distrusting).0, Some(7));
        for (stored, held) in [(1, 2), (2, 1)] {
            let recalled = with_revision(stored).recalling(&with_revision(held), |_| false);
            assert_eq!(recalled.license(&(issuer(), license())).revision, 2);
        }
    }

    #[test]
    fn of_each_beginning_the_first_counts() {
        let record = |since: Option<u64>| LicenseRecord {
            since: since.map(at),
            revision: 1,
            origin_since: since.map(at),
        };
        for (stored, held, first) in [
            (None, Some(5), Some(5)),
            (Some(5), None, Some(5)),
            (Some(5), Some(7), Some(5)),
            (Some(7), Some(5), Some(5)),
        ] {
            assert_eq!(record(stored).recalling(&record(held)), record(first), "{stored:?} {held:?}");
        }
    }
}
