//! JSON as the formats allow it: read into a tree of our own first, judged afterwards.
//!
//! A derived deserialiser cannot tell apart what the formats tell apart: it takes repeated names in maps, numbers with a
//! fraction, and unknown members at whatever level it does not look. So the lexing is serde_json's, and the tree is this
//! module's.
//!
//! A text is first read in one pass, which knows nothing but what is within the rules. What that leaves is decided level by
//! level: members are taken as raw text and descended into one after the other, which finds the first thing that breaks a rule and
//! keeps the reading of numbers out of reach of serde_json's build features (`arbitrary_precision` of some other crate in the
//! same build included, under which the one pass leaves every text that has a number).

mod one_pass;

use alloc::collections::BTreeMap;
use alloc::collections::btree_map::Entry;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt;
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde::{Serialize, Serializer};
use serde_json::value::RawValue;

use crate::limits;

/// The members of an object.
pub type Members = BTreeMap<String, Value>;

/// A JSON value within the rules: integers from 0 to 2^53 - 1, no repeated names, a bounded depth.
///
/// It serialises with its members in byte order of their names and without white space, so equal values are equal bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// `null`
    Null,
    /// `true` or `false`
    Bool(bool),
    /// An integer from 0 to 2^53 - 1.
    Integer(u64),
    /// A string.
    String(String),
    /// An array.
    Array(Vec<Value>),
    /// An object, its names distinct.
    Object(Members),
}

/// Why a text is not JSON within the rules.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum JsonError {
    /// Not JSON at all, or not UTF-8.
    #[error("not JSON: {0}")]
    Syntax(String),
    /// A name stands twice in one object.
    #[error("the member {0:?} stands twice in one object")]
    Repeated(String),
    /// A number that is not an integer from 0 to 2^53 - 1 in plain digits.
    #[error("the number {0} is not an integer from 0 to 9007199254740991 without sign, fraction or exponent")]
    Number(String),
    /// More levels of objects and arrays than allowed.
    #[error("objects and arrays are nested deeper than {} levels", limits::JSON_LEVELS)]
    Depth,
    /// JSON, but no object where one is needed.
    #[error("not a JSON object")]
    NotAnObject,
}

impl Value {
    /// Reads one JSON object: UTF-8 without byte order mark, no lone surrogates, nothing behind it.
    ///
    /// # Errors
    /// [`JsonError`] for the first thing that breaks a rule.
    pub fn read_object(bytes: &[u8]) -> Result<Members, JsonError> {
        let text = utf8(bytes)?;
        match one_pass::read(text).map_or_else(|| Self::read(text, 1), Ok)? {
            Self::Object(members) => Ok(members),
            _ => Err(JsonError::NotAnObject),
        }
    }

    /// Decides level by level.
    fn read(raw: &str, level: usize) -> Result<Self, JsonError> {
        // The white space of RFC 8259, section 2, and no other.
        let text = raw.trim_matches([' ', '\t', '\n', '\r']);
        match text.as_bytes().first() {
            Some(b'{' | b'[') if level > limits::JSON_LEVELS => Err(JsonError::Depth),
            Some(b'{') => Self::read_members(text, level),
            Some(b'[') => {
                let items: Vec<&RawValue> = lex(text)?;
                items
                    .into_iter()
                    .map(|item| Self::read(item.get(), level + 1))
                    .collect::<Result<_, _>>()
                    .map(Self::Array)
            }
            Some(b'"') => lex(text).map(Self::String),
            Some(b'-' | b'0'..=b'9') => integer(text).map(Self::Integer),
            Some(b'n') => lex::<()>(text).map(|()| Self::Null),
            _ => lex(text).map(Self::Bool),
        }
    }

    fn read_members(text: &str, level: usize) -> Result<Self, JsonError> {
        let mut members = Members::new();
        for (name, raw) in lex::<RawMembers<'_>>(text)?.0 {
            match members.entry(name) {
                Entry::Vacant(place) => place.insert(Self::read(raw.get(), level + 1)?),
                Entry::Occupied(first) => return Err(JsonError::Repeated(first.key().clone())),
            };
        }
        Ok(Self::Object(members))
    }

    /// The members, if this is an object.
    #[must_use]
    pub const fn as_object(&self) -> Option<&Members> {
        match self {
            Self::Object(members) => Some(members),
            _ => None,
        }
    }

    /// The integer, if this is one.
    #[must_use]
    pub const fn as_integer(&self) -> Option<u64> {
        match self {
            Self::Integer(number) => Some(*number),
            _ => None,
        }
    }

    /// The string, if this is one.
    #[must_use]
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::String(text) => Some(text),
            _ => None,
        }
    }

    /// The items, if this is an array.
    #[must_use]
    pub fn as_array(&self) -> Option<&[Self]> {
        match self {
            Self::Array(items) => Some(items),
            _ => None,
        }
    }

    /// An object of these members.
    #[must_use]
    pub fn object<const N: usize>(members: [(&str, Self); N]) -> Self {
        Self::Object(members.into_iter().map(|(name, value)| (name.to_string(), value)).collect())
    }
}

macro_rules! value_from {
    ($($from:ty, $name:ident => $value:expr;)*) => {$(
        impl From<$from> for Value {
            fn from($name: $from) -> Self {
                $value
            }
        }
    )*};
}
value_from! {
    &str, text => Self::String(text.into());
    String, text => Self::String(text);
    u64, number => Self::Integer(number);
    u32, number => Self::Integer(number.into());
    bool, truth => Self::Bool(truth);
    Vec<Value>, items => Self::Array(items);
    Members, members => Self::Object(members);
}

impl<T: Into<Self>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

impl Serialize for Value {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Null => serializer.serialize_unit(),
            Self::Bool(truth) => serializer.serialize_bool(*truth),
            Self::Integer(number) => serializer.serialize_u64(*number),
            Self::String(text) => serializer.serialize_str(text),
            Self::Array(items) => serializer.collect_seq(items),
            Self::Object(members) => serializer.collect_map(members),
        }
    }
}

/// Writes the canonical text: members sorted, no white space. For the integers, strings and ASCII names that the formats
/// use it is the JSON Canonicalization Scheme (RFC 8785).
impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&to_text(self))
    }
}

/// JSON text of one of our own types, whose serialisation has no way to fail.
pub(crate) fn to_text<T: Serialize>(value: &T) -> String {
    serde_json::to_string(value).unwrap_or_default()
}

/// The raw text of a member at a path below the object in `payload`, if it is there.
pub(crate) fn raw_member<'a>(payload: &'a str, path: &[&str]) -> Option<&'a str> {
    path.iter().try_fold(payload, |object, name| {
        let members: RawMembers<'a> = lex(object).ok()?;
        members.0.into_iter().find(|(member, _)| member == name).map(|(_, raw)| raw.get())
    })
}

pub(crate) fn utf8(bytes: &[u8]) -> Result<&str, JsonError> {
    core::str::from_utf8(bytes).map_err(|error| JsonError::Syntax(alloc::format!("{error}")))
}

pub(crate) fn lex<'a, T: Deserialize<'a>>(text: &'a str) -> Result<T, JsonError> {
    serde_json::from_str(text).map_err(|error| JsonError::Syntax(error.to_string()))
}

fn integer(text: &str) -> Result<u64, JsonError> {
    let refused = || JsonError::Number(text.chars().take(40).collect());
    let plain = text.bytes().all(|byte| byte.is_ascii_digit()) && (text == "0" || !text.starts_with('0'));
    let number = if plain { text.parse().ok() } else { None };
    number.filter(|number| *number <= limits::INTEGER_MAX).ok_or_else(refused)
}

/// One level of an object: its names unescaped, in order, repeated ones included; its values as they stand.
pub(crate) struct RawMembers<'a>(pub(crate) Vec<(String, &'a RawValue)>);

impl<'de> Deserialize<'de> for RawMembers<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Collect;
        impl<'de> Visitor<'de> for Collect {
            type Value = RawMembers<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(RawMembers(members))
            }
        }
        deserializer.deserialize_map(Collect)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Members, JsonError> {
        Value::read_object(text.as_bytes())
    }

    #[test]
    fn reads_what_the_rules_allow() {
        let members =
            read("{\"a\": [1, null, true, \"\\u00e9\\ud83d\\ude00\", {}],\r\n\t\"b\": 9007199254740991}")
                .unwrap();
        assert_eq!(members["a"].as_array().unwrap()[3].as_str(), Some("é😀"));
        assert_eq!(members["b"], Value::Integer(limits::INTEGER_MAX));
        assert_eq!(
            Value::Object(members).to_string(),
            "{\"a\":[1,null,true,\"é😀\",{}],\"b\":9007199254740991}"
        );
    }

    #[test]
    fn numbers_are_plain_integers() {
        for bad in ["-1", "-0", "1.0", "1e3", "1E3", "9007199254740992", "18446744073709551616"] {
            assert_eq!(
                read(&alloc::format!("{{\"a\":{{\"b\":[{bad}]}}}}")),
                Err(JsonError::Number(bad.into())),
                "{bad}"
            );
        }
        for bad in ["01", "+1", ".5", "1.", "NaN", "0x1", "1_0", "Infinity"] {
            assert!(matches!(read(&alloc::format!("{{\"a\":{bad}}}")), Err(JsonError::Syntax(_))), "{bad}");
        }
    }

    #[test]
    fn names_do_not_repeat_at_any_level() {
        for text in [r#"{"a":1,"a":1}"#, r#"{"b":{"a":1,"\u0061":2}}"#, r#"{"b":[{"c":{"a":1,"a":{}}}]}"#] {
            assert_eq!(read(text), Err(JsonError::Repeated("a".into())), "{text}");
        }
    }

    #[test]
    fn eight_levels_and_no_more() {
        assert!(read(r#"{"a":[[[[[[[1]]]]]]]}"#).is_ok());
        assert_eq!(read(r#"{"a":[[[[[[[[]]]]]]]]}"#), Err(JsonError::Depth));
        let bomb = alloc::format!("{{\"a\":{}{}}}", "[".repeat(500_000), "]".repeat(500_000));
        assert_eq!(read(&bomb), Err(JsonError::Depth));
    }

    #[test]
    fn everything_else_is_no_json() {
        for text in [
            "",
            "{",
            "{}x",
            "\u{feff}{}",
            "{\"a\":\"\\ud800\"}",
            "{\"\\udc00\":1}",
            "{\"a\":1,}",
            "{'a':1}",
            "{\"a\":\"\n\"}",
            "\u{c}{}",
            "{}\u{c}",
            "{\"a\":\u{c}1}",
            "{/**/}",
        ] {
            assert!(matches!(read(text), Err(JsonError::Syntax(_))), "{text:?}");
        }
        assert!(matches!(Value::read_object(b"{\"a\":\"\xff\"}"), Err(JsonError::Syntax(_))));
        for text in ["[]", "1", "null", "\"a\""] {
            assert_eq!(read(text), Err(JsonError::NotAnObject), "{text}");
        }
    }

    #[test]
    fn a_raw_member_is_found_as_it_stands() {
        let text = r#"{"license": {"x": "}", "extensions": { "a" : 1 } }}"#;
        assert_eq!(raw_member(text, &["license", "extensions"]), Some(r#"{ "a" : 1 }"#));
        assert_eq!(raw_member(text, &["license", "none"]), None);
    }
}
