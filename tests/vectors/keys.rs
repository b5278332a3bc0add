//! The keys of the vectors, by name.

use lictor_tests::signing::TestKey;

/// `main` signs everything unless a vector says otherwise and is the one trust anchor of `base/`; `device` is the deployment.
const NAMES: [&str; 5] = ["main", "second", "third", "device", "other-device"];

pub(crate) fn key(name: &str) -> TestKey {
    let place = NAMES.iter().position(|known| *known == name);
    let byte = place.and_then(|place| u8::try_from(place + 1).ok());
    TestKey::new(byte.unwrap_or_else(|| panic!("no key {name:?}")))
}
