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

/// What root is told before he makes a state, for he may not be whom the product runs as.
pub(crate) fn forewarning(state: &Path) -> Option<String> {
    (geteuid().is_root() && !has_identity(state)).then(|| {
        let folder = state.display();
        format!(
            "Root makes the state in {folder} now, and no other user will be able to read it. If the product runs as \
             another one, give it to him: chown -R USER '{folder}'"
        )
    })
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

/// What stands there, or the folder in which it would be made.
fn nearest(path: &Path) -> Option<Metadata> {
    path.ancestors().find_map(|path| fs::metadata(path).ok())
}

/// Says whose it is and who asks, since either may be the wrong one.
fn unreadable(state: &Path, error: &dyn Display) -> Failure {
    let (folder, asks) = (state.display(), geteuid().as_raw());
    let message = format!("the state in {folder} cannot be read: {error}");
    let found = nearest(&state.join(IDENTITY));
    let (whose, hint) = match found.map(|found| (found.is_dir() || state.is_dir(), found.uid())) {
        Some((false, _)) | None => (
            String::new(),
            format!("{folder} must be a folder; move away what stands there, and run the command again"),
        ),
        Some((true, owner)) => (whose(owner, asks), who_may(&folder, owner, asks)),
    };
    Failure::new(Kind::CannotRead, message + &whose, hint)
}

fn whose(owner: u32, asks: u32) -> String {
    if owner == asks {
        format!("; it belongs to the user {owner}, who runs this")
    } else {
        format!("; it belongs to the user {owner}, and the user {asks} runs this")
    }
}

fn who_may(folder: &dyn Display, owner: u32, asks: u32) -> String {
    match owner {
        _ if owner == asks => format!("let its owner read it again: chmod -R u+rwX '{folder}'"),
        0 => format!(
            "run it as the user that the product runs as; if that is the user {asks}, root gives it to him: \
             chown -R {asks} '{folder}'"
        ),
        _ => format!(
            "run it as the user that the product runs as; if that is the user {owner}: sudo -u '#{owner}' …"
        ),
    }
}
