//! Terms from text: of the command line, of `lictor.toml`, and of the ledger. One reader for all three.

use core::fmt;
use core::marker::PhantomData;
use lictor_shared::{ActivationPolicy, Limit, Name, SeatLimit, Seconds, limits};
use serde::Deserialize;
use serde::de::{Deserializer, Error, Visitor};
use std::collections::BTreeMap;

use super::{Maintenance, Span, StatusAge, TermLength, Terms, instant};

/// What an operator writes as a text.
pub trait FromText: Sized {
    /// Reads the text.
    ///
    /// # Errors
    /// [`TextError`] with the text, what is wrong, and how to write it.
    fn from_text(text: &str) -> Result<Self, TextError>;
}

/// A text that does not say what it should.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TextError(String);

impl TextError {
    pub(crate) fn new(text: &str, why: &str, rule: &str) -> Self {
        Self(format!("{text:?} {why}; {rule}"))
    }
}

impl fmt::Display for TextError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl core::error::Error for TextError {}

/// `perpetual`, a span, or an end as [`instant::end`] reads it.
impl FromText for TermLength {
    fn from_text(text: &str) -> Result<Self, TextError> {
        match text {
            "perpetual" => Ok(Self::Perpetual),
            _ if is_dated(text) => end(text).map(Self::Until),
            _ => Span::from_text(text).map(Self::For),
        }
    }
}

/// `never` or a duration.
impl FromText for StatusAge {
    fn from_text(text: &str) -> Result<Self, TextError> {
        match text {
            "never" => Ok(Self::Never),
            "0" => Err(TextError::new(
                text,
                "would be overdue at once",
                "write 45d, or never if none is required",
            )),
            _ => Seconds::from_text(text).map(Self::Within),
        }
    }
}

/// `unlimited`, a span, or an end as [`instant::end`] reads it.
impl FromText for Maintenance {
    fn from_text(text: &str) -> Result<Self, TextError> {
        match text {
            "unlimited" => Ok(Self::Unlimited),
            _ if is_dated(text) => end(text).map(Self::Until),
            _ => Span::from_text(text).map(Self::For),
        }
    }
}

/// `unlimited` or a number from 1 on.
impl FromText for SeatLimit {
    fn from_text(text: &str) -> Result<Self, TextError> {
        const RULE: &str = "write a number from 1 on, or unlimited";
        match text {
            "unlimited" => Ok(Self::Unlimited),
            "0" => Err(TextError::new(text, "would let nobody in", RULE)),
            _ => number(text, RULE).map(Self::AtMost),
        }
    }
}

/// `unlimited` or a number.
impl FromText for Limit {
    fn from_text(text: &str) -> Result<Self, TextError> {
        match text {
            "unlimited" => Ok(Self::Unlimited),
            _ => number(text, "write a number, or unlimited").map(Self::AtMost),
        }
    }
}

/// A number from 0 on.
impl FromText for u64 {
    fn from_text(text: &str) -> Result<Self, TextError> {
        number(text, "write a number from 0 on")
    }
}

/// `required` or `optional`.
impl FromText for ActivationPolicy {
    fn from_text(text: &str) -> Result<Self, TextError> {
        let known = [Self::Required, Self::Optional].into_iter().find(|policy| policy.as_str() == text);
        known.ok_or_else(|| TextError::new(text, "is no such policy", "write required or optional"))
    }
}

impl FromText for Name {
    fn from_text(text: &str) -> Result<Self, TextError> {
        Self::new(text).map_err(|error| TextError(error.to_string()))
    }
}

/// `2027-…`: a year and a hyphen.
fn is_dated(text: &str) -> bool {
    let mut letters = text.bytes();
    letters.by_ref().take(4).filter(u8::is_ascii_digit).count() == 4 && letters.next() == Some(b'-')
}

fn end(text: &str) -> Result<lictor_shared::Timestamp, TextError> {
    instant::end(text).map_err(|error| TextError(error.to_string()))
}

fn number(text: &str, rule: &str) -> Result<u64, TextError> {
    let plain = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let number = if plain { text.parse().ok() } else { None };
    number
        .filter(|number| *number <= limits::INTEGER_MAX)
        .ok_or_else(|| TextError::new(text, "is no such number", rule))
}

/// A value in a file: a string, or a number where a number is meant.
pub(crate) struct Read<T>(pub(crate) T);

impl<'de, T: FromText> Deserialize<'de> for Read<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Texts<T>(PhantomData<T>);
        impl<T: FromText> Visitor<'_> for Texts<T> {
            type Value = T;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string or a number")
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<T, E> {
                T::from_text(text).map_err(E::custom)
            }

            fn visit_u64<E: Error>(self, number: u64) -> Result<T, E> {
                self.visit_str(&number.to_string())
            }

            fn visit_i64<E: Error>(self, number: i64) -> Result<T, E> {
                self.visit_str(&number.to_string())
            }
        }
        deserializer.deserialize_any(Texts(PhantomData)).map(Self)
    }
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
struct TermsText {
    term: Option<Read<TermLength>>,
    warn: Option<Read<Seconds>>,
    grace: Option<Read<Seconds>>,
    revocation_grace: Option<Read<Seconds>>,
    status_grace: Option<Read<Seconds>>,
    activation_grace: Option<Read<Seconds>>,
    maintenance_grace: Option<Read<Seconds>>,
    max_status_age: Option<Read<StatusAge>>,
    maintenance: Option<Read<Maintenance>>,
    seats: Option<Read<SeatLimit>>,
    overage: Option<Read<u64>>,
    activation: Option<Read<ActivationPolicy>>,
    features: Option<Vec<Read<Name>>>,
    /// An empty table says nothing.
    limits: BTreeMap<String, Read<Limit>>,
    environments: Option<Vec<Read<Name>>>,
}

impl<'de> Deserialize<'de> for Terms {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = TermsText::deserialize(deserializer)?;
        let value = |duration: Option<Read<Seconds>>| duration.map(|Read(duration)| duration);
        let names = |names: Option<Vec<Read<Name>>>| {
            names.map(|names| names.into_iter().map(|Read(name)| name).collect::<Vec<_>>())
        };
        let limit = |(name, Read(limit)): (String, Read<Limit>)| {
            Name::new(&name).map(|name| (name, limit)).map_err(D::Error::custom)
        };
        Ok(Self {
            term: text.term.map(|Read(term)| term),
            warn: value(text.warn),
            grace: value(text.grace),
            revocation_grace: value(text.revocation_grace),
            status_grace: value(text.status_grace),
            activation_grace: value(text.activation_grace),
            maintenance_grace: value(text.maintenance_grace),
            max_status_age: text.max_status_age.map(|Read(age)| age),
            maintenance: text.maintenance.map(|Read(maintenance)| maintenance),
            seats: text.seats.map(|Read(seats)| seats),
            overage: text.overage.map(|Read(overage)| overage),
            activation: text.activation.map(|Read(policy)| policy),
            features: names(text.features),
            limits: (!text.limits.is_empty())
                .then(|| text.limits.into_iter().map(limit).collect::<Result<_, _>>())
                .transpose()?,
            environments: names(text.environments),
        })
    }
}
