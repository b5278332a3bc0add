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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::FailureKind;
    use crate::ledger::Ledger;
    use crate::scratch::Scratch;
    use std::panic::{AssertUnwindSafe, catch_unwind};

    /// Looks at a ledger with a second connection, and at the same one without.
    fn both_ways(
        change: &str,
        compare: impl Fn() -> Result<&'static str, Failure>,
    ) -> [Result<&'static str, Failure>; 2] {
        let scratch = Scratch::new();
        let (path, ledger) = scratch.ledger();
        let intruder = Connection::open(&path).unwrap();
        intruder.execute_batch("PRAGMA foreign_keys = OFF").unwrap();
        intruder.execute_batch(change).unwrap();
        drop(intruder);
        let view = ledger.connection().unchecked_transaction().unwrap();
        assert!(beside(&view).is_some());
        let at_once = sound_beside(&view, &compare);
        drop(view);
        drop(ledger);
        let settled = Ledger::open_settled(&path).unwrap();
        assert!(beside(settled.connection()).is_none());
        [at_once, sound_beside(settled.connection(), &compare)]
    }

    #[test]
    fn what_is_wrong_with_the_file_is_said_before_what_differs_in_it() {
        let change = "INSERT INTO personal (seq, field, salt, text) VALUES (99, 'x', zeroblob(32), 'x')";
        for failed in both_ways(change, || Err(damaged("a row differs".into()))) {
            let failure = failed.unwrap_err();
            assert_eq!(failure.kind, FailureKind::Ledger);
            assert!(failure.message.contains("a row of the table personal refers"), "{}", failure.message);
        }
    }

    #[test]
    fn of_a_sound_file_what_was_compared_is_said() {
        for failed in both_ways("", || Err(damaged("a row differs".into()))) {
            assert!(failed.unwrap_err().message.contains("a row differs"));
        }
        for compared in both_ways("", || Ok("alike")) {
            assert_eq!(compared.unwrap(), "alike");
        }
    }

    #[test]
    fn a_panic_ends_it() {
        let scratch = Scratch::new();
        let (_path, ledger) = scratch.ledger();
        let view = ledger.connection().unchecked_transaction().unwrap();
        let panics = || -> Result<(), Failure> { panic!("on purpose") };
        assert!(catch_unwind(AssertUnwindSafe(|| sound_beside(&view, panics))).is_err());
    }
}
