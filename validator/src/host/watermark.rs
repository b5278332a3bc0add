//! The latest time that the clock has credibly shown.

use lictor_shared::Timestamp;

/// Seconds by which one reading may move the watermark.
const DAY: u64 = 86_400;
/// Seconds of the longest jump that is believed after a day.
const SHORT_JUMP: u64 = 90 * DAY;
/// Seconds for which a longer jump must have stood.
const LONG_TRIAL: u64 = 30 * DAY;

/// The watermark, and a reading too far beyond it to be believed yet.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Watermark {
    pub(crate) reached: Option<Timestamp>,
    pub(crate) candidate: Option<Timestamp>,
}

impl Watermark {
    /// What it is after the clock showed `now`, where `known` are the dates that no clock is needed for: of the release, of
    /// the license in force.
    pub(crate) fn after(self, now: Timestamp, known: [Option<Timestamp>; 2]) -> Self {
        // Jumps are measured from max(watermark, builtAt, iat of the license in force).
        let base = known.into_iter().chain([self.reached]).flatten().max().unwrap_or(Timestamp::EPOCH);
        // A candidate that time has passed is none.
        let candidate = self.candidate.filter(|candidate| *candidate > base);
        // No jump at all is followed as well, and the watermark never falls.
        if now <= base {
            return Self { reached: self.reached.max(Some(now)), candidate };
        }
        // A jump of at most 24 h is followed.
        if beyond(now, base) <= DAY {
            return Self { reached: Some(now), candidate: None };
        }
        match candidate.filter(|candidate| *candidate <= now) {
            // A larger one is adopted when a second reading lies beyond it by at least 24 h, or 30 days.
            Some(candidate) if beyond(now, candidate) >= trial(beyond(candidate, base)) => {
                Self::adopted(candidate, now)
            }
            Some(_) => Self { candidate, ..self },
            // A larger one is a candidate; one that a lower reading belies gives way to it.
            None => Self { candidate: Some(now), ..self },
        }
    }

    /// After the reading `now` has confirmed a candidate.
    ///
    /// Only the candidate has stood its trial; to adopt the second reading would let a single wild one through. But one that
    /// comes within a day after the day of trial is followed: else the watermark would stay a day behind for ever where readings
    /// come a little later than every 24 h.
    fn adopted(candidate: Timestamp, now: Timestamp) -> Self {
        if beyond(now, candidate) <= 2 * DAY {
            Self { reached: Some(now), candidate: None }
        } else {
            Self { reached: Some(candidate), candidate: Some(now) }
        }
    }

    /// After an activation that answers the newest request was accepted: at its `iat`.
    pub(crate) const fn reset(issued_at: Timestamp) -> Self {
        Self { reached: Some(issued_at), candidate: None }
    }
}

const fn beyond(later: Timestamp, earlier: Timestamp) -> u64 {
    later.seconds().saturating_sub(earlier.seconds())
}

/// For how long a jump must have stood: 24 h (jumps of at most 90 days) or 30 days (longer ones).
const fn trial(jump: u64) -> u64 {
    if jump <= SHORT_JUMP { DAY } else { LONG_TRIAL }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: u64 = 3600;
    /// 2026-11-22T00:00:00Z.
    const START: u64 = 1_795_305_600;

    fn at(offset: u64) -> Timestamp {
        Timestamp::from_seconds(START + offset).unwrap()
    }

    fn mark(reached: u64, candidate: Option<u64>) -> Watermark {
        Watermark { reached: Some(at(reached)), candidate: candidate.map(at) }
    }

    /// Watermark before, a reading, watermark after; in seconds after START.
    #[test]
    fn one_reading() {
        let day = DAY;
        let table = [
            // It follows, up to a day at once.
            ((0, None), 1, (1, None)),
            ((0, None), day, (day, None)),
            ((0, None), day + 1, (0, Some(day + 1))),
            // It never falls.
            ((5, None), 5, (5, None)),
            ((5, None), 0, (5, None)),
            ((0, Some(5 * day)), 0, (0, Some(5 * day))),
            // A short jump must have stood for a day.
            ((0, Some(5 * day)), 6 * day - 1, (0, Some(5 * day))),
            ((0, Some(5 * day)), 6 * day, (6 * day, None)),
            ((0, Some(5 * day)), 7 * day, (7 * day, None)),
            ((0, Some(5 * day)), 7 * day + 1, (5 * day, Some(7 * day + 1))),
            // 90 days are short, one second more is long.
            ((0, Some(90 * day)), 91 * day, (91 * day, None)),
            ((0, Some(90 * day + 1)), 91 * day + 1, (0, Some(90 * day + 1))),
            ((0, Some(90 * day + 1)), 120 * day, (0, Some(90 * day + 1))),
            ((0, Some(90 * day + 1)), 120 * day + 1, (90 * day + 1, Some(120 * day + 1))),
            // A lower reading belies the candidate.
            ((0, Some(9 * day)), 5 * day, (0, Some(5 * day))),
            ((0, Some(9 * day)), day, (day, None)),
            // What was passed is no candidate.
            ((9, Some(9)), 4, (9, None)),
            ((9, Some(10)), 4, (9, Some(10))),
        ];
        for ((reached, candidate), now, after) in table {
            let found = mark(reached, candidate).after(at(now), [None, None]);
            assert_eq!(found, mark(after.0, after.1), "{reached} {candidate:?} at {now}");
        }
    }

    #[test]
    fn jumps_are_measured_from_the_latest_known_date() {
        let table = [
            ([None, Some(3 * DAY)], 4 * DAY, mark(4 * DAY, None)),
            ([Some(3 * DAY), None], 4 * DAY, mark(4 * DAY, None)),
            ([Some(3 * DAY), Some(2 * DAY)], 4 * DAY + 1, mark(0, Some(4 * DAY + 1))),
            // It follows the clock, never an artefact.
            ([None, Some(3 * DAY)], 0, mark(0, None)),
            ([None, Some(3 * DAY)], 2 * DAY, mark(2 * DAY, None)),
            ([None, Some(3 * DAY)], 3 * DAY, mark(3 * DAY, None)),
            ([None, Some(3 * DAY)], 3 * DAY + 1, mark(3 * DAY + 1, None)),
        ];
        for (known, now, after) in table {
            assert_eq!(
                mark(0, None).after(at(now), known.map(|known| known.map(at))),
                after,
                "{known:?} {now}"
            );
        }
    }

    #[test]
    fn a_first_reading_is_believed_near_a_known_date_only() {
        let none = Watermark::default();
        assert_eq!(none.after(at(DAY), [None, Some(at(0))]), mark(DAY, None));
        let doubted = Watermark { reached: None, candidate: Some(at(DAY + 1)) };
        assert_eq!(none.after(at(DAY + 1), [None, Some(at(0))]), doubted);
        assert_eq!(none.after(at(0), [None, Some(at(1))]), mark(0, None));
        assert_eq!(none.after(at(0), [None, None]), Watermark { reached: None, candidate: Some(at(0)) });
    }

    #[test]
    fn a_wild_second_reading_does_not_ride_on_a_small_candidate() {
        let wild = at(70 * 365 * DAY);
        assert_eq!(
            mark(0, Some(3 * DAY)).after(wild, [None, None]),
            Watermark { reached: Some(at(3 * DAY)), candidate: Some(wild) }
        );
    }

    #[test]
    fn catches_up_whatever_the_hour_of_the_readings() {
        // Switched off for five days, then read every 25 minutes: a day later it follows again.
        let mut mark = mark(0, None);
        let mut now = 5 * DAY;
        while now < 6 * DAY + HOUR {
            mark = mark.after(at(now), [None, None]);
            now += 25 * 60;
        }
        assert_eq!(mark.reached, Some(at(now - 25 * 60)));
    }

    /// However often the clock goes wild, as long as it is right in between.
    #[test]
    fn wild_readings_between_credible_ones_change_nothing() {
        let given = std::env::var("LICTOR_TEST_SEED").ok().and_then(|seed| seed.parse().ok());
        let mut seed: u64 = given.unwrap_or(20_261_122);
        println!("LICTOR_TEST_SEED={seed}");
        let mut draw = |below: u64| {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (seed >> 33) % below
        };
        let mut mark = mark(0, None);
        let mut now = 0;
        for _ in 0..10_000 {
            // A few wild readings, each anywhere between 1970 and the year 9999.
            for _ in 0..draw(3) {
                let wild = Timestamp::from_seconds(draw(253_402_300_799)).unwrap();
                let before = mark;
                mark = mark.after(wild, [None, None]);
                let near = wild.seconds() <= START + now + DAY;
                assert!(near || mark.reached == before.reached, "{wild} after {before:?}");
                now = mark.reached.unwrap().seconds() - START;
                now += 1 + draw(DAY);
                mark = mark.after(at(now), [None, None]);
                assert_eq!(mark, super::Watermark { reached: Some(at(now)), candidate: None });
            }
        }
    }

    #[test]
    fn the_end_of_time_is_no_panic() {
        let end = Watermark { reached: Some(Timestamp::EPOCH), candidate: Some(Timestamp::MAX) };
        assert_eq!(end.after(Timestamp::MAX, [None, None]), end);
        let early = Timestamp::from_seconds(Timestamp::MAX.seconds() - LONG_TRIAL).unwrap();
        let near = Watermark { reached: Some(Timestamp::EPOCH), candidate: Some(early) };
        assert_eq!(near.after(Timestamp::MAX, [None, None]).reached, Some(early));
        assert_eq!(Watermark::reset(at(0)), mark(0, None));
    }
}
