//! Who may read the home and the ledger.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use super::Finding;
use crate::durable::cannot_read;
use crate::error::shell;
use crate::home::Home;

/// Permission bits of group and others.
const OTHERS: u32 = 0o077;

pub(super) fn home(home: &Home) -> Finding {
    closed("home", home.path(), "700")
}

pub(super) fn ledger(home: &Home) -> Finding {
    closed("ledger", &home.ledger_path(), "600")
}

fn closed(check: &'static str, path: &Path, wanted: &str) -> Finding {
    let shown = path.display().to_string();
    let mode = match fs::metadata(path) {
        Ok(metadata) => metadata.permissions().mode() & 0o777,
        Err(error) => return Finding::problem(check, cannot_read(path)(error)),
    };
    match mode & OTHERS {
        0 => Finding::fine(check, format!("{shown} is closed to other users.")),
        _ => Finding::warning(
            check,
            format!("{shown} is open to other users (mode {mode:03o})."),
            format!("chmod {wanted} {}", shell(&shown)),
        ),
    }
}
