//! Reading members by their rules, so that each rule stands once and each error says where.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::ops::RangeInclusive;

use super::ClaimsError;
use super::shape::path;
use super::status_list::StatusRef;
use crate::json::{Members, Value, raw_member};
use crate::limits;
use crate::name::{Name, StringError, Text};
use crate::time::{Seconds, Timestamp};

/// The members of one object and where it stands.
#[derive(Clone, Copy)]
pub(crate) struct Fields<'a> {
    place: &'static str,
    members: &'a Members,
}

impl<'a> Fields<'a> {
    /// The payload itself.
    pub(crate) const fn top(members: &'a Members) -> Self {
        Self { place: "", members }
    }

    /// An object that stands in an array or a map.
    pub(crate) const fn within(place: &'static str, members: &'a Members) -> Self {
        Self { place, members }
    }

    /// The member if it is there.
    pub(crate) fn optional(&self, name: &str) -> Option<&'a Value> {
        self.members.get(name)
    }

    /// The member, required.
    pub(crate) fn value(&self, name: &str) -> Result<&'a Value, ClaimsError> {
        self.optional(name).ok_or_else(|| ClaimsError::Missing { path: path(self.place, name) })
    }

    /// The error for a member that breaks its rule.
    pub(crate) fn breaks(&self, name: &str, rule: impl ToString) -> ClaimsError {
        ClaimsError::Rule { path: path(self.place, name), rule: rule.to_string() }
    }

    /// The object `name`; `place` is its whole path.
    pub(crate) fn object(&self, name: &str, place: &'static str) -> Result<Self, ClaimsError> {
        let members = self.value(name)?.as_object().ok_or_else(|| self.breaks(name, "an object"))?;
        Ok(Fields { place, members })
    }

    pub(crate) fn string(&self, name: &str) -> Result<&'a str, ClaimsError> {
        self.value(name)?.as_str().ok_or_else(|| self.breaks(name, "a string"))
    }

    /// A string of a checked type.
    pub(crate) fn parse<T>(
        &self,
        name: &str,
        new: impl Fn(&str) -> Result<T, StringError>,
    ) -> Result<T, ClaimsError> {
        new(self.string(name)?).map_err(|error| self.breaks(name, alloc::format!("valid, but {error}")))
    }

    /// A hash: 64 lower-case hexadecimal digits.
    pub(crate) fn hash(&self, name: &str) -> Result<[u8; 32], ClaimsError> {
        let hash = super::request::hex_32(self.string(name)?);
        hash.ok_or_else(|| self.breaks(name, "64 lower-case hexadecimal digits"))
    }

    pub(crate) fn text(&self, name: &str) -> Result<Text, ClaimsError> {
        self.parse(name, Text::new)
    }

    /// One of a few words.
    pub(crate) fn word<T: Copy>(&self, name: &str, words: &[(&str, T)]) -> Result<T, ClaimsError> {
        let found = self.string(name)?;
        let refused = || {
            let known: Vec<String> = words.iter().map(|(word, _)| alloc::format!("{word:?}")).collect();
            self.breaks(name, known.join(" or "))
        };
        words.iter().find(|(word, _)| *word == found).map(|(_, value)| *value).ok_or_else(refused)
    }

    pub(crate) fn integer(&self, name: &str, range: RangeInclusive<u64>) -> Result<u64, ClaimsError> {
        let number = self.value(name)?.as_integer().filter(|number| range.contains(number));
        number.ok_or_else(|| {
            self.breaks(name, alloc::format!("an integer from {} to {}", range.start(), range.end()))
        })
    }

    pub(crate) fn time(&self, name: &str) -> Result<Timestamp, ClaimsError> {
        let time = self.value(name)?.as_integer().and_then(Timestamp::from_seconds);
        time.ok_or_else(|| self.breaks(name, "a time in seconds from 1970 to 9999"))
    }

    pub(crate) fn seconds(&self, name: &str, max: u64) -> Result<Seconds, ClaimsError> {
        let seconds = self.integer(name, 0..=max)?;
        Seconds::new(seconds).ok_or_else(|| self.breaks(name, "a duration of at most ten years"))
    }

    /// What `read` reads, or `None` for null.
    pub(crate) fn nullable<T>(
        &self,
        name: &str,
        read: impl Fn(&Self, &str) -> Result<T, ClaimsError>,
    ) -> Result<Option<T>, ClaimsError> {
        match self.value(name)? {
            Value::Null => Ok(None),
            _ => read(self, name).map(Some),
        }
    }

    /// An array of strings of a checked type, no two alike.
    pub(crate) fn set<T: Ord>(
        &self,
        name: &str,
        count: RangeInclusive<usize>,
        new: impl Fn(&str) -> Result<T, StringError>,
    ) -> Result<Vec<T>, ClaimsError> {
        let items = self.list(name, count, new)?;
        if items.iter().collect::<BTreeSet<_>>().len() < items.len() {
            return Err(self.breaks(name, "an array without repetitions"));
        }
        Ok(items)
    }

    /// An array of strings of a checked type.
    pub(crate) fn list<T>(
        &self,
        name: &str,
        count: RangeInclusive<usize>,
        new: impl Fn(&str) -> Result<T, StringError>,
    ) -> Result<Vec<T>, ClaimsError> {
        let rule =
            || self.breaks(name, alloc::format!("an array of {} to {} strings", count.start(), count.end()));
        let items =
            self.value(name)?.as_array().filter(|items| count.contains(&items.len())).ok_or_else(rule)?;
        let item = |item: &Value| {
            new(item.as_str().ok_or_else(rule)?)
                .map_err(|error| self.breaks(name, alloc::format!("valid, but {error}")))
        };
        items.iter().map(item).collect()
    }

    /// A map of names to what `read` makes of the values.
    pub(crate) fn map<T>(
        &self,
        name: &str,
        max: usize,
        rule: &str,
        read: impl Fn(&Value) -> Option<T>,
    ) -> Result<BTreeMap<Name, T>, ClaimsError> {
        let refused = || self.breaks(name, alloc::format!("an object of at most {max} names, each {rule}"));
        let members =
            self.value(name)?.as_object().filter(|members| members.len() <= max).ok_or_else(refused)?;
        let entry = |(key, value): (&String, &Value)| {
            let key =
                Name::new(key).map_err(|error| self.breaks(name, alloc::format!("valid, but {error}")))?;
            read(value).map(|value| (key, value)).ok_or_else(refused)
        };
        members.iter().map(entry).collect()
    }

    /// `status` with its one `status_list`.
    pub(crate) fn status(&self) -> Result<StatusRef, ClaimsError> {
        let list = self.object("status", "status")?.object("status_list", "status.status_list")?;
        let last = u64::from(limits::STATUS_ENTRIES - 1);
        let index = list.integer("idx", 0..=last)?;
        let index = u32::try_from(index).map_err(|_| list.breaks("idx", "an index of a status list"))?;
        Ok(StatusRef { index, uri: list.parse("uri", crate::name::Uri::new)? })
    }

    /// `version`, `extensions` and `critical` of this object, which lies in `payload` as its member `body`.
    pub(crate) fn extensions(&self, payload: &[u8], body: &str) -> Result<Members, ClaimsError> {
        self.integer("version", 1..=1)?;
        self.value("critical")?.as_array().ok_or_else(|| self.breaks("critical", "an array"))?;
        let rule = || {
            self.breaks(
                "extensions",
                alloc::format!("an object of at most {} bytes", limits::EXTENSION_BYTES),
            )
        };
        let extensions = self.value("extensions")?.as_object().ok_or_else(rule)?;
        // The bytes count as they stand; a payload that is not larger needs no second look.
        if payload.len() > limits::EXTENSION_BYTES {
            let payload = crate::json::utf8(payload)?;
            let raw = raw_member(payload, &[body, "extensions"]).ok_or_else(rule)?;
            if raw.len() > limits::EXTENSION_BYTES {
                return Err(rule());
            }
        }
        Ok(extensions.clone())
    }
}
