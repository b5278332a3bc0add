//! Putting a key file into the folder: whole or not at all, and never over another one.

use core::fmt::Write as _;
use rand::TryRng as _;
use rand::rngs::SysRng;
use std::fs::{self, File, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use super::error::FolderError;

/// How the name of a temporary file begins and ends.
pub(super) const TEMPORARY: (&str, &str) = (".", ".tmp");

/// Creates `folder/name` with `text`, durably, readable by its owner only from the first byte on.
///
/// A crash before the link leaves at most a temporary file, which counts as no key. After it the key file is whole: its
/// bytes were on disk before it got its name. `Ok` means that the name is on disk too.
pub(super) fn new_file(folder: &Path, name: &str, text: &str) -> Result<(), FolderError> {
    let temporary = Temporary::create(folder, name, text)?;
    let path = folder.join(name);
    // Unlike rename, a link fails where the name is taken, so no race overwrites a key.
    fs::hard_link(&temporary.0, &path)
        .map_err(FolderError::io("create (as a hard link to a temporary file)", &path))?;
    drop(temporary);
    sync_folder(folder).inspect_err(|_| {
        // Nobody has been told of this key yet, so what is not durable is better gone.
        let _ = fs::remove_file(&path);
    })
}

/// Puts `text` in the place of `folder/name`, durably. A crash before the rename leaves the old file and at most a
/// temporary one; after it, the new file, whose bytes were on disk before. `Ok` means that the name is on disk too.
pub(super) fn replacement(folder: &Path, name: &str, text: &str) -> Result<(), FolderError> {
    let temporary = Temporary::create(folder, name, text)?;
    let path = folder.join(name);
    fs::rename(&temporary.0, &path).map_err(FolderError::io("write", &path))?;
    sync_folder(folder)
}

/// Makes the names in a folder durable.
pub(super) fn sync_folder(folder: &Path) -> Result<(), FolderError> {
    let sync = |folder: &Path| File::open(folder)?.sync_all();
    sync(folder).map_err(FolderError::io("write to disk the folder", folder))
}

/// A file that is removed when this is dropped.
struct Temporary(PathBuf);

impl Temporary {
    fn create(folder: &Path, name: &str, text: &str) -> Result<Self, FolderError> {
        let path = folder.join(temporary_name(name)?);
        let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path);
        let mut file = file.map_err(FolderError::io("create", &path))?;
        // From here on, so that a full disk leaves nothing behind.
        let temporary = Self(path);
        let written = file.write_all(text.as_bytes()).and_then(|()| file.sync_all());
        written.map_err(FolderError::io("write", &temporary.0))?;
        Ok(temporary)
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        // What stays behind counts as no key and is sealed as well as the key file is.
        let _ = fs::remove_file(&self.0);
    }
}

/// `.NAME.RANDOM.tmp`: two processes, or one after a crash, never meet in it.
fn temporary_name(name: &str) -> Result<String, FolderError> {
    let mut random = [0_u8; 8];
    SysRng.try_fill_bytes(&mut random).map_err(FolderError::Random)?;
    let mut temporary = format!("{}{name}.", TEMPORARY.0);
    for byte in random {
        // Writing to a string does not fail.
        let _ = write!(temporary, "{byte:02x}");
    }
    temporary.push_str(TEMPORARY.1);
    Ok(temporary)
}
