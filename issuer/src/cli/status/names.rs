//! What the files of status lists are called.

use lictor_shared::{Uri, hex};
use sha2::{Digest as _, Sha256};
use std::collections::{BTreeMap, BTreeSet};

use crate::shard;

/// Characters of a URI's hash that tell files apart which would be called alike.
const HASH_CHARS: usize = 8;

/// The file of each list.
pub(super) struct Names(BTreeMap<String, String>);

impl Names {
    /// Of all the lists that there are, as [`lists`](crate::lists) gives them: where two end alike, the one gives way that was
    /// opened later. So no list changes its file, whichever `lictor.toml` names.
    pub(super) fn of(lists: &[Uri]) -> Self {
        let known: BTreeSet<&str> = lists.iter().map(Uri::as_str).collect();
        let (mut taken, mut names) = (BTreeSet::new(), BTreeMap::new());
        for uri in lists.iter().map(Uri::as_str) {
            let mut name = match shard::split(uri).filter(|(first, _)| known.contains(first)) {
                Some((first, number)) => format!("{}.{number}", last_part(first)),
                None => last_part(uri),
            };
            if taken.contains(&name) {
                let hash: String = hex(&Sha256::digest(uri)).chars().take(HASH_CHARS).collect();
                name = format!("{name}-{hash}");
            }
            taken.insert(name.clone());
            names.insert(uri.to_owned(), name);
        }
        Self(names)
    }

    /// The name of the file of a list.
    pub(super) fn file(&self, uri: &str) -> String {
        let name = self.0.get(uri).cloned().unwrap_or_else(|| last_part(uri));
        format!("{name}.lic")
    }
}

/// The last part of a URI, as far as it can be part of a file name.
fn last_part(uri: &str) -> String {
    let last = uri.trim_end_matches('/').rsplit(['/', ':']).next().unwrap_or_default();
    let safe = |c: char| if c.is_ascii_alphanumeric() || matches!(c, '-' | '_') { c } else { '_' };
    let name: String = last.chars().map(safe).collect();
    if name.is_empty() { "status".into() } else { name }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(lists: &[&str]) -> Vec<String> {
        let lists: Vec<Uri> = lists.iter().map(|uri| Uri::new(uri).unwrap()).collect();
        let names = Names::of(&lists);
        lists.iter().map(|uri| names.file(uri.as_str())).collect()
    }

    #[test]
    fn a_file_is_called_as_the_last_part_of_its_uri() {
        for (uri, name) in [
            ("https://licensing.acme.example/status/0", "0.lic"),
            ("https://licensing.acme.example/status/", "status.lic"),
            ("urn:acme:status:7", "7.lic"),
            ("https://a.example/x?y=../../etc", "etc.lic"),
            ("https://a.example/..", "__.lic"),
            ("a:", "status.lic"),
            // There is no list of which it could be a further one.
            ("https://licensing.acme.example/status/0.2", "0_2.lic"),
            ("https://licensing.acme.example/status/0.1", "0_1.lic"),
        ] {
            assert_eq!(names(&[uri]), [name], "{uri}");
        }
    }

    #[test]
    fn a_further_list_has_its_number_behind_the_name() {
        assert_eq!(names(&["urn:acme:7", "urn:acme:7.2", "urn:acme:7.10"]), ["7.lic", "7.2.lic", "7.10.lic"]);
        assert_eq!(names(&["a:b/.", "a:b/..17"]), ["_.lic", "_.17.lic"]);
    }

    #[test]
    fn of_two_that_end_alike_the_later_one_gives_way() {
        // printf %s https://l.acme.example/2027/0 | sha256sum
        assert_eq!(
            names(&["https://l.acme.example/status/0", "https://l.acme.example/2027/0"]),
            ["0.lic", "0-a23390bd.lic"]
        );
    }
}
