//! Seats by customer.

use lictor_shared::SeatLimit;

use super::super::chart;
use super::super::markup::Markup;
use super::super::{Report, most_used_first};
use super::{counted, grouped, table};
use crate::audit::CustomerUse;

pub(super) fn write(report: &Report, page: &mut Markup) {
    if report.by_customer.is_empty() {
        page.leaf("p", &[], "There are no licenses.");
        return;
    }
    page.leaf("p", &[], "Limit and overage are those of all licenses of a customer that are in force; where one of them has no limit, there is none. Beyond the limit is what is in use beyond that of its own license, whatever room another one has. Seats that are held under licenses not in force count apart.");
    let columns = [
        table::who("Customer"),
        table::word("In force"),
        table::word("Seats in use"),
        table::bar("Part of the limit"),
        table::number("Silent"),
        table::number("Odd"),
        table::number("Denied"),
        table::day("Next end"),
    ];
    let first = most_used_first(&report.by_customer);
    let caption = "The customers of whose limit the most is used, then those with the most seats, those without limit last";
    table::stacked(page, caption, &columns, |body| {
        for used in first.rows() {
            customer(body, used, columns);
        }
    });
    table::left_out(page, first.left_out(), "customers.csv");
}

fn customer(body: &mut Markup, used: &CustomerUse, columns: [table::Column; 8]) {
    let [who, licenses, seats, part, silent, odd, denied, end] = columns;
    body.element("tr", &[], |tr| {
        table::cell(tr, who, |cell| {
            cell.element("div", &[], |line| line.foreign(used.name.as_str()));
            cell.element("code", &[], |line| line.foreign(used.id.as_str()));
        });
        table::cell(tr, licenses, |cell| {
            cell.text(&format!("{}\u{a0}of\u{a0}{}", grouped(used.in_force), grouped(used.licenses)));
        });
        table::cell(tr, seats, |cell| in_use(cell, used));
        table::cell(tr, part, |cell| match used.seats().limit {
            SeatLimit::Unlimited => cell.text("no limit"),
            SeatLimit::AtMost(0) => cell.text("none in force"),
            SeatLimit::AtMost(limit) => {
                let active = used.used_in_force;
                chart::bar(cell, &format!("{active} in use of {limit}"), active, limit);
            }
        });
        for (column, number) in [(silent, used.silent), (odd, used.odd), (denied, used.denied)] {
            table::cell(tr, column, |cell| cell.text(&grouped(number)));
        }
        table::cell(tr, end, |cell| cell.text(&used.next_end.map_or("none".into(), |end| end.day())));
    });
}

fn in_use(cell: &mut Markup, used: &CustomerUse) {
    cell.text(&table::of_limit(used.used_in_force, used.seats()));
    let others = used.used_not_in_force();
    if others > 0 {
        cell.leaf("div", &[("class", "quiet")], &format!("{} not in force", grouped(others)));
    }
    if used.beyond > 0 {
        let under = counted(used.licenses_beyond, "license");
        let words = format!("{} beyond the limit of {under}", grouped(used.beyond));
        cell.leaf("div", &[("class", "mark")], &words);
    }
}
