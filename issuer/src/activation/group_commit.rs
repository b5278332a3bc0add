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
use crate::cores::no_thread;
use crate::error::{Failure, FailureKind};
use crate::home::Home;
use crate::ledger::{Ledger, keys};
use crate::occasion::{Intent, Occasion};
use crate::terms::Span;

/// Requests that are answered in one change, so that nobody waits long for others.
const MOST: usize = 256;

/// Whoever answers requests: an issuer's home, its ledger, and the keys.
///
/// All of it stays as it is when the group commit is started. Start another one after a rotation of the keys, unless the next key
/// was given as well, after the ledger was restored, and after a change of `lictor.toml`.
pub struct Granting {
    /// The home.
    pub home: Home,
    /// Its ledger. Others may have it open as well, and change it.
    pub ledger: Ledger,
    /// The keys of the products that are asked for. Lists that are enclosed are signed too, where one of them has the key for lists.
    /// Several threads may ask one of them for signatures at once.
    pub signers: Vec<Box<dyn Signer + Send + Sync>>,
    /// How long activations hold; `None`: until further notice.
    pub lease: Option<Span>,
    /// When a change happens and who makes it. Its [intent](Occasion::intent) must be to make: none is tried, and none named.
    pub clock: Box<dyn FnMut() -> Result<Occasion, Failure> + Send>,
}

/// A thread that has a ledger, and many who ask it for seats.
///
/// To make a change durable takes as long for a hundred requests as for one. So all that were made while the last change was under way
/// are answered in the next one, each as [`grant`](super::grant) would answer it: counted in that change, with an event of its own,
/// and told of it when all of it is on disk. What goes wrong with one goes wrong with no other.
///
/// It ends when it is dropped.
///
/// ```no_run
/// use lictor_issuer::activation::{Answer, Granting, GroupCommit, SeatRequest};
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
///         scope.spawn(|| match SeatRequest::read(token).and_then(|request| desk.answer(request)) {
///             Ok(Answer::Given(given)) => println!("{}", given.paste.armored()),
///             Ok(Answer::Denied(denied)) => println!("{}", denied.reason.as_str()),
///             Err(failure) => println!("{failure}"),
///         });
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
        let thread = thread.map_err(|error| no_thread().because(error))?;
        Ok(Self { asking: Some(asking), thread: Some(thread) })
    }

    /// Answers a request, together with those of others, at the instant that the clock gives for their change. After `Ok` the answer is
    /// on disk: asked again, it is the same, whatever day it is then, unless the request was denied, which may be granted another time.
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
            let answers = self.answers(&requests, &mut Vec::new());
            for (caller, answer) in callers.into_iter().zip(answers) {
                // Whoever has gone meanwhile may ask again, and gets the same bytes.
                let _gone = caller.send(answer);
            }
        }
    }

    /// The answer to each. A change that fails for one of them is tried again in halves, until what goes wrong with it stands alone.
    fn answers(
        &mut self,
        requests: &[SeatRequest],
        failed: &mut Vec<Failure>,
    ) -> Vec<Result<Answer, Failure>> {
        if let Some(last) = failed.last().filter(|_| failed.len() >= MOST_FAILURES) {
            return requests.iter().map(|_| Err(told_to_each(last))).collect();
        }
        // The change is gone with its transaction, whatever panicked in it.
        let changed = catch_unwind(AssertUnwindSafe(|| self.change(requests)));
        match (changed.unwrap_or_else(|_| Err(Stopped::ByOne(faulty()))), requests) {
            (Ok(answers), _) => answers,
            (Err(Stopped::ByOne(failure)), [_]) => {
                failed.push(told_to_each(&failure));
                vec![Err(failure)]
            }
            (Err(Stopped::ForAll(failure)), all) => all.iter().map(|_| Err(told_to_each(&failure))).collect(),
            (Err(Stopped::ByOne(failure)), several) => {
                failed.push(failure);
                let (one, other) = several.split_at(several.len() / 2);
                let mut answers = self.answers(one, failed);
                answers.extend(self.answers(other, failed));
                answers
            }
        }
    }

    /// Answers all of them in one change, or none.
    fn change(&mut self, requests: &[SeatRequest]) -> Result<Vec<Result<Answer, Failure>>, Stopped> {
        let Granting { home, ledger, signers, lease, clock } = &mut self.granting;
        let occasion = clock().and_then(is_made).map_err(Stopped::ForAll)?;
        let transaction = ledger.begin_several(&occasion).map_err(Stopped::ForAll)?;
        let ring = keys::ring(transaction.connection()).map_err(Stopped::ForAll)?;
        let trusted = self.trusted.take().filter(|trusted| trusted.ring == ring);
        let trusted = self.trusted.insert(trusted.unwrap_or_else(|| Trusted::of(ring, Checks::Many)));
        let signers: Vec<&(dyn Signer + Sync)> =
            signers.iter().map(|signer| -> &(dyn Signer + Sync) { &**signer }).collect();
        let staff = Staff { home, signers: Signers(&signers), lease: *lease };
        let desk = Desk::open(staff, &transaction, trusted).map_err(Stopped::ForAll)?;
        let answers = desk.answer(requests).map_err(Stopped::while_answering)?;
        match desk.last() {
            Some(last) => transaction.commit_all(last).map_err(Stopped::ForAll)?,
            // What was answered before changes nothing.
            None => drop(transaction),
        }
        Ok(answers)
    }
}

/// Changes that may fail of those that are tried for one batch. One request with which something goes wrong makes nine of 256 fail;
/// a device that is out of order, to which each call may take long, makes all of them fail.
const MOST_FAILURES: usize = 32;

/// Why a change was given up.
enum Stopped {
    /// Whatever was asked, it would have been.
    ForAll(Failure),
    /// By what one of them asked, or so it may be.
    ByOne(Failure),
}

impl Stopped {
    /// While requests are answered, only a disk that cannot be written stands against all of them.
    fn while_answering(failure: Failure) -> Self {
        match failure.kind {
            FailureKind::CannotWrite => Self::ForAll(failure),
            _ => Self::ByOne(failure),
        }
    }
}

/// Refuses to take a seat where it was to be tried, or to be made under an id that nobody would find it by.
fn is_made(occasion: Occasion) -> Result<Occasion, Failure> {
    match occasion.intent {
        Intent::Make => Ok(occasion),
        Intent::DryRun | Intent::MakeOnce(_) => {
            Err(Failure::new(FailureKind::Usage, "A group commit can only be made, not tried or named.")
                .hint("Give it occasions of which the intent is to make."))
        }
    }
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
