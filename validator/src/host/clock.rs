//! The system clock.

use lictor_shared::Timestamp;
use std::time::{SystemTime, UNIX_EPOCH};

/// The clock stands before 1970 or after 9999.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the system clock stands outside of the years 1970 to 9999; set it")]
pub struct ClockError;

/// The system clock in UTC, whole seconds.
///
/// # Errors
/// [`ClockError`] if it stands where no license was ever issued.
pub fn system_time() -> Result<Timestamp, ClockError> {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).map_err(|_| ClockError)?;
    Timestamp::from_seconds(since.as_secs()).ok_or(ClockError)
}

/// The system clock; one that stands outside of the years of the format stands at their nearer end.
pub(crate) fn nearest_time() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(Timestamp::EPOCH, |since| Timestamp::from_seconds(since.as_secs()).unwrap_or(Timestamp::MAX))
}
