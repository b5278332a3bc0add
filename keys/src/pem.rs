//! Finding the private key in a text: tolerant around the block, strict within it.

use core::str::Lines;
use pkcs8::der::pem::Base64Decoder;
use zeroize::Zeroizing;

use crate::error::KeyFileError;
use crate::limits;

/// Which of the two PKCS#8 structures a block holds.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// `PrivateKeyInfo` (RFC 5208, section 5) or `OneAsymmetricKey` (RFC 5958, section 2).
    Plain,
    /// `EncryptedPrivateKeyInfo` (RFC 5958, section 3).
    Encrypted,
}

impl Kind {
    fn of(label: &str) -> Option<Self> {
        match label {
            "PRIVATE KEY" => Some(Self::Plain),
            "ENCRYPTED PRIVATE KEY" => Some(Self::Encrypted),
            _ => None,
        }
    }
}

/// The one private key in `text`: its kind and its DER. Text around it, other blocks, CRLF and spaces at the
/// ends of lines do not matter.
pub(crate) fn private_key(text: &str) -> Result<(Kind, Zeroizing<Vec<u8>>), KeyFileError> {
    if text.len() > limits::KEY_FILE_BYTES {
        return Err(KeyFileError::TooLarge);
    }
    let (kind, base64) = only_block(text)?;
    Ok((kind, decode(&base64)?))
}

fn only_block(text: &str) -> Result<(Kind, Zeroizing<String>), KeyFileError> {
    let mut lines = text.trim_start_matches('\u{feff}').lines();
    let (mut found, mut other) = (None, None);
    while let Some(line) = lines.next() {
        let Some(label) = boundary(line, "-----BEGIN ") else { continue };
        let body = body(&mut lines, label)?;
        match Kind::of(label) {
            None => other = other.or(Some(label)),
            Some(_) if found.is_some() => return Err(KeyFileError::SeveralKeys),
            Some(kind) => found = Some((kind, body)),
        }
    }
    found.ok_or_else(|| match other {
        Some(label) => KeyFileError::OtherBlock { label: label.to_owned() },
        None => KeyFileError::NoBlock,
    })
}

/// The base64 up to the END line of `label`, without white space.
fn body(lines: &mut Lines<'_>, label: &str) -> Result<Zeroizing<String>, KeyFileError> {
    // Allocated once: growing would leave copies of an unencrypted key behind.
    let mut body = Zeroizing::new(String::with_capacity(limits::KEY_FILE_BYTES));
    for line in lines {
        if boundary(line, "-----END ") == Some(label) {
            return Ok(body);
        }
        if line.trim_start().starts_with("-----") {
            break;
        }
        line.split_ascii_whitespace().for_each(|part| body.push_str(part));
    }
    Err(KeyFileError::Truncated { label: label.to_owned() })
}

fn boundary<'a>(line: &'a str, start: &str) -> Option<&'a str> {
    line.trim().strip_prefix(start)?.strip_suffix("-----")
}

/// Decodes in constant time, since the base64 of an unencrypted key is as secret as the key.
fn decode(base64: &str) -> Result<Zeroizing<Vec<u8>>, KeyFileError> {
    let mut decoder = Base64Decoder::new(base64.as_bytes()).map_err(|_| KeyFileError::Base64)?;
    let mut der = Zeroizing::new(vec![0_u8; decoder.remaining_len()]);
    decoder.decode(&mut der).map_err(|_| KeyFileError::Base64)?;
    if decoder.is_finished() { Ok(der) } else { Err(KeyFileError::Base64) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BLOCK: &str = "-----BEGIN PRIVATE KEY-----\nAQID\nBAU=\n-----END PRIVATE KEY-----\n";

    fn der(text: &str) -> Vec<u8> {
        private_key(text).unwrap_or_else(|error| panic!("{text:?}: {error}")).1.to_vec()
    }

    #[test]
    fn tolerates_what_mail_and_editors_do() {
        let crlf = BLOCK.replace('\n', "\r\n");
        let indented = BLOCK.replace('\n', "  \n  ");
        let certificate = format!("-----BEGIN CERTIFICATE-----\n!!\n-----END CERTIFICATE-----\n{BLOCK}");
        let texts = [BLOCK, BLOCK.trim_end(), &crlf, &indented, &certificate];
        let around =
            [format!("Bag Attributes\n{BLOCK}"), format!("\u{feff}{BLOCK}"), format!("{BLOCK}\nregards\n")];
        for text in texts.into_iter().chain(around.iter().map(String::as_str)) {
            assert_eq!(der(text), [1, 2, 3, 4, 5]);
        }
    }

    #[test]
    fn says_what_is_wrong() {
        let two = BLOCK.repeat(2);
        let cut = BLOCK.replace("-----END PRIVATE KEY-----\n", "");
        let mismatched = BLOCK.replace("-----END PRIVATE", "-----END PUBLIC");
        let nested = format!("-----BEGIN PRIVATE KEY-----\nAQID\n{BLOCK}");
        let public = BLOCK.replace("PRIVATE", "PUBLIC");
        let large = " ".repeat(limits::KEY_FILE_BYTES + 1);
        for (text, expected) in [
            ("", "no PEM block"),
            ("-----BEGIN PRIVATE KEY----\nAQID\n", "no PEM block"),
            (&two, "more than one private key"),
            (&cut, "no END line"),
            (&mismatched, "no END line"),
            (&nested, "no END line"),
            (&public, "holds \"PUBLIC KEY\", not a private key"),
            (&large, "larger than 65536 bytes"),
            (&BLOCK.replace("AQID", "AQI!"), "not base64"),
            (&BLOCK.replace("AQID", "AQI"), "not base64"),
            (&BLOCK.replace("BAU=", "BAV="), "not base64"),
            (&BLOCK.replace("AQID\nBAU=\n", ""), "not base64"),
            (&BLOCK.replace("AQID", "Proc-Type: 4,ENCRYPTED"), "not base64"),
        ] {
            let error = private_key(text).err().map(|error| error.to_string()).unwrap_or_default();
            assert!(error.contains(expected), "{text:.80}: {error}");
        }
    }
}
