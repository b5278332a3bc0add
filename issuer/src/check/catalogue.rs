//! The issuer and his products against the events that made them.

use lictor_shared::Name;
use lictor_shared::json::Value;

use super::{Check, Facts};
use crate::error::Failure;
use crate::event::Event;
use crate::ledger::clock::CLOCK_CHANGED;
use crate::ledger::events::differs;
use crate::ledger::products;
use crate::ledger::projection::{self, Table};
use crate::ledger::transaction::REQUEST_ID;

impl Check<'_> {
    pub(super) fn issuer(&self, event: &Event) -> Result<(), Failure> {
        let facts = Facts(event);
        if event.seq != 1 {
            return Err(differs(event.seq, "only the first event creates the issuer"));
        }
        let Some((ledger, issuer)) = projection::issuer(self.connection)? else {
            return Err(differs(event.seq, "the table issuer has no row"));
        };
        facts.says("ledger", ledger)?;
        facts.says("issuer", issuer)
    }

    pub(super) fn product(&mut self, event: &Event) -> Result<(), Failure> {
        let name = Facts(event).parsed("name", Name::new)?;
        let product = products::find(self.connection, &name)?;
        let product = product.ok_or_else(|| differs(event.seq, format!("the product {name} is missing")))?;
        let mut told = event.body.clone();
        told.remove(REQUEST_ID);
        told.remove(CLOCK_CHANGED);
        let seq = products::seq(self.connection, &name)?;
        if product.to_value() != Value::Object(told) || seq != Some(event.seq) {
            return Err(differs(event.seq, format!("the product {name} is not as it was added")));
        }
        self.counts(Table::Product);
        Ok(())
    }
}
