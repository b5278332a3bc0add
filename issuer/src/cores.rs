//! Work on all cores.

use core::num::NonZeroUsize;
use core::panic::AssertUnwindSafe;
use std::collections::BTreeMap;
use std::panic::catch_unwind;
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Mutex, PoisonError};
use std::thread;

use crate::error::{Failure, FailureKind};

/// Items of each core that are drawn ahead of it, where they are large.
const FEW: usize = 2;

/// The same as [`each`] of items that are large: only a few are there at once.
///
/// # Errors
/// As [`each`].
pub(crate) fn each_few<I: Send, R: Send>(
    items: impl Iterator<Item = Result<I, Failure>>,
    work: impl Fn(I) -> R + Sync,
    take: impl FnMut(R) -> Result<(), Failure>,
) -> Result<(), Failure> {
    each_ahead(workers().saturating_mul(FEW), items, work, take)
}

/// Does `work` with every item on all cores, and gives what comes of each to `take`, in the order of the items. Items are drawn
/// and results taken in this thread, while the others work.
///
/// # Errors
/// The first failure of an item or of `take`; then no further item is drawn. [`FailureKind::Unexpected`] if `work` panics, or if the
/// operating system gives no thread.
pub(crate) fn each<I: Send, R: Send>(
    items: impl Iterator<Item = Result<I, Failure>>,
    work: impl Fn(I) -> R + Sync,
    take: impl FnMut(R) -> Result<(), Failure>,
) -> Result<(), Failure> {
    each_ahead(usize::MAX, items, work, take)
}

fn workers() -> usize {
    thread::available_parallelism().map_or(1, NonZeroUsize::get)
}

/// At most `ahead` items are drawn of which the results are not taken yet.
fn each_ahead<I: Send, R: Send>(
    ahead: usize,
    items: impl Iterator<Item = Result<I, Failure>>,
    work: impl Fn(I) -> R + Sync,
    take: impl FnMut(R) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let (given, items_given) = mpsc::channel();
    let items_given = Mutex::new(items_given);
    thread::scope(|scope| {
        let (done, results) = mpsc::channel();
        let (items_given, work) = (&items_given, &work);
        // Where the operating system gives fewer threads, those that it gives do all of it.
        let begin = |_| {
            let done = done.clone();
            thread::Builder::new().spawn_scoped(scope, move || work_on(items_given, &done, work))
        };
        let begun: Vec<_> = (0..workers()).map_while(|number| begin(number).ok()).collect();
        drop(done);
        if begun.is_empty() {
            return Err(no_thread());
        }
        let taken = Taking { results, early: BTreeMap::new(), next: 0, ahead, take }.all(items, given);
        // Each of them is waited for, or the panic of one would be that of this thread.
        let ended = begun.into_iter().map(thread::ScopedJoinHandle::join);
        let panicked = ended.filter(Result::is_err).count();
        if panicked == 0 { taken } else { Err(faulty()) }
    })
}

/// A result, or word that there will be none since the work panicked.
type Done<R> = (usize, Option<R>);

fn work_on<I, R>(items: &Mutex<Receiver<(usize, I)>>, done: &Sender<Done<R>>, work: impl Fn(I) -> R) {
    loop {
        // Nothing is done while it is locked but waiting.
        let item = items.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok((number, item)) = item else { break };
        // Nothing that a panic may have left half done is looked at again: all of it ends.
        let result = catch_unwind(AssertUnwindSafe(|| work(item))).ok();
        let is_done = result.is_some();
        if done.send((number, result)).is_err() || !is_done {
            break;
        }
    }
}

/// The results, of which the next one may not be the next to come.
struct Taking<R, T> {
    results: Receiver<Done<R>>,
    early: BTreeMap<usize, R>,
    next: usize,
    ahead: usize,
    take: T,
}

impl<R, T: FnMut(R) -> Result<(), Failure>> Taking<R, T> {
    fn all<I>(
        mut self,
        items: impl Iterator<Item = Result<I, Failure>>,
        given: Sender<(usize, I)>,
    ) -> Result<(), Failure> {
        for item in items.enumerate() {
            let (number, item) = item;
            while number.saturating_sub(self.next) >= self.ahead {
                let result = self.results.recv().map_err(|_| faulty())?;
                self.put(result)?;
            }
            if given.send((number, item?)).is_err() {
                return Err(faulty());
            }
            while let Ok(result) = self.results.try_recv() {
                self.put(result)?;
            }
        }
        // The workers end with the last item.
        drop(given);
        while let Ok(result) = self.results.recv() {
            self.put(result)?;
        }
        if self.early.is_empty() { Ok(()) } else { Err(faulty()) }
    }

    fn put(&mut self, (number, result): Done<R>) -> Result<(), Failure> {
        self.early.insert(number, result.ok_or_else(faulty)?);
        while let Some(result) = self.early.remove(&self.next) {
            self.next += 1;
            (self.take)(result)?;
        }
        Ok(())
    }
}

/// Not even one thread is given.
pub(crate) fn no_thread() -> Failure {
    Failure::new(FailureKind::Unexpected, "The operating system gives no thread.")
        .hint("Let this user have more processes, and repeat the command.")
}

/// A thread has panicked.
pub(crate) fn faulty() -> Failure {
    Failure::new(FailureKind::Unexpected, "The program has failed while it worked on several things at once.")
        .hint("This is a fault of this program; report it with what led here.")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_come_in_the_order_of_the_items() {
        let mut taken = Vec::new();
        let slow_first = |number: u64| {
            thread::sleep(core::time::Duration::from_micros(2_000 / (number + 1)));
            number * number
        };
        each((0..100).map(Ok), slow_first, |square| {
            taken.push(square);
            Ok(())
        })
        .unwrap();
        assert_eq!(taken, (0..100).map(|number| number * number).collect::<Vec<u64>>());
    }

    #[test]
    fn the_first_failure_ends_it() {
        let no = || Failure::new(FailureKind::Conflict, "no");
        let failed =
            each((0..10).map(Ok), |number| number, |number| if number == 3 { Err(no()) } else { Ok(()) });
        assert_eq!(failed.unwrap_err().message, "no");
        let items = (0..10).map(|number| if number == 3 { Err(no()) } else { Ok(number) });
        assert_eq!(each(items, |number| number, |_| Ok(())).unwrap_err().message, "no");
    }

    #[test]
    fn of_large_items_only_a_few_are_there_at_once() {
        let (drawn, taken) = (core::cell::Cell::new(0_usize), core::cell::Cell::new(0_usize));
        let draw = (0..100).map(|number| {
            drawn.set(drawn.get() + 1);
            assert!(drawn.get() - taken.get() <= workers() * FEW + 1, "the one in hand, and those ahead");
            Ok(number)
        });
        each_few(
            draw,
            |number: usize| number,
            |number| {
                assert_eq!(number, taken.get());
                taken.set(number + 1);
                Ok(())
            },
        )
        .unwrap();
        assert_eq!(taken.get(), 100);
    }

    #[test]
    fn a_panic_is_a_failure_whoever_waits_for_the_result() {
        let work = |number| assert!(number != 0, "on purpose");
        assert_eq!(each_few((0..100).map(Ok), work, |()| Ok(())).unwrap_err().kind, FailureKind::Unexpected);
    }

    #[test]
    fn a_panic_is_a_failure() {
        let failed = each((0..10).map(Ok), |number| assert!(number != 3, "on purpose"), |()| Ok(()));
        assert_eq!(failed.unwrap_err().kind, FailureKind::Unexpected);
    }
}
