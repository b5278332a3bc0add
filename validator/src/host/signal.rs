//! What a request says of the machine: enough to tell two copies apart, nothing that names it.

use core::fmt;
use hmac::{Hmac, KeyInit as _, Mac as _};
use lictor_shared::{Name, Uuid};
use sha2::Sha256;
use zeroize::Zeroizing;

/// Bytes of 96 random bits.
const LOCAL_ID_BYTES: usize = 12;

/// A local id under a name of its own: of the machine, of the database. It never leaves the machine; what is sent is a keyed
/// hash that is another one for every license, so that it can be compared and not traced.
pub struct Signal {
    name: Name,
    local_id: Zeroizing<Vec<u8>>,
}

/// A local id that could be guessed from its hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a local id has at least 96 random bits (12 bytes); a name, address or serial number can be guessed")]
pub struct GuessableId;

impl Signal {
    /// The signal of a local id with at least 96 random bits. That they are random is the caller's word; a host name or a MAC
    /// address is not.
    ///
    /// # Errors
    /// [`GuessableId`] if it is shorter.
    pub fn new(name: Name, local_id: &[u8]) -> Result<Self, GuessableId> {
        if local_id.len() < LOCAL_ID_BYTES {
            return Err(GuessableId);
        }
        Ok(Self { name, local_id: Zeroizing::new(local_id.to_vec()) })
    }

    pub(crate) const fn name(&self) -> &Name {
        &self.name
    }

    /// HMAC-SHA256 with the local id as key over `v1:<license id>:<name>`.
    pub(crate) fn value(&self, license: Uuid) -> [u8; 32] {
        // HMAC takes keys of every length, so there is no error to have.
        let keyed = Hmac::<Sha256>::new_from_slice(&self.local_id);
        let value = keyed.map(|mac| mac.chain_update(format!("v1:{license}:{}", self.name)).finalize());
        value.map(|value| value.into_bytes().into()).unwrap_or_default()
    }
}

impl fmt::Debug for Signal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Signal({})", self.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use lictor_shared::hex;

    #[test]
    fn is_a_keyed_hash_of_license_and_name() {
        let license = Uuid::new("0198c0d2-6c1e-7000-8000-2f6f2b1d9a10").unwrap();
        let signal = Signal::new(Name::new("machine").unwrap(), b"0123456789abcdef").unwrap();
        // printf 'v1:0198c0d2-6c1e-7000-8000-2f6f2b1d9a10:machine' | openssl dgst -sha256 -hmac 0123456789abcdef
        assert_eq!(
            hex(&signal.value(license)),
            "227109d5e2c9469ad4fd3674f891b23bac3170143b7f0a07400bbf7345028432"
        );
        assert_eq!(format!("{signal:?}"), "Signal(machine)");
    }

    #[test]
    fn what_can_be_guessed_is_no_local_id() {
        let name = || Name::new("machine").unwrap();
        assert_eq!(Signal::new(name(), b"web-1.local").err(), Some(GuessableId));
        assert!(Signal::new(name(), &[7; 12]).is_ok());
    }
}
