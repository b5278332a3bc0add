//! A deployment as the issuer sees it: a key, a counter, and requests in files.

use lictor_keys::{PrivateKey, Signer as _};
use lictor_shared::{
    Algorithm, Artefact as _, Beginning, EmbeddedKey, License, Mode, ModeSince, Name, Received, Request,
    RequestKind, Text, Timestamp, Unsigned, UsageReport, Uuid, armor,
};
use sha2::{Digest as _, Sha256};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};

use super::world::{NOW, World};

static NONCE: AtomicU64 = AtomicU64::new(1);

/// A deployment that holds a license.
pub(crate) struct Deployment {
    key: PrivateKey,
    license: License,
    hash: [u8; 32],
    label: String,
    pub(crate) counter: u64,
    pub(crate) previous: Option<Uuid>,
}

impl Deployment {
    /// One that holds the license in a file.
    pub(crate) fn new(world: &World, file: &str, label: &str) -> Self {
        let token = armor::unwrap(world.read(file).as_bytes(), License::LABEL);
        let received = Received::<License>::read(&token).expect("a license");
        Self {
            key: PrivateKey::generate().expect("randomness"),
            license: License::read(received.untrusted_payload()).expect("a license"),
            hash: Sha256::digest(&token).into(),
            label: label.into(),
            counter: 0,
            previous: None,
        }
    }

    pub(crate) fn id(&self) -> String {
        self.key.public().thumbprint().to_string()
    }

    /// The same deployment with another license.
    pub(crate) fn holding(self, world: &World, file: &str) -> Self {
        let Self { license, hash, .. } = Self::new(world, file, &self.label);
        Self { license, hash, ..self }
    }

    /// The next request, in armor.
    pub(crate) fn ask(&mut self, kind: RequestKind) -> String {
        self.ask_with(kind, |_| ())
    }

    /// The same with changes.
    pub(crate) fn ask_with(&mut self, kind: RequestKind, change: impl FnOnce(&mut Request)) -> String {
        self.counter += 1;
        let (process, number) = (u64::from(std::process::id()), NONCE.fetch_add(1, Ordering::Relaxed));
        let nonce = format!("019c1f6a-0800-7c11-9a2b-{:012x}", (process << 24 | number) & 0xffff_ffff_ffff);
        let mut request = Request {
            deployment: self.key.public().thumbprint(),
            issuer: self.license.issuer.clone(),
            nonce: Uuid::new(&nonce).expect("a nonce"),
            issued_at: Timestamp::parse(NOW).expect("a time"),
            kind,
            license: self.license.id,
            license_hash: self.hash,
            product: Name::new("dialer").expect("a name"),
            label: Text::new(&self.label).expect("a label"),
            counter: self.counter,
            previous: self.previous,
            validator: Text::new("dialer 7.2").expect("a text"),
            signals: BTreeMap::new(),
            extensions: Default::default(),
        };
        change(&mut request);
        let key = EmbeddedKey(self.key.public().clone());
        let unsigned = Unsigned::<Request>::new(Algorithm::EdDsa, &key, &request);
        let signature = self.key.sign(unsigned.signing_input()).expect("a signature");
        armor::wrap(Request::LABEL, &unsigned.with_signature(&signature))
    }

    /// Its first report of use, in armor.
    pub(crate) fn report(&self) -> String {
        self.report_for("dialer")
    }

    /// The same of another product.
    pub(crate) fn report_for(&self, product: &str) -> String {
        let at = Timestamp::parse(NOW).expect("a time");
        let report = UsageReport {
            deployment: self.key.public().thumbprint(),
            issuer: self.license.issuer.clone(),
            id: Uuid::new("019c1f6a-0800-7c11-9a2b-000000000001").expect("an id"),
            issued_at: at,
            license: self.license.id,
            activation: None,
            product: Name::new(product).expect("a name"),
            validator: Text::new("dialer 7.2").expect("a text"),
            sequence: 1,
            previous: None,
            from: at,
            to: at,
            beginning: Beginning::Start,
            modes: vec![ModeSince { mode: Mode::Full, reason: None, since: at }],
            omitted: 0,
            counters: BTreeMap::new(),
            extensions: Default::default(),
        };
        let key = EmbeddedKey(self.key.public().clone());
        let unsigned = Unsigned::<UsageReport>::new(Algorithm::EdDsa, &key, &report);
        let signature = self.key.sign(unsigned.signing_input()).expect("a signature");
        armor::wrap(UsageReport::LABEL, &unsigned.with_signature(&signature))
    }
}
