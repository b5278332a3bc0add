//! The key ring: which keys an issuer has, and what each is for. Public halves only; the private ones lie in the
//! [key folder](crate::KeyFolder).

use lictor_shared::{
    Algorithm, Anchor, AnchorError, AnchorSet, Products, PublicKey, Purpose, Text, Thumbprint, Timestamp,
};

use crate::state::KeyState;

/// What is recorded of one key. It says everything about the key but its private half; whoever keeps records (the
/// issuer's ledger) writes these fields and reads them back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyRecord {
    /// The public key.
    pub public: PublicKey,
    /// Where it stands in its life.
    pub state: KeyState,
    /// The issuer that it speaks for.
    pub issuer: Text,
    /// What it may sign; never empty.
    pub purposes: Vec<Purpose>,
    /// The products that it speaks for.
    pub products: Products,
    /// The one algorithm name that a header may carry with it, if pinned.
    pub algorithm: Option<Algorithm>,
    /// When it was made or imported.
    pub created_at: Timestamp,
    /// First `iat` of what it may sign.
    pub not_before: Option<Timestamp>,
    /// Last `iat` of what it may sign.
    pub not_after: Option<Timestamp>,
    /// From this instant of a deployment's time on, nothing by this key counts: it has leaked.
    pub distrust_after: Option<Timestamp>,
}

/// Why a record does not join the ring.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RingError {
    /// The key is there already.
    #[error("the key {kid} is in the ring already, as {state}")]
    Duplicate {
        /// Its thumbprint.
        kid: Thumbprint,
        /// Its state there.
        state: KeyState,
    },
    /// Good for nothing.
    #[error("the key {0} has no purpose; give it at least one of license, status and activation")]
    NoPurpose(Thumbprint),
    /// Good for no product.
    #[error("the key {0} has an empty list of products; name at least one, or any")]
    NoProduct(Thumbprint),
    /// A window that holds no instant.
    #[error("the key {kid} would be good from {not_before} to {not_after}, which is never; swap the two")]
    EmptyWindow {
        /// Its thumbprint.
        kid: Thumbprint,
        /// The first instant.
        not_before: Timestamp,
        /// The last one, which lies before it.
        not_after: Timestamp,
    },
}

/// The keys of an issuer, a pure value: no two alike, in the order in which they joined.
///
/// ```
/// use lictor_keys::{KeyRecord, KeyRing, KeyState, PrivateKey};
/// use lictor_shared::{Products, Purpose, Text, Timestamp};
///
/// let mut ring = KeyRing::new();
/// for _ in 0..2 {
///     ring.add(KeyRecord {
///         public: PrivateKey::generate()?.public().clone(),
///         state: ring.state_for_new(),
///         issuer: Text::new("acme-licensing")?,
///         purposes: Purpose::ALL.to_vec(),
///         products: Products::Any,
///         algorithm: None,
///         created_at: Timestamp::parse("2026-11-22T00:00:00Z")?,
///         not_before: None,
///         not_after: None,
///         distrust_after: None,
///     })?;
/// }
/// assert_eq!(ring.records().iter().map(|key| key.state).collect::<Vec<_>>(), [KeyState::Active, KeyState::Next]);
/// // Both ship, so that the second is known everywhere before it signs.
/// assert_eq!(ring.anchors()?.anchors().len(), 2);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KeyRing {
    records: Vec<KeyRecord>,
}

impl KeyRing {
    /// A ring without keys.
    #[must_use]
    pub const fn new() -> Self {
        Self { records: Vec::new() }
    }

    /// The ring of these records.
    ///
    /// # Errors
    /// [`RingError`] for the first that [`KeyRing::add`] refuses.
    pub fn from_records(records: impl IntoIterator<Item = KeyRecord>) -> Result<Self, RingError> {
        let mut ring = Self::new();
        records.into_iter().try_for_each(|record| ring.add(record))?;
        Ok(ring)
    }

    /// The keys, in the order in which they joined.
    #[must_use]
    pub fn records(&self) -> &[KeyRecord] {
        &self.records
    }

    /// The state that a new key joins in: active if it is the first, else next, so that its public half can ship before
    /// anything is signed with it.
    #[must_use]
    pub const fn state_for_new(&self) -> KeyState {
        if self.records.is_empty() { KeyState::Active } else { KeyState::Next }
    }

    /// Adds a key.
    ///
    /// # Errors
    /// [`RingError`] if it is there already, or could never sign anything that counts.
    pub fn add(&mut self, record: KeyRecord) -> Result<(), RingError> {
        let kid = record.public.thumbprint();
        if let Some(KeyRecord { state, .. }) = self.find(&kid) {
            return Err(RingError::Duplicate { kid, state: *state });
        }
        if record.purposes.is_empty() {
            return Err(RingError::NoPurpose(kid));
        }
        if matches!(&record.products, Products::Only(names) if names.is_empty()) {
            return Err(RingError::NoProduct(kid));
        }
        match (record.not_before, record.not_after) {
            (Some(not_before), Some(not_after)) if not_after < not_before => {
                return Err(RingError::EmptyWindow { kid, not_before, not_after });
            }
            _ => {}
        }
        self.records.push(record);
        Ok(())
    }

    /// The key that signs for `purpose`: of the active ones that may, the one made last. A key with a date of distrust
    /// is none of them, however far ahead the date lies. Whether now lies within the key's window is for the
    /// caller to check, who has the clock.
    #[must_use]
    pub fn active_for(&self, purpose: Purpose) -> Option<&KeyRecord> {
        let signs = |key: &&KeyRecord| {
            key.state == KeyState::Active && key.distrust_after.is_none() && key.purposes.contains(&purpose)
        };
        // Of several equals, `max_by_key` takes the one that joined last.
        self.records.iter().filter(signs).max_by_key(|key| key.created_at)
    }

    /// The key with this thumbprint.
    #[must_use]
    pub fn find(&self, kid: &Thumbprint) -> Option<&KeyRecord> {
        self.records.iter().find(|key| key.public.thumbprint() == *kid)
    }

    /// The trust anchors to ship: the public halves of all keys. Next ones too, so that they are known before they
    /// sign; retired ones too, since what they signed lives on; distrusted ones too, since that is how deployments
    /// learn of it.
    ///
    /// # Errors
    /// [`AnchorError`] if there are no keys.
    pub fn anchors(&self) -> Result<AnchorSet, AnchorError> {
        AnchorSet::new(self.records.iter().map(KeyRecord::anchor).collect())
    }
}

impl KeyRecord {
    fn anchor(&self) -> Anchor {
        Anchor {
            key: self.public.clone(),
            issuer: self.issuer.clone(),
            purposes: self.purposes.clone(),
            products: self.products.clone(),
            algorithm: self.algorithm,
            not_before: self.not_before,
            not_after: self.not_after,
            distrust_after: self.distrust_after,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::PrivateKey;
    use lictor_shared::Name;

    fn at(seconds: u64) -> Timestamp {
        Timestamp::from_seconds(seconds).unwrap()
    }

    fn record(seed: u8, state: KeyState, created_at: u64) -> KeyRecord {
        KeyRecord {
            public: PrivateKey::from_seed(&[seed; 32]).unwrap().public().clone(),
            state,
            issuer: Text::new("acme-licensing").unwrap(),
            purposes: Purpose::ALL.to_vec(),
            products: Products::Any,
            algorithm: None,
            created_at: at(created_at),
            not_before: None,
            not_after: None,
            distrust_after: None,
        }
    }

    fn active(ring: &KeyRing, purpose: Purpose) -> Option<&PublicKey> {
        ring.active_for(purpose).map(|key| &key.public)
    }

    #[test]
    fn the_first_key_is_active_and_the_others_wait() {
        let mut ring = KeyRing::new();
        assert_eq!(ring.state_for_new(), KeyState::Active);
        ring.add(record(1, KeyState::Retired, 1)).unwrap();
        assert_eq!(ring.state_for_new(), KeyState::Next);
        assert_eq!(ring.active_for(Purpose::License), None);
    }

    #[test]
    fn refuses_a_key_twice_and_keys_for_nothing() {
        let mut ring = KeyRing::from_records([record(1, KeyState::Active, 1)]).unwrap();
        let kid = ring.records()[0].public.thumbprint();
        let again = ring.add(record(1, KeyState::Next, 2));
        assert_eq!(again, Err(RingError::Duplicate { kid, state: KeyState::Active }));
        let aimless = KeyRecord { purposes: Vec::new(), ..record(2, KeyState::Next, 2) };
        assert!(matches!(ring.add(aimless), Err(RingError::NoPurpose(_))));
        let productless = KeyRecord { products: Products::Only(Vec::new()), ..record(2, KeyState::Next, 2) };
        assert!(matches!(ring.add(productless), Err(RingError::NoProduct(_))));
        let never =
            KeyRecord { not_before: Some(at(5)), not_after: Some(at(4)), ..record(2, KeyState::Next, 2) };
        assert!(matches!(ring.add(never), Err(RingError::EmptyWindow { .. })));
        let instant =
            KeyRecord { not_before: Some(at(5)), not_after: Some(at(5)), ..record(2, KeyState::Next, 2) };
        assert_eq!(ring.add(instant), Ok(()));
        assert_eq!(ring.records().len(), 2, "what was refused has not joined");
    }

    #[test]
    fn the_newest_active_key_that_may_signs() {
        let online = KeyRecord { purposes: vec![Purpose::Status], ..record(3, KeyState::Active, 3) };
        let leaked = KeyRecord { distrust_after: Some(Timestamp::MAX), ..record(4, KeyState::Active, 9) };
        let records = [
            record(1, KeyState::Active, 2),
            record(2, KeyState::Active, 1),
            online,
            leaked,
            record(5, KeyState::Next, 9),
            record(6, KeyState::Retired, 9),
        ];
        let ring = KeyRing::from_records(records).unwrap();
        assert_eq!(active(&ring, Purpose::License), Some(&ring.records()[0].public));
        assert_eq!(active(&ring, Purpose::Status), Some(&ring.records()[2].public));
        let equals = [record(1, KeyState::Active, 2), record(2, KeyState::Active, 2)];
        let ring = KeyRing::from_records(equals).unwrap();
        assert_eq!(active(&ring, Purpose::License), Some(&ring.records()[1].public));
    }

    #[test]
    fn all_public_halves_ship_with_all_that_limits_them() {
        let limited = KeyRecord {
            purposes: vec![Purpose::Status],
            products: Products::Only(vec![Name::new("dialer").unwrap()]),
            algorithm: Some(Algorithm::Ed25519),
            not_before: Some(at(1)),
            not_after: Some(at(2)),
            distrust_after: Some(at(3)),
            ..record(2, KeyState::Retired, 1)
        };
        let records = [record(1, KeyState::Active, 1), limited, record(3, KeyState::Next, 1)];
        let ring = KeyRing::from_records(records.clone()).unwrap();
        let json = ring.anchors().unwrap().to_json();
        let read = AnchorSet::read(json.as_bytes()).unwrap();
        assert_eq!(read.anchors(), records.each_ref().map(KeyRecord::anchor));
        for record in &records {
            assert!(json.contains(&format!("\"kid\": \"{}\"", record.public.thumbprint())), "{json}");
        }
        assert!(json.contains("\"use\": \"sig\""), "{json}");
        assert!(matches!(KeyRing::new().anchors(), Err(AnchorError::NoUsableKey)));
    }
}
