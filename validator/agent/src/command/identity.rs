//! `identity`: who this deployment is.

use clap::Args;
use lictor_validator::shared::json::Value;

use crate::deployment::{Deployment, Intent};
use crate::failure::{Failure, Kind};
use crate::output::Output;
use crate::shown;

const EXAMPLES: &str = "\
Examples:
  lictor-agent identity
  lictor-agent identity --json

The id is the RFC 7638 thumbprint of a key that this deployment made and keeps.
It can be told to anyone. The key stays in the folder of state.";

/// Show the deployment's id; make its key if there is none yet
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Identity {}

impl Identity {
    pub(crate) fn run(&self, deployment: &Deployment, output: &mut Output) -> Result<u8, Failure> {
        let guard = deployment.open(Intent::Change, output)?;
        let folder = deployment.settings.state.display().to_string();
        let Some(identity) = guard.identity() else {
            let why: Vec<String> = guard.troubles().iter().map(ToString::to_string).collect();
            let message = format!("this deployment has no key: {}", why.join("; "));
            return Err(Failure::new(
                Kind::CannotWrite,
                message,
                format!("see that {folder} can be written to"),
            ));
        };
        let (id, since) = (identity.id().to_string(), identity.since().to_string());
        output.either(
            || {
                shown::facts([
                    ("deployment", id.clone()),
                    ("since", since.clone()),
                    ("folder", folder.clone()),
                ])
            },
            || {
                Value::object([
                    ("deployment", id.as_str().into()),
                    ("since", since.as_str().into()),
                    ("folder", folder.as_str().into()),
                ])
            },
        )?;
        Ok(0)
    }
}
