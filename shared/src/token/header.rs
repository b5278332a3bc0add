//! The header: the only JSON that is read before a signature is checked.

use alloc::string::String;

use super::error::TokenError;
use crate::json::{RawMembers, lex, utf8};
use crate::limits;

/// The three members of a header.
pub(super) struct Header {
    pub(super) algorithm: String,
    pub(super) typ: String,
    /// JSON text of the member that names the key.
    pub(super) signer: String,
}

impl Header {
    pub(super) fn read(bytes: &[u8], signer_member: &str) -> Result<Self, TokenError> {
        if bytes.len() > limits::HEADER_BYTES {
            return Err(TokenError::HeaderTooLarge { bytes: bytes.len() });
        }
        let text = utf8(bytes).map_err(|_| TokenError::HeaderNotJson)?;
        lex::<serde::de::IgnoredAny>(text).map_err(|_| TokenError::HeaderNotJson)?;
        if !text.trim_ascii_start().starts_with('{') {
            return Err(TokenError::Header("it is no object".into()));
        }
        let members = lex::<RawMembers<'_>>(text).map_err(|_| TokenError::HeaderNotJson)?.0;
        for (name, raw) in &members {
            // A string with a lone surrogate is no text, so the header is no JSON for us.
            if raw.get().starts_with('"') {
                lex::<String>(raw.get()).map_err(|_| TokenError::HeaderNotJson)?;
            }
            if ![signer_member, "alg", "typ"].contains(&name.as_str()) {
                return Err(TokenError::Header(alloc::format!("the member {name:?} is not allowed")));
            }
        }
        let member = |wanted: &str| {
            let mut found = members.iter().filter(|(name, _)| name == wanted).map(|(_, raw)| raw.get());
            match (found.next(), found.next()) {
                (Some(raw), None) => Ok(raw),
                (None, _) => Err(TokenError::Header(alloc::format!("the member {wanted:?} is missing"))),
                _ => Err(TokenError::Header(alloc::format!("the member {wanted:?} stands twice"))),
            }
        };
        let signer = member(signer_member)?;
        let header = Self {
            algorithm: header_string(member("alg")?, "alg")?,
            typ: header_string(member("typ")?, "typ")?,
            signer: signer.into(),
        };
        // Of which kind the member is belongs to the header's form, so it is judged before the algorithm is.
        if signer.starts_with(if signer_member == "jwk" { '{' } else { '"' }) {
            return Ok(header);
        }
        Err(TokenError::Header(alloc::format!("the member {signer_member:?} is of the wrong type")))
    }
}

/// A string of the header.
pub(super) fn header_string(raw: &str, member: &str) -> Result<String, TokenError> {
    lex(raw).map_err(|_| TokenError::Header(alloc::format!("the member {member:?} is no string")))
}
