//! A machine on which the vendor installed the program.

use crate::artefacts::{anchors, issuer};
use lictor_tests::programs::install;
use lictor_tests::session::Folder;
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// Nine hours after the license was issued.
pub(crate) const NOW: &str = "2026-11-22T09:00:00Z";

/// What the vendor puts beside the program.
pub(crate) const SETTINGS: &str = r#"
vendor = "Acme Software"
support = "Write to support@acme.example."
product = "dialer"
program = "dialer 7.3"
anchors = "anchors.json"
state = "../state"
"#;

/// What a command did.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) exit: Option<i32>,
    pub(crate) data: String,
    pub(crate) words: String,
}

impl Ran {
    /// The data of a command that succeeded.
    #[track_caller]
    pub(crate) fn done(self) -> String {
        assert_eq!(self.exit, Some(0), "{self:?}");
        self.data
    }

    #[track_caller]
    pub(crate) fn json(self) -> Value {
        serde_json::from_str(&self.data).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// Asserts an exit code, and that words or data say all of this.
    #[track_caller]
    pub(crate) fn exits(self, exit: i32, says: &[&str]) -> Self {
        assert_eq!(self.exit, Some(exit), "{self:?}");
        for words in says {
            assert!(
                self.words.contains(words) || self.data.contains(words),
                "{words:?} is not said: {self:?}"
            );
        }
        self
    }
}

impl From<Output> for Ran {
    fn from(output: Output) -> Self {
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        Self { exit: output.status.code(), data: text(output.stdout), words: text(output.stderr) }
    }
}

pub(crate) struct World(Folder);

impl World {
    pub(crate) fn new(name: &str) -> Self {
        let world = Self(Folder::new(&format!("agent {name}")));
        fs::create_dir(world.path("bin")).unwrap();
        install(Path::new(env!("CARGO_BIN_EXE_lictor-agent")), &world.path("bin/lictor-agent"));
        world.write("bin/anchors.json", anchors(&[(&issuer(), "")]));
        world.write("bin/lictor-agent.toml", SETTINGS);
        world
    }

    /// One with a license that needs a seat.
    pub(crate) fn licensed(name: &str) -> Self {
        let world = Self::new(name);
        let license = crate::artefacts::license(|claims| claims["license"]["activation"] = "required".into());
        world.write("acme.lic", license);
        world.run(&["install", "acme.lic"]).exits(0, &["acme.lic: LICENSE: accepted"]);
        world
    }

    /// The program once more, under another name.
    pub(crate) fn rename_program(&self, to: &str) {
        fs::rename(self.path("bin/lictor-agent"), self.path(to)).unwrap();
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, bytes: impl AsRef<[u8]>) {
        fs::write(self.path(name), bytes).unwrap();
    }

    pub(crate) fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap()
    }

    /// A program here.
    pub(crate) fn outside(&self, program: impl AsRef<std::ffi::OsStr>) -> Command {
        let mut command = Command::new(program);
        command
            .current_dir(self.0.path())
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("TERM", "xterm")
            .stdin(Stdio::null());
        command
    }

    pub(crate) fn command(&self) -> Command {
        self.outside(self.path("bin/lictor-agent"))
    }

    /// Runs the program at [`NOW`].
    pub(crate) fn run(&self, arguments: &[&str]) -> Ran {
        self.run_at(NOW, arguments)
    }

    pub(crate) fn run_at(&self, now: &str, arguments: &[&str]) -> Ran {
        self.command().args(arguments).args(["--now", now]).output().unwrap().into()
    }

    /// Every file of the state with its bytes.
    pub(crate) fn state(&self) -> Vec<(String, Vec<u8>)> {
        let Ok(entries) = fs::read_dir(self.path("state")) else { return Vec::new() };
        let entries = entries.map(|entry| entry.unwrap());
        let mut files: Vec<_> = entries
            .map(|entry| (entry.file_name().into_string().unwrap(), fs::read(entry.path()).unwrap()))
            .collect();
        files.sort();
        files
    }
}
