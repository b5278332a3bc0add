//! Many orders, as a file has them, issued at once.

use lictor_issuer::bulk::{Made, Read, Row, Rows, Taker, check_orders, issue_orders};
use lictor_issuer::{Failure, Home, Ledger, Order, Request};
use lictor_keys::{PrivateKey, Signer};
use lictor_shared::Text;
use lictor_shared::json::Value;
use std::error::Error;

use crate::ledgers::{occasion, order};

/// So many orders, each customer having ten.
struct Orders {
    name: String,
    next: u64,
    count: u64,
    order: Order,
}

impl Orders {
    fn row(&self, number: u64) -> Result<Row<Order>, Box<dyn Error>> {
        let id = Text::new(&format!("{}-{number}", self.name))?;
        let request = Request::new(id, &Value::from(number));
        let customer = Text::new(&format!("Customer {} {}", self.name, number / 10))?;
        Ok(Row { line: number + 2, request, asked: Order { customer, ..self.order.clone() } })
    }
}

impl Rows<Order> for Orders {
    fn name(&self) -> &str {
        &self.name
    }

    fn rewind(&mut self) -> Result<(), Failure> {
        self.next = 0;
        Ok(())
    }

    fn next(&mut self) -> Result<Option<Read<Order>>, Failure> {
        if self.next == self.count {
            return Ok(None);
        }
        let row = self.row(self.next).map_err(|error| panic!("an order of a benchmark: {error}"));
        self.next += 1;
        row.map(|row| Some(Ok(row)))
    }
}

/// Keeps the id of the last license, and lets go of the rest.
struct Last(String);

impl Taker for Last {
    fn expect(&mut self, _: &Text, _: Option<&Made>) -> Result<(), Failure> {
        Ok(())
    }

    fn take(&mut self, made: Vec<Made>) -> Result<(), Failure> {
        let id = made.last().and_then(|made| made.answer.as_object()?.get("id")?.as_str());
        self.0 = id.unwrap_or_default().to_owned();
        Ok(())
    }
}

/// Issues so many licenses, and gives the id of the last. `name` is one that no other orders of this ledger have.
pub(crate) fn issued(
    (home, ledger, key): (&Home, &mut Ledger, PrivateKey),
    name: &str,
    count: u64,
) -> Result<String, Box<dyn Error>> {
    let mut orders = Orders { name: name.into(), next: 0, count, order: order("Nobody")? };
    let mut last = Last(String::new());
    let checked = check_orders(home, ledger, &mut orders, &occasion()?, &mut last)?;
    let signers: [Box<dyn Signer + Sync>; 1] = [Box::new(key)];
    let now = occasion()?;
    let mut clock = || Ok(now.clone());
    let tally = issue_orders(home, ledger, &signers, (&mut orders, &checked), &mut clock, &mut last)?;
    assert_eq!(tally.now, count);
    Ok(last.0)
}
