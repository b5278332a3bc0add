//! Reports of use for sessions, written without the crates under test.

use lictor_shared::{Label, License, Received, Timestamp, UsageReport, armor};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use std::fs;

use crate::session::NOW;
use crate::signing::TestKey;

/// `deployment NUMBER LICENSE OUT report=SEQUENCE [WORD=VALUE]…`: the words are `agents`, the highest number of them; `made`, the
/// end of the period; and `after`, the file of the report before it.
///
/// # Panics
/// If the words mean nothing, or a file cannot be read or written.
pub fn command(number: u8, license: &str, out: &str, words: &[&str]) {
    let word = |name: &str| {
        words
            .iter()
            .find_map(|word| word.split_once('=').filter(|(known, _)| *known == name))
            .map(|(_, value)| value)
    };
    let integer = |name: &str| {
        word(name).map(|text| text.parse::<u64>().unwrap_or_else(|error| panic!("{name}={text}: {error}")))
    };
    let read = |file: &str| fs::read(file).unwrap_or_else(|error| panic!("{file}: {error}"));
    let license = armor::unwrap(&read(license), Label::License);
    let before = word("after").map(|file| armor::unwrap(&read(file), Label::UsageReport));
    let time = |text: &str| Timestamp::parse(text).unwrap_or_else(|error| panic!("{error}")).seconds();
    let from =
        before.as_deref().map_or(time(NOW), |token| claim(token, "/usage/to").as_u64().unwrap_or_default());
    let to = time(word("made").unwrap_or(NOW));
    let sequence = integer("report").unwrap_or_default();
    let hash =
        |token: String| Sha256::digest(token).iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let key = TestKey::new(number);
    let payload = json!({
        "iss": key.kid(), "aud": claim(&license, "/iss"), "iat": to,
        "jti": format!("019c1f6a-0800-7c11-9a2b-{number:02x}{sequence:010x}"),
        "usage": {
            "version": 1, "license": claim(&license, "/license/id"), "activation": null, "product": "dialer",
            "validator": "dialer 7.2", "sequence": sequence, "previous": before.map(hash), "from": from, "to": to,
            "begins": if sequence == 1 { "start" } else { "report" },
            "modes": [{ "mode": "full", "reason": null, "since": from }],
            "omitted": 0,
            "counters": integer("agents").map_or(json!({}), |agents| json!({ "agents": { "highest": agents, "at": to } })),
            "extensions": {}, "critical": [],
        },
    });
    let jwk = format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{}"}}"#, key.x());
    let header = format!(r#"{{"alg":"EdDSA","jwk":{jwk},"typ":"usage+jwt"}}"#);
    let written = armor::wrap(Label::UsageReport, &key.token(header, payload.to_string()));
    fs::write(out, written).unwrap_or_else(|error| panic!("{out}: {error}"));
}

/// A claim of a token, unverified.
fn claim(token: &str, path: &str) -> Value {
    let payload = match Received::<UsageReport>::read(token) {
        Ok(report) => report.untrusted_payload().to_vec(),
        Err(_) => match Received::<License>::read(token) {
            Ok(license) => license.untrusted_payload().to_vec(),
            Err(error) => panic!("neither license nor report: {error}"),
        },
    };
    let claims: Value = serde_json::from_slice(&payload).unwrap_or_else(|error| panic!("{error}"));
    claims.pointer(path).cloned().unwrap_or_else(|| panic!("there is no {path}"))
}
