//! `lictor key …`: signing keys.

mod activate;
mod confirm;
mod destroy;
mod distrust;
mod export;
mod import;
mod list;
mod new;
mod passphrase;
mod retire;

use clap::{Args, Subcommand};
use lictor_keys::{KeyPurpose, KeyRecord, Passphrase, PrivateKey, Zeroizing, seal, seal_plain};
use lictor_shared::json::Value;
use lictor_shared::{Algorithm, Name, Products, Thumbprint};

use super::globals::Globals;
use super::output::Output;
use super::values;
use super::writing;
use crate::error::Failure;
use crate::home::Home;
use crate::key::{KeyChange, KeyOrigin, NewKey, add_key, find_key, to_value};
use crate::ledger::Ledger;
use crate::occasion::Occasion;

/// Make, import, rotate, distrust, list and export signing keys
#[derive(Subcommand, Debug)]
pub(crate) enum Key {
    New(new::New),
    Import(import::Import),
    List(list::List),
    Export(export::Export),
    Activate(activate::Activate),
    Retire(retire::Retire),
    Distrust(distrust::Distrust),
    Destroy(destroy::Destroy),
    Passphrase(passphrase::Passphrase),
}

impl Key {
    pub(crate) fn run(&self, globals: &Globals, output: &mut Output) -> Result<u8, Failure> {
        match self {
            Self::New(command) => command.run(globals, output),
            Self::Import(command) => command.run(globals, output),
            Self::List(command) => command.run(globals, output),
            Self::Export(command) => command.run(globals, output),
            Self::Activate(command) => command.run(globals, output),
            Self::Retire(command) => command.run(globals, output),
            Self::Distrust(command) => command.run(globals, output),
            Self::Destroy(command) => command.run(globals, output),
            Self::Passphrase(command) => command.run(globals, output),
        }
    }
}

/// What a new key is for.
#[derive(Args, Debug)]
struct KeyUse {
    /// What it may sign: license, status, activation; may be given several times [default: all three]; or log, alone
    #[arg(long, value_name = "PURPOSE", value_parser = values::purpose)]
    purpose: Vec<KeyPurpose>,
    /// A product that it speaks for; may be given several times [default: any]
    #[arg(long, value_name = "NAME")]
    product: Vec<Name>,
    /// The one algorithm name that headers may carry with it: EdDSA or Ed25519 [default: either]
    #[arg(long, value_name = "NAME", value_parser = values::algorithm)]
    alg: Option<Algorithm>,
}

impl KeyUse {
    fn purposes(&self) -> Vec<KeyPurpose> {
        if self.purpose.is_empty() {
            return KeyPurpose::ANCHORED.to_vec();
        }
        KeyPurpose::ALL.into_iter().filter(|purpose| self.purpose.contains(purpose)).collect()
    }

    fn products(&self) -> Products {
        if self.product.is_empty() { Products::Any } else { Products::Only(self.product.clone()) }
    }
}

/// Seals a key, adds it to the ring, and tells of it.
fn join(
    key: &PrivateKey,
    origin: KeyOrigin,
    passphrase: Option<&Passphrase>,
    key_use: &KeyUse,
    (home, ledger): (&Home, &mut Ledger),
    occasion: &Occasion,
    output: &mut Output,
) -> Result<u8, Failure> {
    let pem = match passphrase {
        Some(passphrase) => Zeroizing::new(seal(key, passphrase)?),
        None => seal_plain(key)?,
    };
    let new = NewKey {
        public: key.public().clone(),
        origin,
        purposes: key_use.purposes(),
        products: key_use.products(),
        algorithm: key_use.alg,
        not_before: None,
        not_after: None,
    };
    let record = add_key(home, ledger, new, &pem, occasion)?;
    if let Some(dry_run) = ledger.dry_run() {
        return writing::tell(dry_run, output, |output| announce(&record, output));
    }
    if passphrase.is_none() {
        let what = record.purposes.first().map_or("", |purpose| purpose.signs());
        output.warn(format_args!("the key file is not encrypted; whoever can read it can sign {what}"));
    }
    announce(&record, output);
    show(&to_value(&record), output)
}

/// Tells of a key that has joined the ring.
fn announce(key: &KeyRecord, output: &mut Output) {
    let kid = key.public.thumbprint();
    match key.state {
        lictor_keys::KeyState::Active if key.is_of_log() => {
            output.say(format_args!("The key {kid} is active: it signs checkpoints of the log"));
            output.say("from now on. Products never learn of it.");
            output.say("Next: hand its public half to those who audit you, with: lictor audit key");
            output.say("Then sign the first checkpoint with: lictor audit checkpoint");
        }
        _ if key.is_of_log() => {
            output.say(format_args!("The key {kid} is next: it signs no checkpoints yet."));
            output.say("Next: hand its public half to those who audit you, with: lictor audit key --all");
            output.say(format_args!("Then: lictor key activate {kid}"));
        }
        lictor_keys::KeyState::Active => {
            output.say(format_args!("The key {kid} is active: it signs from now on."));
            output.say("Next: build its public half into the product with: lictor key export");
        }
        _ => {
            output.say(format_args!("The key {kid} is next: it does not sign yet."));
            output.say("Next: ship its public half in a release with: lictor key export");
        }
    }
}

/// A key that has joined, or joined when the request was carried out.
fn show(answer: &Value, output: &mut Output) -> Result<u8, Failure> {
    output.either(|| format!("{}\n", writing::text(answer, "kid")), || answer.clone())?;
    Ok(0)
}

/// The key that is meant.
fn named(ledger: &Ledger, id: &str) -> Result<Thumbprint, Failure> {
    let ring = ledger.key_ring()?;
    find_key(&ring, id).map(|key| key.public.thumbprint())
}

/// What nobody signs now.
fn say_gaps(change: &KeyChange, output: &mut Output) {
    if !change.gaps.is_empty() {
        let gaps: Vec<String> = change.gaps.iter().map(ToString::to_string).collect();
        output.warn(format_args!("nobody signs now: {}", gaps.join(", ")));
    }
}

/// From when and until when what a key signs counts.
fn windows(key: &KeyRecord) -> Vec<String> {
    let said = [
        ("what it signs counts from", key.not_before),
        ("what it signed counts until", key.not_after),
        ("distrusted from", key.distrust_after),
    ];
    said.into_iter().filter_map(|(what, at)| at.map(|at| format!("{what} {at}"))).collect()
}
