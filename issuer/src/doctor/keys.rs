//! Keys: whether one signs, until when, and whether its file is there.

use lictor_keys::{
    FolderContents, FolderError, KeyFileError, KeyFolder, KeyPurpose, KeyRecord, KeyRing, KeyStanding,
};
use lictor_shared::{Purpose, Seconds, Thumbprint, Timestamp};

use super::Finding;
use crate::error::{Failure, FailureKind, shell};
use crate::home::Home;
use crate::key::signing_key;
use crate::ledger::Ledger;

/// Thirty days: so long before a key's end it is said.
const AHEAD: Option<Seconds> = Seconds::new(30 * 86_400);

/// Keys in the ledger and in the folder.
pub(super) fn examine(home: &Home, ledger: &Ledger, at: Timestamp) -> Vec<Finding> {
    let ring = match ledger.key_ring() {
        Ok(ring) => ring,
        Err(failure) => {
            return core::iter::once(Finding::problem("keys", failure)).chain(folder(home, None)).collect();
        }
    };
    let mut findings: Vec<Finding> =
        [Purpose::License, Purpose::Status].into_iter().map(|purpose| signs(&ring, purpose, at)).collect();
    findings.extend(ring.records().iter().map(standing));
    findings.extend(ring.records().iter().filter_map(|key| ends_soon(key, at)));
    findings.extend(folder(home, Some(&ring)));
    findings
}

/// The key folder: each file in it, and against the ledger if that can be read.
pub(super) fn folder(home: &Home, ring: Option<&KeyRing>) -> Vec<Finding> {
    let found = home.keys().and_then(|folder| Ok((folder.contents()?, folder)));
    let (contents, folder) = match found {
        Ok(found) => found,
        Err(failure) => return vec![Finding::problem("keys", mendable(failure))],
    };
    let known = |kid: &&Thumbprint| ring.is_none_or(|ring| ring.find(kid).is_some());
    let unusable = contents.keys.iter().filter(known).filter_map(|kid| opens(&folder, kid));
    let mut findings: Vec<Finding> = unusable.chain(others(&contents)).collect();
    match ring {
        Some(ring) => findings.extend(files(ring, &contents)),
        None if findings.is_empty() => {
            let says = format!("{} has {}.", folder.path().display(), counted(&contents));
            findings.push(Finding::fine("keys", says));
        }
        None => {}
    }
    findings
}

fn counted(contents: &FolderContents) -> String {
    match contents.keys.len() {
        1 => "1 key file, which is whole".to_owned(),
        number => format!("{number} key files, each whole"),
    }
}

/// Whether a file holds the key that it is named after; of one that is sealed, whether it holds a sealed key at all.
fn opens(folder: &KeyFolder, kid: &Thumbprint) -> Option<Finding> {
    match folder.open_key(kid, None) {
        Ok(_) | Err(FolderError::Key { error: KeyFileError::PassphraseNeeded, .. }) => None,
        Err(error) => {
            let failure = Failure::from(error);
            let hint = format!("Restore keys/{kid}.pem from a backup of the folder keys/.");
            Some(Finding::problem("keys", failure.hint(hint)))
        }
    }
}

/// What the ledger says of a key: how it stands, since when or until when.
fn standing(key: &KeyRecord) -> Finding {
    let bound = |word: &str, at: Option<Timestamp>| at.map(|at| format!(", {word} {at}")).unwrap_or_default();
    let says = format!(
        "{}{} is {}{}{}{}{}.",
        key.public.thumbprint(),
        if key.is_of_log() { ", of the log," } else { "" },
        key.standing(),
        bound("since", key.destroyed_at),
        bound("what it signs counts from", key.not_before),
        bound("what it signs counts until", key.not_after),
        bound("nothing of it counts from", key.distrust_after),
    );
    Finding::fine("keys", says)
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
    let what = KeyPurpose::from(purpose).signs();
    match signing_key(ring, purpose, at) {
        Ok(key) => Finding::fine("keys", format!("{} signs {what}.", key.public.thumbprint())),
        Err(failure) => Finding::warning("keys", failure.message, failure.hint.unwrap_or_default()),
    }
}

fn ends_soon(key: &KeyRecord, at: Timestamp) -> Option<Finding> {
    let end = key.not_after.filter(|_| will_sign(key))?;
    let soon = end.minus(AHEAD?) <= at && at <= end;
    let says = format!("The key {} signs until {end}.", key.public.thumbprint());
    soon.then(|| Finding::warning("keys", says, "Make the next one with: lictor key new"))
}

/// Whether anything is ever signed with it again, so that its file is needed.
fn will_sign(key: &KeyRecord) -> bool {
    matches!(key.standing(), KeyStanding::Next | KeyStanding::Active)
}

/// The folder against the ledger.
fn files(ring: &KeyRing, contents: &FolderContents) -> Vec<Finding> {
    let lost = ring.records().iter().filter(|key| will_sign(key)).map(|key| key.public.thumbprint());
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
    lost.chain(foreign).collect()
}

fn others(contents: &FolderContents) -> impl Iterator<Item = Finding> {
    contents.leftovers.iter().chain(&contents.unknown).map(|path| {
        let says = format!("{} is no key file.", path.display());
        Finding::warning("keys", says, "If no command is running, move it away.")
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use lictor_keys::KeyState;
    use lictor_shared::{Products, PublicKey, Text};

    fn at(text: &str) -> Timestamp {
        Timestamp::parse(text).unwrap()
    }

    fn key() -> KeyRecord {
        KeyRecord {
            public: PublicKey::from_base64url("11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo").unwrap(),
            state: KeyState::Active,
            issuer: Text::new("acme").unwrap(),
            purposes: vec![Purpose::License.into()],
            products: Products::Any,
            algorithm: None,
            created_at: at("2026-01-01T00:00:00Z"),
            not_before: None,
            not_after: Some(at("2026-12-31T00:00:00Z")),
            distrust_after: None,
            turn: None,
            destroyed_at: None,
        }
    }

    #[test]
    fn a_key_that_signs_no_more_is_called_so_and_its_file_is_not_missed() {
        let (then, kid) = (Some(at("2026-06-01T00:00:00Z")), "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
        let end = "what it signs counts until 2026-12-31T00:00:00Z";
        let leaked = KeyRecord { distrust_after: then, ..key() };
        let destroyed = KeyRecord { destroyed_at: then, ..leaked.clone() };
        for (key, says, missed) in [
            (key(), format!("{kid} is active, {end}."), 1),
            (
                leaked,
                format!("{kid} is distrusted, {end}, nothing of it counts from 2026-06-01T00:00:00Z."),
                0,
            ),
            (
                destroyed,
                format!(
                    "{kid} is destroyed, since 2026-06-01T00:00:00Z, {end}, nothing of it counts from 2026-06-01T00:00:00Z."
                ),
                0,
            ),
        ] {
            assert_eq!(standing(&key).says, says);
            let ring = KeyRing::from_records([key]).unwrap();
            assert_eq!(files(&ring, &FolderContents::default()).len(), missed, "{says}");
        }
    }

    #[test]
    fn a_key_that_ends_soon_is_told_of() {
        let mut key = key();
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
