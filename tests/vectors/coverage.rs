//! What the vectors as a whole must cover.

use crate::document::FORMAT;
use crate::file::{VectorFile, all};
use crate::outcome::UNREAD;
use crate::vector::Vector;
use lictor_shared::Reason;
use std::collections::{BTreeMap, BTreeSet};

#[test]
fn there_are_at_least_250_vectors() {
    let count = all().len();
    assert!(count >= 250, "{count}");
}

#[test]
fn every_reason_of_the_register_is_expected_somewhere() {
    let vectors = all();
    let expected: BTreeSet<&str> = vectors
        .iter()
        .filter_map(|file| file.vector.expect.as_ref())
        .flat_map(|expect| expect.reasons.iter().flatten().chain(&expect.reason).map(String::as_str))
        .collect();
    let never: Vec<_> = Reason::ALL.iter().filter(|reason| !expected.contains(reason.as_str())).collect();
    assert!(never.is_empty(), "no vector expects {never:?}");
}

#[test]
fn every_clause_is_a_heading_of_the_format() {
    for VectorFile { name, vector } in all() {
        let number =
            vector.clause.strip_prefix("FORMAT ").unwrap_or_else(|| panic!("{name}: {}", vector.clause));
        let heading = |prefix: &str, dot: &str| FORMAT.contains(&format!("\n{prefix} {number}{dot} "));
        assert!(heading("###", "") || heading("##", "."), "{name}: the format has no section {number}");
        assert!(vector.says.ends_with('.'), "{name}: {:?} is no sentence", vector.says);
    }
}

/// The sections of the format whose tables list the members of an artefact.
const MEMBER_TABLES: [(&str, &str); 6] = [
    ("license", "### 5.1 "),
    ("status_list", "### 6.1 "),
    ("request", "### 7.1 "),
    ("activation", "### 7.2 "),
    ("release", "### 7.3 "),
    ("anchors", "### 4.1 "),
];

#[test]
fn every_member_of_every_artefact_has_an_accepting_and_a_rejecting_vector() {
    let mut accepted: BTreeMap<String, [bool; 2]> = BTreeMap::new();
    for VectorFile { name, vector } in all() {
        let Some(member) = &vector.member else { continue };
        let [accepting, rejecting] = accepted.entry(member.clone()).or_default();
        if accepts(&name, &vector, member) { *accepting = true } else { *rejecting = true }
    }
    let mut lacking = Vec::new();
    let mut known = BTreeSet::new();
    for (artefact, heading) in MEMBER_TABLES {
        for member in members(heading) {
            let member = format!("{artefact}/{member}");
            let [accepting, rejecting] = accepted.get(&member).copied().unwrap_or_default();
            if !(accepting && rejecting) {
                lacking.push(format!("{member}: accepting {accepting}, rejecting {rejecting}"));
            }
            known.insert(member);
        }
    }
    assert!(known.len() > 80, "the tables of the format list {} members", known.len());
    assert!(lacking.is_empty(), "{}", lacking.join("\n"));
    let strange: Vec<_> = accepted.keys().filter(|member| !known.contains(*member)).collect();
    assert!(strange.is_empty(), "the format has no members {strange:?}");
}

/// Whether the artefact that has the member is taken.
fn accepts(name: &str, vector: &Vector, member: &str) -> bool {
    let became = |piece: Option<&crate::vector::Piece>| {
        let piece =
            piece.unwrap_or_else(|| panic!("{name}: {member} belongs to an artefact that is not there"));
        piece.becomes.as_deref().unwrap_or("accepted") == "accepted"
    };
    match member.split('/').next().unwrap_or_default() {
        "license" => !vector
            .expect
            .as_ref()
            .and_then(|expect| expect.reason.as_deref())
            .is_some_and(|reason| UNREAD.contains(&reason)),
        "status_list" => became(vector.lists.first()),
        "activation" => became(vector.activation.as_ref()),
        "request" => became(vector.request.as_ref()),
        "release" => became(vector.release.as_ref()),
        "anchors" => !vector.expect.as_ref().is_some_and(|expect| expect.anchors_refused),
        other => panic!("{name}: no artefact {other:?}"),
    }
}

/// The first column of the table in a section: `member`, in backticks.
fn members(heading: &str) -> Vec<&'static str> {
    let (_, text) = FORMAT.split_once(&format!("\n{heading}")).unwrap();
    let table = text.lines().skip_while(|line| !line.starts_with('|'));
    table
        .take_while(|line| line.starts_with('|'))
        .skip(2)
        .map(|line| line.split('`').nth(1).unwrap())
        .collect()
}
