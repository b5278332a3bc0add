//! How values are read from the command line; what is wrong with one is a usage error that says what it should be.

use std::collections::BTreeMap;

use lictor_keys::KeyPurpose;
use lictor_shared::{Algorithm, Limit, Name, Origin, OriginPattern, Timestamp, limits};

use crate::error::{Failure, FailureKind};
use crate::terms::{self, FromText, Maintenance, TermLength};

/// RFC 3339 or seconds since 1970.
pub(crate) fn time(text: &str) -> Result<Timestamp, String> {
    Timestamp::parse(text).map_err(|error| error.to_string())
}

/// A calendar day as a start, or RFC 3339.
pub(crate) fn start(text: &str) -> Result<Timestamp, String> {
    terms::start(text).map_err(|error| error.to_string())
}

/// A calendar day as an end, or RFC 3339.
pub(crate) fn end(text: &str) -> Result<Timestamp, String> {
    terms::end(text).map_err(|error| error.to_string())
}

/// A URL, cut to its origin.
pub(crate) fn origin(text: &str) -> Result<Origin, String> {
    Origin::from_url(text).map_err(|error| error.to_string())
}

/// An integer within the range of the formats.
pub(crate) fn integer(text: &str) -> Result<u64, String> {
    let number = text.parse().ok().filter(|number| *number <= limits::INTEGER_MAX);
    let plain = text.bytes().all(|byte| byte.is_ascii_digit());
    number
        .filter(|_| plain)
        .ok_or_else(|| format!("{text:?} is no integer from 0 to {}", limits::INTEGER_MAX))
}

/// Whatever the terms of licenses are written in.
pub(crate) fn term<T: FromText>(text: &str) -> Result<T, String> {
    T::from_text(text).map_err(|error| error.to_string())
}

/// `1y`, `90d`, `perpetual`; dates have an option of their own.
pub(crate) fn term_length(text: &str) -> Result<TermLength, String> {
    match term(text)? {
        TermLength::Until(_) => Err(format!("{text:?} is a date; give it with --until")),
        length => Ok(length),
    }
}

/// `NAME=NUMBER` or `NAME=unlimited`.
pub(crate) fn limit(text: &str) -> Result<(Name, Limit), String> {
    let (name, value) = pair(text, "agents=250")?;
    Ok((name, term(value)?))
}

/// `NAME=TEXT`.
pub(crate) fn meta(text: &str) -> Result<(Name, String), String> {
    let (name, value) = pair(text, "po=4711")?;
    if value.chars().count() > limits::META_CHARS {
        return Err(format!("the text has more than {} characters", limits::META_CHARS));
    }
    Ok((name, value.into()))
}

/// Named values of an option that may be given several times, each name once.
pub(crate) fn distinct<T: Clone>(pairs: &[(Name, T)], option: &str) -> Result<BTreeMap<Name, T>, Failure> {
    let mut named = BTreeMap::new();
    for (name, value) in pairs {
        if named.insert(name.clone(), value.clone()).is_some() {
            return Err(Failure::new(FailureKind::Usage, format!("{option} names {name} twice"))
                .hint("give each name once"));
        }
    }
    Ok(named)
}

/// One of several, or the word `none`: that there shall be none of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum OrNone<T> {
    /// This one.
    One(T),
    /// None at all.
    None,
}

/// Reads one of several, or `none`.
pub(crate) fn or_none<T>(
    one: impl Fn(&str) -> Result<T, String> + Clone,
) -> impl Fn(&str) -> Result<OrNone<T>, String> + Clone {
    move |text| match text {
        "none" => Ok(OrNone::None),
        _ => one(text).map(OrNone::One),
    }
}

/// What an option gave that may be given several times: nothing was said, or these and no others, or none at all.
pub(crate) fn some<T: Clone>(given: &[OrNone<T>], option: &str) -> Result<Option<Vec<T>>, Failure> {
    let ones: Vec<T> = given
        .iter()
        .filter_map(|given| match given {
            OrNone::One(one) => Some(one.clone()),
            OrNone::None => None,
        })
        .collect();
    match given {
        [] => Ok(None),
        [OrNone::None] => Ok(Some(Vec::new())),
        _ if ones.len() == given.len() => Ok(Some(ones)),
        _ => Err(Failure::new(FailureKind::Usage, format!("{option} none stands beside others"))
            .hint(format!("give {option} none alone, or leave it out"))),
    }
}

/// A name.
pub(crate) fn name(text: &str) -> Result<Name, String> {
    Name::new(text).map_err(|error| error.to_string())
}

/// An origin that a license is bound to.
pub(crate) fn origin_pattern(text: &str) -> Result<OriginPattern, String> {
    text.parse().map_err(|error: <OriginPattern as core::str::FromStr>::Err| error.to_string())
}

/// The last day of releases that are covered, or `unlimited`.
pub(crate) fn maintenance(text: &str) -> Result<Maintenance, String> {
    match text {
        "unlimited" => Ok(Maintenance::Unlimited),
        _ => end(text).map(Maintenance::Until),
    }
}

fn pair<'a>(text: &'a str, example: &str) -> Result<(Name, &'a str), String> {
    let (name, value) =
        text.split_once('=').ok_or_else(|| format!("{text:?} has no '='; write it like {example}"))?;
    Ok((Name::new(name).map_err(|error| error.to_string())?, value))
}

/// `EdDSA` or `Ed25519`.
pub(crate) fn algorithm(text: &str) -> Result<Algorithm, String> {
    Algorithm::from_name(text).ok_or_else(|| format!("{text:?} is no algorithm; write EdDSA or Ed25519"))
}

/// `license`, `status`, `activation` or `log`.
pub(crate) fn purpose(text: &str) -> Result<KeyPurpose, String> {
    let known = KeyPurpose::from_word(text);
    known.ok_or_else(|| format!("{text:?} is no purpose; write license, status, activation or log"))
}
