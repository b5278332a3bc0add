//! Holds CODES.md and FORMAT.md against the code, so that neither can go stale unseen.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use lictor_shared::json::Value;
use lictor_shared::{
    AnchorSet, Artefact, Code, Denial, Label, License, Mode, Products, Purpose, Reason, Received, Timestamp,
    armor, hex, limits,
};
use sha2::{Digest, Sha256};

const CODES: &str = include_str!("../CODES.md");
const FORMAT: &str = include_str!("../FORMAT.md");

/// The text under a heading, up to the next heading of its level or above.
fn section<'a>(document: &'a str, heading: &str) -> &'a str {
    let start = document.find(&format!("\n{heading}\n")).unwrap_or_else(|| panic!("no heading {heading:?}"));
    let text = &document[start + heading.len() + 2..];
    let level = heading.split(' ').next().unwrap().len();
    let end = (1..=level).filter_map(|level| text.find(&format!("\n{} ", "#".repeat(level)))).min();
    &text[..end.unwrap_or(text.len())]
}

/// The cells of the rows of the first table in a section, without its head; the backticks around a whole cell are dropped.
fn table(text: &str) -> Vec<Vec<&str>> {
    let lines =
        text.lines().skip_while(|line| !line.starts_with('|')).take_while(|line| line.starts_with('|'));
    let cells = |line| -> Vec<&str> {
        let line: &str = line;
        line.trim_matches('|').split('|').map(str::trim).map(bare).collect()
    };
    lines.skip(2).map(cells).collect()
}

fn bare(cell: &str) -> &str {
    let inner = cell.strip_prefix('`').and_then(|cell| cell.strip_suffix('`'));
    inner.filter(|inner| !inner.contains('`')).unwrap_or(cell)
}

/// The fenced block with this info string.
fn block<'a>(document: &'a str, info: &str) -> &'a str {
    let fence = format!("\n```{info}\n");
    let mut found = document.match_indices(&fence);
    let (start, _) = found.next().unwrap_or_else(|| panic!("no block {info:?}"));
    assert!(found.next().is_none(), "{info:?} stands twice");
    let text = &document[start + fence.len()..];
    &text[..text.find("\n```").unwrap()]
}

#[test]
fn every_code_stands_in_codes_md_with_its_numbers() {
    let rows = table(section(CODES, "## Codes"));
    let written: Vec<_> = rows.iter().map(|row| (row[0], row[1], row[2])).collect();
    let numbers: Vec<_> = Code::ALL
        .iter()
        .map(|code| (code.as_str(), code.http_status().to_string(), code.exit_code().to_string()))
        .collect();
    let known: Vec<_> = numbers.iter().map(|(code, http, exit)| (*code, &**http, &**exit)).collect();
    assert_eq!(written, known);
    assert!(rows.iter().all(|row| row.len() == 4 && !row[3].is_empty()));
}

#[test]
fn every_exit_code_of_a_code_is_explained() {
    let rows = table(section(CODES, "## Exit codes of the command line"));
    let explained: Vec<u8> = rows.iter().map(|row| row[0].parse().unwrap()).collect();
    assert_eq!(explained, [1, 2, 20, 21, 22, 30, 31, 32]);
    for code in Code::ALL {
        let exit = code.exit_code();
        assert!((10..=14).contains(&exit) || explained.contains(&exit), "{code} exits {exit}");
    }
}

#[test]
fn every_mode_stands_in_codes_md_and_in_format_md() {
    let known: Vec<_> = Mode::ALL.iter().map(|mode| mode.as_str()).collect();
    for text in [section(CODES, "## Modes"), section(FORMAT, "### 8.9 What a mode permits")] {
        let rows = table(text);
        assert_eq!(rows.iter().map(|row| row[0]).collect::<Vec<_>>(), known);
        // The two tables agree on recover, read, write and features.
        let permits: Vec<_> = rows.iter().map(|row| &row[1..5]).collect();
        assert_eq!(
            permits,
            [
                ["yes", "yes", "yes", "usable"],
                ["yes", "yes", "yes", "usable"],
                ["yes", "yes", "no", "readable"],
                ["yes", "no", "no", "none"],
            ]
        );
    }
}

#[test]
fn every_reason_stands_in_codes_md_with_its_code() {
    let rows = table(section(CODES, "## Reasons"));
    let written: Vec<_> = rows.iter().map(|row| (row[0], row[1])).collect();
    let known: Vec<_> = Reason::ALL
        .iter()
        .map(|reason| (reason.as_str(), reason.code().map_or("none", Code::as_str)))
        .collect();
    assert_eq!(written, known);
    for row in &rows {
        assert!(row.len() == 5 && row.iter().all(|cell| !cell.is_empty()), "{row:?}");
        assert_eq!(row[2] == "warning", row[1] == "none", "{row:?}");
    }
}

#[test]
fn every_denial_stands_in_codes_md_with_its_code() {
    let rows = table(section(CODES, "## Denials"));
    let written: Vec<_> = rows.iter().map(|row| (row[0], row[1])).collect();
    let known: Vec<_> = Denial::ALL.iter().map(|denial| (denial.as_str(), denial.code().as_str())).collect();
    assert_eq!(written, known);
    assert!(rows.iter().all(|row| row.len() == 5 && row.iter().all(|cell| !cell.is_empty())));
}

#[test]
fn findings_and_warnings_of_format_md_stand_in_the_order_of_the_register() {
    let findings = table(section(FORMAT, "### 8.5 Findings"));
    let written: Vec<_> = findings.iter().map(|row| (row[0], row[1])).collect();
    let first = Reason::ALL.iter().position(|reason| *reason == Reason::WrongOrigin).unwrap();
    let known: Vec<_> = Reason::ALL[first..]
        .iter()
        .filter_map(|reason| Some((reason.as_str(), reason.code()?.as_str())))
        .collect();
    assert_eq!(written, known);

    let warnings = table(section(FORMAT, "### 8.6 Warnings"));
    let written: Vec<_> =
        warnings.iter().flat_map(|row| row[0].split(", ").map(|reason| reason.trim_matches('`'))).collect();
    let known: Vec<_> =
        Reason::ALL.iter().filter(|reason| reason.code().is_none()).map(|reason| reason.as_str()).collect();
    assert_eq!(written, known);
}

#[test]
fn refusals_of_format_md_are_the_rest_of_the_register() {
    let steps = table(section(FORMAT, "### 2.3 Reading a token"));
    let mut written: Vec<_> = vec!["missing"];
    for row in &steps {
        if !written.contains(&row[2]) {
            written.push(row[2]);
        }
    }
    let rows = table(section(FORMAT, "### 8.4 Refusals"));
    written.extend(rows.iter().map(|row| row[0]).skip_while(|reason| *reason != "wrong_product"));
    let mut known: Vec<_> = Reason::ALL
        .iter()
        .take_while(|reason| **reason != Reason::WrongOrigin)
        .map(|reason| reason.as_str())
        .collect();
    written.sort_unstable();
    known.sort_unstable();
    assert_eq!(written, known);
}

#[test]
fn the_limits_of_format_md_are_those_of_the_code() {
    let size = |size: usize| u64::try_from(size).unwrap();
    let known = [
        ("bytes of a file that is read", size(limits::FILE_BYTES)),
        ("bytes of a token, other than a status list", size(limits::TOKEN_BYTES)),
        ("bytes of a status list's token", size(limits::STATUS_LIST_TOKEN_BYTES)),
        ("bytes of a decoded header", size(limits::HEADER_BYTES)),
        ("levels of objects and arrays in a payload", size(limits::JSON_LEVELS)),
        ("largest integer", limits::INTEGER_MAX),
        ("latest time", limits::TIME_MAX),
        ("longest duration in seconds", limits::DURATION_MAX),
        ("longest `grace.revocation` in seconds", limits::REVOCATION_GRACE_MAX),
        ("longest grace in seconds after learning of a revocation", limits::LEARNED_GRACE_MAX),
        ("characters of a name", size(limits::NAME_CHARS)),
        ("scalar values of a text", size(limits::TEXT_CHARS)),
        ("characters of a URI", size(limits::URI_CHARS)),
        ("products of a license", size(limits::PRODUCTS)),
        ("environments of a license", size(limits::ENVIRONMENTS)),
        ("features of a license", size(limits::FEATURES)),
        ("entries in `limits`", size(limits::LIMITS)),
        ("origins of a license", size(limits::ORIGINS)),
        ("entries in `meta`", size(limits::META)),
        ("scalar values of a value in `meta`", size(limits::META_CHARS)),
        ("bytes of `extensions`", size(limits::EXTENSION_BYTES)),
        ("signals of an activation request", size(limits::SIGNALS)),
        ("entries in `modes` of a usage report", size(limits::USAGE_MODES)),
        ("counters of a usage report", size(limits::USAGE_COUNTERS)),
        ("entries of a status list, exactly", u64::from(limits::STATUS_ENTRIES)),
        ("bytes of an inflated status list", size(limits::STATUS_LIST_BYTES)),
        ("entries in `since`", size(limits::SINCE_ENTRIES)),
        ("seconds that a clock may be behind without warning", limits::CLOCK_TOLERANCE),
        ("seconds that a candidate may be dated ahead", limits::CANDIDATE_AHEAD),
        ("bytes of an entry of the issuer's event log", size(limits::LOG_ENTRY_BYTES)),
        ("bytes of a bundle of entries of that log", size(limits::LOG_BUNDLE_BYTES)),
        ("bytes of a signed note about that log", size(limits::NOTE_BYTES)),
        ("bytes of a receipt of that log", size(limits::RECEIPT_BYTES)),
    ];
    let written: Vec<_> = table(section(FORMAT, "## 3. Limits"))
        .iter()
        .map(|row| (row[0], row[1].parse::<u64>().unwrap()))
        .collect();
    assert_eq!(written, known);
    // A limit that is added to the module must be added here and there.
    let module = include_str!("../src/limits.rs");
    assert_eq!(module.matches("\npub const ").count(), known.len());
}

#[test]
fn the_example_license_verifies_under_the_example_anchors() {
    let anchors = AnchorSet::read(block(FORMAT, "json,example-anchors").as_bytes()).unwrap();
    let [anchor] = anchors.anchors() else { panic!("one anchor") };
    assert_eq!(anchor.purposes, Purpose::ALL);
    assert_eq!(anchor.products, Products::Any);

    let armored = block(FORMAT, "text,example-license");
    assert!(armored.starts_with("-----BEGIN LICENSE-----\n"));
    let token = armor::unwrap(armored.as_bytes(), Label::License);
    assert_eq!(armor::wrap(Label::License, &token).trim_end(), armored);

    let received = Received::<License>::read(&token).unwrap();
    assert_eq!(anchors.find(&received.untrusted_signer().0), Some(anchor));
    assert!(received.is_signed_by(&anchor.key));
    let license = License::read(received.untrusted_payload()).unwrap();
    assert_eq!(license.issuer, anchor.issuer);

    let claims = Value::read_object(block(FORMAT, "json,example-claims").as_bytes()).unwrap();
    assert_eq!(Value::read_object(received.untrusted_payload()).unwrap(), claims);
    let header = token.split('.').next().unwrap();
    let decoded = base64::Engine::decode(&lictor_shared::base64url::ENGINE, header).unwrap();
    assert_eq!(String::from_utf8(decoded).unwrap(), block(FORMAT, "json,example-header"));
}

#[test]
fn the_license_of_the_example_verdict_is_that_of_the_example_license() {
    let claims = Value::read_object(block(FORMAT, "json,example-claims").as_bytes()).unwrap();
    let verdict = Value::read_object(block(FORMAT, "json,example-verdict").as_bytes()).unwrap();
    let shown = verdict["license"].as_object().unwrap();
    let body = claims["license"].as_object().unwrap();
    let instant =
        |value: &Value| value.as_integer().and_then(Timestamp::from_seconds).map(|at| at.to_string()).into();

    let rows = table(section(FORMAT, "### 8.10 The verdict as JSON"));
    let mut members = 0;
    for pair in rows.iter().flat_map(|row| [(row[0], row[1]), (row[3], row[4])]) {
        let (member, from) = (pair.0, pair.1.trim_end_matches(", or null").trim_matches('`'));
        let value = match from.strip_prefix("license.") {
            Some(name) => &body[name],
            None => &claims[from],
        };
        let time = member.ends_with("At") || member.ends_with("Until");
        assert_eq!(shown[member], if time { instant(value) } else { value.clone() }, "{member}");
        members += 1;
    }
    assert_eq!(members, shown.len());
}

#[test]
fn the_example_leaf_is_canonical_and_its_text_is_hashed_with_the_salt() {
    let leaf = block(FORMAT, "json,example-leaf");
    let members = Value::read_object(leaf.as_bytes()).unwrap();
    let rows = table(section(FORMAT, "## 11. The leaves of the issuer's event log"));
    assert_eq!(rows.iter().map(|row| row[0]).collect::<Vec<_>>(), members.keys().collect::<Vec<_>>());
    // Sorted names and no white space are what this crate writes, too.
    assert_eq!(Value::Object(members.clone()).to_string(), leaf);

    let salt: Vec<u8> = (0..32).collect();
    let hash = hex(&Sha256::new().chain_update(salt).chain_update("Weber Logistik KG").finalize());
    let customer = members["body"].as_object().unwrap()["customer"].as_object().unwrap();
    assert_eq!(customer["sha256"].as_str(), Some(&*hash));
}
