//! How the lists are called that are opened where one is full: as the first of them, with a number behind it.

use lictor_shared::{Uri, limits};

use crate::error::{Failure, FailureKind};

/// The number of the first further list; the one without a number is the first of all.
const SECOND: u32 = 2;

/// The list with this number, from 1: `URI`, `URI.2`, `URI.3` …
///
/// # Errors
/// [`FailureKind::Conflict`] if the name would be too long.
pub(crate) fn name(uri: &Uri, number: u32) -> Result<Uri, Failure> {
    if number < SECOND {
        return Ok(uri.clone());
    }
    let name = format!("{uri}.{number}");
    Uri::new(&name).map_err(|_| {
        let message = format!(
            "The status list {uri} is full, and a further one cannot be opened: its name, with .{number} behind it, would have {} characters, and at most {} are read.",
            name.chars().count(),
            limits::URI_CHARS
        );
        Failure::new(FailureKind::Conflict, message)
            .hint("Set statusUri in lictor.toml to a new, shorter URI. The old list stays in force and is still to be published.")
            .with("uri", uri.as_str())
    })
}

/// The first list and the number of a further one, if this could be the name of such a one.
pub(crate) fn split(name: &str) -> Option<(&str, u32)> {
    let (first, number) = name.rsplit_once('.')?;
    let is_written_so = |digits: &str| digits.starts_with(|digit: char| matches!(digit, '1'..='9'));
    let number = Some(number).filter(|digits| is_written_so(digits))?.parse().ok()?;
    (number >= SECOND && !first.is_empty()).then_some((first, number))
}

/// Whether a list bears this name, or one that further lists of it bear.
pub(crate) fn is_of(uri: &str, first: &str) -> bool {
    uri == first || split(uri).is_some_and(|(of, _)| of == first)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn further_lists_bear_a_number_behind_the_name() {
        let uri = Uri::new("urn:acme:0").unwrap();
        assert_eq!(name(&uri, 1).unwrap().as_str(), "urn:acme:0");
        assert_eq!(name(&uri, 2).unwrap().as_str(), "urn:acme:0.2");
        assert_eq!(name(&uri, 117).unwrap().as_str(), "urn:acme:0.117");
    }

    #[test]
    fn names_are_taken_apart_again() {
        assert_eq!(split("urn:acme:0.2"), Some(("urn:acme:0", 2)));
        assert_eq!(split("urn:acme:0.2.10"), Some(("urn:acme:0.2", 10)));
        for other in
            ["urn:acme:0", "urn:acme:0.1", "urn:acme:0.02", "urn:acme:0.", "urn:acme:0.+2", ".2", "a.b"]
        {
            assert_eq!(split(other), None, "{other}");
        }
        assert!(is_of("a:b", "a:b") && is_of("a:b.2", "a:b"));
        assert!(!is_of("a:b.1", "a:b") && !is_of("a:b.2.3", "a:b") && !is_of("a:b", "a:b.2"));
    }

    #[test]
    fn a_name_that_nobody_would_read_is_refused() {
        let long = |chars: usize| Uri::new(&format!("a:{}", "b".repeat(chars - 2))).unwrap();
        assert!(name(&long(limits::URI_CHARS - 2), 9).is_ok());
        let failure = name(&long(limits::URI_CHARS - 2), 10).unwrap_err();
        assert_eq!(failure.kind, FailureKind::Conflict);
        assert!(failure.message.contains("501 characters"), "{}", failure.message);
        assert!(failure.hint.unwrap().contains("statusUri"));
    }
}
