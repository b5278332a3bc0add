//! What a process costs from its start to its end.

use lictor_tests::session::Folder;
use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::sample::Sample;
use crate::table::Table;
use crate::turns::measured;

const ROUNDS: usize = 51;

pub(crate) fn rows(table: &Table) -> Result<(), Box<dyn Error>> {
    let [lictor, agent] = built()?;
    let (sample, folder) = (Sample::new()?, Folder::new("bench startup"));
    let (license, keys) = (folder.path().join("license.lic"), folder.path().join("keys.json"));
    fs::write(&license, &sample.token)?;
    fs::write(&keys, sample.anchors.to_json())?;
    let mut nothing = || run(Command::new("true"), folder.path());
    let mut verify = || {
        let mut command = Command::new(&lictor);
        command.arg("verify").arg(&license).arg("--keys").arg(&keys).args(["--product", "dialer"]);
        command.args(["--at", "2026-11-23T00:00:00Z", "--json"]);
        run(command, folder.path());
    };
    let mut version = || run(with(&lictor, "--version"), folder.path());
    let mut agent_version = || run(with(&agent, "--version"), folder.path());
    let things: [&mut dyn FnMut(); 4] = [&mut nothing, &mut verify, &mut version, &mut agent_version];
    let [nothing, verify, version, agent] = measured(ROUNDS, 1, things);
    table.cost("a process that does nothing (`true`)", "", &nothing);
    table.cost("`lictor verify`, a process", &sample.size(), &verify);
    table.cost("`lictor --version`, a process", "", &version);
    table.cost("`lictor-agent --version`, a process", "", &agent);
    Ok(())
}

fn with(program: &Path, argument: &str) -> Command {
    let mut command = Command::new(program);
    command.arg(argument);
    command
}

fn run(mut command: Command, folder: &Path) {
    command.current_dir(folder).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let status = command.status().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    assert!(status.success(), "{command:?}: {status}");
}

/// Both programs, built as they ship. `LICTOR_BENCH_PROGRAMS` names a folder where they lie already.
fn built() -> Result<[PathBuf; 2], Box<dyn Error>> {
    if let Some(folder) = std::env::var_os("LICTOR_BENCH_PROGRAMS") {
        return Ok(["lictor", "lictor-agent"].map(|name| Path::new(&folder).join(name)));
    }
    let (here, cargo) = (Path::new(env!("CARGO_MANIFEST_DIR")), env!("CARGO"));
    let target = here.join("target").join("programs");
    let built = Command::new(cargo)
        .args(["build", "--release", "--quiet", "--package", "lictor-issuer", "--package", "lictor-agent"])
        .arg("--manifest-path")
        .arg(here.join("../../Cargo.toml"))
        .arg("--target-dir")
        .arg(&target)
        .status()?;
    if !built.success() {
        return Err("the programs cannot be built".into());
    }
    Ok(["lictor", "lictor-agent"].map(|name| target.join("release").join(name)))
}
