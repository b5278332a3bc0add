//! The deployment's own key: what a seat is bound to.

use base64::Engine as _;
use core::fmt;
use ed25519_dalek::{Signer as _, SigningKey};
use lictor_shared::json::{Members, Value};
use lictor_shared::{KeyError, PublicKey, Thumbprint, Timestamp, base64url};
use zeroize::Zeroizing;

use super::entropy::{self, EntropyError};

/// An Ed25519 key of one deployment and since when it has it. It cannot be copied or printed, and its memory is wiped when
/// it is dropped.
///
/// It is kept as a private JWK (RFC 8037, section 2) with one member more, `since`. No passphrase guards it: the program must
/// start by itself, and what the key proves is only which deployment asks.
pub struct Identity {
    // On the heap, so that moving the identity leaves no copies behind on the stack. Wipes itself.
    signing: Box<SigningKey>,
    public: PublicKey,
    since: Timestamp,
}

/// Why there is no identity.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IdentityError {
    /// The operating system gives no randomness.
    #[error(transparent)]
    Entropy(#[from] EntropyError),
    /// The key is none to trust. No seed is known to lead here.
    #[error("the new key was refused and dropped: {0}")]
    Key(#[from] KeyError),
    /// What was kept is no identity.
    #[error("{0}")]
    Damaged(&'static str),
}

impl Identity {
    /// Makes a new key.
    pub(crate) fn generate(since: Timestamp) -> Result<Self, IdentityError> {
        let mut seed = Zeroizing::new([0_u8; 32]);
        entropy::fill(seed.as_mut_slice())?;
        Ok(Self::from_seed(&seed, since)?)
    }

    fn from_seed(seed: &[u8; 32], since: Timestamp) -> Result<Self, KeyError> {
        let signing = Box::new(SigningKey::from_bytes(seed));
        let public = PublicKey::from_bytes(signing.as_ref().as_ref().as_bytes())?;
        Ok(Self { signing, public, since })
    }

    /// The deployment's id: the RFC 7638 thumbprint of its key.
    #[must_use]
    pub const fn id(&self) -> Thumbprint {
        self.public.thumbprint()
    }

    /// The public half.
    #[must_use]
    pub const fn public_key(&self) -> &PublicKey {
        &self.public
    }

    /// When it was made.
    #[must_use]
    pub const fn since(&self) -> Timestamp {
        self.since
    }

    pub(crate) fn sign(&self, message: &[u8]) -> [u8; 64] {
        self.signing.sign(message).to_bytes()
    }

    /// How it is kept.
    pub(crate) fn to_json(&self) -> Zeroizing<String> {
        let mut d = Zeroizing::new([0_u8; 43]);
        // 32 bytes are 43 characters, always.
        let written = base64url::ENGINE.encode_slice(self.signing.as_bytes(), d.as_mut_slice()).unwrap_or(0);
        let d = d.get(..written).and_then(|d| core::str::from_utf8(d).ok()).unwrap_or_default();
        let (since, x) = (self.since.seconds(), self.public.to_base64url());
        Zeroizing::new(format!(
            "{{\"crv\":\"Ed25519\",\"d\":\"{d}\",\"kty\":\"OKP\",\"since\":{since},\"x\":\"{x}\"}}\n"
        ))
    }

    /// Reads what [`Self::to_json`] wrote.
    pub(crate) fn read(bytes: &[u8]) -> Result<Self, IdentityError> {
        let damaged = IdentityError::Damaged;
        let mut members = Value::read_object(bytes).map_err(|_| damaged("it is no JSON object"))?;
        let Some(Value::String(d)) = members.remove("d") else {
            return Err(damaged("it holds no private key"));
        };
        let d = Zeroizing::new(d);
        let seed = seed(&d).ok_or(damaged("its private key is not 32 bytes in base64url"))?;
        let since = members.get("since").and_then(Value::as_integer).and_then(Timestamp::from_seconds);
        let since = since.ok_or(damaged("it does not say since when"))?;
        let identity = Self::from_seed(&seed, since)?;
        // The public half proves that no bit of the private one has changed.
        if members == identity.public_members() {
            Ok(identity)
        } else {
            Err(damaged("its halves do not belong together"))
        }
    }

    /// Every member of the file but the private one.
    fn public_members(&self) -> Members {
        [
            ("crv", "Ed25519".into()),
            ("kty", "OKP".into()),
            ("since", self.since.seconds().into()),
            ("x", self.public.to_base64url().into()),
        ]
        .map(|(name, value): (&str, Value)| (name.into(), value))
        .into()
    }
}

fn seed(d: &str) -> Option<Zeroizing<[u8; 32]>> {
    // Room for what the decoder asks for before it knows the length.
    let mut room = Zeroizing::new([0_u8; 33]);
    let length = base64url::ENGINE.decode_slice(d, room.as_mut_slice()).ok()?;
    let mut seed = Zeroizing::new([0_u8; 32]);
    seed.copy_from_slice(room.get(..length).filter(|bytes| bytes.len() == 32)?);
    Some(seed)
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Identity({} since {})", self.id(), self.since)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 8037, appendix A.
    const KEPT: &str = "{\"crv\":\"Ed25519\",\"d\":\"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A\",\"kty\":\"OKP\",\
                        \"since\":1795305600,\"x\":\"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo\"}\n";

    #[test]
    fn is_kept_as_a_private_jwk() {
        let identity = Identity::read(KEPT.as_bytes()).unwrap();
        assert_eq!(identity.id().to_string(), "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
        assert_eq!(identity.since().seconds(), 1_795_305_600);
        assert_eq!(*identity.to_json(), KEPT);
        let new = Identity::generate(Timestamp::EPOCH).unwrap();
        assert_eq!(Identity::read(new.to_json().as_bytes()).unwrap().id(), new.id());
        assert_ne!(new.id(), identity.id());
        assert!(new.public_key().verifies(b"message", &new.sign(b"message")));
    }

    #[test]
    fn cut_or_changed_anywhere_is_damaged() {
        for end in 0..KEPT.len() - 1 {
            assert!(Identity::read(&KEPT.as_bytes()[..end]).is_err(), "cut at {end}");
        }
        for at in 0..KEPT.len() - 1 {
            let mut changed = KEPT.as_bytes().to_vec();
            changed[at] ^= 1;
            // Any date is a date.
            let date = KEPT.find("1795305600").is_some_and(|start| (start..start + 10).contains(&at));
            assert!(Identity::read(&changed).is_err() || date, "changed at {at}");
        }
    }

    #[test]
    fn does_not_print_its_key() {
        let identity = Identity::read(KEPT.as_bytes()).unwrap();
        assert_eq!(
            format!("{identity:?}"),
            "Identity(kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k since 2026-11-22T00:00:00Z)"
        );
    }
}
