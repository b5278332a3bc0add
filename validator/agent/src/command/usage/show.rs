//! `usage show`: what would leave the house.

use clap::Args;
use lictor_shared::Claims as _;
use lictor_validator::shared::json::{Members, Value};
use lictor_validator::shared::{Beginning, ModeSince, UsageReport};

use crate::deployment::{Deployment, Intent};
use crate::failure::Failure;
use crate::output::Output;
use crate::shown;

const EXAMPLES: &str = "\
Examples:
  lictor-agent usage show
  lictor-agent usage show --json

This is all that the next report will hold, the deployment's signature aside: no
names, no addresses, nothing of who did what. With --json it is shown exactly as
it will stand in the report, but for its id. Nothing is sent by this or by any
other command.";

/// Show what the next report would tell the vendor
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Show {}

impl Show {
    #[expect(clippy::unused_self, reason = "every command runs the same way")]
    pub(crate) fn run(&self, deployment: &Deployment, output: &mut Output) -> Result<u8, Failure> {
        let guard = deployment.open(Intent::Look, output)?;
        let usage = guard.usage()?;
        output.either(|| shown::facts(rows(&usage)), || without_id(&usage))?;
        Ok(0)
    }
}

/// Its id is drawn when it is made.
fn without_id(usage: &UsageReport) -> Value {
    let mut members: Members = usage.to_value().as_object().cloned().unwrap_or_default();
    members.remove("jti");
    members.into()
}

fn rows(usage: &UsageReport) -> Vec<(&'static str, String)> {
    let begins = match usage.beginning {
        Beginning::Start => ", the deployment's beginning",
        Beginning::Report => ", the end of the last report",
        Beginning::Gap => "; there is no record of what was before",
    };
    let counters = usage
        .counters
        .iter()
        .map(|(name, peak)| format!("{name} at most {}, first at {}", peak.highest, peak.at));
    let counters: Vec<String> = counters.collect();
    let counters = if counters.is_empty() { "none".to_owned() } else { counters.join("; ") };
    vec![
        ("report", usage.sequence.to_string()),
        ("from", format!("{}{begins}", usage.from)),
        ("to", usage.to.to_string()),
        ("counters", counters),
        ("modes", modes(usage)),
        ("product", usage.product.to_string()),
        ("program", usage.validator.to_string()),
        ("license", usage.license.to_string()),
        ("activation", usage.activation.map(|serial| serial.to_string()).unwrap_or_default()),
        ("deployment", usage.deployment.to_string()),
        ("issuer", usage.issuer.to_string()),
    ]
}

fn modes(usage: &UsageReport) -> String {
    let mode = |entry: &ModeSince| {
        let reason = entry.reason.as_ref().map(|reason| format!(" ({reason})")).unwrap_or_default();
        format!("{}{reason} from {}", entry.mode, entry.since)
    };
    let mut modes: Vec<String> = usage.modes.iter().map(mode).collect();
    if usage.omitted > 0 {
        modes.insert(1, format!("{} changes that are not listed", usage.omitted));
    }
    modes.join("; ")
}
