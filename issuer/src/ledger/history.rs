//! Events by what they are: filtered, and read one by one.

#[cfg(test)]
mod tests;

use lictor_shared::{Name, Text};
use rusqlite::{Connection, Row};

use super::events::Stored;
use super::fault::OrFault;
use super::listing::CUSTOMERS;
use super::narrowed::Narrowed;
use super::value::{At, Int, Texts, Word};
use crate::audit::EventSelection;
use crate::error::Failure;
use crate::event::Event;

/// Each event with the customer of its license, if it is about one.
const FROM: &str = " FROM event LEFT JOIN license ON license.id = event.license_id \
    LEFT JOIN customer ON customer.id = license.customer_id";

/// A member of the body.
macro_rules! body {
    ($member:literal) => {
        concat!("json_extract(CAST(event.leaf AS TEXT), '$.body.", $member, "')")
    };
}

const OF_PRODUCT: &str = concat!(
    "CASE WHEN event.kind = 'product.added' THEN ",
    body!("name"),
    " = :product WHEN ",
    body!("product"),
    " IS NOT NULL THEN ",
    body!("product"),
    " = :product ELSE EXISTS (SELECT 1 FROM revision, json_each(revision.products) AS product \
       WHERE revision.license_id = event.license_id AND product.value = :product) END"
);
const OF_KINDS: &str = "event.kind IN (SELECT value FROM json_each(:kinds))";
const OF_DEPLOYMENT: &str =
    concat!("substr(", body!("deployment"), ", 1, length(:deployment)) = :deployment");

/// What a selection leaves.
fn narrowed(selection: &EventSelection) -> Narrowed<'_> {
    let kinds: Vec<&str> = selection.kinds.iter().map(|kind| kind.as_str()).collect();
    let theirs = format!("license.customer_id IN ({CUSTOMERS})");
    Narrowed::default()
        .with(":last", selection.last.map_or(-1, i64::from))
        .by("event.license_id = :license", ":license", selection.license.map(Word))
        .by(theirs, ":customer", selection.customer.as_ref().map(Text::as_str))
        .by(OF_PRODUCT, ":product", selection.product.as_ref().map(Name::as_str))
        .by(OF_DEPLOYMENT, ":deployment", selection.deployment.as_deref())
        .by(OF_KINDS, ":kinds", (!kinds.is_empty()).then_some(Texts(kinds)))
        .by("event.actor = :actor", ":actor", selection.actor.as_ref().map(Text::as_str))
        .by("event.at >= :since", ":since", selection.since.map(At))
        .by("event.at < :until", ":until", selection.until.map(At))
        .by("event.seq > :after", ":after", selection.after.map(Int))
        .by("event.seq < :before", ":before", selection.before.map(Int))
}

/// The statement that finds a selection, the last event first if only the last of them are meant.
fn statement(selection: &EventSelection, narrowed: &Narrowed<'_>) -> String {
    let order = if selection.last.is_some() { "DESC" } else { "ASC" };
    format!(
        "SELECT event.seq, event.leaf, event.kind, event.at, event.actor, event.license_id, customer.id, customer.name\
         {FROM} WHERE {} ORDER BY event.seq {order} LIMIT :last",
        narrowed.conditions()
    )
}

type Found = (Event, Option<(Text, Text)>);

/// Visits what is selected in the order of the numbers. What has no bound is read row by row.
pub(crate) fn visit(
    connection: &Connection,
    selection: &EventSelection,
    visit: &mut dyn FnMut(Event, Option<(Text, Text)>) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let narrowed = narrowed(selection);
    let statement = statement(selection, &narrowed);
    if selection.last.is_none() {
        return narrowed.each(connection, &statement, &mut |row| {
            let (event, customer) = read(row)?;
            visit(event, customer)
        });
    }
    let mut backwards = Vec::new();
    narrowed.each(connection, &statement, &mut |row| {
        backwards.push(read(row)?);
        Ok(())
    })?;
    backwards.into_iter().rev().try_for_each(|(event, customer)| visit(event, customer))
}

fn read(row: &Row<'_>) -> Result<Found, Failure> {
    let event = Stored::read(row).or_fault()?.checked()?;
    let (id, name): (Option<Word<Text>>, Option<Word<Text>>) =
        (row.get(6).or_fault()?, row.get(7).or_fault()?);
    Ok((event, id.zip(name).map(|(Word(id), Word(name))| (id, name))))
}
