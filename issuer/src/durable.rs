//! Files that are whole or not there, and on disk when a function says so.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, BufWriter, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use crate::entropy;
use crate::error::{Failure, FailureKind};
use crate::undisturbed::Undisturbed;
use lictor_shared::hex;

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

/// A file that must not exist yet and is written bit by bit. Dropped before it is [finished](Self::finish), nothing of it is
/// there.
#[derive(Debug)]
pub struct Growing {
    building: TemporaryFolder,
    file: BufWriter<File>,
    path: PathBuf,
}

impl Growing {
    /// Begins it.
    ///
    /// # Errors
    /// [`FailureKind::CannotWrite`] if the file system refuses.
    pub fn create(path: &Path, readers: Readers) -> Result<Self, Failure> {
        let building = TemporaryFolder::beside(path).map_err(|failure| renamed(failure, path))?;
        let file =
            OpenOptions::new().write(true).create_new(true).mode(readers.mode()).open(begun(&building));
        let file = BufWriter::new(file.map_err(cannot_write(path))?);
        Ok(Self { building, file, path: path.into() })
    }

    /// Writes what comes next.
    ///
    /// # Errors
    /// [`FailureKind::CannotWrite`] if the file system refuses.
    pub fn write(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        self.file.write_all(bytes).map_err(cannot_write(&self.path))
    }

    /// After `Ok` it is on disk, name included; after a failure it is not there.
    ///
    /// # Errors
    /// [`FailureKind::Conflict`] if the name is taken, [`FailureKind::CannotWrite`] if the file system refuses.
    pub fn finish(mut self, existing: Existing) -> Result<(), Failure> {
        let written = self.file.flush().and_then(|()| self.file.get_ref().sync_all());
        written.map_err(cannot_write(&self.path))?;
        name(&begun(&self.building), &self.path, existing)
    }
}

/// The file while it grows.
fn begun(building: &TemporaryFolder) -> PathBuf {
    building.path().join("file")
}

/// The name that was asked for, in place of one that nobody knows.
fn renamed(failure: Failure, path: &Path) -> Failure {
    match failure.source.and_then(|source| source.downcast::<io::Error>().ok()) {
        Some(error) => cannot_write(path)(*error),
        None => Failure { source: None, ..failure },
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

/// A folder for its owner only that is removed with all that is in it when this is dropped, unless it was
/// [kept](Self::keep). It is locked as long as it is used, so that one that a crash left behind can be told.
#[derive(Debug)]
pub(crate) struct TemporaryFolder {
    path: PathBuf,
    #[expect(dead_code, reason = "its lock ends with it")]
    lock: Option<File>,
    /// A signal would leave it behind.
    _whole: Undisturbed,
}

impl TemporaryFolder {
    /// Creates it beside `path`, on the same file system, and removes those that others left there.
    pub(crate) fn beside(path: &Path) -> Result<Self, Failure> {
        sweep(path);
        let folder = temporary_name(path)?;
        let whole = Undisturbed::begin();
        // It gets the name by which others tell what was left behind only when it is locked.
        let begun = folder.with_extension("new");
        DirBuilder::new().mode(0o700).create(&begun).map_err(cannot_write(path))?;
        let lock = File::open(&begun).ok().filter(|folder| folder.try_lock().is_ok());
        fs::rename(&begun, &folder).map_err(cannot_write(path))?;
        Ok(Self { path: folder, lock, _whole: whole })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Gives it its lasting name, which must be free or that of an empty folder. After `Ok` the name is on disk.
    pub(crate) fn keep(self, path: &Path) -> Result<(), Failure> {
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
        // It bears its own name only as long as it was not kept. What cannot be removed is no home: nothing reads it.
        let _ = fs::remove_dir_all(&self.path);
    }
}

/// A file that is removed when this is dropped, unless it was renamed or is kept.
struct Temporary {
    name: PathBuf,
    file: File,
    fate: Fate,
    /// A signal would leave it behind.
    _whole: Undisturbed,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Fate {
    Remove,
    Keep,
}

impl Temporary {
    fn create(path: &Path, readers: Readers) -> Result<Self, Failure> {
        let name = temporary_name(path)?;
        let whole = Undisturbed::begin();
        let file = OpenOptions::new().write(true).create_new(true).mode(readers.mode()).open(&name);
        Ok(Self { file: file.map_err(cannot_write(path))?, name, fate: Fate::Remove, _whole: whole })
    }

    /// After `Ok` the bytes are on disk.
    fn write(&self, path: &Path, bytes: &[u8]) -> Result<(), Failure> {
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
fn temporary_name(path: &Path) -> Result<PathBuf, Failure> {
    let mut name = std::ffi::OsString::from(".");
    name.push(path.file_name().unwrap_or_default());
    name.push(format!(".{}.tmp", hex(&entropy::bytes::<8>()?)));
    Ok(parent(path).join(name))
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
            let names: Vec<_> =
                fs::read_dir(scratch.path("")).unwrap().map(|entry| entry.unwrap().file_name()).collect();
            assert_eq!(names, ["acme.lic"], "nothing else is left");
        }
    }
}
