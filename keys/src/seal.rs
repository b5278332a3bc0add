//! Writing key files.

use pkcs8::der::Encode as _;
use pkcs8::der::asn1::OctetStringRef;
use pkcs8::der::pem::PemLabel as _;
use pkcs8::pkcs5::{pbes2, scrypt};
use pkcs8::{
    AlgorithmIdentifierRef, EncryptedPrivateKeyInfoRef, LineEnding, PrivateKeyInfoRef, SecretDocument,
};
use rand::TryRng as _;
use rand::rngs::{SysError, SysRng};
use zeroize::Zeroizing;

use crate::algorithm::ED25519;
use crate::error::KeyFileError;
use crate::passphrase::Passphrase;
use crate::private_key::PrivateKey;

/// log2 of scrypt's N = 16384: 16 MiB of memory. OpenSSL 3 and Node grant scrypt no more than 32 MiB, and from
/// N = 2^15 on it needs more than that.
const SCRYPT_LOG_N: u8 = 14;
const SCRYPT_R: u32 = 8;
/// Since N is bounded, the price of a guess is raised by doing it five times.
const SCRYPT_P: u32 = 5;

/// Why a key was not sealed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SealError {
    /// The operating system gives no randomness for salt and IV.
    #[error("the operating system gives no randomness, so the key was not sealed: {0}")]
    Random(SysError),
    /// The encoder refused. No key is known to lead here.
    #[error("the key was not sealed: {0}")]
    Encoding(pkcs8::Error),
    /// What was sealed does not open. No key is known to lead here.
    #[error("the key was sealed and does not open again: {0}")]
    NotOpened(KeyFileError),
}

/// The text of an encrypted key file: PKCS#8 version 1 (RFC 5208) in PEM, sealed by PBES2 with scrypt (N=16384, r=8,
/// p=5, 16 random bytes of salt) and AES-256-CBC.
///
/// # Errors
/// [`SealError`] if the operating system gives no randomness.
pub fn seal(key: &PrivateKey, passphrase: &Passphrase) -> Result<String, SealError> {
    let cost = scrypt::Params::new(SCRYPT_LOG_N, SCRYPT_R, SCRYPT_P);
    seal_at(cost.map_err(|_| SealError::Encoding(pkcs8::Error::ParametersMalformed))?, key, passphrase)
}

/// The text of an unencrypted key file: PKCS#8 version 1 in PEM. Whoever reads it has the key; it is wiped when it is
/// dropped.
///
/// # Errors
/// [`SealError`] if the encoder refuses, which no key makes it do.
pub fn seal_plain(key: &PrivateKey) -> Result<Zeroizing<String>, SealError> {
    let document = with_info(key, |info| Ok(SecretDocument::encode_msg(info)?));
    pem(PrivateKeyInfoRef::PEM_LABEL, document)
}

/// [`seal`] at another price, so that tests need not pay for every case.
pub(crate) fn seal_at(
    cost: scrypt::Params,
    key: &PrivateKey,
    passphrase: &Passphrase,
) -> Result<String, SealError> {
    let (mut salt, mut iv) = ([0_u8; 16], [0_u8; 16]);
    SysRng.try_fill_bytes(&mut salt).map_err(SealError::Random)?;
    SysRng.try_fill_bytes(&mut iv).map_err(SealError::Random)?;
    let document = with_info(key, |info| {
        let parameters = pbes2::Parameters::generate_scrypt_aes256cbc(cost, &salt, iv)?;
        info.encrypt_with_params(parameters, passphrase.expose())
    });
    Ok(pem(EncryptedPrivateKeyInfoRef::PEM_LABEL, document)?.as_str().to_owned())
}

fn pem(label: &'static str, document: pkcs8::Result<SecretDocument>) -> Result<Zeroizing<String>, SealError> {
    let pem = document.and_then(|document| Ok(document.to_pem(label, LineEnding::LF)?));
    pem.map_err(SealError::Encoding)
}

/// Lends the key as `PrivateKeyInfo`: version 0, Ed25519 without parameters, the seed in an OCTET STRING of its own
/// (RFC 8410, section 7), and no public key, which would make it a version 2 that OpenSSL 3.0 does not read.
fn with_info<T>(
    key: &PrivateKey,
    then: impl FnOnce(&PrivateKeyInfoRef<'_>) -> pkcs8::Result<T>,
) -> pkcs8::Result<T> {
    let seed = Zeroizing::new(OctetStringRef::new(key.seed())?.to_der()?);
    let algorithm = AlgorithmIdentifierRef { oid: ED25519, parameters: None };
    then(&PrivateKeyInfoRef::new(algorithm, OctetStringRef::new(&seed)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    // RFC 8410, section 10.3, the first example: a version 1 key.
    const RFC_8410: &str = "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC\n-----END PRIVATE KEY-----\n";

    #[test]
    fn writes_the_key_of_rfc_8410_as_it_stands_there() {
        let key = crate::open(RFC_8410, None).unwrap();
        assert_eq!(seal_plain(&key).unwrap().as_str(), RFC_8410);
    }

    #[test]
    fn seals_by_the_parameters_that_it_says() {
        let key = PrivateKey::from_seed(&[7; 32]).unwrap();
        let passphrase = Passphrase::new("one two").unwrap();
        let file = seal(&key, &passphrase).unwrap();
        let (_, document) = SecretDocument::from_pem(&file).unwrap();
        let info: EncryptedPrivateKeyInfoRef<'_> = document.decode_msg().unwrap();
        let parameters = info.encryption_algorithm.pbes2().unwrap();
        let scrypt = parameters.kdf.scrypt().unwrap();
        assert_eq!((scrypt.cost_parameter, scrypt.block_size, scrypt.parallelization), (16_384, 8, 5));
        assert_eq!((scrypt.salt.as_bytes().len(), scrypt.key_length), (16, None));
        assert!(matches!(parameters.encryption, pbes2::EncryptionScheme::Aes256Cbc { .. }));
        assert_ne!(seal(&key, &passphrase).unwrap(), file, "salt and IV are fresh each time");
    }
}
