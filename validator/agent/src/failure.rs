//! Why a command was not carried out.

use core::fmt;
use lictor_validator::Code;
use lictor_validator::host::{AskError, ReportError};
use lictor_validator::shared::Envelope;

/// Why a command was not carried out, and what to do.
#[derive(Debug)]
pub(crate) struct Failure {
    kind: Kind,
    message: String,
    hint: Option<String>,
}

/// The kinds of failure, as far as exit codes tell them apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// The command itself is wrong.
    Usage,
    /// Nothing has this name, or there is nothing yet.
    NotFound,
    /// Something stands in the way that is not removed.
    Conflict,
    /// Something can be read, and does not prove what it should.
    NotProved,
    /// Something cannot be read, or not as what it should be.
    CannotRead,
    /// Something cannot be written or kept.
    CannotWrite,
    /// A fault of the program or the machine.
    Unexpected,
}

impl Kind {
    const fn exit_code(self) -> u8 {
        match self {
            Self::Unexpected => 1,
            Self::Usage => 2,
            Self::Conflict => 20,
            Self::NotFound => 21,
            Self::NotProved => 22,
            Self::CannotRead => 30,
            Self::CannotWrite => 31,
        }
    }

    const fn code(self) -> Code {
        match self {
            Self::Conflict => Code::Conflict,
            Self::NotFound => Code::NotFound,
            Self::NotProved => Code::ValidationFailed,
            Self::Usage | Self::CannotRead | Self::CannotWrite | Self::Unexpected => Code::Internal,
        }
    }
}

impl Failure {
    pub(crate) fn new(kind: Kind, message: impl fmt::Display, hint: impl Into<String>) -> Self {
        Self { kind, message: message.to_string(), hint: Some(hint.into()) }
    }

    /// The same with another word about what to do.
    pub(crate) fn hinted(self, hint: &str) -> Self {
        Self { hint: Some(hint.into()), ..self }
    }

    pub(crate) fn hint(&self) -> Option<&str> {
        self.hint.as_deref()
    }

    pub(crate) const fn exit_code(&self) -> u8 {
        self.kind.exit_code()
    }

    /// For programs that asked for JSON.
    pub(crate) fn envelope(&self) -> Envelope {
        Envelope::new(self.kind.code(), self.message.clone())
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl From<AskError> for Failure {
    fn from(error: AskError) -> Self {
        let (kind, hint) = match &error {
            AskError::NoLicense => {
                (Kind::NotFound, "lictor-agent install FILE, with the license that the vendor sent")
            }
            AskError::NothingAsked => (Kind::NotFound, "lictor-agent request, without --again"),
            AskError::Stateless(_) | AskError::Store(_) => {
                (Kind::CannotWrite, "give the program a folder of state that it can write to")
            }
            _ => (Kind::Unexpected, "lictor-agent support-bundle collects what the vendor's support needs"),
        };
        Self::new(kind, error, hint)
    }
}

impl From<ReportError> for Failure {
    fn from(error: ReportError) -> Self {
        let (kind, hint) = match &error {
            ReportError::NoLicense => {
                (Kind::NotFound, "lictor-agent install FILE, with the license that the vendor sent")
            }
            ReportError::NothingReported => (Kind::NotFound, "lictor-agent usage report, without --again"),
            ReportError::Stateless(_) | ReportError::Store(_) => {
                (Kind::CannotWrite, "give the program a folder of state that it can write to")
            }
            _ => (Kind::Unexpected, "lictor-agent support-bundle collects what the vendor's support needs"),
        };
        Self::new(kind, error, hint)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exit_codes_are_those_of_the_register() {
        let kinds = [
            Kind::Unexpected,
            Kind::Usage,
            Kind::Conflict,
            Kind::NotFound,
            Kind::NotProved,
            Kind::CannotRead,
            Kind::CannotWrite,
        ];
        assert_eq!(kinds.map(Kind::exit_code), [1, 2, 20, 21, 22, 30, 31]);
        for kind in [Kind::Unexpected, Kind::Conflict, Kind::NotFound, Kind::NotProved] {
            assert_eq!(kind.exit_code(), kind.code().exit_code(), "{kind:?}");
        }
    }
}
