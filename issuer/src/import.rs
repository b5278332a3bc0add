//! Importing licenses that another ledger of the same issuer exported.

mod arriving;
mod line;

use lictor_shared::json::Value;
use lictor_shared::{Status, Uri, hex};
use rusqlite::Connection;
use sha2::{Digest, Sha256};

use self::arriving::ArrivingRevision;
pub use self::arriving::{Arriving, read_export};
use crate::customer;
use crate::error::{Failure, FailureKind};
use crate::event::{EventKind, Facts};
use crate::home::Home;
use crate::ledger::carried::Entry;
use crate::ledger::licenses::Signed;
use crate::ledger::transaction::{Recorded, Transaction};
use crate::ledger::{Ledger, elsewhere, entries, licenses};
use crate::licenses::{LicenseRecord, Standing};
use crate::occasion::Occasion;
use crate::outcome::Outcome;
use crate::press;
use crate::shard;

/// What an import came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Imported {
    /// Licenses that are new here.
    pub licenses: u64,
    /// Their revisions.
    pub revisions: u64,
    /// Their activations: the entries of these, since whose seats they are stays behind.
    pub activations: u64,
    /// Licenses that were here already, just so.
    pub skipped: u64,
    /// The number of the last event; `None`: there was nothing to import.
    pub event: Option<u64>,
}

/// Puts exported licenses into the ledger: all of them, or none. One that is here already, just so, is left as it is,
/// so that an import can be repeated.
///
/// # Errors
/// [`FailureKind::Conflict`] for the first line whose id, serial, index or customer's id is taken by something else, or that is on
/// the list which `lictor.toml` names for new licenses: what the export leaves out would be handed out there once more.
pub fn import(
    home: &Home,
    ledger: &mut Ledger,
    arriving: &[Arriving],
    occasion: &Occasion,
) -> Result<Imported, Failure> {
    let current = home.status_uri()?;
    let transaction = ledger.begin(occasion)?;
    let mut imported = Imported::default();
    let mut last = None;
    for license in arriving {
        match store(&transaction, license)? {
            None => imported.skipped += 1,
            Some(event) => {
                stays_apart(license, &current)?;
                imported.licenses += 1;
                imported.revisions += count(license.revisions.len());
                imported.activations += count(license.activations.len());
                last = Some(event);
            }
        }
    }
    let Some(last) = last else { return Ok(imported) };
    imported.event = Some(last.seq());
    // After this line all of them are in the ledger, their indices handed out here as well; before it none is.
    transaction.commit(last, &imported)?;
    Ok(imported)
}

fn count(number: usize) -> u64 {
    u64::try_from(number).unwrap_or(u64::MAX)
}

/// Puts one license into the ledger; `None`: it is there already.
fn store(transaction: &Transaction<'_>, license: &Arriving) -> Result<Option<Recorded>, Failure> {
    let connection = transaction.connection();
    if let Some(here) = licenses::find(connection, license.id)? {
        return match is_same(connection, &here, license)? {
            true => Ok(None),
            false => Err(taken(
                license,
                format!("the license {} is in this ledger already, and differs", license.id),
            )),
        };
    }
    customer::identify_signed(connection, &license.customer, &license.customer_id)
        .map_err(|failure| taken(license, failure.message))?;
    let mut last = None;
    for revision in &license.revisions {
        if last.is_none() {
            licenses::insert(connection, &revision.claims)?;
        }
        last = Some(store_revision(transaction, license, revision)?);
    }
    license
        .activations
        .iter()
        .try_for_each(|activation| store_activation(connection, license, activation))?;
    match license.standing {
        Standing::Active => {}
        Standing::Suspended { since } => licenses::set_suspended(connection, license.id, since)?,
        Standing::Revoked { since, reason } => licenses::set_revoked(connection, license.id, since, reason)?,
    }
    Ok(last)
}

/// Nothing is handed out on a list of which this ledger may know a part alone.
fn stays_apart(license: &Arriving, current: &Uri) -> Result<(), Failure> {
    let of_revisions = license.revisions.iter().map(|revision| &revision.claims.status.uri);
    let of_activations = license.activations.iter().map(|(uri, _)| uri);
    let is_current = |uri: &&Uri| shard::is_of(uri.as_str(), current.as_str());
    let Some(shared) = of_revisions.chain(of_activations).find(is_current) else { return Ok(()) };
    let line = license.line;
    let which = match shared == current {
        true => "which lictor.toml names for new licenses".to_owned(),
        false => format!("which new licenses get where {current} is full"),
    };
    let message = format!(
        "Line {line}: the license {} is on the list {shared}, {which}; indices that the export does not tell of would be handed out a second time. Nothing was imported.",
        license.id
    );
    Err(Failure::new(FailureKind::Conflict, message)
        .hint("Set statusUri in lictor.toml to a list that was never used, such as the next number, and import again.")
        .with("line", line)
        .with("uri", shared.as_str()))
}

fn store_revision(
    transaction: &Transaction<'_>,
    license: &Arriving,
    revision: &ArrivingRevision,
) -> Result<Recorded, Failure> {
    let connection = transaction.connection();
    let claims = &revision.claims;
    if licenses::token(connection, claims.serial)?.is_some() {
        return Err(taken(license, format!("the serial {} is taken in this ledger", claims.serial)));
    }
    let list = entries::list(connection, &claims.status.uri)?;
    let index = claims.status.index;
    if !entries::take(connection, list, index, claims.grace.revocation)? {
        let uri = claims.status.uri.as_str();
        return Err(taken(license, format!("the index {index} of {uri} is handed out in this ledger")));
    }
    let event = transaction.record(EventKind::LicenseImported, facts(license, revision)?)?;
    let sha256 = hex(&Sha256::digest(&revision.token));
    let (seq, token) = (event.seq(), &revision.token);
    let signed = Signed { seq, kid: revision.kid, list: list.id, token, sha256: &sha256 };
    licenses::insert_revision(connection, claims, &signed)?;
    if let Some((status, since)) = revision.stopped {
        entries::set(connection, list.id, index, status, since)?;
    }
    Ok(event)
}

/// The entry of an activation: taken, and saying what it said.
fn store_activation(
    connection: &Connection,
    license: &Arriving,
    (uri, entry): &(Uri, Entry),
) -> Result<(), Failure> {
    match elsewhere::take(connection, uri, entry, license.id)? {
        true => Ok(()),
        false => {
            Err(taken(license, format!("the index {} of {uri} is handed out in this ledger", entry.index)))
        }
    }
}

fn facts(license: &Arriving, revision: &ArrivingRevision) -> Result<Facts, Failure> {
    let sha256 = hex(&Sha256::digest(&revision.token));
    let (state, since, reason) = match license.standing {
        Standing::Active => ("active", None, None),
        Standing::Suspended { since } => ("suspended", Some(since), None),
        Standing::Revoked { since, reason } => ("revoked", Some(since), Some(reason.as_str())),
    };
    let entry = match revision.stopped {
        None => Value::Null,
        Some((status, since)) => Value::object([
            ("status", if status == Status::Suspended { "suspended" } else { "revoked" }.into()),
            ("since", since.seconds().into()),
        ]),
    };
    let facts = press::facts(&revision.claims, Some(&sha256), revision.kid)?
        .and("state", state)
        .and("since", since.map(lictor_shared::Timestamp::seconds))
        .and("reason", reason)
        .and("stopped", entry);
    // Told once, when the license is whole.
    if license.revisions.last() != Some(revision) {
        return Ok(facts);
    }
    let activations = license.activations.iter().map(|(_, entry)| entry.to_members().into());
    Ok(facts.list("activations", activations.collect()))
}

/// Whether a license of the ledger is what arrives, to the byte. Seats that were granted here since do not count against it.
fn is_same(connection: &Connection, here: &LicenseRecord, license: &Arriving) -> Result<bool, Failure> {
    let alike = here.id == license.id
        && here.customer_id == license.customer_id
        && here.customer == license.customer
        && here.standing == license.standing
        && here.revisions.len() == license.revisions.len();
    for (one, other) in here.revisions.iter().zip(&license.revisions) {
        let stopped = one.since.map(|since| (one.status, since));
        let token = licenses::token(connection, one.serial)?;
        if stopped != other.stopped || token.as_deref() != Some(other.token.as_str()) {
            return Ok(false);
        }
    }
    let activations = elsewhere::of_license(connection, here.id)?;
    Ok(alike && license.activations.iter().all(|(_, entry)| activations.contains(entry)))
}

fn taken(license: &Arriving, why: String) -> Failure {
    let line = license.line;
    Failure::new(
        FailureKind::Conflict,
        format!("Line {line}: {}. Nothing was imported.", why.trim_end_matches('.')),
    )
    .hint("lictor license show shows what is here; leave the line out to keep it.")
    .with("line", line)
    .with("license", license.id.to_string())
}

impl Outcome for Imported {
    fn answer(&self) -> Value {
        Value::object([
            ("licenses", self.licenses.into()),
            ("revisions", self.revisions.into()),
            ("activations", self.activations.into()),
            ("skipped", self.skipped.into()),
            ("event", self.event.into()),
        ])
    }
}
