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

/// Names and values, the values in one column, in as many lines as the width that there is takes; ended by a line feed.
pub(crate) fn facts(facts: &[(&str, String)]) -> String {
    let name_width = facts.iter().map(|(name, _)| name.chars().count()).max().unwrap_or_default();
    let room = width().saturating_sub(name_width + 2);
    let fitting = |line: &str| match line.chars().count() > room {
        true => folded(line, room),
        false => line.to_owned(),
    };
    let line = |(name, value): &(&str, String)| {
        let value: Vec<String> = value.split('\n').map(fitting).collect();
        let value = value.join("\n").replace('\n', &format!("\n{:name_width$}  ", ""));
        format!("{name:<name_width$}  {value}").trim_end().to_string() + "\n"
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
    json(&text) + "\n"
}

/// A text of somebody else's, safe to show on a terminal: what would move the cursor or turn the text around is escaped.
pub(crate) fn foreign(text: &str) -> String {
    text.chars().map(|c| if plays(c) { c.escape_unicode().to_string() } else { c.to_string() }).collect()
}

/// The same of a text that has lines.
pub(crate) fn foreign_lines(text: &str) -> String {
    text.split('\n').map(foreign).collect::<Vec<_>>().join("\n")
}

/// The same of JSON, in which such characters stand in strings alone: there they are escaped as JSON has it, so that every
/// reader gets them as they were.
pub(crate) fn json(text: &str) -> String {
    let mut said = String::with_capacity(text.len());
    for c in text.chars() {
        if plays(c) && c != '\n' {
            said.push_str(&format!("\\u{:04x}", u32::from(c)));
        } else {
            said.push(c);
        }
    }
    said
}

/// Whether a terminal does something else with it than show it.
fn plays(c: char) -> bool {
    c.is_control() || is_bidi_control(c)
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
        assert_eq!(foreign_lines("a\u{9b}2J\nb\r\n"), "a\\u{9b}2J\nb\\u{d}\n");
        // Every reader of JSON gets what it was.
        let text = "Acme \u{9b}2J\u{7f}\u{202e}GmbH\u{2066} \u{1b}\n Ü";
        let said = json(&Value::object([("customer", text.into())]).to_string());
        assert_eq!(said, r#"{"customer":"Acme \u009b2J\u007f\u202eGmbH\u2066 \u001b\n Ü"}"#);
        let read = Value::read_object(said.as_bytes()).unwrap();
        assert_eq!(read.get("customer").and_then(Value::as_str), Some(text));
    }
}
