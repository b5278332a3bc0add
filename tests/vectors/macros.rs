//! Words in the texts of vectors: `@(word argument…)`.

use crate::{instant, keys};

/// Puts in what the words stand for. `more` knows words of its own.
pub(crate) fn expand(text: &str, more: impl Fn(&str) -> Option<String>) -> String {
    let mut pieces = text.split("@(");
    let mut out = String::from(pieces.next().unwrap_or_default());
    for piece in pieces {
        let (word, rest) = piece.split_once(')').unwrap_or_else(|| panic!("an open @( in {text:?}"));
        out.push_str(&more(word).unwrap_or_else(|| value(word)));
        out.push_str(rest);
    }
    out
}

/// `x KEY`, `kid KEY`, `time INSTANT` (as NumericDate), `repeat N TEXT`, `count N TEXT` (`#` is 0, 1, …; joined by commas).
fn value(word: &str) -> String {
    let (name, argument) = word.split_once(' ').unwrap_or((word, ""));
    match name {
        "x" => keys::key(argument).x(),
        "kid" => keys::key(argument).kid(),
        "time" => instant::seconds(argument).to_string(),
        "repeat" => {
            let (count, text) = counted(argument);
            text.repeat(count)
        }
        "count" => {
            let (count, text) = counted(argument);
            (0..count).map(|n| text.replace('#', &n.to_string())).collect::<Vec<_>>().join(",")
        }
        _ => panic!("no word {word:?}"),
    }
}

fn counted(argument: &str) -> (usize, &str) {
    let (count, text) = argument.split_once(' ').unwrap();
    (count.parse().unwrap(), text)
}
