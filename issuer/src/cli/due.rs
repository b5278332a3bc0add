//! After a change: the checkpoint that is due by then, if its key opens without asking anybody.

use lictor_keys::{KeyPurpose, Passphrase, PrivateKey};
use lictor_shared::Thumbprint;

use super::environment::Variable;
use super::globals::Globals;
use super::input::is_standard_input;
use super::output::Output;
use super::passphrase;
use crate::audit::sign_checkpoint;
use crate::error::Failure;
use crate::home::Home;

/// Signs a checkpoint if as many events wait for one as `lictor.toml` says, or says that one is due. The change before it is
/// done, whatever becomes of this.
pub(super) fn sign_if_due(globals: &Globals, output: &mut Output) {
    if let Err(failure) = try_to_sign(globals, output) {
        output.warn(format_args!("the change is done; the checkpoint that is due was not signed: {failure}"));
    }
}

fn try_to_sign(globals: &Globals, output: &mut Output) -> Result<(), Failure> {
    let (home, mut ledger) = globals.home_and_ledger()?;
    let Some(every) = home.config().checkpoint_every else { return Ok(()) };
    let waiting = ledger.events_without_checkpoint()?;
    // Whoever has no key of the log has not begun with checkpoints; lictor doctor tells of it.
    let ring = ledger.key_ring()?;
    let Some(key) = ring.active_for(KeyPurpose::Log) else { return Ok(()) };
    if waiting < every.get() {
        return Ok(());
    }
    let Some(signer) = unasked(globals, &home, &key.public.thumbprint()) else {
        output.say(format_args!(
            "A checkpoint is due, since {waiting} events wait for one: lictor audit checkpoint"
        ));
        return Ok(());
    };
    let signed = sign_checkpoint(&mut ledger, &signer, &globals.occasion()?)?;
    if signed.event.is_some() {
        let size = signed.checkpoint.size;
        output.say(format_args!(
            "Signed a checkpoint of {size} events, which was due. To hand it out: lictor audit checkpoint"
        ));
    }
    Ok(())
}

/// The key, if its file has no passphrase, or that which was given in a file for the change.
fn unasked(globals: &Globals, home: &Home, kid: &Thumbprint) -> Option<PrivateKey> {
    let folder = home.keys().ok()?;
    folder.open_key(kid, None).or_else(|error| folder.open_key(kid, Some(&given(globals).ok_or(error)?))).ok()
}

fn given(globals: &Globals) -> Option<Passphrase> {
    let variable = || Variable::PassphraseFile.path();
    let path = globals.passphrase_file().map(Into::into).or_else(variable)?;
    // What was read once is gone.
    if is_standard_input(&path) { None } else { passphrase::from_file(&path).ok() }
}
