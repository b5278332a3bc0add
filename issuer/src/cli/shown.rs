//! How data is laid out for people.

use lictor_shared::json::Value;
use lictor_shared::{Timestamp, is_bidi_control};
use tabled::builder::Builder;
use tabled::settings::{Padding, Style};

/// How wide a page of text is.
pub(crate) const COLUMNS: usize = 80;

/// Rows in columns under a header, ended by a line feed.
pub(crate) fn table<const N: usize>(header: [&str; N], rows: impl Iterator<Item = [String; N]>) -> String {
    let mut builder = Builder::default();
    builder.push_record(header);
    for row in rows {
        builder.push_record(row);
    }
    let mut table = builder.build();
    table.with(Style::blank()).with(Padding::new(0, 1, 0, 0));
    let lines: Vec<String> =
        table.to_string().lines().map(|line| line.trim_end().to_string() + "\n").collect();
    lines.concat()
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

/// At most `most` characters; what was cut is marked.
pub(crate) fn cut(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_string();
    }
    text.chars().take(most.saturating_sub(1)).chain(['…']).collect()
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
