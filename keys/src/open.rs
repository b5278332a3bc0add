//! Reading key files, our own and those of other tools.

use lictor_shared::Thumbprint;
use pkcs8::der::asn1::OctetStringRef;
use pkcs8::der::{self, Decode as _, ErrorKind, Reader as _, SliceReader};
use pkcs8::pkcs5::{self, pbes2};
use pkcs8::{AlgorithmIdentifierRef, PrivateKeyInfoRef};
use zeroize::Zeroizing;

use crate::algorithm::{ED25519, encryption_algorithm, key_algorithm};
use crate::cost;
use crate::error::KeyFileError;
use crate::passphrase::Passphrase;
use crate::pem::{self, Kind};
use crate::private_key::PrivateKey;

/// Whether a key file asks for a passphrase.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protection {
    /// It does.
    Passphrase,
    /// It does not: whoever reads the file has the key.
    None,
}

/// Whether the key file with this text asks for a passphrase, so that the caller knows before he asks for one.
///
/// # Errors
/// [`KeyFileError`] if there is no private key in the text.
pub fn protection(text: &str) -> Result<Protection, KeyFileError> {
    Ok(match pem::private_key(text)?.0 {
        Kind::Encrypted => Protection::Passphrase,
        Kind::Plain => Protection::None,
    })
}

/// Opens the key file with this text: PKCS#8 in PEM, version 1 or 2, unencrypted or under PBES2 (scrypt or
/// PBKDF2-HMAC-SHA-2, AES). The passphrase is not looked at if the file is not encrypted.
///
/// An encrypted key file is not authenticated: one that was altered on purpose or by accident can open as **another**
/// key. Where the key is known, use [`open_expecting`].
///
/// # Errors
/// [`KeyFileError`] with what was wrong and what to do.
pub fn open(text: &str, passphrase: Option<&Passphrase>) -> Result<PrivateKey, KeyFileError> {
    match pem::private_key(text)? {
        (Kind::Plain, der) => from_info(PrivateKeyInfoRef::from_der(&der).map_err(structure)?),
        (Kind::Encrypted, der) => decrypt(&der, passphrase.ok_or(KeyFileError::PassphraseNeeded)?),
    }
}

/// [`open`], and the key is the one with this thumbprint.
///
/// # Errors
/// [`KeyFileError::OtherKey`] if it is another one, else as [`open`].
pub fn open_expecting(
    text: &str,
    passphrase: Option<&Passphrase>,
    expected: &Thumbprint,
) -> Result<PrivateKey, KeyFileError> {
    let key = open(text, passphrase)?;
    let found = key.public().thumbprint();
    if found == *expected { Ok(key) } else { Err(KeyFileError::OtherKey { expected: *expected, found }) }
}

fn decrypt(der: &[u8], passphrase: &Passphrase) -> Result<PrivateKey, KeyFileError> {
    let (parameters, ciphertext) = encrypted_info(der)?;
    cost::check(&parameters.kdf)?;
    let mut buffer = Zeroizing::new(ciphertext.to_vec());
    let plain = parameters.decrypt_in_place(passphrase.expose(), &mut buffer).map_err(decryption)?;
    // One wrong passphrase in 256 leaves what looks like padding; then what it leaves is no key.
    from_info(PrivateKeyInfoRef::from_der(plain).map_err(|_| KeyFileError::WrongPassphrase)?)
}

/// The parts of an `EncryptedPrivateKeyInfo` (RFC 5958, section 3). The `pkcs8` crate reads it too, but cannot say what
/// it is that it does not know.
fn encrypted_info(der: &[u8]) -> Result<(pbes2::Parameters, &[u8]), KeyFileError> {
    let parts = || {
        let mut reader = SliceReader::new(der)?;
        let parts = reader.sequence(|reader| {
            Ok::<_, der::Error>((AlgorithmIdentifierRef::decode(reader)?, <&OctetStringRef>::decode(reader)?))
        })?;
        reader.finish()?;
        Ok(parts)
    };
    let (scheme, ciphertext) = parts().map_err(structure)?;
    if scheme.oid != pbes2::PBES2_OID {
        return Err(KeyFileError::Encryption { algorithm: encryption_algorithm(&scheme.oid) });
    }
    let parameters =
        scheme.parameters.ok_or_else(|| KeyFileError::Structure("PBES2 without parameters".into()))?;
    Ok((parameters.try_into().map_err(structure)?, ciphertext.as_bytes()))
}

/// The key in a decoded `PrivateKeyInfo` (RFC 8410, section 7).
fn from_info(info: PrivateKeyInfoRef<'_>) -> Result<PrivateKey, KeyFileError> {
    if info.algorithm.oid != ED25519 {
        return Err(KeyFileError::Algorithm { algorithm: key_algorithm(&info.algorithm.oid) });
    }
    if info.algorithm.parameters.is_some() {
        return Err(KeyFileError::AlgorithmParameters);
    }
    // CurvePrivateKey ::= OCTET STRING, within the OCTET STRING privateKey.
    let [0x04, 0x20, seed @ ..] = info.private_key.as_bytes() else { return Err(KeyFileError::KeyLength) };
    let seed = seed.try_into().map_err(|_| KeyFileError::KeyLength)?;
    let key = PrivateKey::from_seed(seed).map_err(KeyFileError::PublicKey)?;
    match info.public_key {
        Some(public) if public.as_bytes() != Some(key.public().as_bytes().as_slice()) => {
            Err(KeyFileError::PublicKeyDiffers)
        }
        _ => Ok(key),
    }
}

fn structure(error: der::Error) -> KeyFileError {
    match error.kind() {
        ErrorKind::OidUnknown { oid } => KeyFileError::Encryption { algorithm: encryption_algorithm(&oid) },
        _ => KeyFileError::Structure(error.to_string()),
    }
}

fn decryption(error: pkcs5::Error) -> KeyFileError {
    match error {
        pkcs5::Error::DecryptFailed => KeyFileError::WrongPassphrase,
        pkcs5::Error::UnsupportedAlgorithm { oid } => {
            KeyFileError::Encryption { algorithm: encryption_algorithm(&oid) }
        }
        other => KeyFileError::Structure(other.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::seal::seal_at;
    use pkcs8::pkcs5::scrypt;

    fn cheaply_sealed() -> (PrivateKey, Passphrase, String) {
        let key = PrivateKey::from_seed(&[7; 32]).unwrap();
        let passphrase = Passphrase::new("one two").unwrap();
        let file = seal_at(scrypt::Params::new(1, 1, 1).unwrap(), &key, &passphrase).unwrap();
        (key, passphrase, file)
    }

    #[test]
    fn damage_anywhere_is_refused() {
        let (key, passphrase, file) = cheaply_sealed();
        let kid = key.public().thumbprint();
        let der = |text: &str| pem::private_key(text).unwrap().1;
        let mut refused = 0;
        for at in 0..file.len() {
            for replacement in ["A", "b", "z", "9", "+", "/", "=", "-", " ", "\n", "\r", "\0", "é", ""] {
                let damaged = [&file[..at], replacement, &file[at + 1..]].concat();
                match open_expecting(&damaged, Some(&passphrase), &kid) {
                    // The same letter again, or white space for white space.
                    Ok(_) => assert_eq!(der(&damaged), der(&file), "position {at}: {replacement:?}"),
                    Err(_) => refused += 1,
                }
            }
        }
        assert!(refused > 13 * (file.len() - 20), "{refused} refused");
    }

    #[test]
    fn damage_that_the_cipher_does_not_notice_is_found_by_the_thumbprint() {
        let (key, passphrase, file) = cheaply_sealed();
        let (_, mut der) = pem::private_key(&file).unwrap();
        // The second of the four blocks: it garbles the first half of the seed, flips a bit of the second, and
        // leaves structure and padding whole.
        let at = der.len() - 3 * 16;
        der[at] ^= 1;
        let document = pkcs8::SecretDocument::try_from(der.to_vec()).unwrap();
        let damaged = document.to_pem("ENCRYPTED PRIVATE KEY", pkcs8::LineEnding::LF).unwrap();
        let other = open(&damaged, Some(&passphrase)).unwrap();
        assert_ne!(other.public(), key.public());
        let kid = key.public().thumbprint();
        assert!(matches!(
            open_expecting(&damaged, Some(&passphrase), &kid),
            Err(KeyFileError::OtherKey { .. })
        ));
    }

    #[test]
    fn a_file_cut_short_anywhere_is_refused() {
        let (_, passphrase, file) = cheaply_sealed();
        for length in 0..file.len() - 1 {
            assert!(open(&file[..length], Some(&passphrase)).is_err(), "{length} bytes");
        }
    }

    #[test]
    fn a_wrong_passphrase_never_opens_it() {
        let (_, _, file) = cheaply_sealed();
        // Enough that some of them leave what looks like padding.
        for number in 0..2_000 {
            let wrong = Passphrase::new(&format!("wrong {number}")).unwrap();
            assert!(matches!(open(&file, Some(&wrong)), Err(KeyFileError::WrongPassphrase)), "{number}");
        }
    }

    #[test]
    fn a_passphrase_is_asked_for_if_the_file_is_encrypted() {
        let (key, passphrase, file) = cheaply_sealed();
        assert_eq!(protection(&file).unwrap(), Protection::Passphrase);
        assert!(matches!(open(&file, None), Err(KeyFileError::PassphraseNeeded)));
        let plain = crate::seal_plain(&key).unwrap();
        assert_eq!(protection(&plain).unwrap(), Protection::None);
        assert!(open(&plain, Some(&passphrase)).is_ok());
    }

    #[test]
    fn another_key_than_expected_is_refused() {
        let (key, passphrase, file) = cheaply_sealed();
        let expected = PrivateKey::from_seed(&[8; 32]).unwrap().public().thumbprint();
        let error = open_expecting(&file, Some(&passphrase), &expected).unwrap_err().to_string();
        assert!(
            error.contains(&expected.to_string()) && error.contains(&key.public().thumbprint().to_string()),
            "{error}"
        );
    }
}
