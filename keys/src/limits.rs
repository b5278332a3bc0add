//! Every limit on key files and passphrases, in one place, each with the attack or accident it answers.
//!
//! A key file may come from anywhere (`lictor key import`), and before the passphrase has been tried nothing in it is
//! known to be true: whoever wrote it chose how much work opening it costs.

/// Bytes of a key file. Answers a mistaken path (a disk image, a device that never ends); a sealed Ed25519 key is under
/// 500 bytes, and the rest is room for the text that other tools write around the block.
pub const KEY_FILE_BYTES: usize = 64 * 1024;

/// Bytes of a passphrase. The `openssl` command reads no more than this from a passphrase file and drops what follows
/// without a word, so a longer passphrase would seal a key that OpenSSL does not open with the same file.
pub const PASSPHRASE_BYTES: usize = 1_023;

/// Bytes of memory that scrypt may take, 128 r (N + p): 64 MiB for N and one for p, four times what our own files need.
/// Answers a file whose parameters ask for terabytes, so that opening it gets the process killed.
pub const SCRYPT_MEMORY_BYTES: u64 = 65 * 1024 * 1024;

/// Work that scrypt may take, N r p: about thirteen times that of our own files. Answers a file with a modest N
/// and an enormous p, which takes hours in little memory.
pub const SCRYPT_WORK: u64 = 1 << 23;

/// Iterations of PBKDF2: what RFC 8018, section 4.2, calls appropriate for especially critical keys, and seconds of
/// work. Answers a file that asks for four thousand million.
pub const PBKDF2_ITERATIONS: u32 = 10_000_000;
