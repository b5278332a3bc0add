//! What ends when.

use lictor_shared::Timestamp;

use super::super::chart::{self, Slot, Words};
use super::super::markup::Markup;
use super::super::{Horizon, Licensed, Report};
use super::{counted, grouped, table};
use crate::audit::Month;

pub(super) fn write(report: &Report, page: &mut Markup) {
    let this = Month::of(report.judged.at);
    let (later, never) = report.beyond_calendar;
    let within: u64 = report.calendar.values().sum();
    let words = format!(
        "{} within these twelve months, {} later, {} never. Ends are those of the latest revision; revoked licenses are left out, and {this} counts from the day of this page on.",
        ends(within),
        ends(later),
        grouped(never)
    );
    page.leaf("p", &[], &words);
    calendar(report, page);
    let near = Horizon::ALL
        .map(|horizon| [format!("within {} days", horizon.days()), grouped(report.ending_within(horizon))]);
    let columns = [table::word("Ends"), table::number("Licenses")];
    table::plain(
        page,
        ("narrow", "Licenses that end soon, each line with those above it"),
        &columns,
        near.into_iter(),
    );
    soon(report, page);
}

fn ends(licenses: u64) -> String {
    let verb = if licenses == 1 { "ends" } else { "end" };
    format!("{} {verb}", counted(licenses, "license"))
}

fn calendar(report: &Report, page: &mut Markup) {
    let slots: Vec<Slot> = report
        .calendar
        .iter()
        .map(|(month, licenses)| Slot { month: *month, up: *licenses, down: 0 })
        .collect();
    let fullest =
        report.calendar.iter().max_by_key(|(month, licenses)| (**licenses, core::cmp::Reverse(**month)));
    let description = match fullest.filter(|(_, licenses)| **licenses > 0) {
        Some((month, licenses)) => {
            format!("Most end in {month}: {licenses}. The table below has all figures.")
        }
        None => "None ends within these months.".into(),
    };
    let words = Words {
        id: "expiry-chart",
        title: "Licenses by the month in which they end",
        description: &description,
    };
    page.element("figure", &[], |figure| {
        figure.leaf("figcaption", &[], words.title);
        chart::columns(figure, &words, &slots);
    });
    let rows = report.calendar.iter().map(|(month, licenses)| [month.to_string(), grouped(*licenses)]);
    let columns = [table::day("Month"), table::number("Licenses that end")];
    table::plain(page, ("narrow", "The same in figures"), &columns, rows);
}

fn soon(report: &Report, page: &mut Markup) {
    if report.ending_soon.total() == 0 {
        page.leaf("p", &[], "No license ends within 90 days.");
        return;
    }
    let columns = [
        table::day("Ends"),
        table::number("In days"),
        table::who("Customer and license"),
        table::word("Products"),
        table::word("State"),
        table::day("Grace until"),
    ];
    table::stacked(page, "Licenses that end within 90 days, the first first", &columns, |body| {
        for licensed in report.ending_soon.rows() {
            row(report.judged.at, body, licensed, columns);
        }
    });
    table::left_out(page, report.ending_soon.left_out(), "expiring.csv");
}

fn row(at: Timestamp, body: &mut Markup, licensed: &Licensed, columns: [table::Column; 6]) {
    let [end, days, whose, products, state, grace] = columns;
    let day = |at: Option<Timestamp>| at.map(Timestamp::day).unwrap_or_default();
    let left = licensed.expires_at.map(|end| end.seconds().saturating_sub(at.seconds()) / 86_400);
    body.element("tr", &[], |tr| {
        table::cell(tr, end, |cell| cell.text(&day(licensed.expires_at)));
        table::cell(tr, days, |cell| cell.text(&left.unwrap_or_default().to_string()));
        table::cell(tr, whose, |cell| table::whose(cell, licensed));
        table::cell(tr, products, |cell| cell.text(&table::products(licensed)));
        table::cell(tr, state, |cell| cell.text(licensed.state.as_str()));
        table::cell(tr, grace, |cell| cell.text(&day(licensed.grace_until)));
    });
}
