//! Confirming what cannot be taken back, by typing the key's id.

use clap::Args;
use lictor_shared::Thumbprint;

use super::super::output::Output;
use super::super::prompt::{Needed, Prompts};
use crate::error::{Failure, FailureKind};
use crate::occasion::Intent;

/// How a step that cannot be taken back is confirmed.
#[derive(Args, Debug)]
pub(super) struct Confirm {
    /// The key's id in full, so that no slip hits another one [default: asked at the terminal]
    #[arg(long, value_name = "ID", allow_hyphen_values = true)]
    confirm: Option<String>,
}

/// What is about to be done.
pub(super) struct Irrevocable<'a> {
    /// What the key is afterwards.
    pub(super) done: &'a str,
    /// What that means.
    pub(super) does: &'a str,
}

impl Confirm {
    /// Passes if the id was given, or is typed now.
    pub(super) fn of(
        &self,
        kid: &Thumbprint,
        step: &Irrevocable<'_>,
        intent: &Intent,
        prompts: Prompts,
        output: &mut Output,
    ) -> Result<(), Failure> {
        let confirmed = match &self.confirm {
            Some(id) => id.clone(),
            // Nothing is done, so there is nothing to confirm.
            None if *intent == Intent::DryRun => return Ok(()),
            None => ask(kid, step, prompts, output)?,
        };
        if confirmed.trim() == kid.to_string() {
            return Ok(());
        }
        let message = format!("{confirmed:?} is not the id of the key; nothing was {}", step.done);
        Err(Failure::new(FailureKind::Usage, message).hint(format!("give --confirm {kid}")))
    }
}

/// Asks at the terminal; where nobody may be asked, names the option.
fn ask(
    kid: &Thumbprint,
    step: &Irrevocable<'_>,
    prompts: Prompts,
    output: &mut Output,
) -> Result<String, Failure> {
    let needed = Needed {
        sentence: &format!("that the key is {} must be confirmed", step.done),
        instead: format!("give --confirm {kid}"),
    };
    let explanation = format!("The key {kid} will be {} for good.\n{}", step.done, step.does);
    prompts.line(&needed, explanation, "Type its id to confirm:", output)
}
