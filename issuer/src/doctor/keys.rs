//! Keys: whether one signs, until when, and whether its file is there.

use lictor_keys::{FolderContents, FolderError, KeyRecord, KeyRing, KeyState};
use lictor_shared::{Purpose, Seconds, Timestamp};

use super::Finding;
use crate::error::{Failure, FailureKind, shell};
use crate::home::Home;
use crate::key::signing_key;
use crate::ledger::Ledger;

/// Thirty days: so long before a key's end it is said.
const AHEAD: Option<Seconds> = Seconds::new(30 * 86_400);

pub(super) fn examine(home: &Home, ledger: &Ledger, at: Timestamp) -> Result<Vec<Finding>, Failure> {
    let ring = ledger.key_ring()?;
    let mut findings: Vec<Finding> =
        [Purpose::License, Purpose::Status].into_iter().map(|purpose| signs(&ring, purpose, at)).collect();
    findings.extend(ring.records().iter().filter_map(|key| ends_soon(key, at)));
    match home.keys() {
        Ok(folder) => findings.extend(files(&ring, &folder.contents()?)),
        Err(failure) => findings.push(Finding::problem("keys", mendable(failure))),
    }
    Ok(findings)
}

/// Where the key folder or a file in it is open to others, the command that closes it is the fix, apart from the words.
fn mendable(failure: Failure) -> Failure {
    let error = failure.source.as_ref().and_then(|source| source.downcast_ref::<FolderError>());
    let (path, mode, wanted) = match error {
        Some(FolderError::FolderIsOpen { path, mode }) => (path, mode, "700"),
        Some(FolderError::FileIsOpen { path, mode }) => (path, mode, "600"),
        _ => return failure,
    };
    let path = path.display().to_string();
    let says = format!(
        "{path} is open to other users (mode {mode:03o}). If somebody may have read it, it has leaked."
    );
    Failure::new(failure.kind, says).hint(format!("chmod {wanted} {}", shell(&path)))
}

fn signs(ring: &KeyRing, purpose: Purpose, at: Timestamp) -> Finding {
    let what = match purpose {
        Purpose::License => "licenses",
        Purpose::Status => "status lists",
        Purpose::Activation => "activations",
    };
    match signing_key(ring, purpose, at) {
        Ok(key) => Finding::fine("keys", format!("{} signs {what}.", key.public.thumbprint())),
        Err(failure) => Finding::warning("keys", failure.message, failure.hint.unwrap_or_default()),
    }
}

fn ends_soon(key: &KeyRecord, at: Timestamp) -> Option<Finding> {
    let end = key.not_after.filter(|_| key.state != KeyState::Retired)?;
    let soon = end.minus(AHEAD?) <= at && at <= end;
    let says = format!("The key {} signs until {end}.", key.public.thumbprint());
    soon.then(|| Finding::warning("keys", says, "Make the next one with: lictor key new"))
}

/// The folder against the ledger.
fn files(ring: &KeyRing, contents: &FolderContents) -> Vec<Finding> {
    let needed = |key: &&KeyRecord| key.state != KeyState::Retired && key.destroyed_at.is_none();
    let lost = ring.records().iter().filter(needed).map(|key| key.public.thumbprint());
    let lost = lost.filter(|kid| !contents.keys.contains(kid)).map(|kid| {
        let failure = Failure::new(FailureKind::CannotRead, format!("The file of the key {kid} is missing."));
        Finding::problem("keys", failure.hint("Restore the folder keys/ from a backup."))
    });
    let foreign = contents.keys.iter().filter(|kid| ring.find(kid).is_none()).map(|kid| {
        Finding::warning(
            "keys",
            format!("The ledger does not know the key in keys/{kid}.pem."),
            "Import it again with lictor key import, or move the file away.",
        )
    });
    let others = contents.leftovers.iter().chain(&contents.unknown).map(|path| {
        let says = format!("{} is no key file.", path.display());
        Finding::warning("keys", says, "If no command is running, move it away.")
    });
    lost.chain(foreign).chain(others).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use lictor_shared::{Products, PublicKey, Text};

    #[test]
    fn a_key_that_ends_soon_is_told_of() {
        let at = |text: &str| Timestamp::parse(text).unwrap();
        let mut key = KeyRecord {
            public: PublicKey::from_base64url("11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo").unwrap(),
            state: KeyState::Active,
            issuer: Text::new("acme").unwrap(),
            purposes: vec![Purpose::License],
            products: Products::Any,
            algorithm: None,
            created_at: at("2026-01-01T00:00:00Z"),
            not_before: None,
            not_after: Some(at("2026-12-31T00:00:00Z")),
            distrust_after: None,
            turn: None,
            destroyed_at: None,
        };
        for (now, soon) in [
            ("2026-11-30T23:59:59Z", false),
            ("2026-12-01T00:00:00Z", true),
            ("2026-12-31T00:00:00Z", true),
            // Then it signs no more, which is a finding of its own.
            ("2026-12-31T00:00:01Z", false),
        ] {
            assert_eq!(ends_soon(&key, at(now)).is_some(), soon, "{now}");
        }
        key.state = KeyState::Retired;
        assert_eq!(ends_soon(&key, at("2026-12-31T00:00:00Z")), None);
    }
}
