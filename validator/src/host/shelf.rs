//! The names under which a store keeps what.

use lictor_shared::{Label, Uuid, armor};

use super::digest::Digest;

/// The deployment's key.
pub(crate) const IDENTITY: &str = "identity.json";
/// The state.
pub(crate) const STATE: &str = "state.json";
/// The record of use.
pub(crate) const USAGE: &str = "usage.json";
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

/// Whether a blob of this name is the validator's own: it bears a name as the validator gives it, which says of nobody anything but
/// what its content is. Whatever else lies there bears a name of somebody else's choice.
#[must_use]
pub fn is_own_name(name: &str) -> bool {
    let digest = |name: &str| {
        let name = name.strip_suffix(ENDING)?;
        let digests = ARTEFACTS.into_iter().filter_map(|(_, beginning)| name.strip_prefix(beginning));
        digests.filter_map(Digest::new).next()
    };
    [IDENTITY, STATE, USAGE].contains(&name)
        || damaged_original(name).is_some()
        || name.strip_suffix(DAMAGED) == Some(USAGE)
        || is_request(name)
        || digest(name).is_some()
}

/// The name under which the damaged bytes of another are kept.
pub(crate) fn damaged(name: &str) -> String {
    format!("{name}{DAMAGED}")
}

/// The name of the blob whose damaged bytes are kept under this one, if the verdict is to say so. The record of use is none of
/// its business.
pub(crate) fn damaged_original(name: &str) -> Option<&str> {
    name.strip_suffix(DAMAGED).filter(|original| [IDENTITY, STATE].contains(original))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn own_names_are_those_that_are_given_here() {
        let digest = Digest::of("a").to_string();
        let nonce = Uuid::new("0198c0d2-6c1e-7000-8000-2f6f2b1d9a10").unwrap();
        for (_, beginning) in ARTEFACTS {
            assert!(is_own_name(&format!("{beginning}{digest}.txt")), "{beginning}");
            for other in ["meyer", &digest[1..], &digest.to_uppercase(), &format!("{digest}0"), ""] {
                assert!(!is_own_name(&format!("{beginning}{other}.txt")), "{beginning}{other}");
            }
            assert!(!is_own_name(&format!("{beginning}{digest}")), "{beginning}");
        }
        let damaged = ["identity.json.damaged", "state.json.damaged", "usage.json.damaged"];
        for own in [IDENTITY, STATE, USAGE, &request(nonce)].into_iter().chain(damaged) {
            assert!(is_own_name(own), "{own}");
        }
        for other in ["", "meyer.txt", "request-meyer.txt", "meyer.damaged", "state.json.bak", ".lock"] {
            assert!(!is_own_name(other), "{other}");
        }
    }
}
