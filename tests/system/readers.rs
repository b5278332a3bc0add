//! What the program makes, other people's programs read: the `openssl` command, and the crate `jsonwebtoken` over AWS-LC.

use super::world::{Ran, World};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode};
use serde_json::Value;
use std::path::Path;

const PASSPHRASE: &str = "correct horse battery staple";

fn openssl(world: &World, arguments: &[&str]) -> Ran {
    let output = world.outside("openssl").args(arguments).output();
    Ran::of(&output.unwrap_or_else(|error| panic!("openssl: {error}; install the openssl command")))
}

/// A world whose key has a passphrase, with a license in `acme.lic`.
fn sealed(name: &str) -> World {
    let world = World::empty(name);
    world.write("passphrase", PASSPHRASE);
    let uri = super::world::STATUS_URI;
    world.run(&["init", "--issuer", "acme-licensing", "--status-uri", uri]).done();
    world.run(&["key", "new", "--passphrase-file", "passphrase"]).done();
    world.run(&["key", "export", "--out", "anchors.json"]).done();
    world.run(&["product", "add", "dialer", "--plan", "pro"]).done();
    world.issue("acme.lic", &["--passphrase-file", "passphrase"]);
    world
}

fn token(world: &World) -> String {
    world.read("acme.lic").lines().filter(|line| !line.starts_with("-----")).collect()
}

fn x(world: &World) -> String {
    let anchors: Value = serde_json::from_str(&world.read("anchors.json")).expect("JSON");
    anchors["keys"][0]["x"].as_str().expect("an x").to_string()
}

fn path(path: &Path) -> &str {
    path.to_str().expect("a path of text")
}

#[test]
fn openssl_opens_our_key_and_verifies_our_license() {
    let world = sealed("openssl");
    let key = world.key_file();
    let opened = openssl(
        &world,
        &[
            "pkey",
            "-in",
            path(&key),
            "-passin",
            "file:passphrase",
            "-pubout",
            "-outform",
            "DER",
            "-out",
            "public.der",
        ],
    );
    opened.done();
    // A SubjectPublicKeyInfo of Ed25519 is 12 bytes and the key (RFC 8410, section 4).
    let public = std::fs::read(world.path("public.der")).expect("openssl wrote it");
    assert_eq!(URL_SAFE_NO_PAD.encode(&public[12..]), x(&world));
    world.write("wrong", "another passphrase");
    assert_ne!(
        openssl(&world, &["pkey", "-in", path(&key), "-passin", "file:wrong", "-noout"]).exit,
        Some(0)
    );

    let token = token(&world);
    let (signed, signature) = token.rsplit_once('.').expect("a token");
    world.write("signed", signed);
    world.write("signature", URL_SAFE_NO_PAD.decode(signature).expect("base64url"));
    let verify = [
        "pkeyutl",
        "-verify",
        "-rawin",
        "-pubin",
        "-keyform",
        "DER",
        "-inkey",
        "public.der",
        "-sigfile",
        "signature",
        "-in",
    ];
    openssl(&world, &[&verify[..], &["signed"]].concat()).done();
    world.write("changed", signed.replacen('A', "B", 1));
    assert_ne!(openssl(&world, &[&verify[..], &["changed"]].concat()).exit, Some(0));
}

#[test]
fn a_key_made_by_openssl_signs_here() {
    let world = World::empty("openssl key");
    world.write("passphrase", PASSPHRASE);
    openssl(
        &world,
        &[
            "genpkey",
            "-algorithm",
            "ed25519",
            "-aes-256-cbc",
            "-pass",
            "file:passphrase",
            "-out",
            "theirs.pem",
        ],
    )
    .done();
    openssl(
        &world,
        &[
            "pkey",
            "-in",
            "theirs.pem",
            "-passin",
            "file:passphrase",
            "-pubout",
            "-outform",
            "DER",
            "-out",
            "public.der",
        ],
    )
    .done();
    world.run(&["init", "--issuer", "acme-licensing", "--status-uri", "urn:acme:status:0"]).done();
    world.run(&["key", "import", "theirs.pem", "--passphrase-file", "passphrase"]).done();
    world.run(&["key", "export", "--out", "anchors.json"]).done();
    let public = std::fs::read(world.path("public.der")).expect("openssl wrote it");
    assert_eq!(URL_SAFE_NO_PAD.encode(&public[12..]), x(&world));
    world.run(&["product", "add", "dialer", "--plan", "pro"]).done();
    world.issue("acme.lic", &["--passphrase-file", "passphrase"]);
    world.run(&["verify", "acme.lic", "--product", "dialer", "--keys", "anchors.json"]).done();
}

#[test]
fn jsonwebtoken_over_aws_lc_verifies_our_license() {
    let world = sealed("jsonwebtoken");
    let key = DecodingKey::from_ed_components(&x(&world)).expect("a key");
    let mut validation = Validation::new(Algorithm::EdDSA);
    validation.set_audience(&["dialer"]);
    validation.set_issuer(&["acme-licensing"]);
    // It compares with the clock of this machine, and the license with one that stands still.
    validation.validate_exp = false;
    let token = token(&world);
    let decoded = decode::<Value>(&token, &key, &validation).expect("it verifies");
    assert_eq!(decoded.header.typ.as_deref(), Some("license+jwt"));
    assert_eq!(decoded.claims["license"]["customer"], "Acme GmbH");
    assert_eq!(decoded.claims["license"]["plan"], "pro");

    let other =
        DecodingKey::from_ed_components("11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo").expect("a key");
    assert!(decode::<Value>(&token, &other, &validation).is_err());
    let changed = token.replacen(".eyJ", ".eyK", 1);
    assert!(decode::<Value>(&changed, &key, &validation).is_err());
}
