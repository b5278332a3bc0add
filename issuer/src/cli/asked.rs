//! What was asked for, as it was asked: the arguments on the command line, before the clock and the defaults.

use clap::ArgMatches;
use lictor_shared::json::{Members, Value};
use lictor_shared::{Artefact as _, License, Uuid, armor, hex};
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use crate::error::{Failure, FailureKind};
use crate::find::is_id;
use crate::licenses::read_token;
use crate::restore::digest;

/// Options that say where, when, by whom and in which form, and how keys are opened: they are no part of what is asked
/// for, so a request can be repeated with others.
const NOT_ASKED: [&str; 19] = [
    "home",
    "now",
    "actor",
    "json",
    "quiet",
    "color",
    "no_input",
    "request_id",
    "dry_run",
    "clock_changed",
    "out",
    "force",
    "confirm",
    "from",
    "jsonl",
    "passphrase_file",
    "passphrase_command",
    "source_passphrase_file",
    "new_passphrase_file",
];

/// Arguments that may name a file, of which the content is asked for and not the name.
const FILES: [&str; 2] = ["id", "file"];

/// The command and its arguments, if it shall be done once, or each row of a file.
pub(super) fn asked(grammar: &clap::Command, matches: &ArgMatches) -> Option<Value> {
    let (mut command, mut matches) = (grammar, matches);
    let mut path = Vec::new();
    while let Some((name, inner)) = matches.subcommand() {
        path.push(name);
        matches = inner;
        let Some(found) = command.find_subcommand(name) else { break };
        command = found;
    }
    // Whoever gives no id will not ask again; then no file is read for it.
    let once =
        |id: &str| command.get_arguments().any(|argument| argument.get_id() == id) && is_given(matches, id);
    if !once("request_id") && !once("from") {
        return None;
    }
    // `lictor issue` is short for `lictor license issue`.
    if path == ["issue"] {
        path.insert(0, "license");
    }
    let arguments: Members = command
        .get_arguments()
        .map(|argument| argument.get_id().as_str())
        .filter(|id| !NOT_ASKED.contains(id) && is_given(matches, id))
        .map(|id| (id.to_owned(), values(matches, id)))
        .collect();
    Some(Value::object([("command", path.join(" ").as_str().into()), ("arguments", arguments.into())]))
}

/// The file that the command was given for a passphrase, if it takes one.
pub(super) fn passphrase_file(matches: &ArgMatches) -> Option<PathBuf> {
    let mut matches = matches;
    while let Some((_, inner)) = matches.subcommand() {
        matches = inner;
    }
    matches.try_get_one::<PathBuf>("passphrase_file").ok().flatten().cloned()
}

fn is_given(matches: &ArgMatches, id: &str) -> bool {
    matches.value_source(id) == Some(clap::parser::ValueSource::CommandLine)
}

fn values(matches: &ArgMatches, id: &str) -> Value {
    let raw = matches.get_raw(id).into_iter().flatten();
    raw.map(|value| if FILES.contains(&id) { named(id, value) } else { word(value) })
        .collect::<Vec<_>>()
        .into()
}

/// A license file by the license that it says it is, any other file by its content; what is none, or cannot be read, by its
/// name.
fn named(id: &str, value: &OsStr) -> Value {
    let path = Path::new(value);
    let may_be_id = id == "id" && value.to_str().is_some_and(is_id);
    if may_be_id || !path.is_file() {
        return word(value);
    }
    // So that a command which renews a file in its place can be repeated.
    if id == "id"
        && let Some(license) = license_of(path)
    {
        return Value::object([("license", license.to_string().into())]);
    }
    match digest(path) {
        Ok(sha256) => Value::object([("sha256", sha256.as_str().into())]),
        Err(_) => word(value),
    }
}

fn license_of(path: &Path) -> Option<Uuid> {
    let file = lictor_validator::host::read_file(path).ok()?;
    read_token(&armor::unwrap(&file, License::LABEL)).map(|license| license.id)
}

/// Refuses what is read once only, as a pipe is: what it said then cannot be compared with what it says now.
pub(super) fn repeatable(path: &Path) -> Result<(), Failure> {
    match path.metadata() {
        Ok(metadata) if !metadata.is_file() && !metadata.is_dir() => {
            let message = format!("{} is no file that can be read again", path.display());
            Err(Failure::new(FailureKind::Usage, message)
                .hint("a request that is made once needs a file; or leave --request-id out"))
        }
        _ => Ok(()),
    }
}

fn word(value: &OsStr) -> Value {
    match value.to_str() {
        Some(text) => text.into(),
        None => Value::object([("bytes", hex(value.as_encoded_bytes()).into())]),
    }
}
