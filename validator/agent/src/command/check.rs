//! `check`: the verdict as an exit code.

use clap::Args;
use lictor_validator::{Code, Verdict};

use crate::deployment::{Deployment, Intent};
use crate::failure::Failure;
use crate::output::{Form, Output};
use crate::shown;

const EXAMPLES: &str = "\
Examples:
  lictor-agent check && echo everything works
  lictor-agent check --json

Exit codes: 0 in full and grace; 10 LICENSE_INVALID, 11 LICENSE_EXPIRED,
12 LICENSE_REVOKED, 13 LICENSE_SEAT_LIMIT; 30 if settings or state cannot be
read.

It is for scripts, alerts and monitoring probes, never for a readiness or
liveness probe: a product without a license still lets people log in, export and
install one, and must not be stopped or taken out of service.";

/// Say the verdict in one line and as an exit code, for scripts and monitoring probes
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Check {}

impl Check {
    pub(crate) fn run(&self, deployment: &Deployment, output: &mut Output) -> Result<u8, Failure> {
        let guard = deployment.open(Intent::Look, output)?;
        let verdict = guard.verdict();
        match output.form {
            Form::Text => output.raw(&(line(&verdict) + "\n"))?,
            Form::Json => output.json(verdict.to_json())?,
        }
        Ok(verdict.code().map_or(0, Code::exit_code))
    }
}

/// The mode; code and reason, or until when the grace runs and what follows.
fn line(verdict: &Verdict) -> String {
    let code = verdict.code().or(verdict.pending()).map(|code| code.to_string());
    let reason = verdict.reason().map(|reason| reason.to_string());
    let until = verdict.until().map(|until| format!("until {until}"));
    let words = [Some(verdict.mode().to_string()), code, reason, until];
    shown::foreign(&words.into_iter().flatten().collect::<Vec<_>>().join(" "))
}
