//! `lictor status show`.

use clap::Args;
use lictor_shared::json::Value;
use lictor_shared::{Artefact as _, Status, StatusList};
use lictor_validator::Unverified;
use std::path::PathBuf;

use super::super::globals::Globals;
use super::super::input;
use super::super::output::Output;
use super::super::shown;
use crate::error::{Failure, FailureKind};

const EXAMPLES: &str = "\
Examples:
  lictor status show 0.lic
  lictor status show 0.lic --json

Nothing is checked but the form. Whether a deployment accepts the list tells:
lictor verify --status";

/// Show what a status list file says, without trusting it
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Show {
    /// The status list: a file, or - for standard input
    #[arg(value_name = "FILE|-")]
    file: PathBuf,
}

impl Show {
    pub(crate) fn run(&self, _: &Globals, output: &mut Output) -> Result<u8, Failure> {
        let bytes = input::read(&self.file)?;
        let list = Unverified::<StatusList>::read(&bytes).map_err(|refusal| self.unreadable(&refusal))?;
        let claims = StatusList::read(list.untrusted_payload()).map_err(|error| self.unreadable(&error))?;
        output.say("Not verified: anybody can write such a file.");
        let exceptions: Vec<(u32, Status)> = claims.exceptions().collect();
        output.either(|| text(&claims, &exceptions), || json(&claims, &exceptions))?;
        Ok(0)
    }

    fn unreadable(&self, why: &dyn std::fmt::Display) -> Failure {
        Failure::new(FailureKind::CannotRead, format!("{} is no status list: {why}", self.file.display()))
            .hint("compare it with the file that was published")
    }
}

const fn word(status: Status) -> &'static str {
    match status {
        Status::Valid => "valid",
        Status::Revoked => "revoked",
        Status::Suspended => "suspended",
    }
}

fn text(list: &StatusList, exceptions: &[(u32, Status)]) -> String {
    let count =
        |wanted: Status| exceptions.iter().filter(|(_, status)| *status == wanted).count().to_string();
    let facts = shown::facts(&[
        ("list", list.uri.to_string()),
        ("issuer", shown::foreign(list.issuer.as_str())),
        ("issued", list.issued_at.to_string()),
        ("stale from", shown::instant(list.issued_at.plus(list.ttl), "never")),
        ("sequence", list.sequence.to_string()),
        ("bits", list.bits().get().to_string()),
        ("revoked", count(Status::Revoked)),
        ("suspended", count(Status::Suspended)),
    ]);
    if exceptions.is_empty() {
        return facts;
    }
    let row = |(index, status): &(u32, Status)| {
        [
            index.to_string(),
            word(*status).to_string(),
            shown::instant(list.since.get(index).copied(), "long ago"),
        ]
    };
    facts + "\n" + &shown::table(["ENTRY", "STATUS", "SINCE"], exceptions.iter().map(row))
}

fn json(list: &StatusList, exceptions: &[(u32, Status)]) -> Value {
    let entry = |(index, status): &(u32, Status)| {
        let since = list.since.get(index).map(|at| at.to_string());
        Value::object([("idx", (*index).into()), ("status", word(*status).into()), ("since", since.into())])
    };
    Value::object([
        ("verified", false.into()),
        ("uri", list.uri.as_str().into()),
        ("issuer", list.issuer.as_str().into()),
        ("issuedAt", list.issued_at.to_string().into()),
        ("ttl", list.ttl.get().into()),
        ("sequence", list.sequence.into()),
        ("bits", u64::from(list.bits().get()).into()),
        ("entries", exceptions.iter().map(entry).collect::<Vec<_>>().into()),
    ])
}
