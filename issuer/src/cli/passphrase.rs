//! Where a passphrase comes from: a file, a command, the environment's file, or a prompt. Never an argument.

use clap::Args;
use lictor_keys::{KeyPurpose, KeyRecord, Passphrase, PassphraseError, PrivateKey, Protection, Signer};
use lictor_shared::{Name, Purpose, Thumbprint};
use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::environment::Variable;
use super::input::is_standard_input;
use super::prompt::{Needed, Prompts};
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
const VARIABLE: Variable = Variable::PassphraseFile;
/// How a passphrase is given without being asked for.
const GIVE: &str =
    "give --passphrase-file FILE or --passphrase-command COMMAND, or set LICTOR_PASSPHRASE_FILE";
/// The same where a command can do without one.
const GIVE_OR_LEAVE: &str = "give --passphrase-file FILE or --passphrase-command COMMAND, or set LICTOR_PASSPHRASE_FILE; --no-passphrase makes a key file without";

impl PassphraseSource {
    /// Whether standard input is taken.
    pub(crate) fn reads_standard_input(&self) -> bool {
        match (&self.passphrase_file, &self.passphrase_command) {
            (Some(path), _) => is_standard_input(path),
            (None, Some(_)) => false,
            (None, None) => VARIABLE.path().is_some_and(|path| is_standard_input(&path)),
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
        VARIABLE.path().map(|path| from_file(&path)).transpose()
    }

    /// The passphrase that opens a file.
    pub(crate) fn opening(&self, what: &str, prompts: Prompts) -> Result<Passphrase, Failure> {
        match self.given()? {
            Some(passphrase) => Ok(passphrase),
            None => ask(&format!("Passphrase of {what}: "), prompts, GIVE),
        }
    }

    /// Opens the key that signs for a purpose. It asks for the passphrase before the ledger is locked, so that nobody waits
    /// for somebody who types.
    pub(crate) fn signer(
        &self,
        home: &Home,
        ledger: &Ledger,
        purpose: impl Into<KeyPurpose>,
        occasion: &Occasion,
        prompts: Prompts,
    ) -> Result<Box<dyn Signer + Sync>, Failure> {
        self.open(home, signing_key(&ledger.key_ring()?, purpose, occasion.at)?, occasion, prompts)
    }

    /// The same for a license or an activation of these products.
    pub(crate) fn product_signer(
        &self,
        home: &Home,
        ledger: &Ledger,
        (purpose, products): (Purpose, &[Name]),
        occasion: &Occasion,
        prompts: Prompts,
    ) -> Result<Box<dyn Signer + Sync>, Failure> {
        self.open(
            home,
            signing_key_for(&ledger.key_ring()?, purpose, products, occasion.at)?,
            occasion,
            prompts,
        )
    }

    /// The signers of each of these products; products with one key have one.
    pub(crate) fn signers(
        &self,
        home: &Home,
        ledger: &Ledger,
        (purpose, products): (Purpose, &BTreeSet<Name>),
        occasion: &Occasion,
        prompts: Prompts,
    ) -> Result<Vec<Box<dyn Signer + Sync>>, Failure> {
        let ring = ledger.key_ring()?;
        let mut keys = BTreeMap::new();
        for product in products {
            let key = signing_key_for(&ring, purpose, core::slice::from_ref(product), occasion.at)?;
            keys.insert(key.public.thumbprint(), key);
        }
        keys.into_values().map(|key| self.open(home, key, occasion, prompts)).collect()
    }

    fn open(
        &self,
        home: &Home,
        key: &KeyRecord,
        occasion: &Occasion,
        prompts: Prompts,
    ) -> Result<Box<dyn Signer + Sync>, Failure> {
        if occasion.intent == Intent::DryRun {
            return Ok(Box::new(Unopened(key.public.clone())));
        }
        Ok(Box::new(self.open_key(home, &key.public.thumbprint(), prompts)?))
    }

    /// Opens a key of the key folder, and asks for its passphrase if it has one.
    pub(crate) fn open_key(
        &self,
        home: &Home,
        kid: &Thumbprint,
        prompts: Prompts,
    ) -> Result<PrivateKey, Failure> {
        let folder = home.keys()?;
        let protection = lictor_keys::protection(&folder.load(kid)?).map_err(|error| {
            let file = folder.path_of(kid).display().to_string();
            Failure::new(FailureKind::CannotRead, format!("the key file {file} cannot be used: {error}"))
                .with("path", file)
        })?;
        let passphrase = match protection {
            Protection::None => None,
            Protection::Passphrase => Some(self.opening(&format!("the signing key {kid}"), prompts)?),
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
    pub(crate) fn sealing(&self, prompts: Prompts) -> Result<Option<Passphrase>, Failure> {
        if self.no_passphrase {
            return Ok(None);
        }
        if let Some(passphrase) = self.source.given()? {
            return Ok(Some(passphrase));
        }
        ask_twice(prompts, GIVE_OR_LEAVE).map(Some)
    }
}

/// Asks for a new passphrase twice; `instead` says what gives it without being asked for.
pub(crate) fn ask_twice(prompts: Prompts, instead: &str) -> Result<Passphrase, Failure> {
    let first = ask("New passphrase for the key file: ", prompts, instead)?;
    let second = ask("The same again: ", prompts, instead)?;
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

/// Asks at the terminal, without echo; `instead` says what gives it without being asked for.
fn ask(question: &str, prompts: Prompts, instead: &str) -> Result<Passphrase, Failure> {
    let instead = instead.to_owned();
    let line = prompts.secret(&Needed { sentence: "a passphrase is needed", instead }, question)?;
    Passphrase::new(&line)
        .map_err(|error| Failure::new(FailureKind::Usage, error.to_string()).hint("try again"))
}
