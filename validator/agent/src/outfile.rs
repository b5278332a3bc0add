//! Files that a command makes. What is there already is never overwritten.

use std::fs::{self, OpenOptions};
use std::io::{ErrorKind, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use crate::failure::{Failure, Kind};

/// Refuses a name under which nothing can be made, before anything is done for it.
pub(crate) fn can_be_made(path: &Path) -> Result<(), Failure> {
    if path.symlink_metadata().is_ok() {
        return Err(taken(path));
    }
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if folder.is_dir() {
        return Ok(());
    }
    let message = format!("{} is no folder", folder.display());
    Err(Failure::new(Kind::CannotWrite, message, "name a file in a folder that is there"))
}

/// Makes a file with these permissions. One that holds the same already will do.
pub(crate) fn make(path: &Path, bytes: &[u8], mode: u32) -> Result<(), Failure> {
    let made = OpenOptions::new().write(true).create_new(true).mode(mode).open(path);
    match made.and_then(|mut file| file.write_all(bytes).and_then(|()| file.sync_all())) {
        Ok(()) => Ok(()),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            if fs::read(path).is_ok_and(|found| found == bytes) { Ok(()) } else { Err(taken(path)) }
        }
        Err(error) => {
            let message = format!("{} cannot be written: {error}", path.display());
            Err(Failure::new(Kind::CannotWrite, message, "name another file"))
        }
    }
}

fn taken(path: &Path) -> Failure {
    let message = format!("{} exists already; it was not touched", path.display());
    Failure::new(Kind::Conflict, message, "name another file")
}
