//! `lictor license inspect`: what a file says, believed or not.

mod ahead;
mod dates;

use clap::Args;
use lictor_shared::json::Value;
use lictor_shared::{AnchorSet, Artefact as _, License};
use lictor_validator::Unverified;
use std::path::PathBuf;

use self::ahead::Ahead;
use super::super::globals::Globals;
use super::super::input;
use super::super::output::Output;
use super::super::shown;
use super::super::verify::anchors_in;
use crate::error::{Failure, FailureKind};

const EXAMPLES: &str = "\
Examples:
  lictor license inspect acme.lic
  lictor license inspect acme.lic --keys anchors.json
  pbpaste | lictor license inspect - --json

The signature is checked where there are keys: those of --keys, else the
configured issuer's own. If it holds, the license's future is drawn; if not,
only the dates that it claims. To decide anything, use: lictor verify";

/// Show what a license file says, without trusting it
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Inspect {
    /// The license: a file, or - for standard input
    #[arg(value_name = "FILE|-")]
    file: PathBuf,
    /// Trust anchors, a JWK Set [default: the public keys of the configured issuer, if there is one]
    #[arg(long, value_name = "JWKS")]
    keys: Option<PathBuf>,
}

impl Inspect {
    pub(crate) fn run(&self, globals: &Globals, output: &mut Output) -> Result<u8, Failure> {
        input::once([&self.keys.clone().unwrap_or_default(), &self.file].into_iter().map(PathBuf::as_path))?;
        let anchors = self.anchors(globals, output)?;
        let bytes = input::read(&self.file)?;
        let license = Unverified::<License>::read(&bytes).map_err(|refusal| self.unreadable(&refusal))?;
        let payload =
            Value::read_object(license.untrusted_payload()).map_err(|error| self.unreadable(&error))?;
        let claims = License::read(license.untrusted_payload());
        let kid = shown::foreign(license.untrusted_key_id());
        let verified = anchors.map(|anchors| license.verify(&anchors));
        match &verified {
            Some(Ok(_)) => output.say(format_args!("The signature holds: key {kid}.")),
            Some(Err(refusal)) => output.say(format_args!("Not verified: {refusal}")),
            None => output.say("Not verified: anybody can write such a file. To check it: lictor verify"),
        }
        if let Err(error) = &claims {
            output.warn(format_args!("no deployment would accept it: {error}"));
        }
        let (verified, claims) = (verified.and_then(Result::ok), claims.ok());
        let now = globals.now()?;
        let ahead = match (&verified, &claims) {
            (Some(license), Some(claims)) => Ahead::of(license, claims, now),
            _ => None,
        };
        if let Some(ahead) = &ahead {
            ahead.say(output);
        }
        let seen = Seen { kid, payload: Value::Object(payload), claims, ahead };
        output.either(|| seen.text(), || seen.to_value())?;
        Ok(0)
    }

    /// The keys to check the signature with. That there are none is no failure, as nothing is decided here.
    fn anchors(&self, globals: &Globals, output: &mut Output) -> Result<Option<AnchorSet>, Failure> {
        if let Some(path) = &self.keys {
            return anchors_in(path).map(Some);
        }
        match globals.own_anchors() {
            Ok(anchors) => Ok(Some(anchors)),
            Err(failure) if failure.kind == FailureKind::Usage => Ok(None),
            Err(failure) => {
                output.warn(failure);
                Ok(None)
            }
        }
    }

    fn unreadable(&self, why: &dyn std::fmt::Display) -> Failure {
        Failure::new(
            FailureKind::CannotRead,
            format!("{} has not the form of a license: {why}", self.file.display()),
        )
        .hint("compare it with the file that was sent")
    }
}

/// What there is to show.
struct Seen {
    kid: String,
    payload: Value,
    claims: Option<License>,
    /// Only of a license whose signature holds.
    ahead: Option<Ahead>,
}

impl Seen {
    fn text(&self) -> String {
        let (checked, head) = match self.ahead {
            Some(_) => ("signature holds", "AS SIGNED"),
            None => ("unchecked", "AS IT CLAIMS, UNVERIFIED"),
        };
        let mut text = format!("key {}, {checked}\n{}", self.kid, shown::indented(&self.payload));
        if let Some(claims) = &self.claims {
            text += &format!("\n{}", dates::table(claims, head));
        }
        if let Some(ahead) = &self.ahead {
            text += &format!("\n{}", ahead.table());
        }
        text
    }

    fn to_value(&self) -> Value {
        Value::object([
            ("verified", self.ahead.is_some().into()),
            ("kid", self.kid.as_str().into()),
            ("claims", self.payload.clone()),
            ("dates", self.claims.as_ref().map(dates::to_value).into()),
            ("timeline", self.ahead.as_ref().map(Ahead::to_value).into()),
        ])
    }
}
