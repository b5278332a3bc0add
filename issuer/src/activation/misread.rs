//! Why a file that is brought holds no request that can be answered, in words for whoever has only that file.

use lictor_shared::armor::{self, Block};
use lictor_shared::{
    Activation, Artefact, Label, License, Reason, Received, Release, Request, StatusList, TokenError,
    UsageReport,
};

use crate::error::{Failure, FailureKind};

/// What brings it in most cases.
const ALL_OF_IT: &str = "Bring all of what the deployment wrote, from the line -----BEGIN ACTIVATION REQUEST----- to \
    the line -----END ACTIVATION REQUEST-----.";

/// Of a file with blocks, none of which is a request.
pub(super) fn without_request(blocks: &[Block]) -> Failure {
    let first = blocks.first().map(|block| block.label.as_str()).unwrap_or_default();
    let found = Label::ALL.into_iter().find(|label| label.as_str() == first);
    refused(Reason::WrongType, &is_another(found), what_then(found))
}

/// Of a file without blocks, whose whole text is no token of a request.
pub(super) fn bare(file: &[u8], token: &str, error: &TokenError) -> Failure {
    if token.is_empty() {
        return refused(error.reason(), "it is empty", "Let the deployment write its request again.");
    }
    if is_picture(file, token) {
        let then = "Read the QR code in it with a camera or scanner, and bring the text that it holds.";
        return refused(error.reason(), "it is a picture", then);
    }
    if token.contains("-----BEGIN ") || token.contains("-----END ") {
        let why = "a piece of it is missing, since it has a first line and no last one, or a last one alone";
        return refused(error.reason(), why, ALL_OF_IT);
    }
    if let Some(label) = kind_of(token) {
        return refused(Reason::WrongType, &is_another(Some(label)), what_then(Some(label)));
    }
    match error {
        TokenError::Character { .. } | TokenError::Dots { .. } => {
            refused(error.reason(), "there is none in it", ALL_OF_IT)
        }
        TokenError::TooLarge { .. } => refused(error.reason(), "it is longer than any request", ALL_OF_IT),
        _ => changed(error),
    }
}

/// Of a block that is said to be a request, and cannot be read.
pub(super) fn changed(error: &TokenError) -> Failure {
    let why = format!("it was changed on its way, or a piece of it is missing ({error})");
    refused(error.reason(), &why, ALL_OF_IT)
}

/// Of what can be read, and is not as it must be.
pub(super) fn refused(reason: Reason, why: &str, hint: &str) -> Failure {
    let message = format!("This is no activation request that can be answered: {why}.");
    Failure::new(FailureKind::CannotRead, message).hint(hint).with("reason", reason.as_str())
}

fn is_another(found: Option<Label>) -> String {
    let what = match found {
        Some(Label::License) => "it is a license",
        Some(Label::StatusList) => "it is a status list",
        Some(Label::Activation) => "it is an activation, the answer to a request",
        Some(Label::Release) => "it is a receipt for a seat that was given back, the answer to a request",
        Some(Label::UsageReport) => "it is a report of use",
        Some(Label::ActivationRequest) | None => "it is something else",
    };
    what.into()
}

const fn what_then(found: Option<Label>) -> &'static str {
    match found {
        Some(Label::License) => {
            "The deployment that has this license installed makes the request; bring that."
        }
        Some(Label::Activation | Label::Release) => {
            "Bring the request, to get the same answer again; the answer itself is installed on the deployment."
        }
        Some(Label::UsageReport) => "Record it with: lictor audit import FILE",
        _ => ALL_OF_IT,
    }
}

fn is_picture(file: &[u8], text: &str) -> bool {
    let begins = |magic: &[u8]| file.starts_with(magic);
    let is_svg = text.starts_with('<') && text.contains("<svg");
    is_svg || begins(b"\x89PNG") || begins(b"\xFF\xD8\xFF") || begins(b"GIF8") || begins(b"%PDF")
}

/// What a bare token is, if it is one of another kind.
fn kind_of(token: &str) -> Option<Label> {
    fn reads<A: Artefact>(token: &str) -> Option<Label> {
        Received::<A>::read(token).is_ok().then_some(A::LABEL)
    }
    reads::<License>(token)
        .or_else(|| reads::<Activation>(token))
        .or_else(|| reads::<Release>(token))
        .or_else(|| reads::<StatusList>(token))
        .or_else(|| reads::<UsageReport>(token))
}

/// The blocks of a file whose requests are wanted: those of requests, or what is wrong with the file.
pub(super) fn requests_in(file: &[u8]) -> Result<Vec<String>, Failure> {
    let tokens = armor::unwrap_all(file, Request::LABEL);
    if tokens.is_empty() { Err(without_request(&armor::read_blocks(file))) } else { Ok(tokens) }
}
