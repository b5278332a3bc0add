//! Reading files that somebody else wrote: no more of them than a license can be.

use lictor_shared::limits;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::Path;

/// Why a file is not read.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// The system says no.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// Larger than anything that is read.
    #[error(
        "the file is larger than {} bytes, so it is no license, list, activation or key set",
        limits::FILE_BYTES
    )]
    TooLarge,
    /// Opening a pipe waits until somebody writes into it, and a device has effects of its own.
    #[error("it is no file but a folder, a pipe or a device")]
    NoFile,
}

/// The bytes of a file of at most 4 MiB.
///
/// # Errors
/// [`FileError`] if it cannot be read or is larger; a folder cannot be read.
pub fn read_file(path: &Path) -> Result<Vec<u8>, FileError> {
    read_stream(File::open(path)?)
}

/// The same of a path that nobody has named just now: what stands there is looked at first, and only a file is opened.
///
/// # Errors
/// [`FileError`] if it is no file, cannot be read or is larger.
pub(crate) fn read_regular_file(path: &Path) -> Result<Vec<u8>, FileError> {
    if fs::metadata(path)?.is_file() { read_file(path) } else { Err(FileError::NoFile) }
}

/// The bytes of a stream of at most 4 MiB.
///
/// # Errors
/// [`FileError`] if it cannot be read or is larger.
pub fn read_stream(stream: impl Read) -> Result<Vec<u8>, FileError> {
    let limit = u64::try_from(limits::FILE_BYTES).unwrap_or(u64::MAX);
    let mut bytes = Vec::new();
    stream.take(limit.saturating_add(1)).read_to_end(&mut bytes)?;
    if bytes.len() > limits::FILE_BYTES {
        return Err(FileError::TooLarge);
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn four_mebibytes_and_no_more() {
        let endless = || io::repeat(b'a');
        assert_eq!(read_stream(endless().take(4 * 1024 * 1024)).unwrap().len(), 4 * 1024 * 1024);
        assert!(matches!(read_stream(endless()), Err(FileError::TooLarge)));
        assert!(matches!(read_file(Path::new("/")), Err(FileError::Io(_))));
    }

    #[test]
    fn a_device_is_not_opened() {
        assert!(matches!(read_regular_file(Path::new("/dev/zero")), Err(FileError::NoFile)));
        assert!(matches!(read_regular_file(Path::new("/")), Err(FileError::NoFile)));
        assert!(matches!(read_regular_file(Path::new("/none")), Err(FileError::Io(_))));
    }
}
