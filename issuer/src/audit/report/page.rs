//! The report as one page that needs nothing else: no script, no network, no other file.

mod customers;
mod expiry;
mod odd;
mod seats;
mod table;

use lictor_shared::Timestamp;

use super::markup::Markup;
use super::{Horizon, Report};
use crate::activation::SeatState;
use crate::licenses::LicenseState;

const STYLE: &str = include_str!("style.css");

/// Nothing is loaded, nothing runs, nothing is sent; only the style within the page counts.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";

/// The sections, and how they are called.
const SECTIONS: [(&str, &str); 8] = [
    ("summary", "Summary"),
    ("expiry", "What ends when"),
    ("over-time", "Seats over time"),
    ("customers", "Seats by customer"),
    ("use", "Seats by license"),
    ("odd", "What is odd"),
    ("silent", "Who has fallen silent"),
    ("denied", "What was denied"),
];

impl Report {
    /// The page. The same report gives the same bytes.
    #[must_use]
    pub fn to_html(&self) -> String {
        Markup::document(|html| {
            html.element("head", &[], |head| self.head_of_page(head));
            html.element("body", &[], |body| {
                body.element("header", &[], |header| self.header(header));
                body.element("main", &[], |main| {
                    section(main, "summary", |section| self.summary(section));
                    section(main, "expiry", |section| expiry::write(self, section));
                    section(main, "over-time", |section| seats::over_time(self, section));
                    section(main, "customers", |section| customers::write(self, section));
                    section(main, "use", |section| seats::by_license(self, section));
                    section(main, "odd", |section| odd::oddities(self, section));
                    section(main, "silent", |section| odd::silent(self, section));
                    section(main, "denied", |section| odd::denials(self, section));
                });
                body.element("footer", &[], |footer| self.footer(footer));
            });
        })
    }

    fn head_of_page(&self, head: &mut Markup) {
        head.empty("meta", &[("charset", "utf-8")]);
        head.empty("meta", &[("http-equiv", "Content-Security-Policy"), ("content", POLICY)]);
        head.empty("meta", &[("name", "viewport"), ("content", "width=device-width, initial-scale=1")]);
        head.empty("meta", &[("name", "referrer"), ("content", "no-referrer")]);
        head.element("title", &[], |title| {
            title.text(&format!("Licenses of {}, {}", self.issuer, self.judged.at.day()));
        });
        head.leaf("style", &[], STYLE);
    }

    fn header(&self, header: &mut Markup) {
        header.element("h1", &[], |h1| {
            h1.text("Licenses of ");
            h1.foreign(self.issuer.as_str());
        });
        header.leaf("p", &[("class", "quiet")], "Who uses what, as the issuer's ledger has it.");
        header.element("dl", &[("class", "facts")], |facts| {
            let (size, root) = &self.head;
            fact(facts, "As of", |dd| dd.text(&instant(self.judged.at)));
            fact(facts, "Ledger", |dd| dd.leaf("code", &[], &self.ledger.to_string()));
            fact(facts, "Log", |dd| {
                dd.text(&format!("{} with the root ", counted(*size, "event")));
                dd.leaf("code", &[], &root.to_string());
            });
            fact(facts, "Newest checkpoint", |dd| match self.checkpoint {
                Some(size) => dd.text(&format!("of {}", counted(size, "event"))),
                None => dd.text("none was signed"),
            });
            fact(facts, "Checked", |dd| dd.text(&self.whole()));
        });
        header.element("nav", &[("aria-label", "Sections")], |nav| {
            nav.element("ul", &[], |list| {
                for (id, name) in SECTIONS {
                    list.element("li", &[], |item| item.leaf("a", &[("href", &format!("#{id}"))], name));
                }
            });
        });
    }

    fn whole(&self) -> String {
        let erased = match self.checked.erased {
            0 => String::new(),
            erased => format!(
                " {} of customers or deployments had been erased, as they may be.",
                counted(erased, "text")
            ),
        };
        format!(
            "The ledger was whole at this size and root: {} and all seats follow from its events, as lictor ledger verify finds.{erased}",
            counted(self.checked.licenses, "license")
        )
    }

    fn summary(&self, section: &mut Markup) {
        let holders = self.deployments.get(&SeatState::Active).copied().unwrap_or_default();
        section.element("ul", &[("class", "cards")], |cards| {
            let state = |state| self.states.get(&state).copied().unwrap_or_default();
            let in_force = state(LicenseState::Active) + state(LicenseState::Grace);
            let of = format!(
                "of {}, of {}",
                counted(self.licenses(), "license"),
                counted(self.customers, "customer")
            );
            card(cards, in_force, ("license in force", "licenses in force"), &of);
            let of = format!(
                "of the {} that licenses in force have, {}",
                grouped(self.seats.limit),
                grouped(self.seats.used_of_limit)
            );
            card(cards, self.seats.used, ("seat in use", "seats in use"), &of);
            let soon = format!(
                "{} within 60, {} within 90",
                grouped(self.ending_within(Horizon::Days60)),
                grouped(self.ending_within(Horizon::Days90))
            );
            card(
                cards,
                self.ending_within(Horizon::Days30),
                ("license ends within 30 days", "licenses end within 30 days"),
                &soon,
            );
            let of = format!("under {}", counted(self.seats.licenses_beyond, "license"));
            warn(cards, self.seats.beyond, ("seat in use beyond a limit", "seats in use beyond limits"), &of);
            let kinds = u64::try_from(self.oddities.len()).unwrap_or(u64::MAX);
            warn(
                cards,
                self.odd(),
                ("odd history", "odd histories"),
                &format!("of {}", counted(kinds, "kind")),
            );
            let of = format!(
                "of {} that have a seat, not heard of for more than {}",
                counted(holders, "deployment"),
                self.silence()
            );
            card(cards, self.silent.total(), ("silent deployment", "silent deployments"), &of);
            card(cards, self.denied(), ("request denied", "requests denied"), "since the ledger began");
        });
        self.states_in_a_table(section);
    }

    fn states_in_a_table(&self, section: &mut Markup) {
        let rows = LicenseState::ALL.iter().filter_map(|state| {
            let licenses = self.states.get(state).copied()?;
            Some([state.as_str().to_owned(), grouped(licenses), state.meaning().to_owned()])
        });
        let columns = [table::word("State"), table::number("Licenses"), table::word("Meaning")];
        table::plain(section, ("narrow", "Licenses by what they are now"), &columns, rows);
    }

    fn silence(&self) -> String {
        let seconds = self.judged.silent_after.get();
        match (seconds / 86_400, seconds % 86_400) {
            (days, 0) => counted(days, "day"),
            _ => counted(seconds, "second"),
        }
    }

    fn footer(&self, footer: &mut Markup) {
        footer.leaf("h2", &[("id", "limits")], "What this page cannot tell");
        let silence = "A deployment is heard of when it asks, and by the reports of its use that are brought. One without a lease has no need to ask again, and nothing makes it report, so silence is no proof that it is gone, and a deployment that never asked is not here at all.";
        footer.leaf("p", &[], silence);
        if self.elsewhere > 0 {
            let words = format!(
                "{} came from another ledger, or from one that was replaced by a restored backup: which deployments they are for is not known here, and they count no seats.",
                counted(self.elsewhere, "activation")
            );
            footer.leaf("p", &[], &words);
        }
        let proof = "That the ledger was whole says that everything in it follows from its own log. That the log is the one of last year only a checkpoint shows that somebody else kept.";
        footer.leaf("p", &[], proof);
        let made = format!(
            "Made as of {}. Times are UTC. Numbers of events are places in the log: lictor audit show NUMBER tells of one.",
            instant(self.judged.at)
        );
        footer.leaf("p", &[("class", "quiet")], &made);
    }
}

fn section(main: &mut Markup, id: &'static str, inside: impl FnOnce(&mut Markup)) {
    let name = SECTIONS.iter().find(|(section, _)| *section == id).map_or(id, |(_, name)| *name);
    let heading = format!("{id}-heading");
    main.element("section", &[("id", id), ("aria-labelledby", &heading)], |section| {
        section.leaf("h2", &[("id", &heading)], name);
        inside(section);
    });
}

fn fact(facts: &mut Markup, name: &str, inside: impl FnOnce(&mut Markup)) {
    facts.leaf("dt", &[], name);
    facts.element("dd", &[], inside);
}

fn card(cards: &mut Markup, number: u64, names: (&str, &str), more: &str) {
    figure(cards, "", (number, names), more);
}

/// A figure that is to be none.
fn warn(cards: &mut Markup, number: u64, names: (&str, &str), more: &str) {
    match number {
        0 => figure(cards, "", (number, names), "as it should be"),
        _ => figure(cards, "warn", (number, names), more),
    }
}

fn figure(cards: &mut Markup, class: &str, (number, (one, several)): (u64, (&str, &str)), more: &str) {
    cards.element("li", &[("class", class)], |card| {
        card.leaf("strong", &[], &grouped(number));
        card.leaf("span", &[], if number == 1 { one } else { several });
        card.leaf("span", &[("class", "quiet")], more);
    });
}

/// A number with its thousands apart, which no line breaks.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut grouped = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            grouped.push('\u{202f}');
        }
        grouped.push(digit);
    }
    grouped
}

fn counted(number: u64, thing: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{} {thing}{plural}", grouped(number))
}

/// `2026-11-22 09:00:00 UTC`.
fn instant(at: Timestamp) -> String {
    at.to_string().replace('T', " ").replace('Z', " UTC")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_are_apart() {
        let groups = [0, 999, 1_000, 12_345, 1_234_567].map(grouped);
        assert_eq!(groups, ["0", "999", "1\u{202f}000", "12\u{202f}345", "1\u{202f}234\u{202f}567"]);
        assert_eq!((counted(1, "seat"), counted(0, "seat")), ("1 seat".into(), "0 seats".into()));
    }

    /// Within `style` a browser reads nothing as an escape, so there must be nothing to escape.
    #[test]
    fn the_style_stands_as_it_is() {
        assert!(!STYLE.contains(['<', '>', '&']) && !STYLE.contains("url(") && !STYLE.contains("@import"));
    }
}
