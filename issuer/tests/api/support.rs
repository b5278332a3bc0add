//! A home with a key and a product, in a folder with a space in its name that is removed afterwards.

use lictor_issuer::key::{KeyOrigin, NewKey, add_key};
use lictor_issuer::terms::{FromText as _, TermLength};
use lictor_issuer::{ClockSource, Failure, Home, Issued, Ledger, Occasion, Order, Product, Terms, catalogue};
use lictor_keys::{KeyPurpose, KeyRecord, PrivateKey, seal_plain};
use lictor_shared::{Name, Products, Text, Timestamp, Uri};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

pub(crate) const NOW: &str = "2026-11-22T00:00:00Z";
pub(crate) const LIST: &str = "https://licensing.acme.example/status/0";

static NEXT: AtomicU32 = AtomicU32::new(0);

/// A folder that is removed afterwards.
pub(crate) struct Scratch(pub(crate) PathBuf);

impl Scratch {
    pub(crate) fn new() -> Self {
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("lictor issuer api {} {number}", std::process::id()));
        fs::create_dir(&path).unwrap();
        Self(path)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

pub(crate) struct World {
    pub(crate) home: Home,
    pub(crate) ledger: Ledger,
    pub(crate) key: PrivateKey,
    pub(crate) scratch: Scratch,
}

impl World {
    /// A home, no key, no product.
    pub(crate) fn bare() -> Self {
        let scratch = Scratch::new();
        let home = init(&scratch.0.join("home"), NOW).unwrap();
        let ledger = home.ledger().unwrap();
        Self { home, ledger, key: PrivateKey::generate().unwrap(), scratch }
    }

    /// With an active key and a product `dialer` with the plans `basic` and `enterprise`.
    pub(crate) fn new() -> Self {
        let mut world = Self::bare();
        world.add_key(&PrivateKey::generate().unwrap(), |key| key).unwrap();
        world = Self { key: world.first_key(), ..world };
        world.add_product("dialer", Terms::default());
        world
    }

    fn first_key(&self) -> PrivateKey {
        let kid = self.ledger.key_ring().unwrap().records()[0].public.thumbprint();
        self.home.keys().unwrap().open_key(&kid, None).unwrap()
    }

    pub(crate) fn add_key(
        &mut self,
        key: &PrivateKey,
        change: impl FnOnce(NewKey) -> NewKey,
    ) -> Result<KeyRecord, Failure> {
        let new = change(new_key(key));
        add_key(&self.home, &mut self.ledger, new, &seal_plain(key).unwrap(), &at(NOW))
    }

    pub(crate) fn add_product(&mut self, name: &str, defaults: Terms) {
        let product = Product {
            name: self::name(name),
            plans: vec![self::name("basic"), self::name("enterprise")],
            defaults,
        };
        catalogue::add_product(&mut self.ledger, &product, &at(NOW)).unwrap();
    }

    pub(crate) fn try_issue(&mut self, order: &Order) -> Result<Issued, Failure> {
        self.try_issue_at(order, NOW)
    }

    pub(crate) fn try_issue_at(&mut self, order: &Order, when: &str) -> Result<Issued, Failure> {
        lictor_issuer::issue(&self.home, &mut self.ledger, &self.key, order, &at(when))
    }

    pub(crate) fn issue(&mut self, change: impl FnOnce(&mut Order)) -> Issued {
        let mut order = order();
        change(&mut order);
        self.try_issue(&order).unwrap()
    }
}

pub(crate) fn init(path: &Path, when: &str) -> Result<Home, Failure> {
    Home::init(path, text("acme-licensing"), Uri::new(LIST).unwrap(), &at(when))
}

pub(crate) fn new_key(key: &PrivateKey) -> NewKey {
    NewKey {
        public: key.public().clone(),
        origin: KeyOrigin::Generated,
        purposes: KeyPurpose::ANCHORED.to_vec(),
        products: Products::Any,
        algorithm: None,
        not_before: None,
        not_after: None,
    }
}

pub(crate) fn order() -> Order {
    Order {
        products: vec![name("dialer")],
        plan: name("enterprise"),
        customer: text("Acme GmbH"),
        customer_id: None,
        starts: None,
        terms: Terms { term: Some(TermLength::from_text("1y").unwrap()), ..Terms::default() },
        origins: Vec::new(),
        meta: BTreeMap::new(),
        algorithm: None,
    }
}

pub(crate) fn at(when: &str) -> Occasion {
    Occasion::new(time(when), ClockSource::Given, text("alice"))
}

pub(crate) fn time(text: &str) -> Timestamp {
    Timestamp::parse(text).unwrap()
}

pub(crate) fn name(text: &str) -> Name {
    Name::new(text).unwrap()
}

pub(crate) fn text(text: &str) -> Text {
    Text::new(text).unwrap()
}

/// What is wrong with which field.
pub(crate) fn field_errors(failure: &Failure) -> Vec<String> {
    assert_eq!(failure.exit_code(), 22, "{}", failure.message);
    failure.details["fieldErrors"].as_object().unwrap().keys().cloned().collect()
}

/// Every file below a folder, with its bytes.
pub(crate) fn tree(path: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut files = BTreeMap::new();
    for entry in fs::read_dir(path).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.insert(path.clone(), Vec::new());
            files.extend(tree(&path));
        } else {
            files.insert(path.clone(), fs::read(&path).unwrap());
        }
    }
    files
}
