//! One pass over a text that keeps the rules, as nearly every text does that is read behind a valid signature.
//!
//! It accepts or leaves; why a text breaks a rule is for the reading level by level to say, which is asked for everything that this
//! one leaves. serde_json's features can only make it leave more: under `arbitrary_precision` a number comes as an object with a
//! name of serde_json's own, and an object with such a name is left, whoever wrote it.

use alloc::borrow::ToOwned as _;
use alloc::collections::btree_map::Entry;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;
use serde::de::{Deserialize as _, DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};

use super::{Members, Value};
use crate::limits;

/// How the names begin that serde_json hands what is not an object over under.
const RESERVED: &str = "$serde_json::";

/// The value, if the text is within the rules and nothing of it was doubtful.
pub(super) fn read(text: &str) -> Option<Value> {
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let value = At { level: 1 }.deserialize(&mut deserializer).ok()?;
    deserializer.end().ok()?;
    Some(value)
}

/// A value that is a level below so many objects and arrays, itself counted.
#[derive(Clone, Copy)]
struct At {
    level: usize,
}

impl At {
    /// What an object or array at this level holds.
    fn within<E: Error>(self) -> Result<Self, E> {
        if self.level > limits::JSON_LEVELS {
            return Err(E::custom("too deep"));
        }
        Ok(Self { level: self.level + 1 })
    }
}

impl<'de> DeserializeSeed<'de> for At {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

/// Floating point and negative numbers have no method here, so they are left.
impl<'de> Visitor<'de> for At {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value within the rules")
    }

    fn visit_unit<E: Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E: Error>(self, truth: bool) -> Result<Value, E> {
        Ok(Value::Bool(truth))
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Value, E> {
        if number > limits::INTEGER_MAX {
            return Err(E::custom("too large"));
        }
        Ok(Value::Integer(number))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Value, E> {
        Ok(Value::String(text.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let within = self.within()?;
        let mut array = Vec::new();
        while let Some(item) = items.next_element_seed(within)? {
            array.push(item);
        }
        Ok(Value::Array(array))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let within = self.within()?;
        let mut members = Members::new();
        while let Some(name) = map.next_key_seed(Name)? {
            match members.entry(name) {
                Entry::Vacant(place) => place.insert(map.next_value_seed(within)?),
                Entry::Occupied(_) => return Err(A::Error::custom("repeated")),
            };
        }
        Ok(Value::Object(members))
    }
}

/// The name of a member.
struct Name;

impl<'de> DeserializeSeed<'de> for Name {
    type Value = String;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<String, D::Error> {
        let name = String::deserialize(deserializer)?;
        if name.starts_with(RESERVED) { Err(D::Error::custom("reserved")) } else { Ok(name) }
    }
}

#[cfg(test)]
mod tests {
    use super::super::JsonError;
    use super::*;
    use alloc::string::ToString as _;

    /// Whether the build has serde_json's `arbitrary_precision`, under which one pass reads no number.
    fn reads_numbers() -> bool {
        read("1").is_some()
    }

    #[test]
    fn what_is_within_the_rules_is_read() {
        let text = " {\"a\": [null, true, \"\\u00e9\\ud83d\\ude00\", {\"\": []}],\r\n\t\"b\": false} ";
        let read = read(text).unwrap();
        assert_eq!(read.to_string(), "{\"a\":[null,true,\"é😀\",{\"\":[]}],\"b\":false}");
        assert_eq!(Value::read(text, 1), Ok(read));
    }

    #[test]
    fn an_integer_is_read_or_left_but_never_another() {
        let greatest = read("9007199254740991");
        assert_eq!(greatest, reads_numbers().then_some(Value::Integer(limits::INTEGER_MAX)));
        assert_eq!(read("0"), reads_numbers().then_some(Value::Integer(0)));
        for left in
            ["9007199254740992", "18446744073709551616", "-1", "-0", "1.0", "1e0", "1E2", "01", "1.", "+1"]
        {
            assert_eq!(read(left), None, "{left}");
            assert_eq!(read(&alloc::format!("{{\"a\":[{left}]}}")), None, "{left}");
        }
    }

    #[test]
    fn what_breaks_a_rule_is_left() {
        for left in [
            "",
            "{",
            "{}x",
            "{} {}",
            "\u{feff}{}",
            "\u{c}{}",
            "{\"a\":\"\\ud800\"}",
            "{\"\\udc00\":null}",
            "{\"a\":null,}",
            "{'a':null}",
            "{\"a\":\"\n\"}",
            "[null,]",
            "nul",
            "True",
            r#"{"a":null,"a":null}"#,
            r#"{"b":{"a":null,"\u0061":true}}"#,
            r#"[[[[[[[[[]]]]]]]]]"#,
            r#"[[[[[[[[{}]]]]]]]]"#,
        ] {
            assert_eq!(read(left), None, "{left:?}");
            assert!(Value::read(left, 1).is_err(), "{left:?}");
        }
        assert_eq!(read("[[[[[[[[null]]]]]]]]"), Value::read("[[[[[[[[null]]]]]]]]", 1).ok());
    }

    #[test]
    fn the_names_that_numbers_come_under_are_decided_level_by_level() {
        for name in ["$serde_json::private::Number", "$serde_json::private::RawValue"] {
            let text = alloc::format!("{{\"a\":{{\"{name}\":\"1\"}}}}");
            assert_eq!(read(&text), None);
            let members = Value::read_object(text.as_bytes()).unwrap();
            assert_eq!(members["a"], Value::object([(name, "1".into())]));
        }
        let twice = br#"{"$serde_json::private::Number":"1","$serde_json::private::Number":"1"}"#;
        let name = "$serde_json::private::Number".into();
        assert_eq!(Value::read_object(twice), Err(JsonError::Repeated(name)));
    }

    /// Changes of texts that keep the rules, each read both ways: what one pass reads is what the other reads.
    #[test]
    fn one_pass_reads_nothing_that_the_levels_refuse() {
        let texts = [
            "{\"a\":[1,null,true,\"\\u00e9\\ud83d\\ude00\",{}],\"b\":{\"c\":{\"d\":[[{\"e\":0}]]}},\"f\":\"é\"}",
            "{\"iat\":1795305600,\"license\":{\"limits\":{\"agents\":250,\"recordings\":null}},\"x\":[[[[[[[7]]]]]]]}",
        ];
        let pieces = "{}[]\":,0123456789.-+eE\\untrfalsd \t\n\r\u{c}\u{0}é";
        let (mut both, mut left) = (0_u32, 0_u32);
        for text in texts {
            for (at, _) in text.char_indices() {
                let (before, after) = text.split_at(at);
                let shorter: String = after.chars().skip(1).collect();
                let changed = pieces.chars().flat_map(|piece| {
                    [alloc::format!("{before}{piece}{after}"), alloc::format!("{before}{piece}{shorter}")]
                });
                for changed in changed.chain([alloc::format!("{before}{shorter}"), before.to_owned()]) {
                    match read(&changed) {
                        Some(value) => {
                            both += 1;
                            assert_eq!(Value::read(&changed, 1), Ok(value), "{changed}");
                        }
                        None if reads_numbers() => {
                            left += 1;
                            assert!(Value::read(&changed, 1).is_err(), "{changed}");
                        }
                        None => left += 1,
                    }
                }
            }
        }
        assert!(left > 5_000 && (both > 1_000 || !reads_numbers()), "{both} read, {left} left");
    }
}
