//! Files that are named on the command line.

use lictor_validator::host::{self, FileError};
use std::io;
use std::path::Path;

use crate::error::{Failure, FailureKind};

/// The bytes of a file, or of standard input for `-`.
pub(crate) fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    let (name, bytes) = if is_standard_input(path) {
        ("standard input".to_string(), host::read_stream(io::stdin().lock()))
    } else {
        (path.display().to_string(), host::read_file(path))
    };
    bytes.map_err(|error| {
        let hint = match error {
            FileError::TooLarge => "check that this is the file that was meant",
            FileError::NoFile => "name a file",
            FileError::Io(_) => "check the path, and that you may read it",
        };
        let message = format!("{name} cannot be read: {error}");
        Failure::new(FailureKind::CannotRead, message).hint(hint).with("path", name)
    })
}

/// Whether a path stands for standard input.
pub(crate) fn is_standard_input(path: &Path) -> bool {
    path.as_os_str() == "-"
}

/// Refuses standard input for more than one thing.
pub(crate) fn once<'a>(paths: impl Iterator<Item = &'a Path>) -> Result<(), Failure> {
    if paths.filter(|path| is_standard_input(path)).count() > 1 {
        return Err(Failure::new(FailureKind::Usage, "standard input is named twice")
            .hint("name a file for one of the two"));
    }
    Ok(())
}
