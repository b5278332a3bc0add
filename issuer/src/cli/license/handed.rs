//! How a license that was just signed is handed out: to a file or to standard output.

use lictor_shared::json::Value;
use lictor_shared::{Artefact as _, License, armor};
use std::path::Path;

use super::super::outfile::OutFile;
use super::super::output::Output;
use super::super::writing;
use crate::error::Failure;
use crate::home::Home;
use crate::issue::Issued;

/// Refuses a file that could not be written, before anything is done for it.
pub(super) fn can_be_written(out: &OutFile, home: &Home) -> Result<(), Failure> {
    out.can_be_written(home, License::TOKEN_BYTES)
}

/// Hands out what was signed just now. Whatever goes wrong here, it is in the ledger, and the failure says how to get it.
pub(super) fn hand_out(
    answer: &Value,
    license: &License,
    (out, home): (&OutFile, &Home),
    output: &mut Output,
) -> Result<(), Failure> {
    let written = out.write(home, armored(answer).as_bytes());
    written.and_then(|path| show(answer, path, output)).map_err(|failure| {
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

/// Hands out what was signed when the request was carried out.
pub(super) fn hand_out_again(
    answer: &Value,
    (out, home): (&OutFile, &Home),
    output: &mut Output,
) -> Result<u8, Failure> {
    let path = out.write_again(home, armored(answer).as_bytes())?;
    show(answer, path, output)?;
    Ok(0)
}

fn armored(answer: &Value) -> String {
    armor::wrap(License::LABEL, writing::text(answer, "token"))
}

fn show(answer: &Value, file: Option<&Path>, output: &mut Output) -> Result<(), Failure> {
    let shown = file.map(|path| path.display().to_string());
    if let Some(file) = &shown {
        output.say(format_args!("It is in {file}."));
    }
    let json = || writing::with(answer, "file", shown.clone());
    match &shown {
        Some(_) => output.either(|| format!("{}\n", writing::text(answer, "id")), json),
        None => output.hand_over(|| armored(answer), json),
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
