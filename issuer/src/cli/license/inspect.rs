//! `lictor license inspect`: what a file says, believed or not.

use clap::Args;
use lictor_shared::json::Value;
use lictor_shared::{Artefact as _, License};
use lictor_validator::Unverified;
use std::path::PathBuf;

use super::super::globals::Globals;
use super::super::input;
use super::super::output::Output;
use super::super::shown;
use crate::error::{Failure, FailureKind};

const EXAMPLES: &str = "\
Examples:
  lictor license inspect acme.lic
  pbpaste | lictor license inspect - --json

Nothing is checked but the form. To decide anything, use: lictor verify";

/// Show what a license file says, without trusting it
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Inspect {
    /// The license: a file, or - for standard input
    #[arg(value_name = "FILE|-")]
    file: PathBuf,
}

impl Inspect {
    pub(crate) fn run(&self, _: &Globals, output: &mut Output) -> Result<u8, Failure> {
        let bytes = input::read(&self.file)?;
        let license = Unverified::<License>::read(&bytes).map_err(|refusal| self.unreadable(&refusal))?;
        let payload =
            Value::read_object(license.untrusted_payload()).map_err(|error| self.unreadable(&error))?;
        output.say("Not verified: anybody can write such a file. To check it: lictor verify");
        if let Err(error) = License::read(license.untrusted_payload()) {
            output.warn(format_args!("no deployment would accept it: {error}"));
        }
        let kid = shown::foreign(license.untrusted_key_id());
        output.either(
            || format!("key {kid}, unchecked\n{}", shown::indented(&Value::Object(payload.clone()))),
            || {
                Value::object([
                    ("verified", false.into()),
                    ("kid", kid.as_str().into()),
                    ("claims", payload.clone().into()),
                ])
            },
        )?;
        Ok(0)
    }

    fn unreadable(&self, why: &dyn std::fmt::Display) -> Failure {
        Failure::new(
            FailureKind::CannotRead,
            format!("{} has not the form of a license: {why}", self.file.display()),
        )
        .hint("compare it with the file that was sent")
    }
}
