//! Many who ask at the same time are answered in one change, each as if it had asked alone.

use lictor_issuer::activation::{Answer, Granting, GroupCommit, Manner, SeatRequest, recall};
use lictor_issuer::key::{Shipping, activate_key};
use lictor_issuer::{EventKind, Failure, FailureKind, Home, Intent, Occasion, check};
use lictor_keys::{PrivateKey, SignError, Signer};
use lictor_shared::{Artefact as _, Denial, PublicKey, Received, RequestKind, StatusList};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use crate::deployment::{Deployment, at};
use crate::support::{NOW, World};

type Signers = Vec<Box<dyn Signer + Send + Sync>>;

/// How many changes were begun.
type Changes = Arc<AtomicUsize>;

/// Somebody who answers requests in this world. The first change is not begun for a moment: those who ask meanwhile wait for it together.
fn start(world: &World, signer: impl Signer + Send + Sync + 'static) -> (GroupCommit, Changes) {
    start_with(world, vec![Box::new(signer)], at(NOW))
}

fn start_with(world: &World, signers: Signers, occasion: Occasion) -> (GroupCommit, Changes) {
    let changes = Changes::default();
    let counted = Arc::clone(&changes);
    let clock = move || {
        if counted.fetch_add(1, Ordering::Relaxed) == 0 {
            thread::sleep(Duration::from_millis(300));
        }
        Ok(occasion.clone())
    };
    let home = Home::open(&world.scratch.0.join("home")).unwrap();
    let granting =
        Granting { ledger: home.ledger().unwrap(), home, signers, lease: None, clock: Box::new(clock) };
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

/// Whether it is denied since all seats are taken.
fn is_for_want_of_seats(answer: &Result<Answer, Failure>) -> bool {
    matches!(answer, Ok(Answer::Denied(denied)) if denied.reason == Denial::SeatsExhausted)
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
    assert_eq!(answers.iter().filter(|answer| is_for_want_of_seats(answer)).count(), 30);
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
    let (group, changes) = start(&world, key(&world));
    // Its file is another one now.
    let ledger = world.ledger.path().to_owned();
    std::fs::rename(&ledger, ledger.with_extension("aside")).unwrap();
    for answer in ask(&group, &requests) {
        assert_eq!(answer.unwrap_err().kind, FailureKind::Conflict);
    }
    // It is not tried again with fewer: at most each was alone.
    assert!(changes.load(Ordering::Relaxed) <= 8, "{changes:?} changes for 8 requests");
}

#[test]
fn a_group_commit_is_neither_tried_nor_named() {
    let mut world = World::new();
    let issued = world.seats(1, 0);
    let tried = Occasion { intent: Intent::DryRun, ..at(NOW) };
    let (group, _) = start_with(&world, vec![Box::new(key(&world))], tried);
    let failure = group.answer(Deployment::new(&issued).activate()).unwrap_err();
    assert_eq!((failure.kind, world.taken(&issued)), (FailureKind::Usage, 0));
}

/// The kids that the events of granted seats name.
fn kids(world: &World) -> Vec<String> {
    let kid = |event: lictor_issuer::Event| event.body["kid"].as_str().unwrap().to_owned();
    world.events_of(EventKind::ActivationGranted).into_iter().map(kid).collect()
}

#[test]
fn a_rotation_is_followed_with_the_key_that_was_given_for_it() {
    let mut world = World::new();
    let issued = world.seats(2, 0);
    let next = PrivateKey::generate().unwrap();
    world.add_key(&next, |new| new).unwrap();
    let (first, second) = (world.key.public().thumbprint(), next.public().thumbprint());
    let (group, _) = start_with(&world, vec![Box::new(key(&world)), Box::new(next)], at(NOW));
    assert_eq!(manner(&group.answer(Deployment::new(&issued).activate())), Some(Manner::Granted));
    activate_key(&mut world.ledger, &second, Shipping::Waived, &at(NOW)).unwrap();
    assert_eq!(manner(&group.answer(Deployment::new(&issued).activate())), Some(Manner::Granted));
    assert_eq!(kids(&world), [first.to_string(), second.to_string()]);
    check(&world.ledger).unwrap();
}

#[test]
fn what_no_key_is_at_hand_for_takes_no_seat_and_stops_no_other() {
    let mut world = World::new();
    let [full, free] = [world.seats(1, 0), world.seats(1, 0)];
    let (holder, other) = (Deployment::new(&full).activate(), Deployment::new(&full).activate());
    let (group, changes) = start(&world, key(&world));
    assert_eq!(manner(&group.answer(holder.clone())), Some(Manner::Granted));
    let next = world.add_key(&PrivateKey::generate().unwrap(), |new| new).unwrap().public.thumbprint();
    activate_key(&mut world.ledger, &next, Shipping::Waived, &at(NOW)).unwrap();
    let before = changes.load(Ordering::Relaxed);
    let answers = ask(&group, &[Deployment::new(&free).activate(), other, holder]);
    let failure = answers[0].as_ref().unwrap_err();
    assert_eq!((failure.kind, &failure.details["kid"]), (FailureKind::Conflict, &next.to_string().into()));
    // A denial takes no signature, and neither does what was answered before.
    assert!(is_for_want_of_seats(&answers[1]), "{:?}", answers[1]);
    assert_eq!(manner(&answers[2]), Some(Manner::Repeated));
    assert!(changes.load(Ordering::Relaxed) - before <= 3, "nothing was tried again");
    assert_eq!((world.taken(&full), world.taken(&free)), (1, 0));
    check(&world.ledger).unwrap();
}

/// In one change a seat is given, given back, and given to another one: each list says what was so when it was enclosed.
#[test]
fn a_list_that_is_enclosed_says_what_has_changed_before_it_in_the_same_change() {
    let mut world = World::new();
    let issued = world.seats(1, 0);
    let (mut one, mut other) = (Deployment::new(&issued), Deployment::new(&issued));
    let requests = [one.activate(), one.release(), other.activate()];
    let answers = world.answer(&requests, None, &at(NOW)).unwrap().answers;
    let stopped = |answer: &Answer| {
        let Answer::Given(given) = answer else { panic!("denied") };
        let received = Received::<StatusList>::read(&given.paste.lists[0]).unwrap();
        StatusList::read(received.untrusted_payload()).unwrap().exceptions().count()
    };
    assert_eq!(answers.iter().map(stopped).collect::<Vec<_>>(), [0, 1, 1]);
    check(&world.ledger).unwrap();
}
