//! The checkpoint that a proof is made against.

use lictor_keys::KeyPurpose;
use lictor_shared::log::{NoteKey, SignedNote};

use super::super::globals::Globals;
use super::super::output::Output;
use super::super::passphrase::PassphraseSource;
use super::super::prompt::is_unasked;
use crate::audit::{StoredCheckpoint, sign_checkpoint};
use crate::error::{Failure, FailureKind};
use crate::home::Home;
use crate::ledger::Ledger;

/// A checkpoint, as others read it, and the key under which they know who signed it.
pub(super) type Covering = (SignedNote, NoteKey);

/// The newest checkpoint of today's log if it covers the event, else one that is signed now.
pub(super) fn covering(
    seq: u64,
    (home, ledger): (&Home, &mut Ledger),
    passphrase: &PassphraseSource,
    globals: &Globals,
    output: &mut Output,
) -> Result<Covering, Failure> {
    match ledger.newest_checkpoint_of_today()?.filter(|newest| newest.size >= seq) {
        Some(newest) => read(ledger, &newest),
        None => sign((home, ledger), passphrase, globals, output),
    }
}

/// A checkpoint of the log as it is: the newest if nothing has happened since, else one that is signed now. Where no key can sign
/// without somebody who is there to be asked, it is the newest that there is of today's log.
pub(super) fn newest(
    (home, ledger): (&Home, &mut Ledger),
    passphrase: &PassphraseSource,
    globals: &Globals,
    output: &mut Output,
) -> Result<Covering, Failure> {
    if let Some(current) = ledger.current_checkpoint()? {
        return read(ledger, &current.stored);
    }
    let newest = ledger.newest_checkpoint_of_today()?;
    match (sign((home, ledger), passphrase, globals, output), newest) {
        (Err(failure), Some(newest)) if is_no_key(&failure) => {
            let (events, _) = ledger.tree().head()?;
            output.warn(format_args!(
                "No checkpoint was signed: {failure} So this is about the newest one, of {} events; the log has {events}.",
                newest.size
            ));
            read(ledger, &newest)
        }
        (signed, _) => signed,
    }
}

/// No key, or none that opens without somebody who is asked, and nobody is. A passphrase that was typed or given, and does not
/// fit, is a slip that is to be seen.
fn is_no_key(failure: &Failure) -> bool {
    failure.kind == FailureKind::SigningNotConfigured || is_unasked(failure)
}

fn sign(
    (home, ledger): (&Home, &mut Ledger),
    passphrase: &PassphraseSource,
    globals: &Globals,
    output: &mut Output,
) -> Result<Covering, Failure> {
    let occasion = globals.occasion()?;
    let signer = passphrase.signer(home, ledger, KeyPurpose::Log, &occasion, globals.prompts())?;
    let signed = sign_checkpoint(ledger, &*signer, &globals.after_asking(occasion)?)?;
    output.say(format_args!("Signed a checkpoint of {} events.", signed.stored.size));
    read(ledger, &signed.stored)
}

fn read(ledger: &Ledger, stored: &StoredCheckpoint) -> Result<Covering, Failure> {
    let note = SignedNote::read(stored.note.as_bytes()).map_err(|error| {
        let message = format!("The ledger is damaged: its checkpoint of {} events: {error}.", stored.size);
        Failure::new(FailureKind::Ledger, message).hint("lictor audit verify names the first difference.")
    })?;
    Ok((note, ledger.note_key_of(stored)?))
}
