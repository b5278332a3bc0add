//! `lictor license …`: licenses.

mod amend;
mod changed;
mod export;
mod handed;
mod import;
mod inspect;
pub(crate) mod issue;
mod issue_all;
mod list;
mod named;
mod reinstate;
mod renew;
mod renew_all;
mod renew_rows;
mod revised;
mod revoke;
mod revoke_rows;
mod show;
mod suspend;

use clap::Subcommand;
use lictor_shared::Timestamp;
use lictor_shared::json::Value;

use super::globals::Globals;
use super::output::Output;
use crate::error::Failure;
use crate::licenses::{LicenseRecord, RevisionRecord, Standing};
use crate::revoke::StoppedRevision;

/// Issue, renew, amend, suspend, revoke and look up licenses
#[derive(Subcommand, Debug)]
pub(crate) enum License {
    Issue(Box<issue::Issue>),
    Renew(Box<renew::Renew>),
    Amend(Box<amend::Amend>),
    List(Box<list::List>),
    Show(show::Show),
    Inspect(Box<inspect::Inspect>),
    Export(export::Export),
    Suspend(suspend::Suspend),
    Reinstate(reinstate::Reinstate),
    Revoke(Box<revoke::Revoke>),
    Import(import::Import),
}

impl License {
    pub(crate) fn run(&self, globals: &Globals, output: &mut Output) -> Result<u8, Failure> {
        match self {
            Self::Issue(command) => command.run(globals, output),
            Self::Renew(command) => command.run(globals, output),
            Self::Amend(command) => command.run(globals, output),
            Self::List(command) => command.run(globals, output),
            Self::Show(command) => command.run(globals, output),
            Self::Inspect(command) => command.run(globals, output),
            Self::Export(command) => command.run(globals, output),
            Self::Suspend(command) => command.run(globals, output),
            Self::Reinstate(command) => command.run(globals, output),
            Self::Revoke(command) => command.run(globals, output),
            Self::Import(command) => command.run(globals, output),
        }
    }
}

/// A license as programs see it.
fn to_value(license: &LicenseRecord, at: Timestamp) -> Value {
    let reason = match license.standing {
        Standing::Revoked { reason, .. } => Some(reason.as_str()),
        _ => None,
    };
    Value::object([
        ("id", license.id.to_string().into()),
        ("state", license.state(at).as_str().into()),
        ("reason", reason.into()),
        ("customerId", license.customer_id.as_str().into()),
        ("customer", license.customer.as_str().into()),
        ("revisions", license.revisions.iter().map(revision).collect::<Vec<_>>().into()),
    ])
}

fn revision(revision: &RevisionRecord) -> Value {
    let time = |at: Option<Timestamp>| Value::from(at.map(|at| at.to_string()));
    let status = match revision.status {
        lictor_shared::Status::Valid => "valid",
        lictor_shared::Status::Revoked => "revoked",
        lictor_shared::Status::Suspended => "suspended",
    };
    Value::object([
        ("serial", revision.serial.to_string().into()),
        ("revision", revision.revision.into()),
        ("kid", revision.key.to_string().into()),
        (
            "products",
            revision.products.iter().map(|name| Value::from(name.as_str())).collect::<Vec<_>>().into(),
        ),
        ("plan", revision.plan.as_str().into()),
        ("issuedAt", time(Some(revision.issued_at))),
        ("startsAt", time(Some(revision.starts_at))),
        ("expiresAt", time(revision.expires_at)),
        ("graceUntil", time(revision.grace_until)),
        ("status", status.into()),
        ("since", time(revision.since)),
        ("statusUri", revision.entry.uri.as_str().into()),
        ("statusIndex", revision.entry.index.into()),
    ])
}

/// The license of which something was changed: its id, or all of the answer.
fn show_changed(answer: &Value, output: &mut Output) -> Result<u8, Failure> {
    output.either(|| format!("{}\n", super::writing::text(answer, "id")), || answer.clone())?;
    Ok(0)
}

/// `1 revision`, `2 revisions`.
fn counted(revisions: usize) -> String {
    if revisions == 1 { "1 revision".into() } else { format!("{revisions} revisions") }
}

/// From when on a deployment that hears of it in time is read-only at the latest.
fn say_read_only_from(revisions: &[StoppedRevision], at: Timestamp, output: &mut Output) {
    if let Some(sentence) = read_only_from(revisions, at) {
        output.say(format_args!("  {sentence}"));
    }
}

fn read_only_from(revisions: &[StoppedRevision], at: Timestamp) -> Option<String> {
    let from = revisions.iter().filter_map(|revision| revision.read_only_from).max()?;
    Some(match from > at {
        true => format!("A deployment that hears of it in time is read-only from {from} on at the latest."),
        // Whoever has heard before that it was valid has a week, if its grace is as long (FORMAT 8.5, `learned`).
        false => format!(
            "The grace after it ended at {from}: a deployment is read-only when it hears of it, or within 7 days."
        ),
    })
}

pub(crate) fn products(revision: &RevisionRecord) -> String {
    revision.products.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
}
