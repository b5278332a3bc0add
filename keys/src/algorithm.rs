//! What other algorithms are called, so that an error can say more than an object identifier.

use pkcs8::ObjectIdentifier;

/// `id-Ed25519` (RFC 8410, section 3).
pub(crate) const ED25519: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.101.112");

const KEY_ALGORITHMS: [(&str, &str); 12] = [
    ("1.2.840.113549.1.1.1", "RSA"),
    ("1.2.840.113549.1.1.10", "RSA-PSS"),
    ("1.2.840.10045.2.1", "elliptic curve (ECDSA)"),
    ("1.2.840.10040.4.1", "DSA"),
    ("1.2.840.113549.1.3.1", "Diffie-Hellman"),
    ("1.3.101.110", "X25519"),
    ("1.3.101.111", "X448"),
    ("1.3.101.112", "Ed25519"),
    ("1.3.101.113", "Ed448"),
    ("2.16.840.1.101.3.4.3.17", "ML-DSA-44"),
    ("2.16.840.1.101.3.4.3.18", "ML-DSA-65"),
    ("2.16.840.1.101.3.4.3.19", "ML-DSA-87"),
];

const ENCRYPTION_ALGORITHMS: [(&str, &str); 9] = [
    ("1.2.840.113549.1.5.3", "MD5 and DES"),
    ("1.2.840.113549.1.5.10", "SHA-1 and DES"),
    ("1.2.840.113549.1.12.1.1", "SHA-1 and RC4"),
    ("1.2.840.113549.1.12.1.3", "SHA-1 and triple DES"),
    ("1.2.840.113549.1.12.1.6", "SHA-1 and RC2"),
    ("1.2.840.113549.2.7", "PBKDF2 with HMAC-SHA-1"),
    ("1.2.840.113549.3.7", "triple DES"),
    ("1.3.14.3.2.7", "DES"),
    ("1.2.840.113549.1.5.13", "PBES2"),
];

/// `RSA (1.2.840.113549.1.1.1)`, or the bare identifier of an algorithm that has no entry.
pub(crate) fn key_algorithm(oid: &ObjectIdentifier) -> String {
    named(oid, &KEY_ALGORITHMS)
}

/// Likewise for what encrypts a key file.
pub(crate) fn encryption_algorithm(oid: &ObjectIdentifier) -> String {
    named(oid, &ENCRYPTION_ALGORITHMS)
}

fn named(oid: &ObjectIdentifier, names: &[(&str, &str)]) -> String {
    let digits = oid.to_string();
    match names.iter().find(|(known, _)| *known == digits) {
        Some((_, name)) => format!("{name} ({digits})"),
        None => digits,
    }
}
