//! The thread that follows the clock and the files while nobody asks for anything else.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread::{self, Builder, JoinHandle};
use std::time::Duration;

/// How often by default: as much time a crash may cost.
const MINUTE: Duration = Duration::from_secs(60);
/// The least time between two ticks.
const LEAST: Duration = Duration::from_millis(1);

/// Who calls [`Guard::tick`](super::Guard::tick). Without ticks nothing new is noticed, and nothing of the time that passes is kept:
/// a clock that is set back before the next start would be believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ticking {
    /// A thread of the guard's own, once in this time and whenever the verdict becomes another one by itself; every minute by
    /// default. It ends when the guard is dropped. A process that forks opens its guard afterwards: threads stay behind.
    Every(Duration),
    /// The host, every minute or so, from a timer that it has.
    ByHost,
}

impl Default for Ticking {
    fn default() -> Self {
        Self::Every(MINUTE)
    }
}

/// The thread. Dropping it ends it, after the tick that it may be in.
pub(super) struct Ticker {
    /// Nothing is ever sent: that it is gone is the sign.
    sign: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Ticker {
    /// Starts it. The first tick is one interval away; each says after how much time the next one is wanted at the latest.
    pub(super) fn start(
        every: Duration,
        tick: impl Fn() -> Option<Duration> + Send + 'static,
    ) -> io::Result<Self> {
        let (sign, ended) = mpsc::channel();
        let ticks = move || {
            let mut wait = every;
            while ended.recv_timeout(wait.max(LEAST)) == Err(RecvTimeoutError::Timeout) {
                // A store or clock of the host's that panics has said so itself, and ends its tick, not the ticking.
                let wanted = catch_unwind(AssertUnwindSafe(&tick)).ok().flatten();
                wait = wanted.map_or(every, |wanted| wanted.min(every));
            }
        };
        let thread = Builder::new().name("license".into()).spawn(ticks)?;
        Ok(Self { sign: Some(sign), thread: Some(thread) })
    }
}

impl Drop for Ticker {
    fn drop(&mut self) {
        drop(self.sign.take());
        // A listener may drop the guard in the thread itself, which cannot wait for its own end.
        let other = self.thread.take().filter(|thread| thread.thread().id() != thread::current().id());
        if let Some(thread) = other {
            // It catches every panic.
            let _ended = thread.join();
        }
    }
}
