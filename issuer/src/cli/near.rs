//! Words that somebody who mistyped may have meant.

/// At most so many are offered.
const MOST: usize = 3;

/// The words nearest to `word`, best first; none if all are far away.
pub(crate) fn near<'w>(word: &str, words: impl Iterator<Item = &'w str>) -> Vec<&'w str> {
    let plain = |word: &str| word.trim().to_lowercase().replace([' ', '-'], "_");
    let word = plain(word);
    let mut rated: Vec<(usize, &str)> =
        words.filter_map(|known| Some((rate(&word, &plain(known))?, known))).collect();
    rated.sort_unstable();
    rated.into_iter().take(MOST).map(|(_, known)| known).collect()
}

/// How far apart two words are; `None`: too far. A part of a word counts as two slips, however long the rest is.
fn rate(word: &str, known: &str) -> Option<usize> {
    let tolerated = known.chars().count().div_ceil(3);
    let distance = distance(word, known);
    let part = word.chars().count() >= 3 && (known.contains(word) || word.contains(known));
    match part {
        true => Some(distance.min(2)),
        false => Some(distance).filter(|distance| *distance <= tolerated),
    }
}

/// Characters to insert, delete or exchange (Levenshtein), row by row.
fn distance(one: &str, other: &str) -> usize {
    let other: Vec<char> = other.chars().collect();
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (index, a) in one.chars().enumerate() {
        let mut left = index + 1;
        let above = row.iter().zip(row.iter().skip(1)).zip(&other);
        let mut next = vec![left];
        for ((diagonal, up), b) in above {
            left = (diagonal + usize::from(a != *b)).min(up + 1).min(left + 1);
            next.push(left);
        }
        row = next;
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_are_counted() {
        for (one, other, slips) in [
            ("", "", 0),
            ("abc", "abc", 0),
            ("", "abc", 3),
            ("abc", "", 3),
            ("revokd", "revoked", 1),
            ("kitten", "sitting", 3),
        ] {
            assert_eq!(distance(one, other), slips, "{one} {other}");
        }
    }

    #[test]
    fn near_words_are_found_and_far_ones_are_not() {
        let words = ["revoked", "expired", "not_activated", "activation_revoked", "LICENSE_EXPIRED"];
        let near = |word| near(word, words.into_iter());
        assert_eq!(near("revokd"), ["revoked"]);
        assert_eq!(near("expired"), ["expired", "LICENSE_EXPIRED"]);
        assert_eq!(near("license expired"), ["LICENSE_EXPIRED", "expired"]);
        assert_eq!(near(" Activation-Revoked"), ["activation_revoked", "revoked"]);
        assert_eq!(near("activat"), ["activation_revoked", "not_activated"]);
        assert!(near("xyzzy").is_empty() && near("").is_empty());
    }
}
