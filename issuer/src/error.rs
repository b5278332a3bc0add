//! Why something was not done: the kind, a sentence, and what to do.

use core::fmt;
use lictor_keys::{
    FolderError, GenerateError, KeyFileError, PassphraseError, RingError, SealError, SignError,
};
use lictor_shared::json::{Members, Value};
use lictor_shared::{Code, Envelope};
use std::collections::BTreeMap;

use crate::register::register;

/// Why something was not done. Nothing was changed, unless the message says otherwise.
#[derive(Debug)]
pub struct Failure {
    /// What kind of failure; decides code and exit code.
    pub kind: FailureKind,
    /// What was wrong, and where, in a sentence.
    pub message: String,
    /// What to do about it, often a command.
    pub hint: Option<String>,
    /// Facts for programs.
    pub details: Members,
    /// What failed underneath.
    pub source: Option<Box<dyn core::error::Error + Send + Sync>>,
}

register! {
    /// The kinds of failure. What each means is what help and documents say of its exit code.
    FailureKind {
        /// the program or the machine has failed
        Unexpected = "unexpected",
        /// an option is unknown, missing or not of its form
        Usage = "usage",
        /// the issuer has no key that may sign this
        SigningNotConfigured = "no signing key",
        /// the state of the thing does not allow this
        Conflict = "conflict",
        /// it was used before, with other arguments
        RequestReused = "request id reused",
        /// nothing has this name or id
        NotFound = "not found",
        /// the values can be read but cannot be meant; `details.fieldErrors` says which and why
        Validation = "not valid",
        /// a file, a folder, a key or trust anchors
        CannotRead = "cannot read",
        /// a file, a folder, a full disk
        CannotWrite = "cannot write",
        /// another process holds it, or it is not as it was left
        Ledger = "ledger locked or damaged",
    }
}

impl FailureKind {
    /// The exit code of a command that ends so.
    #[must_use]
    pub const fn exit_code(self) -> u8 {
        match self {
            Self::Unexpected => 1,
            Self::Usage => 2,
            Self::SigningNotConfigured => 14,
            Self::Conflict | Self::RequestReused => 20,
            Self::NotFound => 21,
            Self::Validation => 22,
            Self::CannotRead => 30,
            Self::CannotWrite => 31,
            Self::Ledger => 32,
        }
    }

    /// The code in the envelope.
    #[must_use]
    pub const fn code(self) -> Code {
        match self {
            Self::SigningNotConfigured => Code::LicenseSigningNotConfigured,
            Self::Conflict => Code::Conflict,
            Self::RequestReused => Code::IdempotencyKeyReused,
            Self::NotFound => Code::NotFound,
            Self::Validation => Code::ValidationFailed,
            Self::Usage | Self::CannotRead | Self::CannotWrite | Self::Ledger | Self::Unexpected => {
                Code::Internal
            }
        }
    }
}

/// The fact that tells such a conflict from others.
const DONE_BEFORE: &str = "doneBefore";

impl Failure {
    /// A failure with a sentence.
    #[must_use]
    pub fn new(kind: FailureKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), hint: None, details: Members::new(), source: None }
    }

    /// The same with what to do.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// The same with one fact more.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.details.insert(name.into(), value.into());
        self
    }

    /// The same with what failed underneath.
    #[must_use]
    pub fn because(mut self, source: impl Into<Box<dyn core::error::Error + Send + Sync>>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// Whoever asked once looked for an answer first; between that and the change another process was faster.
    pub(crate) fn done_before() -> Self {
        Self::new(FailureKind::Conflict, "This request was carried out before; nothing was done again.")
            .hint("Ask for its answer.")
            .with(DONE_BEFORE, true)
    }

    /// Whether a request was carried out before, so that now there is an answer to it.
    #[must_use]
    pub fn is_done_before(&self) -> bool {
        self.details.contains_key(DONE_BEFORE)
    }

    /// The exit code of a command that ends so.
    #[must_use]
    pub const fn exit_code(&self) -> u8 {
        self.kind.exit_code()
    }

    /// The envelope in which a surface refuses.
    #[must_use]
    pub fn envelope(&self) -> Envelope {
        Envelope { code: self.kind.code(), error: self.message.clone(), details: self.details.clone() }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl core::error::Error for Failure {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match &self.source {
            Some(source) => Some(source.as_ref()),
            None => None,
        }
    }
}

/// What is wrong with which field of an input, collected so that all of it is said at once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FieldErrors(BTreeMap<String, Vec<String>>);

impl FieldErrors {
    /// Notes what is wrong with a field.
    pub fn add(&mut self, field: &str, message: impl Into<String>) {
        self.0.entry(field.into()).or_default().push(message.into());
    }

    /// Takes the value, or notes what is wrong with the field.
    pub fn take<T, E: fmt::Display>(&mut self, field: &str, value: Result<T, E>) -> Option<T> {
        value.map_err(|error| self.add(field, error.to_string())).ok()
    }

    /// Whether nothing is wrong.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Passes if nothing is wrong.
    ///
    /// # Errors
    /// [`FailureKind::Validation`] with `details.fieldErrors`: field → messages.
    pub fn into_result(self) -> Result<(), Failure> {
        if self.is_empty() {
            return Ok(());
        }
        let said = |(field, messages): (&String, &Vec<String>)| format!("{field}: {}", messages.join("; "));
        let message = self.0.iter().map(said).collect::<Vec<_>>().join("\n");
        let messages = |messages: Vec<String>| messages.into_iter().map(Value::from).collect::<Vec<_>>();
        let fields: Members =
            self.0.into_iter().map(|(field, said)| (field, messages(said).into())).collect();
        Err(Failure::new(FailureKind::Validation, message).with("fieldErrors", fields))
    }
}

/// A validation failure of one field.
pub(crate) fn invalid(field: &str, message: impl Into<String>) -> Failure {
    let mut errors = FieldErrors::default();
    errors.add(field, message);
    match errors.into_result() {
        Err(failure) => failure,
        Ok(()) => Failure::new(FailureKind::Validation, field),
    }
}

/// `text` as a shell takes it, so that a command in a hint can be copied.
pub(crate) fn shell(text: &str) -> String {
    let plain =
        |c: char| c.is_ascii_alphanumeric() || matches!(c, '/' | '.' | '_' | '-' | ':' | '=' | '@' | ',');
    if !text.is_empty() && !text.starts_with('-') && text.chars().all(plain) {
        return text.into();
    }
    format!("'{}'", text.replace('\'', r"'\''"))
}

impl From<FolderError> for Failure {
    fn from(error: FolderError) -> Self {
        let kind = match &error {
            FolderError::Exists { .. } | FolderError::KeyExists { .. } | FolderError::SealedAnew { .. } => {
                FailureKind::Conflict
            }
            FolderError::Io { action, .. } if action.starts_with("create") || action.starts_with("write") => {
                FailureKind::CannotWrite
            }
            FolderError::Random(_) => FailureKind::Unexpected,
            _ => FailureKind::CannotRead,
        };
        let failure = Self::new(kind, error.to_string());
        let failure = match &error {
            FolderError::SealedAnew { .. } => {
                failure.hint("repeat the command with the passphrase that opens it now")
            }
            _ => failure,
        };
        failure.because(error)
    }
}

impl From<RingError> for Failure {
    fn from(error: RingError) -> Self {
        match &error {
            RingError::NoPurpose(_) | RingError::LogAlone(_) => invalid("purposes", error.to_string()),
            RingError::NoProduct(_) => invalid("products", error.to_string()),
            RingError::EmptyWindow { .. } => invalid("notAfter", error.to_string()),
            _ => Self::new(FailureKind::Conflict, error.to_string())
                .hint("lictor key list shows how the keys stand."),
        }
        .because(error)
    }
}

macro_rules! failure_from {
    ($($error:ty => $kind:ident;)*) => {$(
        impl From<$error> for Failure {
            fn from(error: $error) -> Self {
                Self::new(FailureKind::$kind, error.to_string()).because(error)
            }
        }
    )*};
}
failure_from! {
    KeyFileError => CannotRead;
    PassphraseError => CannotRead;
    GenerateError => Unexpected;
    SealError => Unexpected;
    SignError => Unexpected;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exit_codes_and_codes_agree_where_both_speak() {
        for kind in [
            FailureKind::SigningNotConfigured,
            FailureKind::Conflict,
            FailureKind::RequestReused,
            FailureKind::NotFound,
            FailureKind::Validation,
            FailureKind::Unexpected,
        ] {
            assert_eq!(kind.exit_code(), kind.code().exit_code(), "{kind:?}");
        }
        let others =
            [FailureKind::Usage, FailureKind::CannotRead, FailureKind::CannotWrite, FailureKind::Ledger];
        assert_eq!(others.map(FailureKind::exit_code), [2, 30, 31, 32]);
        assert!(others.iter().all(|kind| kind.code() == Code::Internal));
    }

    #[test]
    fn every_field_is_named_at_once() {
        let mut errors = FieldErrors::default();
        errors.add("seats", "at least 1");
        assert_eq!(errors.take("warn", "3x".parse::<u8>()), None);
        assert_eq!(errors.take("fine", "3".parse::<u8>()), Some(3));
        let failure = errors.into_result().unwrap_err();
        assert_eq!(failure.exit_code(), 22);
        assert_eq!(
            failure.envelope().to_string(),
            r#"{"success":false,"code":"VALIDATION_FAILED","error":"seats: at least 1\nwarn: invalid digit found in string","details":{"fieldErrors":{"seats":["at least 1"],"warn":["invalid digit found in string"]}}}"#
        );
    }

    #[test]
    fn hints_can_be_copied() {
        for (text, quoted) in
            [("acme", "acme"), ("a b", "'a b'"), ("it's", r"'it'\''s'"), ("", "''"), ("-x", "'-x'")]
        {
            assert_eq!(shell(text), quoted);
        }
    }
}
