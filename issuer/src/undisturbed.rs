//! Signals that wait until something is whole.

use core::marker::PhantomData;
use nix::sys::signal::{SigSet, SigmaskHow, Signal};

/// The signals with which a person, a terminal or a supervisor ends a program.
pub(crate) fn interruptions() -> SigSet {
    [Signal::SIGINT, Signal::SIGTERM, Signal::SIGHUP, Signal::SIGQUIT].into_iter().collect()
}

/// As long as this lives, [interruptions] of this thread wait; whichever came then ends the program. Meant for moments:
/// while a temporary file is there, never while anybody is waited for.
#[derive(Debug)]
pub(crate) struct Undisturbed {
    before: Option<SigSet>,
    /// The mask is the thread's, so it is dropped where it was made.
    _stays: PhantomData<*const ()>,
}

impl Undisturbed {
    pub(crate) fn begin() -> Self {
        // Where the mask cannot be set, a signal leaves what a crash leaves, which every reader expects.
        let before = interruptions().thread_swap_mask(SigmaskHow::SIG_BLOCK).ok();
        Self { before, _stays: PhantomData }
    }
}

impl Drop for Undisturbed {
    fn drop(&mut self) {
        if let Some(before) = &self.before {
            // It was read from this thread, so it can be set again.
            let _ = before.thread_set_mask();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn waits() -> bool {
        SigSet::thread_get_mask().unwrap().contains(Signal::SIGINT)
    }

    #[test]
    fn signals_wait_as_long_as_one_of_them_lives() {
        assert!(!waits());
        let outer = Undisturbed::begin();
        drop(Undisturbed::begin());
        assert!(waits(), "the inner one leaves the outer one's work alone");
        drop(outer);
        assert!(!waits());
    }
}
