//! Instants as vectors write them, computed without the code under test.

use lictor_shared::Timestamp;

/// `2027-06-01` or `2027-06-01T00:00:00Z` in full.
pub(crate) fn full(text: &str) -> String {
    if text.len() == 10 { format!("{text}T00:00:00Z") } else { text.into() }
}

/// Seconds since 1970, by the count of days of the proleptic Gregorian calendar.
pub(crate) fn seconds(text: &str) -> u64 {
    let full = full(text);
    let numbers: Vec<u64> = full
        .trim_end_matches('Z')
        .split(['-', 'T', ':'])
        .map(|part| part.parse().unwrap_or_else(|_| panic!("{text:?} is no instant")))
        .collect();
    let [year, month, day, hour, minute, second] = numbers[..] else { panic!("{text:?} is no instant") };
    // The year is taken to begin in March, so that the leap day is its last.
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let days = 365 * year + year / 4 - year / 100 + year / 400 + (153 * month + 2) / 5 + day - 1;
    // 719468 days lie between 1 March of the year 0 and 1 January 1970.
    (days - 719_468) * 86_400 + hour * 3_600 + minute * 60 + second
}

pub(crate) fn timestamp(text: &str) -> Timestamp {
    Timestamp::from_seconds(seconds(text)).unwrap()
}

#[test]
fn seconds_are_counted_right() {
    for (text, count) in [
        ("1970-01-01", 0),
        ("2000-02-29", 951_782_400),
        ("2027-11-22", 1_826_841_600),
        ("2028-02-29T12:34:56Z", 1_835_440_496),
        ("9999-12-31T23:59:59Z", 253_402_300_799),
    ] {
        assert_eq!(seconds(text), count, "{text}");
    }
}
