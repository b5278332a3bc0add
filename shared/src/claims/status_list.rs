//! The status list: which licenses and activations are revoked or suspended (IETF Token Status List, draft 21).

use alloc::collections::BTreeMap;
use alloc::string::ToString;
use alloc::vec::Vec;
use base64::Engine as _;
use miniz_oxide::inflate::TINFLStatus;
use miniz_oxide::inflate::core::{DecompressorOxide, decompress, inflate_flags};

use super::ClaimsError;
use super::fields::Fields;
use super::shape::{self, Others, Shape};
use crate::armor::Label;
use crate::base64url;
use crate::json::{Members, Value};
use crate::limits;
use crate::name::{Text, Uri};
use crate::time::{Seconds, Timestamp};
use crate::token::{Artefact, Claims, KeyId};

/// Which entry of which list speaks for a license or activation.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StatusRef {
    /// The entry, from 0 to 1048575 (`idx`).
    pub index: u32,
    /// The list (`uri`): a name to match, never fetched by the validator.
    pub uri: Uri,
}

impl StatusRef {
    pub(crate) fn to_value(&self) -> Value {
        let list = Value::object([("idx", self.index.into()), ("uri", self.uri.as_str().into())]);
        Value::object([("status_list", list)])
    }
}

/// What a list says of an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Status {
    /// Neither revoked nor suspended.
    Valid,
    /// Revoked for good.
    Revoked,
    /// Suspended until further notice.
    Suspended,
}

/// How many bits an entry has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EntryBits {
    /// 1: valid or revoked.
    One,
    /// 2: suspended as well.
    Two,
}

impl EntryBits {
    /// The number.
    #[must_use]
    pub const fn get(self) -> u8 {
        match self {
            Self::One => 1,
            Self::Two => 2,
        }
    }

    /// Bytes of the 2^20 entries.
    #[must_use]
    pub const fn packed_bytes(self) -> usize {
        match self {
            Self::One => limits::STATUS_LIST_BYTES / 2,
            Self::Two => limits::STATUS_LIST_BYTES,
        }
    }

    /// Byte, and shift within it, of an entry.
    const fn place(self, index: u32) -> (u32, u32) {
        match self {
            Self::One => (index / 8, index % 8),
            Self::Two => (index / 4, index % 4 * 2),
        }
    }
}

/// A status list as received: exactly 2^20 entries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatusList {
    /// Who issued it (`iss`).
    pub issuer: Text,
    /// Which list it is (`sub`): the `uri` of the licenses and activations that it speaks for.
    pub uri: Uri,
    /// When it was signed (`iat`).
    pub issued_at: Timestamp,
    /// After which time a newer one should be out; at least 1 second.
    pub ttl: Seconds,
    /// Of two lists with one issuer and URI the one with the higher sequence holds.
    pub sequence: u64,
    /// When entries last left VALID; entries that are not VALID and not here left it long ago.
    pub since: BTreeMap<u32, Timestamp>,
    bits: EntryBits,
    packed: Vec<u8>,
}

impl StatusList {
    /// What the list says of an entry; indices from 2^20 on do not exist and count as valid.
    #[must_use]
    pub fn status(&self, index: u32) -> Status {
        let (byte, shift) = self.bits.place(index);
        let byte =
            usize::try_from(byte).ok().and_then(|byte| self.packed.get(byte)).copied().unwrap_or_default();
        match (self.bits, (byte >> shift) & 3) {
            (EntryBits::One, bits) if bits & 1 == 1 => Status::Revoked,
            (EntryBits::One, _) | (EntryBits::Two, 0) => Status::Valid,
            (EntryBits::Two, 2) => Status::Suspended,
            // 3 is not assigned; what an issuer of a later generation means by it is nothing good.
            (EntryBits::Two, _) => Status::Revoked,
        }
    }

    /// How many bits an entry has.
    #[must_use]
    pub const fn bits(&self) -> EntryBits {
        self.bits
    }

    /// Every entry that is not valid, in order.
    pub fn exceptions(&self) -> impl Iterator<Item = (u32, Status)> + '_ {
        (0..limits::STATUS_ENTRIES)
            .map(|index| (index, self.status(index)))
            .filter(|(_, status)| *status != Status::Valid)
    }
}

const SHAPE: Shape = Shape { members: &[], others: Others::Ignore };

impl Artefact for StatusList {
    const TYP: &'static str = "statuslist+jwt";
    const LABEL: Label = Label::StatusList;
    const TOKEN_BYTES: usize = limits::STATUS_LIST_TOKEN_BYTES;
    type Signer = KeyId;

    fn read(payload: &[u8]) -> Result<Self, ClaimsError> {
        let members = Value::read_object(payload)?;
        // One list goes to every generation of validators, so unknown members are ignored here.
        shape::check(&members, &SHAPE, "list")?;
        let top = Fields::top(&members);
        let (entries, list) = (top.object("status_list", "status_list")?, top.object("list", "list")?);
        list.integer("version", 1..=1)?;
        list.value("critical")?.as_array().ok_or_else(|| list.breaks("critical", "an array"))?;
        let bits = match entries.integer("bits", 1..=2)? {
            1 => EntryBits::One,
            _ => EntryBits::Two,
        };
        let ttl = top.seconds("ttl", limits::DURATION_MAX)?;
        if ttl == Seconds::ZERO {
            return Err(top.breaks("ttl", "at least 1"));
        }
        Ok(Self {
            issuer: top.text("iss")?,
            uri: top.parse("sub", Uri::new)?,
            issued_at: top.time("iat")?,
            ttl,
            sequence: list.integer("sequence", 0..=limits::INTEGER_MAX)?,
            since: read_since(&list)?,
            bits,
            packed: inflate(&entries, bits)?,
        })
    }
}

fn read_since(list: &Fields<'_>) -> Result<BTreeMap<u32, Timestamp>, ClaimsError> {
    let refused = || {
        let most = limits::SINCE_ENTRIES;
        list.breaks("since", alloc::format!("an object of at most {most} indices in plain decimal to times"))
    };
    let members = list.value("since")?.as_object().ok_or_else(refused)?;
    if members.len() > limits::SINCE_ENTRIES {
        return Err(refused());
    }
    let entry = |(key, value): (&alloc::string::String, &Value)| {
        let index = key
            .parse::<u32>()
            .ok()
            .filter(|index| *index < limits::STATUS_ENTRIES && index.to_string() == *key);
        Some((index?, value.as_integer().and_then(Timestamp::from_seconds)?))
    };
    members.iter().map(|member| entry(member).ok_or_else(refused)).collect()
}

/// Inflates `lst` into exactly the bytes of 2^20 entries; what would be more is never written.
fn inflate(entries: &Fields<'_>, bits: EntryBits) -> Result<Vec<u8>, ClaimsError> {
    let refused = |rule: &str| entries.breaks("lst", rule);
    let deflated =
        base64url::ENGINE.decode(entries.string("lst")?).map_err(|_| refused("canonical base64url"))?;
    let mut packed = alloc::vec![0_u8; bits.packed_bytes()];
    let flags = inflate_flags::TINFL_FLAG_PARSE_ZLIB_HEADER
        | inflate_flags::TINFL_FLAG_USING_NON_WRAPPING_OUTPUT_BUF
        | inflate_flags::TINFL_FLAG_COMPUTE_ADLER32;
    let (status, read, written) = decompress(&mut DecompressorOxide::new(), &deflated, &mut packed, 0, flags);
    let whole = status == TINFLStatus::Done && read == deflated.len() && written == packed.len();
    if whole {
        Ok(packed)
    } else {
        Err(refused("a ZLIB stream of exactly 2^20 entries with nothing behind it"))
    }
}

/// A status list to be signed, its entries deflated already.
///
/// This crate reads the compressed form but does not choose how hard to compress.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatusDraft {
    /// As in [`StatusList`].
    pub issuer: Text,
    /// As in [`StatusList`].
    pub uri: Uri,
    /// As in [`StatusList`].
    pub issued_at: Timestamp,
    /// As in [`StatusList`].
    pub ttl: Seconds,
    /// As in [`StatusList`].
    pub sequence: u64,
    /// As in [`StatusList`].
    pub since: BTreeMap<u32, Timestamp>,
    /// How many bits an entry has.
    pub bits: EntryBits,
    /// The ZLIB stream of the packed entries.
    pub deflated: Vec<u8>,
}

impl StatusDraft {
    /// Packs the entries that are not valid, least significant bits first: one bit an entry if none is suspended.
    #[must_use]
    pub fn pack(exceptions: &BTreeMap<u32, Status>) -> (EntryBits, Vec<u8>) {
        let suspended = exceptions.values().any(|status| *status == Status::Suspended);
        let bits = if suspended { EntryBits::Two } else { EntryBits::One };
        let mut packed = alloc::vec![0_u8; bits.packed_bytes()];
        for (index, status) in exceptions {
            let value = match status {
                Status::Valid => 0,
                Status::Revoked => 1_u8,
                Status::Suspended => 2,
            };
            let (byte, shift) = bits.place(*index);
            if let Some(byte) = usize::try_from(byte).ok().and_then(|byte| packed.get_mut(byte)) {
                *byte |= value << shift;
            }
        }
        (bits, packed)
    }
}

impl Claims for StatusDraft {
    type Of = StatusList;

    fn to_value(&self) -> Value {
        let since: Members =
            self.since.iter().map(|(index, at)| (index.to_string(), at.seconds().into())).collect();
        let entries = Value::object([
            ("bits", u32::from(self.bits.get()).into()),
            ("lst", base64url::ENGINE.encode(&self.deflated).into()),
        ]);
        let list = Value::object([
            ("version", 1_u64.into()),
            ("sequence", self.sequence.into()),
            ("since", since.into()),
            ("critical", Vec::new().into()),
        ]);
        Value::object([
            ("iss", self.issuer.as_str().into()),
            ("sub", self.uri.as_str().into()),
            ("iat", self.issued_at.seconds().into()),
            ("ttl", self.ttl.get().into()),
            ("status_list", entries),
            ("list", list),
        ])
    }
}
