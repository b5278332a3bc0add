//! Rows beyond those that the events tell of.

use std::collections::BTreeMap;

use super::{Check, damaged};
use crate::error::Failure;
use crate::ledger::projection::{self, Table};
use crate::ledger::{elsewhere, schema};

impl Check<'_> {
    /// What no single event shows: rows beyond those that the events tell of.
    pub(super) fn rest(&mut self) -> Result<(), Failure> {
        if self.checked.events == 0 {
            return Err(damaged("there is no event".into()));
        }
        for table in Table::ALL {
            let (told, found) = (
                self.rows.get(&table).copied().unwrap_or_default(),
                projection::count(self.connection, table)?,
            );
            if told != found {
                let table = table.as_str();
                return Err(damaged(format!(
                    "the table {table} has {found} rows, and the events tell of {told}"
                )));
            }
        }
        same("status_entry", &self.statuses, &projection::statuses(self.connection)?)?;
        same("activation_elsewhere", &self.elsewhere, &elsewhere::all(self.connection)?)?;
        self.changed()?;
        self.list_ids()?;
        if let Some(id) = projection::reason_of_nothing(self.connection)? {
            return Err(damaged(format!("the row {id:?} of the table license has a reason, and is active")));
        }
        same("license", &self.decisions, &projection::decisions(self.connection)?)?;
        same("status_list", &self.lists, &projection::lists(self.connection)?)?;
        self.log()?;
        self.answer_ends(None)?;
        self.seats()?;
        self.editions()?;
        self.customers()?;
        self.requests()?;
        match schema::difference(self.connection)? {
            Some(difference) => Err(damaged(difference)),
            None => Ok(()),
        }
    }
}

/// Refuses the first row that differs between what the events say and what stands in the table.
pub(super) fn same<K: Ord + core::fmt::Debug, V: PartialEq + core::fmt::Debug>(
    table: &str,
    told: &BTreeMap<K, V>,
    found: &BTreeMap<K, V>,
) -> Result<(), Failure> {
    let keys = told.keys().chain(found.keys());
    let Some(first) = keys.filter(|key| told.get(key) != found.get(key)).min() else { return Ok(()) };
    let (told, found) = (told.get(first), found.get(first));
    Err(damaged(format!(
        "the row {first:?} of the table {table} says {found:?}, and the events say {told:?}"
    )))
}
