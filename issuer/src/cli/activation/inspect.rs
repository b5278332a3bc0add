//! `lictor activation inspect`: what a request or an answer says, believed or not.

use clap::Args;
use lictor_shared::json::{Members, Value};
use lictor_shared::{Activation, Artefact, KeyId, Label, Received, Release, Request, TokenError, armor};
use std::path::PathBuf;

use super::super::globals::Globals;
use super::super::input;
use super::super::output::{Form, Output};
use super::super::shown;
use crate::error::{Failure, FailureKind};

const EXAMPLES: &str = "\
Examples:
  lictor activation inspect request.lic
  pbpaste | lictor activation inspect - --json

Nothing is checked but the form, and of a request the signature of the key that
it names itself. lictor activation grant decides.";

/// Show what requests, activations and receipts in a file say, without trusting them
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Inspect {
    /// Requests or answers: a file, or - for standard input
    #[arg(value_name = "FILE|-")]
    file: PathBuf,
}

const NEITHER: &str = "it has neither a request nor an answer in it";

/// One artefact of the file.
struct Found {
    kind: &'static str,
    /// By whom it says that it is signed.
    signed: String,
    claims: Members,
    /// Why nobody would accept it, whoever signed it.
    fault: Option<String>,
}

impl Inspect {
    pub(crate) fn run(&self, _: &Globals, output: &mut Output) -> Result<u8, Failure> {
        let bytes = input::read(&self.file)?;
        let found = found(&bytes).map_err(|error| match error {
            // What nobody would take for a token.
            TokenError::Empty | TokenError::Character { .. } | TokenError::Dots { .. } => {
                self.unreadable(NEITHER)
            }
            error => self.unreadable(&error.to_string()),
        })?;
        if found.is_empty() {
            return Err(self.unreadable(NEITHER));
        }
        output.say("Not verified: anybody can write such a file.");
        for artefact in &found {
            if let Some(fault) = &artefact.fault {
                output.warn(format_args!("this {} would not be accepted: {fault}", artefact.kind));
            }
            match output.form() {
                Form::Text => output.raw(&text(artefact))?,
                Form::Json => output.data(to_value(artefact))?,
            }
        }
        Ok(0)
    }

    fn unreadable(&self, why: &str) -> Failure {
        let message = format!("{} cannot be shown: {why}", self.file.display());
        Failure::new(FailureKind::CannotRead, message).hint("compare it with the file that was sent")
    }
}

/// Every request, activation and receipt of a file; a bare token is tried as each of them.
fn found(bytes: &[u8]) -> Result<Vec<Found>, TokenError> {
    let tokens = |label: Label| armor::unwrap_all(bytes, label);
    let bare = tokens(Label::ActivationRequest) == tokens(Label::Activation)
        && tokens(Label::Activation) == tokens(Label::Release);
    if bare && !tokens(Label::Release).is_empty() {
        let token = tokens(Label::Release).concat();
        let found = match request(&token) {
            Err(TokenError::Type { found, .. }) if found == Activation::TYP => granted::<Activation>(&token),
            Err(TokenError::Header(_)) => {
                granted::<Activation>(&token).or_else(|_| granted::<Release>(&token))
            }
            other => other,
        };
        return Ok(vec![found?]);
    }
    let mut all = Vec::new();
    for token in tokens(Label::ActivationRequest) {
        all.push(request(&token)?);
    }
    for token in tokens(Label::Activation) {
        all.push(granted::<Activation>(&token)?);
    }
    for token in tokens(Label::Release) {
        all.push(granted::<Release>(&token)?);
    }
    Ok(all)
}

fn request(token: &str) -> Result<Found, TokenError> {
    let received = Received::<Request>::read(token)?;
    let key = &received.untrusted_signer().0;
    let fits = if received.is_signed_by(key) { "its signature fits" } else { "its signature does not fit" };
    let fault = match Request::read(received.untrusted_payload()) {
        Err(error) => Some(error.to_string()),
        Ok(request) if request.deployment != key.thumbprint() => {
            Some("it speaks for another deployment than the key's".into())
        }
        Ok(_) if !received.is_signed_by(key) => Some("its signature does not fit".into()),
        Ok(_) => None,
    };
    let signed = format!("{}, {fits}", key.thumbprint());
    Ok(Found { kind: "request", signed, claims: claims(received.untrusted_payload()), fault })
}

fn granted<A: Artefact<Signer = KeyId>>(token: &str) -> Result<Found, TokenError> {
    let received = Received::<A>::read(token)?;
    let kind = if A::LABEL == Label::Release { "release" } else { "activation" };
    let signed = format!("{}, unchecked", shown::foreign(&received.untrusted_signer().0));
    let fault = A::read(received.untrusted_payload()).err().map(|error| error.to_string());
    Ok(Found { kind, signed, claims: claims(received.untrusted_payload()), fault })
}

fn claims(payload: &[u8]) -> Members {
    Value::read_object(payload).unwrap_or_default()
}

fn text(found: &Found) -> String {
    let claims = shown::indented(&Value::Object(found.claims.clone()));
    format!("{}, key {}\n{claims}", found.kind, found.signed)
}

fn to_value(found: &Found) -> Value {
    Value::object([
        ("verified", false.into()),
        ("kind", found.kind.into()),
        ("signedBy", found.signed.as_str().into()),
        ("claims", found.claims.clone().into()),
    ])
}
