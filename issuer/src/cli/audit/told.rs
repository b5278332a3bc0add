//! How an event is told: on a line, as cells, as JSON.

use lictor_shared::Text;
use lictor_shared::json::{Members, Value};

use super::super::shown;
use super::super::table::Column;
use crate::audit::PastEvent;

/// The columns of the table.
pub(super) const HEADER: [Column; 5] = [
    Column::words("SEQ"),
    Column::words("WHEN"),
    Column::words("KIND"),
    Column::names("ACTOR"),
    Column::names("ABOUT"),
];

/// The cells of a line of CSV.
pub(super) const CSV_HEADER: [&str; 12] = [
    "seq",
    "at",
    "clock",
    "actor",
    "kind",
    "license",
    "customerId",
    "customer",
    "deployment",
    "label",
    "body",
    "leafHash",
];

/// Digits of a number for which a line has room; a longer one moves the rest of its line.
const SEQ_WIDTH: usize = 7;
/// The same of the longest kind.
const KIND_WIDTH: usize = 20;

/// An event in the table.
pub(super) fn row(told: &PastEvent) -> [String; 5] {
    let event = &told.event;
    [
        event.seq.to_string(),
        event.at.to_string(),
        event.kind.to_string(),
        shown::foreign(event.actor.as_str()),
        shown::foreign(&about(told)),
    ]
}

/// An event on a line of its own, where nobody knows what follows.
pub(super) fn line(told: &PastEvent) -> String {
    let [seq, at, kind, actor, about] = row(told);
    format!("{seq:>SEQ_WIDTH$}  {at}  {kind:<KIND_WIDTH$}  {actor}  {about}").trim_end().to_string()
}

/// Whom or what it concerns, for people: the customer, and of a deployment what they call it.
pub(super) fn about(told: &PastEvent) -> String {
    let whose = told.customer.as_ref().map(|(_, name)| name.as_str());
    let own = ["uri", "name", "kid", "issuer", "statusUri"].into_iter().find_map(|member| told.says(member));
    let subject = whose.or(own).or_else(|| told.says("license")).unwrap_or_default();
    let deployment = told.text("label").or_else(|| told.says("deployment"));
    match deployment {
        Some(deployment) => format!("{subject} / {deployment}"),
        None => subject.into(),
    }
}

/// An event as a record of CSV.
pub(super) fn cells(told: &PastEvent) -> [String; 12] {
    let event = &told.event;
    let says = |member| told.says(member).unwrap_or_default().to_owned();
    let (id, name) =
        told.customer.clone().map_or_else(Default::default, |(id, name)| (text(&id), text(&name)));
    [
        event.seq.to_string(),
        event.at.to_string(),
        event.clock.as_str().into(),
        text(&event.actor),
        event.kind.to_string(),
        says("license"),
        id,
        name,
        says("deployment"),
        told.text("label").unwrap_or_default().into(),
        Value::Object(event.body.clone()).to_string(),
        told.leaf_hash().to_string(),
    ]
}

fn text(text: &Text) -> String {
    text.as_str().into()
}

/// An event as programs see it: what stands in its leaf, and beside it.
pub(super) fn to_value(told: &PastEvent) -> Value {
    let event = &told.event;
    let customer = told
        .customer
        .as_ref()
        .map(|(id, name)| Value::object([("id", id.as_str().into()), ("name", name.as_str().into())]));
    let texts: Members = told.texts.iter().map(|(field, text)| (field.clone(), text.text().into())).collect();
    Value::object([
        ("seq", event.seq.into()),
        ("at", event.at.to_string().into()),
        ("clock", event.clock.as_str().into()),
        ("actor", event.actor.as_str().into()),
        ("kind", event.kind.as_str().into()),
        ("customer", customer.into()),
        ("texts", texts.into()),
        ("body", event.body.clone().into()),
        ("leafHash", told.leaf_hash().to_string().into()),
    ])
}
