//! What an issuer sends, signed by test keys and written by hand.

use lictor_tests::deflated::lst;
use lictor_tests::signing::TestKey;
use serde_json::{Value, json};

/// 2026-11-22T00:00:00Z, when the license was issued.
pub(crate) const START: u64 = 1_795_305_600;
pub(crate) const DAY: u64 = 86_400;
/// The license's id.
pub(crate) const ID: &str = "0198c0d2-6c1e-7000-8000-2f6f2b1d9a10";
/// The list of the license and of activations.
pub(crate) const URI: &str = "https://licensing.acme.example/status/0";
pub(crate) const LICENSE_ENTRY: u32 = 4711;
pub(crate) const SEAT_ENTRY: u32 = 4712;

/// The issuer's key.
pub(crate) fn issuer() -> TestKey {
    TestKey::new(1)
}

/// Another key of the same issuer.
pub(crate) fn other_key() -> TestKey {
    TestKey::new(2)
}

/// Trust anchors of keys, each with more members.
pub(crate) fn anchors(keys: &[(&TestKey, &str)]) -> String {
    let keys: Vec<String> = keys.iter().map(|(key, more)| key.jwk("acme-licensing", more)).collect();
    format!("{{\"keys\":[{}]}}", keys.join(","))
}

/// A serial that is made of a number.
pub(crate) fn serial(number: u64) -> String {
    format!("0198c0d2-6c1e-7a33-9d5e-{number:012x}")
}

/// A block of armor, written without the crate under test.
pub(crate) fn armored(label: &str, token: &str) -> String {
    format!("-----BEGIN {label}-----\n{token}\n-----END {label}-----\n")
}

/// The license of `tests/structure/license.json`, changed.
pub(crate) fn license(edit: impl FnOnce(&mut Value)) -> String {
    license_by(&issuer(), edit)
}

pub(crate) fn license_by(key: &TestKey, edit: impl FnOnce(&mut Value)) -> String {
    let mut claims: Value = serde_json::from_str(include_str!("../structure/license.json")).unwrap();
    edit(&mut claims);
    armored("LICENSE", &key.token(key.header("license+jwt"), claims.to_string()))
}

/// A revision of the license: its limit of agents is its number.
pub(crate) fn revision(number: u64, starts_at: u64) -> String {
    license(|claims| {
        claims["jti"] = serial(number).into();
        claims["nbf"] = starts_at.into();
        claims["license"]["revision"] = number.into();
        claims["license"]["limits"]["agents"] = number.into();
    })
}

/// A list by a key, with the entries that are not valid: 1 revoked, 2 suspended.
pub(crate) fn list_by(key: &TestKey, sequence: u64, issued_at: u64, entries: &[(u32, u8, u64)]) -> String {
    signed_list(key, URI, sequence, issued_at, entries)
}

/// A list under another URI.
pub(crate) fn list_of(uri: &str, sequence: u64, issued_at: u64) -> String {
    signed_list(&issuer(), uri, sequence, issued_at, &[])
}

fn signed_list(
    key: &TestKey,
    uri: &str,
    sequence: u64,
    issued_at: u64,
    entries: &[(u32, u8, u64)],
) -> String {
    let packed: Vec<(u32, u8)> = entries.iter().map(|(index, status, _)| (*index, *status)).collect();
    let since: serde_json::Map<String, Value> =
        entries.iter().map(|(index, _, since)| (index.to_string(), (*since).into())).collect();
    let claims = json!({
        "iss": "acme-licensing", "sub": uri, "iat": issued_at, "ttl": 604_800,
        "status_list": { "bits": 2, "lst": lst(2, &packed) },
        "list": { "version": 1, "sequence": sequence, "since": since, "critical": [] },
    });
    armored("STATUS LIST", &key.token(key.header("statuslist+jwt"), claims.to_string()))
}

pub(crate) fn list(sequence: u64, issued_at: u64, entries: &[(u32, u8, u64)]) -> String {
    list_by(&issuer(), sequence, issued_at, entries)
}

/// What a deployment's request says, its signature checked without the crate under test.
pub(crate) fn request(armored: &str) -> Value {
    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    use ed25519_dalek::{Signature, VerifyingKey};
    let lines = armored.lines().filter(|line| !line.starts_with("-----"));
    let token: String = lines.collect();
    let parts: Vec<&str> = token.split('.').collect();
    let decode = |part: &str| URL_SAFE_NO_PAD.decode(part).unwrap();
    let header: Value = serde_json::from_slice(&decode(parts[0])).unwrap();
    let x: [u8; 32] = decode(header["jwk"]["x"].as_str().unwrap()).try_into().unwrap();
    let signature = Signature::from_slice(&decode(parts[2])).unwrap();
    let signed = format!("{}.{}", parts[0], parts[1]);
    VerifyingKey::from_bytes(&x).unwrap().verify_strict(signed.as_bytes(), &signature).unwrap();
    let mut claims: Value = serde_json::from_slice(&decode(parts[1])).unwrap();
    claims["header"] = header;
    claims
}

/// The activation that answers a request.
pub(crate) fn activation(
    request: &Value,
    number: u64,
    issued_at: u64,
    edit: impl FnOnce(&mut Value),
) -> String {
    signed_activation(&issuer(), request, number, issued_at, edit)
}

/// The same by another key of the issuer.
pub(crate) fn activation_by(key: &TestKey, request: &Value, number: u64, issued_at: u64) -> String {
    signed_activation(key, request, number, issued_at, |_| ())
}

/// The same by another key of another issuer.
pub(crate) fn foreign_activation(key: &TestKey, iss: &str, request: &Value, issued_at: u64) -> String {
    signed_activation(key, request, 1, issued_at, |claims| claims["iss"] = iss.into())
}

fn signed_activation(
    key: &TestKey,
    request: &Value,
    number: u64,
    issued_at: u64,
    edit: impl FnOnce(&mut Value),
) -> String {
    let mut claims = json!({
        "iss": "acme-licensing", "aud": ["dialer"], "sub": request["iss"], "jti": serial(number), "iat": issued_at,
        "cnf": { "jwk": request["header"]["jwk"] },
        "activation": {
            "version": 1, "license": request["request"]["license"], "seat": 1, "label": "web", "request": request["jti"],
            "counter": request["request"]["counter"], "lease": "none", "extensions": {}, "critical": [],
        },
        "status": { "status_list": { "idx": SEAT_ENTRY, "uri": URI } },
    });
    edit(&mut claims);
    armored("ACTIVATION", &key.token(key.header("activation+jwt"), claims.to_string()))
}

/// The receipt that answers a request.
pub(crate) fn receipt(request: &Value, issued_at: u64) -> String {
    let claims = json!({
        "iss": "acme-licensing", "aud": ["dialer"], "sub": request["iss"], "jti": serial(900), "iat": issued_at,
        "release": {
            "version": 1, "license": request["request"]["license"], "request": request["jti"], "extensions": {}, "critical": [],
        },
    });
    armored("RELEASE", &issuer().token(issuer().header("release+jwt"), claims.to_string()))
}
