//! Whether the state belongs to the user who runs this. Files of another user would lock the product out of its own state, and
//! a state that cannot be read would look like no license.

use core::fmt::Display;
use rustix::process::geteuid;
use std::fs::{self, File, Metadata};
use std::io::ErrorKind;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use crate::failure::{Failure, Kind};

/// The file that every state has.
const IDENTITY: &str = "identity.json";

/// Refuses to go on as a user who is not the product's.
pub(crate) fn check(state: &Path) -> Result<(), Failure> {
    let identity = state.join(IDENTITY);
    match fs::metadata(&identity) {
        Ok(kept) => {
            root_stays_out(&kept, state)?;
            File::open(&identity).map(drop).map_err(|error| unreadable(state, &error))
        }
        Err(error) if error.kind() == ErrorKind::NotFound => match nearest(state) {
            Some(folder) => root_stays_out(&folder, state),
            None => Ok(()),
        },
        Err(error) => Err(unreadable(state, &error)),
    }
}

/// Whether a key was ever kept there.
pub(crate) fn has_identity(state: &Path) -> bool {
    state.join(IDENTITY).exists()
}

/// The superuser can write anywhere, and what he writes only he can read.
fn root_stays_out(kept: &Metadata, state: &Path) -> Result<(), Failure> {
    let owner = kept.uid();
    if !geteuid().is_root() || owner == 0 {
        return Ok(());
    }
    let message =
        format!("{} belongs to the user {owner}, who could not read what root writes there", state.display());
    Err(Failure::new(Kind::CannotRead, message, format!("run it as that user: sudo -u '#{owner}' …")))
}

/// The folder in which the state's would be made.
fn nearest(state: &Path) -> Option<Metadata> {
    state.ancestors().find_map(|folder| fs::metadata(folder).ok())
}

fn unreadable(state: &Path, error: &dyn Display) -> Failure {
    let message = format!("the state in {} cannot be read: {error}", state.display());
    Failure::new(Kind::CannotRead, message, "run it as the user that the product runs as")
}
