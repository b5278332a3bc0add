//! A folder with a ledger in it and no `lictor.toml`: a home that lost a file, never one that is to be made.

use lictor_shared::Uri;
use std::path::Path;

use super::{CONFIG, LEDGER};
use crate::error::{Failure, FailureKind, shell};
use crate::ledger::{Ledger, entries};
use crate::shard;

/// Says that `lictor.toml` is missing beside a ledger, and how it is written again.
pub(super) fn refusal(home: &Path) -> Failure {
    let (config, ledger) = (home.join(CONFIG).display().to_string(), home.join(LEDGER));
    let hint = match lines(&ledger) {
        Ok(lines) => {
            let lines = lines.each_ref().map(|line| shell(line)).join(" ");
            format!(
                "Restore it from a backup, or write it again, and its [defaults] after that: printf '%s\\n' {lines} > {}",
                shell(&config)
            )
        }
        Err(_) => "Restore it from a backup, or write it again: issuer, statusUri and [defaults].".into(),
    };
    let message = format!("{config} is missing, though the ledger {} is there.", ledger.display());
    Failure::new(FailureKind::CannotRead, message).hint(hint).with("path", config)
}

/// What the file says at least, as the ledger knows it: whose it is, and the list that was opened last.
fn lines(ledger: &Path) -> Result<[String; 2], Failure> {
    let ledger = Ledger::open(ledger)?;
    let lists = entries::uris(ledger.connection())?;
    // One that was opened where another was full is no list of its own.
    let is_further = |uri: &Uri| {
        shard::split(uri.as_str()).is_some_and(|(first, _)| lists.iter().any(|list| list.as_str() == first))
    };
    let uri = match lists.iter().rfind(|uri| !is_further(uri)) {
        Some(uri) => uri.clone(),
        None => first_list(&ledger)?,
    };
    let value = |text: &str| toml::Value::String(text.into());
    Ok([
        format!("issuer = {}", value(ledger.issuer().as_str())),
        format!("statusUri = {}", value(uri.as_str())),
    ])
}

/// The list that the issuer was set up with, from which no license has an entry yet.
fn first_list(ledger: &Ledger) -> Result<Uri, Failure> {
    let created = ledger.events(1).next().transpose()?;
    let uri = created.as_ref().and_then(|event| event.body.get("statusUri")).and_then(|uri| uri.as_str());
    Uri::new(uri.unwrap_or_default()).map_err(|error| {
        Failure::new(FailureKind::Ledger, format!("The first event names no list: {error}."))
    })
}
