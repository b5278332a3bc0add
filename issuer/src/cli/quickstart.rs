//! `lictor quickstart`: the main job on real keys and a real ledger, in a folder to explore.

use clap::Args;
use lictor_shared::Timestamp;
use lictor_shared::json::Value;
use std::env;
use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::globals::Globals;
use super::output::{Form, Output};
use crate::error::{Failure, FailureKind, shell};

const EXAMPLES: &str = "\
Examples:
  lictor quickstart
  lictor quickstart --again

Every command that it runs is printed as you would type it, with its true
output. It asks nothing, touches nothing outside of ./lictor-quickstart, and
leaves everything there.";

/// Where everything is made.
const FOLDER: &str = "lictor-quickstart";
/// Tells a folder that the quickstart made from any other, and git to leave it alone.
const MARK: (&str, &str) =
    (".gitignore", "# Made by lictor quickstart; delete the whole folder at will.\n*\n");

/// See it work: key, product, license, verdicts over time, and a revocation
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Quickstart {
    /// Delete the folder of an earlier quickstart first
    #[arg(long)]
    again: bool,
}

/// A command that was run.
struct Ran {
    line: String,
    exit: u8,
    data: String,
}

struct Tour<'a> {
    program: PathBuf,
    folder: PathBuf,
    now: Timestamp,
    rehearsal: bool,
    output: &'a mut Output,
    ran: Vec<Ran>,
}

impl Quickstart {
    pub(crate) fn run(&self, globals: &Globals, output: &mut Output) -> Result<u8, Failure> {
        let folder = self.folder()?;
        let program = env::current_exe().map_err(|error| {
            Failure::new(FailureKind::Unexpected, format!("the program cannot find itself: {error}"))
        })?;
        let rehearsal = globals.is_rehearsal();
        let mut tour = Tour { program, folder, now: globals.now()?, rehearsal, output, ran: Vec::new() };
        tour.walk()?;
        tour.finish()
    }

    /// Makes the folder.
    fn folder(&self) -> Result<PathBuf, Failure> {
        let here = env::current_dir().map_err(|error| {
            Failure::new(FailureKind::CannotRead, format!("the current folder cannot be read: {error}"))
        })?;
        let folder = here.join(FOLDER);
        if folder.symlink_metadata().is_ok() {
            self.clear(&folder)?;
        }
        let (name, text) = MARK;
        fs::create_dir(&folder).and_then(|()| fs::write(folder.join(name), text)).map_err(|error| {
            Failure::new(FailureKind::CannotWrite, format!("{} cannot be made: {error}", folder.display()))
                .hint("go to a folder that you can write to")
        })?;
        Ok(folder)
    }

    fn clear(&self, folder: &Path) -> Result<(), Failure> {
        // Of the current folder, so its place need not be told.
        let shown = FOLDER;
        if !self.again {
            return Err(Failure::new(
                FailureKind::Conflict,
                format!("{shown} exists already; it was not touched"),
            )
            .hint("look around in it, or start afresh with: lictor quickstart --again"));
        }
        if is_ours(folder) {
            return delete(folder).map_err(|error| {
                Failure::new(FailureKind::CannotWrite, format!("{shown} cannot be deleted: {error}"))
            });
        }
        Err(Failure::new(
            FailureKind::Conflict,
            format!("{shown} was not made by the quickstart; it was not touched"),
        )
        .hint("move it away, or go to another folder"))
    }
}

/// Whether a quickstart made the folder. One that was cut short at once left it empty, or with a part of the mark alone.
fn is_ours(folder: &Path) -> bool {
    let (name, text) = MARK;
    let Ok(names) = names(folder) else { return false };
    match fs::read_to_string(folder.join(name)) {
        Ok(found) if found == text => true,
        Ok(part) => text.starts_with(&part) && names.len() == 1,
        Err(_) => names.is_empty(),
    }
}

/// What is in a folder that is one itself, and no link to one.
fn names(folder: &Path) -> io::Result<Vec<OsString>> {
    if !folder.symlink_metadata()?.is_dir() {
        return Err(io::ErrorKind::NotADirectory.into());
    }
    fs::read_dir(folder)?.map(|entry| entry.map(|entry| entry.file_name())).collect()
}

/// The mark goes last: should this be cut short, the rest is known for what it is.
fn delete(folder: &Path) -> io::Result<()> {
    for name in names(folder)?.into_iter().filter(|name| name != MARK.0) {
        let path = folder.join(name);
        if path.symlink_metadata()?.is_dir() { fs::remove_dir_all(path)? } else { fs::remove_file(path)? }
    }
    fs::remove_dir_all(folder)
}

impl Tour<'_> {
    fn walk(&mut self) -> Result<(), Failure> {
        self.tell("An issuer: configuration, key folder and ledger.")?;
        self.run(
            "init --issuer acme-licensing --status-uri https://licensing.acme.example/status/0",
            &[],
            0,
        )?;
        self.tell("A signing key. Yours will have a passphrase. Its public half is built into the product.")?;
        self.run("key new --no-passphrase", &[], 0)?;
        self.run("key export --out anchors.json", &[], 0)?;
        self.tell("Something to sell.")?;
        self.run("product add dialer --plan pro --feature branding --limit agents=250", &[], 0)?;
        self.tell(
            "A license for a year. It binds the customer to no status lists, so that the year can pass here.",
        )?;
        let order = "issue --product dialer --plan pro --term 1y --max-status-age never --out acme.lic";
        self.run(order, &["--customer", "Acme GmbH"], 0)?;
        let license = self.ran.last().map(|ran| ran.data.trim().to_string()).unwrap_or_default();
        self.run("license list", &[], 0)?;

        self.tell(
            "What the customer's deployment decides, offline, with nothing but the file and the public key:",
        )?;
        self.verify("", 0)?;
        self.tell("A year later the license has expired, and everything still works. After two weeks of that it is read-only.")?;
        let end = self.now.plus_months(12);
        self.verify(&at(end.and_then(|end| end.plus_days(1))), 0)?;
        self.verify(&at(end.and_then(|end| end.plus_days(15))), 11)?;

        self.tell("The customer does not pay. The license is revoked, and the next status list says so.")?;
        self.run(&format!("license revoke {license} --reason non-payment --confirm {license}"), &[], 0)?;
        self.run("status publish --out .", &[], 0)?;
        self.tell("A deployment that gets the list keeps working through its grace, and then is read-only.")?;
        self.verify("--status 0.lic", 0)?;
        self.verify(&format!("--status 0.lic {}", at(self.now.plus_days(15))), 12)
    }

    fn verify(&mut self, options: &str, exit: u8) -> Result<(), Failure> {
        let line = format!("verify acme.lic --product dialer --keys anchors.json {options}");
        self.run(&line, &[], exit)
    }

    /// Runs a command and shows it with what it writes. `quoted` are arguments with spaces in them.
    fn run(&mut self, line: &str, quoted: &[&str], exit: u8) -> Result<(), Failure> {
        let mut arguments: Vec<String> =
            line.split_whitespace().chain(quoted.iter().copied()).map(Into::into).collect();
        if !line.starts_with("verify") {
            arguments.extend(["--home".into(), "home".into()]);
        }
        if self.rehearsal && !line.contains("--at") {
            arguments.extend(["--now".into(), self.now.to_string()]);
        }
        let shown: Vec<String> = arguments.iter().map(|argument| typed(argument)).collect();
        let line = format!("lictor {}", shown.join(" "));
        if self.output.form() == Form::Text {
            self.output.data(format_args!("$ {line}"))?;
        }
        // What it says becomes data here, so it is not coloured.
        let ran = Command::new(&self.program)
            .args(&arguments)
            .args(["--color", "never"])
            .current_dir(&self.folder)
            .output()
            .map_err(|error| {
                Failure::new(
                    FailureKind::Unexpected,
                    format!("{} cannot be run: {error}", self.program.display()),
                )
            })?;
        let [data, words] =
            [ran.stdout, ran.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
        if self.output.form() == Form::Text {
            self.output.raw(&words)?;
            self.output.raw(&data)?;
        }
        let found = ran.status.code().and_then(|code| u8::try_from(code).ok());
        if found != Some(exit) {
            let message = format!("the command ended with {}, not with {exit}: {line}\n{words}", ran.status);
            return Err(Failure::new(FailureKind::Unexpected, message));
        }
        if exit != 0 && self.output.form() == Form::Text {
            self.output.data(format_args!("(exit code {exit})"))?;
        }
        self.ran.push(Ran { line, exit, data });
        Ok(())
    }

    fn tell(&mut self, words: &str) -> Result<(), Failure> {
        match self.output.form() {
            Form::Text => self.output.data(format_args!("\n# {words}")),
            Form::Json => Ok(()),
        }
    }

    fn finish(self) -> Result<u8, Failure> {
        let commands = self.ran.iter().map(|ran| {
            Value::object([
                ("command", ran.line.as_str().into()),
                ("exit", u64::from(ran.exit).into()),
                ("data", ran.data.as_str().into()),
            ])
        });
        let text =
            format!("\n# All of it is in {FOLDER}. Go there and try: lictor license list --home home\n");
        self.output.either(
            || text,
            || Value::object([("folder", FOLDER.into()), ("commands", commands.collect::<Vec<_>>().into())]),
        )?;
        Ok(0)
    }
}

/// An argument as one types it: options stay as they are, the rest is quoted where it must be.
fn typed(argument: &str) -> String {
    if argument.starts_with("--") { argument.to_string() } else { shell(argument) }
}

/// The option that asks for an instant.
fn at(instant: Option<Timestamp>) -> String {
    instant.map(|at| format!("--at {at}")).unwrap_or_default()
}
