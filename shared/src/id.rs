//! Identifiers: UUIDs of version 7.

use alloc::string::String;
use core::fmt;
use serde::{Serialize, Serializer};

use crate::name::StringError;

/// A UUID of version 7 (RFC 9562, section 5.7) written in lower case. Licenses, serials and nonces are such.
///
/// It is checked, not made, here: the issuer makes them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Uuid([u8; 16]);

/// Characters of a UUID.
const LENGTH: usize = 36;
/// Where its hyphens stand.
const HYPHENS: [usize; 4] = [8, 13, 18, 23];

impl Uuid {
    /// Reads the 36 characters of a UUID in lower case.
    ///
    /// # Errors
    /// [`StringError::Uuid`] if it is anything else, another version or variant included.
    pub fn new(text: &str) -> Result<Self, StringError> {
        Self::read(text).ok_or_else(|| StringError::Uuid(text.into()))
    }

    fn read(text: &str) -> Option<Self> {
        if text.len() != LENGTH {
            return None;
        }
        let mut bytes = [0_u8; 16];
        let mut digits =
            text.bytes().enumerate().filter_map(|(place, byte)| match HYPHENS.contains(&place) {
                true => (byte != b'-').then_some(None),
                false => Some(hex_digit(byte)),
            });
        for byte in &mut bytes {
            *byte = (digits.next()?? << 4) | digits.next()??;
        }
        if digits.next().is_some() {
            return None;
        }
        Self::from_bytes(bytes)
    }

    /// The UUID with these 16 bytes, or `None` if its version is not 7 or its variant not that of RFC 9562.
    #[must_use]
    pub fn from_bytes(bytes: [u8; 16]) -> Option<Self> {
        let [.., version, _, variant, _, _, _, _, _, _, _] = bytes;
        (version >> 4 == 7 && variant >> 6 == 0b10).then_some(Self(bytes))
    }
}

/// The value of a lower-case hexadecimal digit.
pub(crate) fn hex_digit(byte: u8) -> Option<u8> {
    match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        _ => None,
    }
}

/// The two lower-case hexadecimal digits of a byte.
const fn digits(byte: u8) -> [u8; 2] {
    const fn digit(value: u8) -> u8 {
        if value < 10 { b'0' + value } else { b'a' + value - 10 }
    }
    [digit(byte >> 4), digit(byte & 15)]
}

/// Bytes as lower-case hexadecimal.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len() * 2);
    text.extend(bytes.iter().flat_map(|byte| digits(*byte)).map(char::from));
    text
}

impl fmt::Display for Uuid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut digits = self.0.iter().flat_map(|byte| digits(*byte));
        let mut text = [b'-'; LENGTH];
        for (place, byte) in text.iter_mut().enumerate() {
            if !HYPHENS.contains(&place) {
                *byte = digits.next().unwrap_or(b'0');
            }
        }
        // Written at once: ids are written often, and each piece that is written by itself costs a call.
        f.write_str(core::str::from_utf8(&text).unwrap_or_default())
    }
}

impl core::str::FromStr for Uuid {
    type Err = StringError;

    fn from_str(text: &str) -> Result<Self, StringError> {
        Self::new(text)
    }
}

impl Serialize for Uuid {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString as _;

    #[test]
    fn version_7_in_lower_case_only() {
        let good = "0198c0d2-6c1e-7a33-9d5e-2f6f2b1d9a10";
        assert_eq!(Uuid::new(good).unwrap().to_string(), good);
        for bad in [
            "",
            "0198C0D2-6c1e-7a33-9d5e-2f6f2b1d9a10",
            "0198c0d2-6c1e-4a33-9d5e-2f6f2b1d9a10",
            "0198c0d2-6c1e-7a33-cd5e-2f6f2b1d9a10",
            "0198c0d26c1e7a339d5e2f6f2b1d9a10",
            "0198c0d2-6c1e-7a33-9d5e-2f6f2b1d9a1",
            "0198c0d2-6c1e-7a33-9d5e-2f6f2b1d9a100",
            "0198c0d2+6c1e-7a33-9d5e-2f6f2b1d9a10",
            "0198c0d2-6c1e-7a33-9d5e-2f6f2b1d9a1g",
        ] {
            assert!(Uuid::new(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn hexadecimal_in_lower_case() {
        assert_eq!(hex(&[0, 15, 160, 255]), "000fa0ff");
    }
}
