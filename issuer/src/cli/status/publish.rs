//! `lictor status publish`.

use clap::Args;
use lictor_shared::json::Value;
use lictor_shared::{Artefact as _, Purpose, StatusList, Uri};
use std::path::{Path, PathBuf};

use super::super::globals::Globals;
use super::super::output::Output;
use super::super::passphrase::PassphraseSource;
use crate::durable::{self, Readers};
use crate::error::{Failure, FailureKind};
use crate::publish::{Published, lists, publish};

const EXAMPLES: &str = "\
Examples:
  lictor status publish > status.lic
  lictor status publish --out /srv/www/status
  lictor status publish --passphrase-file /run/secrets/lictor --json

With --out each list is written to FOLDER/NAME.lic, NAME being the last part of
its URI; an older list there is replaced at once or not at all.";

/// Sign the status lists: what is revoked, for deployments to take in
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Publish {
    /// Write each list to a file in this folder [default: standard output]
    #[arg(long, value_name = "FOLDER")]
    out: Option<PathBuf>,
    #[command(flatten)]
    passphrase: PassphraseSource,
}

impl Publish {
    pub(crate) fn run(&self, globals: &Globals, output: &mut Output) -> Result<u8, Failure> {
        let (home, mut ledger) = globals.home_and_ledger()?;
        let occasion = globals.occasion()?;
        let uris = lists(&home, &ledger)?;
        // What cannot be handed out is not signed.
        match &self.out {
            Some(folder) => prepare(folder, &uris)?,
            None if uris.len() > 1 => return Err(several(&uris)),
            None => {}
        }
        let signer = self.passphrase.signer(&home, &ledger, Purpose::Status, &occasion, globals.prompts())?;
        let mut shown = Vec::new();
        for uri in &uris {
            let published = publish(&home, &mut ledger, &signer, uri, &occasion)?;
            let file = self.out.as_deref().map(|folder| folder.join(file_name(uri)));
            if let Some(path) = &file {
                let written = durable::replace(path, published.armored().as_bytes(), Readers::Anyone);
                written.map_err(|failure| failure.hint(SIGNED_NOT_WRITTEN))?;
            }
            tell(&published, file.as_deref(), output);
            shown.push((published, file));
        }
        let text = || match &self.out {
            Some(_) => shown
                .iter()
                .filter_map(|(_, file)| file.as_ref())
                .map(|file| format!("{}\n", file.display()))
                .collect(),
            None => shown.iter().map(|(published, _)| published.armored()).collect(),
        };
        let json = || {
            shown.iter().map(|(published, file)| json(published, file.as_deref())).collect::<Vec<_>>().into()
        };
        match &self.out {
            Some(_) => output.either(text, json)?,
            None => output.hand_over(text, json).map_err(|failure| failure.hint(SIGNED_NOT_WRITTEN))?,
        }
        Ok(0)
    }
}

const SIGNED_NOT_WRITTEN: &str =
    "the list is signed and recorded; publish again when it can be written, which is safe";

/// Makes the folder, and makes sure that each list can be written there.
fn prepare(folder: &Path, uris: &[Uri]) -> Result<(), Failure> {
    names_differ(uris)?;
    durable::create_folders(folder)?;
    for uri in uris {
        let path = folder.join(file_name(uri));
        if path.is_dir() {
            let path = path.display().to_string();
            return Err(Failure::new(
                FailureKind::CannotWrite,
                format!("{path} is a folder; the list {uri} belongs there"),
            )
            .hint("move the folder away, or name another one with --out")
            .with("path", path));
        }
        durable::probe(&path, StatusList::TOKEN_BYTES)?;
    }
    Ok(())
}

/// Readers take the first list of a file, so several must not stand in one.
fn several(uris: &[Uri]) -> Failure {
    let names: Vec<&str> = uris.iter().map(Uri::as_str).collect();
    Failure::new(
        FailureKind::Conflict,
        format!("there are {} lists, and a file holds one: {}", names.len(), names.join(", ")),
    )
    .hint("write each to a file of its own with --out FOLDER")
}

/// The last part of a URI, as far as it can be part of a file name.
fn file_name(uri: &Uri) -> String {
    let last = uri.as_str().trim_end_matches('/').rsplit(['/', ':']).next().unwrap_or_default();
    let safe = |c: char| if c.is_ascii_alphanumeric() || matches!(c, '-' | '_') { c } else { '_' };
    let name: String = last.chars().map(safe).collect();
    format!("{}.lic", if name.is_empty() { "status" } else { &name })
}

/// Two lists must not be written to one file.
fn names_differ(uris: &[Uri]) -> Result<(), Failure> {
    let mut names: Vec<String> = uris.iter().map(file_name).collect();
    names.sort_unstable();
    match names.windows(2).find(|pair| pair.first() == pair.last()) {
        None => Ok(()),
        Some(pair) => {
            let name = pair.first().map(String::as_str).unwrap_or_default();
            Err(Failure::new(FailureKind::Conflict, format!("two status lists would be written to {name}"))
                .hint("publish without --out, or give the lists URIs that end differently"))
        }
    }
}

fn tell(published: &Published, file: Option<&Path>, output: &mut Output) {
    output.say(format_args!(
        "Published {}: sequence {}, {} revoked, {} suspended.",
        published.uri, published.sequence, published.revoked, published.suspended
    ));
    if let Some(at) = published.stale_from {
        output.say(format_args!("  Publish a newer one before {at}, even if nothing changes."));
    }
    if let Some(file) = file {
        output.say(format_args!("  It is in {}.", file.display()));
    }
}

fn json(published: &Published, file: Option<&Path>) -> Value {
    let count = |number: usize| Value::from(u64::try_from(number).ok());
    Value::object([
        ("uri", published.uri.as_str().into()),
        ("sequence", published.sequence.into()),
        ("issuedAt", published.issued_at.to_string().into()),
        ("staleFrom", published.stale_from.map(|at| at.to_string()).into()),
        ("revoked", count(published.revoked)),
        ("suspended", count(published.suspended)),
        ("file", file.map(|path| path.display().to_string()).into()),
        ("token", published.token.as_str().into()),
        ("event", published.event.into()),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn file_names_are_the_last_part_of_the_uri() {
        for (uri, name) in [
            ("https://licensing.acme.example/status/0", "0.lic"),
            ("https://licensing.acme.example/status/", "status.lic"),
            ("urn:acme:status:7", "7.lic"),
            ("https://a.example/x?y=../../etc", "etc.lic"),
            ("https://a.example/..", "__.lic"),
            ("a:", "status.lic"),
        ] {
            assert_eq!(file_name(&Uri::new(uri).unwrap()), name, "{uri}");
        }
    }
}
