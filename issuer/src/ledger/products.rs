//! The table `product`: the catalogue.

use lictor_shared::Name;
use rusqlite::{Connection, OptionalExtension as _};

use super::fault::{OrFault, RESTORE};
use super::value::{Int, Word};
use crate::catalogue::Product;
use crate::error::{Failure, FailureKind};

const INSERT: &str = "INSERT INTO product (name, seq, definition) VALUES (?1, ?2, ?3)";
pub(super) const SELECT: &str = "SELECT definition FROM product ORDER BY name";
pub(super) const SELECT_SEQ: &str = "SELECT seq FROM product WHERE name = ?1";
pub(super) const SELECT_ONE: &str = "SELECT definition FROM product WHERE name = ?1";

pub(crate) fn insert(connection: &Connection, seq: u64, product: &Product) -> Result<(), Failure> {
    let row = (product.name.as_str(), Int(seq), product.to_value().to_string());
    connection.execute(INSERT, row).or_fault()?;
    Ok(())
}

pub(crate) fn all(connection: &Connection) -> Result<Vec<Product>, Failure> {
    let mut statement = connection.prepare(SELECT).or_fault()?;
    let definitions = statement.query_map((), |row| row.get::<_, String>(0)).or_fault()?;
    definitions.map(|definition| read(&definition.or_fault()?)).collect()
}

pub(crate) fn find(connection: &Connection, name: &Name) -> Result<Option<Product>, Failure> {
    let definition = connection.query_row(SELECT_ONE, [Word(name)], |row| row.get::<_, String>(0));
    definition.optional().or_fault()?.map(|definition| read(&definition)).transpose()
}

/// The event by which the product was added.
pub(crate) fn seq(connection: &Connection, name: &Name) -> Result<Option<u64>, Failure> {
    let seq = connection.query_row(SELECT_SEQ, [Word(name)], |row| row.get(0)).optional().or_fault()?;
    Ok(seq.map(|Int(seq)| seq))
}

fn read(definition: &str) -> Result<Product, Failure> {
    Product::from_json(definition).map_err(|error| {
        Failure::new(
            FailureKind::Ledger,
            format!("The ledger is damaged: a product cannot be read ({error})."),
        )
        .hint(RESTORE)
        .because(error)
    })
}
