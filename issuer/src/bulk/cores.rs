//! Work on all cores.

use core::num::NonZeroUsize;
use std::collections::BTreeMap;
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Mutex, PoisonError};
use std::thread;

use crate::error::{Failure, FailureKind};

/// Does `work` with every item on all cores, and gives what comes of each to `take`, in the order of the items. Items are drawn
/// and results taken in this thread, while the others work.
///
/// # Errors
/// The first failure of an item or of `take`; then no further item is drawn. [`FailureKind::Unexpected`] if `work` panics.
pub(crate) fn each<I: Send, R: Send>(
    items: impl Iterator<Item = Result<I, Failure>>,
    work: impl Fn(I) -> R + Sync,
    take: impl FnMut(R) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let workers = thread::available_parallelism().map_or(1, NonZeroUsize::get);
    let (given, items_given) = mpsc::channel();
    let items_given = Mutex::new(items_given);
    thread::scope(|scope| {
        let (done, results) = mpsc::channel();
        let (items_given, work) = (&items_given, &work);
        let begun: Vec<_> = (0..workers)
            .map(|_| done.clone())
            .map(|done| scope.spawn(move || work_on(items_given, &done, work)))
            .collect();
        drop(done);
        let taken = Taking { results, early: BTreeMap::new(), next: 0, take }.all(items, given);
        // Each of them is waited for, or the panic of one would be that of this thread.
        let ended = begun.into_iter().map(thread::ScopedJoinHandle::join);
        let panicked = ended.filter(Result::is_err).count();
        if panicked == 0 { taken } else { Err(faulty()) }
    })
}

fn work_on<I, R>(items: &Mutex<Receiver<(usize, I)>>, done: &Sender<(usize, R)>, work: impl Fn(I) -> R) {
    loop {
        // Nothing is done while it is locked but waiting.
        let item = items.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok((number, item)) = item else { break };
        if done.send((number, work(item))).is_err() {
            break;
        }
    }
}

/// The results, of which the next one may not be the next to come.
struct Taking<R, T> {
    results: Receiver<(usize, R)>,
    early: BTreeMap<usize, R>,
    next: usize,
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

    fn put(&mut self, (number, result): (usize, R)) -> Result<(), Failure> {
        self.early.insert(number, result);
        while let Some(result) = self.early.remove(&self.next) {
            self.next += 1;
            (self.take)(result)?;
        }
        Ok(())
    }
}

fn faulty() -> Failure {
    Failure::new(FailureKind::Unexpected, "The program has failed while it worked on several rows at once.")
        .hint("This is a fault of this program; report it with the file that led here.")
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
    fn a_panic_is_a_failure() {
        let failed = each((0..10).map(Ok), |number| assert!(number != 3, "on purpose"), |()| Ok(()));
        assert_eq!(failed.unwrap_err().kind, FailureKind::Unexpected);
    }
}
