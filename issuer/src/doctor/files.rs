//! The files of the home: who may read them, and what commands that were interrupted left behind.

use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use super::Finding;
use crate::durable::{cannot_read, is_leftover};
use crate::error::shell;
use crate::home::Home;

/// Permission bits of group and others.
const OTHERS: u32 = 0o077;

/// The folder, and every file that lies in it; keys have a folder and a check of their own.
pub(super) fn examine(home: &Home) -> Vec<Finding> {
    let files = match files(home) {
        Ok(files) => files,
        Err(error) => return vec![Finding::problem("home", cannot_read(home.path())(error))],
    };
    let open: Vec<Finding> = core::iter::once((home.path(), "700"))
        .chain(files.iter().map(|path| (path.as_path(), "600")))
        .filter_map(|(path, wanted)| open_to_others(home, path, wanted))
        .collect();
    let closed = format!("{} and the files in it are closed to other users.", home.path().display());
    let mut findings = if open.is_empty() { vec![Finding::fine("home", closed)] } else { open };
    findings.extend(files.iter().filter(|path| is_leftover(path)).map(|path| left_over(path)));
    findings
}

fn files(home: &Home) -> io::Result<Vec<PathBuf>> {
    let mut found =
        fs::read_dir(home.path())?.map(|entry| Ok(entry?.path())).collect::<io::Result<Vec<_>>>()?;
    found.retain(|path| *path != home.keys_path());
    found.sort();
    Ok(found)
}

fn open_to_others(home: &Home, path: &Path, wanted: &str) -> Option<Finding> {
    let check =
        if path.starts_with(home.ledger_path().parent()?) && is_of_ledger(path) { "ledger" } else { "home" };
    let shown = path.display().to_string();
    let metadata = match fs::metadata(path) {
        Ok(metadata) => metadata,
        // Gone in between, or a link that leads nowhere.
        Err(error) if error.kind() == io::ErrorKind::NotFound => return None,
        Err(error) => return Some(Finding::problem(check, cannot_read(path)(error))),
    };
    let mode = metadata.permissions().mode() & 0o777;
    let wanted = if metadata.is_dir() { "700" } else { wanted };
    (mode & OTHERS != 0).then(|| {
        Finding::warning(
            check,
            format!("{shown} is open to other users (mode {mode:03o})."),
            format!("chmod {wanted} {}", shell(&shown)),
        )
    })
}

fn is_of_ledger(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("ledger.db"))
}

fn left_over(path: &Path) -> Finding {
    let shown = path.display().to_string();
    Finding::warning(
        "leftovers",
        format!(
            "{shown} was left behind by a command that was interrupted; it may hold a copy of the ledger."
        ),
        format!("If no command is running: rm -r {}", shell(&shown)),
    )
}
