//! The first stage: bytes that have the form of a token, nothing of them trusted.

use alloc::string::{String, ToString};
use lictor_shared::{
    Activation, AnchorSet, Artefact, KeyId, License, Purpose, Received, Release, StatusList, Text, Timestamp,
    TokenError,
};
use lictor_shared::{armor, limits};

use crate::refusal::Refusal;
use crate::verified::Verified;

mod sealed {
    pub trait Sealed {}
}

/// The artefacts that an issuer signs, and what their key must be for.
pub trait IssuerSigned: Artefact<Signer = KeyId> + sealed::Sealed {
    /// The purpose that the key needs.
    const PURPOSE: Purpose;
    /// Its `iss`.
    fn issuer(&self) -> &Text;
    /// Its `iat`.
    fn issued_at(&self) -> Timestamp;
}

macro_rules! issuer_signed {
    ($($artefact:ty => $purpose:ident;)*) => {$(
        impl sealed::Sealed for $artefact {}
        impl IssuerSigned for $artefact {
            const PURPOSE: Purpose = Purpose::$purpose;

            fn issuer(&self) -> &Text {
                &self.issuer
            }

            fn issued_at(&self) -> Timestamp {
                self.issued_at
            }
        }
    )*};
}
issuer_signed! {
    License => License;
    StatusList => Status;
    Activation => Activation;
    Release => Activation;
}

/// A token that has been taken apart. The signature has not been checked and the payload has not been parsed.
#[derive(Clone, Debug)]
pub struct Unverified<A: IssuerSigned>(Received<A>);

impl<A: IssuerSigned> Unverified<A> {
    /// Reads a file, a mail or a bare token: the first armored block of this kind, else the first block, else the whole input.
    ///
    /// # Errors
    /// [`Refusal::Token`] for the first step of the reading order that fails.
    pub fn read(input: &[u8]) -> Result<Self, Refusal> {
        if input.len() > limits::FILE_BYTES {
            return Err(TokenError::TooLarge { bytes: input.len(), limit: limits::FILE_BYTES }.into());
        }
        Self::from_token(&armor::unwrap(input, A::LABEL))
    }

    /// Reads a bare token, without armor and without white space around it.
    ///
    /// # Errors
    /// [`Refusal::Token`] for the first step of the reading order that fails.
    pub fn from_token(token: &str) -> Result<Self, Refusal> {
        Ok(Self(Received::read(token)?))
    }

    /// The header's `kid`. Whoever wrote the file chose it.
    #[must_use]
    pub fn untrusted_key_id(&self) -> &str {
        &self.0.untrusted_signer().0
    }

    /// The payload. Whoever wrote the file chose it.
    #[must_use]
    pub fn untrusted_payload(&self) -> &[u8] {
        self.0.untrusted_payload()
    }

    /// The token as received.
    #[must_use]
    pub fn token(&self) -> &str {
        self.0.text()
    }

    /// Checks the token against the trust anchors and reads what was signed.
    ///
    /// # Errors
    /// [`Refusal`] for the first step of the reading order that fails.
    pub fn verify(self, anchors: &AnchorSet) -> Result<Verified<A>, Refusal> {
        let received = self.0;
        // kid.
        let kid = &received.untrusted_signer().0;
        let anchor = anchors.find(kid).ok_or_else(|| Refusal::UnknownKey { kid: shown(kid) })?;
        // Pinned algorithm.
        let found = received.algorithm();
        if let Some(pinned) = anchor.algorithm.filter(|pinned| *pinned != found) {
            return Err(Refusal::PinnedAlgorithm { found, pinned });
        }
        // Purpose.
        if !anchor.purposes.contains(&A::PURPOSE) {
            return Err(Refusal::WrongPurpose { needed: A::PURPOSE });
        }
        // Signature, over the received bytes.
        if !received.is_signed_by(&anchor.key) {
            return Err(Refusal::BadSignature);
        }
        // Only now the payload.
        let claims = A::read(received.untrusted_payload())?;
        // The key's window at iat, inclusive at both ends.
        let issued_at = claims.issued_at();
        let early = anchor.not_before.is_some_and(|first| issued_at < first);
        let late = anchor.not_after.is_some_and(|last| issued_at > last);
        if early || late {
            return Err(Refusal::KeyOutOfWindow { issued_at });
        }
        // Issuer.
        if *claims.issuer() != anchor.issuer {
            return Err(Refusal::WrongIssuer {
                found: claims.issuer().clone(),
                trusted: anchor.issuer.clone(),
            });
        }
        Ok(Verified::new(claims, received.text().to_string(), anchor))
    }
}

/// What an attacker wrote, cut to a length that fits a sentence.
fn shown(kid: &str) -> String {
    kid.chars().take(64).collect()
}
