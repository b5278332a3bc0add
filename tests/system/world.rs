//! A world for one test: an empty folder with a space in its name, an issuer's home in it, and a clock that stands still.

use lictor_tests::session::Folder;
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

pub(crate) const NOW: &str = "2026-11-22T09:00:00Z";
pub(crate) const STATUS_URI: &str = "https://licensing.acme.example/status/0";
/// Issues a license with the usual terms.
pub(crate) const ISSUE: [&str; 9] =
    ["issue", "--product", "dialer", "--plan", "pro", "--customer", "Acme GmbH", "--term", "1y"];

/// The program under test.
pub(crate) fn program() -> &'static str {
    env!("CARGO_BIN_EXE_lictor")
}

/// What a command did.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) exit: Option<i32>,
    pub(crate) data: String,
    pub(crate) words: String,
}

impl Ran {
    pub(crate) fn of(output: &Output) -> Self {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        Self { exit: output.status.code(), data: text(&output.stdout), words: text(&output.stderr) }
    }

    /// The data of a command that succeeded.
    #[track_caller]
    pub(crate) fn done(self) -> String {
        assert_eq!(self.exit, Some(0), "{self:?}");
        self.data
    }

    /// Asserts a failure: its exit code, and that its words name what is wrong and what to do.
    #[track_caller]
    pub(crate) fn fails(&self, exit: i32, says: &[&str]) {
        assert_eq!(self.exit, Some(exit), "{self:?}");
        for words in says {
            assert!(self.words.contains(words), "{words:?} is not said: {self:?}");
        }
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.data).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }
}

/// A world.
pub(crate) struct World {
    folder: Folder,
}

impl World {
    /// An empty one.
    pub(crate) fn empty(name: &str) -> Self {
        Self { folder: Folder::new(name) }
    }

    /// One with an issuer, an unencrypted key and a product.
    pub(crate) fn new(name: &str) -> Self {
        let world = Self::empty(name);
        world.run(&["init", "--issuer", "acme-licensing", "--status-uri", STATUS_URI]).done();
        world.run(&["key", "new", "--no-passphrase"]).done();
        world.run(&["product", "add", "dialer", "--plan", "pro", "--feature", "branding"]).done();
        world.export();
        world
    }

    /// Writes `anchors.json`, from a copy of the home: an export is an event, and the log of a world has none but those that
    /// its test is about.
    fn export(&self) {
        let copy = self.outside("cp").args(["-R", "home", "copy"]).status();
        assert!(copy.is_ok_and(|status| status.success()), "the home was not copied");
        self.run(&["key", "export", "--home", "copy", "--out", "anchors.json"]).done();
        fs::remove_dir_all(self.path("copy")).expect("the copy goes again");
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        fs::write(&path, bytes).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        path
    }

    pub(crate) fn read(&self, name: &str) -> String {
        let path = self.path(name);
        fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    }

    /// The program in this world, its arguments still to come.
    pub(crate) fn command(&self) -> Command {
        self.outside(program())
    }

    /// Another program in this world.
    pub(crate) fn outside(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command
            .current_dir(self.folder.path())
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", self.folder.path())
            .env("LICTOR_HOME", "home")
            .stdin(Stdio::null());
        command
    }

    pub(crate) fn make_pipe(&self, name: &str) {
        let made = Command::new("mkfifo").arg(self.path(name)).status();
        assert!(made.unwrap_or_else(|error| panic!("mkfifo: {error}; install coreutils")).success());
    }

    /// Runs the program at [`NOW`], but for no longer than a minute, after which it exits with 124.
    pub(crate) fn run_at_once(&self, arguments: &[&str]) -> Ran {
        let mut command = self.outside("timeout");
        command.args(["60", program()]).args(arguments).args(["--now", NOW]);
        Ran::of(&command.output().unwrap_or_else(|error| panic!("timeout: {error}; install coreutils")))
    }

    /// Runs the program at [`NOW`].
    pub(crate) fn run(&self, arguments: &[&str]) -> Ran {
        let output = self.command().args(arguments).args(["--now", NOW]).output();
        Ran::of(&output.unwrap_or_else(|error| panic!("{}: {error}", program())))
    }

    /// Issues a license with the usual terms into a file; its id.
    pub(crate) fn issue(&self, file: &str, more: &[&str]) -> String {
        let order =
            ["issue", "--product", "dialer", "--plan", "pro", "--customer", "Acme GmbH", "--out", file];
        let term: &[&str] = if more.iter().any(|option| *option == "--term" || *option == "--until") {
            &[]
        } else {
            &["--term", "1y"]
        };
        self.run(&[&order, term, more].concat()).done().trim().to_string()
    }

    /// The private key's file.
    pub(crate) fn key_file(&self) -> PathBuf {
        let keys = fs::read_dir(self.path("home/keys")).expect("the key folder is there");
        let mut files: Vec<PathBuf> = keys.map(|entry| entry.expect("an entry").path()).collect();
        files.sort();
        files.pop().expect("there is a key")
    }

    /// Everything in the home: names, modes and bytes.
    pub(crate) fn home(&self) -> BTreeMap<PathBuf, (u32, Vec<u8>)> {
        let mut found = BTreeMap::new();
        gather(&self.path("home"), &mut found);
        found
    }

    /// Asserts that what is done leaves the home as it was.
    #[track_caller]
    pub(crate) fn untouched<T>(&self, done: impl FnOnce() -> T) -> T {
        let before = self.home();
        let result = done();
        let after = self.home();
        let names = |home: &BTreeMap<PathBuf, (u32, Vec<u8>)>| home.keys().cloned().collect::<Vec<_>>();
        assert_eq!(names(&before), names(&after), "files came or went");
        for (path, contents) in &before {
            assert!(after.get(path) == Some(contents), "{} was changed", path.display());
        }
        result
    }
}

fn gather(path: &Path, found: &mut BTreeMap<PathBuf, (u32, Vec<u8>)>) {
    let metadata = path.symlink_metadata().unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let bytes = if metadata.is_dir() { Vec::new() } else { fs::read(path).expect("it can be read") };
    found.insert(path.to_path_buf(), (metadata.permissions().mode(), bytes));
    if metadata.is_dir() {
        for entry in fs::read_dir(path).expect("it can be listed") {
            gather(&entry.expect("an entry").path(), found);
        }
    }
}

/// Copies a file or a folder with all that is in it, modes included.
pub(crate) fn copy(from: &Path, to: &Path) {
    if !from.is_dir() {
        fs::copy(from, to).unwrap_or_else(|error| panic!("{}: {error}", from.display()));
        return;
    }
    fs::create_dir_all(to).expect("made");
    fs::set_permissions(to, fs::metadata(from).expect("it is there").permissions()).expect("it is ours");
    for entry in fs::read_dir(from).expect("listed") {
        let path = entry.expect("an entry").path();
        copy(&path, &to.join(path.file_name().expect("a name")));
    }
}
