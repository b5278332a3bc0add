//! QR codes drawn: in characters, two modules in each, and as a picture.

use super::Qr;

/// Black on white, whatever the terminal's colours are: inverted codes are not read by every camera.
const BLACK_ON_WHITE: &str = "\u{1b}[38;5;16;48;5;231m";
const PLAIN: &str = "\u{1b}[0m";

/// Whether colours are named.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ink {
    /// For a terminal.
    Named,
    /// For everything else.
    Default,
}

impl Qr {
    /// The code in half blocks.
    pub(crate) fn in_characters(&self, ink: Ink) -> String {
        let (before, after) = match ink {
            Ink::Named => (BLACK_ON_WHITE, PLAIN),
            Ink::Default => ("", ""),
        };
        let rows = (0..self.side()).step_by(2);
        rows.map(|y| format!("{before}{}{after}\n", self.row(y))).collect()
    }

    fn row(&self, y: usize) -> String {
        let character = |x| match (self.is_dark(x, y), self.is_dark(x, y + 1)) {
            (true, true) => '█',
            (true, false) => '▀',
            (false, true) => '▄',
            (false, false) => ' ',
        };
        (0..self.side()).map(character).collect()
    }

    /// The code as an SVG picture: one square for each dark module.
    pub(crate) fn as_svg(&self) -> String {
        let side = self.side();
        let all = (0..side).flat_map(|y| (0..side).map(move |x| (x, y)));
        let squares: String =
            all.filter(|(x, y)| self.is_dark(*x, *y)).map(|(x, y)| format!("M{x} {y}h1v1h-1z")).collect();
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {side} {side}\" width=\"{pixels}\" height=\"{pixels}\" \
             shape-rendering=\"crispEdges\"><title>{facts}</title>\
             <rect width=\"{side}\" height=\"{side}\" fill=\"#fff\"/><path d=\"{squares}\" fill=\"#000\"/></svg>\n",
            pixels = side * 6,
            facts = self.facts(),
        )
    }
}
