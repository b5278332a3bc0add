//! Entries of the log, as somebody reads them who has a proof of them and no ledger.

use alloc::string::{String, ToString};

use crate::id::Uuid;
use crate::json::{JsonError, Members, Value};
use crate::time::Timestamp;

/// An event, read from its leaf (FORMAT.md, section 11). Of a kind that this version does not know it tells what all have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogEvent {
    /// Its place in the log, from 1.
    pub seq: u64,
    /// When it was.
    pub at: Timestamp,
    /// How that is known: `system` or `given`.
    pub clock: String,
    /// Who did it.
    pub actor: String,
    /// What happened, a word of the register.
    pub kind: String,
    /// What belongs to the kind.
    pub body: Members,
}

/// Why an entry is no event.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LogEventError {
    /// No JSON object.
    #[error("the entry is no event of an issuer: {0}")]
    Json(#[from] JsonError),
    /// A member is missing, or not as it must be.
    #[error("the entry is no event of an issuer: it has no proper member {0:?}")]
    Member(&'static str),
    /// Another text for the same.
    #[error(
        "the entry is no event of an issuer: it is not in canonical form, or has members that no event has"
    )]
    NotCanonical,
}

impl LogEvent {
    /// Reads a leaf.
    ///
    /// # Errors
    /// [`LogEventError`] if it is none.
    pub fn read(leaf: &[u8]) -> Result<Self, LogEventError> {
        let mut members = Value::read_object(leaf)?;
        let canonical = Value::Object(members.clone()).to_string().as_bytes() == leaf;
        let mut take = |name: &'static str| members.remove(name).ok_or(LogEventError::Member(name));
        let text = |name, value: Value| match value {
            Value::String(text) => Ok(text),
            _ => Err(LogEventError::Member(name)),
        };
        let integer = |name, value: Value| value.as_integer().ok_or(LogEventError::Member(name));
        let event = Self {
            seq: integer("seq", take("seq")?)?,
            at: Timestamp::from_seconds(integer("at", take("at")?)?).ok_or(LogEventError::Member("at"))?,
            clock: text("clock", take("clock")?)?,
            actor: text("actor", take("actor")?)?,
            kind: text("kind", take("kind")?)?,
            body: match take("body")? {
                Value::Object(body) => body,
                _ => return Err(LogEventError::Member("body")),
            },
        };
        if integer("version", take("version")?)? != 1 {
            return Err(LogEventError::Member("version"));
        }
        if canonical && members.is_empty() { Ok(event) } else { Err(LogEventError::NotCanonical) }
    }

    /// A member of the body that is a text.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<&str> {
        self.body.get(name).and_then(Value::as_str)
    }

    /// A member of the body that is an id.
    #[must_use]
    pub fn id(&self, name: &str) -> Option<Uuid> {
        self.text(name).and_then(|text| text.parse().ok())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LEAF: &str = r#"{"actor":"jana","at":1798761600,"body":{"customer":{"sha256":"00"},"license":"019b7701-4c00-7a10-8f3e-1a2b3c4d5e6f"},"clock":"system","kind":"license.issued","seq":1,"version":1}"#;

    #[test]
    fn an_event_is_read() {
        let event = LogEvent::read(LEAF.as_bytes()).unwrap();
        assert_eq!((event.seq, event.actor.as_str(), event.kind.as_str()), (1, "jana", "license.issued"));
        assert_eq!(event.at.to_string(), "2027-01-01T00:00:00Z");
        assert_eq!(event.id("license").map(|id| id.to_string()).as_deref(), event.text("license"));
        assert_eq!((event.text("customer"), event.id("customer")), (None, None));
        // A kind of a later version.
        let later = LEAF.replace("license.issued", "license.melted");
        assert_eq!(LogEvent::read(later.as_bytes()).unwrap().kind, "license.melted");
    }

    #[test]
    fn nothing_else_is_one() {
        for (from, to) in [
            (r#""seq":1"#, r#""seq":"1""#),
            (r#""seq":1,"#, ""),
            (r#""version":1"#, r#""version":2"#),
            (r#""version":1"#, r#""version":1,"x":1"#),
            (r#"{"actor""#, r#"{ "actor""#),
            (r#""at":1798761600"#, r#""at":9007199254740991"#),
            (r#""body":{"#, r#""body":[{"#),
            ("jana", "jan\\u0061"),
        ] {
            let other = LEAF.replacen(from, to, 1);
            assert_ne!(other, LEAF, "{from}");
            assert!(LogEvent::read(other.as_bytes()).is_err(), "{other}");
        }
    }
}
