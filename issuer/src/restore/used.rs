//! The lists of which indices may have been handed out.

use lictor_shared::Uri;
use lictor_shared::json::Value;
use std::collections::BTreeSet;

use crate::error::{Failure, FailureKind};
use crate::home::Home;
use crate::ledger::{Ledger, entries};

pub(super) type Uris = BTreeSet<String>;

/// The list that the home has used last. The backup may know nothing of it.
pub(super) fn configured(home: &Home) -> Uris {
    Uris::from([home.config().status_uri.to_string()])
}

/// Every list that a ledger knows, also those that no license refers to yet.
pub(super) fn add(ledger: &Ledger, uris: &mut Uris) -> Result<(), Failure> {
    uris.extend(entries::uris(ledger.connection())?.into_iter().map(|uri| uri.to_string()));
    for event in ledger.events(1) {
        uris.extend(event?.body.get("statusUri").and_then(Value::as_str).map(ToOwned::to_owned));
    }
    Ok(())
}

/// The lists that a damaged ledger still tells of. What cannot be read any more does not stand in the way of restoring.
pub(super) fn add_from_ruins(home: &Home, uris: &mut Uris) {
    let _damaged = home.ledger().and_then(|ledger| add(&ledger, uris));
}

/// After restoring, new licenses get a list of their own: an index must never be handed out twice.
pub(super) fn refuse(uri: &Uri, taken: &Uris) -> Result<(), Failure> {
    if !taken.contains(uri.as_str()) {
        return Ok(());
    }
    let message = format!(
        "The list {uri} was used before; indices of it may have been handed out that the backup does not know."
    );
    Err(Failure::new(FailureKind::Conflict, message)
        .hint("Name a list that was never used with --status-uri.")
        .with("uri", uri.as_str()))
}
