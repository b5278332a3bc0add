//! What deployments make of the licenses and of the list: each as the model says.

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as URL_SAFE_NO_PAD;
use lictor_issuer::{find, signed};
use lictor_shared::{
    AnchorSet, Artefact as _, Code, EntryBits, License as Token, Mode, Received, Status, StatusList,
};
use lictor_validator::context::{Build, ConfiguredOrigin, Deployment, HostFlags, Learned, Remembered};
use lictor_validator::{Accepted, Context, Horizon, Unverified, Verified, evaluate};
use std::collections::{BTreeMap, BTreeSet};

use super::compare::{Compared, entry, same};
use super::desk::{Desk, instant};
use super::rules::{DAY, Entry, Model, Revision};
use crate::support::name;

/// Place on the list, token, and what the model says.
type Signed<'m> = (u32, Verified<Token>, &'m Revision);

/// Compares the list that was published just now, and the verdicts that come of it.
pub(super) fn compare(desk: &Desk, model: &Model) -> Compared {
    let token = desk.list.as_ref().ok_or("no list was published")?;
    let anchors = desk.ledger.key_ring().unwrap().anchors().unwrap();
    let read = Received::<StatusList>::read(token).unwrap();
    let list = StatusList::read(read.untrusted_payload()).unwrap();
    let revisions = revisions(desk, model, &anchors)?;
    let entries = entries(desk, &revisions, model);
    compare_list(&list, read.untrusted_payload(), &entries, model)?;
    let accepted = accepted(token, &anchors);
    for (index, license, revision) in &revisions {
        let distrusted = model.keys[revision.key].distrusted;
        for now in
            instants(revision, model.now).into_iter().chain(distrusted).chain(distrusted.map(|from| from - 1))
        {
            let is = verdict(license, &accepted, now);
            let must = mode(revision, distrusted, now, model.now);
            same(&format!("the verdict at {} on the revision at {index}", instant(now)), &is, &must)?;
        }
    }
    Ok(())
}

/// Every revision with its place on the list and its token, verified as a deployment does.
fn revisions<'m>(desk: &Desk, model: &'m Model, anchors: &AnchorSet) -> Result<Vec<Signed<'m>>, String> {
    let mut found = Vec::new();
    for (id, license) in desk.ids.iter().zip(&model.licenses) {
        let record = find(&desk.ledger, &id.to_string()).map_err(|failure| failure.message)?;
        for (recorded, revision) in record.revisions.iter().zip(&license.revisions) {
            let token = signed(&desk.ledger, recorded.serial).map_err(|failure| failure.message)?.token;
            let verified = Unverified::from_token(&token).and_then(|token| token.verify(anchors));
            found.push((recorded.entry.index, verified.map_err(|refusal| refusal.to_string())?, revision));
        }
    }
    Ok(found)
}

/// Place on the list, what the model says of it, and for how long a deployment goes on after it left VALID.
type Listed = (u32, Entry, u64);

/// The entries of revisions and of activations.
fn entries(desk: &Desk, revisions: &[Signed<'_>], model: &Model) -> Vec<Listed> {
    let revisions = revisions.iter().map(|(index, _, it)| (*index, it.entry, it.revocation_grace));
    let given = desk.askers.given.iter().zip(&model.seats.activations);
    revisions.chain(given.map(|((_, place), it)| (place.index, it.entry, it.revocation_grace))).collect()
}

fn compare_list(list: &StatusList, payload: &[u8], entries: &[Listed], model: &Model) -> Compared {
    same("the sequence", &list.sequence, &model.sequence)?;
    let places: BTreeSet<u32> = entries.iter().map(|(index, ..)| *index).collect();
    same("how many places there are", &places.len(), &entries.len())?;
    let told = entries.iter().map(|(index, it, grace)| (*index, entry(*it), *grace));
    let exceptions: BTreeMap<u32, Status> = told
        .clone()
        .filter(|(_, (status, _), _)| *status != Status::Valid)
        .map(|(index, (status, _), _)| (index, status))
        .collect();
    for (index, it, _) in entries {
        same("an entry", &list.status(*index), &entry(*it).0)?;
    }
    compare_bytes(payload, &exceptions)?;
    // FORMAT 6.2: 1 bit while nothing is suspended, else 2.
    let suspended = exceptions.values().any(|status| *status == Status::Suspended);
    same("the bits", &list.bits(), &if suspended { EntryBits::Two } else { EntryBits::One })?;
    // FORMAT 6.3: since when each entry has left VALID of which the grace may still run.
    let since: BTreeMap<u32, _> = told
        .filter_map(|(index, (_, since), grace)| Some((index, since?, grace)))
        .filter(|(_, since, grace)| since + grace > model.now)
        .map(|(index, since, _)| (index, instant(since)))
        .collect();
    same("since", &list.since, &since)
}

/// Every entry at once, read without the validator: those of no revision and no activation are valid. FORMAT 6.2: entry i is packed least
/// significant bits first.
fn compare_bytes(payload: &[u8], exceptions: &BTreeMap<u32, Status>) -> Compared {
    let payload: serde_json::Value = serde_json::from_slice(payload).unwrap();
    let lst = URL_SAFE_NO_PAD.decode(payload["status_list"]["lst"].as_str().unwrap()).unwrap();
    let packed = miniz_oxide::inflate::decompress_to_vec_zlib(&lst).unwrap();
    let bits = u32::try_from(payload["status_list"]["bits"].as_u64().unwrap()).unwrap();
    let mut expected = vec![0_u8; usize::try_from((1 << 20) * bits / 8).unwrap()];
    for (index, status) in exceptions {
        let value = if *status == Status::Revoked { 1 } else { 2 };
        expected[usize::try_from(index * bits / 8).unwrap()] |= value << (index * bits % 8);
    }
    if packed == expected {
        Ok(())
    } else {
        Err("an entry that is neither a revision's nor an activation's is not valid".into())
    }
}

fn accepted(token: &str, anchors: &AnchorSet) -> [Accepted<StatusList>; 1] {
    let verified = Unverified::<StatusList>::from_token(token).and_then(|list| list.verify(anchors)).unwrap();
    let now = verified.issued_at();
    let horizon = Horizon { now, watermark: None, built_at: None, latest_license: None };
    [verified.accept(&horizon).unwrap()]
}

/// Mode and code that a deployment arrives at.
fn verdict(license: &Verified<Token>, lists: &[Accepted<StatusList>], now: u64) -> (Mode, Option<Code>) {
    let context = Context {
        now: instant(now),
        product: name("dialer"),
        environment: name("production"),
        origin: ConfiguredOrigin { origin: None, unmatched_since: None },
        build: Build::Unknown,
        deployment: Deployment::None,
        activation: None,
        lists,
        remembered: Remembered {
            watermark: None,
            highest_revision: None,
            learned: Learned { license: None, activation: None },
        },
        flags: HostFlags::none(),
    };
    let verdict = evaluate(license, &context);
    (verdict.mode(), verdict.code())
}

/// The same from the windows of FORMAT 8.5, with a list that was signed at `listed`.
fn mode(revision: &Revision, distrusted: Option<u64>, now: u64, listed: u64) -> (Mode, Option<Code>) {
    let t = now.max(revision.issued_at).max(listed);
    if t < revision.starts_at || distrusted.is_some_and(|from| from <= t) {
        return (Mode::ReadOnly, Some(Code::LicenseInvalid));
    }
    let stopped = revision.entry.since().map(|since| {
        // A since that the list has dropped was long ago; the window was over by then.
        (since, since + revision.revocation_grace, Code::LicenseRevoked)
    });
    let expired = revision.end.map(|(end, grace)| (end, grace, Code::LicenseExpired));
    let windows = || stopped.iter().chain(&expired);
    // LICENSE_REVOKED comes before LICENSE_EXPIRED, and so they stand here.
    match windows().find(|(_, until, _)| *until <= t) {
        Some((_, _, code)) => (Mode::ReadOnly, Some(*code)),
        None if windows().any(|(start, _, _)| *start <= t) => (Mode::Grace, None),
        None => (Mode::Full, None),
    }
}

/// The list's own time, and before and at every edge.
fn instants(revision: &Revision, listed: u64) -> BTreeSet<u64> {
    let since = match revision.entry {
        Entry::Valid => None,
        Entry::Suspended { since } | Entry::Revoked { since } => Some(since),
    };
    let stopped = since.into_iter().flat_map(|since| [since, since + revision.revocation_grace]);
    let end = revision.end.into_iter().flat_map(|(end, grace)| [end, grace]);
    let edges = stopped.chain(end).chain([revision.starts_at]);
    edges.flat_map(|edge| [edge - 1, edge]).chain([listed, listed + 3650 * DAY]).collect()
}
