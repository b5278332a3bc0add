//! Ledgers of a given length, made by the library itself: many licenses are issued at once, two events each.

use lictor_issuer::key::{KeyOrigin, NewKey, add_key};
use lictor_issuer::terms::{FromText as _, TermLength};
use lictor_issuer::{ClockSource, Home, Ledger, Occasion, Order, Product, Terms, catalogue};
use lictor_keys::{KeyPurpose, PrivateKey, seal_plain};
use lictor_shared::{Name, Products, Text, Timestamp, Uri};
use std::collections::BTreeMap;
use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};

use crate::orders;

/// The day on which everything happens.
pub(crate) const NOW: &str = "2026-11-22T00:00:00Z";

/// Events of a ledger that is made in a moment.
const SHORT: u64 = 20_000;

/// A home, its open ledger, its key, and a license in it.
pub(crate) struct Prepared {
    pub(crate) home: Home,
    pub(crate) ledger: Ledger,
    pub(crate) key: PrivateKey,
    pub(crate) license: String,
}

/// Where ledgers are prepared.
pub(crate) fn folder() -> PathBuf {
    std::env::var_os("LICTOR_BENCH_FOLDER")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("target").join("bench"), PathBuf::from)
}

pub(crate) fn prepared(events: u64) -> Result<Prepared, Box<dyn Error>> {
    let folder = folder();
    let path = folder.join(format!("home-{events}"));
    // A short one is made anew: what was measured in it has made it longer.
    if events <= SHORT || !path.join("ready").exists() {
        // So is what an interrupted run left.
        let _ = fs::remove_dir_all(&path);
        fs::create_dir_all(&folder)?;
        if events > SHORT {
            eprintln!("Preparing a ledger of {events} events in {} …", path.display());
        }
        let license = make(&path, events)?;
        fs::write(path.join("ready"), license)?;
    }
    let license = fs::read_to_string(path.join("ready"))?;
    let home = Home::open(&path)?;
    let ledger = home.ledger()?;
    let kid = ledger.key_ring()?.records().first().ok_or("a key")?.public.thumbprint();
    let key = home.keys()?.open_key(&kid, None)?;
    Ok(Prepared { home, ledger, key, license })
}

pub(crate) fn occasion() -> Result<Occasion, Box<dyn Error>> {
    let at = Timestamp::parse(NOW)?;
    Ok(Occasion::new(at, ClockSource::Given, Text::new("bench")?))
}

fn make(path: &Path, events: u64) -> Result<String, Box<dyn Error>> {
    let (home, mut ledger, key) = new_home(path, "urn:acme:status:0")?;
    // Three events are there; of each license one tells that it was issued, and one that its order was answered.
    orders::issued((&home, &mut ledger, key), "prepared", events.saturating_sub(3) / 2)
}

/// A home with a key and a product.
pub(crate) fn new_home(path: &Path, status_uri: &str) -> Result<(Home, Ledger, PrivateKey), Box<dyn Error>> {
    let occasion = occasion()?;
    let home = Home::init(path, Text::new("acme")?, Uri::new(status_uri)?, &occasion)?;
    let mut ledger = home.ledger()?;
    let made = PrivateKey::generate()?;
    let new = NewKey {
        public: made.public().clone(),
        origin: KeyOrigin::Generated,
        purposes: KeyPurpose::ANCHORED.to_vec(),
        products: Products::Any,
        algorithm: None,
        not_before: None,
        not_after: None,
    };
    add_key(&home, &mut ledger, new, &seal_plain(&made)?, &occasion)?;
    let key = home.keys()?.open_key(&made.public().thumbprint(), None)?;
    let product = Product {
        name: Name::new("dialer")?,
        plans: vec![Name::new("enterprise")?],
        defaults: Terms::default(),
    };
    catalogue::add_product(&mut ledger, &product, &occasion)?;
    Ok((home, ledger, key))
}

pub(crate) fn order(customer: &str) -> Result<Order, Box<dyn Error>> {
    Ok(Order {
        products: vec![Name::new("dialer")?],
        plan: Name::new("enterprise")?,
        customer: Text::new(customer)?,
        customer_id: None,
        starts: None,
        terms: Terms { term: Some(TermLength::from_text("1y")?), ..Terms::default() },
        origins: Vec::new(),
        meta: BTreeMap::new(),
        algorithm: None,
    })
}
