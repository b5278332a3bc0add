//! Dates as an operator writes them.

use lictor_shared::{TimeError, Timestamp};

/// The first instant of something that starts: `2026-11-22` begins at midnight, UTC; RFC 3339 is taken as it stands.
///
/// # Errors
/// [`TimeError`] if it is neither. Bare digits are refused: `20261122` would be an instant in 1970.
pub fn start(text: &str) -> Result<Timestamp, TimeError> {
    read(text, Timestamp::start_of_day)
}

/// The end of something: `2027-11-21` runs through that day, to midnight after it, UTC; RFC 3339 is taken as it stands.
///
/// # Errors
/// [`TimeError`] if it is neither.
pub fn end(text: &str) -> Result<Timestamp, TimeError> {
    read(text, Timestamp::end_of_day)
}

fn read(text: &str, day: fn(&str) -> Result<Timestamp, TimeError>) -> Result<Timestamp, TimeError> {
    match text.len() {
        10 if text.contains('-') => day(text),
        _ if text.contains('T') || text.contains('t') => Timestamp::parse(text),
        _ => Err(TimeError::NoDay(text.into())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_begins_and_runs_through() {
        let at = |text: &str| Timestamp::parse(text).unwrap();
        assert_eq!(start("2028-02-29"), Ok(at("2028-02-29T00:00:00Z")));
        assert_eq!(end("2028-02-29"), Ok(at("2028-03-01T00:00:00Z")));
        assert_eq!(end("2028-02-29T12:00:00+01:00"), Ok(at("2028-02-29T11:00:00Z")));
        for text in ["20261122", "1795305600", "22.11.2026", "2027-02-29", "tomorrow", ""] {
            assert!(start(text).is_err() && end(text).is_err(), "{text}");
        }
    }
}
