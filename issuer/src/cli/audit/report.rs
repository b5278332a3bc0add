//! `lictor audit report`.

mod files;

use clap::Args;
use lictor_shared::json::Value;
use std::path::{Path, PathBuf};

use super::super::globals::Globals;
use super::super::outfile::Force;
use super::super::output::Output;
use super::super::shown;
use super::activations::Silence;
use crate::audit::{Horizon, Report as Told, report};
use crate::durable::{self, Existing, Readers};
use crate::error::Failure;
use crate::home::Home;
use crate::licenses::LicenseState;

use self::files::Files;

const EXAMPLES: &str = "\
Examples:
  lictor audit report
  lictor audit report --html report.html
  lictor audit report --html report.html --csv figures --silent-after 180d
  lictor audit report --json

The ledger is checked first, as `lictor ledger verify` does; of a damaged one
there is no report (exit code 32). The page needs nothing but itself: no script,
no network. It shows the first 50 rows of long tables, and the last 15 of each
kind of what is odd; the CSV files have all: licenses, customers, deployments,
anomalies, denials, expiring and months. Files are for their owner only: they
hold the names of customers. A --now before the last event is refused.";

/// Tell an auditor who uses what, in one page, in CSV files or in short
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Report {
    /// Write the page to this file, which must not exist yet
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
    /// Write the CSV files into this folder, where none of them must exist yet
    #[arg(long, value_name = "DIR")]
    csv: Option<PathBuf>,
    #[command(flatten)]
    force: Force,
    #[command(flatten)]
    silence: Silence,
}

impl Report {
    pub(crate) fn run(&self, globals: &Globals, output: &mut Output) -> Result<u8, Failure> {
        let (home, ledger) = globals.home_and_ledger()?;
        let judged = self.silence.judged(globals, &ledger)?;
        self.allows(&home)?;
        // Begun with the first license: of a damaged ledger there is none, and not an empty folder either.
        let mut files = None;
        let told = report(&ledger, judged, &mut |used| match &self.csv {
            Some(folder) => begun(&mut files, folder)?.write(used, judged.at),
            None => Ok(()),
        })?;
        if let Some(folder) = &self.csv {
            begun(&mut files, folder)?;
        }
        let mut written = match files {
            Some(files) => files.finish(&told, self.force.existing())?,
            None => Vec::new(),
        };
        if let Some(path) = &self.html {
            self.write_page(path, &told)?;
            written.push(path.clone());
        }
        output.say("The ledger is whole: every row follows from its events.");
        let paths: Vec<String> = written.iter().map(|path| path.display().to_string()).collect();
        output.either(
            || {
                if paths.is_empty() {
                    text(&told)
                } else {
                    paths.iter().map(|path| format!("{path}\n")).collect()
                }
            },
            || to_value(&told, &paths),
        )?;
        Ok(0)
    }

    /// Refuses names that are taken before anything is read.
    fn allows(&self, home: &Home) -> Result<(), Failure> {
        let files = self.csv.iter().flat_map(|folder| files::paths(folder));
        files.chain(self.html.clone()).try_for_each(|path| self.force.allows(&path, home))
    }

    fn write_page(&self, path: &Path, told: &Told) -> Result<(), Failure> {
        let page = told.to_html();
        match self.force.existing() {
            Existing::Keep => durable::create(path, page.as_bytes(), Readers::Owner),
            Existing::Replace => durable::replace(path, page.as_bytes(), Readers::Owner),
        }
    }
}

/// The files, which are begun if they were not.
fn begun<'f>(files: &'f mut Option<Files>, folder: &Path) -> Result<&'f mut Files, Failure> {
    let begun = match files.take() {
        Some(begun) => begun,
        None => Files::begin(folder)?,
    };
    Ok(files.insert(begun))
}

fn text(told: &Told) -> String {
    let (size, root) = &told.head;
    let states: Vec<String> =
        told.states.iter().map(|(state, licenses)| format!("{licenses} {}", state.as_str())).collect();
    let odd: Vec<String> =
        told.oddities.iter().map(|(kind, odd)| format!("{} {kind}", odd.total())).collect();
    let denied: Vec<String> =
        told.denials.iter().map(|(reason, denied)| format!("{} {reason}", denied.times)).collect();
    let listed =
        |words: Vec<String>| if words.is_empty() { String::new() } else { format!(": {}", words.join(", ")) };
    let [within_30, within_60, within_90] = Horizon::ALL.map(|horizon| told.ending_within(horizon));
    let seats = &told.seats;
    shown::facts(&[
        ("issuer", shown::foreign(told.issuer.as_str())),
        ("ledger", told.ledger.to_string()),
        ("as of", told.judged.at.to_string()),
        ("events", size.to_string()),
        ("root", root.to_string()),
        ("customers", told.customers.to_string()),
        ("licenses", told.licenses().to_string() + &listed(states)),
        ("ending", format!("{within_30} within 30 days, {within_60} within 60, {within_90} within 90")),
        (
            "seats",
            format!(
                "{} in use; licenses in force have {} where they are limited, {} of them in use",
                seats.used, seats.limit, seats.used_of_limit
            ),
        ),
        (
            "beyond limits",
            format!(
                "{} under {} {}",
                seats.beyond,
                seats.licenses_beyond,
                if seats.licenses_beyond == 1 { "license" } else { "licenses" }
            ),
        ),
        ("silent", told.silent.total().to_string()),
        ("odd", told.odd().to_string() + &listed(odd)),
        ("denied", told.denied().to_string() + &listed(denied)),
    ])
}

fn to_value(told: &Told, files: &[String]) -> Value {
    let (size, root) = &told.head;
    let count = |state: &LicenseState| Value::from(told.states.get(state).copied().unwrap_or_default());
    let states = LicenseState::ALL.iter().map(|state| (state.as_str().to_owned(), count(state))).collect();
    let odd = told
        .oddities
        .iter()
        .map(|(kind, odd)| (kind.as_str().to_owned(), Value::from(odd.total())))
        .collect();
    let denied =
        told.denials.iter().map(|(reason, denied)| (reason.clone(), Value::from(denied.times))).collect();
    let [within_30, within_60, within_90] =
        Horizon::ALL.map(|horizon| Value::from(told.ending_within(horizon)));
    let seats = &told.seats;
    Value::object([
        ("issuer", told.issuer.as_str().into()),
        ("ledger", told.ledger.to_string().into()),
        ("at", told.judged.at.to_string().into()),
        ("events", (*size).into()),
        ("root", root.to_string().into()),
        ("customers", told.customers.into()),
        ("licenses", Value::Object(states)),
        (
            "ending",
            Value::object([
                ("within30Days", within_30),
                ("within60Days", within_60),
                ("within90Days", within_90),
            ]),
        ),
        (
            "seats",
            Value::object([
                ("used", seats.used.into()),
                ("limit", seats.limit.into()),
                ("usedOfLimit", seats.used_of_limit.into()),
                ("unlimitedLicenses", seats.unlimited.into()),
                ("beyondLimit", seats.beyond.into()),
                ("licensesBeyondLimit", seats.licenses_beyond.into()),
            ]),
        ),
        ("silent", told.silent.total().into()),
        ("odd", Value::Object(odd)),
        ("denied", Value::Object(denied)),
        ("files", files.iter().map(|path| Value::from(path.as_str())).collect::<Vec<_>>().into()),
    ])
}
