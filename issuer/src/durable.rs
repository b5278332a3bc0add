//! Files that are whole or not there, and on disk when a function says so.

mod growing;
mod temporary;

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use self::temporary::{Fate, Temporary};
use crate::error::{Failure, FailureKind};
use crate::undisturbed::Undisturbed;

pub use self::growing::Growing;
pub(crate) use self::temporary::{TemporaryFolder, is_leftover};

/// Who may read a file that is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Readers {
    /// Its owner.
    Owner,
    /// Whomever the user's file mode mask lets: what is handed on anyway, as tokens and public keys are.
    Anyone,
}

impl Readers {
    const fn mode(self) -> u32 {
        match self {
            Self::Owner => 0o600,
            Self::Anyone => 0o666,
        }
    }
}

/// Writes a file that must not exist yet. After `Ok` it is on disk, name included; after a failure it is not there.
///
/// # Errors
/// [`FailureKind::Conflict`] if the name is taken, [`FailureKind::CannotWrite`] if the file system refuses.
pub fn create(path: &Path, bytes: &[u8], readers: Readers) -> Result<(), Failure> {
    let temporary = Temporary::create(path, readers)?;
    temporary.write(path, bytes)?;
    // Unlike a rename, a link fails where the name is taken.
    match fs::hard_link(&temporary.name, path) {
        Ok(()) => named(path),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Err(taken(path)),
        // The file systems of USB sticks know no links.
        Err(error)
            if matches!(error.kind(), io::ErrorKind::PermissionDenied | io::ErrorKind::Unsupported) =>
        {
            create_in_place(path, bytes, readers)
        }
        Err(error) => Err(cannot_write(path)(error)),
    }
}

/// What becomes of a file that has the name of a new one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Existing {
    /// It stays, and the new one is not written.
    Keep,
    /// It goes, once the new one is whole.
    Replace,
}

/// Makes a new name durable, or takes it back.
fn named(path: &Path) -> Result<(), Failure> {
    sync_folder(parent(path)).inspect_err(|_| {
        // That it cannot be taken back either is no news: the disk fails.
        let _ = fs::remove_file(path);
    })
}

/// Gives a file that is on disk another name; the old name may then go. After `Ok` the name is on disk too.
pub(crate) fn name(file: &Path, path: &Path, existing: Existing) -> Result<(), Failure> {
    match existing {
        Existing::Keep => name_free(file, path),
        Existing::Replace => rename(file, path),
    }
}

/// After a failure the name is not there.
fn name_free(file: &Path, path: &Path) -> Result<(), Failure> {
    match fs::hard_link(file, path) {
        Ok(()) => named(path),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Err(taken(path)),
        // The file systems of USB sticks know no links, and hardly two writers of one name.
        Err(error)
            if matches!(error.kind(), io::ErrorKind::PermissionDenied | io::ErrorKind::Unsupported) =>
        {
            if path.symlink_metadata().is_ok() {
                return Err(taken(path));
            }
            fs::rename(file, path).map_err(cannot_write(path))?;
            named(path)
        }
        Err(error) => Err(cannot_write(path)(error)),
    }
}

/// At every moment one of the two files has the name, whole. After a failure the message says if it is the new one.
pub(crate) fn rename(file: &Path, path: &Path) -> Result<(), Failure> {
    fs::rename(file, path).map_err(cannot_write(path))?;
    sync_folder(parent(path)).map_err(|failure| {
        let message = format!(
            "The new {} is there, but a power cut might still bring the old one back. {}",
            path.display(),
            failure.message
        );
        Failure { message, ..failure }
    })
}

/// The same without a link: a crash in between leaves a part of the file, a failure leaves nothing.
fn create_in_place(path: &Path, bytes: &[u8], readers: Readers) -> Result<(), Failure> {
    let whole = Undisturbed::begin();
    let created = OpenOptions::new().write(true).create_new(true).mode(readers.mode()).open(path);
    let file = created.map_err(|error| match error.kind() {
        io::ErrorKind::AlreadyExists => taken(path),
        _ => cannot_write(path)(error),
    })?;
    // Removed again unless it is whole.
    let mut begun = Temporary { name: path.into(), file, fate: Fate::Remove, _whole: whole };
    begun.write(path, bytes)?;
    begun.fate = Fate::Keep;
    named(path)
}

/// Writes a file, in place of the one that has its name, if any. At every moment one of the two is there, whole.
///
/// # Errors
/// [`FailureKind::CannotWrite`] if the file system refuses; then the old file is still there, unless the message says that
/// the new one is.
pub fn replace(path: &Path, bytes: &[u8], readers: Readers) -> Result<(), Failure> {
    let temporary = Temporary::create(path, readers)?;
    temporary.write(path, bytes)?;
    rename(&temporary.name, path)
}

/// The same, but that the name may be the old file's after a power cut until [`sync_folder`] has returned: for many files that
/// nobody reads before a last one is there.
pub(crate) fn put(path: &Path, bytes: &[u8], readers: Readers) -> Result<(), Failure> {
    let temporary = Temporary::create(path, readers)?;
    temporary.write(path, bytes)?;
    fs::rename(&temporary.name, path).map_err(cannot_write(path))
}

/// Writes a file in place of the one that has its name, if any. It is whole whenever it is there, and it is on disk when
/// [`sync_all_of`] has returned: for many files that can be written again.
pub(crate) fn put_soon(path: &Path, bytes: &[u8], readers: Readers) -> Result<(), Failure> {
    let temporary = Temporary::create(path, readers)?;
    (&temporary.file).write_all(bytes).map_err(cannot_write(path))?;
    fs::rename(&temporary.name, path).map_err(cannot_write(path))
}

/// After `Ok` everything in a folder is on disk.
#[cfg(target_os = "linux")]
pub(crate) fn sync_all_of(folder: &Path) -> Result<(), Failure> {
    let synced = File::open(folder).and_then(|folder| Ok(nix::unistd::syncfs(folder)?));
    synced.map_err(cannot_write(folder))?;
    sync_folder(folder)
}

/// After `Ok` everything in a folder is on disk.
#[cfg(not(target_os = "linux"))]
pub(crate) fn sync_all_of(folder: &Path) -> Result<(), Failure> {
    for file in fs::read_dir(folder).map_err(cannot_write(folder))? {
        let synced = file.and_then(|file| File::open(file.path())).and_then(|file| file.sync_all());
        synced.map_err(cannot_write(folder))?;
    }
    sync_folder(folder)
}

/// Whether a file has just these bytes. What is no file has none: whoever opens a pipe to read it waits for somebody to write.
pub(crate) fn is_just_so(path: &Path, bytes: &[u8]) -> bool {
    // One of another length, which may be long, need not be read.
    let length = u64::try_from(bytes.len()).ok();
    fs::metadata(path).is_ok_and(|found| Some(found.len()) == length)
        && found(path).is_some_and(|found| found == bytes)
}

/// What is in a file, if one is there and can be read; pipes and devices, which could be read for ever, are none.
pub(crate) fn found(path: &Path) -> Option<Vec<u8>> {
    fs::metadata(path).ok().filter(fs::Metadata::is_file)?;
    fs::read(path).ok()
}

/// Makes sure that a file of so many bytes could be written beside `path`; it is not kept.
///
/// # Errors
/// [`FailureKind::CannotWrite`] if it could not.
pub fn probe(path: &Path, bytes: usize) -> Result<(), Failure> {
    let temporary = Temporary::create(path, Readers::Owner)?;
    (&temporary.file).write_all(&vec![0; bytes]).map_err(cannot_write(path))
}

/// Makes the names in a folder durable.
pub(crate) fn sync_folder(folder: &Path) -> Result<(), Failure> {
    #[cfg(test)]
    failing::sync(folder)?;
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(cannot_write(folder))
}

/// Creates the folders down to `path` that are missing.
pub(crate) fn create_folders(path: &Path) -> Result<(), Failure> {
    if path.is_dir() {
        return Ok(());
    }
    let above = parent(path);
    create_folders(above)?;
    match DirBuilder::new().create(path) {
        // Another process was faster.
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists && path.is_dir() => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Err(no_folder(path)),
        Err(error) => Err(cannot_write(path)(error)),
        Ok(()) => sync_folder(above),
    }
}

/// The folder that `path` lies in.
pub(crate) fn parent(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if parent != Path::new("") => parent,
        _ => Path::new("."),
    }
}

pub(crate) fn taken(path: &Path) -> Failure {
    Failure::new(FailureKind::Conflict, format!("{} exists already; it was left as it is.", path.display()))
        .with("path", path.display().to_string())
}

fn no_folder(path: &Path) -> Failure {
    let path = path.display().to_string();
    Failure::new(FailureKind::CannotWrite, format!("{path} is there already, and no folder."))
        .hint("Name another folder.")
        .with("path", path)
}

pub(crate) fn cannot_write(path: &Path) -> impl FnOnce(io::Error) -> Failure {
    let path = path.display().to_string();
    move |error| {
        let failure = Failure::new(FailureKind::CannotWrite, format!("{path} cannot be written: {error}."));
        let failure = match error.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge => {
                failure.hint("Make room on the disk, or write elsewhere, and repeat the command.")
            }
            io::ErrorKind::ResourceBusy | io::ErrorKind::CrossesDevices => failure
                .hint("Something is mounted there; name a folder inside of it that does not exist yet."),
            io::ErrorKind::NotFound => failure.hint("Create the folder that it is to lie in first."),
            io::ErrorKind::NotADirectory => failure.hint("A part of that path is a file; name another one."),
            io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
                failure.hint("Run the command as the user who may write there, or write elsewhere.")
            }
            _ => failure,
        };
        failure.with("path", path).because(error)
    }
}

pub(crate) fn cannot_read(path: &Path) -> impl FnOnce(io::Error) -> Failure {
    let path = path.display().to_string();
    move |error| {
        let failure = Failure::new(FailureKind::CannotRead, format!("{path} cannot be read: {error}."));
        let failure = match error.kind() {
            io::ErrorKind::PermissionDenied => {
                failure.hint("Run the command as the user whom it belongs to.")
            }
            io::ErrorKind::NotADirectory => failure.hint("A part of that path is a file; name another one."),
            io::ErrorKind::NotFound => failure.hint("Check the path."),
            _ => failure,
        };
        failure.with("path", path).because(error)
    }
}

/// A disk that fails to write a folder through, for tests: no plain machine has one.
#[cfg(test)]
pub(crate) mod failing {
    use std::cell::Cell;
    use std::path::Path;

    thread_local! {
        /// How many folders are written through before one is not.
        pub(crate) static AFTER: Cell<Option<u32>> = const { Cell::new(None) };
    }

    pub(super) fn sync(folder: &Path) -> Result<(), crate::Failure> {
        let left = AFTER.get();
        AFTER.set(left.and_then(|left| left.checked_sub(1)));
        match left {
            Some(0) => Err(super::cannot_write(folder)(std::io::Error::other("the disk fails"))),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scratch::Scratch;
    use nix::sys::signal::{SigSet, Signal};

    fn names(scratch: &Scratch) -> Vec<std::ffi::OsString> {
        let entries = fs::read_dir(scratch.path("")).unwrap();
        entries.map(|entry| entry.unwrap().file_name()).collect()
    }

    #[test]
    fn what_takes_long_can_be_stopped_and_what_that_leaves_is_swept_away() {
        let waits = || SigSet::thread_get_mask().unwrap().contains(Signal::SIGINT);
        let scratch = Scratch::new();
        let path = scratch.path("all.jsonl");
        let mut growing = Growing::create(&path, Readers::Anyone).unwrap();
        growing.write(b"half").unwrap();
        assert!(!waits(), "whoever presses Ctrl-C is heard");
        // As if a signal had ended it there: what has its name and nobody's lock is swept away.
        let used = growing.building.path().to_owned();
        let left = scratch.path(".all.jsonl.0123456789abcdef.tmp");
        fs::create_dir(&left).unwrap();
        fs::write(left.join("file"), b"half").unwrap();
        assert!(is_leftover(&used) && is_leftover(&left), "the doctor knows both");
        let other = Growing::create(&path, Readers::Anyone).unwrap();
        assert!(used.exists() && !left.exists(), "what is in use stays");
        drop(growing);
        other.finish(Existing::Keep).unwrap();
        assert_eq!(names(&scratch), ["all.jsonl"]);
        assert!(!waits());
    }

    /// Both ways to create a file, with and without a link, keep the same promise.
    #[test]
    fn a_file_is_created_whole_and_never_replaced() {
        for create in [create, create_in_place] {
            let scratch = Scratch::new();
            let path = scratch.path("acme.lic");
            create(&path, b"first", Readers::Owner).unwrap();
            assert_eq!(create(&path, b"second", Readers::Owner).unwrap_err().kind, FailureKind::Conflict);
            assert_eq!(fs::read(&path).unwrap(), b"first");
            let nowhere = scratch.path("none").join("acme.lic");
            assert_eq!(
                create(&nowhere, b"first", Readers::Owner).unwrap_err().kind,
                FailureKind::CannotWrite
            );
            assert_eq!(names(&scratch), ["acme.lic"], "nothing else is left");
        }
    }
}
