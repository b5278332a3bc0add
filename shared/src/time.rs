//! Instants and durations: whole seconds, UTC, never read from a clock here.

use alloc::string::String;
use chrono::{DateTime, Datelike, Days, Months, NaiveDate, Utc};
use core::fmt;
use serde::{Serialize, Serializer};

use crate::limits;

/// An instant: seconds since 1970-01-01T00:00:00Z (RFC 7519 NumericDate), from 0 to 253402300799, the last second of the
/// year 9999.
///
/// It serialises as the number. [`fmt::Display`] writes RFC 3339 in UTC with `Z` and no fraction.
///
/// ```
/// use lictor_shared::Timestamp;
/// let at = Timestamp::parse("2027-11-22T00:00:00Z")?;
/// assert_eq!(at.seconds(), 1_826_841_600);
/// assert_eq!(at.to_string(), "2027-11-22T00:00:00Z");
/// # Ok::<(), lictor_shared::TimeError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(u64);

/// A duration in seconds, from 0 to 315360000 (ten years of 365 days).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Seconds(u64);

/// Why a text is no instant, or a number no instant or duration.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TimeError {
    /// The text is neither RFC 3339 nor a number of seconds.
    #[error("{0:?} is no time; write it as 2027-11-22T00:00:00Z (RFC 3339) or as seconds since 1970")]
    NoTime(String),
    /// The text is no day of the calendar.
    #[error("{0:?} is no day of the calendar; write it as 2027-11-22")]
    NoDay(String),
    /// The instant lies before 1970 or after 9999.
    #[error("{0} lies outside of the years 1970 to 9999")]
    OutOfRange(String),
}

impl Timestamp {
    /// 1970-01-01T00:00:00Z.
    pub const EPOCH: Self = Self(0);
    /// 9999-12-31T23:59:59Z.
    pub const MAX: Self = Self(limits::TIME_MAX);

    /// The instant `seconds` after 1970-01-01T00:00:00Z, or `None` after the year 9999.
    #[must_use]
    pub const fn from_seconds(seconds: u64) -> Option<Self> {
        if seconds <= limits::TIME_MAX { Some(Self(seconds)) } else { None }
    }

    /// Seconds since 1970-01-01T00:00:00Z.
    #[must_use]
    pub const fn seconds(self) -> u64 {
        self.0
    }

    /// The instant `duration` later, or `None` if that lies after the year 9999: an instant that is never reached.
    #[must_use]
    pub const fn plus(self, duration: Seconds) -> Option<Self> {
        Self::from_seconds(self.0 + duration.0)
    }

    /// The instant `duration` earlier, not before 1970.
    #[must_use]
    pub const fn minus(self, duration: Seconds) -> Self {
        Self(self.0.saturating_sub(duration.0))
    }

    /// Reads RFC 3339 (any offset; a fraction of a second is dropped) or a NumericDate in decimal digits.
    ///
    /// # Errors
    /// [`TimeError`] with the text, if it is neither or lies outside of the years 1970 to 9999.
    pub fn parse(text: &str) -> Result<Self, TimeError> {
        let out_of_range = || TimeError::OutOfRange(text.into());
        if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
            let seconds = text.parse().map_err(|_| out_of_range())?;
            return Self::from_seconds(seconds).ok_or_else(out_of_range);
        }
        // RFC 3339, section 5.6: the grammar has a T there; the parser would take a space as well.
        if !matches!(text.as_bytes().get(10), Some(b'T' | b't')) {
            return Err(TimeError::NoTime(text.into()));
        }
        let parsed = DateTime::parse_from_rfc3339(text).map_err(|_| TimeError::NoTime(text.into()))?;
        let seconds = u64::try_from(parsed.timestamp()).map_err(|_| out_of_range())?;
        Self::from_seconds(seconds).ok_or_else(out_of_range)
    }

    /// The first second of a calendar day in UTC, written `YYYY-MM-DD`.
    ///
    /// # Errors
    /// [`TimeError`] with the text, if it is no such day or lies outside of the years 1970 to 9999.
    pub fn start_of_day(text: &str) -> Result<Self, TimeError> {
        let day = parse_day(text)?;
        Self::from_day(day).ok_or_else(|| TimeError::OutOfRange(text.into()))
    }

    /// The first second after a calendar day in UTC, written `YYYY-MM-DD`: an end that lets the whole day count.
    ///
    /// # Errors
    /// [`TimeError`] with the text, if it is no such day or its end lies outside of the years 1970 to 9999.
    pub fn end_of_day(text: &str) -> Result<Self, TimeError> {
        let next = parse_day(text)?.checked_add_days(Days::new(1));
        next.and_then(Self::from_day).ok_or_else(|| TimeError::OutOfRange(text.into()))
    }

    /// This instant moved by calendar months in UTC; the day is clipped to the length of the month, so a year after
    /// 29 February is 28 February. `None` after the year 9999.
    #[must_use]
    pub fn plus_months(self, months: u32) -> Option<Self> {
        self.civil()?.checked_add_months(Months::new(months)).and_then(Self::from_civil)
    }

    /// This instant moved by calendar days in UTC, or `None` after the year 9999.
    #[must_use]
    pub fn plus_days(self, days: u32) -> Option<Self> {
        self.civil()?.checked_add_days(Days::new(days.into())).and_then(Self::from_civil)
    }

    /// The calendar day in UTC, `YYYY-MM-DD`.
    #[must_use]
    pub fn day(self) -> String {
        let mut text = alloc::format!("{self}");
        text.truncate(10);
        text
    }

    fn civil(self) -> Option<DateTime<Utc>> {
        DateTime::from_timestamp(i64::try_from(self.0).ok()?, 0)
    }

    fn from_civil(civil: DateTime<Utc>) -> Option<Self> {
        Self::from_seconds(u64::try_from(civil.timestamp()).ok()?)
    }

    fn from_day(day: NaiveDate) -> Option<Self> {
        if day.year() < 1970 {
            return None;
        }
        Self::from_civil(day.and_hms_opt(0, 0, 0)?.and_utc())
    }
}

fn parse_day(text: &str) -> Result<NaiveDate, TimeError> {
    let shaped = text.len() == 10 && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-');
    NaiveDate::parse_from_str(text, "%Y-%m-%d")
        .ok()
        .filter(|_| shaped)
        .ok_or_else(|| TimeError::NoDay(text.into()))
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.civil() {
            Some(civil) => write!(f, "{}", civil.format("%Y-%m-%dT%H:%M:%SZ")),
            None => write!(f, "{}", self.0),
        }
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u64(self.0)
    }
}

impl Seconds {
    /// No time at all.
    pub const ZERO: Self = Self(0);

    /// A duration of `seconds`, or `None` over ten years of 365 days.
    #[must_use]
    pub const fn new(seconds: u64) -> Option<Self> {
        if seconds <= limits::DURATION_MAX { Some(Self(seconds)) } else { None }
    }

    /// The number of seconds.
    #[must_use]
    pub const fn get(self) -> u64 {
        self.0
    }
}

impl Serialize for Seconds {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u64(self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;

    fn at(text: &str) -> Timestamp {
        Timestamp::parse(text).unwrap()
    }

    #[test]
    fn reads_rfc_3339_and_numeric_dates() {
        assert_eq!(at("1826841600"), at("2027-11-22T00:00:00Z"));
        assert_eq!(at("2027-11-22T01:30:00+01:30"), at("2027-11-22T00:00:00Z"));
        assert_eq!(at("2027-11-22T00:00:00.999Z"), at("2027-11-22T00:00:00Z"));
        assert_eq!(at("253402300799").to_string(), "9999-12-31T23:59:59Z");
        assert_eq!(at("0").to_string(), "1970-01-01T00:00:00Z");
    }

    #[test]
    fn refuses_what_is_no_instant() {
        for text in [
            "",
            "-5",
            "+5",
            "1e9",
            "2027-11-22",
            "2027-11-22 00:00:00Z",
            "tomorrow",
            "253402300800",
            "1969-12-31T23:59:59Z",
        ] {
            assert!(Timestamp::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn months_are_calendar_months() {
        assert_eq!(at("2028-02-29T12:00:00Z").plus_months(12), Some(at("2029-02-28T12:00:00Z")));
        assert_eq!(at("2027-08-31T00:00:00Z").plus_months(6), Some(at("2028-02-29T00:00:00Z")));
        assert_eq!(at("9999-12-01T00:00:00Z").plus_months(1), None);
        assert_eq!(at("2027-12-31T00:00:00Z").plus_days(1), Some(at("2028-01-01T00:00:00Z")));
    }

    #[test]
    fn a_day_starts_at_midnight_and_runs_through() {
        assert_eq!(Timestamp::start_of_day("2028-02-29"), Ok(at("2028-02-29T00:00:00Z")));
        assert_eq!(Timestamp::end_of_day("2028-02-29"), Ok(at("2028-03-01T00:00:00Z")));
        for text in ["2027-02-29", "2027-2-1", "27-02-01", "1969-12-31", "9999-12-31x", "+027-02-01"] {
            assert!(Timestamp::start_of_day(text).is_err(), "{text}");
        }
        assert!(Timestamp::end_of_day("9999-12-31").is_err());
    }

    #[test]
    fn an_instant_after_the_last_is_never_reached() {
        assert_eq!(Timestamp::MAX.plus(Seconds(1)), None);
        assert_eq!(Timestamp::MAX.plus(Seconds::ZERO), Some(Timestamp::MAX));
        assert_eq!(Timestamp::EPOCH.minus(Seconds(1)), Timestamp::EPOCH);
        assert_eq!(Seconds::new(315_360_001), None);
    }
}
