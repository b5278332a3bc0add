//! Tables of the page.

use lictor_shared::{Name, SeatLimit, Seats};

use super::super::Licensed;
use super::super::markup::Markup;
use super::grouped;

/// A column: its title, and whether it holds numbers.
#[derive(Clone, Copy)]
pub(super) struct Column {
    title: &'static str,
    class: &'static str,
}

pub(super) const fn word(title: &'static str) -> Column {
    Column { title, class: "" }
}

pub(super) const fn number(title: &'static str) -> Column {
    Column { title, class: "n" }
}

/// A day, which no line breaks.
pub(super) const fn day(title: &'static str) -> Column {
    Column { title, class: "day" }
}

/// A name and an id.
pub(super) const fn who(title: &'static str) -> Column {
    Column { title, class: "who" }
}

/// A place for a bar.
pub(super) const fn bar(title: &'static str) -> Column {
    Column { title, class: "bar-cell" }
}

/// A table of texts of ours.
pub(super) fn plain<const N: usize>(
    page: &mut Markup,
    (class, caption): (&str, &str),
    columns: &[Column; N],
    rows: impl Iterator<Item = [String; N]>,
) {
    let class = format!("figures {class}");
    framed(page, (&class, caption), columns, |body| {
        for row in rows {
            body.element("tr", &[], |tr| {
                for (column, text) in columns.iter().zip(row) {
                    tr.leaf("td", &[("class", column.class)], &text);
                }
            });
        }
    });
}

/// A table of which the rows are written by `body`; on a narrow screen each row is a block.
pub(super) fn stacked<const N: usize>(
    page: &mut Markup,
    caption: &str,
    columns: &[Column; N],
    body: impl FnOnce(&mut Markup),
) {
    framed(page, ("stacked", caption), columns, body);
}

fn framed(
    page: &mut Markup,
    (class, caption): (&str, &str),
    columns: &[Column],
    body: impl FnOnce(&mut Markup),
) {
    page.element("table", &[("class", class)], |table| {
        table.leaf("caption", &[], caption);
        table.element("thead", &[], |head| {
            head.element("tr", &[], |tr| {
                for column in columns {
                    tr.leaf("th", &[("scope", "col"), ("class", column.class)], column.title);
                }
            });
        });
        table.element("tbody", &[], body);
    });
}

/// A cell of a stacked table.
pub(super) fn cell(tr: &mut Markup, column: Column, inside: impl FnOnce(&mut Markup)) {
    tr.element("td", &[("class", column.class), ("data-label", column.title)], |td| {
        td.element("div", &[], inside);
    });
}

/// The customer and his license.
pub(super) fn whose(cell: &mut Markup, licensed: &Licensed) {
    cell.element("div", &[], |line| line.foreign(licensed.customer.as_str()));
    cell.leaf("code", &[], &licensed.id.to_string());
}

pub(super) fn products(licensed: &Licensed) -> String {
    licensed.products.iter().map(Name::as_str).collect::<Vec<_>>().join(", ")
}

/// `27 of 25, overage 2`.
pub(super) fn seats(licensed: &Licensed) -> String {
    of_limit(licensed.occupancy.active, licensed.occupancy.seats)
}

/// The same of any seats.
pub(super) fn of_limit(active: u64, seats: Seats) -> String {
    let active = grouped(active);
    match (seats.limit, seats.overage) {
        (SeatLimit::Unlimited, _) => format!("{active}, no limit"),
        (SeatLimit::AtMost(limit), 0) => format!("{active} of {}", grouped(limit)),
        (SeatLimit::AtMost(limit), overage) => {
            format!("{active} of {}, overage {}", grouped(limit), grouped(overage))
        }
    }
}

/// Says what a table leaves out, and where it is.
pub(super) fn left_out(page: &mut Markup, left_out: u64, file: &str) {
    if left_out > 0 {
        let words = format!("and {} more: see {file} of lictor audit report --csv", grouped(left_out));
        page.leaf("p", &[("class", "quiet")], &words);
    }
}
