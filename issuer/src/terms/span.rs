//! Spans of the calendar, and durations.

use core::fmt;
use lictor_shared::{Seconds, Timestamp};

use super::read::{FromText, TextError};

/// A span of the calendar in UTC: a year from 29 February ends on 28 February.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Span {
    /// Calendar months.
    Months(u32),
    /// Days.
    Days(u32),
    /// Hours.
    Hours(u32),
}

impl Span {
    /// Where a span from `start` ends, or `None` after the year 9999.
    #[must_use]
    pub fn after(self, start: Timestamp) -> Option<Timestamp> {
        match self {
            Self::Months(months) => start.plus_months(months),
            Self::Days(days) => start.plus_days(days),
            Self::Hours(hours) => {
                let seconds = start.seconds().checked_add(u64::from(hours) * 3600)?;
                Timestamp::from_seconds(seconds)
            }
        }
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Months(months) if months % 12 == 0 => write!(f, "{}y", months / 12),
            Self::Months(months) => write!(f, "{months}mo"),
            Self::Days(days) => write!(f, "{days}d"),
            Self::Hours(hours) => write!(f, "{hours}h"),
        }
    }
}

/// `1y`, `6mo`, `2w`, `90d`, `12h`.
impl FromText for Span {
    fn from_text(text: &str) -> Result<Self, TextError> {
        const RULE: &str = "write a span as 1y, 6mo, 2w, 90d or 12h";
        let (number, unit) = count(text, RULE)?;
        let long = || TextError::new(text, "is longer than time", RULE);
        match unit {
            "y" => number.checked_mul(12).map(Self::Months).ok_or_else(long),
            "mo" => Ok(Self::Months(number)),
            "w" => number.checked_mul(7).map(Self::Days).ok_or_else(long),
            "d" => Ok(Self::Days(number)),
            "h" => Ok(Self::Hours(number)),
            _ => Err(unknown_unit(text, unit, RULE)),
        }
    }
}

/// `0`, or `30d`, `2w`, `12h`: days of 24 hours. Also `90s`, which nobody needs but rehearsals.
impl FromText for Seconds {
    fn from_text(text: &str) -> Result<Self, TextError> {
        const RULE: &str = "write a duration as 30d, 2w or 12h, or 0 for none";
        if text == "0" {
            return Ok(Self::ZERO);
        }
        let (number, unit) = count(text, RULE)?;
        let seconds = match unit {
            "w" => 7 * 86_400,
            "d" => 86_400,
            "h" => 3_600,
            "s" => 1,
            "y" | "mo" => {
                return Err(TextError::new(
                    text,
                    "is counted in years or months, which differ in length",
                    RULE,
                ));
            }
            _ => return Err(unknown_unit(text, unit, RULE)),
        };
        Self::new(u64::from(number) * seconds)
            .ok_or_else(|| TextError::new(text, "is longer than ten years", "the longest is 3650d"))
    }
}

/// The text that reads back as this duration.
pub(crate) fn duration(duration: Seconds) -> String {
    match duration.get() {
        0 => "0".into(),
        seconds if seconds % 86_400 == 0 => format!("{}d", seconds / 86_400),
        seconds if seconds % 3_600 == 0 => format!("{}h", seconds / 3_600),
        seconds => format!("{seconds}s"),
    }
}

/// The number, at least 1, and the unit behind it.
fn count<'t>(text: &'t str, rule: &'static str) -> Result<(u32, &'t str), TextError> {
    if text.starts_with(['-', '\u{2212}']) {
        return Err(TextError::new(text, "is negative", rule));
    }
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at_checked(digits).unwrap_or((text, ""));
    if number.is_empty() {
        return Err(TextError::new(text, "does not begin with a number", rule));
    }
    if unit.is_empty() {
        return Err(TextError::new(text, "has no unit", rule));
    }
    match number.parse() {
        Ok(0) => Err(TextError::new(text, "is no time at all", rule)),
        Ok(number) => Ok((number, unit)),
        Err(_) => Err(TextError::new(text, "is longer than time", rule)),
    }
}

fn unknown_unit(text: &str, unit: &str, rule: &'static str) -> TextError {
    let why = match unit {
        "M" | "m" => "could mean months or minutes; for months write mo",
        "Y" | "W" | "D" | "H" | "MO" | "Mo" => "has a unit in capital letters; write it in small ones",
        _ => "has an unknown unit",
    };
    TextError::new(text, why, rule)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        Timestamp::parse(text).unwrap()
    }

    #[test]
    fn spans_are_of_the_calendar() {
        let after = |text: &str, start: &str| Span::from_text(text).unwrap().after(at(start));
        assert_eq!(after("1y", "2028-02-29T00:00:00Z"), Some(at("2029-02-28T00:00:00Z")));
        assert_eq!(after("4y", "2028-02-29T00:00:00Z"), Some(at("2032-02-29T00:00:00Z")));
        assert_eq!(after("6mo", "2027-08-31T10:20:30Z"), Some(at("2028-02-29T10:20:30Z")));
        assert_eq!(after("90d", "2027-12-01T00:00:00Z"), Some(at("2028-02-29T00:00:00Z")));
        assert_eq!(after("2w", "2027-12-25T00:00:00Z"), Some(at("2028-01-08T00:00:00Z")));
        assert_eq!(after("12h", "2027-12-31T23:00:00Z"), Some(at("2028-01-01T11:00:00Z")));
        assert_eq!(after("8000y", "2027-12-31T23:00:00Z"), None);
        assert_eq!(after("4294967295h", "2027-12-31T23:00:00Z"), None);
    }

    #[test]
    fn spans_read_back() {
        for text in ["1y", "6mo", "90d", "14d", "12h"] {
            assert_eq!(Span::from_text(text).unwrap().to_string(), text);
        }
        assert_eq!(Span::from_text("12mo").unwrap().to_string(), "1y");
        for text in ["0", "30d", "12h", "90s", "3650d"] {
            assert_eq!(duration(Seconds::from_text(text).unwrap()), text);
        }
        assert_eq!(duration(Seconds::from_text("2w").unwrap()), "14d");
    }

    #[test]
    fn what_is_no_span_is_told_why() {
        for (text, why) in [
            ("0d", "no time at all"),
            ("-1d", "negative"),
            ("1M", "for months write mo"),
            ("1m", "for months write mo"),
            ("1Y", "capital letters"),
            ("d", "number"),
            ("", "number"),
            ("30", "no unit"),
            ("1.5y", "unknown unit"),
            ("1 y", "unknown unit"),
            ("99999999999d", "longer than time"),
            ("4294967295y", "longer than time"),
        ] {
            let error = Span::from_text(text).unwrap_err().to_string();
            assert!(error.contains(why), "{error}");
        }
        for (text, why) in [
            ("0d", "0 for none"),
            ("1y", "differ in length"),
            ("3651d", "ten years"),
            ("1M", "mo"),
            ("-1d", "negative"),
        ] {
            let error = Seconds::from_text(text).unwrap_err().to_string();
            assert!(error.contains(why), "{error}");
        }
    }
}
