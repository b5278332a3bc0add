//! Names, texts and URIs: strings that have been checked against their rule.

use alloc::string::String;
use core::fmt;
use serde::Serialize;

use crate::limits;

/// Why a string breaks the rule of its type. Says the rule; the caller says where the string stood.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StringError {
    /// Not 1 to 64 of `a-z 0-9 . _ -`.
    #[error("{0:?} is no name: 1 to 64 of a-z, 0-9, '.', '_' and '-' (no capitals, no spaces)")]
    Name(String),
    /// Not 1 to 200 characters without control and bidirectional formatting characters.
    #[error("{0:?} is no text: 1 to 200 characters, without control or bidirectional formatting characters")]
    Text(String),
    /// Not 1 to 500 visible ASCII characters with a scheme.
    #[error("{0:?} is no URI: 1 to 500 visible ASCII characters that begin with a scheme and ':'")]
    Uri(String),
    /// Not a UUID of version 7 in lower case.
    #[error("{0:?} is no UUID of version 7 in lower case (0198c0d2-6c1e-7a33-9d5e-2f6f2b1d9a10)")]
    Uuid(String),
    /// Not the base64url of 32 bytes.
    #[error("{0:?} is no key thumbprint: 43 characters of base64url")]
    Thumbprint(String),
    /// Not an origin as a license writes it.
    #[error(
        "{0:?} is no origin: https:// or http://, a DNS name or IPv4 address in lower case, and a port only if it is not the default"
    )]
    Origin(String),
}

macro_rules! checked_string {
    ($(#[$doc:meta])* $name:ident, $error:ident, $check:path) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// Checks `text` against the rule of this type.
            ///
            /// # Errors
            /// [`StringError`] with the text and the rule.
            pub fn new(text: &str) -> Result<Self, StringError> {
                if $check(text) { Ok(Self(text.into())) } else { Err(StringError::$error(text.into())) }
            }

            /// The string.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl core::str::FromStr for $name {
            type Err = StringError;

            fn from_str(text: &str) -> Result<Self, StringError> {
                Self::new(text)
            }
        }

        impl core::borrow::Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }
    };
}
pub(crate) use checked_string;

checked_string! {
    /// A name for programs: feature, limit, plan, product, environment. 1 to 64 of `a-z 0-9 . _ -`.
    Name, Name, is_name
}

checked_string! {
    /// A text for people: customer, label, issuer, customer id. 1 to 200 Unicode scalar values, none of category Cc and
    /// none of the bidirectional controls that make a text display as another one.
    Text, Text, is_text
}

checked_string! {
    /// A URI, never fetched: 1 to 500 visible ASCII characters with a scheme (RFC 3986, section 3.1) and `:`.
    Uri, Uri, is_uri
}

fn is_name(text: &str) -> bool {
    let allowed = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'.' | b'_' | b'-');
    (1..=limits::NAME_CHARS).contains(&text.len()) && text.bytes().all(allowed)
}

fn is_text(text: &str) -> bool {
    let chars = text.chars().take(limits::TEXT_CHARS + 1).count();
    (1..=limits::TEXT_CHARS).contains(&chars) && !text.chars().any(|c| c.is_control() || is_bidi_control(c))
}

/// The bidirectional controls of Unicode (property `Bidi_Control`).
#[must_use]
pub fn is_bidi_control(c: char) -> bool {
    matches!(c, '\u{61C}' | '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
}

fn is_uri(text: &str) -> bool {
    let Some((scheme, _)) = text.split_once(':') else { return false };
    let mut letters = scheme.bytes();
    letters.next().is_some_and(|byte| byte.is_ascii_alphabetic())
        && letters.all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.'))
        && text.len() <= limits::URI_CHARS
        && text.bytes().all(|byte| byte.is_ascii_graphic())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        for good in ["a", "call-center.v2_x", "0", &"x".repeat(64)] {
            assert!(Name::new(good).is_ok(), "{good}");
        }
        for bad in ["", "A", "a b", "ä", "a/b", &"x".repeat(65)] {
            assert!(Name::new(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn texts_count_scalar_values() {
        assert!(Text::new(&"ü".repeat(200)).is_ok());
        assert!(Text::new(&"ü".repeat(201)).is_err());
        for bad in ["", "a\nb", "a\u{7f}", "a\u{85}", "a\u{202e}b", "a\u{61c}", "\u{2066}", "\u{200f}"] {
            assert!(Text::new(bad).is_err(), "{bad:?}");
        }
        for good in [" ", "Acme GmbH & Söhne", "株式会社", "\u{200d}"] {
            assert!(Text::new(good).is_ok(), "{good:?}");
        }
    }

    #[test]
    fn uris_have_a_scheme() {
        for good in ["https://a.example/x", "urn:uuid:1", "a:", &alloc::format!("a:{}", "x".repeat(498))] {
            assert!(Uri::new(good).is_ok(), "{good}");
        }
        for bad in ["", ":", "a", "1a:x", "a b:c", "a:b c", "a:ü", &alloc::format!("a:{}", "x".repeat(499))]
        {
            assert!(Uri::new(bad).is_err(), "{bad}");
        }
    }
}
