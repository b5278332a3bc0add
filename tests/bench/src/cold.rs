//! From the bytes of a license to the verdict, beside the bare check of its signature and beside two libraries for tokens.

use ed25519_dalek::{Signature, VerifyingKey};
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use lictor_validator::{Mode, check};
use pasetors::keys::{AsymmetricPublicKey, AsymmetricSecretKey};
use pasetors::token::{Public, UntrustedToken};
use pasetors::version4::{PublicToken, V4};
use std::error::Error;
use std::hint::black_box;

use crate::sample::{PAYLOAD, Sample, context};
use crate::table::Table;
use crate::turns::measured;

const ROUNDS: usize = 301;
const CALLS: usize = 20;

/// What the libraries share: bytes in, the claims as JSON out.
type Claims = serde_json::Value;

pub(crate) fn rows(table: &Table) -> Result<(), Box<dyn Error>> {
    let sample = Sample::new()?;
    let context = context()?;
    let (signed, _) = sample.token.rsplit_once('.').ok_or("a token")?;
    let signature: [u8; 64] = sample.key.sign(signed.as_bytes());
    let strict = VerifyingKey::from_bytes(&sample.key.public())?;
    let prepared = sample.anchors.clone().with_tables();
    let (peer_key, peer_rules) = jsonwebtoken_key(&sample)?;
    let (paseto, paseto_key) = paseto(&sample)?;
    assert_eq!(check(sample.token.as_bytes(), &prepared, &context).mode(), Mode::Full);

    let mut bare = || {
        let signature = Signature::from_bytes(black_box(&signature));
        assert!(strict.verify_strict(black_box(signed.as_bytes()), &signature).is_ok());
    };
    let mut ours = || drop(black_box(check(black_box(sample.token.as_bytes()), &sample.anchors, &context)));
    let mut tables = || drop(black_box(check(black_box(sample.token.as_bytes()), &prepared, &context)));
    let mut jwt = || {
        let read = jsonwebtoken::decode::<Claims>(black_box(&sample.token), &peer_key, &peer_rules);
        assert!(black_box(read).is_ok());
    };
    let mut pasetors = || assert!(paseto_claims(black_box(&paseto), &paseto_key).is_ok());
    let things: [&mut dyn FnMut(); 5] = [&mut bare, &mut ours, &mut tables, &mut jwt, &mut pasetors];
    let [bare, ours, tables, jwt, pasetors] = measured(ROUNDS, CALLS, things);

    let (size, name) = (sample.size(), "bare");
    table.cost("bare `verify_strict` of the license's bytes", &size, &bare);
    table.beside("license to verdict, anchors with tables", &size, &tables, &bare, name);
    table.beside("license to verdict, anchors as read", &size, &ours, &bare, name);
    table.beside("`jsonwebtoken` 11 (aws-lc): the same token to its claims", &size, &jwt, &bare, name);
    let size = format!("{} bytes", paseto.len());
    table.beside("`pasetors` 0.8: v4.public of the same claims", &size, &pasetors, &bare, name);
    Ok(())
}

fn jsonwebtoken_key(sample: &Sample) -> Result<(DecodingKey, Validation), Box<dyn Error>> {
    let mut rules = Validation::new(Algorithm::EdDSA);
    rules.set_audience(&["dialer"]);
    rules.set_issuer(&["acme-licensing"]);
    Ok((DecodingKey::from_ed_components(&sample.key.x())?, rules))
}

fn paseto(sample: &Sample) -> Result<(String, AsymmetricPublicKey<V4>), Box<dyn Error>> {
    let public = sample.key.public();
    let mut pair = [0; 64];
    // The secret of the test key with number 1.
    pair[..32].copy_from_slice(&[1; 32]);
    pair[32..].copy_from_slice(&public);
    let secret = AsymmetricSecretKey::<V4>::from(&pair).map_err(|error| format!("{error:?}"))?;
    let public = AsymmetricPublicKey::<V4>::from(&public).map_err(|error| format!("{error:?}"))?;
    let token =
        PublicToken::sign(&secret, PAYLOAD.as_bytes(), None, None).map_err(|error| format!("{error:?}"))?;
    Ok((token, public))
}

fn paseto_claims(token: &str, key: &AsymmetricPublicKey<V4>) -> Result<Claims, Box<dyn Error>> {
    let untrusted = UntrustedToken::<Public, V4>::try_from(token).map_err(|error| format!("{error:?}"))?;
    let trusted = PublicToken::verify(key, &untrusted, None, None).map_err(|error| format!("{error:?}"))?;
    Ok(serde_json::from_str(trusted.payload())?)
}
