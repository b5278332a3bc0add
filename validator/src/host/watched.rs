//! Files that somebody else puts somewhere, and that are installed whenever they change.

use std::fs;
use std::io;
use std::path::PathBuf;
use std::time::SystemTime;

use super::desk::Desk;
use super::file::{FileError, read_regular_file};
use super::guard::refusal;
use super::trouble::{Offered, Trouble};

/// Length and date of a file; `None` where there is none.
type Look = Option<(u64, Option<SystemTime>)>;

/// The files, and how each looked when it was last read.
#[derive(Debug)]
pub(crate) struct Watched(Vec<(PathBuf, Look)>);

impl Watched {
    pub(crate) fn new(paths: Vec<PathBuf>) -> Self {
        Self(paths.into_iter().map(|path| (path, None)).collect())
    }

    pub(crate) fn have_changed(&self) -> bool {
        self.0.iter().any(|(path, look)| look_at(path) != *look)
    }

    /// Reads them all.
    pub(crate) fn read(&mut self) -> Files {
        let mut files = Vec::new();
        for (path, look) in &mut self.0 {
            // Looked at before it is read: what changes meanwhile is read again next time.
            *look = look_at(path);
            match read_regular_file(path) {
                Err(FileError::Io(error)) if error.kind() == io::ErrorKind::NotFound => {}
                read => files.push((path.clone(), read)),
            }
        }
        Files(files)
    }
}

fn look_at(path: &PathBuf) -> Look {
    let file = fs::metadata(path).ok()?;
    Some((file.len(), file.modified().ok()))
}

/// What stood in them.
#[derive(Debug)]
pub(crate) struct Files(Vec<(PathBuf, Result<Vec<u8>, FileError>)>);

impl Files {
    /// Judges every block of each; what was refused.
    pub(crate) fn judge(&self, desk: &mut Desk<'_>) -> Vec<Trouble> {
        let mut troubles = Vec::new();
        for (path, read) in &self.0 {
            let offered = || Offered::Watched(path.clone());
            match read {
                Ok(file) => {
                    let outcomes = desk.offer(file);
                    troubles.extend(outcomes.iter().filter_map(|(_, outcome)| refusal(offered(), outcome)));
                }
                Err(error) => troubles.push(Trouble::Refused { offered: offered(), why: error.to_string() }),
            }
        }
        troubles
    }
}
