//! The key ring: which keys an issuer has, and what each is for. Public halves only; the private ones lie in the
//! [key folder](crate::KeyFolder).

mod life;

use lictor_shared::{
    Algorithm, Anchor, AnchorError, AnchorSet, Name, Products, PublicKey, Text, Thumbprint, Timestamp,
};

pub use life::{Gap, KeyStep, LifeError, Past};

use crate::purpose::KeyPurpose;
use crate::standing::KeyStanding;
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
    /// What it may sign; never empty. A key of the log stands alone.
    pub purposes: Vec<KeyPurpose>,
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
    /// Of several active keys that may sign the one with the greatest turn does; `None`: it was never activated.
    pub turn: Option<u64>,
    /// When its private half was given up.
    pub destroyed_at: Option<Timestamp>,
}

/// Why a record does not join the ring.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RingError {
    /// The key is there already.
    #[error("the key {kid} is there already, and is {state}")]
    Duplicate {
        /// Its thumbprint.
        kid: Thumbprint,
        /// Its state there.
        state: KeyState,
    },
    /// Good for nothing.
    #[error(
        "the key {0} has no purpose; give it at least one of license, status and activation, or log alone"
    )]
    NoPurpose(Thumbprint),
    /// Of the log, and of more.
    #[error(
        "the key {0} is to sign checkpoints of the log, and so nothing else: it has no other purpose, no products, no algorithm and no window"
    )]
    LogAlone(Thumbprint),
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
/// use lictor_keys::{KeyPurpose, KeyRecord, KeyRing, KeyState, PrivateKey};
/// use lictor_shared::{Products, Text, Timestamp};
///
/// let mut ring = KeyRing::new();
/// for _ in 0..2 {
///     let (purposes, products) = (KeyPurpose::ANCHORED.to_vec(), Products::Any);
///     ring.add(KeyRecord {
///         public: PrivateKey::generate()?.public().clone(),
///         state: ring.state_for(&purposes, &products),
///         issuer: Text::new("acme-licensing")?,
///         purposes,
///         products,
///         algorithm: None,
///         created_at: Timestamp::parse("2026-11-22T00:00:00Z")?,
///         not_before: None,
///         not_after: None,
///         distrust_after: None,
///         turn: None,
///         destroyed_at: None,
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

    /// The state that a new key joins in: active if nothing that it is for is signed by another key, as of the first key;
    /// else next, so that its public half can ship before anything is signed with it.
    #[must_use]
    pub fn state_for(&self, purposes: &[KeyPurpose], products: &Products) -> KeyState {
        let taken = |purpose: &KeyPurpose| {
            self.signing(*purpose).any(|key| !purpose.is_of_products() || share(&key.products, products))
        };
        if purposes.iter().any(taken) { KeyState::Next } else { KeyState::Active }
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
        if record.is_of_log() && !record.is_of_log_alone() {
            return Err(RingError::LogAlone(kid));
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

    /// The key that signs for `purpose` if no product is asked for: of the active ones that may, the one activated last.
    /// A key with a date of distrust is none of them, however far ahead the date lies. Whether now lies within the key's
    /// window is for the caller to check, who has the clock.
    #[must_use]
    pub fn active_for(&self, purpose: impl Into<KeyPurpose>) -> Option<&KeyRecord> {
        self.active_for_products(purpose, &[])
    }

    /// The same of those that speak for all of these products.
    #[must_use]
    pub fn active_for_products(
        &self,
        purpose: impl Into<KeyPurpose>,
        products: &[Name],
    ) -> Option<&KeyRecord> {
        let speaks = |key: &&KeyRecord| products.iter().all(|product| key.products.include(product));
        // Of several equals, `max_by_key` takes the one that joined last.
        self.signing(purpose).filter(speaks).max_by_key(|key| (key.turn, key.created_at))
    }

    /// The keys that may sign for `purpose`, whether or not another one does.
    pub fn signing<P: Into<KeyPurpose>>(&self, purpose: P) -> impl Iterator<Item = &KeyRecord> + use<'_, P> {
        let purpose = purpose.into();
        let signs =
            move |key: &&KeyRecord| key.standing() == KeyStanding::Active && key.purposes.contains(&purpose);
        self.records.iter().filter(signs)
    }

    /// The key with this thumbprint.
    #[must_use]
    pub fn find(&self, kid: &Thumbprint) -> Option<&KeyRecord> {
        self.records.iter().find(|key| key.public.thumbprint() == *kid)
    }

    /// The trust anchors to ship: the public halves of all keys of which deployments may meet something. Next ones too, so
    /// that they are known before they sign; retired ones too, since what they signed lives on; distrusted ones too, since
    /// that is how deployments learn of it. Never those of the log, which no deployment meets.
    ///
    /// # Errors
    /// [`AnchorError`] if there are no keys.
    pub fn anchors(&self) -> Result<AnchorSet, AnchorError> {
        AnchorSet::new(self.records.iter().filter(|key| key.ships()).filter_map(KeyRecord::anchor).collect())
    }
}

/// Whether there is a product that both speak for.
fn share(one: &Products, other: &Products) -> bool {
    match (one, other) {
        (Products::Any, _) | (_, Products::Any) => true,
        (Products::Only(names), other) => names.iter().any(|name| other.include(name)),
    }
}

impl KeyRecord {
    /// How it stands.
    #[must_use]
    pub const fn standing(&self) -> KeyStanding {
        match (self.destroyed_at, self.distrust_after, self.state) {
            (Some(_), _, _) => KeyStanding::Destroyed,
            (None, Some(_), _) => KeyStanding::Distrusted,
            (None, None, KeyState::Next) => KeyStanding::Next,
            (None, None, KeyState::Active) => KeyStanding::Active,
            (None, None, KeyState::Retired) => KeyStanding::Retired,
        }
    }

    /// Whether its public half is among the trust anchors. A key that was destroyed before it signed anything is not, since
    /// nobody will ever meet it; unless it leaked, since then somebody may. One that signed elsewhere and was never active is
    /// [retired](KeyRing::retire) first, so it goes on shipping. One of the log never ships.
    #[must_use]
    pub fn ships(&self) -> bool {
        let may_be_met =
            self.state != KeyState::Next || self.destroyed_at.is_none() || self.distrust_after.is_some();
        may_be_met && !self.is_of_log()
    }

    /// Whether it signs checkpoints of the log.
    #[must_use]
    pub fn is_of_log(&self) -> bool {
        self.purposes.contains(&KeyPurpose::Log)
    }

    /// Checkpoints are of no product, name no algorithm, and bear no date that a window could hold.
    fn is_of_log_alone(&self) -> bool {
        let bounds = (self.algorithm, self.not_before, self.not_after);
        self.purposes == [KeyPurpose::Log] && self.products == Products::Any && bounds == (None, None, None)
    }

    /// What products are told of it; `None` if that is nothing, since it has a purpose for which anchors have no word.
    fn anchor(&self) -> Option<Anchor> {
        Some(Anchor {
            key: self.public.clone(),
            issuer: self.issuer.clone(),
            purposes: self.purposes.iter().map(|purpose| purpose.anchored()).collect::<Option<_>>()?,
            products: self.products.clone(),
            algorithm: self.algorithm,
            not_before: self.not_before,
            not_after: self.not_after,
            distrust_after: self.distrust_after,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::PrivateKey;
    use lictor_shared::{Name, Purpose};

    fn at(seconds: u64) -> Timestamp {
        Timestamp::from_seconds(seconds).unwrap()
    }

    fn record(seed: u8, state: KeyState, created_at: u64) -> KeyRecord {
        KeyRecord {
            public: PrivateKey::from_seed(&[seed; 32]).unwrap().public().clone(),
            state,
            issuer: Text::new("acme-licensing").unwrap(),
            purposes: KeyPurpose::ANCHORED.to_vec(),
            products: Products::Any,
            algorithm: None,
            created_at: at(created_at),
            not_before: None,
            not_after: None,
            distrust_after: None,
            turn: None,
            destroyed_at: None,
        }
    }

    fn active(ring: &KeyRing, purpose: Purpose) -> Option<&PublicKey> {
        ring.active_for(purpose).map(|key| &key.public)
    }

    #[test]
    fn the_first_key_is_active_and_the_others_wait() {
        let mut ring = KeyRing::new();
        let state = |ring: &KeyRing, purpose: Purpose, product: &str| {
            ring.state_for(&[KeyPurpose::from(purpose)], &Products::Only(vec![Name::new(product).unwrap()]))
        };
        assert_eq!(ring.state_for(&KeyPurpose::ANCHORED, &Products::Any), KeyState::Active);
        ring.add(record(1, KeyState::Retired, 1)).unwrap();
        assert_eq!(ring.active_for(Purpose::License), None);
        assert_eq!(
            ring.state_for(&KeyPurpose::ANCHORED, &Products::Any),
            KeyState::Active,
            "nobody else signs"
        );
        let dialer = Products::Only(vec![Name::new("dialer").unwrap()]);
        ring.add(KeyRecord { products: dialer, ..record(2, KeyState::Active, 2) }).unwrap();
        assert_eq!(state(&ring, Purpose::License, "dialer"), KeyState::Next);
        assert_eq!(state(&ring, Purpose::License, "crm"), KeyState::Active);
        assert_eq!(state(&ring, Purpose::Status, "crm"), KeyState::Next, "a list is of no product");
        assert_eq!(ring.state_for(&[Purpose::License.into()], &Products::Any), KeyState::Next);
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
        let online = KeyRecord { purposes: vec![Purpose::Status.into()], ..record(3, KeyState::Active, 3) };
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
            purposes: vec![Purpose::Status.into()],
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
        assert_eq!(read.anchors(), records.each_ref().map(|record| record.anchor().unwrap()));
        for record in &records {
            assert!(json.contains(&format!("\"kid\": \"{}\"", record.public.thumbprint())), "{json}");
        }
        assert!(json.contains("\"use\": \"sig\""), "{json}");
        assert!(matches!(KeyRing::new().anchors(), Err(AnchorError::NoUsableKey)));
    }

    fn of_log(seed: u8, state: KeyState, created_at: u64) -> KeyRecord {
        KeyRecord { purposes: vec![KeyPurpose::Log], ..record(seed, state, created_at) }
    }

    #[test]
    fn a_key_of_the_log_never_ships() {
        let leaked = KeyRecord { distrust_after: Some(at(3)), ..of_log(4, KeyState::Retired, 1) };
        let records = [
            of_log(1, KeyState::Active, 1),
            record(2, KeyState::Active, 1),
            of_log(3, KeyState::Next, 1),
            leaked,
        ];
        let ring = KeyRing::from_records(records).unwrap();
        let anchors = ring.anchors().unwrap();
        assert_eq!(anchors.anchors(), [record(2, KeyState::Active, 1).anchor().unwrap()]);
        assert!(!anchors.to_json().contains("log"), "{}", anchors.to_json());
        let alone = KeyRing::from_records([of_log(1, KeyState::Active, 1)]).unwrap();
        assert!(matches!(alone.anchors(), Err(AnchorError::NoUsableKey)));
    }

    #[test]
    fn a_key_of_the_log_signs_for_it_beside_all_others() {
        let mut ring = KeyRing::from_records([record(1, KeyState::Active, 1)]).unwrap();
        assert_eq!(ring.state_for(&[KeyPurpose::Log], &Products::Any), KeyState::Active);
        ring.add(of_log(2, KeyState::Active, 2)).unwrap();
        assert_eq!(ring.state_for(&[KeyPurpose::Log], &Products::Any), KeyState::Next);
        let log = ring.active_for(KeyPurpose::Log).map(|key| key.public.thumbprint());
        assert_eq!(log, Some(ring.records()[1].public.thumbprint()));
        assert_eq!(active(&ring, Purpose::License), Some(&ring.records()[0].public));
        assert_eq!(ring.signing(Purpose::Status).count(), 1);
    }

    #[test]
    fn a_key_of_the_log_is_of_nothing_else() {
        let log = of_log(1, KeyState::Active, 1);
        let dialer = Products::Only(vec![Name::new("dialer").unwrap()]);
        let both = vec![Purpose::License.into(), KeyPurpose::Log];
        for limited in [
            KeyRecord { purposes: both, ..log.clone() },
            KeyRecord { purposes: KeyPurpose::ALL.to_vec(), ..log.clone() },
            KeyRecord { purposes: vec![KeyPurpose::Log; 2], ..log.clone() },
            KeyRecord { products: dialer, ..log.clone() },
            KeyRecord { algorithm: Some(Algorithm::EdDsa), ..log.clone() },
            KeyRecord { not_before: Some(at(1)), ..log.clone() },
            KeyRecord { not_after: Some(at(1)), ..log.clone() },
        ] {
            let refused = KeyRing::new().add(limited.clone());
            assert!(matches!(refused, Err(RingError::LogAlone(_))), "{limited:?}");
        }
        assert_eq!(KeyRing::new().add(log), Ok(()));
    }
}
