//! How values of the formats stand in columns.

use core::fmt::Display;
use core::str::FromStr;
use lictor_shared::Timestamp;
use lictor_shared::json::Value;
use rusqlite::types::{FromSql, FromSqlError, FromSqlResult, ToSql, ToSqlOutput, ValueRef};

/// An INSERT of so many rows, each of which has these values.
///
/// What is done once for a statement is done once for all of them: SQLite builds the words that a CHECK allows anew each time, which
/// takes as long as inserting a row.
pub(crate) fn with_rows(insert: &str, values: &str, rows: usize) -> String {
    format!("{insert} VALUES {}", vec![values; rows].join(", "))
}

/// A number that is never negative.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Int(pub(crate) u64);

impl ToSql for Int {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        let number = i64::try_from(self.0);
        number.map(ToSqlOutput::from).map_err(|error| rusqlite::Error::ToSqlConversionFailure(error.into()))
    }
}

impl FromSql for Int {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        let number = value.as_i64()?;
        u64::try_from(number).map(Self).map_err(|_| FromSqlError::OutOfRange(number))
    }
}

/// An instant, as seconds since 1970.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct At(pub(crate) Timestamp);

impl ToSql for At {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        let seconds = i64::try_from(self.0.seconds());
        seconds.map(ToSqlOutput::from).map_err(|error| rusqlite::Error::ToSqlConversionFailure(error.into()))
    }
}

impl FromSql for At {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        let Int(seconds) = Int::column_result(value)?;
        let refused = || FromSqlError::Other(format!("{seconds} is no instant").into());
        Timestamp::from_seconds(seconds).map(Self).ok_or_else(refused)
    }
}

/// What is written as its text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Word<T>(pub(crate) T);

impl<T: Display> ToSql for Word<T> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(self.0.to_string().into())
    }
}

impl<T: FromStr<Err: Display>> FromSql for Word<T> {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        let refused = |error: T::Err| FromSqlError::Other(error.to_string().into());
        value.as_str()?.parse().map(Self).map_err(refused)
    }
}

/// Several texts, as a JSON array of strings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Texts<T>(pub(crate) Vec<T>);

impl<T: Display> ToSql for Texts<T> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        let texts = self.0.iter().map(|text| Value::from(text.to_string())).collect();
        Ok(Value::Array(texts).to_string().into())
    }
}

impl<T: FromStr<Err: Display>> FromSql for Texts<T> {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        let texts: Vec<String> = serde_json::from_str(value.as_str()?).map_err(FromSqlError::other)?;
        let read = |text: String| {
            text.parse().map_err(|error: T::Err| FromSqlError::Other(error.to_string().into()))
        };
        texts.into_iter().map(read).collect::<FromSqlResult<_>>().map(Self)
    }
}
