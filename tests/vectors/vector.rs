//! How a vector is written.

use serde::Deserialize;
use std::collections::BTreeMap;

/// One vector. Every artefact that it does not mention is the one in `base/`, unchanged; lists and activations take part only
/// if it mentions them.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Vector {
    /// The clause of the format that decides it: `FORMAT 2.3`.
    pub(crate) clause: String,
    /// What that clause says here, in a sentence.
    pub(crate) says: String,
    /// The member it accepts or rejects: `license/license.seats.overage`.
    pub(crate) member: Option<String>,
    #[serde(default)]
    pub(crate) license: Piece,
    #[serde(default)]
    pub(crate) anchors: Piece,
    #[serde(default, rename = "list")]
    pub(crate) lists: Vec<Piece>,
    pub(crate) activation: Option<Piece>,
    pub(crate) request: Option<Piece>,
    pub(crate) release: Option<Piece>,
    #[serde(default)]
    pub(crate) context: Circumstances,
    pub(crate) expect: Option<Expectation>,
}

/// What is changed in one artefact. Texts may contain the words of [`crate::macros`].
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Piece {
    /// There is none at all (licenses only).
    #[serde(default)]
    pub(crate) missing: bool,
    /// JSON pointer → JSON text that stands there instead, or is added.
    #[serde(default)]
    pub(crate) set: BTreeMap<String, String>,
    /// JSON pointers of members that are taken away.
    #[serde(default)]
    pub(crate) remove: Vec<String>,
    /// Text → text in the compact payload.
    #[serde(default)]
    pub(crate) replace: BTreeMap<String, String>,
    /// The whole payload.
    pub(crate) payload: Option<String>,
    /// The characters of the payload are bytes, not text.
    #[serde(default)]
    pub(crate) latin1: bool,
    /// The whole header.
    pub(crate) header: Option<String>,
    /// The key that signs, and that the usual header names.
    pub(crate) key: Option<String>,
    /// What is done to the signature.
    pub(crate) signature: Option<Damage>,
    /// Text → text in the payload once it has been signed.
    #[serde(default)]
    pub(crate) tamper: BTreeMap<String, String>,
    /// The token, made of `@(header)`, `@(payload)`, `@(signature)`; `~` behind the name sets a bit that belongs
    /// to no byte.
    pub(crate) token: Option<String>,
    /// The file, made of `@(token)`, `@(lines)` (lines of 64), `@(spaced)` (blanks everywhere) and `@(armor)`.
    pub(crate) file: Option<String>,
    /// How the file is encoded, UTF-8 unless said.
    pub(crate) encoding: Option<Encoding>,

    /// Status lists: the entries that are not 0.
    #[serde(default)]
    pub(crate) entries: BTreeMap<String, u8>,
    /// Status lists: bits of an entry, 1 unless said; `set` can make the list lie about it.
    pub(crate) bits: Option<u32>,
    /// Status lists: bytes of the entries, if not exactly enough.
    pub(crate) bytes: Option<usize>,
    /// Status lists: the compressed stream is damaged.
    pub(crate) stream: Option<Stream>,

    /// What must come of it, where it is offered beside the license: `accepted` unless said.
    pub(crate) becomes: Option<String>,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Damage {
    /// One bit of R is flipped.
    Flip,
    /// 63 bytes are left.
    Short,
    /// A byte is added.
    Long,
    /// The order of the group is added to S: the same signature for a lenient check.
    PlusOrder,
    /// All 64 bytes are zero.
    Zero,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Encoding {
    /// With byte order mark.
    Utf16le,
    /// With byte order mark.
    Utf16be,
    /// Characters are bytes.
    Latin1,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Stream {
    /// One byte stands behind it.
    Tail,
    /// Its last byte is missing.
    Cut,
    /// Deflate without the ZLIB header.
    Raw,
    /// Nothing is compressed.
    Stored,
    /// The checksum is wrong.
    Checksum,
}

/// Where and when the license is judged. Instants are `2027-06-01` or `2027-06-01T00:00:00Z`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Circumstances {
    /// 2027-06-01 unless said.
    pub(crate) at: Option<String>,
    /// `dialer` unless said.
    pub(crate) product: Option<String>,
    /// `production` unless said.
    pub(crate) environment: Option<String>,
    pub(crate) origin: Option<String>,
    pub(crate) origin_since: Option<String>,
    pub(crate) built: Option<String>,
    pub(crate) built_since: Option<String>,
    /// A key's name.
    pub(crate) deployment: Option<String>,
    pub(crate) deployment_since: Option<String>,
    pub(crate) watermark: Option<String>,
    pub(crate) seen_revision: Option<u64>,
    pub(crate) learned: Option<String>,
    pub(crate) learned_activation: Option<String>,
    /// Flags of the host. `candidate_rejected` is set by itself where a list or activation is not accepted.
    #[serde(default)]
    pub(crate) flags: Vec<String>,
    /// When lists and activations are offered, if not at `at`.
    pub(crate) accepted_at: Option<String>,
}

/// What must come of it. `null` is written as `"null"`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Expectation {
    /// The trust anchors are refused, and there is no verdict.
    #[serde(default)]
    pub(crate) anchors_refused: bool,
    pub(crate) mode: Option<String>,
    pub(crate) code: Option<String>,
    pub(crate) reason: Option<String>,
    /// Required in grace; null elsewhere.
    pub(crate) pending: Option<String>,
    /// Required in grace; null elsewhere.
    pub(crate) until: Option<String>,
    /// The reason alone, unless said.
    pub(crate) reasons: Option<Vec<String>>,
    /// Compared if said; null where the license cannot be read.
    pub(crate) next_change: Option<String>,
    /// `at` unless said.
    pub(crate) effective_time: Option<String>,
    /// Members of the verdict's `license` → JSON text.
    #[serde(default)]
    pub(crate) shows: BTreeMap<String, String>,
}
