//! What is said of the seats of a license.

use lictor_shared::json::Value;
use lictor_shared::{License, SeatLimit, Timestamp};

use super::super::output::Output;
use super::super::shown;
use super::super::writing;
use crate::activation::{
    Denials, DeniedRequest, DeploymentPage, DeploymentRecord, Occupancy, denials, deployments, occupancy,
};
use crate::error::Failure;
use crate::find::find;
use crate::ledger::Ledger;
use crate::licenses::LicenseRecord;

/// Deployments of one license that are shown with it.
const SHOWN: u32 = 1000;

/// Denials that are shown with it.
const DENIALS_SHOWN: u32 = 10;

/// How many seats are taken of how many, in a sentence.
pub(super) fn in_words(occupancy: &Occupancy) -> String {
    let (active, overage) = (occupancy.active, occupancy.seats.overage);
    let are = if active == 1 { "seat is" } else { "seats are" };
    let SeatLimit::AtMost(limit) = occupancy.seats.limit else {
        return format!("{active} {are} taken; their number is not limited.");
    };
    match (occupancy.beyond_limit(), overage) {
        (0, _) => format!("{active} of {limit} {} taken.", if limit == 1 { "seat is" } else { "seats are" }),
        (beyond, 0) => format!("{active} {are} taken, {beyond} more than there are."),
        (beyond, _) => {
            format!("{active} {are} taken, {beyond} beyond the limit of {limit} (overage {overage}).")
        }
    }
}

/// `3 of 10, overage 2`.
pub(crate) fn in_short(occupancy: &Occupancy) -> String {
    match (occupancy.seats.limit, occupancy.seats.overage) {
        (SeatLimit::Unlimited, _) => format!("{} taken, unlimited", occupancy.active),
        (SeatLimit::AtMost(limit), 0) => format!("{} of {limit} taken", occupancy.active),
        (SeatLimit::AtMost(limit), overage) => {
            format!("{} of {limit} taken, overage {overage}", occupancy.active)
        }
    }
}

/// Says that fewer seats than are taken take none away.
pub(crate) fn say_if_fewer(ledger: &Ledger, license: &License, output: &mut Output) -> Result<(), Failure> {
    let record = find(ledger, &license.id.to_string())?;
    let active = occupancy(ledger, &record, license.issued_at)?.active;
    let now = Occupancy { active, seats: license.seats };
    if let Some(room) = now.room().filter(|room| *room < active) {
        output.warn(format_args!(
            "{active} seats are taken, and this revision has {room}. They are kept; no other is granted until fewer than that are taken."
        ));
    }
    Ok(())
}

/// Who has the seats of a license, below what else is shown of it; nothing if nobody ever had one.
pub(crate) fn holders_in_a_table(
    ledger: &Ledger,
    license: &LicenseRecord,
    at: Timestamp,
) -> Result<String, Failure> {
    let (holders, more) = holders(ledger, license)?;
    if holders.is_empty() {
        return Ok(String::new());
    }
    let more =
        if more { format!("more: lictor activation list --license {}\n", license.id) } else { String::new() };
    Ok(format!("\n{}{more}", table(&holders, at)))
}

/// Who was denied a seat of a license, below what else is shown of it; nothing if nobody ever was.
pub(crate) fn denials_in_lines(ledger: &Ledger, license: &LicenseRecord) -> Result<String, Failure> {
    let denials = denials(ledger, license.id, DENIALS_SHOWN)?;
    if denials.latest.is_empty() {
        return Ok(String::new());
    }
    let line = |denied: &DeniedRequest| {
        let label = shown::foreign(denied.label.as_deref().unwrap_or("(erased)"));
        ("denied", format!("{} {} {label}\n{}", denied.at, denied.reason, denied.deployment))
    };
    let lines = shown::facts(&denials.latest.iter().map(line).collect::<Vec<_>>());
    let earlier = denials.count.saturating_sub(u64::from(DENIALS_SHOWN));
    let earlier = if earlier > 0 { format!("and {earlier} earlier\n") } else { String::new() };
    Ok(format!("\n{lines}{earlier}"))
}

fn denials_value(denials: &Denials) -> Value {
    let latest = denials.latest.iter().map(|denied| {
        Value::object([
            ("at", denied.at.to_string().into()),
            ("deployment", denied.deployment.to_string().into()),
            ("label", denied.label.clone().into()),
            ("reason", denied.reason.as_str().into()),
            ("event", denied.event.into()),
        ])
    });
    Value::object([("count", denials.count.into()), ("latest", latest.collect::<Vec<_>>().into())])
}

/// A license as programs see it, with its seats.
pub(crate) fn with_seats(
    license: Value,
    ledger: &Ledger,
    record: &LicenseRecord,
    at: Timestamp,
) -> Result<Value, Failure> {
    let occupancy = occupancy(ledger, record, at)?;
    let mut seats = occupancy.seats.to_value();
    seats = writing::with(&seats, "used", occupancy.active);
    seats = writing::with(&seats, "beyondLimit", occupancy.beyond_limit());
    let (holders, more) = holders(ledger, record)?;
    let deployments: Vec<Value> = holders.iter().map(|holder| super::to_value(holder, at)).collect();
    let denials = denials_value(&denials(ledger, record.id, DENIALS_SHOWN)?);
    let license = writing::with(&license, "seats", seats);
    let license = writing::with(&license, "deployments", deployments);
    Ok(writing::with(&writing::with(&license, "moreDeployments", more), "denials", denials))
}

/// The deployments that are shown, and whether there are more.
fn holders(ledger: &Ledger, license: &LicenseRecord) -> Result<(Vec<DeploymentRecord>, bool), Failure> {
    // One more than is shown tells.
    let page = DeploymentPage { license: Some(license.id), after: None, size: SHOWN.saturating_add(1) };
    let mut found = deployments(ledger, page)?;
    let shown = usize::try_from(SHOWN).unwrap_or(usize::MAX);
    let more = found.len() > shown;
    found.truncate(shown);
    Ok((found, more))
}

fn table(holders: &[DeploymentRecord], at: Timestamp) -> String {
    let row = |holder: &DeploymentRecord| {
        [
            holder.id.to_string(),
            holder.seat.map(|seat| seat.to_string()).unwrap_or_default(),
            super::state(holder, at).to_string(),
            holder.first_seen.day(),
            holder.last_seen.day(),
            shown::foreign(holder.label.as_str()),
            super::oddities(holder),
        ]
    };
    let header = ["DEPLOYMENT", "SEAT", "STATE", "FIRST SEEN", "LAST SEEN", "LABEL", "HISTORY"];
    shown::table(header, holders.iter().map(row))
}
