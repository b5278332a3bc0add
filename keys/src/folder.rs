//! The folder of key files.

mod error;
mod guard;
mod write;

use lictor_shared::Thumbprint;
use std::ffi::OsStr;
use std::fs::{self, DirBuilder};
use std::io;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

pub use error::FolderError;

use crate::error::KeyFileError;
use crate::open::{open_expecting, protection};
use crate::passphrase::Passphrase;
use crate::private_key::PrivateKey;
use crate::read::read_key_file;
use crate::reseal::Resealed;

/// How the name of a key file ends, after the thumbprint.
const EXTENSION: &str = ".pem";

/// A folder of key files, one `<kid>.pem` per key, that nobody but its owner may read. A key file in it is never
/// overwritten, but by the same key under another passphrase.
#[derive(Clone, Debug)]
pub struct KeyFolder {
    path: PathBuf,
}

/// What lies in a key folder, each part in the order of the file names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FolderContents {
    /// The keys.
    pub keys: Vec<Thumbprint>,
    /// Temporary files of writers that were interrupted (or are at work); they count as no key and may be deleted.
    pub leftovers: Vec<PathBuf>,
    /// Everything else. It is never read; perhaps a key file was renamed.
    pub unknown: Vec<PathBuf>,
}

impl KeyFolder {
    /// Creates the folder, closed to others from the start. The folder that it lies in must exist.
    ///
    /// # Errors
    /// [`FolderError::Exists`] if the path is taken, [`FolderError::Io`] if the file system refuses.
    pub fn create(path: impl Into<PathBuf>) -> Result<Self, FolderError> {
        let path = path.into();
        match DirBuilder::new().mode(0o700).create(&path) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                return Err(FolderError::Exists { path });
            }
            Err(error) => return Err(FolderError::io("create the key folder", &path)(error)),
        }
        // A crash from here on leaves an empty folder or none.
        write::sync_folder(parent(&path))?;
        Ok(Self { path })
    }

    /// Opens a folder that exists.
    ///
    /// # Errors
    /// [`FolderError`] if others may enter it, or if a key file in it is a link, no regular file, somebody else's, or one
    /// that others may read or write.
    pub fn open(path: impl Into<PathBuf>) -> Result<Self, FolderError> {
        let folder = Self { path: path.into() };
        let owner = guard::folder(&folder.path)?;
        for kid in folder.list()? {
            guard::key_file(&folder.path_of(&kid), owner)?;
        }
        Ok(folder)
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The file of a key, whether it exists or not.
    #[must_use]
    pub fn path_of(&self, kid: &Thumbprint) -> PathBuf {
        self.path.join(file_name(kid))
    }

    /// Writes the key file of a key: whole, durable and readable by its owner only, or not at all. A key that is there
    /// already is left as it is.
    ///
    /// # Errors
    /// [`FolderError::KeyExists`], [`FolderError::Key`] if the text holds no private key, and what the file system
    /// refuses.
    pub fn store(&self, kid: &Thumbprint, pem: &str) -> Result<(), FolderError> {
        let path = self.path_of(kid);
        protection(pem).map_err(key_error(&path))?;
        guard::folder(&self.path)?;
        let exists = |path| FolderError::KeyExists { kid: *kid, path };
        if guard::is_taken(&path)? {
            return Err(exists(path));
        }
        match write::new_file(&self.path, &file_name(kid), pem) {
            // Another process was faster.
            Err(FolderError::Io { path, error, .. }) if error.kind() == io::ErrorKind::AlreadyExists => {
                Err(exists(path))
            }
            result => result,
        }
    }

    /// Puts the same key under another passphrase in the place of its file. At every instant the file is whole: the old one
    /// until it is the new one.
    ///
    /// # Errors
    /// [`FolderError::NoSuchKey`], [`FolderError::Io`] if the file system refuses; then the old file is there as it was.
    pub fn replace(&self, resealed: &Resealed) -> Result<(), FolderError> {
        let kid = resealed.kid();
        self.put(kid, resealed.text())
    }

    /// Puts back the text that a key's file had before it was replaced.
    ///
    /// # Errors
    /// As [`KeyFolder::replace`].
    pub fn put_back(&self, kid: &Thumbprint, text: &Zeroizing<String>) -> Result<(), FolderError> {
        protection(text).map_err(key_error(&self.path_of(kid)))?;
        self.put(kid, text)
    }

    fn put(&self, kid: &Thumbprint, text: &str) -> Result<(), FolderError> {
        let owner = guard::folder(&self.path)?;
        let path = self.path_of(kid);
        if !guard::is_taken(&path)? {
            return Err(FolderError::NoSuchKey { kid: *kid, path });
        }
        guard::key_file(&path, owner)?;
        write::replacement(&self.path, &file_name(kid), text)
    }

    /// Removes the file of a key; whether there was one. After `Ok` its name is gone from the disk. What the medium keeps of
    /// its bytes no program can say.
    ///
    /// # Errors
    /// [`FolderError::Io`] if the file system refuses.
    pub fn remove(&self, kid: &Thumbprint) -> Result<bool, FolderError> {
        guard::folder(&self.path)?;
        let path = self.path_of(kid);
        if !guard::is_taken(&path)? {
            return Ok(false);
        }
        fs::remove_file(&path)
            .map_err(FolderError::io("write to the key folder: it does not let go of", &path))?;
        write::sync_folder(&self.path)?;
        Ok(true)
    }

    /// The text of a key's file. It is wiped when it is dropped.
    ///
    /// # Errors
    /// [`FolderError::NoSuchKey`], or for the reasons of [`KeyFolder::open`].
    pub fn load(&self, kid: &Thumbprint) -> Result<Zeroizing<String>, FolderError> {
        let owner = guard::folder(&self.path)?;
        let path = self.path_of(kid);
        if !guard::is_taken(&path)? {
            return Err(FolderError::NoSuchKey { kid: *kid, path });
        }
        read_key_file(guard::open(&path, owner)?).map_err(key_error(&path))
    }

    /// Opens a key and makes sure that it is the one that its file is named after: a file that was exchanged,
    /// renamed or damaged never signs.
    ///
    /// # Errors
    /// As [`KeyFolder::load`], and [`FolderError::Key`] if the file does not open or holds another key.
    pub fn open_key(
        &self,
        kid: &Thumbprint,
        passphrase: Option<&Passphrase>,
    ) -> Result<PrivateKey, FolderError> {
        let text = self.load(kid)?;
        open_expecting(&text, passphrase, kid).map_err(key_error(&self.path_of(kid)))
    }

    /// Whether there is a file for this key.
    ///
    /// # Errors
    /// [`FolderError::Io`] if the file system does not say.
    pub fn contains(&self, kid: &Thumbprint) -> Result<bool, FolderError> {
        guard::is_taken(&self.path_of(kid))
    }

    /// The keys in it, in order; leftover temporary files and unknown ones are not among them.
    ///
    /// # Errors
    /// [`FolderError::Io`] if the folder cannot be read.
    pub fn list(&self) -> Result<Vec<Thumbprint>, FolderError> {
        Ok(self.contents()?.keys)
    }

    /// Everything in it.
    ///
    /// # Errors
    /// [`FolderError::Io`] if the folder cannot be read.
    pub fn contents(&self) -> Result<FolderContents, FolderError> {
        let names =
            || fs::read_dir(&self.path)?.map(|entry| Ok(entry?.file_name())).collect::<io::Result<Vec<_>>>();
        let mut names = names().map_err(FolderError::io("read the key folder", &self.path))?;
        names.sort();
        let mut contents = FolderContents::default();
        for name in names {
            match Entry::of(&name) {
                Entry::Key(kid) => contents.keys.push(kid),
                Entry::Leftover => contents.leftovers.push(self.path.join(name)),
                Entry::Unknown => contents.unknown.push(self.path.join(name)),
            }
        }
        Ok(contents)
    }
}

/// What a name in the folder says that the file is.
enum Entry {
    Key(Thumbprint),
    Leftover,
    Unknown,
}

impl Entry {
    fn of(name: &OsStr) -> Self {
        let Some(name) = name.to_str() else { return Self::Unknown };
        let (start, end) = write::TEMPORARY;
        if name.starts_with(start) && name.ends_with(end) {
            return Self::Leftover;
        }
        let kid = name.strip_suffix(EXTENSION).and_then(|kid| Thumbprint::new(kid).ok());
        kid.map_or(Self::Unknown, Self::Key)
    }
}

fn file_name(kid: &Thumbprint) -> String {
    format!("{kid}{EXTENSION}")
}

fn key_error(path: &Path) -> impl FnOnce(KeyFileError) -> FolderError {
    let path = path.to_owned();
    move |error| FolderError::Key { path, error }
}

/// The folder that `path` lies in.
fn parent(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if parent != Path::new("") => parent,
        _ => Path::new("."),
    }
}
