//! Reading files that somebody else wrote: no more of them than a license can be.

use lictor_shared::limits;
use std::fs::{self, File, OpenOptions};
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
    read_stream(open_regular_file(path, OpenOptions::new().read(true))?)
}

/// Opens what is a file, or is made as one, and waits for nobody.
///
/// # Errors
/// [`FileError`] if something else stands there, or it cannot be opened.
pub(crate) fn open_regular_file(path: &Path, options: &mut OpenOptions) -> Result<File, FileError> {
    match fs::metadata(path) {
        Ok(found) if !found.is_file() => return Err(FileError::NoFile),
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error.into()),
        _ => {}
    }
    let file = open_at_once(path, options)?;
    // What was looked at may have been replaced before it was opened.
    if file.metadata()?.is_file() { Ok(file) } else { Err(FileError::NoFile) }
}

/// A pipe that took a file's place meanwhile is opened, or refused, without waiting for somebody at its other end.
#[cfg(unix)]
fn open_at_once(path: &Path, options: &mut OpenOptions) -> io::Result<File> {
    use std::os::unix::fs::OpenOptionsExt as _;
    let at_once = i32::try_from(rustix::fs::OFlags::NONBLOCK.bits()).map_err(io::Error::other)?;
    options.custom_flags(at_once).open(path)
}

#[cfg(not(unix))]
fn open_at_once(path: &Path, options: &mut OpenOptions) -> io::Result<File> {
    options.open(path)
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

    /// It comes between the look and the opening.
    #[test]
    #[cfg(unix)]
    fn a_pipe_is_not_waited_for() {
        use rustix::fs::{CWD, Mode, mkfifoat};
        let path = std::env::temp_dir().join(format!("lictor pipe {}", std::process::id()));
        mkfifoat(CWD, &path, Mode::RUSR | Mode::WUSR).unwrap();
        let opened = [OpenOptions::new().read(true), OpenOptions::new().write(true)]
            .map(|options| open_at_once(&path, options).map(|file| file.metadata().unwrap().is_file()));
        fs::remove_file(&path).unwrap();
        assert!(matches!(opened, [Ok(false), Err(_)]), "{opened:?}");
    }
}
