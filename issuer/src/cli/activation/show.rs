//! `lictor activation show`.

use clap::Args;
use lictor_shared::{Status, Timestamp};

use super::super::globals::Globals;
use super::super::output::Output;
use super::super::shown;
use super::super::writing;
use crate::activation::{ActivationRecord, DeploymentRecord, activations, find_deployment};
use crate::error::Failure;

const EXAMPLES: &str = "\
Examples:
  lictor activation show kPrK_qmx
  lictor activation show kPrK_qmx --license 0198c0d2-6c1e-7 --json

An odd history is no proof of misuse: lost_answer is an answer that never
arrived, forked are two copies of a deployment, or a backup that was restored.";

/// Show a deployment, its seat and its activations
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Show {
    /// The deployment: its id or the serial of an activation, 8 characters or more of either
    #[arg(value_name = "ID", allow_hyphen_values = true)]
    id: String,
    /// Its seat of this license, if it has several
    #[arg(long, value_name = "ID")]
    license: Option<String>,
}

impl Show {
    pub(crate) fn run(&self, globals: &Globals, output: &mut Output) -> Result<u8, Failure> {
        let (_, ledger) = globals.home_and_ledger()?;
        let at = globals.now()?;
        let license = super::license(&ledger, self.license.as_deref())?;
        let deployment = find_deployment(&ledger, &self.id, license)?;
        let given = activations(&ledger, &deployment)?;
        output.either(
            || text(&deployment, &given, at),
            || {
                let given: Vec<_> = given.iter().map(super::activation).collect();
                writing::with(&super::to_value(&deployment, at), "activations", given)
            },
        )?;
        Ok(0)
    }
}

fn text(deployment: &DeploymentRecord, given: &[ActivationRecord], at: Timestamp) -> String {
    let oddities = super::oddities(deployment);
    let seat = match deployment.seat {
        Some(seat) => format!("{seat} ({})", super::state(deployment, at)),
        None => format!("none ({})", super::state(deployment, at)),
    };
    let mut facts = vec![
        ("deployment", deployment.id.to_string()),
        ("label", shown::foreign(deployment.label.as_str())),
        ("license", deployment.license.to_string()),
        ("seat", seat),
        ("first seen", deployment.first_seen.to_string()),
        ("last seen", deployment.last_seen.to_string()),
        ("counter", deployment.counter.to_string()),
        ("history", if oddities.is_empty() { "plain".into() } else { oddities }),
    ];
    for activation in given {
        facts.push(("", String::new()));
        facts.push(("activation", activation.serial.to_string()));
        facts.push(("product", activation.product.to_string()));
        facts.push(("request", format!("{}, counter {}", activation.request, activation.counter)));
        facts.push(("issued", activation.issued_at.to_string()));
        facts.push(("lease ends", shown::instant(activation.ends_at, "never")));
        facts.push(("status", status(activation)));
    }
    shown::facts(&facts)
}

fn status(activation: &ActivationRecord) -> String {
    let place = format!("entry {} of {}", activation.entry.index, activation.entry.uri);
    match (activation.status, activation.since) {
        (Status::Valid, _) | (_, None) => place,
        (_, Some(since)) => format!("{place}, revoked since {since}"),
    }
}
