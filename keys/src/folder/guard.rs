//! Who may read the keys: nobody but their owner, or they are not used.

use std::fs::{self, File, FileType, Metadata};
use std::io;
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _, PermissionsExt as _};
use std::path::Path;

use super::error::FolderError;

/// Permission bits of group and others.
const OTHERS: u32 = 0o077;

/// Refuses a folder that others may enter, and gives its owner.
pub(super) fn folder(path: &Path) -> Result<u32, FolderError> {
    let metadata = fs::metadata(path).map_err(FolderError::io("open the key folder", path))?;
    if !metadata.is_dir() {
        return Err(FolderError::NotAFolder { path: path.to_owned() });
    }
    let mode = mode(&metadata);
    if mode & OTHERS != 0 {
        return Err(FolderError::FolderIsOpen { path: path.to_owned(), mode });
    }
    Ok(metadata.uid())
}

/// Refuses a key file that is a link, is no file, belongs to somebody else, or that others may read or write.
pub(super) fn key_file(path: &Path, folder_owner: u32) -> Result<Metadata, FolderError> {
    // Of the link itself, should it be one.
    let metadata = fs::symlink_metadata(path).map_err(FolderError::io("look at", path))?;
    if !metadata.is_file() {
        return Err(FolderError::NotAFile { path: path.to_owned(), kind: kind(metadata.file_type()) });
    }
    if metadata.uid() != folder_owner {
        return Err(FolderError::ForeignOwner { path: path.to_owned(), owner: metadata.uid(), folder_owner });
    }
    let mode = mode(&metadata);
    if mode & (OTHERS | 0o100) != 0 {
        return Err(FolderError::FileIsOpen { path: path.to_owned(), mode });
    }
    Ok(metadata)
}

/// Opens a key file that [`key_file`] lets pass, and makes sure that it is the one that was looked at.
pub(super) fn open(path: &Path, folder_owner: u32) -> Result<File, FolderError> {
    let looked_at = key_file(path, folder_owner)?;
    let file = File::open(path).map_err(FolderError::io("open", path))?;
    let opened = file.metadata().map_err(FolderError::io("look at", path))?;
    if (looked_at.dev(), looked_at.ino()) == (opened.dev(), opened.ino()) {
        Ok(file)
    } else {
        Err(FolderError::Exchanged { path: path.to_owned() })
    }
}

/// Whether something, be it a link to nowhere, has this name.
pub(super) fn is_taken(path: &Path) -> Result<bool, FolderError> {
    match fs::symlink_metadata(path) {
        Ok(_) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(FolderError::io("look at", path)(error)),
    }
}

fn mode(metadata: &Metadata) -> u32 {
    metadata.permissions().mode() & 0o7777
}

fn kind(file_type: FileType) -> &'static str {
    if file_type.is_symlink() {
        "a symbolic link"
    } else if file_type.is_dir() {
        "a folder"
    } else if file_type.is_fifo() {
        "a pipe"
    } else if file_type.is_socket() {
        "a socket"
    } else {
        "a device"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_file_belongs_to_the_owner_of_its_folder() {
        let path = std::env::temp_dir().join(format!("lictor-keys guard {}", std::process::id()));
        fs::write(&path, "").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        let owner = fs::metadata(&path).unwrap().uid();
        let (own, foreign) = (key_file(&path, owner), key_file(&path, owner + 1));
        fs::remove_file(&path).unwrap();
        assert!(own.is_ok());
        let error = foreign.unwrap_err().to_string();
        assert!(error.contains(&format!("chown {} '{}'", owner + 1, path.display())), "{error}");
    }
}
