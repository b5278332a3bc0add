//! `status`: how the deployment stands, for people.

use clap::Args;
use lictor_validator::host::{Guard, Trouble};
use lictor_validator::shared::Uuid;
use lictor_validator::shared::json::Value;
use lictor_validator::{LicenseView, Reason, Verdict};

use crate::deployment::{Deployment, Intent};
use crate::failure::Failure;
use crate::output::Output;
use crate::remaining::Remaining;
use crate::shown;

const EXAMPLES: &str = "\
Examples:
  lictor-agent status
  lictor-agent status --json
  lictor-agent status --now 2027-12-01T00:00:00Z

It exits with 0 whatever the verdict is; for scripts there is check.";

/// Show what this deployment may do, for how long, and what to do
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Status {}

impl Status {
    pub(crate) fn run(&self, deployment: &Deployment, output: &mut Output) -> Result<u8, Failure> {
        let guard = deployment.open(Intent::Look)?;
        output.either(|| text(&guard, deployment), || value(&guard, deployment))?;
        Ok(0)
    }
}

/// What a verdict says, first of all.
pub(super) fn mode_rows(verdict: &Verdict) -> Vec<(&'static str, String)> {
    let reasons: Vec<&str> = verdict.reasons().iter().map(|reason: &Reason| reason.as_str()).collect();
    vec![
        ("mode", format!("{}: {}", verdict.mode(), verdict.explanation())),
        ("code", verdict.code().map(|code| code.to_string()).unwrap_or_default()),
        ("reasons", reasons.join(", ")),
        ("do", verdict.advice().unwrap_or("nothing").into()),
    ]
}

fn text(guard: &Guard, deployment: &Deployment) -> String {
    let (verdict, settings) = (guard.verdict(), &deployment.settings);
    let product = &settings.product;
    let mut rows = vec![(
        "product",
        format!("{} ({}) of {}, in {}", product.program, product.name, settings.vendor, product.environment),
    )];
    rows.extend(mode_rows(&verdict));
    rows.push(("days left", Remaining::of(&verdict).as_ref().map(Remaining::sentence).unwrap_or_default()));
    rows.push(("license", verdict.license().map(license).unwrap_or_default()));
    rows.push(("deployment", guard.deployment().map_or_else(|| "none".into(), |id| id.to_string())));
    let awaited = guard.awaited().map(|nonce| format!("{nonce} awaits its answer"));
    rows.push(("request", awaited.unwrap_or_default()));
    rows.extend(guard.troubles().iter().map(|trouble| ("trouble", trouble.to_string())));
    rows.push(("support", settings.support.clone()));
    shown::facts(rows)
}

fn license(license: LicenseView<'_>) -> String {
    let end = license.expires_at().map_or_else(|| "without end".into(), |end| format!("until {end}"));
    format!("{}, plan {}, {end}", license.customer(), license.plan())
}

/// The same for programs.
pub(super) fn value(guard: &Guard, deployment: &Deployment) -> Value {
    let (verdict, settings) = (guard.verdict(), &deployment.settings);
    let remaining = Remaining::of(&verdict);
    let trouble = |trouble: &Trouble| trouble.to_string().into();
    Value::object([
        ("verdict", verdict.to_value()),
        ("explanation", verdict.explanation().into()),
        ("advice", verdict.advice().into()),
        ("daysLeft", remaining.map(|remaining| remaining.days).into()),
        ("endsAt", shown::time(remaining.map(|remaining| remaining.until))),
        ("deployment", guard.deployment().map(|id| id.to_string()).into()),
        ("awaited", guard.awaited().as_ref().map(Uuid::to_string).into()),
        ("troubles", guard.troubles().iter().map(trouble).collect::<Vec<_>>().into()),
        ("vendor", settings.vendor.as_str().into()),
        ("support", settings.support.as_str().into()),
    ])
}
