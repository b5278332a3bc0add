//! Requests of deployments for sessions, written without the crates under test: `deployment` in a session is [`command`].

use lictor_shared::{Label, License, Received, Timestamp, armor};
use serde_json::json;
use sha2::{Digest as _, Sha256};
use std::fs;

use crate::reporting;
use crate::session::NOW;
use crate::signing::TestKey;

/// What a request says, as far as sessions differ in it.
#[derive(Debug)]
struct Asking<'a> {
    /// Which deployment: the byte that its key is made of.
    number: u8,
    kind: &'a str,
    product: &'a str,
    label: String,
    counter: u64,
    /// The serial that it holds.
    previous: Option<&'a str>,
    made: &'a str,
    /// Another issuer than the license's.
    issuer: Option<&'a str>,
}

/// `deployment NUMBER LICENSE OUT [WORD=VALUE]…` writes a request of the deployment with this number for the license in a
/// file, signed by its own key. The words: `kind`, `product`, `label`, `counter`, `previous`, `made`, `issuer`. With the word
/// `report` it is a [report of use](reporting::command) instead.
///
/// # Panics
/// If the words mean nothing, or a file cannot be read or written.
pub fn command(words: &[&str]) {
    let [number, license, out, more @ ..] = words else {
        panic!("deployment NUMBER LICENSE OUT …: {words:?}")
    };
    let number: u8 = number.parse().unwrap_or_else(|error| panic!("{number}: {error}"));
    if more.iter().any(|word| word.starts_with("report=")) {
        return reporting::command(number, license, out, more);
    }
    let mut asking = Asking {
        number,
        kind: "activate",
        product: "dialer",
        label: format!("Depot {number}"),
        counter: 1,
        previous: None,
        made: NOW,
        issuer: None,
    };
    for word in more {
        match word.split_once('=') {
            Some(("kind", kind)) => asking.kind = kind,
            Some(("product", product)) => asking.product = product,
            Some(("label", label)) => asking.label = label.into(),
            Some(("counter", counter)) => {
                asking.counter = counter.parse().unwrap_or_else(|error| panic!("{counter}: {error}"));
            }
            Some(("previous", serial)) => asking.previous = Some(serial),
            Some(("made", made)) => asking.made = made,
            Some(("issuer", issuer)) => asking.issuer = Some(issuer),
            _ => panic!("no such word: {word:?}"),
        }
    }
    let license = fs::read(license).unwrap_or_else(|error| panic!("{license}: {error}"));
    let token = armor::unwrap(&license, Label::License);
    let written = armor::wrap(Label::ActivationRequest, &asking.token(&token));
    fs::write(out, written).unwrap_or_else(|error| panic!("{out}: {error}"));
}

impl Asking<'_> {
    fn token(&self, license: &str) -> String {
        let key = TestKey::new(self.number);
        let jwk = format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{}"}}"#, key.x());
        let header = format!(r#"{{"alg":"EdDSA","jwk":{jwk},"typ":"activation-request+jwt"}}"#);
        let received =
            Received::<License>::read(license).unwrap_or_else(|error| panic!("no license: {error}"));
        let claims: serde_json::Value = serde_json::from_slice(received.untrusted_payload())
            .unwrap_or_else(|error| panic!("no license: {error}"));
        let claim =
            |path: &str| claims.pointer(path).cloned().unwrap_or_else(|| panic!("the license has no {path}"));
        let made = Timestamp::parse(self.made).unwrap_or_else(|error| panic!("{}: {error}", self.made));
        let hash: String = Sha256::digest(license).iter().map(|byte| format!("{byte:02x}")).collect();
        let payload = json!({
            "iss": key.kid(),
            "aud": self.issuer.map_or_else(|| claim("/iss"), Into::into),
            "jti": format!("019c1f6a-0800-7c11-9a2b-{:02x}{:010x}", self.number, self.counter),
            "iat": made.seconds(),
            "request": {
                "version": 1,
                "kind": self.kind,
                "license": claim("/license/id"),
                "licenseHash": hash,
                "product": self.product,
                "label": self.label,
                "counter": self.counter,
                "previous": self.previous,
                "validator": "dialer 7.2",
                "signals": {},
                "extensions": {},
                "critical": [],
            },
        });
        key.token(header, payload.to_string())
    }
}
