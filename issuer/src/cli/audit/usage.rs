//! `lictor audit usage`.

use clap::Args;
use lictor_shared::json::Value;
use lictor_shared::{Thumbprint, Timestamp, Uuid};
use std::collections::BTreeSet;

use super::super::activation::place;
use super::super::globals::Globals;
use super::super::output::{Form, Output};
use super::super::rows::{Lines, Page, RowForm, RowForms};
use super::super::{shown, values};
use crate::audit::{UsageAnomaly, UsageRecord, UsageScope, facts, visit_usage};
use crate::error::{Failure, FailureKind};
use crate::find::find;
use crate::ledger::Ledger;

const EXAMPLES: &str = "\
Examples:
  lictor audit usage
  lictor audit usage --license 0198c0d2-6c1e-7 --csv > usage.csv
  lictor audit usage --report 0198c0d2-6c1e-7a33-9d5e-2f6f2b1d9a10

A row for each deployment: how many of its reports were recorded, the time that
they cover, the numbers of the newest, and what was odd; a gap that was filled
later is closed, and odd no more. With --json there is an object for each report,
with --csv a line for each counter of each. With --report it is that report as
the deployment has signed it, for an auditor to check.";

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
    /// Those of at most so many deployments [default: 1000; with --jsonl and --csv all]
    #[arg(long, value_name = "N", value_parser = values::integer, conflicts_with = "report")]
    limit: Option<u64>,
    /// Only those of the deployments behind this one
    #[arg(long, value_name = "LICENSE/DEPLOYMENT", value_parser = place, conflicts_with = "report")]
    after: Option<(Uuid, Thumbprint)>,
    #[command(flatten)]
    forms: RowForms,
}

/// What is looked for, and how much of it is shown.
struct Search {
    ledger: Ledger,
    scope: UsageScope,
    page: Page,
}

impl Usage {
    pub(crate) fn run(&self, globals: &Globals, output: &mut Output) -> Result<u8, Failure> {
        let (_, ledger) = globals.home_and_ledger()?;
        let license = self.license.as_deref().map(|id| find(&ledger, id)).transpose()?;
        let form = self.forms.form(output);
        let limit = form.limit(self.limit).filter(|_| self.report.is_none());
        let scope = UsageScope {
            license: license.map(|license| license.id),
            report: self.report,
            after: self.after,
            // One more than asked for tells whether there are more.
            most: limit.map(|limit| limit.saturating_add(1)),
        };
        let mut search = Search { ledger, scope, page: Page::of(limit) };
        if let Some(id) = self.report {
            return search.armored(id, output);
        }
        match form {
            RowForm::Table => search.table(output)?,
            RowForm::Json => search.json(output)?,
            RowForm::JsonLines => search.json_lines(output)?,
            RowForm::Csv => search.csv(output)?,
        }
        search.page.say_if_more(output);
        Ok(0)
    }
}

impl Search {
    fn each(
        &mut self,
        mut visit: impl FnMut(&UsageRecord, Option<UsageAnomaly>) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        let Self { ledger, scope, page } = self;
        let (mut last, mut is_shown) = (None, false);
        visit_usage(ledger, scope, &mut |record| {
            let whose = (record.license, record.deployment);
            if last != Some(whose) {
                is_shown = page.holds(format_args!("{}/{}", whose.0, whose.1));
                last = Some(whose);
            }
            if is_shown { visit(&record, record.closed(ledger)?) } else { Ok(()) }
        })
    }

    /// Every report with this id; a copied deployment cannot make two of one.
    fn armored(mut self, id: Uuid, output: &mut Output) -> Result<u8, Failure> {
        let mut is_there = false;
        self.each(|report, closed| {
            is_there = true;
            match output.form() {
                Form::Text => output.raw(&report.armored()),
                Form::Json => output.data(to_value(report, closed)?),
            }
        })?;
        if is_there {
            return Ok(0);
        }
        Err(Failure::new(FailureKind::NotFound, format!("There is no report {id}."))
            .hint("lictor audit usage --json shows the ids of all"))
    }

    fn table(&mut self, output: &mut Output) -> Result<(), Failure> {
        let mut lines: Vec<Line> = Vec::new();
        self.each(|report, closed| {
            match lines.last_mut().filter(|line| line.is_of(report)) {
                Some(line) => line.add(report, closed)?,
                None => lines.push(Line::of(report, closed)?),
            }
            Ok(())
        })?;
        if lines.is_empty() {
            let none = "No report of use was recorded. Record one with: lictor audit import FILE";
            output.say(self.page.nothing(none));
            return Ok(());
        }
        let header = ["DEPLOYMENT", "REPORTS", "FROM", "TO", "COUNTERS", "ODD", "LICENSE"];
        output.raw(&shown::table(header, lines.iter().map(Line::cells)))
    }

    fn json(&mut self, output: &mut Output) -> Result<(), Failure> {
        let mut found = Vec::new();
        self.each(|report, closed| {
            found.push(to_value(report, closed)?);
            Ok(())
        })?;
        output.data(Value::Array(found))
    }

    fn json_lines(&mut self, output: &mut Output) -> Result<(), Failure> {
        let mut lines = Lines::to(output);
        self.each(|report, closed| lines.json(&to_value(report, closed)?))?;
        lines.end()
    }

    /// A record for each counter of each report; a report without counters has one that names none.
    fn csv(&mut self, output: &mut Output) -> Result<(), Failure> {
        let mut lines = Lines::to(output);
        lines.csv(CSV_HEADER)?;
        self.each(|report, closed| {
            let cells = cells(report, closed)?;
            cells.iter().try_for_each(|cells| lines.csv(cells.iter().map(String::as_str)))
        })?;
        lines.end()
    }
}

/// A deployment, and what its reports come to.
struct Line {
    license: Uuid,
    deployment: Thumbprint,
    reports: u64,
    from: Timestamp,
    to: Timestamp,
    /// The number of the newest report, and its event.
    newest: (u64, u64),
    counters: String,
    odd: BTreeSet<UsageAnomaly>,
}

impl Line {
    fn of(report: &UsageRecord, closed: Option<UsageAnomaly>) -> Result<Self, Failure> {
        let mut line = Self {
            license: report.license,
            deployment: report.deployment,
            reports: 0,
            from: report.from,
            to: report.to,
            newest: (0, 0),
            counters: String::new(),
            odd: BTreeSet::new(),
        };
        line.add(report, closed)?;
        Ok(line)
    }

    fn is_of(&self, report: &UsageRecord) -> bool {
        (self.license, self.deployment) == (report.license, report.deployment)
    }

    fn add(&mut self, report: &UsageRecord, closed: Option<UsageAnomaly>) -> Result<(), Failure> {
        self.reports += 1;
        (self.from, self.to) = (self.from.min(report.from), self.to.max(report.to));
        self.odd.extend(report.anomalies.iter().copied().filter(|odd| closed != Some(*odd)));
        if (report.sequence, report.seq) > self.newest {
            self.newest = (report.sequence, report.seq);
            let claims = report.claims()?;
            let counters = claims.counters.iter().map(|(name, peak)| format!("{name} {}", peak.highest));
            self.counters = counters.collect::<Vec<_>>().join(", ");
        }
        Ok(())
    }

    fn cells(&self) -> [String; 7] {
        let odd: Vec<&str> = self.odd.iter().map(|word| word.as_str()).collect();
        [
            self.deployment.to_string(),
            self.reports.to_string(),
            shown::day(Some(self.from), ""),
            shown::day(Some(self.to), ""),
            self.counters.clone(),
            odd.join(", "),
            self.license.to_string(),
        ]
    }
}

fn to_value(record: &UsageRecord, closed: Option<UsageAnomaly>) -> Result<Value, Failure> {
    let mut members = facts(&record.claims()?);
    for name in ["issuedAt", "from", "to"] {
        let at = members.get(name).and_then(Value::as_integer).and_then(Timestamp::from_seconds);
        members.insert(name.to_owned(), at.map(|at| at.to_string()).into());
    }
    let words = record.anomalies.iter().map(|word| word.as_str().into()).collect::<Vec<Value>>();
    members.insert("anomalies".to_owned(), words.into());
    let closed: Vec<Value> = closed.iter().map(|word| word.as_str().into()).collect();
    members.insert("closed".to_owned(), closed.into());
    members.insert("tokenSha256".to_owned(), record.sha256.as_str().into());
    members.insert("event".to_owned(), record.seq.into());
    Ok(members.into())
}

const CSV_HEADER: [&str; 11] = [
    "license",
    "deployment",
    "report",
    "sequence",
    "from",
    "to",
    "counter",
    "highest",
    "at",
    "anomalies",
    "closed",
];

fn cells(record: &UsageRecord, closed: Option<UsageAnomaly>) -> Result<Vec<[String; 11]>, Failure> {
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
            closed.map(|word| word.to_string()).unwrap_or_default(),
        ]
    };
    Ok(counted.into_iter().map(cells).collect())
}
