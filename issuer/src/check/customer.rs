//! The table `customer` against the personal texts of the events.

use std::collections::BTreeMap;

use super::Check;
use crate::error::Failure;
use crate::event::Event;
use crate::ledger::{customers, events};
use crate::licenses::LicenseRecord;

impl Check<'_> {
    /// The customer whom an event commits to, by id. Where his texts have been erased, the row is all that there is.
    pub(super) fn customer(&mut self, event: &Event, license: &LicenseRecord) -> Result<(), Failure> {
        let mut texts: BTreeMap<_, _> = events::personal(self.connection, event.seq)?.into_iter().collect();
        let mut text = |field: &str| texts.remove(field).map(|text| text.text().to_owned());
        let id = text("customerId").unwrap_or_else(|| license.customer_id.to_string());
        let name = text("customer").unwrap_or_else(|| license.customer.to_string());
        // The name that he got first: the row is written once.
        self.customers.entry(id).or_insert(name);
        Ok(())
    }

    /// Every customer that an event tells of is in the table, under that name, and no other one.
    pub(super) fn customers(&self) -> Result<(), Failure> {
        let found = customers::names(self.connection)?.into_iter().collect();
        super::same("customer", &self.customers, &found)
    }
}
