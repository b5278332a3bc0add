//! Every limit of the formats, in one place, each with the attack or accident it answers.
//!
//! Limits are part of the format (FORMAT.md, section "Limits"): a reader that accepts more, or an issuer that signs more, is wrong.
//! They are checked before memory is allocated in proportion to the input.

/// Bytes of a file that is read at all. Answers a mistaken path (a database, a device that never ends) and a
/// memory exhaustion by an upload: nobody's license mail is larger.
pub const FILE_BYTES: usize = 4 * 1024 * 1024;

/// Bytes of one token, status lists excepted. Answers decoders that are made to work on megabytes before a
/// signature has been checked.
pub const TOKEN_BYTES: usize = 16_384;

/// Bytes of a status list token: 2^20 incompressible two-bit entries, encoded twice in base64url, and their dates.
pub const STATUS_LIST_TOKEN_BYTES: usize = 1024 * 1024;

/// Bytes of a decoded header. The header is parsed before the signature is checked, so an attacker writes it.
pub const HEADER_BYTES: usize = 1_024;

/// Levels of objects and arrays in a payload, the payload itself being the first. Answers stack exhaustion.
pub const JSON_LEVELS: usize = 8;

/// Largest integer anywhere: 2^53 - 1, the largest that every JSON reader in the field holds exactly (RFC 8259, section 6).
/// Answers two readers seeing two numbers.
pub const INTEGER_MAX: u64 = 9_007_199_254_740_991;

/// Last instant that can be written, 9999-12-31T23:59:59Z in seconds since 1970. Answers overflow in date arithmetic
/// and dates that cannot be printed.
pub const TIME_MAX: u64 = 253_402_300_799;

/// Longest duration in seconds: ten years of 365 days.
pub const DURATION_MAX: u64 = 315_360_000;

/// Longest grace after a revocation in seconds: one year. Longer ones would make revocation meaningless.
pub const REVOCATION_GRACE_MAX: u64 = 31_536_000;

/// Grace in seconds that a deployment has at least from the moment it learns of a revocation, if the license
/// grants as much: seven days. Answers a list that reaches an air-gapped site only after the grace has run out.
pub const LEARNED_GRACE_MAX: u64 = 604_800;

/// Characters of a name (feature, limit, plan, product, environment).
pub const NAME_CHARS: usize = 64;

/// Unicode scalar values of a text (customer, label, `iss`, `sub`).
pub const TEXT_CHARS: usize = 200;

/// Characters of a URI.
pub const URI_CHARS: usize = 500;

/// Products of one license.
pub const PRODUCTS: usize = 16;

/// Environments of one license.
pub const ENVIRONMENTS: usize = 16;

/// Features of one license.
pub const FEATURES: usize = 256;

/// Numeric limits of one license.
pub const LIMITS: usize = 256;

/// Origins of one license.
pub const ORIGINS: usize = 64;

/// Members of `meta`.
pub const META: usize = 32;

/// Characters of one value in `meta`.
pub const META_CHARS: usize = 500;

/// Bytes of `extensions` as they stand in the payload. Answers extensions that crowd out the license.
pub const EXTENSION_BYTES: usize = 4_096;

/// Signals of one activation request.
pub const SIGNALS: usize = 8;

/// Entries of `modes` in a usage report. Answers a verdict that flaps, or is made to, until no report fits into a token.
pub const USAGE_MODES: usize = 32;

/// Counters of a usage report. Answers a product that names its counters after its users or calls: with the longest names and the
/// largest numbers so many still fit into a token.
pub const USAGE_COUNTERS: usize = 48;

/// Entries of a status list, exactly: 2^20. One size for every customer tells nobody how many licenses were sold,
/// and bounds what inflating can need to [`STATUS_LIST_BYTES`].
pub const STATUS_ENTRIES: u32 = 1_048_576;

/// Bytes of an inflated status list with two bits an entry. Answers decompression bombs.
pub const STATUS_LIST_BYTES: usize = 262_144;

/// Entries of a status list's `since`.
pub const SINCE_ENTRIES: usize = 32_768;

/// Seconds by which the clock may stand before the effective time without the warning `clock_rolled_back`: one day.
pub const CLOCK_TOLERANCE: u64 = 86_400;

/// Seconds by which a list or activation may be dated ahead of every time known here: 400 days. Answers a stolen
/// key that dates a list to the end of time and thereby expires every license it reaches.
pub const CANDIDATE_AHEAD: u64 = 34_560_000;

/// Bytes of one entry of the event log: as many as the two bytes of length in an entry bundle can say (C2SP tlog-tiles). Answers a
/// log that cannot be exported.
pub const LOG_ENTRY_BYTES: usize = 65_535;

/// Bytes of a bundle of 256 entries with their lengths. Answers a file in an exported log that never ends.
pub const LOG_BUNDLE_BYTES: usize = 256 * (2 + LOG_ENTRY_BYTES);

/// Bytes of a signed note. Sixteen signatures must find room, of which the largest known have five kilobytes. Answers a
/// memory exhaustion by what anybody may hand an auditor.
pub const NOTE_BYTES: usize = 128 * 1024;

/// Bytes of a receipt: the largest entry in base64, the longest path and the largest note.
pub const RECEIPT_BYTES: usize = 256 * 1024;
