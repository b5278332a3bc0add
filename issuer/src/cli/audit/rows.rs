//! Licenses and who uses them, as programs see them: JSON, and the rows of CSV files.

use lictor_shared::json::Value;
use lictor_shared::{SeatLimit, Seats, Timestamp};

use super::super::activation;
use super::super::shown;
use super::super::writing;
use crate::activation::{DeploymentRecord, SeatState};
use crate::audit::{CustomerUse, Denied, Flow, LicenseUse, Month, Oddity};
use crate::licenses::RevisionRecord;

/// What is known of a license and its seats.
pub(super) fn to_value(used: &LicenseUse, at: Timestamp) -> Value {
    let license = &used.license;
    let latest = license.latest();
    let products =
        latest.map(|latest| latest.products.iter().map(|name| Value::from(name.as_str())).collect());
    let mut seats = used.occupancy.seats.to_value();
    seats = writing::with(&seats, "used", used.occupancy.active);
    seats = writing::with(&seats, "beyondLimit", used.occupancy.beyond_limit());
    let silent = used.silent().map(|deployment| {
        let heard = used.last_heard(deployment).to_string();
        writing::with(&activation::to_value(deployment, at), "lastHeard", heard)
    });
    let silent: Vec<Value> = silent.collect();
    Value::object([
        ("license", license.id.to_string().into()),
        ("state", used.state.as_str().into()),
        ("customerId", license.customer_id.as_str().into()),
        ("customer", license.customer.as_str().into()),
        ("products", Value::Array(products.unwrap_or_default())),
        ("plan", latest.map(|latest| latest.plan.as_str()).into()),
        ("expiresAt", used.expires_at().map(|at| at.to_string()).into()),
        ("endsWithinDays", used.ends_within().map(|horizon| u64::from(horizon.days())).into()),
        ("seats", seats),
        ("deployments", deployments(used, at)),
        ("silent", silent.into()),
        ("oddities", used.oddities.iter().map(Oddity::to_value).collect::<Vec<_>>().into()),
        ("denials", denials(used)),
    ])
}

/// How many deployments there are, by what became of their seats.
fn deployments(used: &LicenseUse, at: Timestamp) -> Value {
    let states = SeatState::ALL.iter().map(|state| (state.as_str(), in_state(used, *state)));
    let more = [("lapsed", lapsed(used, at)), ("silent", silent(used))];
    let counts = states.chain(more).map(|(name, count)| (name.to_owned(), Value::from(count)));
    Value::Object(counts.collect())
}

fn in_state(used: &LicenseUse, state: SeatState) -> u64 {
    count(used.deployments.iter().filter(|deployment| deployment.state == state))
}

fn lapsed(used: &LicenseUse, at: Timestamp) -> u64 {
    count(used.deployments.iter().filter(|deployment| deployment.has_lapsed(at)))
}

pub(super) fn silent(used: &LicenseUse) -> u64 {
    count(used.silent())
}

fn count<T>(items: impl Iterator<Item = T>) -> u64 {
    u64::try_from(items.count()).unwrap_or(u64::MAX)
}

fn denials(used: &LicenseUse) -> Value {
    let reason = |(reason, denied): (&String, &Denied)| {
        Value::object([
            ("reason", reason.as_str().into()),
            ("times", denied.times.into()),
            ("lastAt", denied.last.to_string().into()),
            ("lastEvent", denied.event.into()),
        ])
    };
    Value::object([
        ("times", used.denied().into()),
        ("lastAt", used.last_denied().map(|at| at.to_string()).into()),
        ("byReason", used.denials.iter().map(reason).collect::<Vec<_>>().into()),
    ])
}

/// What stands in each row of a license; `odd` are the kinds of what is odd.
pub(super) const LICENSES: [&str; 21] = [
    "license",
    "state",
    "customerId",
    "customer",
    "products",
    "plan",
    "expiresAt",
    "endsWithinDays",
    "used",
    "limit",
    "overage",
    "beyondLimit",
    "active",
    "lapsed",
    "silent",
    "released",
    "revoked",
    "expired",
    "denied",
    "lastDeniedAt",
    "odd",
];

pub(super) fn license(used: &LicenseUse, at: Timestamp) -> [String; 21] {
    let [id, customer_id, customer] = whose(used);
    let [products, plan] = sold(used);
    let (occupancy, days) = (&used.occupancy, used.ends_within().map(|horizon| horizon.days().to_string()));
    let odd: Vec<&str> = used.oddities.iter().map(|oddity| oddity.kind.as_str()).collect();
    let [active, released, revoked, expired] =
        [SeatState::Active, SeatState::Released, SeatState::Revoked, SeatState::Expired]
            .map(|state| in_state(used, state).to_string());
    [
        id,
        used.state.as_str().to_owned(),
        customer_id,
        customer,
        products,
        plan,
        shown::instant(used.expires_at(), ""),
        days.unwrap_or_default(),
        occupancy.active.to_string(),
        limit(occupancy.seats),
        occupancy.seats.overage.to_string(),
        occupancy.beyond_limit().to_string(),
        active,
        lapsed(used, at).to_string(),
        silent(used).to_string(),
        released,
        revoked,
        expired,
        used.denied().to_string(),
        shown::instant(used.last_denied(), ""),
        odd.join(" "),
    ]
}

fn limit(seats: Seats) -> String {
    match seats.limit {
        SeatLimit::Unlimited => "unlimited".to_owned(),
        SeatLimit::AtMost(limit) => limit.to_string(),
    }
}

/// What stands in each row of a customer.
pub(super) const CUSTOMERS: [&str; 15] = [
    "customerId",
    "customer",
    "licenses",
    "inForce",
    "used",
    "usedNotInForce",
    "limit",
    "overage",
    "beyondLimit",
    "unlimitedLicenses",
    "silent",
    "odd",
    "denied",
    "nextEnd",
    "endsWithinDays",
];

pub(super) fn customer(used: &CustomerUse) -> [String; 15] {
    let days = used.ends_within().map(|horizon| horizon.days().to_string());
    [
        used.id.to_string(),
        used.name.to_string(),
        used.licenses.to_string(),
        used.in_force.to_string(),
        used.used.to_string(),
        used.used_not_in_force().to_string(),
        limit(used.seats()),
        used.overage.to_string(),
        used.beyond.to_string(),
        used.unlimited.to_string(),
        used.silent.to_string(),
        used.odd.to_string(),
        used.denied.to_string(),
        shown::instant(used.next_end, ""),
        days.unwrap_or_default(),
    ]
}

/// What is known of a customer and the seats of the licenses.
pub(super) fn customer_to_value(used: &CustomerUse) -> Value {
    let mut seats = used.seats().to_value();
    for (name, number) in [
        ("used", used.used),
        ("usedNotInForce", used.used_not_in_force()),
        ("beyondLimit", used.beyond),
        ("unlimitedLicenses", used.unlimited),
    ] {
        seats = writing::with(&seats, name, number);
    }
    Value::object([
        ("customerId", used.id.as_str().into()),
        ("customer", used.name.as_str().into()),
        ("licenses", used.licenses.into()),
        ("inForce", used.in_force.into()),
        ("seats", seats),
        ("silent", used.silent.into()),
        ("odd", used.odd.into()),
        ("denied", used.denied.into()),
        ("nextEnd", used.next_end.map(|at| at.to_string()).into()),
        ("endsWithinDays", used.ends_within().map(|horizon| u64::from(horizon.days())).into()),
    ])
}

/// The license, and its customer.
fn whose(used: &LicenseUse) -> [String; 3] {
    let license = &used.license;
    [license.id.to_string(), license.customer_id.to_string(), license.customer.to_string()]
}

/// Products and plan.
fn sold(used: &LicenseUse) -> [String; 2] {
    let latest = used.license.latest();
    [latest.map(super::super::license::products), latest.map(|latest| latest.plan.to_string())]
        .map(Option::unwrap_or_default)
}

pub(super) const DEPLOYMENTS: [&str; 13] = [
    "license",
    "deployment",
    "label",
    "state",
    "seat",
    "firstSeen",
    "lastSeen",
    "lastHeard",
    "leaseEnd",
    "counter",
    "lostAnswers",
    "forks",
    "silent",
];

pub(super) fn deployment(used: &LicenseUse, deployment: &DeploymentRecord, at: Timestamp) -> [String; 13] {
    [
        deployment.license.to_string(),
        deployment.id.to_string(),
        deployment.label.to_string(),
        activation::state(deployment, at).to_owned(),
        deployment.seat.map(|seat| seat.to_string()).unwrap_or_default(),
        deployment.first_seen.to_string(),
        deployment.last_seen.to_string(),
        used.last_heard(deployment).to_string(),
        shown::instant(deployment.lease_end, ""),
        deployment.counter.to_string(),
        deployment.lost_answers.to_string(),
        deployment.forks.to_string(),
        if used.is_silent(deployment) { "yes" } else { "no" }.to_owned(),
    ]
}

pub(super) const ANOMALIES: [&str; 12] = [
    "kind",
    "license",
    "customerId",
    "customer",
    "deployment",
    "label",
    "times",
    "firstAt",
    "lastAt",
    "firstEvents",
    "lastEvent",
    "explanation",
];

pub(super) fn anomaly(used: &LicenseUse, oddity: &Oddity) -> [String; 12] {
    let [license, customer_id, customer] = whose(used);
    let events: Vec<String> = oddity.events.iter().map(u64::to_string).collect();
    [
        oddity.kind.as_str().to_owned(),
        license,
        customer_id,
        customer,
        oddity.deployment.map(|id| id.to_string()).unwrap_or_default(),
        oddity.label.clone().unwrap_or_default(),
        oddity.times.to_string(),
        oddity.first.to_string(),
        oddity.last.to_string(),
        events.join(" "),
        oddity.last_event.to_string(),
        oddity.explanation(),
    ]
}

pub(super) const DENIALS: [&str; 7] =
    ["license", "customerId", "customer", "reason", "times", "lastAt", "lastEvent"];

pub(super) fn denial(used: &LicenseUse, reason: &str, denied: &Denied) -> [String; 7] {
    let [license, customer_id, customer] = whose(used);
    let (times, last, event) = (denied.times.to_string(), denied.last.to_string(), denied.event.to_string());
    [license, customer_id, customer, reason.to_owned(), times, last, event]
}

pub(super) const EXPIRING: [&str; 9] = [
    "license",
    "customerId",
    "customer",
    "products",
    "plan",
    "state",
    "expiresAt",
    "graceUntil",
    "endsWithinDays",
];

/// A license that ends soon.
pub(super) fn expiring(used: &LicenseUse) -> Option<[String; 9]> {
    let (end, horizon) = (used.expires_at()?, used.ends_within()?);
    let [license, customer_id, customer] = whose(used);
    let [products, plan] = sold(used);
    let grace = used.license.latest().and_then(|latest: &RevisionRecord| latest.grace_until);
    Some([
        license,
        customer_id,
        customer,
        products,
        plan,
        used.state.as_str().to_owned(),
        end.to_string(),
        shown::instant(grace, ""),
        horizon.days().to_string(),
    ])
}

pub(super) const MONTHS: [&str; 7] =
    ["month", "granted", "released", "revoked", "expired", "denied", "inUse"];

pub(super) fn month((month, flow, in_use): &(Month, Flow, u64)) -> [String; 7] {
    let [granted, released, revoked, expired, denied, in_use] =
        [flow.granted, flow.released, flow.revoked, flow.expired, flow.denied, *in_use]
            .map(|count| count.to_string());
    [month.to_string(), granted, released, revoked, expired, denied, in_use]
}
