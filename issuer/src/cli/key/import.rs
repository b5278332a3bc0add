//! `lictor key import`.

use clap::Args;
use lictor_keys::{Passphrase, PrivateKey, Protection, Zeroizing};
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use super::super::globals::Globals;
use super::super::input::{self, is_standard_input};
use super::super::output::Output;
use super::super::passphrase::{self, NewPassphrase};
use super::super::writing::{self, Writing};
use super::KeyUse;
use crate::error::{Failure, FailureKind};
use crate::key::KeyOrigin;

const EXAMPLES: &str = "\
Examples:
  lictor key import plain.pem
  openssl genpkey -algorithm ed25519 | lictor key import - --no-passphrase
  lictor key import old.pem --source-passphrase-file old.txt \\
      --passphrase-file new.txt

The file stays where it is; delete it when the import has succeeded.";

/// Take over a signing key made elsewhere: PKCS#8 in PEM, plain or encrypted
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Import {
    /// The key file, or - for standard input
    #[arg(value_name = "FILE|-")]
    file: PathBuf,
    /// The passphrase that the file has now is the first line of this file [default: the new passphrase]
    #[arg(long, value_name = "FILE|-")]
    source_passphrase_file: Option<PathBuf>,
    #[command(flatten)]
    key_use: KeyUse,
    #[command(flatten)]
    passphrase: NewPassphrase,
    #[command(flatten)]
    writing: Writing,
}

impl Import {
    pub(crate) fn run(&self, globals: &Globals, output: &mut Output) -> Result<u8, Failure> {
        self.check_standard_input()?;
        let (home, mut ledger) = globals.home_and_ledger()?;
        let occasion = globals.occasion_of(&self.writing)?;
        if let Some(answer) = writing::answered(&ledger, &occasion, output)? {
            return super::show(&answer, output);
        }
        home.keys()?;
        let source = self.read()?;
        let protection = lictor_keys::protection(&source).map_err(|error| self.refused(error))?;
        let passphrase = self.passphrase.sealing(globals.prompts())?;
        let key = self.open(&source, protection, passphrase.as_ref())?;
        let ring = (&home, &mut ledger);
        super::join(&key, KeyOrigin::Imported, passphrase.as_ref(), &self.key_use, ring, &occasion, output)
    }

    /// Standard input can be one thing only.
    fn check_standard_input(&self) -> Result<(), Failure> {
        let sealing = self.passphrase.reads_standard_input().then_some(Path::new("-"));
        let named = [Some(self.file.as_path()), self.source_passphrase_file.as_deref(), sealing];
        input::once(named.into_iter().flatten())
    }

    fn read(&self) -> Result<Zeroizing<String>, Failure> {
        if is_standard_input(&self.file) {
            return lictor_keys::read_key_file(io::stdin().lock()).map_err(|error| self.refused(error));
        }
        let file = File::open(&self.file).map_err(|error| {
            Failure::new(FailureKind::CannotRead, format!("{} cannot be read: {error}", self.file.display()))
                .hint("check the path, and that you may read it")
        })?;
        lictor_keys::read_key_file(file).map_err(|error| self.refused(error))
    }

    fn open(
        &self,
        source: &str,
        protection: Protection,
        sealing: Option<&Passphrase>,
    ) -> Result<PrivateKey, Failure> {
        let own = match (&self.source_passphrase_file, protection) {
            (Some(path), Protection::Passphrase) => Some(passphrase::from_file(path)?),
            _ => None,
        };
        lictor_keys::open(source, own.as_ref().or(sealing)).map_err(|error| {
            let failure = self.refused(error);
            match protection {
                Protection::Passphrase => {
                    failure.hint("give the file's own passphrase with --source-passphrase-file FILE")
                }
                Protection::None => failure,
            }
        })
    }

    fn refused(&self, error: lictor_keys::KeyFileError) -> Failure {
        Failure::new(FailureKind::CannotRead, format!("{}: {error}", self.file.display())).because(error)
    }
}
