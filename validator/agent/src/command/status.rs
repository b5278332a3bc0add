//! `status`: how the deployment stands, for people.

use clap::Args;
use lictor_validator::host::{Guard, Trouble};
use lictor_validator::shared::Uuid;
use lictor_validator::shared::json::Value;
use lictor_validator::{LicenseView, Reason};

use crate::advice::{self, Awaits};
use crate::called::Called;
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
        let guard = deployment.open(Intent::Look, output)?;
        let remaining = remaining(&guard, deployment)?;
        let called = output.called.clone();
        output.either(
            || text(&guard, deployment, remaining, &called),
            || value(&guard, deployment, remaining),
        )?;
        Ok(0)
    }
}

/// How long it goes on like this.
pub(super) fn remaining(guard: &Guard, deployment: &Deployment) -> Result<Option<Remaining>, Failure> {
    let (from, mode) = {
        let verdict = guard.verdict();
        (verdict.effective_time(), verdict.mode())
    };
    Remaining::of(deployment, from, mode)
}

/// What the verdict says, first of all.
pub(super) fn mode_rows(guard: &Guard, called: &Called) -> Vec<(&'static str, String)> {
    let verdict = guard.verdict();
    let awaits = if guard.awaits_seat() { Awaits::ASeat } else { Awaits::Nothing };
    let reasons: Vec<&str> = verdict.reasons().iter().map(|reason: &Reason| reason.as_str()).collect();
    vec![
        ("mode", format!("{}: {}", verdict.mode(), verdict.explanation())),
        ("code", verdict.code().map(|code| code.to_string()).unwrap_or_default()),
        ("reasons", reasons.join(", ")),
        ("do", verdict.advice().unwrap_or("nothing").into()),
        ("run", called.in_text(advice::command(&verdict, awaits))),
    ]
}

fn text(guard: &Guard, deployment: &Deployment, remaining: Option<Remaining>, called: &Called) -> String {
    let (verdict, settings) = (guard.verdict(), &deployment.settings);
    let product = &settings.product;
    let mut rows = vec![(
        "product",
        format!("{} ({}) of {}, in {}", product.program, product.name, settings.vendor, product.environment),
    )];
    rows.extend(mode_rows(guard, called));
    rows.extend(remaining.as_ref().map(Remaining::row));
    rows.push(("license", verdict.license().map(license).unwrap_or_default()));
    rows.push(("license id", verdict.license().map(|license| license.id()).unwrap_or_default()));
    let identity = deployment.identity(guard);
    rows.push(("deployment", identity.map_or_else(|| "none".into(), |identity| identity.id().to_string())));
    let again = called.in_text("lictor-agent request --again");
    let awaited = guard.awaited().map(|nonce| format!("{nonce} awaits its answer; to see it again: {again}"));
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
pub(super) fn value(guard: &Guard, deployment: &Deployment, remaining: Option<Remaining>) -> Value {
    let (verdict, settings) = (guard.verdict(), &deployment.settings);
    let trouble = |trouble: &Trouble| trouble.to_string().into();
    Value::object([
        ("verdict", verdict.to_value()),
        ("explanation", verdict.explanation().into()),
        ("advice", verdict.advice().into()),
        ("daysLeft", remaining.and_then(|remaining| remaining.days()).into()),
        ("endsAt", shown::time(remaining.map(|remaining| remaining.until))),
        ("then", remaining.map(|remaining| remaining.then.as_str()).into()),
        ("because", remaining.and_then(|remaining| remaining.because).map(Reason::as_str).into()),
        ("deployment", deployment.identity(guard).map(|identity| identity.id().to_string()).into()),
        ("awaited", guard.awaited().as_ref().map(Uuid::to_string).into()),
        ("troubles", guard.troubles().iter().map(trouble).collect::<Vec<_>>().into()),
        ("vendor", settings.vendor.as_str().into()),
        ("support", settings.support.as_str().into()),
    ])
}
