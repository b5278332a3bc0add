//! The key folder: who may read it, and what a write leaves behind.

#![cfg(test)]

mod support;

use lictor_keys::{FolderError, KeyFolder, Passphrase, PrivateKey, Resealed, seal, seal_plain};
use lictor_shared::Thumbprint;
use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;
use support::Scratch;

fn mode(path: &Path) -> u32 {
    fs::symlink_metadata(path).unwrap().permissions().mode() & 0o7777
}

fn chmod(path: &Path, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
}

/// Runs the command that an error ends with, as an administrator would.
fn run_what_it_says(error: &FolderError) {
    let error = error.to_string();
    let (_, command) = error.split_once("with: ").unwrap_or_else(|| panic!("no command in: {error}"));
    assert!(Command::new("sh").args(["-c", command]).status().unwrap().success(), "{command}");
}

/// A folder with one unencrypted key.
fn folder(scratch: &Scratch) -> (KeyFolder, Thumbprint, PathBuf) {
    let folder = KeyFolder::create(scratch.path("key files")).unwrap();
    let kid = store(&folder);
    let path = folder.path_of(&kid);
    (folder, kid, path)
}

fn store(folder: &KeyFolder) -> Thumbprint {
    let key = PrivateKey::generate().unwrap();
    let kid = key.public().thumbprint();
    folder.store(&kid, &seal_plain(&key).unwrap()).unwrap();
    kid
}

fn names(folder: &KeyFolder) -> Vec<String> {
    let mut names: Vec<_> = fs::read_dir(folder.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[test]
fn a_key_goes_in_and_comes_out() {
    let scratch = Scratch::new();
    let folder = KeyFolder::create(scratch.path("key files")).unwrap();
    let (key, passphrase) = (PrivateKey::generate().unwrap(), Passphrase::new("one two").unwrap());
    let (kid, sealed) = (key.public().thumbprint(), seal(&key, &passphrase).unwrap());
    assert!(!folder.contains(&kid).unwrap());
    folder.store(&kid, &sealed).unwrap();
    assert!(folder.contains(&kid).unwrap());

    let folder = KeyFolder::open(folder.path()).unwrap();
    assert_eq!(folder.list().unwrap(), [kid]);
    assert_eq!(folder.load(&kid).unwrap().as_str(), sealed);
    assert_eq!(folder.open_key(&kid, Some(&passphrase)).unwrap().public(), key.public());
    assert_eq!(names(&folder), [format!("{kid}.pem")], "no temporary file is left");
    let refused = folder.open_key(&kid, None).unwrap_err().to_string();
    assert!(refused.contains(&format!("{kid}.pem: this key is encrypted")), "{refused}");
}

#[test]
fn folder_and_files_are_closed_from_the_start() {
    let scratch = Scratch::new();
    let (folder, _, path) = folder(&scratch);
    assert_eq!((mode(folder.path()), mode(&path)), (0o700, 0o600));
}

#[test]
fn creating_is_not_opening() {
    let scratch = Scratch::new();
    let (folder, kid, _) = folder(&scratch);
    assert!(matches!(KeyFolder::create(folder.path()), Err(FolderError::Exists { .. })));
    assert!(matches!(KeyFolder::create(scratch.write("file", "")), Err(FolderError::Exists { .. })));
    assert!(matches!(KeyFolder::create(scratch.path("no/such")), Err(FolderError::Io { .. })));
    assert!(matches!(KeyFolder::open(scratch.path("none")), Err(FolderError::Io { .. })));
    assert!(matches!(KeyFolder::open(scratch.path("file")), Err(FolderError::NotAFolder { .. })));
    assert_eq!(KeyFolder::open(folder.path()).unwrap().list().unwrap(), [kid]);
}

#[test]
fn a_folder_open_to_others_is_refused_until_the_command_in_the_error_has_run() {
    let scratch = Scratch::new();
    let (folder, kid, _) = folder(&scratch);
    for open in [0o701, 0o710, 0o740, 0o755, 0o777, 0o1777] {
        chmod(folder.path(), open);
        assert!(matches!(folder.load(&kid), Err(FolderError::FolderIsOpen { .. })), "{open:o}");
        let key = PrivateKey::generate().unwrap();
        let stored = folder.store(&key.public().thumbprint(), &seal_plain(&key).unwrap());
        assert!(matches!(stored, Err(FolderError::FolderIsOpen { .. })), "{open:o}");
        let error = KeyFolder::open(folder.path()).unwrap_err();
        assert!(error.to_string().contains(&format!("(mode {open:04o})")), "{error}");
        run_what_it_says(&error);
        KeyFolder::open(folder.path()).unwrap();
    }
}

#[test]
fn a_file_open_to_others_is_refused_until_the_command_in_the_error_has_run() {
    let scratch = Scratch::new();
    let (folder, kid, path) = folder(&scratch);
    for open in [0o601, 0o604, 0o620, 0o640, 0o644, 0o666, 0o700] {
        chmod(&path, open);
        assert!(matches!(folder.load(&kid), Err(FolderError::FileIsOpen { .. })), "{open:o}");
        let error = KeyFolder::open(folder.path()).unwrap_err();
        assert!(error.to_string().contains(&format!("(mode {open:04o})")), "{error}");
        run_what_it_says(&error);
        assert_eq!(mode(&path), 0o600);
        KeyFolder::open(folder.path()).unwrap().load(&kid).unwrap();
    }
    chmod(&path, 0o400);
    KeyFolder::open(folder.path()).unwrap().load(&kid).unwrap();
}

#[test]
fn only_regular_files_are_keys() {
    let scratch = Scratch::new();
    let (folder, kid, path) = folder(&scratch);
    let elsewhere = scratch.path("elsewhere.pem");
    fs::rename(&path, &elsewhere).unwrap();
    let refused = |expected: &str| {
        let errors = [folder.load(&kid).unwrap_err(), KeyFolder::open(folder.path()).unwrap_err()];
        for error in errors {
            assert!(error.to_string().contains(expected), "{error}");
        }
    };
    symlink(&elsewhere, &path).unwrap();
    refused("is a symbolic link, not a regular file");
    fs::remove_file(&path).unwrap();
    symlink(scratch.path("nowhere"), &path).unwrap();
    refused("is a symbolic link, not a regular file");
    fs::remove_file(&path).unwrap();
    fs::create_dir(&path).unwrap();
    refused("is a folder, not a regular file");
    fs::remove_dir(&path).unwrap();
    assert!(Command::new("mkfifo").arg(&path).status().unwrap().success());
    refused("is a pipe, not a regular file");
}

#[test]
fn a_key_is_never_overwritten() {
    let scratch = Scratch::new();
    let (folder, kid, path) = folder(&scratch);
    let before = fs::read(&path).unwrap();
    let other = seal_plain(&PrivateKey::generate().unwrap()).unwrap();
    assert!(matches!(folder.store(&kid, &other), Err(FolderError::KeyExists { .. })));
    assert_eq!(fs::read(&path).unwrap(), before);
    fs::remove_file(&path).unwrap();
    symlink(scratch.path("nowhere"), &path).unwrap();
    assert!(
        matches!(folder.store(&kid, &other), Err(FolderError::KeyExists { .. })),
        "nor a link to nowhere"
    );
    assert!(!scratch.path("nowhere").exists());
    assert_eq!(names(&folder).len(), 1, "what failed has left nothing");
}

#[test]
fn of_many_writers_one_wins() {
    let scratch = Scratch::new();
    let folder = KeyFolder::create(scratch.path("key files")).unwrap();
    let key = PrivateKey::generate().unwrap();
    let kid = key.public().thumbprint();
    let write = || {
        let pem = seal_plain(&key).unwrap();
        std::thread::scope(|scope| {
            let writers: Vec<_> = (0..8).map(|_| scope.spawn(|| folder.store(&kid, &pem))).collect();
            writers.into_iter().map(|writer| writer.join().unwrap()).collect::<Vec<_>>()
        })
    };
    let (won, lost): (Vec<_>, Vec<_>) = write().into_iter().partition(Result::is_ok);
    assert_eq!((won.len(), lost.len()), (1, 7));
    for error in lost {
        assert!(matches!(error, Err(FolderError::KeyExists { .. })), "{error:?}");
    }
    assert_eq!(names(&folder), [format!("{kid}.pem")]);
    folder.open_key(&kid, None).unwrap();
}

#[test]
fn an_exchanged_or_renamed_file_never_signs() {
    let scratch = Scratch::new();
    let (folder, kid, path) = folder(&scratch);
    let other = store(&folder);
    fs::rename(folder.path_of(&other), &path).unwrap();
    let error = folder.open_key(&kid, None).unwrap_err().to_string();
    assert!(error.contains(&format!("this file holds the key {other}, not {kid}")), "{error}");
}

#[test]
fn a_missing_key_is_called_missing() {
    let scratch = Scratch::new();
    let (folder, kid, path) = folder(&scratch);
    fs::remove_file(path).unwrap();
    let error = folder.load(&kid).unwrap_err();
    assert!(matches!(error, FolderError::NoSuchKey { .. }), "{error}");
}

#[test]
fn what_is_no_key_file_is_not_stored_and_not_loaded() {
    let scratch = Scratch::new();
    let (folder, kid, path) = folder(&scratch);
    let stranger = PrivateKey::generate().unwrap().public().thumbprint();
    for text in ["", "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n"] {
        assert!(matches!(folder.store(&stranger, text), Err(FolderError::Key { .. })), "{text}");
    }
    assert_eq!(names(&folder).len(), 1);
    for bytes in [vec![b' '; 64 * 1024 + 1], vec![0xff]] {
        fs::write(&path, bytes).unwrap();
        assert!(matches!(folder.load(&kid), Err(FolderError::Key { .. })));
    }
}

#[test]
fn leftovers_and_strangers_are_no_keys() {
    let scratch = Scratch::new();
    let (folder, first, _) = folder(&scratch);
    let second = store(&folder);
    let leftover = folder.path().join(format!(".{first}.pem.0123456789abcdef.tmp"));
    let strangers = ["README", &format!("{first}.pem.bak"), "x.pem"].map(|name| folder.path().join(name));
    for path in strangers.iter().chain([&leftover]) {
        fs::write(path, "").unwrap();
    }
    let contents = KeyFolder::open(folder.path()).unwrap().contents().unwrap();
    let mut keys = contents.keys.clone();
    keys.sort();
    let mut expected = [first, second];
    expected.sort();
    assert_eq!(keys, expected);
    assert_eq!(contents.keys, folder.list().unwrap());
    assert_eq!(contents.leftovers, [leftover]);
    let mut strangers = strangers.to_vec();
    strangers.sort();
    assert_eq!(contents.unknown, strangers);
}

#[test]
fn a_key_file_gives_way_to_the_same_key_only() {
    let scratch = Scratch::new();
    let (folder, kid, path) = folder(&scratch);
    let key = folder.open_key(&kid, None).unwrap();
    let before = folder.load(&kid).unwrap();
    let passphrase = Passphrase::new("one two").unwrap();
    let resealed = Resealed::new(&key, Some(&passphrase)).unwrap();
    assert_eq!(resealed.kid(), &kid);
    assert!(!format!("{resealed:?}").contains("PRIVATE"), "it shows nothing");
    folder.replace(&resealed).unwrap();
    assert_eq!(mode(&path), 0o600);
    assert_eq!(names(&folder), [format!("{kid}.pem")], "no temporary file is left");
    assert!(folder.open_key(&kid, None).is_err());
    assert_eq!(folder.open_key(&kid, Some(&passphrase)).unwrap().public(), key.public());
    folder.put_back(&kid, &before).unwrap();
    assert_eq!(*folder.load(&kid).unwrap(), *before);
    // A key that is not there is not put there.
    let other = PrivateKey::generate().unwrap();
    let refused = folder.replace(&Resealed::new(&other, None).unwrap()).unwrap_err();
    assert!(matches!(refused, FolderError::NoSuchKey { .. }), "{refused}");
    assert_eq!(folder.list().unwrap(), [kid]);
    // Nor is a file touched that others may read: it is first found out who did.
    chmod(&path, 0o644);
    assert!(matches!(folder.replace(&resealed), Err(FolderError::FileIsOpen { .. })));
    assert_eq!(fs::read_to_string(&path).unwrap(), *before);
}

#[test]
fn a_removed_key_is_gone_and_the_others_stay() {
    let scratch = Scratch::new();
    let (folder, kid, path) = folder(&scratch);
    let other = store(&folder);
    assert!(folder.remove(&kid).unwrap());
    assert!(!path.exists());
    assert!(!folder.remove(&kid).unwrap(), "there is none any more");
    assert_eq!(folder.list().unwrap(), [other]);
}
