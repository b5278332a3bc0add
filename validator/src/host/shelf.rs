//! The names under which a store keeps what.

use lictor_shared::{Label, Uuid, armor};

use super::digest::Digest;

/// The deployment's key.
pub(crate) const IDENTITY: &str = "identity.json";
/// The state.
pub(crate) const STATE: &str = "state.json";
/// Where a damaged blob goes.
const DAMAGED: &str = ".damaged";

/// The artefacts that are kept, by the beginning of their names.
const ARTEFACTS: [(Label, &str); 4] = [
    (Label::License, "license-"),
    (Label::StatusList, "status-list-"),
    (Label::Activation, "activation-"),
    (Label::Release, "release-"),
];
const REQUEST: &str = "request-";
const ENDING: &str = ".txt";

/// The name of an artefact: that of its content, so nothing under it ever changes and two replicas cannot disagree about it.
pub(crate) fn artefact(label: Label, token: &str) -> Option<String> {
    let (_, beginning) = ARTEFACTS.into_iter().find(|(kept, _)| *kept == label)?;
    Some(format!("{beginning}{}{ENDING}", Digest::of(token)))
}

/// What is kept under a name, if it is an artefact.
pub(crate) fn label(name: &str) -> Option<Label> {
    let name = name.strip_suffix(ENDING)?;
    ARTEFACTS.into_iter().find(|(_, beginning)| name.starts_with(beginning)).map(|(label, _)| label)
}

/// Whether exactly this was laid there under this name, and nobody has put there or changed anything since.
pub(crate) fn is_own(name: &str, label: Label, token: &str, found: &[u8]) -> bool {
    artefact(label, token).as_deref() == Some(name) && bytes(label, token) == found
}

/// The bytes of an artefact.
pub(crate) fn bytes(label: Label, token: &str) -> Vec<u8> {
    armor::wrap(label, token).into_bytes()
}

/// The name of a request.
pub(crate) fn request(nonce: Uuid) -> String {
    format!("{REQUEST}{nonce}{ENDING}")
}

/// Whether a request is kept under a name.
pub(crate) fn is_request(name: &str) -> bool {
    let nonce = name.strip_prefix(REQUEST).and_then(|rest| rest.strip_suffix(ENDING));
    nonce.is_some_and(|nonce| Uuid::new(nonce).is_ok())
}

/// The name under which the damaged bytes of another are kept.
pub(crate) fn damaged(name: &str) -> String {
    format!("{name}{DAMAGED}")
}

/// The name of the blob whose damaged bytes are kept under this one.
pub(crate) fn damaged_original(name: &str) -> Option<&str> {
    name.strip_suffix(DAMAGED).filter(|original| [IDENTITY, STATE].contains(original))
}
