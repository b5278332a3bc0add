//! Many who ask at the same time are answered in one change, each as if it had asked alone.

use lictor_issuer::activation::{Answer, Granting, GroupCommit, Manner, SeatRequest, recall};
use lictor_issuer::{EventKind, Failure, FailureKind, Home, check};
use lictor_keys::{PrivateKey, SignError, Signer};
use lictor_shared::{Denial, PublicKey, RequestKind};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use crate::deployment::{Deployment, at};
use crate::support::{NOW, World};

/// How many changes were begun.
type Changes = Arc<AtomicUsize>;

/// Somebody who answers requests in this world. The first change is not begun before `callers` have asked, more or less: then the
/// others wait for it.
fn start(world: &World, signer: impl Signer + Send + Sync + 'static) -> (GroupCommit, Changes) {
    let changes = Changes::default();
    let counted = Arc::clone(&changes);
    let clock = move || {
        if counted.fetch_add(1, Ordering::Relaxed) == 0 {
            thread::sleep(Duration::from_millis(300));
        }
        Ok(at(NOW))
    };
    let home = Home::open(&world.scratch.0.join("home")).unwrap();
    let granting = Granting {
        ledger: home.ledger().unwrap(),
        home,
        signers: vec![Box::new(signer)],
        lease: None,
        clock: Box::new(clock),
    };
    (GroupCommit::start(granting).unwrap(), changes)
}

/// Each asks in a thread of its own.
fn ask(group: &GroupCommit, requests: &[SeatRequest]) -> Vec<Result<Answer, Failure>> {
    thread::scope(|scope| {
        let ask = |request: &SeatRequest| {
            let request = request.clone();
            scope.spawn(move || group.answer(request))
        };
        let asking: Vec<_> = requests.iter().map(ask).collect();
        asking.into_iter().map(|asking| asking.join().unwrap()).collect()
    })
}

fn manner(answer: &Result<Answer, Failure>) -> Option<Manner> {
    match answer {
        Ok(Answer::Given(given)) => Some(given.manner),
        _ => None,
    }
}

fn key(world: &World) -> PrivateKey {
    let kid = world.key.public().thumbprint();
    world.home.keys().unwrap().open_key(&kid, None).unwrap()
}

#[test]
fn seats_are_counted_and_each_has_its_own_answer() {
    let mut world = World::new();
    let issued = world.seats(10, 0);
    let mut requests: Vec<_> = (0..40).map(|_| Deployment::new(&issued).activate()).collect();
    let stranger =
        Deployment::new(&issued).ask(RequestKind::Activate, |request| request.license_hash[0] ^= 1);
    requests.insert(7, stranger);
    let (group, changes) = start(&world, key(&world));
    let answers = ask(&group, &requests);
    assert_eq!(answers.iter().filter(|answer| manner(answer) == Some(Manner::Granted)).count(), 10);
    let exhausted = |answer: &&Result<Answer, Failure>| matches!(answer, Ok(Answer::Denied(denied)) if denied.reason == Denial::SeatsExhausted);
    assert_eq!(answers.iter().filter(exhausted).count(), 30);
    assert_eq!(answers[7].as_ref().unwrap_err().kind, FailureKind::NotFound, "its own failure alone");
    assert_eq!(world.events_of(EventKind::ActivationGranted).len(), 10);
    assert_eq!(world.events_of(EventKind::ActivationDenied).len(), 30);
    assert!(changes.load(Ordering::Relaxed) < 20, "{changes:?} changes for 41 requests");
    assert_eq!(world.taken(&issued), 10);
    check(&world.ledger).unwrap();
}

/// A deployment that asks, asks again, gives its seat back and asks for another one: each follows from what was recorded before.
#[test]
fn what_one_deployment_asks_follows_from_what_it_asked_before() {
    let mut world = World::new();
    let issued = world.seats(1, 0);
    let (mut one, mut other) = (Deployment::new(&issued), Deployment::new(&issued));
    let first = one.activate();
    let requests = [first.clone(), first, other.activate(), one.activate(), one.release(), other.activate()];
    let answers = world.answer(&requests, None, &at(NOW)).unwrap().answers;
    let manners: Vec<_> = answers.into_iter().map(|answer| manner(&Ok(answer))).collect();
    let told = [
        Some(Manner::Granted),
        Some(Manner::Repeated),
        None,
        Some(Manner::Renewed),
        Some(Manner::Released),
        Some(Manner::Granted),
    ];
    assert_eq!(manners, told);
    check(&world.ledger).unwrap();
}

#[test]
fn an_answer_is_on_disk_when_it_is_told() {
    let mut world = World::new();
    let issued = world.seats(30, 0);
    let requests: Vec<_> = (0..30).map(|_| Deployment::new(&issued).activate()).collect();
    let (group, _) = start(&world, key(&world));
    let home = &world.home;
    thread::scope(|scope| {
        for request in &requests {
            let group = &group;
            scope.spawn(move || {
                let Ok(Answer::Given(given)) = group.answer(request.clone()) else { panic!("no seat") };
                // Another connection sees it the moment that it is told.
                let ledger = home.ledger().unwrap();
                let again = recall(home, &ledger, std::slice::from_ref(request)).unwrap().unwrap();
                let Answer::Given(again) = &again.answers[0] else { panic!("denied") };
                assert_eq!(again.paste, given.paste);
            });
        }
    });
    drop(group);
    check(&world.ledger).unwrap();
}

/// A device that fails at every signature for one deployment, in one way or the other.
struct Fragile {
    key: PrivateKey,
    cursed: String,
    panics: bool,
}

impl Signer for Fragile {
    fn public_key(&self) -> &PublicKey {
        self.key.public()
    }

    fn sign(&self, message: &[u8]) -> Result<[u8; 64], SignError> {
        use base64::Engine as _;
        let payload = message.split(|byte| *byte == b'.').nth(1).unwrap();
        let payload = base64::prelude::BASE64_URL_SAFE_NO_PAD.decode(payload).unwrap();
        let is_cursed = String::from_utf8(payload).unwrap().contains(&self.cursed);
        match (is_cursed, self.panics) {
            (false, _) => self.key.sign(message),
            (true, false) => Err(SignError::Backend("the device is out of order".into())),
            (true, true) => panic!("on purpose"),
        }
    }
}

#[test]
fn what_goes_wrong_with_one_goes_wrong_with_no_other() {
    for panics in [false, true] {
        let mut world = World::new();
        let issued = world.seats(30, 0);
        let requests: Vec<_> = (0..30).map(|_| Deployment::new(&issued).activate()).collect();
        let cursed = requests[11].claims().deployment.to_string();
        let (group, _) = start(&world, Fragile { key: key(&world), cursed, panics });
        let answers = ask(&group, &requests);
        for (number, answer) in answers.iter().enumerate() {
            let expected = (number != 11).then_some(Manner::Granted);
            assert_eq!(manner(answer), expected, "request {number}");
        }
        let failure = answers[11].as_ref().unwrap_err();
        assert_eq!(failure.kind, FailureKind::Unexpected, "{failure:?}");
        assert_eq!(world.taken(&issued), 29);
        assert_eq!(world.events_of(EventKind::ActivationGranted).len(), 29);
        // It goes on serving.
        let next = Deployment::new(&issued).activate();
        assert_eq!(manner(&group.answer(next)), Some(Manner::Granted));
        check(&world.ledger).unwrap();
    }
}

#[test]
fn what_stands_against_the_ledger_is_told_to_each() {
    let mut world = World::new();
    let issued = world.seats(30, 0);
    let requests: Vec<_> = (0..8).map(|_| Deployment::new(&issued).activate()).collect();
    let (group, _) = start(&world, key(&world));
    // Its file is another one now.
    let ledger = world.ledger.path().to_owned();
    std::fs::rename(&ledger, ledger.with_extension("aside")).unwrap();
    for answer in ask(&group, &requests) {
        assert_eq!(answer.unwrap_err().kind, FailureKind::Conflict);
    }
}
