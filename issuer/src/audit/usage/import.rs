//! Recording reports: all of them in one change.
//!
//! Reports that are brought together are recorded together, in the order of their numbers: so it does not matter in which order
//! they are named, and no report is taken for missing that lies in the next file.

use lictor_shared::json::{Members, Value};
use lictor_shared::{Beginning, Mode, Name, Seconds, Timestamp, UsageReport, hex, limits};
use std::collections::BTreeMap;

use super::anomaly::UsageAnomaly;
use super::chain::place;
use super::limits::beyond;
use super::record::UsageRecord;
use super::signed::SignedReport;
use crate::error::{Failure, FailureKind};
use crate::event::{EventKind, Facts};
use crate::home::Home;
use crate::ledger::transaction::{Recorded, Transaction};
use crate::ledger::{Ledger, activations, deployments, licenses, usage as table};
use crate::licenses::LicenseRecord;
use crate::occasion::Occasion;
use crate::outcome::Outcome;
use crate::register::register;
use rusqlite::Connection;

register! {
    /// What became of a report that was brought.
    Manner {
        /// It was recorded.
        Recorded = "recorded",
        /// The same report was recorded before.
        Known = "known",
    }
}

/// What became of one report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImportedReport {
    /// Whether it is new.
    pub manner: Manner,
    /// What it says.
    pub claims: UsageReport,
    /// What is odd about it.
    pub anomalies: Vec<UsageAnomaly>,
    /// The number of the last report before it that had been brought when it was; `None`: there was none.
    pub after: Option<u64>,
    /// Counters above the license's limits, and these limits. Of a report that was known, none are told.
    pub beyond: BTreeMap<Name, u64>,
}

/// What became of reports, in the order in which they were brought.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImportedReports {
    /// Each report.
    pub reports: Vec<ImportedReport>,
    /// The number of the last event; `None` if all had been recorded before.
    pub event: Option<u64>,
}

/// Sees that a report is of a deployment that holds or held a seat here, or was recorded before.
///
/// # Errors
/// [`FailureKind::NotFound`] for another issuer's and for an unknown deployment, [`FailureKind::Conflict`] for a product that its
/// license is not for.
pub fn is_known(home: &Home, ledger: &Ledger, report: &SignedReport) -> Result<(), Failure> {
    known(home, ledger.connection(), report).map(|_| ())
}

fn known(home: &Home, connection: &Connection, report: &SignedReport) -> Result<LicenseRecord, Failure> {
    let claims = report.claims();
    let ours = &home.config().issuer;
    if claims.issuer != *ours {
        let (theirs, ours) = (claims.issuer.as_str(), ours.as_str());
        let message = format!("The report is for the issuer {theirs:?}, and this is {ours:?}.");
        return Err(
            Failure::new(FailureKind::NotFound, message).hint("Send it to whoever issued its license.")
        );
    }
    let seated = deployments::find(connection, claims.license, claims.deployment)?;
    let license = licenses::find(connection, claims.license)?.filter(|_| seated.is_some());
    let license = license.ok_or_else(|| unknown(claims))?;
    if licenses::is_erased(connection, license.id)? {
        return Err(erased(claims));
    }
    let is_for =
        |product: &Name| license.revisions.iter().any(|revision| revision.products.contains(product));
    match is_for(&claims.product) {
        true => Ok(license),
        false => Err(wrong_product(claims)),
    }
}

fn unknown(claims: &UsageReport) -> Failure {
    let (deployment, license) = (claims.deployment, claims.license);
    let message = format!("No deployment {deployment} ever held a seat of a license {license} here.");
    Failure::new(FailureKind::NotFound, message)
        .hint("Only who has or had a seat can report: let the deployment ask for one, and grant it.")
        .with("deployment", deployment.to_string())
        .with("license", license.to_string())
}

fn erased(claims: &UsageReport) -> Failure {
    let message =
        format!("The customer of the license {} was erased; nothing more is recorded of it.", claims.license);
    Failure::new(FailureKind::NotFound, message)
        .hint("Leave this report out.")
        .with("license", claims.license.to_string())
}

fn wrong_product(claims: &UsageReport) -> Failure {
    let message = format!("The license {} is not for the product {}.", claims.license, claims.product);
    Failure::new(FailureKind::Conflict, message)
        .hint("See which program made the report, and which license it has.")
        .with("license", claims.license.to_string())
}

/// Records reports. What was recorded before is told, and changes nothing.
///
/// # Errors
/// As [`is_known`]. Nothing has changed then.
pub fn import_reports(
    home: &Home,
    ledger: &mut Ledger,
    reports: &[SignedReport],
    occasion: &Occasion,
) -> Result<ImportedReports, Failure> {
    let transaction = ledger.begin(occasion)?;
    let mut order: Vec<usize> = (0..reports.len()).collect();
    order.sort_by_key(|index| reports.get(*index).map(|report| report.claims().sequence));
    let mut found = BTreeMap::new();
    let mut last = None;
    for (index, report) in order.into_iter().filter_map(|index| Some((index, reports.get(index)?))) {
        let (imported, recorded) = import(home, &transaction, report, occasion.at)?;
        last = recorded.or(last);
        found.insert(index, imported);
    }
    let imported = ImportedReports { reports: found.into_values().collect(), event: last.map(Recorded::seq) };
    // After this line every report is kept with its event. Before, none is, and all can be brought again.
    match last {
        Some(last) => transaction.commit(last, &imported)?,
        None => drop(transaction),
    }
    Ok(imported)
}

fn import(
    home: &Home,
    transaction: &Transaction<'_>,
    signed: &SignedReport,
    at: Timestamp,
) -> Result<(ImportedReport, Option<Recorded>), Failure> {
    let (connection, claims) = (transaction.connection(), signed.claims().clone());
    if let Some(record) = table::find(connection, signed.sha256())? {
        let imported = ImportedReport {
            manner: Manner::Known,
            claims,
            anomalies: record.anomalies,
            after: None,
            beyond: BTreeMap::new(),
        };
        return Ok((imported, None));
    }
    let license = known(home, connection, signed)?;
    let place = place(connection, &claims, signed.sha256())?;
    let beyond = beyond(connection, &license, &claims)?;
    let mut anomalies = place.anomalies;
    anomalies.extend(own(connection, &claims, at)?);
    if !beyond.is_empty() {
        anomalies.push(UsageAnomaly::OverLimit);
    }
    anomalies.sort_unstable();
    let imported = ImportedReport { manner: Manner::Recorded, claims, anomalies, after: place.after, beyond };
    let event = transaction.record(EventKind::UsageReported, said(&imported, signed.sha256()))?;
    table::insert(connection, &row(&imported, signed, event.seq()))?;
    Ok((imported, Some(event)))
}

/// What is odd about a report by itself.
fn own(connection: &Connection, claims: &UsageReport, at: Timestamp) -> Result<Vec<UsageAnomaly>, Failure> {
    let day = Seconds::new(limits::CLOCK_TOLERANCE).unwrap_or(Seconds::ZERO);
    let is_ahead = |of: Timestamp, it: Timestamp| of.plus(day).is_some_and(|until| until < it);
    let held = claims.activation.map(|serial| activations::holder(connection, serial)).transpose()?;
    let is_foreign = held.is_some_and(|holder| holder != Some((claims.license, claims.deployment)));
    let found = [
        (claims.beginning == Beginning::Gap, UsageAnomaly::RecordLost),
        (is_ahead(at, claims.issued_at.max(claims.to)), UsageAnomaly::Ahead),
        (is_ahead(claims.issued_at, claims.to), UsageAnomaly::ClockBehind),
        (is_foreign, UsageAnomaly::ForeignActivation),
    ];
    Ok(found.into_iter().filter(|(is, _)| *is).map(|(_, word)| word).collect())
}

fn said(imported: &ImportedReport, sha256: &str) -> Facts {
    let words = imported.anomalies.iter().map(|word| word.as_str().into()).collect::<Vec<Value>>();
    Facts::of(facts(&imported.claims))
        .and("tokenSha256", sha256)
        .and("anomalies", words)
        .and("after", imported.after)
        .and("beyond", numbers(imported.beyond.iter().map(|(name, limit)| (name.as_str(), *limit))))
}

/// What an event says of the report itself.
pub(crate) fn facts(claims: &UsageReport) -> Members {
    let counters = claims.counters.iter().map(|(name, peak)| (name.as_str(), peak.highest));
    let facts: [(&str, Value); 14] = [
        ("license", claims.license.to_string().into()),
        ("deployment", claims.deployment.to_string().into()),
        ("report", claims.id.to_string().into()),
        ("activation", claims.activation.map(|serial| serial.to_string()).into()),
        ("product", claims.product.as_str().into()),
        ("sequence", claims.sequence.into()),
        ("previous", claims.previous.map(|hash| hex(&hash)).into()),
        ("issuedAt", claims.issued_at.seconds().into()),
        ("from", claims.from.seconds().into()),
        ("to", claims.to.seconds().into()),
        ("begins", claims.beginning.as_str().into()),
        ("modes", numbers(lengths(claims).into_iter().map(|(mode, length)| (mode.as_str(), length)))),
        ("omitted", claims.omitted.into()),
        ("counters", numbers(counters)),
    ];
    facts.map(|(name, value)| (name.to_owned(), value)).into()
}

/// For how many seconds of the period each mode held.
fn lengths(claims: &UsageReport) -> BTreeMap<Mode, u64> {
    let ends = claims.modes.iter().skip(1).map(|mode| mode.since).chain([claims.to]);
    let mut lengths = BTreeMap::new();
    for (mode, end) in claims.modes.iter().zip(ends) {
        *lengths.entry(mode.mode).or_default() += end.seconds().saturating_sub(mode.since.seconds());
    }
    lengths
}

fn numbers<'n>(numbers: impl Iterator<Item = (&'n str, u64)>) -> Value {
    let members: Members = numbers.map(|(name, number)| (name.to_owned(), number.into())).collect();
    members.into()
}

fn row(imported: &ImportedReport, signed: &SignedReport, seq: u64) -> UsageRecord {
    let claims = &imported.claims;
    UsageRecord {
        sha256: signed.sha256().into(),
        seq,
        license: claims.license,
        deployment: claims.deployment,
        report: claims.id,
        sequence: claims.sequence,
        previous: claims.previous.map(|hash| hex(&hash)),
        from: claims.from,
        to: claims.to,
        anomalies: imported.anomalies.clone(),
        token: signed.token().into(),
    }
}

impl ImportedReport {
    fn to_value(&self) -> Value {
        let mut members = facts(&self.claims);
        for name in ["issuedAt", "from", "to"] {
            let at = members.get(name).and_then(Value::as_integer).and_then(Timestamp::from_seconds);
            members.insert(name.to_owned(), at.map(|at| at.to_string()).into());
        }
        let words = self.anomalies.iter().map(|word| word.as_str().into()).collect::<Vec<Value>>();
        members.insert("manner".to_owned(), self.manner.as_str().into());
        members.insert("anomalies".to_owned(), words.into());
        let beyond = self.beyond.iter().map(|(name, limit)| (name.as_str(), *limit));
        members.insert("beyond".to_owned(), numbers(beyond));
        members.into()
    }
}

impl Outcome for ImportedReports {
    fn answer(&self) -> Value {
        let reports: Vec<Value> = self.reports.iter().map(ImportedReport::to_value).collect();
        Value::object([("reports", reports.into()), ("event", self.event.into())])
    }
}
