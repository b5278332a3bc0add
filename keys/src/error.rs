//! Why a key file does not open.

use lictor_shared::{KeyError, Thumbprint};
use std::io;

use crate::limits;

/// Why a key file does not open. Each says what was wrong and what to do; the caller adds which file it was.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KeyFileError {
    /// Reading failed.
    #[error("the key file cannot be read: {0}")]
    Unreadable(io::Error),
    /// Over [`limits::KEY_FILE_BYTES`].
    #[error("this is larger than {} bytes, which no key file is; check the path", limits::KEY_FILE_BYTES)]
    TooLarge,
    /// Not UTF-8.
    #[error(
        "this is no text, so it is no PEM key file; a binary (DER) key becomes one with: openssl pkcs8 -topk8 -inform DER -in FILE -out NEW.pem"
    )]
    NotText,
    /// No PEM block at all.
    #[error(
        "there is no PEM block in this; a key file holds a line -----BEGIN ENCRYPTED PRIVATE KEY----- or -----BEGIN PRIVATE KEY-----"
    )]
    NoBlock,
    /// PEM blocks, but none with a PKCS#8 private key.
    #[error(
        "this holds {label:?}, not a private key in PKCS#8 (\"PRIVATE KEY\" or \"ENCRYPTED PRIVATE KEY\"); name the private key's file, or convert it with: openssl pkcs8 -topk8 -in FILE -out NEW.pem"
    )]
    OtherBlock {
        /// What the first block says that it is.
        label: String,
    },
    /// More than one private key.
    #[error("this holds more than one private key; put each into a file of its own")]
    SeveralKeys,
    /// A block without its end.
    #[error(
        "the block {label:?} has no END line of its own: the file is cut short or damaged; copy it again as a whole"
    )]
    Truncated {
        /// What the block says that it is.
        label: String,
    },
    /// What stands between BEGIN and END is not base64.
    #[error("what stands between BEGIN and END is not base64: the file is damaged; copy it again as a whole")]
    Base64,
    /// Base64 of something that is not the structure that the label announces.
    #[error(
        "the block is no PKCS#8 structure ({0}): the file is damaged, or was not written as PKCS#8; copy it again as a whole"
    )]
    Structure(String),
    /// Encrypted, and no passphrase was given.
    #[error("this key is encrypted; give its passphrase")]
    PassphraseNeeded,
    /// Encrypted by other means than PBES2 with scrypt or PBKDF2-HMAC-SHA-2 and AES.
    #[error(
        "this key is encrypted with {algorithm}, which is not opened here; encrypt it anew with: openssl pkcs8 -topk8 -v2 aes-256-cbc -v2prf hmacWithSHA256 -in FILE -out NEW.pem"
    )]
    Encryption {
        /// Name and object identifier.
        algorithm: String,
    },
    /// scrypt parameters that no file can have.
    #[error(
        "the scrypt parameters of this file are impossible (N={n}, r={r}, p={p}; N is a power of two from 2 on, r and p at least 1): it is damaged or hostile"
    )]
    ScryptParameters {
        /// Cost.
        n: u64,
        /// Block size.
        r: u16,
        /// Parallelism.
        p: u16,
    },
    /// scrypt would take too much memory.
    #[error(
        "opening this file would take {bytes} bytes of memory (scrypt N={n}, r={r}, p={p}), and at most {} are granted; if it is yours, encrypt it anew with: openssl pkcs8 -topk8 -scrypt -in FILE -out NEW.pem",
        limits::SCRYPT_MEMORY_BYTES
    )]
    ScryptMemory {
        /// Bytes that it asks for.
        bytes: u64,
        /// Cost.
        n: u64,
        /// Block size.
        r: u16,
        /// Parallelism.
        p: u16,
    },
    /// scrypt would take too long.
    #[error(
        "opening this file would take {work} units of work (scrypt N={n} times r={r} times p={p}), and at most {} are granted; if it is yours, encrypt it anew with: openssl pkcs8 -topk8 -scrypt -in FILE -out NEW.pem",
        limits::SCRYPT_WORK
    )]
    ScryptWork {
        /// N r p.
        work: u64,
        /// Cost.
        n: u64,
        /// Block size.
        r: u16,
        /// Parallelism.
        p: u16,
    },
    /// PBKDF2 would take too long, or has no iterations at all.
    #[error(
        "this file asks for {found} iterations of PBKDF2, and 1 to {} are accepted; if it is yours, encrypt it anew with: openssl pkcs8 -topk8 -scrypt -in FILE -out NEW.pem",
        limits::PBKDF2_ITERATIONS
    )]
    Pbkdf2Iterations {
        /// Iterations that it asks for.
        found: u32,
    },
    /// The passphrase gives no key back. A damaged file cannot be told from a wrong passphrase.
    #[error(
        "the passphrase does not open this key (or the file is damaged); check the passphrase and that it belongs to this file"
    )]
    WrongPassphrase,
    /// A key for another algorithm.
    #[error(
        "this is a key for {algorithm}, and licenses are signed with Ed25519; make one with: openssl genpkey -algorithm ed25519"
    )]
    Algorithm {
        /// Name and object identifier.
        algorithm: String,
    },
    /// Ed25519 with parameters, which RFC 8410 forbids.
    #[error(
        "this Ed25519 key carries algorithm parameters, which RFC 8410 forbids; write it anew with the tool that made it"
    )]
    AlgorithmParameters,
    /// Not the 32 bytes of an Ed25519 private key.
    #[error(
        "the private key in this is not the 32 bytes of an Ed25519 key: the file is damaged, or was written wrongly"
    )]
    KeyLength,
    /// The public key beside the private key belongs to another one.
    #[error(
        "the public key in this file does not belong to the private key in it: the file is damaged or was tampered with; do not use it"
    )]
    PublicKeyDiffers,
    /// The public key is none to trust. No seed is known to lead here.
    #[error("the public key of this private key is refused: {0}")]
    PublicKey(KeyError),
    /// Another key than the one that was asked for.
    #[error(
        "this file holds the key {found}, not {expected}: it was renamed, exchanged or damaged; restore the right file from a backup"
    )]
    OtherKey {
        /// The key that was asked for.
        expected: Thumbprint,
        /// The key that is in the file.
        found: Thumbprint,
    },
}
