//! Why the key folder refuses.

use lictor_shared::Thumbprint;
use rand::rngs::SysError;
use std::io;
use std::path::{Path, PathBuf};

use crate::error::KeyFileError;

/// Why the key folder refuses. Each names the path, and the command that mends it where there is one.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FolderError {
    /// Creating is not opening.
    #[error("{} exists already; open it, or create the key folder elsewhere", .path.display())]
    Exists {
        /// What exists.
        path: PathBuf,
    },
    /// A file, or something else that is no folder.
    #[error("{} is no folder; name the folder that holds the key files", .path.display())]
    NotAFolder {
        /// What it should be.
        path: PathBuf,
    },
    /// Others may look into the folder or put files there.
    #[error("the key folder is open to other users (mode {mode:04o}); close it with: chmod 700 {}", shell(.path))]
    FolderIsOpen {
        /// The folder.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// Others may read or write a key file.
    #[error("the key file is open to other users (mode {mode:04o}); if nobody has read it, close it with: chmod 600 {}", shell(.path))]
    FileIsOpen {
        /// The file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// A symbolic link, a folder, a pipe.
    #[error("{} is {kind}, not a regular file; put the key file itself into the folder", .path.display())]
    NotAFile {
        /// What it is about.
        path: PathBuf,
        /// What it is.
        kind: &'static str,
    },
    /// The key file belongs to another user than its folder.
    #[error("the key file belongs to user {owner}, its folder to user {folder_owner}; if it should be there, give it to that user with: chown {folder_owner} {}", shell(.path))]
    ForeignOwner {
        /// The file.
        path: PathBuf,
        /// Numerical id of the file's owner.
        owner: u32,
        /// Numerical id of the folder's owner.
        folder_owner: u32,
    },
    /// The file was exchanged while it was being opened.
    #[error("{} was exchanged while it was being opened; find out who writes to the key folder", .path.display())]
    Exchanged {
        /// The file.
        path: PathBuf,
    },
    /// A key of this thumbprint is there; it is never overwritten.
    #[error("the folder holds the key {kid} already, as {}; it was left as it is", .path.display())]
    KeyExists {
        /// The key.
        kid: Thumbprint,
        /// Its file.
        path: PathBuf,
    },
    /// No key of this thumbprint.
    #[error("the folder holds no key {kid}: there is no file {}; restore it from a backup", .path.display())]
    NoSuchKey {
        /// The key.
        kid: Thumbprint,
        /// The file that it would be.
        path: PathBuf,
    },
    /// The file is another one than when the key was opened.
    #[error("{} was sealed anew by somebody else meanwhile; it was left as it is", .path.display())]
    SealedAnew {
        /// The key.
        kid: Thumbprint,
        /// Its file.
        path: PathBuf,
    },
    /// A key file that does not open, or text that is no key file.
    #[error("{}: {error}", .path.display())]
    Key {
        /// The file.
        path: PathBuf,
        /// Why.
        error: KeyFileError,
    },
    /// The operating system gives no randomness for the name of a temporary file.
    #[error("the operating system gives no randomness, so nothing was written: {0}")]
    Random(SysError),
    /// The file system refuses.
    #[error("cannot {action} {}: {error}", .path.display())]
    Io {
        /// What was tried.
        action: &'static str,
        /// With what.
        path: PathBuf,
        /// What the operating system says.
        error: io::Error,
    },
}

impl FolderError {
    /// For `map_err`: what was tried, and with what.
    pub(crate) fn io(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |error| Self::Io { action, path, error }
    }
}

/// `path` as a shell takes it, so that the command can be copied.
fn shell(path: &Path) -> String {
    let text = path.to_string_lossy();
    let here = if text.starts_with('-') { "./" } else { "" };
    format!("'{here}{}'", text.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_can_be_copied() {
        for (path, quoted) in
            [("a b", "'a b'"), ("it's", r"'it'\''s'"), ("-rf", "'./-rf'"), ("/k/$(x)", "'/k/$(x)'")]
        {
            assert_eq!(shell(Path::new(path)), quoted);
        }
    }
}
