//! For which readings of the clock a verdict stays what it is.

use lictor_shared::{Seconds, Timestamp, limits};

use crate::verdict::Verdict;

/// The readings `from <= now < until` of the clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Holds {
    from: Timestamp,
    /// `None`: for ever.
    until: Option<Timestamp>,
}

impl Holds {
    /// For which readings all of these verdicts, given at `now`, would be given again.
    ///
    /// A verdict is constant from its effective time t to its `nextChange`. If t is ahead of the clock, whatever the clock shows
    /// up to t gives the same t, and only `clock_rolled_back` may come and go; else an earlier reading is an earlier t. So a
    /// clock that is set back is noticed here as one that has run on.
    pub(crate) fn of<'a>(verdicts: impl Iterator<Item = &'a Verdict>, now: Timestamp) -> Self {
        let always = Self { from: Timestamp::EPOCH, until: None };
        verdicts.fold(always, |holds, verdict| {
            let own = Self::of_one(verdict.effective_time(), now);
            let until = [holds.until, own.until, verdict.next_change()].into_iter().flatten().min();
            Self { from: holds.from.max(own.from), until }
        })
    }

    fn of_one(t: Timestamp, now: Timestamp) -> Self {
        if t <= now {
            return Self { from: now, until: None };
        }
        // If now + 86400 < t, clock_rolled_back is warned.
        let tolerance = Seconds::new(limits::CLOCK_TOLERANCE).unwrap_or(Seconds::ZERO);
        let tolerated = t.minus(tolerance);
        if now < tolerated {
            Self { from: Timestamp::EPOCH, until: Some(tolerated) }
        } else {
            Self { from: tolerated, until: None }
        }
    }

    pub(crate) fn at(self, now: Timestamp) -> bool {
        self.from <= now && self.until.is_none_or(|until| now < until)
    }

    /// When to look again if the clock runs on.
    pub(crate) const fn until(self) -> Option<Timestamp> {
        self.until
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> Timestamp {
        Timestamp::from_seconds(seconds).unwrap()
    }

    /// Effective time and reading, and the readings for which that is the same.
    #[test]
    fn readings() {
        let day = limits::CLOCK_TOLERANCE;
        let t = 10 * day;
        for (now, from, until) in [
            (t + 5, t + 5, None),
            (t, t, None),
            (t - 1, t - day, None),
            (t - day, t - day, None),
            (t - day - 1, 0, Some(t - day)),
            (0, 0, Some(t - day)),
        ] {
            let holds = Holds::of_one(at(t.max(now)), at(now));
            assert_eq!(holds, Holds { from: at(from), until: until.map(at) }, "{now}");
            assert!(holds.at(at(now)));
        }
        let holds = Holds { from: at(5), until: Some(at(7)) };
        assert_eq!([4, 5, 6, 7].map(|now| holds.at(at(now))), [false, true, true, false]);
    }
}
