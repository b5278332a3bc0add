//! Why a file that is brought holds no report of use, in words for whoever has only that file.

use lictor_shared::{Artefact as _, Label, Reason, TokenError, UsageReport, armor};

use crate::error::{Failure, FailureKind};

const ALL_OF_IT: &str = "Bring all of what the deployment wrote, from the line -----BEGIN USAGE REPORT----- to the line \
    -----END USAGE REPORT-----; lictor-agent usage report --again writes it once more.";

/// The blocks of a file whose reports are wanted: those of reports, or what is wrong with the file.
pub(super) fn reports_in(file: &[u8]) -> Result<Vec<String>, Failure> {
    let tokens = armor::unwrap_all(file, UsageReport::LABEL);
    if !tokens.is_empty() {
        return Ok(tokens);
    }
    let blocks = armor::read_blocks(file);
    let first = blocks.first().map(|block| block.label.as_str()).unwrap_or_default();
    let found = Label::ALL.into_iter().find(|label| label.as_str() == first);
    Err(refused(Reason::WrongType, is_another(found), what_then(found)))
}

/// Of a token that cannot be read.
pub(super) fn unreadable(token: &str, error: &TokenError) -> Failure {
    if token.is_empty() {
        return refused(error.reason(), "it is empty", ALL_OF_IT);
    }
    match error {
        TokenError::Type { .. } => refused(error.reason(), "it is something else", ALL_OF_IT),
        TokenError::TooLarge { .. } => refused(error.reason(), "it is longer than any report", ALL_OF_IT),
        error => {
            let why = format!("it was changed on its way, or a piece of it is missing ({error})");
            refused(error.reason(), &why, ALL_OF_IT)
        }
    }
}

/// Of what is not as it must be.
pub(super) fn refused(reason: Reason, why: &str, hint: &str) -> Failure {
    let message = format!("This is no usage report that can be recorded: {why}.");
    Failure::new(FailureKind::CannotRead, message).hint(hint).with("reason", reason.as_str())
}

const fn is_another(found: Option<Label>) -> &'static str {
    match found {
        Some(Label::License) => "it is a license",
        Some(Label::StatusList) => "it is a status list",
        Some(Label::ActivationRequest) => "it is an activation request",
        Some(Label::Activation) => "it is an activation, the answer to a request",
        Some(Label::Release) => "it is a receipt for a seat that was given back",
        Some(Label::UsageReport) | None => "it is something else",
    }
}

const fn what_then(found: Option<Label>) -> &'static str {
    match found {
        Some(Label::ActivationRequest) => "Answer it with: lictor activation grant",
        _ => "Let the deployment write one: lictor-agent usage report --out report.txt",
    }
}
