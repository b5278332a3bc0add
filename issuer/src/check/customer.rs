//! The table `customer` against the personal texts of the events.

use super::Check;
use super::erased::ERASED;
use crate::error::Failure;
use crate::event::Event;
use crate::ledger::customers;
use crate::ledger::events::differs;
use crate::licenses::LicenseRecord;

impl Check<'_> {
    /// The license is the customer's whom the event commits to, or of nobody any more if he was erased since.
    pub(super) fn customer(&mut self, event: &Event, license: &LicenseRecord) -> Result<(), Failure> {
        let text = |field: &str| self.personal.get(field).map(|text| text.text().to_owned());
        let (id, name) = match self.erased.since(&event.body, event.seq) {
            Some(id) => (id.to_owned(), ERASED.to_owned()),
            // What an event does not commit to, it never said.
            None => (
                text("customerId").unwrap_or_else(|| license.customer_id.to_string()),
                text("customer").unwrap_or_else(|| license.customer.to_string()),
            ),
        };
        if id != license.customer_id.as_str() {
            return Err(differs(event.seq, format!("the license {} is another customer's", license.id)));
        }
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
