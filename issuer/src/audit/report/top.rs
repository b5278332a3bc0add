//! The first rows of a table of which the rest is only counted.

use std::collections::BTreeMap;

/// The first rows by a key, and how many there are in all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Top<K, T> {
    rows: BTreeMap<K, T>,
    most: usize,
    total: u64,
}

impl<K: Ord, T> Top<K, T> {
    pub(super) const fn new(most: usize) -> Self {
        Self { rows: BTreeMap::new(), most, total: 0 }
    }

    /// Counts a row, and keeps it if it is among the first.
    pub(super) fn add(&mut self, key: K, row: impl FnOnce() -> T) {
        self.total += 1;
        let is_full = self.rows.len() >= self.most;
        if is_full && self.rows.last_key_value().is_none_or(|(last, _)| *last <= key) {
            return;
        }
        self.rows.insert(key, row());
        if self.rows.len() > self.most {
            self.rows.pop_last();
        }
    }

    /// The rows that are kept, the first first.
    pub fn rows(&self) -> impl Iterator<Item = &T> {
        self.rows.values()
    }

    /// How many there are in all.
    #[must_use]
    pub const fn total(&self) -> u64 {
        self.total
    }

    /// How many there are beside those that are kept.
    #[must_use]
    pub fn left_out(&self) -> u64 {
        self.total.saturating_sub(u64::try_from(self.rows.len()).unwrap_or(u64::MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_are_kept_and_all_are_counted() {
        let mut top = Top::new(3);
        for key in [5, 1, 4, 2, 3, 9] {
            top.add(key, || key * 10);
        }
        assert_eq!(top.rows().copied().collect::<Vec<_>>(), [10, 20, 30]);
        assert_eq!((top.total(), top.left_out()), (6, 3));
        let mut none = Top::new(0);
        none.add(1, || 1);
        assert_eq!((none.rows().count(), none.left_out()), (0, 1));
    }
}
