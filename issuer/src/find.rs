//! Which license is meant: by its id, a serial, the beginning of either, or the license itself.

use lictor_shared::json::Value;
use lictor_shared::{Artefact as _, License, Uuid, armor};
use rusqlite::Connection;

use crate::error::{Failure, FailureKind};
use crate::ledger::{Ledger, licenses};
use crate::licenses::{LicenseRecord, read_token};

/// Characters of an id or a serial that name it, if it is the only one that begins so.
pub(crate) const LEAST: usize = 8;

/// Characters of an id.
const WHOLE: usize = 36;

/// Licenses that are named when several are meant.
const CANDIDATES: usize = 5;

/// A license that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// The license.
    pub license: LicenseRecord,
    /// The serial of the revision that was named; `None`: the license was.
    pub serial: Option<Uuid>,
}

/// The license with this id, or the one that this serial belongs to. The first characters of either are enough, if there
/// are at least 8 of them and no other license is meant by them.
///
/// # Errors
/// [`FailureKind::NotFound`] if there is none, [`FailureKind::Conflict`] if there are several, naming up to 5.
pub fn find(ledger: &Ledger, id: &str) -> Result<LicenseRecord, Failure> {
    find_in(ledger.connection(), id)
}

/// The same in a change under way.
pub(crate) fn find_in(connection: &Connection, id: &str) -> Result<LicenseRecord, Failure> {
    found(connection, id).map(|found| found.license)
}

/// As [`find`], with the revision that was named.
///
/// # Errors
/// As [`find`].
pub fn find_revision(ledger: &Ledger, id: &str) -> Result<Found, Failure> {
    found(ledger.connection(), id)
}

/// The license that this file is: its token is in the ledger, byte for byte. Nothing in it is believed.
///
/// # Errors
/// [`FailureKind::CannotRead`] if it has not the form of a license, [`FailureKind::NotFound`] if it is none of this
/// ledger.
pub fn find_file(ledger: &Ledger, file: &[u8]) -> Result<Found, Failure> {
    let token = armor::unwrap(file, License::LABEL);
    let claimed = read_token(&token).ok_or_else(|| {
        Failure::new(FailureKind::CannotRead, "It has not the form of a license.")
            .hint("Compare it with the file that was sent, or name the license by its id.")
    })?;
    let serial = claimed.serial;
    let connection = ledger.connection();
    let stored = licenses::token(connection, serial)?;
    match (licenses::find(connection, serial)?, stored) {
        (Some(license), Some(stored)) if stored == token => Ok(Found { license, serial: Some(serial) }),
        (Some(_), _) => {
            let message = format!("It says that its serial is {serial}, and is not what was issued with it.");
            Err(Failure::new(FailureKind::NotFound, message)
                .hint(format!("lictor license show {serial} --out FILE gives that one again."))
                .with("serial", serial.to_string()))
        }
        (None, _) => {
            let message = format!("There is no license with its serial, {serial}, in this ledger.");
            Err(Failure::new(FailureKind::NotFound, message)
                .hint("It is another issuer's, or was issued after the backup that this ledger comes from.")
                .with("serial", serial.to_string()))
        }
    }
}

/// Whether a text can be an id, or the beginning of one, and so is not taken for a file.
pub(crate) fn is_id(text: &str) -> bool {
    let text = text.trim();
    !text.is_empty()
        && text.len() <= WHOLE
        && text.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-')
}

fn found(connection: &Connection, id: &str) -> Result<Found, Failure> {
    let beginning = read_id(id)?;
    let ids = licenses::ids_from(connection, &beginning, CANDIDATES + 1)?;
    let named = licenses::revisions_from(connection, &beginning, CANDIDATES + 1)?;
    let mut licenses: Vec<Uuid> = ids.clone();
    for (_, license) in &named {
        if !licenses.contains(license) {
            licenses.push(*license);
        }
    }
    match licenses.as_slice() {
        [] => Err(unknown(&beginning)),
        [license] => {
            let serial = match (ids.as_slice(), named.as_slice()) {
                ([], [(serial, _)]) => Some(*serial),
                _ => None,
            };
            let license = licenses::find(connection, *license)?.ok_or_else(|| unknown(&beginning))?;
            Ok(Found { license, serial })
        }
        several => Err(ambiguous(&beginning, several)),
    }
}

/// An id or the beginning of one, in small letters.
fn read_id(id: &str) -> Result<String, Failure> {
    let refused = |why: &str| {
        Failure::new(FailureKind::NotFound, format!("{id:?} {why}."))
            .hint("lictor license list shows the ids; 8 characters of one are enough, if no other begins so.")
            .with("id", id)
    };
    if !is_id(id) {
        return Err(refused("is no id of a license: they look like 0198c0d2-6c1e-7a33-9d5e-2f6f2b1d9a10"));
    }
    let id = id.trim().to_ascii_lowercase();
    if id.len() < LEAST {
        return Err(refused("is too short for an id: at least 8 characters"));
    }
    Ok(id)
}

fn unknown(beginning: &str) -> Failure {
    let message = match beginning.len() {
        WHOLE => format!("There is no license {beginning}, by id or by serial."),
        _ => format!("There is no license of which the id or a serial begins with {beginning}."),
    };
    Failure::new(FailureKind::NotFound, message).hint("lictor license list").with("id", beginning)
}

fn ambiguous(beginning: &str, licenses: &[Uuid]) -> Failure {
    let named: Vec<String> = licenses.iter().take(CANDIDATES).map(ToString::to_string).collect();
    let more = if licenses.len() > CANDIDATES { " and more" } else { "" };
    let message = format!(
        "Several licenses have an id or a serial that begins with {beginning}: {}{more}.",
        named.join(", ")
    );
    Failure::new(FailureKind::Conflict, message)
        .hint("Write more characters of the one that you mean.")
        .with("candidates", named.into_iter().map(Value::from).collect::<Vec<_>>())
}
