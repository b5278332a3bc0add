//! What the ledger promises, each promise tried to be broken.

mod beside;
mod customers;
mod entries;
mod events;
mod opening;
mod plans;
mod sharing;
mod versions;

use rusqlite::Connection;
use std::path::Path;

use super::Ledger;
use crate::catalogue::Product;
use crate::error::Failure;
use crate::terms::Terms;

fn product(product: &str) -> Product {
    let name = |text: &str| lictor_shared::Name::new(text).unwrap();
    Product { name: name(product), plans: vec![name("basic")], defaults: Terms::default() }
}

/// A connection past the ledger's own rules, as somebody who tampers has one.
fn intruder(path: &Path) -> Connection {
    Connection::open(path).unwrap()
}

fn refused(path: &Path) -> Failure {
    Ledger::open(path).unwrap_err()
}
