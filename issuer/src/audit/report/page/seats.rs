//! Seats over time, and by license.

use lictor_shared::SeatLimit;

use super::super::chart::{self, Slot, Words};
use super::super::markup::Markup;
use super::super::{Licensed, Report};
use super::{counted, grouped, table};
use crate::audit::{Flow, Month};

/// Months of which the charts and the table tell; the months before are one line.
const SHOWN: usize = 12;

pub(super) fn over_time(report: &Report, page: &mut Markup) {
    let all = report.seats_over_time();
    let earlier = all.len().saturating_sub(SHOWN);
    let (before, shown) = all.split_at_checked(earlier).unwrap_or((&[], &all));
    let this = Month::of(report.judged.at);
    let words = format!(
        "By the months in which it was recorded; {this} counts up to the instant of this page. A seat is in use until it is given back, taken away, or passed on after its lease has ended."
    );
    page.leaf("p", &[], &words);
    in_use(shown, page);
    came_and_went(shown, page);
    let mut first = Flow::default();
    before.iter().for_each(|(_, flow, _)| first.add(flow));
    let in_use_before = before.last().map(|(_, _, in_use)| *in_use);
    let earlier = in_use_before.map(|in_use| row("earlier".into(), &first, in_use));
    let rows = earlier
        .into_iter()
        .chain(shown.iter().map(|(month, flow, in_use)| row(month.to_string(), flow, *in_use)));
    let columns = [
        table::day("Month"),
        table::number("Granted"),
        table::number("Given back"),
        table::number("Taken away"),
        table::number("Lease over"),
        table::number("Denied"),
        table::number("In use after"),
    ];
    table::plain(page, ("", "The same in figures"), &columns, rows);
}

fn row(month: String, flow: &Flow, in_use: u64) -> [String; 7] {
    let [granted, released, revoked, expired, denied, in_use] =
        [flow.granted, flow.released, flow.revoked, flow.expired, flow.denied, in_use].map(grouped);
    [month, granted, released, revoked, expired, denied, in_use]
}

fn in_use(months: &[(Month, Flow, u64)], page: &mut Markup) {
    let slots: Vec<Slot> =
        months.iter().map(|(month, _, in_use)| Slot { month: *month, up: *in_use, down: 0 }).collect();
    let last = months.last().map_or(0, |(_, _, in_use)| *in_use);
    let words = Words {
        id: "in-use-chart",
        title: "Seats in use at the end of each month, and as of this page",
        description: &format!("As of this page {last}. The table below has all figures."),
    };
    page.element("figure", &[], |figure| {
        figure.leaf("figcaption", &[], words.title);
        chart::columns(figure, &words, &slots);
    });
}

fn came_and_went(months: &[(Month, Flow, u64)], page: &mut Markup) {
    let slot = |(month, flow, _): &(Month, Flow, u64)| Slot {
        month: *month,
        up: flow.granted,
        down: flow.given_up(),
    };
    let slots: Vec<Slot> = months.iter().map(slot).collect();
    let (granted, given_up) = slots.iter().fold((0, 0), |(up, down), slot| (up + slot.up, down + slot.down));
    let words = Words {
        id: "flow-chart",
        title: "Seats granted (upwards) and given up in whatever way (downwards) in each month",
        description: &format!(
            "In these months {granted} were granted and {given_up} given up. The table below has all figures."
        ),
    };
    page.element("figure", &[], |figure| {
        figure.leaf("figcaption", &[], words.title);
        chart::columns(figure, &words, &slots);
    });
}

pub(super) fn by_license(report: &Report, page: &mut Markup) {
    let seats = &report.seats;
    let words = format!(
        "{} in use. Licenses in force have {} where their number is limited, of which {} in use; {} in force {} any number.",
        are(seats.used),
        counted(seats.limit, "seat"),
        is_or_are(seats.used_of_limit),
        counted(seats.unlimited, "license"),
        if seats.unlimited == 1 { "has" } else { "have" },
    );
    page.leaf("p", &[], &words);
    if report.by_use.total() == 0 {
        page.leaf("p", &[], "There are no licenses.");
        return;
    }
    let columns = [
        table::who("Customer and license"),
        table::word("Products"),
        table::word("State"),
        table::word("Seats in use"),
        table::bar("Part of the limit"),
    ];
    table::stacked(
        page,
        "The licenses of which the most is used, first by the part of the limit, those without limit last",
        &columns,
        |body| {
            for licensed in report.by_use.rows() {
                license(body, licensed, columns);
            }
        },
    );
    table::left_out(page, report.by_use.left_out(), "licenses.csv");
}

fn license(body: &mut Markup, licensed: &Licensed, columns: [table::Column; 5]) {
    let [whose, products, state, seats, part] = columns;
    body.element("tr", &[], |tr| {
        table::cell(tr, whose, |cell| table::whose(cell, licensed));
        table::cell(tr, products, |cell| cell.text(&table::products(licensed)));
        table::cell(tr, state, |cell| cell.text(licensed.state.as_str()));
        table::cell(tr, seats, |cell| {
            cell.text(&table::seats(licensed));
            let beyond = licensed.occupancy.beyond_limit();
            if beyond > 0 {
                cell.text(" ");
                cell.leaf("span", &[("class", "mark")], &format!("{} beyond the limit", grouped(beyond)));
            }
        });
        table::cell(tr, part, |cell| match licensed.occupancy.seats.limit {
            SeatLimit::Unlimited => cell.text("no limit"),
            SeatLimit::AtMost(limit) => {
                let active = licensed.occupancy.active;
                chart::bar(cell, &format!("{active} in use of {limit}"), active, limit);
            }
        });
    });
}

fn are(seats: u64) -> String {
    format!("{} {}", counted(seats, "seat"), if seats == 1 { "is" } else { "are" })
}

fn is_or_are(seats: u64) -> String {
    format!("{} {}", grouped(seats), if seats == 1 { "is" } else { "are" })
}
