//! An issuer that was set up: the first event of a ledger.

use lictor_shared::json::Value;
use lictor_shared::{Text, Uri, Uuid};

use crate::event::Facts;
use crate::ledger::transaction::REQUEST_ID;
use crate::occasion::Occasion;
use crate::outcome::Outcome;

/// An issuer that was set up.
pub(crate) struct Created {
    pub(crate) issuer: Text,
    pub(crate) status_uri: Uri,
    pub(crate) ledger: Uuid,
}

impl Created {
    /// What its event says.
    pub(crate) fn facts(&self, occasion: &Occasion) -> Facts {
        let facts = Facts::new([
            ("issuer", self.issuer.as_str().into()),
            ("ledger", self.ledger.to_string().into()),
            ("statusUri", self.status_uri.as_str().into()),
        ]);
        match occasion.request() {
            Some(request) => facts.and(REQUEST_ID, request.id.as_str()),
            None => facts,
        }
    }
}

impl Outcome for Created {
    fn answer(&self) -> Value {
        answer(&self.issuer, &self.status_uri)
    }
}

/// An issuer that was set up, as programs see it.
pub(crate) fn answer(issuer: &Text, status_uri: &Uri) -> Value {
    Value::object([("issuer", issuer.as_str().into()), ("statusUri", status_uri.as_str().into())])
}
