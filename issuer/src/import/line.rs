//! One object of an export: every member read, named and used once.

use lictor_shared::Timestamp;
use lictor_shared::json::{Members, Value};

/// Why a line is refused: the member, and what is wrong with it.
pub(super) struct Refused(pub(super) String);

/// The members of an object that are still to be read.
pub(super) struct Object {
    path: String,
    members: Members,
}

impl Object {
    pub(super) fn new(path: &str, members: Members) -> Self {
        Self { path: path.into(), members }
    }

    pub(super) fn refuse(&self, name: &str, why: impl core::fmt::Display) -> Refused {
        Refused(format!("{}{name}: {why}", self.path))
    }

    pub(super) fn take(&mut self, name: &str) -> Result<Value, Refused> {
        self.members.remove(name).ok_or_else(|| self.refuse(name, "it is missing"))
    }

    pub(super) fn text(&mut self, name: &str) -> Result<String, Refused> {
        match self.take(name)? {
            Value::String(text) => Ok(text),
            _ => Err(self.refuse(name, "it is no string")),
        }
    }

    pub(super) fn integer(&mut self, name: &str) -> Result<u64, Refused> {
        self.take(name)?.as_integer().ok_or_else(|| self.refuse(name, "it is no integer"))
    }

    /// The objects in an array.
    pub(super) fn objects(&mut self, name: &str) -> Result<Vec<Self>, Refused> {
        let Value::Array(given) = self.take(name)? else { return Err(self.refuse(name, "it is no array")) };
        let mut objects = Vec::with_capacity(given.len());
        for (place, given) in given.into_iter().enumerate() {
            let Value::Object(members) = given else {
                return Err(self.refuse(&format!("{name}[{place}]"), "it is no object"));
            };
            objects.push(Self::new(&format!("{}{name}[{place}].", self.path), members));
        }
        Ok(objects)
    }

    /// An instant, or null for none.
    pub(super) fn time(&mut self, name: &str) -> Result<Option<Timestamp>, Refused> {
        match self.take(name)? {
            Value::Null => Ok(None),
            Value::String(text) => match Timestamp::parse(&text) {
                Ok(at) if at.to_string() == text => Ok(Some(at)),
                _ => Err(self.refuse(name, format_args!("{text:?} is no instant as 2026-11-22T00:00:00Z"))),
            },
            _ => Err(self.refuse(name, "it is neither an instant nor null")),
        }
    }

    /// What stands there must be what the token says.
    pub(super) fn says(&mut self, name: &str, token: impl Into<Value>) -> Result<(), Refused> {
        let (said, token) = (self.take(name)?, token.into());
        match said == token {
            true => Ok(()),
            false => Err(self.refuse(name, format_args!("it is {said}, and {token} in the token"))),
        }
    }

    /// Nothing may be left.
    pub(super) fn end(self) -> Result<(), Refused> {
        match self.members.keys().next() {
            None => Ok(()),
            Some(name) => Err(self.refuse(name, "an export has no such member")),
        }
    }
}
