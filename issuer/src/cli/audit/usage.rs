//! `lictor audit usage`.

use clap::Args;
use lictor_shared::json::Value;
use lictor_shared::{Thumbprint, Timestamp, Uuid};
use std::collections::{BTreeMap, BTreeSet};

use super::super::globals::Globals;
use super::super::output::{Form, Output};
use super::super::rows::{Lines, RowForm, RowForms};
use super::super::shown;
use crate::audit::{UsageAnomaly, UsageRecord, facts, usage};
use crate::error::{Failure, FailureKind};
use crate::find::find;

const EXAMPLES: &str = "\
Examples:
  lictor audit usage
  lictor audit usage --license 0198c0d2-6c1e-7 --csv > usage.csv
  lictor audit usage --report 0198c0d2-6c1e-7a33-9d5e-2f6f2b1d9a10

A row for each deployment: how many of its reports were recorded, the time that
they cover, the numbers of the newest, and what was odd. With --json there is an
object for each report, with --csv a line for each counter of each. With --report
it is that report as the deployment has signed it, for an auditor to check.";

/// Show what deployments have reported of their use
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Usage {
    /// Only those of this license: its id or a serial, or 8 characters or more of either
    #[arg(long, value_name = "ID")]
    license: Option<String>,
    /// Write the report with this id as it was brought
    #[arg(long, value_name = "ID", conflicts_with_all = ["csv", "jsonl"])]
    report: Option<Uuid>,
    #[command(flatten)]
    forms: RowForms,
}

impl Usage {
    pub(crate) fn run(&self, globals: &Globals, output: &mut Output) -> Result<u8, Failure> {
        let (_, ledger) = globals.home_and_ledger()?;
        let license = self.license.as_deref().map(|id| find(&ledger, id)).transpose()?;
        let found = usage(&ledger, license.map(|license| license.id))?;
        if let Some(id) = self.report {
            return armored(&found, id, output);
        }
        match self.forms.form(output) {
            RowForm::Table => table(&found, output)?,
            RowForm::Json => output.data(Value::from(values(&found)?))?,
            RowForm::JsonLines => {
                let mut lines = Lines::to(output);
                values(&found)?.iter().try_for_each(|report| lines.json(report))?;
                lines.end()?;
            }
            RowForm::Csv => csv(&found, output)?,
        }
        Ok(0)
    }
}

fn table(found: &[UsageRecord], output: &mut Output) -> Result<(), Failure> {
    if found.is_empty() {
        output.say("No report of use was recorded. Record one with: lictor audit import FILE");
        return Ok(());
    }
    let header = ["DEPLOYMENT", "REPORTS", "FROM", "TO", "COUNTERS", "ODD", "LICENSE"];
    output.raw(&shown::table(header, of_each(found)?.into_iter()))
}

fn values(found: &[UsageRecord]) -> Result<Vec<Value>, Failure> {
    found.iter().map(to_value).collect()
}

/// Every report with this id; a copied deployment cannot make two of one.
fn armored(found: &[UsageRecord], id: Uuid, output: &mut Output) -> Result<u8, Failure> {
    let reports: Vec<&UsageRecord> = found.iter().filter(|record| record.report == id).collect();
    if reports.is_empty() {
        return Err(Failure::new(FailureKind::NotFound, format!("There is no report {id}."))
            .hint("lictor audit usage --json shows the ids of all"));
    }
    for report in reports {
        match output.form() {
            Form::Text => output.raw(&report.armored())?,
            Form::Json => output.data(to_value(report)?)?,
        }
    }
    Ok(0)
}

fn of_each(found: &[UsageRecord]) -> Result<Vec<[String; 7]>, Failure> {
    let mut deployments: BTreeMap<(Uuid, Thumbprint), Vec<&UsageRecord>> = BTreeMap::new();
    for record in found {
        deployments.entry((record.license, record.deployment)).or_default().push(record);
    }
    deployments
        .into_iter()
        .map(|((license, deployment), reports)| row(license, deployment, &reports))
        .collect()
}

fn row(license: Uuid, deployment: Thumbprint, reports: &[&UsageRecord]) -> Result<[String; 7], Failure> {
    let newest = reports.iter().max_by_key(|report| (report.sequence, report.seq));
    let claims = newest.map(|newest| newest.claims()).transpose()?;
    let counters = claims.iter().flat_map(|claims| &claims.counters);
    let counters: Vec<String> = counters.map(|(name, peak)| format!("{name} {}", peak.highest)).collect();
    let odd: BTreeSet<&UsageAnomaly> = reports.iter().flat_map(|report| &report.anomalies).collect();
    let odd: Vec<&str> = odd.into_iter().map(|word| word.as_str()).collect();
    Ok([
        deployment.to_string(),
        reports.len().to_string(),
        shown::day(reports.iter().map(|report| report.from).min(), ""),
        shown::day(reports.iter().map(|report| report.to).max(), ""),
        counters.join(", "),
        odd.join(", "),
        license.to_string(),
    ])
}

fn to_value(record: &UsageRecord) -> Result<Value, Failure> {
    let mut members = facts(&record.claims()?);
    for name in ["issuedAt", "from", "to"] {
        let at = members.get(name).and_then(Value::as_integer).and_then(Timestamp::from_seconds);
        members.insert(name.to_owned(), at.map(|at| at.to_string()).into());
    }
    let words = record.anomalies.iter().map(|word| word.as_str().into()).collect::<Vec<Value>>();
    members.insert("anomalies".to_owned(), words.into());
    members.insert("tokenSha256".to_owned(), record.sha256.as_str().into());
    members.insert("event".to_owned(), record.seq.into());
    Ok(members.into())
}

const CSV_HEADER: [&str; 10] =
    ["license", "deployment", "report", "sequence", "from", "to", "counter", "highest", "at", "anomalies"];

/// A record for each counter of each report; a report without counters has one that names none.
fn csv(found: &[UsageRecord], output: &mut Output) -> Result<(), Failure> {
    let mut lines = Lines::to(output);
    lines.csv(CSV_HEADER)?;
    for record in found {
        for cells in cells(record)? {
            lines.csv(cells.iter().map(String::as_str))?;
        }
    }
    lines.end()
}

fn cells(record: &UsageRecord) -> Result<Vec<[String; 10]>, Failure> {
    let claims = record.claims()?;
    let peaks = claims.counters.iter();
    let counted = peaks.map(|(name, peak)| [name.to_string(), peak.highest.to_string(), peak.at.to_string()]);
    let mut counted: Vec<[String; 3]> = counted.collect();
    if counted.is_empty() {
        counted.push(Default::default());
    }
    let words: Vec<&str> = record.anomalies.iter().map(|word| word.as_str()).collect();
    let cells = |[counter, highest, at]: [String; 3]| {
        [
            record.license.to_string(),
            record.deployment.to_string(),
            record.report.to_string(),
            record.sequence.to_string(),
            record.from.to_string(),
            record.to.to_string(),
            counter,
            highest,
            at,
            words.join(" "),
        ]
    };
    Ok(counted.into_iter().map(cells).collect())
}
