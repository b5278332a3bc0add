//! Where a passphrase comes from: a file, a command, the environment's file, or a prompt. Never an argument.

use clap::Args;
use lictor_keys::{KeyRecord, Passphrase, PassphraseError, PrivateKey, Protection, Signer};
use lictor_shared::{Name, Purpose, Thumbprint};
use std::fs::File;
use std::io::{self, IsTerminal as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::input::is_standard_input;
use super::writing::Unopened;
use crate::error::{Failure, FailureKind};
use crate::home::Home;
use crate::key::{signing_key, signing_key_for};
use crate::ledger::Ledger;
use crate::occasion::{Intent, Occasion};

/// How the passphrase of a signing key is given.
#[derive(Args, Debug)]
pub(crate) struct PassphraseSource {
    /// The passphrase is the first line of this file, or of standard input for -
    #[arg(long, value_name = "FILE|-", conflicts_with = "passphrase_command")]
    passphrase_file: Option<PathBuf>,
    /// The passphrase is the first line that this command prints
    #[arg(long, value_name = "COMMAND")]
    passphrase_command: Option<String>,
}

/// How the passphrase of a key that is made or imported is given.
#[derive(Args, Debug)]
pub(crate) struct NewPassphrase {
    #[command(flatten)]
    source: PassphraseSource,
    /// Leave the key file unencrypted; whoever can read it can sign
    #[arg(long, conflicts_with_all = ["passphrase_file", "passphrase_command"])]
    no_passphrase: bool,
}

/// Names the file, never the passphrase itself.
const VARIABLE: &str = "LICTOR_PASSPHRASE_FILE";
/// How a passphrase is given where there is no terminal.
const GIVE: &str = "--passphrase-file FILE or --passphrase-command COMMAND, or set LICTOR_PASSPHRASE_FILE";

impl PassphraseSource {
    /// Whether standard input is taken.
    pub(crate) fn reads_standard_input(&self) -> bool {
        match (&self.passphrase_file, &self.passphrase_command) {
            (Some(path), _) => is_standard_input(path),
            (None, Some(_)) => false,
            (None, None) => std::env::var_os(VARIABLE).is_some_and(|path| path == "-"),
        }
    }

    /// The passphrase from a source that asks nobody, if one is given.
    fn given(&self) -> Result<Option<Passphrase>, Failure> {
        if let Some(path) = &self.passphrase_file {
            return from_file(path).map(Some);
        }
        if let Some(command) = &self.passphrase_command {
            return from_command(command).map(Some);
        }
        match std::env::var_os(VARIABLE).filter(|path| !path.is_empty()) {
            Some(path) => from_file(Path::new(&path)).map(Some),
            None => Ok(None),
        }
    }

    /// The passphrase that opens a file.
    pub(crate) fn opening(&self, what: &str) -> Result<Passphrase, Failure> {
        match self.given()? {
            Some(passphrase) => Ok(passphrase),
            None => prompt(&format!("Passphrase of {what}: ")),
        }
    }

    /// Opens the key that signs for a purpose. It asks for the passphrase before the ledger is locked, so that nobody waits
    /// for somebody who types.
    pub(crate) fn signer(
        &self,
        home: &Home,
        ledger: &Ledger,
        purpose: Purpose,
        occasion: &Occasion,
    ) -> Result<Box<dyn Signer>, Failure> {
        self.open(home, signing_key(&ledger.key_ring()?, purpose, occasion.at)?, occasion)
    }

    /// The same for a license of these products.
    pub(crate) fn license_signer(
        &self,
        home: &Home,
        ledger: &Ledger,
        products: &[Name],
        occasion: &Occasion,
    ) -> Result<Box<dyn Signer>, Failure> {
        let ring = ledger.key_ring()?;
        self.open(home, signing_key_for(&ring, Purpose::License, products, occasion.at)?, occasion)
    }

    fn open(&self, home: &Home, key: &KeyRecord, occasion: &Occasion) -> Result<Box<dyn Signer>, Failure> {
        if occasion.intent == Intent::DryRun {
            return Ok(Box::new(Unopened(key.public.clone())));
        }
        Ok(Box::new(self.open_key(home, &key.public.thumbprint())?))
    }

    /// Opens a key of the key folder, and asks for its passphrase if it has one.
    pub(crate) fn open_key(&self, home: &Home, kid: &Thumbprint) -> Result<PrivateKey, Failure> {
        let folder = home.keys()?;
        let protection = lictor_keys::protection(&folder.load(kid)?).map_err(|error| {
            let file = folder.path_of(kid).display().to_string();
            Failure::new(FailureKind::CannotRead, format!("the key file {file} cannot be used: {error}"))
                .with("path", file)
        })?;
        let passphrase = match protection {
            Protection::None => None,
            Protection::Passphrase => Some(self.opening(&format!("the signing key {kid}"))?),
        };
        Ok(folder.open_key(kid, passphrase.as_ref())?)
    }
}

impl NewPassphrase {
    /// Whether standard input is taken.
    pub(crate) fn reads_standard_input(&self) -> bool {
        self.source.reads_standard_input()
    }

    /// The passphrase to seal with, asked for twice at a prompt; `None` to leave the file open.
    pub(crate) fn sealing(&self) -> Result<Option<Passphrase>, Failure> {
        if self.no_passphrase {
            return Ok(None);
        }
        if let Some(passphrase) = self.source.given()? {
            return Ok(Some(passphrase));
        }
        ask_twice(GIVE).map(Some)
    }
}

/// Asks for a new passphrase twice; where there is no terminal, names the options instead.
pub(crate) fn ask_twice(instead: &str) -> Result<Passphrase, Failure> {
    let first = prompt_or("New passphrase for the key file: ", instead)?;
    let second = prompt_or("The same again: ", instead)?;
    if first.expose() != second.expose() {
        return Err(Failure::new(FailureKind::Usage, "the two passphrases differ; nothing was done")
            .hint("try again"));
    }
    Ok(first)
}

/// The passphrase from a file, or from standard input for `-`.
pub(crate) fn from_file(path: &Path) -> Result<Passphrase, Failure> {
    let (name, passphrase) = if is_standard_input(path) {
        ("standard input".to_string(), Passphrase::read_first_line(io::stdin().lock()))
    } else {
        let name = path.display().to_string();
        let file = File::open(path).map_err(|error| {
            Failure::new(
                FailureKind::CannotRead,
                format!("the passphrase file {name} cannot be read: {error}"),
            )
            .hint("check the path, and that you may read it")
        })?;
        (name, Passphrase::read_first_line(file))
    };
    passphrase.map_err(|error| Failure::new(FailureKind::CannotRead, format!("{name}: {error}")))
}

fn from_command(command: &str) -> Result<Passphrase, Failure> {
    let failed = |what: String| {
        Failure::new(FailureKind::CannotRead, format!("the passphrase command {what}"))
            .hint("run it by hand to see what is wrong")
    };
    let mut child = Command::new("sh")
        .args(["-c", command])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|error| failed(format!("cannot be started: {error}")))?;
    let passphrase = child.stdout.take().map(|mut printed| {
        let passphrase = Passphrase::read_first_line(&mut printed);
        // The command must be able to finish its sentence, or it fails on a closed pipe.
        let rest = io::copy(&mut printed, &mut io::sink());
        rest.map_err(PassphraseError::Unreadable).and(passphrase)
    });
    let status = child.wait().map_err(|error| failed(format!("cannot be awaited: {error}")))?;
    if !status.success() {
        return Err(failed(format!("failed ({status})")));
    }
    match passphrase {
        Some(Ok(passphrase)) => Ok(passphrase),
        Some(Err(error)) => Err(failed(format!("printed no passphrase: {error}"))),
        None => Err(failed("has no output".into())),
    }
}

/// Asks at the terminal, without echo; where there is none, says at once how else to give it.
fn prompt(question: &str) -> Result<Passphrase, Failure> {
    prompt_or(question, GIVE)
}

fn prompt_or(question: &str, instead: &str) -> Result<Passphrase, Failure> {
    let not_given = || {
        Failure::new(FailureKind::Usage, "a passphrase is needed, and there is no terminal to ask at")
            .hint(format!("give {instead}; --no-passphrase makes a key file without"))
    };
    if !io::stdin().is_terminal() {
        return Err(not_given());
    }
    let line = rpassword::prompt_password(question).map_err(|error| {
        Failure::new(FailureKind::CannotRead, format!("the terminal cannot be read: {error}"))
    })?;
    let line = lictor_keys::Zeroizing::new(line);
    Passphrase::new(&line)
        .map_err(|error| Failure::new(FailureKind::Usage, error.to_string()).hint("try again"))
}
