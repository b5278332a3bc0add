//! How data is laid out for people.

use lictor_validator::shared::Timestamp;
use lictor_validator::shared::json::Value;

/// Columns that are counted on.
const COLUMNS: usize = 80;

/// A row for each fact: its name, and its value folded beside it.
pub(crate) fn facts<'a>(rows: impl IntoIterator<Item = (&'a str, String)>) -> String {
    let rows: Vec<_> = rows.into_iter().filter(|(_, value)| !value.is_empty()).collect();
    let indent = rows.iter().map(|(name, _)| name.len()).max().unwrap_or_default() + 2;
    let row = |(name, value): &(&str, String)| {
        let lines = fold(&foreign(value), COLUMNS - indent);
        let mut lines = lines.iter();
        let first = format!("{name:indent$}{}\n", lines.next().map_or("", |line| line.as_str()));
        lines.fold(first, |text, line| text + &format!("{:indent$}{line}\n", ""))
    };
    rows.iter().map(row).collect()
}

/// A text in lines of at most `width` characters; a longer word stands alone.
fn fold(text: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + word.chars().count() <= width => {
                *line += " ";
                *line += word;
            }
            _ => lines.push(word.into()),
        }
    }
    lines
}

/// A stranger's text, safe to show: what moves the cursor or turns the text around is escaped.
pub(crate) fn foreign(text: &str) -> String {
    let turns = |c: char| matches!(c, '\u{61c}' | '\u{200e}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_control() || turns(c) {
            safe.extend(c.escape_unicode());
        } else {
            safe.push(c);
        }
    }
    safe
}

/// An instant in JSON.
pub(crate) fn time(at: Option<Timestamp>) -> Value {
    at.map(|at| at.to_string()).into()
}

/// JSON over several lines, to be read by people as well.
pub(crate) fn indented(value: &Value) -> String {
    serde_json::to_string_pretty(value).unwrap_or_default() + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn facts_stand_in_two_columns_of_eighty() {
        let long = "word ".repeat(20);
        let text = facts([("a", long), ("name", "x\u{1b}[2J".into()), ("none", String::new())]);
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines.len(), 3, "{text}");
        assert!(lines[0].starts_with("a     word") && lines[1].starts_with("      word"), "{text}");
        assert_eq!(lines[2], "name  x\\u{1b}[2J");
        assert!(lines.iter().all(|line| line.len() <= 80));
    }
}
