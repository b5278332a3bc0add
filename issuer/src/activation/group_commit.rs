//! Group commit: those who ask at the same time are answered in one durable change.

use core::panic::AssertUnwindSafe;
use lictor_keys::Signer;
use std::panic::catch_unwind;
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread::{self, JoinHandle};

use super::answer::Answer;
use super::desk::{Desk, Staff};
use super::request::SeatRequest;
use super::sign::{Checks, Signers, Trusted};
use crate::error::{Failure, FailureKind};
use crate::home::Home;
use crate::ledger::{Ledger, keys};
use crate::occasion::{Intent, Occasion};
use crate::terms::Span;

/// Requests that are answered in one change, so that nobody waits long for others.
const MOST: usize = 256;

/// Whoever answers requests: an issuer's home, its ledger, and the keys.
pub struct Granting {
    /// The home.
    pub home: Home,
    /// Its ledger. Others may have it open as well, and change it.
    pub ledger: Ledger,
    /// The keys of the products that are asked for. Lists that are enclosed are signed too, where one of them has the key for lists.
    pub signers: Vec<Box<dyn Signer + Send + Sync>>,
    /// How long activations hold; `None`: until further notice.
    pub lease: Option<Span>,
    /// When a change happens and who makes it. What it intends is always to be made.
    pub clock: Box<dyn FnMut() -> Result<Occasion, Failure> + Send>,
}

/// A thread that has a ledger, and many who ask it for seats.
///
/// To make a change durable takes as long for a hundred requests as for one. So all that were made while the last change was under way
/// are answered in the next one, each as [`grant`](super::grant) would answer it: counted in that change, with an event of its own,
/// and told of it when all of it is on disk. What goes wrong with one goes wrong with no other.
///
/// Dropped, it answers whoever has asked, and ends.
///
/// ```no_run
/// use lictor_issuer::activation::{Granting, GroupCommit, SeatRequest};
/// # use lictor_issuer::{ClockSource, Home, Occasion};
/// # use lictor_shared::{Text, Timestamp};
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let (home, signers) = (Home::open("home".as_ref())?, Vec::new());
/// # let now = || Timestamp::from_seconds(0).unwrap_or(Timestamp::MAX);
/// let portal = Text::new("portal")?;
/// let clock = Box::new(move || Ok(Occasion::new(now(), ClockSource::System, portal.clone())));
/// let granting = Granting { ledger: home.ledger()?, home, signers, lease: None, clock };
/// let desk = GroupCommit::start(granting)?;
/// std::thread::scope(|scope| {
///     for token in ["a request", "another one"] {
///         scope.spawn(|| desk.answer(SeatRequest::read(token)?));
///     }
/// });
/// # Ok(()) }
/// ```
#[derive(Debug)]
pub struct GroupCommit {
    /// `None` once it is to end.
    asking: Option<Sender<Asking>>,
    thread: Option<JoinHandle<()>>,
}

/// A request, and where its answer goes.
struct Asking {
    request: SeatRequest,
    answer: Sender<Result<Answer, Failure>>,
}

impl GroupCommit {
    /// Starts the thread.
    ///
    /// # Errors
    /// [`FailureKind::Unexpected`] if the operating system gives none.
    pub fn start(granting: Granting) -> Result<Self, Failure> {
        let (asking, asked) = mpsc::channel();
        let mut group = Group { granting, trusted: None };
        let thread = thread::Builder::new().name("group commit".into()).spawn(move || group.serve(&asked));
        let thread = thread.map_err(|error| {
            Failure::new(FailureKind::Unexpected, "The operating system gives no thread.").because(error)
        })?;
        Ok(Self { asking: Some(asking), thread: Some(thread) })
    }

    /// Answers a request, together with those of others. After `Ok` the answer is on disk: asked again, it is the same.
    ///
    /// # Errors
    /// As [`grant`](super::grant). Of this request nothing has changed then.
    pub fn answer(&self, request: SeatRequest) -> Result<Answer, Failure> {
        let (answer, answered) = mpsc::channel();
        let asking = Asking { request, answer };
        let asked = self.asking.as_ref().and_then(|thread| thread.send(asking).ok());
        asked.and_then(|()| answered.recv().ok()).unwrap_or_else(|| Err(faulty()))
    }
}

impl Drop for GroupCommit {
    fn drop(&mut self) {
        self.asking = None;
        // It has ended or has panicked; whoever waits for it was told so.
        let _ended = self.thread.take().map(JoinHandle::join);
    }
}

/// What the thread has.
struct Group {
    granting: Granting,
    /// With the tables by which signatures are checked, as long as the keys stay the same.
    trusted: Option<Trusted>,
}

impl Group {
    fn serve(&mut self, asked: &Receiver<Asking>) {
        while let Ok(first) = asked.recv() {
            let waiting: Vec<Asking> = core::iter::once(first).chain(asked.try_iter()).take(MOST).collect();
            let (requests, callers): (Vec<_>, Vec<_>) =
                waiting.into_iter().map(|asking| (asking.request, asking.answer)).unzip();
            // After this line every answer is on disk. A crash before it: nobody has seen one.
            let answers = self.answers(&requests);
            for (caller, answer) in callers.into_iter().zip(answers) {
                // Whoever has gone meanwhile may ask again, and gets the same bytes.
                let _gone = caller.send(answer);
            }
        }
    }

    /// The answer to each. A change that fails is tried again in halves, until what goes wrong with one stands alone.
    fn answers(&mut self, requests: &[SeatRequest]) -> Vec<Result<Answer, Failure>> {
        // The change is gone with its transaction, whatever panicked in it.
        let changed = catch_unwind(AssertUnwindSafe(|| self.change(requests)));
        match (changed.unwrap_or_else(|_| Err(faulty())), requests) {
            (Ok(answers), _) => answers,
            (Err(failure), [_]) => vec![Err(failure)],
            (Err(failure), all) if is_of_the_ledger(failure.kind) => {
                all.iter().map(|_| Err(told_to_each(&failure))).collect()
            }
            (Err(_), several) => {
                let (one, other) = several.split_at(several.len() / 2);
                let mut answers = self.answers(one);
                answers.extend(self.answers(other));
                answers
            }
        }
    }

    /// Answers all of them in one change, or none.
    fn change(&mut self, requests: &[SeatRequest]) -> Result<Vec<Result<Answer, Failure>>, Failure> {
        let Granting { home, ledger, signers, lease, clock } = &mut self.granting;
        let occasion = Occasion { intent: Intent::Make, ..clock()? };
        let transaction = ledger.begin_several(&occasion)?;
        let ring = keys::ring(transaction.connection())?;
        let trusted = self.trusted.take().filter(|trusted| trusted.ring == ring);
        let trusted = self.trusted.insert(trusted.unwrap_or_else(|| Trusted::of(ring, Checks::Many)));
        let signers: Vec<&(dyn Signer + Sync)> =
            signers.iter().map(|signer| -> &(dyn Signer + Sync) { &**signer }).collect();
        let desk =
            Desk::open(Staff { home, signers: Signers(&signers), lease: *lease }, &transaction, trusted)?;
        let answers = desk.answer(requests)?;
        match desk.last() {
            Some(last) => transaction.commit_all(last)?,
            // What was answered before changes nothing.
            None => drop(transaction),
        }
        Ok(answers)
    }
}

/// Whether it is hopeless to try again with fewer: the ledger or its disk is at fault, or others hold it.
const fn is_of_the_ledger(kind: FailureKind) -> bool {
    matches!(kind, FailureKind::Ledger | FailureKind::CannotWrite)
}

/// One failure for each whom it befell; what failed underneath cannot be copied.
fn told_to_each(failure: &Failure) -> Failure {
    let Failure { kind, message, hint, details, .. } = failure;
    Failure {
        kind: *kind,
        message: message.clone(),
        hint: hint.clone(),
        details: details.clone(),
        source: None,
    }
}

fn faulty() -> Failure {
    Failure::new(FailureKind::Unexpected, "The program has failed while it answered this request.")
        .hint("This is a fault of this program; report it with the request that led here.")
}
