//! The file itself, looked at by SQLite while what stands in it is compared.

use rusqlite::Connection;
use std::thread;

use super::damaged;
use crate::cores;
use crate::error::Failure;
use crate::ledger::beside::beside;
use crate::ledger::projection;

/// Makes sure that the file is sound, and compares what stands in it: both at the same time, if there are a second connection and a
/// thread for it.
pub(super) fn sound_beside<T>(
    view: &Connection,
    compare: impl FnOnce() -> Result<T, Failure>,
) -> Result<T, Failure> {
    let Some(second) = beside(view) else {
        sound(projection::structural_damage(view))?;
        return compare();
    };
    let reading = view.get_interrupt_handle();
    thread::scope(|scope| {
        let structure = move || {
            let damage = projection::structural_damage(&second);
            if !matches!(damage, Ok(None)) {
                // A tree of pages that leads in circles could be read for ever.
                reading.interrupt();
            }
            damage
        };
        let Ok(structure) = thread::Builder::new().spawn_scoped(scope, structure) else {
            // Where there is no thread, one is done after the other.
            sound(projection::structural_damage(view))?;
            return compare();
        };
        let compared = compare();
        // What is wrong with the file is said first, whatever differs because of it.
        sound(structure.join().unwrap_or_else(|_| Err(cores::faulty())))?;
        compared
    })
}

fn sound(structural_damage: Result<Option<String>, Failure>) -> Result<(), Failure> {
    structural_damage?.map_or(Ok(()), |damage| Err(damaged(damage)))
}
