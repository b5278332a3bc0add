//! Status list entries, packed and deflated without the crates under test.

use crate::signing::base64url;

/// Entries of every list.
pub const ENTRIES: u32 = 1 << 20;

/// The `lst` of a list of 2^20 entries, all valid but these.
#[must_use]
pub fn lst(bits: u32, entries: &[(u32, u8)]) -> String {
    lst_of_size(bits, ENTRIES, entries)
}

/// The same with another number of entries.
#[must_use]
pub fn lst_of_size(bits: u32, size: u32, entries: &[(u32, u8)]) -> String {
    let length = usize::try_from(size * bits / 8).unwrap_or_default();
    let mut packed = vec![0_u8; length];
    for (index, status) in entries {
        let at = usize::try_from(index * bits / 8).unwrap_or_default();
        if let Some(byte) = packed.get_mut(at) {
            *byte |= status << (index * bits % 8);
        }
    }
    base64url(miniz_oxide::deflate::compress_to_vec_zlib(&packed, 6))
}
