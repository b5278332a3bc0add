//! The envelope in which every surface refuses.

use alloc::string::String;
use core::fmt;

use crate::code::Code;
use crate::json::{Members, Value};

/// `{"success": false, "code", "error", "details"}`.
///
/// ```
/// use lictor_shared::{Code, Envelope, json::Value};
/// let envelope = Envelope::new(Code::NotFound, "No product \"dialer\".").with("product", "dialer");
/// assert_eq!(
///     envelope.to_string(),
///     r#"{"success":false,"code":"NOT_FOUND","error":"No product \"dialer\".","details":{"product":"dialer"}}"#,
/// );
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Envelope {
    /// The contract.
    pub code: Code,
    /// A sentence for people; may change.
    pub error: String,
    /// Facts for programs, camelCase; readers ignore members that they do not know.
    pub details: Members,
}

impl Envelope {
    /// An envelope without details.
    #[must_use]
    pub fn new(code: Code, error: impl Into<String>) -> Self {
        Self { code, error: error.into(), details: Members::new() }
    }

    /// The same with one detail more.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.details.insert(name.into(), value.into());
        self
    }
}

/// Writes the JSON on one line.
impl fmt::Display for Envelope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (code, error) = (Value::from(self.code.as_str()), Value::from(self.error.as_str()));
        write!(
            f,
            r#"{{"success":false,"code":{code},"error":{error},"details":{}}}"#,
            Value::Object(self.details.clone())
        )
    }
}
