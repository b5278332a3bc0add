//! Licenses of an export, each line verified before it is believed.

use lictor_shared::json::Value;
use lictor_shared::{AnchorSet, License, Seconds, Status, Text, Thumbprint, Timestamp, Uri, Uuid, limits};
use lictor_validator::Unverified;
use std::io::{BufRead, Read as _};

use super::line::{Object, Refused};
use crate::accepted::anchors;
use crate::error::{Failure, FailureKind, FieldErrors};
use crate::ledger::Ledger;
use crate::ledger::carried::Entry;
use crate::licenses::{Standing, read_token};
use crate::revoke::RevocationReason;

/// A license that another ledger exported: its tokens are the issuer's, and what stands beside them agrees with them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Arriving {
    pub(super) line: u64,
    pub(super) id: Uuid,
    pub(super) customer_id: Text,
    pub(super) customer: Text,
    pub(super) standing: Standing,
    pub(super) revisions: Vec<ArrivingRevision>,
    /// The entries of its activations, each with its list.
    pub(super) activations: Vec<(Uri, Entry)>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ArrivingRevision {
    pub(super) claims: License,
    pub(super) kid: Thumbprint,
    pub(super) token: String,
    /// What its entry is if it is not valid, and since when.
    pub(super) stopped: Option<(Status, Timestamp)>,
}

/// The version of the format.
const VERSION: u64 = 1;

/// Mistakes that are told at once.
const MISTAKES: usize = 20;

/// Reads an export, and verifies each token with the issuer's own keys.
///
/// # Errors
/// [`FailureKind::Validation`] with what is wrong in which line, [`FailureKind::CannotRead`] if it cannot be read.
pub fn read_export(ledger: &Ledger, mut export: impl BufRead) -> Result<Vec<Arriving>, Failure> {
    let ring = ledger.key_ring()?;
    let anchors = if ring.records().is_empty() { None } else { Some(anchors(&ring)?) };
    let (mut arriving, mut errors, mut mistakes) = (Vec::new(), FieldErrors::default(), 0);
    for number in 1.. {
        let Some(line) = next(&mut export)? else { break };
        match read(&line, number, ledger.issuer(), anchors.as_ref()) {
            Ok(license) => arriving.push(license),
            Err(Refused(why)) => {
                errors.add(&format!("line {number}"), why);
                mistakes += 1;
            }
        }
        if mistakes == MISTAKES {
            break;
        }
    }
    errors.into_result()?;
    Ok(arriving)
}

/// The next line with its line feed; `None`: the end.
fn next(export: &mut impl BufRead) -> Result<Option<Vec<u8>>, Failure> {
    let most = u64::try_from(limits::FILE_BYTES).unwrap_or(u64::MAX);
    let mut line = Vec::new();
    export.take(most).read_until(b'\n', &mut line).map_err(|error| {
        Failure::new(FailureKind::CannotRead, format!("the export cannot be read: {error}")).because(error)
    })?;
    Ok((!line.is_empty()).then_some(line))
}

fn read(line: &[u8], number: u64, issuer: &Text, anchors: Option<&AnchorSet>) -> Result<Arriving, Refused> {
    let Some(line) = line.strip_suffix(b"\n") else {
        return Err(Refused(match line.len() < limits::FILE_BYTES {
            true => "it does not end with a line feed: the file was cut off".into(),
            false => format!("it is longer than {} bytes", limits::FILE_BYTES),
        }));
    };
    let members = Value::read_object(line).map_err(|error| Refused(error.to_string()))?;
    let mut object = Object::new("", members);
    if object.take("version")?.as_integer() != Some(VERSION) {
        return Err(object.refuse("version", "this program reads version 1"));
    }
    let mut revisions = Vec::new();
    for (place, given) in object.objects("revisions")?.into_iter().enumerate() {
        revisions.push(revision(given, place, issuer, anchors)?);
    }
    license(object, number, revisions)
}

fn license(mut object: Object, line: u64, revisions: Vec<ArrivingRevision>) -> Result<Arriving, Refused> {
    let Some(first) = revisions.first().map(|revision| revision.claims.clone()) else {
        return Err(object.refuse("revisions", "there is none"));
    };
    for (name, said) in [
        ("id", first.id.to_string()),
        ("customerId", first.customer_id.to_string()),
        ("customer", first.customer.to_string()),
    ] {
        object.says(name, said)?;
    }
    for (place, ArrivingRevision { claims, .. }) in revisions.iter().enumerate() {
        let alike = claims.id == first.id
            && claims.customer_id == first.customer_id
            && claims.customer == first.customer;
        if !alike {
            return Err(object.refuse(
                &format!("revisions[{place}].token"),
                "it is another license's, or another customer's",
            ));
        }
    }
    let standing = standing(&mut object)?;
    let suspended = |revision: &ArrivingRevision| matches!(revision.stopped, Some((Status::Suspended, _)));
    if standing == Standing::Active && revisions.iter().any(suspended) {
        return Err(object.refuse("state", "it is active, and a revision is suspended"));
    }
    if let Some(contradiction) = contradiction(standing, &revisions) {
        return Err(object.refuse("state", contradiction));
    }
    let activations = activations(&mut object)?;
    object.end()?;
    Ok(Arriving {
        line,
        id: first.id,
        customer_id: first.customer_id,
        customer: first.customer,
        standing,
        revisions,
        activations,
    })
}

/// The entries of the activations, each once, in the order of lists and indices.
fn activations(object: &mut Object) -> Result<Vec<(Uri, Entry)>, Refused> {
    let mut activations: Vec<(Uri, Entry)> = Vec::new();
    for given in object.objects("activations")? {
        let next = activation(given)?;
        if activations.last().is_some_and(|(_, last)| (&last.uri, last.index) >= (&next.1.uri, next.1.index))
        {
            return Err(
                object.refuse("activations", "they are not in the order of statusUri and statusIndex")
            );
        }
        activations.push(next);
    }
    Ok(activations)
}

fn activation(mut object: Object) -> Result<(Uri, Entry), Refused> {
    let uri = object.text("statusUri")?;
    let list = Uri::new(&uri).map_err(|error| object.refuse("statusUri", error))?;
    let index = object.integer("statusIndex")?;
    let index = u32::try_from(index).ok().filter(|index| *index < limits::STATUS_ENTRIES);
    let index = index.ok_or_else(|| object.refuse("statusIndex", "a list has no such index"))?;
    let stopped = stopped(&mut object)?;
    let grace = Seconds::new(object.integer("revocationGrace")?);
    let grace = grace.ok_or_else(|| object.refuse("revocationGrace", "it is longer than a grace can be"))?;
    object.end()?;
    let (status, since) = stopped.map_or((Status::Valid, None), |(status, since)| (status, Some(since)));
    Ok((list, Entry { uri, index, status, since, grace }))
}

/// What the entries of a license that is stopped say otherwise: every revision that could still be used then is stopped too.
fn contradiction(standing: Standing, revisions: &[ArrivingRevision]) -> Option<&'static str> {
    let (since, revoked_only, says) = match standing {
        Standing::Active => return None,
        Standing::Suspended { since } => {
            (since, false, "it is suspended, and a revision that can be used is valid")
        }
        Standing::Revoked { since, .. } => {
            (since, true, "it is revoked, and a revision that can be used is not")
        }
    };
    let usable = |revision: &&ArrivingRevision| {
        revision.claims.term.grace_until().is_none_or(|grace_until| grace_until > since)
    };
    let stopped = |revision: &ArrivingRevision| match revision.stopped {
        Some((Status::Revoked, _)) => true,
        Some(_) => !revoked_only,
        None => false,
    };
    (!revisions.iter().filter(usable).all(stopped)).then_some(says)
}

fn standing(object: &mut Object) -> Result<Standing, Refused> {
    let (state, since) = (object.text("state")?, object.time("since")?);
    let reason = match object.take("reason")? {
        Value::Null => None,
        Value::String(word) => Some(
            RevocationReason::from_word(&word)
                .ok_or_else(|| object.refuse("reason", format_args!("{word:?} is no reason")))?,
        ),
        _ => return Err(object.refuse("reason", "it is neither a word nor null")),
    };
    match (state.as_str(), since, reason) {
        ("active", None, None) => Ok(Standing::Active),
        ("suspended", Some(since), None) => Ok(Standing::Suspended { since }),
        ("revoked", Some(since), Some(reason)) => Ok(Standing::Revoked { since, reason }),
        ("active" | "suspended" | "revoked", ..) => {
            Err(object.refuse("state", format_args!("{state} does not go with since and reason as they are")))
        }
        _ => Err(object.refuse("state", format_args!("{state:?} is none of active, suspended and revoked"))),
    }
}

fn revision(
    mut object: Object,
    place: usize,
    issuer: &Text,
    anchors: Option<&AnchorSet>,
) -> Result<ArrivingRevision, Refused> {
    let token = object.text("token")?;
    let (claims, kid) = verified(&object, &token, issuer, anchors)?;
    if u64::try_from(place).ok().and_then(|place| place.checked_add(1)) != Some(claims.revision) {
        return Err(object.refuse("revision", "the revisions are not 1, 2, 3 and so on"));
    }
    object.says("revision", claims.revision)?;
    object.says("serial", claims.serial.to_string())?;
    object.says("kid", kid.to_string())?;
    object.says("statusUri", claims.status.uri.as_str())?;
    object.says("statusIndex", claims.status.index)?;
    object.says("revocationGrace", claims.grace.revocation.get())?;
    let stopped = stopped(&mut object)?;
    object.end()?;
    Ok(ArrivingRevision { claims, kid, token, stopped })
}

/// What the list says of an entry, if that is not that it is valid, and since when.
fn stopped(object: &mut Object) -> Result<Option<(Status, Timestamp)>, Refused> {
    let (status, since) = (object.text("status")?, object.time("since")?);
    match (status.as_str(), since) {
        ("valid", None) => Ok(None),
        ("revoked", Some(since)) => Ok(Some((Status::Revoked, since))),
        ("suspended", Some(since)) => Ok(Some((Status::Suspended, since))),
        ("valid" | "revoked" | "suspended", _) => {
            Err(object.refuse("since", format_args!("it does not go with the status {status}")))
        }
        _ => Err(object.refuse("status", format_args!("{status:?} is none of valid, suspended and revoked"))),
    }
}

/// What a token says, if the issuer signed it.
fn verified(
    object: &Object,
    token: &str,
    issuer: &Text,
    anchors: Option<&AnchorSet>,
) -> Result<(License, Thumbprint), Refused> {
    let anchors = anchors.ok_or_else(|| {
        object
            .refuse("token", "there are no keys to verify it with; import them first with: lictor key import")
    })?;
    let unverified = Unverified::<License>::from_token(token);
    let kid = unverified.as_ref().ok().and_then(|token| Thumbprint::new(token.untrusted_key_id()).ok());
    unverified.and_then(|unverified| unverified.verify(anchors)).map_err(|refusal| {
        object.refuse("token", format_args!("it is not what this issuer signed: {refusal}"))
    })?;
    let claims = read_token(token).ok_or_else(|| object.refuse("token", "it cannot be read"))?;
    match (claims.issuer == *issuer, kid) {
        (true, Some(kid)) => Ok((claims, kid)),
        _ => Err(object.refuse("token", format_args!("it is the issuer {}'s", claims.issuer))),
    }
}
