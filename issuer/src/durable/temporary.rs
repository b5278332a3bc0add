//! Files and folders on their way to a name, which nothing takes for what they will be.

use lictor_shared::hex;
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use super::{Readers, cannot_write, parent, sync_folder, taken};
use crate::entropy;
use crate::error::Failure;
use crate::undisturbed::Undisturbed;

/// A folder for its owner only that is removed with all that is in it when this is dropped, unless it was
/// [kept](Self::keep). It is locked as long as it is used, so that one that was left behind can be told.
///
/// Signals wait only while it is made, named and removed, since whoever writes much into it must be able to be stopped. What a
/// signal leaves in between is what a crash leaves: a hidden folder that no command takes for anything else, that the next one
/// beside the same path sweeps away, and that the doctor tells of if it lies in a home.
#[derive(Debug)]
pub(crate) struct TemporaryFolder {
    path: PathBuf,
    #[expect(dead_code, reason = "its lock ends with it")]
    lock: Option<File>,
}

impl TemporaryFolder {
    /// Creates it beside `path`, on the same file system, and removes those that others left there.
    pub(crate) fn beside(path: &Path) -> Result<Self, Failure> {
        sweep(path);
        let folder = temporary_name(path)?;
        let _whole = Undisturbed::begin();
        // It gets the name by which others tell what was left behind only when it is locked.
        let begun = folder.with_extension("new");
        DirBuilder::new().mode(0o700).create(&begun).map_err(cannot_write(path))?;
        let lock = File::open(&begun).ok().filter(|folder| folder.try_lock().is_ok());
        fs::rename(&begun, &folder).map_err(cannot_write(path))?;
        Ok(Self { path: folder, lock })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Gives it its lasting name, which must be free or that of an empty folder. After `Ok` the name is on disk.
    pub(crate) fn keep(self, path: &Path) -> Result<(), Failure> {
        let _whole = Undisturbed::begin();
        sync_folder(&self.path)?;
        fs::rename(&self.path, path).map_err(|error| match error.kind() {
            io::ErrorKind::DirectoryNotEmpty
            | io::ErrorKind::AlreadyExists
            | io::ErrorKind::NotADirectory => taken(path),
            _ => cannot_write(path)(error),
        })?;
        sync_folder(parent(path))
    }
}

impl Drop for TemporaryFolder {
    fn drop(&mut self) {
        let _whole = Undisturbed::begin();
        // It bears its own name only as long as it was not kept. What cannot be removed is no home: nothing reads it.
        let _ = fs::remove_dir_all(&self.path);
    }
}

/// A file that is removed when this is dropped, unless it was renamed or is kept.
pub(super) struct Temporary {
    pub(super) name: PathBuf,
    pub(super) file: File,
    pub(super) fate: Fate,
    /// A signal would leave it behind.
    pub(super) _whole: Undisturbed,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    Remove,
    Keep,
}

impl Temporary {
    pub(super) fn create(path: &Path, readers: Readers) -> Result<Self, Failure> {
        let name = temporary_name(path)?;
        let whole = Undisturbed::begin();
        let file = OpenOptions::new().write(true).create_new(true).mode(readers.mode()).open(&name);
        Ok(Self { file: file.map_err(cannot_write(path))?, name, fate: Fate::Remove, _whole: whole })
    }

    /// After `Ok` the bytes are on disk.
    pub(super) fn write(&self, path: &Path, bytes: &[u8]) -> Result<(), Failure> {
        (&self.file).write_all(bytes).and_then(|()| self.file.sync_all()).map_err(cannot_write(path))
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        if self.fate == Fate::Keep {
            return;
        }
        // What stays behind bears a name that nothing reads.
        let _ = fs::remove_file(&self.name);
    }
}

/// Removes the folders beside `path` that a killed process left behind: those that nobody has locked.
fn sweep(path: &Path) {
    let beside = fs::read_dir(parent(path)).into_iter().flatten().flatten();
    let left = beside.map(|entry| entry.path()).filter(|left| is_temporary(left, path) && left.is_dir());
    for folder in left {
        if File::open(&folder).is_ok_and(|lock| lock.try_lock().is_ok()) {
            // What cannot be removed stays, as it did until now.
            let _ = fs::remove_dir_all(&folder);
        }
    }
}

/// Whether a name is one that [`temporary_name`] gives beside `path`.
fn is_temporary(found: &Path, path: &Path) -> bool {
    let lasting = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    lasting_name(found) == Some(lasting)
}

/// Whether a name is one that only temporary files and folders bear.
pub(crate) fn is_leftover(found: &Path) -> bool {
    lasting_name(found).is_some()
}

/// The name that a temporary file or folder would have got, if it is one.
fn lasting_name(found: &Path) -> Option<String> {
    let name = found.file_name()?.to_string_lossy().into_owned();
    let (lasting, random) = name.strip_prefix('.')?.strip_suffix(".tmp")?.rsplit_once('.')?;
    let is_random = random.len() == 16 && random.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_random.then(|| lasting.to_owned())
}

/// `.NAME.RANDOM.tmp` beside `path`: two processes, or one after a crash, never meet in it.
pub(super) fn temporary_name(path: &Path) -> Result<PathBuf, Failure> {
    let mut name = std::ffi::OsString::from(".");
    name.push(path.file_name().unwrap_or_default());
    name.push(format!(".{}.tmp", hex(&entropy::bytes::<8>()?)));
    Ok(parent(path).join(name))
}
