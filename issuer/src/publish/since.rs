//! Which entries of a list carry the instant at which they left VALID.

use lictor_shared::{Artefact as _, StatusList, Timestamp, limits};
use std::collections::BTreeMap;

use crate::ledger::entries::Exception;

/// A dot and the base64url of 64 bytes.
const SIGNATURE_CHARS: usize = 1 + 86;

/// Bytes of JSON that fit into a token beside those that it has without any `since`.
///
/// Every three bytes of payload are four characters of token.
pub(super) fn room(signing_input: usize) -> usize {
    let left = StatusList::TOKEN_BYTES.saturating_sub(signing_input + SIGNATURE_CHARS);
    // The last group of the payload may be begun already, so one group is left free.
    (left / 4).saturating_sub(1) * 3
}

/// Every entry whose grace may still run at `at`; of more than fit, in number or into `room` bytes, those whose grace
/// ends first are left out.
pub(super) fn choose(exceptions: &[Exception], at: Timestamp, room: usize) -> BTreeMap<u32, Timestamp> {
    let mut running: Vec<&Exception> = exceptions.iter().filter(|entry| end(entry) > at.seconds()).collect();
    // Those whose grace ends last come first; equal ones in the order of their indices, so that the choice is one.
    running.sort_by_key(|entry| (core::cmp::Reverse(end(entry)), entry.index));
    let mut left = room;
    let fits = |entry: &&&Exception| {
        let bytes = json_bytes(entry);
        let fits = bytes <= left;
        left = left.saturating_sub(bytes);
        fits
    };
    let chosen = running.iter().take(limits::SINCE_ENTRIES).take_while(fits);
    chosen.map(|entry| (entry.index, entry.since)).collect()
}

/// The entries but for those that leave VALID later than `at` and of which `chosen` does not say when.
pub(super) fn without_unannounced(
    exceptions: &[Exception],
    chosen: &BTreeMap<u32, Timestamp>,
    at: Timestamp,
) -> Vec<Exception> {
    let told = |entry: &&Exception| entry.since <= at || chosen.contains_key(&entry.index);
    exceptions.iter().filter(told).copied().collect()
}

/// When the grace that follows an entry's `since` ends, perhaps after the year 9999.
const fn end(entry: &Exception) -> u64 {
    entry.since.seconds().saturating_add(entry.grace.get())
}

/// Bytes of `"4711":1795305600,`.
fn json_bytes(entry: &Exception) -> usize {
    entry.index.to_string().len() + entry.since.seconds().to_string().len() + 4
}

#[cfg(test)]
mod tests {
    use super::*;
    use lictor_shared::{Seconds, Status};

    fn exception(index: u32, since: u64, grace: u64) -> Exception {
        Exception {
            index,
            status: Status::Revoked,
            since: Timestamp::from_seconds(since).unwrap(),
            grace: Seconds::new(grace).unwrap(),
        }
    }

    fn chosen(exceptions: &[Exception], at: u64, room: usize) -> Vec<u32> {
        choose(exceptions, Timestamp::from_seconds(at).unwrap(), room).into_keys().collect()
    }

    #[test]
    fn entries_stand_in_it_as_long_as_their_grace_may_run() {
        let entries =
            [exception(1, 100, 10), exception(2, 100, 11), exception(3, 100, 0), exception(4, 120, 0)];
        assert_eq!(chosen(&entries, 110, 1000), [2, 4]);
        assert_eq!(chosen(&entries, 109, 1000), [1, 2, 4]);
        assert_eq!(chosen(&entries, 200, 1000), [0_u32; 0]);
        assert_eq!(chosen(&[exception(5, limits::TIME_MAX, 31_536_000)], 110, 1000), [5]);
    }

    #[test]
    fn what_lies_ahead_and_finds_no_room_is_not_told_yet() {
        let entries = [exception(1, 1000, 30), exception(2, 500, 10), exception(3, 1000, 0)];
        let at = Timestamp::from_seconds(501).unwrap();
        let told = |room| {
            let chosen = choose(&entries, at, room);
            let told = without_unannounced(&entries, &chosen, at);
            told.iter().map(|entry| entry.index).collect::<Vec<_>>()
        };
        assert_eq!(told(27), [1, 2, 3]);
        assert_eq!(told(9), [1, 2]);
        assert_eq!(told(0), [2]);
    }

    #[test]
    fn of_more_than_fit_those_whose_grace_ends_first_are_left_out() {
        let entries = [exception(1, 1000, 10), exception(2, 1000, 30), exception(3, 1000, 20)];
        // Each takes 9 bytes: "1":1000,
        assert_eq!(chosen(&entries, 1, 27), [1, 2, 3]);
        assert_eq!(chosen(&entries, 1, 26), [2, 3]);
        assert_eq!(chosen(&entries, 1, 17), [2]);
        assert_eq!(chosen(&entries, 1, 8), [0_u32; 0]);
        let many: Vec<Exception> =
            (0..40_000).map(|index| exception(index, 1000 + u64::from(index), 10)).collect();
        let kept = chosen(&many, 1, usize::MAX);
        assert_eq!(kept.len(), limits::SINCE_ENTRIES);
        assert_eq!(kept.first(), Some(&(40_000 - 32_768)));
    }
}
