//! `lictor audit import`.

use clap::Args;
use lictor_shared::json::Value;
use std::io::IsTerminal as _;
use std::path::{Path, PathBuf};

use super::super::globals::Globals;
use super::super::input;
use super::super::output::{Form, Output};
use super::super::writing::{self, Writing};
use crate::audit::{ImportedReport, Manner, SignedReport, UsageAnomaly, import_reports, is_known};
use crate::error::{Failure, FailureKind};
use crate::home::Home;
use crate::ledger::Ledger;
use crate::outcome::Outcome as _;

const EXAMPLES: &str = "\
Examples:
  lictor audit import report.txt
  lictor audit import reports/*.txt
  pbpaste | lictor audit import - --json

Reports of use are made by deployments with lictor-agent usage report. All files
are recorded together or none is, in the order of the reports' numbers; one that
was recorded before changes nothing. What is odd about a report refuses nothing:
it is recorded with it, said, and shown by lictor audit usage.";

/// Record reports of use that deployments have made
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Import {
    /// Reports: files, or - for standard input
    #[arg(value_name = "FILE|-", required = true)]
    file: Vec<PathBuf>,
    #[command(flatten)]
    writing: Writing,
}

impl Import {
    pub(crate) fn run(&self, globals: &Globals, output: &mut Output) -> Result<u8, Failure> {
        self.one_standard_input()?;
        let (home, mut ledger) = globals.home_and_ledger()?;
        let occasion = globals.occasion_of(&self.writing)?;
        if let Some(answer) = writing::answered(&ledger, &occasion, output)? {
            return show(&answer, output);
        }
        self.say_how_to_paste(output);
        let reports = self.reports(&home, &ledger)?;
        let imported = import_reports(&home, &mut ledger, &reports, &occasion)?;
        let tell = |output: &mut Output| imported.reports.iter().for_each(|report| tell(report, output));
        if let Some(dry_run) = ledger.dry_run() {
            return writing::tell(dry_run, output, tell);
        }
        tell(output);
        if imported.event.is_none() {
            writing::say_not_remembered(&occasion, output);
        }
        show(&imported.answer(), output)
    }

    fn one_standard_input(&self) -> Result<(), Failure> {
        input::once(self.file.iter().map(PathBuf::as_path))?;
        let reads = self.file.iter().any(|file| input::is_standard_input(file));
        if reads && self.writing.request_id.is_some() {
            // What is asked for is known by the content of the files; standard input is not read twice.
            return Err(Failure::new(FailureKind::Usage, "a request id is for reports in files").hint(
                "write the report to a file and name that, or leave --request-id out: a report is recorded once anyway",
            ));
        }
        Ok(())
    }

    /// Nobody is left before a cursor that says nothing.
    fn say_how_to_paste(&self, output: &mut Output) {
        let reads = self.file.iter().any(|file| input::is_standard_input(file));
        if reads && std::io::stdin().is_terminal() {
            output.say("Paste the report, then press Enter and Ctrl-D.");
        }
    }

    /// The reports of all files. One that cannot be recorded is told by its file and place, and then none is.
    fn reports(&self, home: &Home, ledger: &Ledger) -> Result<Vec<SignedReport>, Failure> {
        let mut reports = Vec::new();
        for file in &self.file {
            let name = name_of(file);
            let found =
                SignedReport::read_all(&input::read(file)?).map_err(|failure| told_of(&name, failure))?;
            for (place, report) in (1..).zip(&found) {
                is_known(home, ledger, report).map_err(|failure| match found.len() {
                    1 => told_of(&name, failure),
                    count => told_of(&format!("{name}: report {place} of {count}"), failure),
                })?;
            }
            reports.extend(found);
        }
        Ok(reports)
    }
}

fn name_of(file: &Path) -> String {
    match input::is_standard_input(file) {
        true => "standard input".to_string(),
        false => file.display().to_string(),
    }
}

fn told_of(which: &str, failure: Failure) -> Failure {
    Failure { message: format!("{which}: {}", failure.message), ..failure }
}

/// Writes the id of each report, or all that is said of it.
fn show(answer: &Value, output: &mut Output) -> Result<u8, Failure> {
    let reports = answer.as_object().and_then(|members| members.get("reports"));
    for report in reports.and_then(Value::as_array).unwrap_or_default() {
        match output.form() {
            Form::Json => output.data(report.clone())?,
            Form::Text => output.data(writing::text(report, "report"))?,
        }
    }
    Ok(0)
}

fn tell(report: &ImportedReport, output: &mut Output) {
    let claims = &report.claims;
    let (number, deployment) = (claims.sequence, claims.deployment);
    match report.manner {
        Manner::Known => {
            output.say(format_args!(
                "Report {number} of {deployment} is already recorded; nothing was changed."
            ));
            return;
        }
        Manner::Recorded => output.say(format_args!(
            "Recorded report {number} of {deployment} on the license {}: {} to {}.",
            claims.license, claims.from, claims.to
        )),
    }
    let counters: Vec<String> =
        claims.counters.iter().map(|(name, peak)| format!("{name} {}", peak.highest)).collect();
    if !counters.is_empty() {
        output.say(format_args!("  At most: {}.", counters.join(", ")));
    }
    for anomaly in &report.anomalies {
        output.warn(format_args!("{} ({anomaly})", explained(*anomaly, report)));
    }
}

/// What is odd, with its particulars and what to do.
fn explained(anomaly: UsageAnomaly, report: &ImportedReport) -> String {
    let claims = &report.claims;
    match anomaly {
        UsageAnomaly::Gap => {
            let first = report.after.map_or(1, |after| after.saturating_add(1));
            let last = claims.sequence.saturating_sub(1);
            let missing = if first == last {
                format!("report {last} is")
            } else {
                format!("reports {first} to {last} are")
            };
            format!("Before it {missing} missing; bring what is still to be found")
        }
        UsageAnomaly::Late => "It came after a later one, and fills the gap before that".into(),
        UsageAnomaly::RecordLost => {
            format!("The deployment has no record of what was before {}", claims.from)
        }
        UsageAnomaly::OverLimit => {
            let beyond = report.beyond.iter().map(|(name, limit)| {
                let highest = claims.counters.get(name).map_or(0, |peak| peak.highest);
                format!("{name} {highest} of {limit}")
            });
            format!("More was used than the license has: {}", beyond.collect::<Vec<_>>().join(", "))
        }
        other => other.meaning().trim_end_matches('.').into(),
    }
}
