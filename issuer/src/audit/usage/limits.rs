//! Counters against the limits of the license.

use lictor_shared::{License, Limit, Name, UsageReport};
use rusqlite::Connection;
use std::collections::BTreeMap;

use crate::error::Failure;
use crate::licenses::{LicenseRecord, RevisionRecord, signed_in};

/// The counters of a report that were above the limit of the same name, and that limit: the highest that was in force in the
/// period.
pub(super) fn beyond(
    connection: &Connection,
    license: &LicenseRecord,
    report: &UsageReport,
) -> Result<BTreeMap<Name, u64>, Failure> {
    let in_force = in_force_within(license, report);
    let claims = in_force.iter().map(|revision| Ok(signed_in(connection, revision.serial)?.license));
    let claims: Vec<License> = claims.collect::<Result<_, Failure>>()?;
    let limit = |name: &Name| {
        let limits: Vec<Limit> =
            claims.iter().filter_map(|license| license.limits.get(name).copied()).collect();
        let highest = limits.iter().map(|limit| match limit {
            Limit::Unlimited => None,
            Limit::AtMost(number) => Some(*number),
        });
        highest.collect::<Option<Vec<u64>>>()?.into_iter().max()
    };
    let beyond = report.counters.iter().filter_map(|(name, peak)| {
        limit(name).filter(|limit| peak.highest > *limit).map(|limit| (name.clone(), limit))
    });
    Ok(beyond.collect())
}

/// The revisions that were in force at some time of the period; before the first is in force, the one that will be.
fn in_force_within<'l>(license: &'l LicenseRecord, report: &UsageReport) -> Vec<&'l RevisionRecord> {
    // One with the same dates as the one before it was not there before it was signed.
    let begins = |revision: &RevisionRecord| revision.starts_at.max(revision.issued_at);
    let revisions = || license.revisions.iter();
    let begun = revisions().filter(|revision| begins(revision) <= report.from);
    let first = begun.map(|revision| revision.revision).max().unwrap_or_default();
    let within = |revision: &&RevisionRecord| revision.revision >= first && begins(revision) <= report.to;
    let found: Vec<_> = revisions().filter(within).collect();
    match found.is_empty() {
        true => revisions().min_by_key(|revision| begins(revision)).into_iter().collect(),
        false => found,
    }
}
