//! What a mode permits: the first word that users see of a verdict.

use lictor_shared::documents::{self, ModeEntry};
use lictor_shared::json::Value;

use crate::cli::shown;

/// The mode with this name.
pub(super) fn named(word: &str) -> Option<ModeEntry> {
    documents::modes().into_iter().find(|entry| entry.mode.eq_ignore_ascii_case(word))
}

pub(super) fn words() -> impl Iterator<Item = &'static str> {
    ["full", "grace", "read_only", "unlicensed"].into_iter()
}

pub(super) fn text(entry: &ModeEntry) -> String {
    let [recover, read, write] = [&entry.recover, &entry.read, &entry.write].map(|permits| permits.clone());
    shown::facts(&[
        ("mode", entry.mode.clone()),
        ("recover", format!("{recover}: log in, install a license, back up and export, remove users")),
        ("read", read),
        ("write", write),
        ("features", entry.features.clone()),
        ("code", super::beside_label(&entry.code)),
    ])
}

pub(super) fn value(entry: &ModeEntry) -> Value {
    let permits = |word: &str| Value::from(word == "yes");
    Value::object([
        ("mode", entry.mode.as_str().into()),
        ("recover", permits(&entry.recover)),
        ("read", permits(&entry.read)),
        ("write", permits(&entry.write)),
        ("features", entry.features.as_str().into()),
        ("code", entry.code.as_str().into()),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_mode_is_explained() {
        let modes: Vec<String> = documents::modes().into_iter().map(|entry| entry.mode).collect();
        assert_eq!(modes, words().collect::<Vec<_>>());
    }
}
