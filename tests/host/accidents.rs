//! What can happen to a deployment's folder, and what stays in force.

use crate::artefacts::{DAY, LICENSE_ENTRY, START, activation, anchors, issuer, license, list, request};
use crate::table::Table;
use crate::world::{World, install, says};
use lictor_shared::{RequestKind, Text, Thumbprint};
use lictor_tests::session;
use lictor_validator::host::{Ask, AskError, Folder, Guard, Trouble};
use lictor_validator::{Mode, Reason};
use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::process::Command;

fn ask(guard: &Guard) -> Result<String, AskError> {
    let label = Text::new("web").unwrap();
    guard.ask(&Ask { kind: RequestKind::Activate, license: None, label, signals: &[] })
}

/// A deployment with everything: an activated license, a list, a watermark. Its id.
fn settle(world: &World) -> Thumbprint {
    let guard = world.guard();
    install(&guard, &license(|claims| claims["license"]["activation"] = "required".into()), &["accepted"]);
    let asked = request(&ask(&guard).unwrap());
    install(&guard, &activation(&asked, 1, START, |_| ()), &["accepted"]);
    install(&guard, &list(7, START, &[]), &["accepted"]);
    world.set_clock(START + DAY);
    guard.tick();
    says(&guard, Mode::Full, &[]);
    guard.deployment().unwrap()
}

#[test]
fn files_are_for_their_owner_only() {
    let world = World::new("modes");
    settle(&world);
    let mode = |path: &Path| fs::metadata(path).unwrap().mode() & 0o777;
    assert_eq!(mode(&world.state()), 0o700);
    for name in world.names() {
        assert_eq!(mode(&world.state().join(&name)), 0o600, "{name}");
    }
    // Identity, state, license, list, activation, the request that can be repeated, the record of use.
    assert_eq!(world.names().len(), 7, "{:?}", world.names());
}

#[test]
fn state_missing() {
    let world = World::new("state missing");
    let id = settle(&world);
    fs::remove_file(world.state().join("state.json")).unwrap();
    world.set_clock(START);
    let guard = world.guard();
    // Start fresh: the artefacts beside it count, what was remembered is lost.
    says(&guard, Mode::Full, &[]);
    assert_eq!(guard.deployment(), Some(id));
    assert_eq!(world.remembered()["lists"][0]["sequence"], 7);
    install(&guard, &list(6, START, &[]), &["outranked"]);
    assert_eq!(world.remembered()["requests"]["counter"], 0);
}

#[test]
fn state_cut_at_every_byte() {
    let world = World::new("state cut");
    let id = settle(&world);
    let table = Table::of(&world.state());
    let rows = table.rows();
    let whole = &rows["state.json"];
    // For speed: a list says nothing here.
    rows.keys().filter(|name| name.starts_with("status-list-")).for_each(|name| table.take(name));
    // Its last byte is the end of the line, without which it says the same.
    for length in 0..whole.len() - 1 {
        table.put("state.json", &whole[..length]);
        let guard = world.over(table.clone()).open();
        says(&guard, Mode::Full, &[Reason::StateDamaged]);
        assert_eq!(guard.deployment(), Some(id));
        assert_eq!(table.rows()["state.json.damaged"], &whole[..length]);
        let begun: serde_json::Value = serde_json::from_slice(&table.rows()["state.json"]).unwrap();
        assert_eq!(begun["watermark"], START + DAY, "it is begun anew");
    }
}

#[test]
fn damage_is_said_until_somebody_has_looked_at_it() {
    let world = World::new("state damaged");
    settle(&world);
    let path = world.state().join("state.json");
    let half = fs::read(&path).unwrap()[..200].to_vec();
    fs::write(&path, &half).unwrap();
    for _ in 0..2 {
        let guard = world.guard();
        says(&guard, Mode::Full, &[Reason::StateDamaged]);
        let troubles = guard.troubles();
        assert!(
            matches!(&troubles[..], [Trouble::StateDamaged { name, .. }] if name == "state.json"),
            "{troubles:?}"
        );
    }
    assert_eq!(fs::read(world.state().join("state.json.damaged")).unwrap(), half);
    fs::remove_file(world.state().join("state.json.damaged")).unwrap();
    says(&world.guard(), Mode::Full, &[]);
}

#[test]
fn an_artefact_cut_at_every_byte() {
    let world = World::new("artefact cut");
    settle(&world);
    let guard = world.guard();
    install(&guard, &list(8, START, &[(LICENSE_ENTRY, 1, START)]), &["accepted"]);
    drop(guard);
    let table = Table::of(&world.state());
    for (beginning, without) in [
        ("status-list-", vec![Reason::CandidateRejected]),
        ("activation-", vec![Reason::NotActivated, Reason::CandidateRejected]),
        ("license-", vec![Reason::Missing, Reason::CandidateRejected]),
    ] {
        let rows = table.rows();
        let (name, whole) = rows.iter().find(|(name, _)| name.starts_with(beginning)).unwrap();
        // Without the closing line there is no block; the line end behind it is not needed.
        for length in 0..whole.len() - 1 {
            table.put(name, &whole[..length]);
            let guard = world.over(table.clone()).open();
            assert_eq!(guard.verdict().reasons(), without, "{beginning} cut at {length}");
        }
        // Installed again it counts again.
        let guard = world.over(table.clone()).open();
        let _outcome = guard.install(whole);
        assert!(!guard.verdict().reasons().contains(&Reason::CandidateRejected), "{beginning}");
        assert_eq!(table.rows()[name], *whole);
        // Without it, for speed: what follows does not need it.
        table.take(name);
    }
}

#[test]
fn identity_lost() {
    let world = World::new("identity lost");
    let id = settle(&world);
    let path = world.state().join("identity.json");
    let kept = fs::read(&path).unwrap();
    fs::remove_file(&path).unwrap();
    // Another deployment now, with its own grace; the activation is none of its.
    let guard = world.guard();
    assert_ne!(guard.deployment(), Some(id));
    says(&guard, Mode::Grace, &[Reason::NotActivated]);
    assert_eq!(guard.verdict().until().unwrap().seconds(), START + 15 * DAY);
    let asked = request(&ask(&guard).unwrap());
    assert_eq!(asked["request"]["previous"], serde_json::Value::Null);
    drop(guard);
    // Restored from a backup it is the old one again, and the seat is still here.
    fs::write(&path, kept).unwrap();
    let guard = world.guard();
    assert_eq!(guard.deployment(), Some(id));
    says(&guard, Mode::Full, &[]);
}

#[test]
fn identity_damaged() {
    let world = World::new("identity damaged");
    let id = settle(&world);
    let path = world.state().join("identity.json");
    fs::write(&path, b"{\"crv\":").unwrap();
    let guard = world.guard();
    says(&guard, Mode::Grace, &[Reason::NotActivated, Reason::StateDamaged]);
    assert_ne!(guard.deployment(), Some(id));
    assert_eq!(fs::read(world.state().join("identity.json.damaged")).unwrap(), b"{\"crv\":");
    let next = guard.deployment();
    drop(guard);
    assert_eq!(world.guard().deployment(), next, "made once");
}

#[test]
fn a_folder_that_cannot_be_made() {
    let world = World::new("no folder");
    fs::write(world.path("file"), b"").unwrap();
    fs::write(world.path("acme.lic"), license(|_| ())).unwrap();
    let guard = world.over(Folder::at(world.path("file").join("state"))).watch(world.path("acme.lic")).open();
    says(&guard, Mode::Full, &[Reason::Stateless]);
    assert_eq!(guard.deployment(), None, "a process without durable storage has no deployment id");
    assert!(matches!(ask(&guard), Err(AskError::Stateless(_))));
    // What is installed is held in memory.
    install(&guard, &list(1, START, &[(LICENSE_ENTRY, 1, START)]), &["accepted"]);
    says(&guard, Mode::Grace, &[Reason::Revoked, Reason::Stateless]);
    guard.reload();
    guard.tick();
    says(&guard, Mode::Grace, &[Reason::Revoked, Reason::Stateless]);
    // What a file that is watched says instead does not replace it.
    fs::write(world.path("acme.lic"), "nothing").unwrap();
    guard.tick();
    says(&guard, Mode::Grace, &[Reason::Revoked, Reason::CandidateRejected, Reason::Stateless]);
}

/// Runs a deployment as a user who owns nothing here, if this is root, else as this user.
struct Stranger {
    program: PathBuf,
    anchors: PathBuf,
    license: PathBuf,
    _folder: session::Folder,
}

impl Stranger {
    fn new() -> Self {
        let folder = session::Folder::new("stranger");
        let at = |name: &str| folder.path().join(name);
        fs::copy(env!("CARGO_BIN_EXE_deployment"), at("deployment")).unwrap();
        fs::write(at("anchors.json"), anchors(&[(&issuer(), "")])).unwrap();
        fs::write(at("acme.lic"), license(|_| ())).unwrap();
        for (path, mode) in [
            (folder.path().into(), 0o755),
            (at("deployment"), 0o755),
            (at("anchors.json"), 0o644),
            (at("acme.lic"), 0o644),
        ] {
            fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
        }
        Self {
            program: at("deployment"),
            anchors: at("anchors.json"),
            license: at("acme.lic"),
            _folder: folder,
        }
    }

    fn says(&self, state: &Path) -> String {
        self.says_under(state, &[])
    }

    /// The same, started by another program with these arguments.
    fn says_under(&self, state: &Path, starter: &[&str]) -> String {
        let root = fs::metadata("/proc/self").unwrap().uid() == 0;
        let stranger = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"];
        let starters = stranger.iter().filter(|_| root).chain(starter).map(Path::new);
        let words: Vec<&Path> = starters.chain([&*self.program]).collect();
        let mut command = Command::new(words[0]);
        let output = command
            .args(&words[1..])
            .arg(state)
            .args([&self.license, &self.anchors])
            .arg((START + DAY).to_string())
            .output();
        let output = output.unwrap_or_else(|error| panic!("setpriv: {error}; install util-linux"));
        assert!(
            output.status.success(),
            "{}; is TMPDIR open to all?",
            String::from_utf8_lossy(&output.stderr)
        );
        String::from_utf8(output.stdout).unwrap()
    }
}

/// Every file with its bytes.
fn contents(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let paths = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut contents: Vec<_> = paths.map(|path| (path.clone(), fs::read(&path).unwrap())).collect();
    contents.sort();
    contents
}

#[test]
fn a_folder_of_another_owner() {
    let world = World::new("another owner");
    settle(&world);
    let before = contents(&world.state());
    fs::set_permissions(world.path(""), fs::Permissions::from_mode(0o755)).unwrap();
    let stranger = Stranger::new();
    // Where the names can be told, each file that cannot be read is said.
    let cases = [(0o000, 0o000, "[\"stateless\"]"), (0o555, 0o000, "[\"candidate_rejected\",\"stateless\"]")];
    for (folder, files, reasons) in cases {
        for (path, _) in &before {
            fs::set_permissions(path, fs::Permissions::from_mode(files)).unwrap();
        }
        fs::set_permissions(world.state(), fs::Permissions::from_mode(folder)).unwrap();
        let said = stranger.says(&world.state());
        fs::set_permissions(world.state(), fs::Permissions::from_mode(0o700)).unwrap();
        assert!(said.contains("\"mode\":\"full\""), "{said}");
        assert!(said.contains(&format!("\"reasons\":{reasons}")), "{said}");
        assert!(said.contains("deployment None"), "{said}");
        assert!(said.contains("ermission denied"), "{said}");
    }
    for (path, _) in &before {
        fs::set_permissions(path, fs::Permissions::from_mode(0o600)).unwrap();
    }
    assert_eq!(contents(&world.state()), before, "nothing of another owner is replaced");
    says(&world.guard(), Mode::Full, &[]);
}

#[test]
fn a_folder_that_can_only_be_read() {
    let world = World::new("read-only");
    let id = settle(&world);
    let before = contents(&world.state());
    fs::set_permissions(world.path(""), fs::Permissions::from_mode(0o755)).unwrap();
    for (path, _) in &before {
        fs::set_permissions(path, fs::Permissions::from_mode(0o444)).unwrap();
    }
    fs::set_permissions(world.state(), fs::Permissions::from_mode(0o555)).unwrap();
    let said = Stranger::new().says(&world.state());
    fs::set_permissions(world.state(), fs::Permissions::from_mode(0o700)).unwrap();
    // What is kept there counts, the seat included; nothing more is remembered.
    assert!(said.contains("\"mode\":\"full\""), "{said}");
    assert!(said.contains("\"reasons\":[\"stateless\"]"), "{said}");
    assert!(said.contains(&format!("deployment Some(\"{id}\")")), "{said}");
    assert_eq!(contents(&world.state()), before);
}

/// A user who may start no more threads: everything works, and it is said that nobody ticks.
#[test]
fn a_thread_that_cannot_be_started() {
    let stranger = Stranger::new();
    let nowhere = Path::new("/proc/none");
    assert!(!stranger.says(nowhere).contains("no thread"));
    let said = stranger.says_under(nowhere, &["prlimit", "--nproc=1:1"]);
    assert!(said.contains("\"mode\":\"full\""), "{said}");
    assert!(said.contains("\"reasons\":[\"stateless\"]"), "{said}");
    assert!(said.contains("no thread follows the clock and the files ("), "{said}");
    assert!(said.contains("); let the program call tick every minute"), "{said}");
}

#[test]
fn a_store_that_goes_away_and_comes_back() {
    let world = World::new("outage");
    let table = Table::default();
    let guard = world.over(table.clone()).open();
    install(&guard, &license(|_| ()), &["accepted"]);
    install(&guard, &list(1, START, &[(LICENSE_ENTRY, 1, START)]), &["accepted"]);
    says(&guard, Mode::Grace, &[Reason::Revoked]);
    let id = guard.deployment();
    table.unreachable(true);
    guard.reload();
    says(&guard, Mode::Grace, &[Reason::Revoked, Reason::Stateless]);
    assert_eq!(guard.deployment(), id);
    assert!(matches!(ask(&guard), Err(AskError::Stateless(_))));
    install(&guard, &list(2, START, &[]), &["accepted"]);
    says(&guard, Mode::Full, &[Reason::Stateless]);
    table.unreachable(false);
    guard.tick();
    says(&guard, Mode::Full, &[]);
    drop(guard);
    // What was installed meanwhile was kept then.
    let guard = world.over(table.clone()).open();
    says(&guard, Mode::Full, &[]);
    table.full(true);
    install(&guard, &list(3, START, &[(LICENSE_ENTRY, 2, START)]), &["accepted"]);
    says(&guard, Mode::Grace, &[Reason::Suspended, Reason::Stateless]);
}

/// The machine dies after every number of changes; what is there then is the old state or the new one, and nothing is the matter.
#[test]
fn a_crash_between_any_two_writes() {
    let mut crashes = 0;
    for changes in 0..8 {
        let world = World::new("crash");
        let table = Table::default();
        let guard = world.over(table.clone()).open();
        install(&guard, &(license(|_| ()) + &list(1, START, &[])), &["accepted", "accepted"]);
        let id = guard.deployment();
        table.dies_after(changes);
        let file = crate::artefacts::revision(2, START) + &list(2, START, &[(LICENSE_ENTRY, 1, START)]);
        let _outcome = guard.install(file.as_bytes());
        crashes += u32::from(guard.verdict().reasons().contains(&Reason::Stateless));
        drop(guard);
        table.revives();
        let guard = world.over(table.clone()).open();
        let revoked = guard.verdict().reasons() == [Reason::Revoked];
        assert!(revoked || guard.verdict().reasons().is_empty(), "{changes}: {}", guard.verdict().to_json());
        assert_eq!(guard.deployment(), id);
        install(&guard, &file, if changes == 0 { &["accepted", "accepted"] } else { &["", ""] });
        says(&guard, Mode::Grace, &[Reason::Revoked]);
        // The record of use is kept at the end, if the store takes it then.
        let kept = table.rows().keys().filter(|name| *name != "usage.json").count();
        assert_eq!(kept, 4, "{changes}: {:?}", table.rows().keys());
    }
    assert!(crashes >= 4, "the changes of an installation were not all counted: {crashes}");
}

/// No local file can prevent that; leases bound it, and the issuer's ledger shows it.
#[test]
fn deleting_everything_gives_back_what_state_protected() {
    let world = World::new("deleted");
    let guard = world.guard();
    install(&guard, &crate::artefacts::revision(2, START), &["accepted"]);
    install(&guard, &list(9, START, &[(LICENSE_ENTRY, 1, START)]), &["accepted"]);
    for day in 1..=20 {
        world.set_clock(START + day * DAY);
        guard.tick();
    }
    says(&guard, Mode::ReadOnly, &[Reason::Revoked, Reason::StatusStale]);
    let id = guard.deployment();
    drop(guard);
    world.set_clock(START);
    install(&world.guard(), &list(8, START, &[]), &["outranked"]);
    says(&world.guard(), Mode::ReadOnly, &[Reason::Revoked, Reason::StatusStale, Reason::ClockRolledBack]);
    fs::remove_dir_all(world.state()).unwrap();
    let guard = world.guard();
    install(&guard, &crate::artefacts::revision(1, START), &["accepted"]);
    install(&guard, &list(8, START, &[]), &["accepted"]);
    says(&guard, Mode::Full, &[]);
    assert_ne!(guard.deployment(), id, "and the seat is gone with it");
}
