//! What the ledger says against what the model says.

use lictor_issuer::activation::{
    DeploymentPage, DeploymentRecord, activations, deployments, find_deployment, occupancy,
};
use lictor_issuer::{LicenseRecord, Standing as Recorded, find};
use lictor_keys::KeyStanding;
use lictor_shared::Status;
use std::collections::BTreeSet;

use super::desk::{Desk, instant};
use super::rules::{DAY, Entry, License, Model, Standing};
use super::seats::Holder;

/// Fails with a sentence where the two differ.
pub(super) type Compared = Result<(), String>;

/// The same, or what is not.
pub(super) fn same<T: PartialEq + core::fmt::Debug>(what: &str, is: &T, must: &T) -> Compared {
    if is == must { Ok(()) } else { Err(format!("{what} is {is:?} and must be {must:?}")) }
}

/// Compares all of it: keys, events, and each license with its state at every instant at which it could change.
pub(super) fn compare(desk: &Desk, model: &Model) -> Compared {
    let ring = desk.ledger.key_ring().unwrap();
    let told = ring.records().iter().map(|key| (key.standing(), key.distrust_after));
    let keys = model.keys.iter().map(|key| (key.standing, key.distrusted.map(instant)));
    let (told, keys): (Vec<(KeyStanding, _)>, Vec<_>) = (told.collect(), keys.collect());
    same("how the keys stand", &told, &keys)?;
    compare_last_event(desk, model)?;
    same("the number of licenses", &desk.ids.len(), &model.licenses.len())?;
    for (id, license) in desk.ids.iter().zip(&model.licenses) {
        let record = find(&desk.ledger, &id.to_string()).map_err(|failure| failure.message)?;
        compare_license(&record, license, model.now).map_err(|why| format!("of the license {id}, {why}"))?;
    }
    compare_seats(desk, model)
}

/// How many seats are taken, who has them, and what each was given.
fn compare_seats(desk: &Desk, model: &Model) -> Compared {
    let failed = |failure: lictor_issuer::Failure| failure.message;
    for (place, id) in desk.ids.iter().enumerate() {
        let record = find(&desk.ledger, &id.to_string()).map_err(failed)?;
        let taken = occupancy(&desk.ledger, &record, instant(model.now)).map_err(failed)?.active;
        same(&format!("the seats taken of the license {id}"), &taken, &model.seats.taken(place))?;
        let page = DeploymentPage { license: Some(*id), after: None, size: 100 };
        let found = deployments(&desk.ledger, page).map_err(failed)?;
        let known = model.seats.holders.keys().filter(|(of, _)| *of == place).count();
        same("the number of deployments", &found.len(), &known)?;
    }
    for ((place, by), holder) in &model.seats.holders {
        let (license, deployment) = (desk.ids[*place], &desk.askers.deployments[*by]);
        let id = deployment.key.public().thumbprint().to_string();
        let found = find_deployment(&desk.ledger, &id, Some(license)).map_err(failed)?;
        compare_holder(&found, holder).map_err(|why| format!("of the deployment {id}, {why}"))?;
        let given = activations(&desk.ledger, &found).map_err(failed)?;
        let is: Vec<_> = given
            .iter()
            .map(|it| {
                (it.serial, it.seat, it.counter, it.ends_at, it.revocation_grace.get(), it.status, it.since)
            })
            .collect();
        let must = holder.given.iter().map(|one| {
            let (it, (status, since)) =
                (&model.seats.activations[*one], entry(model.seats.activations[*one].entry));
            let serial = desk.askers.given[*one].0;
            let ends = it.ends.map(instant);
            (serial, it.seat, it.counter, ends, it.revocation_grace, status, since.map(instant))
        });
        same(&format!("what {id} was given"), &is, &must.collect())?;
    }
    Ok(())
}

fn compare_holder(found: &DeploymentRecord, holder: &Holder) -> Compared {
    let is = (found.state, found.seat, found.counter, found.first_seen, found.last_seen, found.lease_end);
    let must = (
        holder.state,
        holder.seat,
        holder.counter,
        instant(holder.first_seen),
        instant(holder.last_seen),
        holder.lease_end.map(instant),
    );
    same("what is known", &is, &must)?;
    same("what was odd", &(found.lost_answers, found.forks), &(holder.lost_answers, holder.forks))
}

/// The last event is the last operation's that was done, and nothing else was recorded.
fn compare_last_event(desk: &Desk, model: &Model) -> Compared {
    let tail =
        desk.ledger.events(model.events).collect::<Result<Vec<_>, _>>().map_err(|error| error.message)?;
    let kinds: Vec<&str> = tail.iter().map(|event| event.kind.as_str()).collect();
    same("the tail of the log", &kinds, &vec![model.did])
}

fn compare_license(record: &LicenseRecord, license: &License, now: u64) -> Compared {
    let standing = match license.standing {
        Standing::Active => Recorded::Active,
        Standing::Suspended { since } => Recorded::Suspended { since: instant(since) },
        Standing::Revoked { since, reason } => Recorded::Revoked { since: instant(since), reason },
    };
    same("what was decided", &record.standing, &standing)?;
    same("the number of revisions", &record.revisions.len(), &license.revisions.len())?;
    for (place, (found, revision)) in record.revisions.iter().zip(&license.revisions).enumerate() {
        let (status, since) = entry(revision.entry);
        let is = (
            (found.revision, found.issued_at, found.starts_at, found.expires_at, found.grace_until),
            (found.revocation_grace.get(), found.status, found.since),
        );
        let end = revision.end.map(|(end, grace)| (instant(end), instant(grace)));
        let must = (
            (
                u64::try_from(place + 1).unwrap(),
                instant(revision.issued_at),
                instant(revision.starts_at),
                end.map(|(end, _)| end),
                end.map(|(_, grace)| grace),
            ),
            (revision.revocation_grace, status, since.map(instant)),
        );
        same("a revision", &is, &must)?;
    }
    for seconds in instants(license, now) {
        let at = instant(seconds);
        same(&format!("the state at {at}"), &record.state(at), &license.state(seconds))?;
    }
    Ok(())
}

/// Now, much later, and before and at every edge of a revision.
fn instants(license: &License, now: u64) -> BTreeSet<u64> {
    let edges = license.revisions.iter().flat_map(|revision| {
        let end = revision.end.into_iter().flat_map(|(end, grace)| [end, grace]);
        end.chain([revision.starts_at])
    });
    edges.flat_map(|edge| [edge - 1, edge]).chain([now, now + 3650 * DAY]).collect()
}

pub(super) const fn entry(entry: Entry) -> (Status, Option<u64>) {
    match entry {
        Entry::Valid => (Status::Valid, None),
        Entry::Suspended { since } => (Status::Suspended, Some(since)),
        Entry::Revoked { since } => (Status::Revoked, Some(since)),
    }
}
