//! What the issuer and the validator of offline licenses must agree on, byte for byte.
//!
//! Formats with one strict reader and one writer each: instants, names, the token and its armor, the claims of every
//! artefact, trust anchors, and the registers of codes and reasons. No I/O, no clock, no environment, no private keys.
//!
//! ```
//! use lictor_shared::{Artefact, License, Received, TokenError, armor};
//!
//! let mail = b"> -----BEGIN LICENSE-----\n> not.a.token\n> -----END LICENSE-----\n";
//! let token = armor::unwrap(mail, License::LABEL);
//! assert_eq!(token, "not.a.token");
//! // Read, nothing trusted: the header is no JSON.
//! assert_eq!(Received::<License>::read(&token).err(), Some(TokenError::Base64("header")));
//! ```
#![no_std]

extern crate alloc;

pub mod armor;
pub mod base64url;
pub mod documents;
pub mod json;
pub mod limits;
pub mod log;

mod claims;
mod code;
mod envelope;
mod id;
mod jwks;
mod key;
mod name;
mod origin;
mod time;
mod token;

pub use armor::Label;
pub use claims::{
    Activation, ActivationPolicy, Beginning, ClaimsError, EntryBits, Graces, Lease, License, Limit,
    ModeSince, Peak, Release, Request, RequestKind, SeatLimit, Seats, Status, StatusDraft, StatusList,
    StatusRef, Term, UsageReport,
};
pub use code::{Code, Denial, Mode, Reason};
pub use envelope::Envelope;
pub use id::{Uuid, hex};
pub use jwks::{Anchor, AnchorError, AnchorSet, Products, Purpose};
pub use key::{KeyError, PublicKey, Thumbprint};
pub use name::{Name, StringError, Text, Uri, is_bidi_control};
pub use origin::{Origin, OriginPattern};
pub use time::{Seconds, TimeError, Timestamp};
pub use token::{Algorithm, Artefact, Claims, EmbeddedKey, KeyId, Received, SignedBy, TokenError, Unsigned};
