//! Whether a file shows a private key, in whatever form one is kept.

/// A part of a file that shows a private key in PEM.
const PEM: &[u8] = b"PRIVATE KEY-----";

/// The members that show one in a JWK.
const TYPE: &[u8] = b"\"kty\"";
const PRIVATE: &[u8] = b"\"d\"";

/// Tags of DER.
const INTEGER: u8 = 0x02;
const OCTET_STRING: u8 = 0x04;
const SEQUENCE: u8 = 0x30;

/// Whether these bytes are those of a private key: PEM of any kind, PKCS#8 or an older form in DER, sealed or not, or a JWK.
pub(super) fn is_private_key(bytes: &[u8]) -> bool {
    holds(bytes, PEM) || is_jwk(bytes) || is_der(bytes)
}

fn holds(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}

fn is_jwk(bytes: &[u8]) -> bool {
    let names = |at: usize| {
        let after = bytes.get(at + PRIVATE.len()..).unwrap_or_default();
        after.trim_ascii_start().starts_with(b":")
    };
    let mut places = bytes.windows(PRIVATE.len()).enumerate().filter(|(_, window)| *window == PRIVATE);
    holds(bytes, TYPE) && places.any(|(at, _)| names(at))
}

/// Whether it is one sequence that begins with a version, as private keys of every kind and PKCS#12 do and public keys and
/// certificates do not; or that consists of an algorithm and sealed bytes.
fn is_der(bytes: &[u8]) -> bool {
    let Some((SEQUENCE, content, [])) = element(bytes) else { return false };
    match element(content) {
        Some((INTEGER, version, _)) => version.len() == 1,
        Some((SEQUENCE, _, rest)) => matches!(element(rest), Some((OCTET_STRING, _, []))),
        _ => false,
    }
}

/// Tag and content of the element at the beginning, and what follows it.
fn element(bytes: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (tag, rest) = bytes.split_first()?;
    let (first, rest) = rest.split_first()?;
    let (length, rest) = match first.checked_sub(0x80) {
        None => (usize::from(*first), rest),
        Some(count) => {
            let (length, rest) = rest.split_at_checked(usize::from(count))?;
            let longer = |sum: usize, byte: &u8| sum.checked_mul(256)?.checked_add(usize::from(*byte));
            (length.iter().try_fold(0, longer)?, rest)
        }
    };
    let (content, rest) = rest.split_at_checked(length)?;
    Some((*tag, content, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The key of RFC 8410, section 10.3, as it stands there without its armour.
    const PKCS8: [u8; 48] = [
        0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20, 0xd4,
        0xee, 0x72, 0xdb, 0xf9, 0x13, 0x58, 0x4a, 0xd5, 0xb6, 0xd8, 0xf1, 0xf7, 0x69, 0xf8, 0xad, 0x3a, 0xfe,
        0x7c, 0x28, 0xcb, 0xf1, 0xd4, 0xfb, 0xe0, 0x97, 0xa8, 0x8f, 0x44, 0x75, 0x58, 0x42,
    ];

    #[test]
    fn private_keys_are_told_in_every_form() {
        // An algorithm and sealed bytes; with a length of two bytes.
        let sealed = [&[0x30, 0x81, 0x09, 0x30, 0x03, 0x06, 0x01, 0x2a, 0x04, 0x02][..], b"ab"].concat();
        let keys: [&[u8]; 7] = [
            &PKCS8,
            &sealed,
            b"-----BEGIN PRIVATE KEY-----\nMC4C",
            b"a note\n-----BEGIN ENCRYPTED PRIVATE KEY-----\n",
            b"-----BEGIN OPENSSH PRIVATE KEY-----",
            br#"{"kty":"OKP","crv":"Ed25519","x":"11qY","d":"nWGx"}"#,
            b"{\"keys\": [{\n  \"d\" :\n \"nWGx\", \"kty\": \"OKP\"}]}",
        ];
        for key in keys {
            assert!(is_private_key(key), "{}", String::from_utf8_lossy(key));
        }
    }

    #[test]
    fn what_is_no_private_key_is_not_taken_for_one() {
        // A public key: an algorithm and a bit string.
        let public = [&[0x30, 0x0a, 0x30, 0x03, 0x06, 0x01, 0x2a, 0x03, 0x03, 0x00][..], b"ab"].concat();
        let others: [&[u8]; 8] = [
            b"",
            b"0",
            &public,
            // Cut off, or with something behind it.
            &PKCS8[..47],
            &[&PKCS8[..], b"\n"].concat(),
            b"-----BEGIN PUBLIC KEY-----\nMCow",
            br#"{"keys":[{"kty":"OKP","crv":"Ed25519","x":"d"}]}"#,
            br#"{"d":"no key at all"}"#,
        ];
        for other in others {
            assert!(!is_private_key(other), "{}", String::from_utf8_lossy(other));
        }
    }
}
