//! How data is laid out for people.

use lictor_shared::json::Value;
use lictor_shared::{Timestamp, is_bidi_control};
use std::io;
use terminal_size::Width;

use super::environment::Variable;
use super::table::{self, Column};

/// The width where nobody says what it is.
pub(super) const WIDTH: usize = 80;

/// What is narrower is no terminal.
const LEAST_WIDTH: usize = 20;

/// Rows in columns under a header, ended by a line feed; in as many lines as the width that there is takes.
pub(crate) fn table<C: Into<Column>, const N: usize>(
    header: [C; N],
    rows: impl Iterator<Item = [String; N]>,
) -> String {
    table::table(header.map(Into::into), &rows.collect::<Vec<_>>(), width())
}

/// The width that there is: the terminal's, if data goes to one, else that of `COLUMNS`, else 80.
pub(crate) fn width() -> usize {
    let terminal =
        || terminal_size::terminal_size_of(io::stdout()).map(|(Width(width), _)| usize::from(width));
    let variable = || Variable::Columns.text()?.parse().ok();
    let usable = |width: &usize| *width >= LEAST_WIDTH;
    terminal().filter(usable).or_else(|| variable().filter(usable)).unwrap_or(WIDTH)
}

/// Names and values, the values in one column, also where one has several lines; ended by a line feed.
pub(crate) fn facts(facts: &[(&str, String)]) -> String {
    let width = facts.iter().map(|(name, _)| name.chars().count()).max().unwrap_or_default();
    let line = |(name, value): &(&str, String)| {
        let value = value.replace('\n', &format!("\n{:width$}  ", ""));
        format!("{name:<width$}  {value}").trim_end().to_string() + "\n"
    };
    facts.iter().map(line).collect()
}

/// An instant, or a word where there is none.
pub(crate) fn instant(at: Option<Timestamp>, none: &str) -> String {
    at.map_or_else(|| none.to_string(), |at| at.to_string())
}

/// The day of an instant, or a word where there is none.
pub(crate) fn day(at: Option<Timestamp>, none: &str) -> String {
    at.map_or_else(|| none.to_string(), Timestamp::day)
}

/// A text in lines of at most `width` characters, broken between words; a longer word has a line of its own.
pub(crate) fn folded(text: &str, width: usize) -> String {
    let mut folded = String::new();
    let mut used = 0;
    for word in text.split_whitespace() {
        let length = word.chars().count();
        let room = used + 1 + length <= width;
        if used > 0 {
            folded.push(if room { ' ' } else { '\n' });
        }
        used = if used > 0 && room { used + 1 + length } else { length };
        folded.push_str(word);
    }
    folded
}

/// JSON over several lines, safe to show on a terminal.
pub(crate) fn indented(value: &Value) -> String {
    let text = serde_json::to_string_pretty(value).unwrap_or_default();
    text.lines().map(|line| foreign(line) + "\n").collect()
}

/// A text of somebody else's, safe to show on a terminal: what would move the cursor or turn the text around is escaped.
pub(crate) fn foreign(text: &str) -> String {
    let escaped = |c: char| c.is_control() || is_bidi_control(c);
    text.chars().map(|c| if escaped(c) { c.escape_unicode().to_string() } else { c.to_string() }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_folded_between_words() {
        assert_eq!(folded("one two  three", 7), "one two\nthree");
        assert_eq!(folded("one two three", 8), "one two\nthree");
        assert_eq!(folded("one incomprehensibilities", 5), "one\nincomprehensibilities");
        assert_eq!(folded("", 5), "");
    }

    #[test]
    fn foreign_texts_cannot_play_with_the_terminal() {
        assert_eq!(foreign("Acme \u{1b}[2J\u{202e}GmbH\n"), "Acme \\u{1b}[2J\\u{202e}GmbH\\u{a}");
    }
}
