//! A machine with a folder, a clock that is set by hand, and a product.

use crate::artefacts::{START, anchors, issuer, other_key};
use lictor_shared::{AnchorSet, Name, Text, Timestamp};
use lictor_tests::session;
use lictor_validator::host::{Folder, Guard, Opening, Product, StateStore, Ticking};
use lictor_validator::{Mode, Reason};
use std::fs;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

pub(crate) struct World {
    home: session::Folder,
    clock: Arc<AtomicU64>,
    pub(crate) product: Product,
}

/// The product, with the issuer's two keys.
pub(crate) fn product() -> Product {
    let anchors = anchors(&[(&issuer(), ""), (&other_key(), "")]);
    Product {
        anchors: AnchorSet::read(anchors.as_bytes()).unwrap(),
        name: Name::new("dialer").unwrap(),
        environment: Name::new("production").unwrap(),
        origin: None,
        built_at: None,
        program: Text::new("dialer 7.3").unwrap(),
    }
}

impl World {
    pub(crate) fn new(name: &str) -> Self {
        Self { home: session::Folder::new(name), clock: Arc::new(AtomicU64::new(START)), product: product() }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }

    /// Where the state lies.
    pub(crate) fn state(&self) -> PathBuf {
        self.path("state")
    }

    pub(crate) fn set_clock(&self, seconds: u64) {
        self.clock.store(seconds, Ordering::SeqCst);
    }

    /// The clock, to be read elsewhere.
    pub(crate) fn clock(&self) -> impl Fn() -> Timestamp + Send + Sync + 'static {
        let clock = Arc::clone(&self.clock);
        move || Timestamp::from_seconds(clock.load(Ordering::SeqCst)).unwrap()
    }

    pub(crate) fn over(&self, store: impl StateStore + 'static) -> Opening {
        // Time passes here when a test says so.
        Guard::opening(self.product.clone(), store).clock(self.clock()).ticking(Ticking::ByHost)
    }

    pub(crate) fn opening(&self) -> Opening {
        self.over(Folder::at(self.state()))
    }

    pub(crate) fn guard(&self) -> Guard {
        self.opening().open()
    }

    /// A guard with the license in force.
    pub(crate) fn licensed(&self) -> Guard {
        let guard = self.guard();
        install(&guard, &crate::artefacts::license(|_| ()), &["accepted"]);
        guard
    }

    /// Names in the state's folder that are not hidden.
    pub(crate) fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(self.state()).unwrap();
        let mut names: Vec<String> =
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.retain(|name| !name.starts_with('.'));
        names.sort();
        names
    }

    /// The one file whose name begins so.
    pub(crate) fn file(&self, beginning: &str) -> PathBuf {
        let names: Vec<String> =
            self.names().into_iter().filter(|name| name.starts_with(beginning)).collect();
        assert_eq!(names.len(), 1, "{beginning}: {names:?}");
        self.state().join(&names[0])
    }

    /// What the state file says.
    pub(crate) fn remembered(&self) -> serde_json::Value {
        serde_json::from_slice(&fs::read(self.state().join("state.json")).unwrap()).unwrap()
    }
}

/// Installs a file; what becomes of each block, as a word.
pub(crate) fn install(guard: &Guard, file: &str, words: &[&str]) {
    use lictor_validator::host::Outcome;
    let outcomes = guard.install(file.as_bytes()).blocks;
    let word = |outcome: &Outcome| match outcome {
        Outcome::Accepted => "accepted".to_string(),
        Outcome::Pending { .. } => "pending".to_string(),
        Outcome::AlreadyHeld => "held".to_string(),
        Outcome::Outranked => "outranked".to_string(),
        Outcome::NotUsable => "not usable".to_string(),
        Outcome::Released => "released".to_string(),
        Outcome::Refused(why) => format!("refused: {why}"),
    };
    let found: Vec<String> = outcomes.iter().map(|(_, outcome)| word(outcome)).collect();
    assert_eq!(found.len(), words.len(), "{found:?}");
    for (found, word) in found.iter().zip(words) {
        assert!(found.starts_with(word), "{found:?}, not {word:?}");
    }
}

/// The verdict's mode and reasons.
pub(crate) fn says(guard: &Guard, mode: Mode, reasons: &[Reason]) {
    let verdict = guard.verdict();
    assert_eq!((verdict.mode(), verdict.reasons()), (mode, reasons), "{}", verdict.to_json());
}

/// The revision that is in force: its limit of agents.
pub(crate) fn agents(guard: &Guard) -> u64 {
    match guard.verdict().limit("agents") {
        lictor_validator::Allowance::AtMost(agents) => agents,
        other => panic!("{other:?}"),
    }
}
