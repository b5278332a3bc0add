//! The store that is a folder: one file for each blob, replaced whole.

use core::fmt;
use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use super::file::{FileError, open_regular_file, read_regular_file};
use super::store::{StateStore, StoreError, Swap};

/// Held, by the operating system, while a file is compared and replaced.
const LOCK: &str = ".lock";
/// Bears what is being written. One name for all: whoever holds the lock is alone, and what a crash leaves is overwritten.
const TEMPORARY: &str = ".new";
/// For how long a lock is waited for. It is held for milliseconds, unless its holder was stopped.
const PATIENCE: Duration = Duration::from_secs(20);
/// Changes closer together than this may bear one date.
const DATE_GRAIN: Duration = Duration::from_secs(2);

/// Somebody holds the lock for longer than anybody should.
#[derive(Debug, thiserror::Error)]
#[error(
    "another process has held it for {} s; one that was stopped holds it until it goes on or ends", .0.as_secs()
)]
struct Held(Duration);

/// A folder that belongs to one deployment: mode 0700, its files 0600.
#[derive(Debug)]
pub struct Folder {
    path: PathBuf,
}

impl Folder {
    /// The store in this folder, which is made when something is first written. Nothing fails here: a folder that is absent
    /// and cannot be made, or is read-only, is a store that takes no changes.
    #[must_use]
    pub fn at(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into() }
    }

    /// Its path.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    fn failed<E: fmt::Display>(&self, name: &str, verb: &str) -> impl FnOnce(E) -> StoreError {
        let path = self.path.join(name);
        move |error| StoreError::new(format!("{} cannot be {verb}: {error}", path.display()))
    }

    fn read_file(&self, name: &str) -> Result<Option<Vec<u8>>, StoreError> {
        let path = self.path.join(name);
        match read_regular_file(&path) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(FileError::Io(error)) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(StoreError::new(format!("{} cannot be read: {error}", path.display()))),
        }
    }

    /// Waits for the lock; dropping the file lets it go, and so does the end of the process, however it ends.
    fn lock(&self) -> Result<File, StoreError> {
        make(&self.path).map_err(self.failed("", "made"))?;
        self.lock_within(PATIENCE)
    }

    fn lock_within(&self, patience: Duration) -> Result<File, StoreError> {
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(false).mode(0o600);
        let file =
            open_regular_file(&self.path.join(LOCK), &mut options).map_err(self.failed(LOCK, "opened"))?;
        let deadline = Instant::now() + patience;
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(file),
                Err(TryLockError::WouldBlock) if Instant::now() < deadline => {
                    thread::sleep(Duration::from_millis(2));
                }
                Err(TryLockError::WouldBlock) => return Err(self.failed(LOCK, "locked")(Held(patience))),
                Err(TryLockError::Error(error)) => return Err(self.failed(LOCK, "locked")(error)),
            }
        }
    }

    fn write(&self, name: &str, bytes: &[u8]) -> io::Result<()> {
        let temporary = self.path.join(TEMPORARY);
        // A new file each time: one left by a crash may have another owner or mode.
        remove(&temporary)?;
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&temporary)?;
        file.write_all(bytes)?;
        // On disk before the name points to it: a crash leaves the old file or the new one, never a part.
        file.sync_all()?;
        fs::rename(&temporary, self.path.join(name))
    }

    fn apply(&self, name: &str, new: Option<&[u8]>) -> Result<(), StoreError> {
        match new {
            Some(bytes) => self.write(name, bytes).map_err(self.failed(name, "written"))?,
            None => remove(&self.path.join(name)).map_err(self.failed(name, "removed"))?,
        }
        // Only now a crash cannot bring back the old name.
        sync(&self.path).map_err(self.failed("", "synced, so a crash may undo its last change"))
    }
}

impl StateStore for Folder {
    fn read(&self, name: &str) -> Result<Option<Vec<u8>>, StoreError> {
        self.read_file(name)
    }

    fn swap(&self, name: &str, old: Option<&[u8]>, new: Option<&[u8]>) -> Result<Swap, StoreError> {
        let _lock = self.lock()?;
        if self.read_file(name)?.as_deref() != old {
            return Ok(Swap::Taken);
        }
        self.apply(name, new).map(|()| Swap::Done)
    }

    fn names(&self) -> Result<Vec<String>, StoreError> {
        let entries = match fs::read_dir(&self.path) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(self.failed("", "listed")(error)),
        };
        let mut names = Vec::new();
        for entry in entries {
            // A name that is no text, or hidden, is none of ours.
            let name = entry.map_err(self.failed("", "listed"))?.file_name();
            names.extend(name.to_str().filter(|name| !name.starts_with('.')).map(Into::into));
        }
        Ok(names)
    }

    fn writable(&self) -> Result<(), StoreError> {
        let _lock = self.lock()?;
        let probe = self.path.join(TEMPORARY);
        let written = remove(&probe).and_then(|()| {
            OpenOptions::new().write(true).create_new(true).mode(0o600).open(&probe)?.write_all(b"?")
        });
        written.and_then(|()| remove(&probe)).map_err(self.failed("", "written to"))
    }

    fn stamp(&self) -> Option<u64> {
        // Every change here is a rename or a removal, and both date the folder.
        let changed = fs::metadata(&self.path).ok()?.modified().ok()?;
        // A change that may yet get the same date is not told apart.
        let settled = SystemTime::now().duration_since(changed).is_ok_and(|age| age > DATE_GRAIN);
        let nanos = changed.duration_since(UNIX_EPOCH).ok()?.as_nanos();
        u64::try_from(nanos).ok().filter(|_| settled)
    }
}

/// Makes the folder if it is not there, for its owner only.
fn make(path: &Path) -> io::Result<()> {
    if path.is_dir() {
        return Ok(());
    }
    DirBuilder::new().recursive(true).mode(0o700).create(path)?;
    fs::set_permissions(path, fs::Permissions::from_mode(0o700))
}

fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

fn sync(folder: &Path) -> io::Result<()> {
    where_there_is_such_a_thing(File::open(folder)?.sync_all())
}

/// Network and user-space file systems that sync no folders say so; there is nothing more to be done there, and nothing failed.
/// Whatever else goes wrong is said.
fn where_there_is_such_a_thing(synced: io::Result<()>) -> io::Result<()> {
    match synced {
        Err(error) if matches!(error.kind(), io::ErrorKind::InvalidInput | io::ErrorKind::Unsupported) => {
            Ok(())
        }
        synced => synced,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_holds_the_lock_for_long_is_said() {
        let path = std::env::temp_dir().join(format!("lictor lock {}", std::process::id()));
        let folder = Folder::at(&path);
        let held = folder.lock().unwrap();
        let error = folder.lock_within(Duration::from_secs(1)).unwrap_err().to_string();
        drop(held);
        folder.lock_within(Duration::ZERO).unwrap();
        fs::remove_dir_all(&path).unwrap();
        let said = ".lock cannot be locked: another process has held it for 1 s; one that was stopped holds it until";
        assert!(error.contains(said), "{error}");
    }

    /// The numbers of Linux: EIO, EBADF, ENOSPC; EINVAL, EOPNOTSUPP, ENOSYS.
    #[test]
    fn a_folder_that_knows_no_sync_is_believed_and_one_that_fails_is_not() {
        let synced = |number| where_there_is_such_a_thing(Err(io::Error::from_raw_os_error(number)));
        for number in [5, 9, 28] {
            assert_eq!(synced(number).unwrap_err().raw_os_error(), Some(number));
        }
        for number in [22, 95, 38] {
            assert!(synced(number).is_ok(), "{number}");
        }
        assert!(where_there_is_such_a_thing(Ok(())).is_ok());
    }
}
