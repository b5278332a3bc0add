//! A terminal that gets its echo back, whatever ends the prompt that took it.

use nix::sys::pthread::pthread_kill;
use nix::sys::signal::{SigSet, Signal, raise};
use nix::sys::termios::{SetArg, Termios, tcgetattr, tcsetattr};
use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::thread::JoinHandleExt as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;

use crate::undisturbed::{Undisturbed, interruptions};

/// Tells the watcher to look at whether the prompt is over.
const WAKE: Signal = Signal::SIGUSR1;

/// While a prompt hides what is typed, a signal would end the program and leave the terminal so. Here the signals go to a
/// thread of their own, which puts the terminal right first. What the prompt itself raises on Ctrl-C waits until this is
/// dropped, after the prompt has put the terminal right.
pub(super) struct Echo {
    over: Arc<AtomicBool>,
    watcher: Option<JoinHandle<()>>,
    /// Dropped last: then what waited arrives.
    _undisturbed: Undisturbed,
}

impl Echo {
    pub(super) fn keep() -> io::Result<Self> {
        let terminal = OpenOptions::new().read(true).write(true).open("/dev/tty")?;
        let settings = tcgetattr(&terminal)?;
        // Before the watcher is made, which inherits what its maker holds back.
        let undisturbed = Undisturbed::begin();
        SigSet::from(WAKE).thread_block()?;
        let over = Arc::new(AtomicBool::new(false));
        let seen = Arc::clone(&over);
        let watcher = std::thread::Builder::new().spawn(move || watch(terminal, settings, &seen))?;
        Ok(Self { over, watcher: Some(watcher), _undisturbed: undisturbed })
    }
}

impl Drop for Echo {
    fn drop(&mut self) {
        self.over.store(true, Ordering::SeqCst);
        if let Some(watcher) = self.watcher.take() {
            // A thread that has ended needs no waking, and it leaves nothing behind to tell of.
            let _ = pthread_kill(watcher.as_pthread_t(), WAKE);
            let _ = watcher.join();
        }
        let _ = SigSet::from(WAKE).thread_unblock();
    }
}

fn watch(mut terminal: File, settings: Termios, over: &AtomicBool) {
    let mut awaited = interruptions();
    awaited.add(WAKE);
    let Ok(signal) = awaited.wait() else { return };
    if signal == WAKE && over.load(Ordering::SeqCst) {
        return;
    }
    // The program ends in any case, and nobody is left to tell.
    let _ = tcsetattr(&terminal, SetArg::TCSANOW, &settings);
    let _ = terminal.write_all(b"\n");
    let _ = SigSet::from(signal).thread_unblock();
    let _ = raise(signal);
}
