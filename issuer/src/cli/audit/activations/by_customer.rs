//! A row for each customer.

use lictor_shared::json::Value;

use super::super::super::output::Output;
use super::super::super::rows::{Lines, Page, RowForm};
use super::super::super::shown;
use super::super::super::table::Column;
use super::super::rows;
use crate::activation::Occupancy;
use crate::audit::{CustomerScope, CustomerUse, Judged, visit_customer_use};
use crate::error::Failure;
use crate::ledger::Ledger;

use super::super::super::activation::taken::in_short;

pub(super) fn write(
    ledger: &Ledger,
    scope: &CustomerScope,
    judged: Judged,
    (form, mut page): (RowForm, Page),
    output: &mut Output,
) -> Result<u8, Failure> {
    let mut each = |visit: &mut dyn FnMut(&CustomerUse) -> Result<(), Failure>| {
        visit_customer_use(ledger, scope, judged, &mut |used| match page.holds(&used.id) {
            true => visit(&used),
            false => Ok(()),
        })
    };
    match form {
        RowForm::Table => {
            let mut lines = Vec::new();
            each(&mut |used| {
                lines.push(row(used));
                Ok(())
            })?;
            table(lines, &page, output)?;
        }
        RowForm::Json => {
            let mut found = Vec::new();
            each(&mut |used| {
                found.push(rows::customer_to_value(used));
                Ok(())
            })?;
            output.data(Value::Array(found))?;
        }
        RowForm::JsonLines => {
            let mut lines = Lines::to(output);
            each(&mut |used| lines.json(&rows::customer_to_value(used)))?;
            lines.end()?;
        }
        RowForm::Csv => {
            let mut lines = Lines::to(output);
            lines.csv(rows::CUSTOMERS)?;
            each(&mut |used| lines.csv(rows::customer(used).iter().map(String::as_str)))?;
            lines.end()?;
        }
    }
    page.say_if_more(output);
    Ok(0)
}

fn table(lines: Vec<[String; 8]>, page: &Page, output: &mut Output) -> Result<(), Failure> {
    if lines.is_empty() {
        let none = "There is no such customer with such a license. All there are: lictor customer list";
        output.say(page.nothing(none));
        return Ok(());
    }
    let words = ["CUSTOMER", "LICENSES", "SEATS", "SILENT", "ODD", "DENIED", "NEXT END"].map(Column::from);
    let [customer, licenses, seats, silent, odd, denied, end] = words;
    let header = [customer, licenses, seats, silent, odd, denied, end, Column::names("NAME")];
    output.raw(&shown::table(header, lines.into_iter()))
}

fn row(used: &CustomerUse) -> [String; 8] {
    let nothing = |number: u64| if number == 0 { String::new() } else { number.to_string() };
    let near = used.ends_within().map(|horizon| format!(" ({}d)", horizon.days())).unwrap_or_default();
    [
        shown::foreign(used.id.as_str()),
        format!("{} of {}", used.in_force, used.licenses),
        seats(used),
        nothing(used.silent),
        nothing(used.odd),
        nothing(used.denied),
        shown::day(used.next_end, "") + &near,
        shown::foreign(used.name.as_str()),
    ]
}

/// `27 of 25, overage 5; 2 beyond; 3 not in force`.
fn seats(used: &CustomerUse) -> String {
    let in_force = Occupancy { active: used.used_in_force, seats: used.seats() };
    let apart = [(used.beyond, "beyond"), (used.used_not_in_force(), "not in force")];
    let apart =
        apart.into_iter().filter(|(seats, _)| *seats > 0).map(|(seats, what)| format!("; {seats} {what}"));
    in_short(&in_force).replace(" taken", "") + &apart.collect::<String>()
}
