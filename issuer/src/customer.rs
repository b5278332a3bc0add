//! Customers: a name for people, and an id that stays.

use lictor_shared::{Text, hex};
use rusqlite::Connection;
use sha2::{Digest, Sha256};

use crate::error::{Failure, FailureKind, shell};
use crate::ledger::customers;

/// Characters of an id that is made from a name.
const SLUG_CHARS: usize = 60;

/// The id of the customer of an order: the one that he has, the one that was asked for, or one made from his name.
/// He is in the table afterwards.
pub(crate) fn identify(connection: &Connection, name: &Text, wanted: Option<&Text>) -> Result<Text, Failure> {
    match wanted {
        Some(id) => with_id(connection, name, id),
        None => by_name(connection, name),
    }
}

fn with_id(connection: &Connection, name: &Text, id: &Text) -> Result<Text, Failure> {
    match customers::name(connection, id)? {
        None => customers::insert(connection, id, name)?,
        Some(known) if known == *name => {}
        Some(known) => {
            let message = format!(
                "The customer id {id} belongs to {known:?}, not to {name:?}.",
                known = known.as_str(),
                name = name.as_str()
            );
            return Err(Failure::new(FailureKind::Conflict, message)
                .hint(format!("Write --customer {}, or choose another --customer-id.", shell(known.as_str())))
                .with("customerId", id.as_str()));
        }
    }
    Ok(id.clone())
}

fn by_name(connection: &Connection, name: &Text) -> Result<Text, Failure> {
    let ids = customers::ids(connection, name)?;
    match ids.as_slice() {
        [id] => Ok(id.clone()),
        [] => {
            let id = fresh_id(connection, name)?;
            customers::insert(connection, &id, name)?;
            Ok(id)
        }
        several => {
            let several: Vec<&str> = several.iter().map(Text::as_str).collect();
            let message =
                format!("Several customers are called {:?}: {}.", name.as_str(), several.join(", "));
            Err(Failure::new(FailureKind::Conflict, message).hint("Say which one with --customer-id ID."))
        }
    }
}

/// The slug of the name, or, if another customer has that, the slug and as much of the name's hash as it takes.
fn fresh_id(connection: &Connection, name: &Text) -> Result<Text, Failure> {
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
