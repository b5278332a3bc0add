//! Months of the calendar, in UTC.

use core::fmt;
use lictor_shared::Timestamp;

/// A month of a year.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Month {
    year: u32,
    /// From 1.
    month: u32,
}

const NAMES: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

impl Month {
    /// The month in which an instant lies.
    #[must_use]
    pub fn of(at: Timestamp) -> Self {
        let day = at.day();
        let mut numbers = day.split('-').map(|number| number.parse().unwrap_or(1));
        Self { year: numbers.next().unwrap_or(1970), month: numbers.next().unwrap_or(1) }
    }

    /// The one after it.
    #[must_use]
    pub const fn next(self) -> Self {
        match self.month {
            12 => Self { year: self.year + 1, month: 1 },
            month => Self { year: self.year, month: month + 1 },
        }
    }

    /// The one before it.
    #[must_use]
    pub const fn before(self) -> Self {
        match self.month {
            1 => Self { year: self.year.saturating_sub(1), month: 12 },
            month => Self { year: self.year, month: month - 1 },
        }
    }

    /// So many months, of which this is the first.
    pub fn following(self, months: usize) -> impl Iterator<Item = Self> {
        core::iter::successors(Some(self), |month| Some(month.next())).take(months)
    }

    /// The year.
    #[must_use]
    pub const fn year(self) -> u32 {
        self.year
    }

    /// Its name in three letters.
    #[must_use]
    pub fn name(self) -> &'static str {
        let place = usize::try_from(self.month.saturating_sub(1)).unwrap_or_default();
        NAMES.get(place).copied().unwrap_or("?")
    }
}

/// As ISO 8601 has it: `2026-11`.
impl fmt::Display for Month {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}", self.year, self.month)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn months_follow_each_other_over_the_turn_of_the_year() {
        let november = Month::of(Timestamp::parse("2026-11-30T23:59:59Z").unwrap());
        let names: Vec<String> = november.following(4).map(|month| month.to_string()).collect();
        assert_eq!(names, ["2026-11", "2026-12", "2027-01", "2027-02"]);
        assert_eq!((november.name(), november.next().next().before().name()), ("Nov", "Dec"));
        assert_eq!(november.next().next().before(), november.next());
        let last = Month::of(Timestamp::MAX);
        assert_eq!((last.to_string(), last.name()), ("9999-12".into(), "Dec"));
    }
}
