//! `lictor key …`: signing keys.

mod export;
mod import;
mod list;
mod new;

use clap::{Args, Subcommand};
use lictor_keys::{KeyRecord, Passphrase, PrivateKey, Zeroizing, seal, seal_plain};
use lictor_shared::json::Value;
use lictor_shared::{Algorithm, Name, Products, Purpose, Timestamp};

use super::globals::Globals;
use super::output::Output;
use super::values;
use crate::error::Failure;
use crate::home::Home;
use crate::key::{KeyOrigin, NewKey, add_key};
use crate::ledger::Ledger;
use crate::occasion::Occasion;

/// Make, import, list and export signing keys
#[derive(Subcommand, Debug)]
pub(crate) enum Key {
    New(new::New),
    Import(import::Import),
    List(list::List),
    Export(export::Export),
}

impl Key {
    pub(crate) fn run(&self, globals: &Globals, output: &mut Output) -> Result<u8, Failure> {
        match self {
            Self::New(command) => command.run(globals, output),
            Self::Import(command) => command.run(globals, output),
            Self::List(command) => command.run(globals, output),
            Self::Export(command) => command.run(globals, output),
        }
    }
}

/// What a new key is for.
#[derive(Args, Debug)]
struct KeyUse {
    /// What it may sign: license, status, activation; may be given several times [default: all three]
    #[arg(long, value_name = "PURPOSE", value_parser = values::purpose)]
    purpose: Vec<Purpose>,
    /// A product that it speaks for; may be given several times [default: any]
    #[arg(long, value_name = "NAME")]
    product: Vec<Name>,
    /// The one algorithm name that headers may carry with it: EdDSA or Ed25519 [default: either]
    #[arg(long, value_name = "NAME", value_parser = values::algorithm)]
    alg: Option<Algorithm>,
}

impl KeyUse {
    fn purposes(&self) -> Vec<Purpose> {
        let wanted = |purpose: &Purpose| self.purpose.is_empty() || self.purpose.contains(purpose);
        Purpose::ALL.into_iter().filter(wanted).collect()
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
    if passphrase.is_none() {
        output.warn("the key file is not encrypted; whoever can read it can sign licenses");
    }
    announce(&record, output)
}

/// A key as programs see it.
fn to_value(key: &KeyRecord) -> Value {
    let time = |at: Option<Timestamp>| Value::from(at.map(|at| at.to_string()));
    let products = match &key.products {
        Products::Any => Value::Null,
        Products::Only(names) => {
            names.iter().map(|name| Value::from(name.as_str())).collect::<Vec<_>>().into()
        }
    };
    let purposes: Vec<Value> = key.purposes.iter().map(|purpose| purpose.as_str().into()).collect();
    Value::object([
        ("kid", key.public.thumbprint().to_string().into()),
        ("state", key.state.as_str().into()),
        ("purposes", purposes.into()),
        ("products", products),
        ("alg", key.algorithm.map(Algorithm::as_str).into()),
        ("createdAt", time(Some(key.created_at))),
        ("notBefore", time(key.not_before)),
        ("notAfter", time(key.not_after)),
        ("distrustAfter", time(key.distrust_after)),
    ])
}

/// Tells of a key that has joined the ring.
fn announce(key: &KeyRecord, output: &mut Output) -> Result<u8, Failure> {
    let kid = key.public.thumbprint();
    match key.state {
        lictor_keys::KeyState::Active => {
            output.say(format_args!("The key {kid} is active: it signs from now on."));
            output.say("Next: build its public half into the product with: lictor key export");
        }
        _ => {
            output.say(format_args!("The key {kid} is next: it does not sign yet."));
            output.say("Next: ship its public half in a release with: lictor key export");
        }
    }
    output.either(|| format!("{kid}\n"), || to_value(key))?;
    Ok(0)
}
