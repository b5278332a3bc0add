//! Telling the listeners: every notice once, and in the order in which things happened.
//!
//! What has happened is queued where it is published, under one lock; whoever comes first tells all of it, without that lock. So a
//! listener may ask the guard for anything: what that causes is told after it, by whoever is telling.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::{Listener, Notice};
use crate::host::snapshot::Snapshot;

pub(super) struct Telling {
    listeners: Vec<Listener>,
    queue: Mutex<Queue>,
}

/// What was published and is not told yet.
struct Queue {
    /// What was published last.
    last: Arc<Snapshot>,
    waiting: VecDeque<Turn>,
    teller: Teller,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Teller {
    None,
    /// Somebody tells, and looks into the queue again when he is done.
    Busy,
}

/// One snapshot after another.
struct Turn {
    from: Arc<Snapshot>,
    to: Arc<Snapshot>,
}

impl Telling {
    /// To these listeners, beginning with what is not told: `first`.
    pub(super) fn to(listeners: Vec<Listener>, first: Arc<Snapshot>) -> Self {
        let queue = Queue { last: first, waiting: VecDeque::new(), teller: Teller::None };
        Self { listeners, queue: Mutex::new(queue) }
    }

    /// Publishes by `swap`, which says whether it did, and queues what is to be told of it. Nobody else publishes meanwhile, so the
    /// order is that of publication.
    pub(super) fn published(&self, to: &Arc<Snapshot>, swap: impl FnOnce() -> bool) -> bool {
        let mut queue = self.queue();
        let swapped = swap();
        if swapped {
            let turn = Turn { from: std::mem::replace(&mut queue.last, Arc::clone(to)), to: Arc::clone(to) };
            if turn.notices().next().is_some() {
                queue.waiting.push_back(turn);
            }
        }
        swapped
    }

    /// Tells what waits, unless somebody does already.
    pub(super) fn tell(&self) {
        let mut teller = Teller::None;
        while let Some(turn) = self.next(teller) {
            teller = Teller::Busy;
            turn.notices().for_each(|notice| self.notify(&notice));
        }
    }

    /// What is to be told next by who is telling, or begins to.
    fn next(&self, own: Teller) -> Option<Turn> {
        let mut queue = self.queue();
        if queue.teller != own {
            return None;
        }
        let turn = queue.waiting.pop_front();
        queue.teller = if turn.is_some() { Teller::Busy } else { Teller::None };
        turn
    }

    /// A listener that panics has said so itself; it takes neither the next one nor whoever asked for the verdict with it.
    fn notify(&self, notice: &Notice<'_>) {
        for listener in &self.listeners {
            let _panicked = catch_unwind(AssertUnwindSafe(|| listener(notice)));
        }
    }

    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Turn {
    /// What listeners are told of it.
    fn notices(&self) -> impl Iterator<Item = Notice<'_>> {
        let (before, now) = (&self.from.kept.troubles, &self.to.kept.troubles);
        let (from, verdict) = (self.from.verdict.mode(), &self.to.verdict);
        let mode = (from != verdict.mode()).then_some(Notice::Mode { from, verdict });
        let news =
            now.iter().filter(|trouble| !before.iter().any(|known| known.is_about_the_same_as(trouble)));
        mode.into_iter().chain(news.map(Notice::Trouble))
    }
}
