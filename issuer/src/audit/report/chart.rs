//! Columns by month, drawn so that they are as wide as there is room and their texts as large as any other. Every chart says in
//! words what it shows, and a table beside it has the figures.

use super::super::month::Month;
use super::markup::Markup;

/// One month.
pub(super) struct Slot {
    pub(super) month: Month,
    /// The column that goes up.
    pub(super) up: u64,
    /// The one that goes down.
    pub(super) down: u64,
}

/// Pixels of the tallest column.
const UP: u64 = 120;
/// The same of what goes down.
const DOWN: u64 = 70;
/// Pixels above and below the columns, for their figures.
const FIGURE: u64 = 20;
/// Pixels for the names of the months and the years.
const NAMES: u64 = 36;

/// What a chart says of itself to those who do not see it.
pub(super) struct Words<'a> {
    pub(super) id: &'static str,
    pub(super) title: &'a str,
    pub(super) description: &'a str,
}

/// Draws the columns, those that go down only if there are any.
pub(super) fn columns(page: &mut Markup, words: &Words<'_>, slots: &[Slot]) {
    let (most, most_down) = (
        slots.iter().map(|slot| slot.up).max().unwrap_or_default(),
        slots.iter().map(|slot| slot.down).max().unwrap_or_default(),
    );
    // One measure for both directions.
    let scale = Scale { most: most.max(most_down.saturating_mul(UP) / DOWN).max(1) };
    let base = FIGURE + UP;
    let names = base + if most_down > 0 { DOWN + FIGURE } else { 0 };
    let (title, description) = (format!("{}-title", words.id), format!("{}-desc", words.id));
    let labelled = format!("{title} {description}");
    let height = (names + NAMES).to_string();
    let attributes = [
        ("class", "chart"),
        ("role", "img"),
        ("width", "100%"),
        ("height", height.as_str()),
        ("aria-labelledby", labelled.as_str()),
    ];
    page.element("svg", &attributes, |svg| {
        svg.leaf("title", &[("id", &title)], words.title);
        svg.leaf("desc", &[("id", &description)], words.description);
        for (number, slot) in (0..).zip(slots) {
            let place = Place { number, of: u64::try_from(slots.len()).unwrap_or(1) };
            column(svg, place, slot, &scale, base);
            month(svg, place, slot.month, names);
        }
        let line = base.to_string();
        svg.leaf("line", &[("class", "base"), ("x1", "0"), ("x2", "100%"), ("y1", &line), ("y2", &line)], "");
    });
}

struct Scale {
    most: u64,
}

impl Scale {
    /// Pixels for a number; what is there is seen.
    fn pixels(&self, number: u64) -> u64 {
        let pixels = number.saturating_mul(UP) / self.most;
        if number > 0 { pixels.max(2) } else { 0 }
    }
}

/// A place among several of the same width, in thousandths of the whole.
#[derive(Clone, Copy)]
struct Place {
    number: u64,
    of: u64,
}

impl Place {
    fn at(self, part: u64) -> String {
        percent((self.number * 1000 + part) / self.of.max(1))
    }
}

/// Thousandths as percent.
fn percent(thousandths: u64) -> String {
    format!("{}.{}%", thousandths / 10, thousandths % 10)
}

fn column(svg: &mut Markup, place: Place, slot: &Slot, scale: &Scale, base: u64) {
    let (x, middle, width) = (place.at(180), place.at(500), percent(640 / place.of.max(1)));
    let (up, down) = (scale.pixels(slot.up), scale.pixels(slot.down));
    let mut draw = |class, top: u64, height: u64, figure: u64, number: u64| {
        if number == 0 {
            return;
        }
        let (top, height, figure) = (top.to_string(), height.to_string(), figure.to_string());
        let bar = [
            ("class", class),
            ("x", x.as_str()),
            ("y", &top),
            ("width", &width),
            ("height", &height),
            ("rx", "2"),
        ];
        svg.leaf("rect", &bar, "");
        svg.leaf("text", &[("class", "figure"), ("x", &middle), ("y", &figure)], &short(number));
    };
    draw("up", base.saturating_sub(up), up, base.saturating_sub(up + 6), slot.up);
    draw("down", base, down, base + down + 14, slot.down);
}

fn month(svg: &mut Markup, place: Place, month: Month, top: u64) {
    let middle = place.at(500);
    let (name, year) = ((top + 15).to_string(), (top + 30).to_string());
    svg.leaf("text", &[("x", &middle), ("y", &name)], month.name());
    if place.number == 0 || month.name() == "Jan" {
        svg.leaf("text", &[("class", "year"), ("x", &middle), ("y", &year)], &month.year().to_string());
    }
}

/// A figure as a column has room for it; the table has all of it.
fn short(number: u64) -> String {
    match number {
        0..10_000 => number.to_string(),
        10_000..10_000_000 => format!("{}k", number / 1000),
        _ => format!("{}M", number / 1_000_000),
    }
}

/// How much of a license is used, as a bar: what lies beyond the limit looks different and is behind a line.
pub(super) fn bar(page: &mut Markup, words: &str, used: u64, limit: u64) {
    let whole = used.max(limit).max(1);
    let thousandths = |number: u64| percent(number.saturating_mul(1000) / whole);
    let (within, beyond) = (used.min(limit), used.saturating_sub(limit));
    let attributes = [("class", "bar"), ("role", "img"), ("width", "100%"), ("height", "12")];
    page.element("svg", &attributes, |svg| {
        svg.leaf("title", &[], words);
        svg.leaf("rect", &[("class", "room"), ("width", "100%"), ("height", "12"), ("rx", "2")], "");
        let width = thousandths(within);
        svg.leaf("rect", &[("class", "up"), ("width", &width), ("height", "12"), ("rx", "2")], "");
        if beyond > 0 {
            let (x, width) = (thousandths(limit), thousandths(beyond));
            svg.leaf("rect", &[("class", "beyond"), ("x", &x), ("width", &width), ("height", "12")], "");
            svg.leaf("line", &[("class", "limit"), ("x1", &x), ("x2", &x), ("y1", "0"), ("y2", "12")], "");
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_measured_against_the_tallest() {
        let scale = Scale { most: 60 };
        assert_eq!([0, 1, 30, 60].map(|number| scale.pixels(number)), [0, 2, 60, 120]);
        let place = Place { number: 11, of: 12 };
        assert_eq!((place.at(0), place.at(500)), ("91.6%".into(), "95.8%".into()));
        assert_eq!([9_999, 10_000, 12_345_678].map(short), ["9999", "10k", "12M"]);
    }
}
