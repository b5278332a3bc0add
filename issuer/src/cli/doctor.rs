//! `lictor doctor`.

use clap::Args;
use lictor_shared::json::Value;

use super::globals::Globals;
use super::output::Output;
use super::shown;
use super::table::{Column, GLUE};
use crate::doctor::{Depth, Finding, Severity, examine};
use crate::error::{Failure, FailureKind};

const EXAMPLES: &str = "\
Examples:
  lictor doctor
  lictor doctor --quick --json
  lictor doctor --now 2027-01-31T00:00:00Z

Exit codes: 0 if nothing is damaged, warnings or not; 32 if the ledger is
damaged, 30 if something else cannot be used.";

/// Examine the home, and say of each finding what mends it
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Doctor {
    /// Do not recompute the ledger from its events, which takes as long as it is large
    #[arg(long)]
    quick: bool,
}

impl Doctor {
    pub(crate) fn run(&self, globals: &Globals, output: &mut Output) -> Result<u8, Failure> {
        let (path, source) = globals.home_and_source()?;
        let depth = if self.quick { Depth::Quick } else { Depth::Thorough };
        let findings = examine(&path, globals.now()?, depth)?;
        let shown = path.display().to_string();
        output.either(
            || format!("The home {shown} is named by {source}.\n\n{}", table(&findings)),
            || {
                Value::object([
                    ("home", shown.as_str().into()),
                    ("homeFrom", source.into()),
                    ("findings", findings.iter().map(finding_value).collect::<Vec<_>>().into()),
                ])
            },
        )?;
        output.say(summary(&findings));
        Ok(exit_code(&findings))
    }
}

fn table(findings: &[Finding]) -> String {
    let row = |finding: &Finding| {
        let mut says = shown::foreign(&finding.says);
        if let Some(fix) = &finding.fix {
            // Not broken, so that a command can be copied.
            says.push_str(&format!("\nfix: {}", shown::foreign(fix)).replace(' ', GLUE));
        }
        [finding.severity.as_str().to_string(), finding.check.to_string(), says]
    };
    shown::table(["STATE".into(), "CHECK".into(), Column::prose("FINDING")], findings.iter().map(row))
}

fn finding_value(finding: &Finding) -> Value {
    Value::object([
        ("check", finding.check.into()),
        ("state", finding.severity.as_str().into()),
        ("says", finding.says.as_str().into()),
        ("fix", finding.fix.as_deref().into()),
    ])
}

fn summary(findings: &[Finding]) -> String {
    let count = |severity| findings.iter().filter(|finding| finding.severity == severity).count();
    let counted = |number: usize, what: &str| match number {
        1 => format!("1 {what}"),
        _ => format!("{number} {what}s"),
    };
    match (count(Severity::Problem), count(Severity::Warning)) {
        (0, 0) => "Everything is in order.".to_string(),
        (problems, warnings) => {
            format!("{}, {}.", counted(problems, "problem"), counted(warnings, "warning"))
        }
    }
}

fn exit_code(findings: &[Finding]) -> u8 {
    let kinds = || findings.iter().filter_map(|finding| finding.kind);
    match kinds().any(|kind| kind == FailureKind::Ledger) {
        true => FailureKind::Ledger.exit_code(),
        false => kinds().next().map_or(0, |_| FailureKind::CannotRead.exit_code()),
    }
}
