//! Key files of strangers: the published examples, and hostile ones.

#![cfg(test)]

use lictor_keys::{KeyFileError, Passphrase, Signer, open};
use lictor_shared::PublicKey;
use pkcs8::der::Encode;
use pkcs8::der::asn1::{BitStringRef, OctetStringRef};
use pkcs8::pkcs5::pbes2::{EncryptionScheme, Kdf, Parameters, Pbkdf2Params, Pbkdf2Prf, Salt, ScryptParams};
use pkcs8::{EncryptedPrivateKeyInfoRef, LineEnding, PrivateKeyInfoRef, SecretDocument};
use std::time::{Duration, Instant};

// RFC 8410, section 10.3: the same key as version 1, and as version 2 with an attribute and its public key.
const VERSION_1: &str = "-----BEGIN PRIVATE KEY-----
MC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC
-----END PRIVATE KEY-----
";
const VERSION_2: &str = "-----BEGIN PRIVATE KEY-----
MHICAQEwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC
oB8wHQYKKoZIhvcNAQkJFDEPDA1DdXJkbGUgQ2hhaXJzgSEAGb9ECWmEzf6FQbrB
Z9w7lshQhqowtrbLDFw4rXAxZuE=
-----END PRIVATE KEY-----
";
// RFC 8410, section 10.1: its public key.
const PUBLIC: &str = "Gb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE";

fn pem(label: &'static str, message: &impl Encode) -> String {
    SecretDocument::encode_msg(message).unwrap().to_pem(label, LineEnding::LF).unwrap().to_string()
}

/// A version 2 key of the seed of RFC 8032's TEST 1, with what it says is its public key.
fn with_public_key(bits_unused: u8, public: &[u8]) -> String {
    let seed = hex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60");
    info(&[&[0x04, 0x20][..], &seed].concat(), Some(BitStringRef::new(bits_unused, public).unwrap()))
}

fn info(private_key: &[u8], public_key: Option<BitStringRef<'_>>) -> String {
    let (_, document) = SecretDocument::from_pem(VERSION_1).unwrap();
    let model: PrivateKeyInfoRef<'_> = document.decode_msg().unwrap();
    let private_key = OctetStringRef::new(private_key).unwrap();
    pem("PRIVATE KEY", &PrivateKeyInfoRef { algorithm: model.algorithm, private_key, public_key })
}

fn encrypted(kdf: Kdf) -> String {
    let encryption = EncryptionScheme::Aes256Cbc { iv: [0; 16] };
    let encrypted_data = OctetStringRef::new(&[0; 64]).unwrap();
    let encryption_algorithm = Parameters { kdf, encryption }.into();
    pem("ENCRYPTED PRIVATE KEY", &EncryptedPrivateKeyInfoRef { encryption_algorithm, encrypted_data })
}

fn hex(digits: &str) -> Vec<u8> {
    (0..digits.len()).step_by(2).map(|at| u8::from_str_radix(&digits[at..at + 2], 16).unwrap()).collect()
}

/// Refused, and before any key derivation has begun.
fn refused_at_once(text: &str) -> KeyFileError {
    let start = Instant::now();
    let error = open(text, Some(&Passphrase::new("one two").unwrap())).unwrap_err();
    assert!(start.elapsed() < Duration::from_secs(1), "{error}: after {:?}", start.elapsed());
    error
}

#[test]
fn the_examples_of_rfc_8410_open() {
    let public = PublicKey::from_base64url(PUBLIC).unwrap();
    for text in [VERSION_1, VERSION_2] {
        assert_eq!(*open(text, None).unwrap().public(), public);
    }
}

#[test]
fn a_version_2_key_must_bring_its_own_public_key() {
    // RFC 8032, section 7.1, TEST 1.
    let own = hex("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a");
    let signature = hex(
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
    );
    let key = open(&with_public_key(0, &own), None).unwrap();
    assert_eq!(key.public().as_bytes().as_slice(), own);
    assert_eq!(key.sign(b"").unwrap().as_slice(), signature);
    let mut other = own.clone();
    other[0] ^= 1;
    let mut shifted = own.clone();
    shifted[31] &= 0xfe;
    let foreign = PublicKey::from_base64url(PUBLIC).unwrap();
    let refused = [
        with_public_key(0, &other),
        with_public_key(0, foreign.as_bytes()),
        with_public_key(0, &own[..31]),
        with_public_key(0, &[]),
        // One unused bit makes it 255 bits, not a key.
        with_public_key(1, &shifted),
    ];
    for text in refused {
        assert!(matches!(open(&text, None), Err(KeyFileError::PublicKeyDiffers)), "{text}");
    }
}

#[test]
fn a_private_key_of_another_length_is_refused() {
    let nested = |length: u8| [&[0x04, length][..], &vec![7; length.into()]].concat();
    for private_key in [nested(31), nested(33), nested(57), vec![7; 32], vec![], vec![0x04], vec![0x04, 0x20]]
    {
        assert!(matches!(open(&info(&private_key, None), None), Err(KeyFileError::KeyLength)));
    }
    assert!(open(&info(&nested(32), None), None).is_ok());
}

#[test]
fn costs_are_refused_before_they_are_paid() {
    let salt = Salt::new([0; 16]).unwrap();
    let scrypt = |cost_parameter, block_size, parallelization| {
        let params = ScryptParams { salt, cost_parameter, block_size, parallelization, key_length: None };
        refused_at_once(&encrypted(Kdf::Scrypt(params))).to_string()
    };
    let gigabytes = scrypt(1 << 30, 8, 1);
    assert!(
        gigabytes.contains("1099511628800 bytes of memory (scrypt N=1073741824, r=8, p=1)"),
        "{gigabytes}"
    );
    assert!(scrypt(2, u16::MAX, u16::MAX).contains("bytes of memory"));
    assert!(scrypt(16_384, 8, 65).contains("units of work"));
    assert!(scrypt(0, 8, 1).contains("impossible"));
    assert!(scrypt(16_385, 8, 1).contains("impossible"));
    for iterations in [0, 10_000_001, u32::MAX] {
        let prf = Pbkdf2Prf::HmacWithSha256;
        let params = Pbkdf2Params { salt, iteration_count: iterations, key_length: None, prf };
        let refused = refused_at_once(&encrypted(Kdf::Pbkdf2(params))).to_string();
        assert!(refused.contains(&format!("asks for {iterations} iterations")), "{refused}");
    }
}

#[test]
fn a_key_length_that_is_not_the_ciphers_is_refused() {
    let params = ScryptParams {
        salt: Salt::new([0; 16]).unwrap(),
        cost_parameter: 2,
        block_size: 1,
        parallelization: 1,
        key_length: Some(u16::MAX),
    };
    assert!(matches!(refused_at_once(&encrypted(Kdf::Scrypt(params))), KeyFileError::Structure(_)));
}

#[test]
fn a_structure_under_the_wrong_label_is_refused() {
    let passphrase = Passphrase::new("one two").unwrap();
    let swapped = VERSION_1.replace("PRIVATE KEY", "ENCRYPTED PRIVATE KEY");
    assert!(matches!(open(&swapped, Some(&passphrase)), Err(KeyFileError::Structure(_))));
    let longer = VERSION_1.replace("dVhC", "dVhCAAAA");
    assert!(matches!(open(&longer, None), Err(KeyFileError::Structure(_))), "bytes after the key");
}
