//! How a license that was just signed is handed out: to a file or to standard output.

use lictor_shared::json::{Members, Value};
use lictor_shared::{Artefact as _, License, Timestamp};
use std::path::Path;

use super::super::output::Output;
use crate::durable::{self, Readers};
use crate::error::{Failure, FailureKind};
use crate::issue::Issued;

/// Refuses a file that could not be written, before anything is done for it.
pub(super) fn can_be_written(path: Option<&Path>) -> Result<(), Failure> {
    let Some(path) = path else { return Ok(()) };
    must_not_exist(path)?;
    durable::probe(path, License::TOKEN_BYTES)
}

/// Refuses a file name that is taken.
pub(super) fn must_not_exist(path: &Path) -> Result<(), Failure> {
    if path.symlink_metadata().is_ok() {
        let path = path.display().to_string();
        return Err(Failure::new(
            FailureKind::Conflict,
            format!("{path} exists already; it was not touched"),
        )
        .hint("name another file, or move this one away")
        .with("path", path));
    }
    Ok(())
}

/// Writes it. Whatever goes wrong here, it is in the ledger, and the failure says how to get it.
pub(super) fn hand_out(
    issued: &Issued,
    out: Option<&Path>,
    more: Members,
    output: &mut Output,
) -> Result<(), Failure> {
    let license = &issued.signed.license;
    write(issued, out, more, output).map_err(|failure| {
        let (id, serial) = (license.id, license.serial);
        // Of a first revision the license's own id says it all.
        let (what, name) = match license.revision {
            1 => (format!("the license {id} was issued"), id),
            revision => (format!("revision {revision} of the license {id} was issued"), serial),
        };
        failure
            .hint(format!("{what}; write it again with: lictor license show {name} --out FILE"))
            .with("license", id.to_string())
    })
}

fn write(issued: &Issued, out: Option<&Path>, more: Members, output: &mut Output) -> Result<(), Failure> {
    let armored = issued.signed.armored();
    if let Some(path) = out {
        durable::create(path, armored.as_bytes(), Readers::Anyone)?;
        output.say(format_args!("It is in {}.", path.display()));
    }
    let json = || json(issued, out, more);
    match out {
        Some(_) => output.either(|| format!("{}\n", issued.signed.license.id), json),
        None => output.hand_over(|| armored, json),
    }
}

/// What every instant was resolved to, and what is hardly meant.
pub(super) fn tell(issued: &Issued, output: &mut Output) {
    for sentence in issued.draft.in_words() {
        output.say(format_args!("  {sentence}"));
    }
    for warning in issued.draft.warnings() {
        output.warn(warning);
    }
}

fn json(issued: &Issued, file: Option<&Path>, more: Members) -> Value {
    let license = &issued.signed.license;
    let time = |at: Option<Timestamp>| Value::from(at.map(|at| at.to_string()));
    let members: [(&str, Value); 11] = [
        ("id", license.id.to_string().into()),
        ("serial", license.serial.to_string().into()),
        ("revision", license.revision.into()),
        ("customerId", license.customer_id.as_str().into()),
        ("startsAt", time(Some(license.starts_at))),
        ("expiresAt", time(license.term.expires_at())),
        ("graceUntil", time(license.term.grace_until())),
        ("warnings", issued.draft.warnings().into_iter().map(Value::from).collect::<Vec<_>>().into()),
        ("file", file.map(|path| path.display().to_string()).into()),
        ("token", issued.signed.token.as_str().into()),
        ("event", issued.event.into()),
    ];
    let members = members.into_iter().map(|(name, value)| (name.to_owned(), value));
    Value::Object(members.chain(more).collect())
}
