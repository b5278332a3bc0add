//! Customers: a name for people, and an id that stays.

use lictor_shared::json::Value;
use lictor_shared::{Text, hex};
use rusqlite::Connection;
use sha2::{Digest, Sha256};

use crate::error::{Failure, FailureKind, invalid, shell};
use crate::ledger::{Ledger, customers};

/// A customer, and how many licenses he has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CustomerRecord {
    /// The id, which stays.
    pub id: Text,
    /// The name.
    pub name: Text,
    /// How many licenses were issued to him, whatever became of them.
    pub licenses: u64,
}

/// A customer who was looked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoundCustomer {
    /// The id.
    pub id: Text,
    /// The name.
    pub name: Text,
    /// The ids of others who are called what this one has as id.
    pub namesakes: Vec<Text>,
}

/// Visits every customer in the order of the ids, until all are visited or a visit fails.
///
/// # Errors
/// Those of the visit, and [`Failure`] if the ledger cannot be read.
pub fn visit_customers(
    ledger: &Ledger,
    visit: &mut dyn FnMut(CustomerRecord) -> Result<(), Failure>,
) -> Result<(), Failure> {
    customers::visit(ledger.connection(), visit)
}

/// The customer with this id, else the only one with exactly this name.
///
/// # Errors
/// [`FailureKind::NotFound`] if there is none, [`FailureKind::Conflict`] if several have the name, naming up to 10.
pub fn find_customer(ledger: &Ledger, wanted: &Text) -> Result<FoundCustomer, Failure> {
    let connection = ledger.connection();
    let mut called = customers::ids(connection, wanted)?;
    if let Some(name) = customers::name(connection, wanted)? {
        called.retain(|id| id != wanted);
        return Ok(FoundCustomer { id: wanted.clone(), name, namesakes: called });
    }
    match called.as_slice() {
        [id] => Ok(FoundCustomer { id: id.clone(), name: wanted.clone(), namesakes: Vec::new() }),
        [] => {
            let message = format!("There is no customer with the id or the name {:?}.", wanted.as_str());
            Err(Failure::new(FailureKind::NotFound, message)
                .hint("lictor customer list")
                .with("customer", wanted.as_str()))
        }
        several => Err(ambiguous(wanted, several).hint("Give the id of the one that you mean.")),
    }
}

/// Characters of an id that is made from a name.
const SLUG_CHARS: usize = 60;

/// The id of the customer of an order: the one that he has, the one that was asked for, or one made from his name.
/// He is in the table afterwards.
pub(crate) fn identify(connection: &Connection, name: &Text, wanted: Option<&Text>) -> Result<Text, Failure> {
    // Most orders are those of customers who are known.
    if wanted.is_none()
        && let [known] = customers::ids(connection, name)?.as_slice()
    {
        return Ok(known.clone());
    }
    let id = foresee(connection, name, wanted)?;
    if customers::name(connection, &id)?.is_none() {
        customers::insert(connection, &id, name)?;
    }
    Ok(id)
}

/// The same of a license that is signed already: what it says of its customer stays as it is.
pub(crate) fn identify_signed(connection: &Connection, name: &Text, id: &Text) -> Result<Text, Failure> {
    if customers::name(connection, id)?.is_none() {
        customers::insert(connection, id, name)?;
    }
    with_id(connection, name, id)
}

/// The id that [`identify`] gives. Nothing is written.
pub(crate) fn foresee(connection: &Connection, name: &Text, wanted: Option<&Text>) -> Result<Text, Failure> {
    match wanted {
        Some(id) => with_id(connection, name, id),
        None => by_name(connection, name),
    }
}

fn with_id(connection: &Connection, name: &Text, id: &Text) -> Result<Text, Failure> {
    match customers::name(connection, id)? {
        Some(known) if known != *name => {
            let message = format!(
                "The customer id {id} belongs to {known:?}, not to {name:?}.",
                known = known.as_str(),
                name = name.as_str()
            );
            Err(Failure::new(FailureKind::Conflict, message)
                .hint(format!("Write --customer {}, or choose another --customer-id.", shell(known.as_str())))
                .with("customerId", id.as_str()))
        }
        Some(_) => Ok(id.clone()),
        None => {
            is_bare("customer", name)?;
            is_bare("customerId", id)?;
            Ok(id.clone())
        }
    }
}

fn by_name(connection: &Connection, name: &Text) -> Result<Text, Failure> {
    let ids = customers::ids(connection, name)?;
    match ids.as_slice() {
        [id] => Ok(id.clone()),
        [] => fresh_id(connection, name),
        several => Err(ambiguous(name, several).hint("Say which one with --customer-id ID.")),
    }
}

fn ambiguous(name: &Text, ids: &[Text]) -> Failure {
    let ids: Vec<&str> = ids.iter().map(Text::as_str).collect();
    let message = format!("Several customers are called {:?}: {}.", name.as_str(), ids.join(", "));
    Failure::new(FailureKind::Conflict, message)
        .with("candidates", ids.into_iter().map(Value::from).collect::<Vec<_>>())
}

/// Refuses white space around what names a new customer: without it he would be another one, and nobody would see why. A cell of a
/// file often has some.
fn is_bare(field: &str, text: &Text) -> Result<(), Failure> {
    let text = text.as_str();
    match text.trim() {
        bare if bare == text => Ok(()),
        "" => Err(invalid(field, format!("{text:?} is nothing but white space"))),
        bare => Err(invalid(field, format!("{text:?} has white space around it; write {bare:?}"))),
    }
}

/// The slug of the name, or, if another customer has that, the slug and as much of the name's hash as it takes.
fn fresh_id(connection: &Connection, name: &Text) -> Result<Text, Failure> {
    is_bare("customer", name)?;
    let slug = slug(name.as_str());
    let hash = hex(&Sha256::digest(name.as_str()));
    let suffixed =
        [4, 8, 16, 64].into_iter().filter_map(|digits| Some(format!("{slug}-{}", hash.get(..digits)?)));
    for candidate in core::iter::once(slug.clone()).chain(suffixed) {
        let Ok(id) = Text::new(&candidate) else { continue };
        if customers::name(connection, &id)?.is_none() {
            return Ok(id);
        }
    }
    let message = format!("No free customer id could be made from {:?}.", name.as_str());
    Err(Failure::new(FailureKind::Conflict, message).hint("Choose one with --customer-id ID."))
}

/// Letters and digits of any script in small letters, what stands between them as one hyphen.
fn slug(name: &str) -> String {
    let mut slug = String::new();
    let mut chars = 0;
    for c in name.chars().flat_map(char::to_lowercase) {
        if chars >= SLUG_CHARS {
            break;
        }
        if c.is_alphanumeric() {
            slug.push(c);
            chars += 1;
        } else if !slug.is_empty() && !slug.ends_with('-') {
            slug.push('-');
            chars += 1;
        }
    }
    match slug.trim_end_matches('-') {
        "" => "customer".into(),
        slug => slug.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slugs_keep_letters_of_every_script() {
        for (name, expected) in [
            ("Acme GmbH", "acme-gmbh"),
            ("  Müller & Söhne, Inc. ", "müller-söhne-inc"),
            ("株式会社アクメ", "株式会社アクメ"),
            ("ООО «Ромашка»", "ооо-ромашка"),
            ("!!!", "customer"),
            ("ACME", "acme"),
        ] {
            assert_eq!(slug(name), expected);
        }
        assert_eq!(slug(&"x".repeat(200)).chars().count(), SLUG_CHARS);
        assert!(Text::new(&slug(&"株".repeat(200))).is_ok());
    }
}
