//! The license that is checked, and whoever checks it.

use lictor_shared::{AnchorSet, Timestamp};
use lictor_tests::deployment;
use lictor_tests::signing::TestKey;
use lictor_validator::Context;
use std::error::Error;

/// Its issuer's date.
const NOW: u64 = 1_795_305_600;

pub(crate) const PAYLOAD: &str = include_str!("../../structure/license.json");

/// A license of about a kilobyte, and the key that signed it.
pub(crate) struct Sample {
    pub(crate) key: TestKey,
    pub(crate) token: String,
    pub(crate) anchors: AnchorSet,
}

impl Sample {
    pub(crate) fn new() -> Result<Self, Box<dyn Error>> {
        let key = TestKey::new(1);
        let token = key.token(key.header("license+jwt"), PAYLOAD);
        let anchors =
            AnchorSet::read(format!("{{\"keys\":[{}]}}", key.jwk("acme-licensing", "")).as_bytes())?;
        Ok(Self { key, token, anchors })
    }

    pub(crate) fn size(&self) -> String {
        format!("{} bytes", self.token.len())
    }
}

/// A deployment on the first day.
pub(crate) fn context() -> Result<Context<'static>, Box<dyn Error>> {
    Ok(deployment::fresh("dialer", Timestamp::from_seconds(NOW).ok_or("a time")?))
}
