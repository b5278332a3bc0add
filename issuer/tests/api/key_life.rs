//! The life of a key: each step one event, each forbidden one a refusal that changes nothing, and the log the truth of it.

use lictor_issuer::key::{
    AnchorChangeKind, KeyFile, NewKey, Reseal, Shipping, Succession, activate_key, destroy_key, distrust_key,
    export_keys, reseal_key, retire_key, signing_key, signing_key_for,
};
use lictor_issuer::{
    Amendment, Changes, Earlier, Failure, FailureKind, Intent, Occasion, Outcome as _, Request, Terms, amend,
    check, publish,
};
use lictor_keys::{KeyStanding, Passphrase, PrivateKey, Protection, Resealed};
use lictor_shared::json::Value;
use lictor_shared::{AnchorSet, Products, Purpose, Thumbprint, Uri};
use rusqlite::Connection;
use std::fs;

use crate::support::{LIST, NOW, World, at, name, order, text, time, tree};

const LATER: &str = "2027-02-01T00:00:00Z";

fn dry(when: &str) -> Occasion {
    Occasion { intent: Intent::DryRun, ..at(when) }
}

fn add(world: &mut World) -> Thumbprint {
    add_as(world, |key| key)
}

fn add_as(world: &mut World, change: impl FnOnce(NewKey) -> NewKey) -> Thumbprint {
    let key = PrivateKey::generate().unwrap();
    world.add_key(&key, change).unwrap().public.thumbprint()
}

fn standing(world: &World, kid: &Thumbprint) -> KeyStanding {
    world.ledger.key_ring().unwrap().find(kid).unwrap().standing()
}

fn signs(world: &World) -> Thumbprint {
    signing_key(&world.ledger.key_ring().unwrap(), Purpose::License, time(NOW)).unwrap().public.thumbprint()
}

fn kinds(world: &World) -> Vec<&'static str> {
    world.ledger.events(1).map(|event| event.unwrap().kind.as_str()).collect()
}

/// The first key, which signs, and a second one that stands so.
fn with(wanted: KeyStanding) -> (World, Thumbprint, Thumbprint) {
    let mut world = World::new();
    let first = signs(&world);
    let second = add(&mut world);
    export_keys(&mut world.ledger, &at(NOW)).unwrap();
    let (ledger, now) = (&mut world.ledger, &at(NOW));
    if matches!(wanted, KeyStanding::Active | KeyStanding::Retired | KeyStanding::Destroyed) {
        activate_key(ledger, &second, Shipping::Required, now).unwrap();
    }
    if matches!(wanted, KeyStanding::Retired | KeyStanding::Destroyed) {
        retire_key(ledger, &second, Succession::Required, now).unwrap();
    }
    match wanted {
        KeyStanding::Distrusted => drop(distrust_key(ledger, &second, time(LATER), now).unwrap()),
        KeyStanding::Destroyed => drop(destroy_key(&world.home, ledger, &second, now).unwrap()),
        KeyStanding::Next | KeyStanding::Active | KeyStanding::Retired => {}
    }
    assert_eq!(standing(&world, &second), wanted);
    (world, first, second)
}

type Step = fn(&mut World, &Thumbprint, &Occasion) -> Result<u64, Failure>;

fn activate(world: &mut World, kid: &Thumbprint, occasion: &Occasion) -> Result<u64, Failure> {
    activate_key(&mut world.ledger, kid, Shipping::Required, occasion).map(|change| change.event)
}

fn retire(world: &mut World, kid: &Thumbprint, occasion: &Occasion) -> Result<u64, Failure> {
    retire_key(&mut world.ledger, kid, Succession::Required, occasion).map(|change| change.event)
}

fn distrust(world: &mut World, kid: &Thumbprint, occasion: &Occasion) -> Result<u64, Failure> {
    distrust_key(&mut world.ledger, kid, time("2027-01-01T00:00:00Z"), occasion).map(|change| change.event)
}

fn destroy(world: &mut World, kid: &Thumbprint, occasion: &Occasion) -> Result<u64, Failure> {
    destroy_key(&world.home, &mut world.ledger, kid, occasion).map(|destroyed| destroyed.event.unwrap())
}

fn reseal(world: &mut World, kid: &Thumbprint, occasion: &Occasion) -> Result<u64, Failure> {
    let folder = world.home.keys().unwrap();
    let passphrase = Passphrase::new("one two").unwrap();
    let key = folder.open_key(kid, None).ok();
    let sealed = key.map(|key| Resealed::new(&key, Some(&passphrase), folder.load(kid).unwrap()).unwrap());
    let reseal = Reseal { kid: *kid, protection: Protection::Passphrase, sealed };
    reseal_key(&world.home, &mut world.ledger, &reseal, occasion).map(|resealed| resealed.event)
}

#[test]
fn every_step_from_every_standing() {
    use KeyStanding::{Active, Destroyed, Distrusted, Next, Retired};
    let table: [(&str, Step, [Option<KeyStanding>; 5]); 5] = [
        // From:                          next             active         retired           distrusted        destroyed
        ("key.activated", activate, [Some(Active), None, None, None, None]),
        ("key.retired", retire, [None, Some(Retired), None, None, None]),
        (
            "key.distrusted",
            distrust,
            [Some(Distrusted), Some(Distrusted), Some(Distrusted), Some(Distrusted), Some(Destroyed)],
        ),
        ("key.destroyed", destroy, [Some(Destroyed), None, Some(Destroyed), Some(Destroyed), None]),
        ("key.resealed", reseal, [Some(Next), Some(Active), Some(Retired), Some(Distrusted), None]),
    ];
    for (kind, step, row) in table {
        for (from, to) in KeyStanding::ALL.into_iter().zip(row) {
            let (mut world, first, second) = with(from);
            let (before, files) = (kinds(&world), tree(&world.home.path().join("keys")));
            let tried = step(&mut world, &second, &dry(NOW));
            assert_eq!(tried.is_ok(), to.is_some(), "{kind} from {from}, dry: {tried:?}");
            assert_eq!(tree(&world.home.path().join("keys")), files, "{kind} from {from}, dry");
            assert_eq!((kinds(&world), standing(&world, &second)), (before.clone(), from), "{kind}, dry");
            if to.is_some() {
                let told: Vec<_> = world.ledger.dry_run().unwrap().events.iter().map(|e| e.kind).collect();
                assert_eq!(told.iter().map(|kind| kind.as_str()).collect::<Vec<_>>(), [kind]);
            }
            match (step(&mut world, &second, &at(NOW)), to) {
                (Ok(event), Some(to)) => {
                    assert_eq!(standing(&world, &second), to, "{kind} from {from}");
                    assert_eq!(kinds(&world).last(), Some(&kind));
                    let event = world.ledger.events(event).next().unwrap().unwrap();
                    assert_eq!(event.body["kid"].as_str(), Some(second.to_string().as_str()));
                    let file = world.home.keys().unwrap().contains(&second).unwrap();
                    assert_eq!(file, to != Destroyed, "{kind} from {from}");
                }
                (Err(failure), None) => {
                    assert_eq!(failure.kind, FailureKind::Conflict, "{kind} from {from}: {failure}");
                    assert!(failure.message.contains(&format!("is {from}")), "{}", failure.message);
                    assert_eq!(failure.details["state"].as_str(), Some(from.as_str()));
                    assert!(failure.hint.is_some());
                    assert_eq!(kinds(&world), before, "a refusal is no event");
                    assert_eq!(tree(&world.home.path().join("keys")), files);
                }
                (result, _) => panic!("{kind} from {from}: {result:?}"),
            }
            assert_eq!(standing(&world, &first), Active, "the other key is as it was");
            check(&world.ledger).unwrap_or_else(|failure| panic!("{kind} from {from}: {failure}"));
        }
    }
}

#[test]
fn a_key_signs_after_its_public_half_was_exported() {
    let mut world = World::new();
    let (first, second) = (signs(&world), add(&mut world));
    let refused = activate(&mut world, &second, &at(NOW)).unwrap_err();
    assert_eq!(refused.kind, FailureKind::Conflict);
    assert!(refused.message.contains("never exported"), "{}", refused.message);
    assert_eq!(signs(&world), first);
    export_keys(&mut world.ledger, &at("2026-11-23T00:00:00Z")).unwrap();
    let change =
        activate_key(&mut world.ledger, &second, Shipping::Required, &at("2026-12-24T00:00:00Z")).unwrap();
    assert_eq!(change.first_exported, Some(time("2026-11-23T00:00:00Z")));
    assert_eq!(change.superseded, [first]);
    assert_eq!(signs(&world), second);
    // Whoever knows what he does says so.
    let third = add(&mut world);
    let change = activate_key(&mut world.ledger, &third, Shipping::Waived, &at(NOW)).unwrap();
    assert_eq!(change.first_exported, None);
    assert_eq!(signs(&world), third);
    // Going back.
    retire(&mut world, &third, &at(NOW)).unwrap();
    assert_eq!(signs(&world), second);
    check(&world.ledger).unwrap();
}

#[test]
fn nobody_left_to_sign_must_be_said() {
    let mut world = World::new();
    let first = signs(&world);
    let refused = retire(&mut world, &first, &at(NOW)).unwrap_err();
    assert_eq!(refused.kind, FailureKind::Conflict);
    for words in ["licenses", "status lists", "activations"] {
        assert!(refused.message.contains(words), "{}", refused.message);
    }
    assert!(refused.hint.as_deref().unwrap().contains("lictor key new"), "{:?}", refused.hint);
    let second = add(&mut world);
    let refused = retire(&mut world, &first, &at(NOW)).unwrap_err();
    assert!(refused.hint.unwrap().contains(&format!("lictor key activate {second}")));
    let change = retire_key(&mut world.ledger, &first, Succession::Waived, &at(NOW)).unwrap();
    assert_eq!(change.gaps.len(), 3);
    let failure = world.try_issue(&order()).unwrap_err();
    assert_eq!(failure.exit_code(), 14);
    assert_eq!(failure.hint, Some(format!("lictor key activate {second}")), "a spare comes before a new key");
}

#[test]
fn what_a_retired_key_signed_stays_valid_also_if_the_clock_was_ahead() {
    let mut world = World::new();
    let (first, second) = (signs(&world), add(&mut world));
    let issued = world.try_issue_at(&order(), "2026-12-31T00:00:00Z").unwrap();
    export_keys(&mut world.ledger, &at(NOW)).unwrap();
    activate(&mut world, &second, &at(NOW)).unwrap();
    let change = retire_key(&mut world.ledger, &first, Succession::Required, &at(NOW)).unwrap();
    assert_eq!(change.key.not_after, Some(time("2026-12-31T00:00:00Z")));
    let anchors = world.ledger.key_ring().unwrap().anchors().unwrap();
    let verified =
        lictor_validator::Unverified::<lictor_shared::License>::read(issued.signed.token.as_bytes())
            .and_then(|unverified| unverified.verify(&anchors));
    assert!(verified.is_ok(), "{verified:?}");
    // So does a list.
    let mut world = World::new();
    let first = signs(&world);
    let lists = [Uri::new(LIST).unwrap()];
    publish(&world.home, &mut world.ledger, &world.key, &lists, &at("2027-01-05T00:00:00Z")).unwrap();
    let change = retire_key(&mut world.ledger, &first, Succession::Waived, &at(NOW)).unwrap();
    assert_eq!(change.key.not_after, Some(time("2027-01-05T00:00:00Z")));
}

#[test]
fn a_date_of_distrust_is_brought_forward_and_never_put_off() {
    let (mut world, _, second) = with(KeyStanding::Distrusted);
    for later in [LATER, "2027-02-01T00:00:01Z"] {
        let refused = distrust_key(&mut world.ledger, &second, time(later), &at(NOW)).unwrap_err();
        assert_eq!(refused.kind, FailureKind::Conflict);
        assert_eq!(refused.details["distrustAfter"].as_str(), Some(LATER));
    }
    let earlier = distrust_key(&mut world.ledger, &second, time("2027-01-31T23:59:59Z"), &at(NOW)).unwrap();
    assert_eq!(earlier.key.distrust_after, Some(time("2027-01-31T23:59:59Z")));
    let json = export_keys(&mut world.ledger, &at(NOW)).unwrap().set;
    let anchors = AnchorSet::read(json.as_bytes()).unwrap();
    let shipped = anchors.anchors().iter().find(|anchor| anchor.key.thumbprint() == second).unwrap();
    assert_eq!(shipped.distrust_after, Some(time("2027-01-31T23:59:59Z")));
    check(&world.ledger).unwrap();
}

#[test]
fn a_leaked_key_signs_no_more_and_what_it_signed_is_signed_anew() {
    let mut world = World::new();
    let (first, spare) = (signs(&world), add(&mut world));
    let id = world.issue(|_| ()).signed.license.id.to_string();
    let nothing = Amendment { changes: Changes::default(), earlier: Earlier::Keep };
    let unchanged = amend(&world.home, &mut world.ledger, &world.key, &id, &nothing, &at(NOW)).unwrap_err();
    assert_eq!(unchanged.exit_code(), 2, "no reason to sign it anew");
    let change = distrust_key(&mut world.ledger, &first, time(LATER), &at(NOW)).unwrap();
    assert_eq!((change.licenses, change.gaps.len(), change.spares), (1, 3, vec![spare]));
    assert_eq!(world.try_issue(&order()).unwrap_err().exit_code(), 14);
    export_keys(&mut world.ledger, &at(NOW)).unwrap();
    activate(&mut world, &spare, &at(NOW)).unwrap();
    let signer = world.home.keys().unwrap().open_key(&spare, None).unwrap();
    let anew = amend(&world.home, &mut world.ledger, &signer, &id, &nothing, &at(NOW)).unwrap();
    assert_eq!((anew.issued.signed.license.revision, anew.differences.len()), (2, 0));
    // Once is enough.
    let again = amend(&world.home, &mut world.ledger, &signer, &id, &nothing, &at(NOW)).unwrap_err();
    assert_eq!(again.exit_code(), 2);
    check(&world.ledger).unwrap();
}

#[test]
fn a_crash_while_destroying_leaves_a_file_that_goes_when_it_is_repeated() {
    let (mut world, _, second) = with(KeyStanding::Retired);
    let folder = world.home.keys().unwrap();
    let pem = folder.load(&second).unwrap();
    destroy(&mut world, &second, &at(NOW)).unwrap();
    // As if the program had been killed after the commit.
    folder.store(&second, &pem).unwrap();
    let before = kinds(&world);
    let again = destroy_key(&world.home, &mut world.ledger, &second, &at(LATER)).unwrap();
    assert_eq!((again.event, again.file), (None, KeyFile::Removed));
    assert_eq!(again.key.destroyed_at, Some(time(NOW)), "it was destroyed then");
    assert!(!folder.contains(&second).unwrap());
    assert_eq!(kinds(&world), before, "it is recorded once");
    assert_eq!(destroy(&mut world, &second, &at(NOW)).unwrap_err().kind, FailureKind::Conflict);
    // A file that was taken elsewhere is not there to be removed.
    let third = add(&mut world);
    fs::remove_file(folder.path_of(&third)).unwrap();
    let destroyed = destroy_key(&world.home, &mut world.ledger, &third, &at(NOW)).unwrap();
    assert_eq!(destroyed.file, KeyFile::Absent);
    check(&world.ledger).unwrap();
}

#[test]
fn another_passphrase_opens_the_same_key() {
    let mut world = World::new();
    let kid = signs(&world);
    reseal(&mut world, &kid, &at(NOW)).unwrap();
    let folder = world.home.keys().unwrap();
    let passphrase = Passphrase::new("one two").unwrap();
    assert!(folder.open_key(&kid, None).is_err());
    let key = folder.open_key(&kid, Some(&passphrase)).unwrap();
    let event = world.ledger.events(1).last().unwrap().unwrap();
    assert_eq!(event.body["protection"].as_str(), Some("passphrase"));
    assert_eq!(event.body.len(), 2, "nothing of the passphrase: {:?}", event.body);
    // A ledger that cannot be written leaves the file as it was.
    let before = tree(&world.home.path().join("keys"));
    let holder = Connection::open(world.ledger.path()).unwrap();
    holder.execute_batch("BEGIN IMMEDIATE").unwrap();
    let mut waiting = world.home.ledger_with_patience(core::time::Duration::from_millis(10)).unwrap();
    let sealed = Some(Resealed::new(&key, None, folder.load(&kid).unwrap()).unwrap());
    let open = Reseal { kid, protection: Protection::None, sealed };
    let failure = reseal_key(&world.home, &mut waiting, &open, &at(NOW)).unwrap_err();
    assert_eq!(failure.exit_code(), 32);
    assert_eq!(tree(&world.home.path().join("keys")), before);
    holder.execute_batch("ROLLBACK").unwrap();
    reseal_key(&world.home, &mut world.ledger, &open, &at(NOW)).unwrap();
    assert!(folder.open_key(&kid, None).is_ok());
    // The new file of another key is never put in its place.
    let text = folder.load(&kid).unwrap();
    let other = Resealed::new(&PrivateKey::generate().unwrap(), None, text).unwrap();
    let swapped = Reseal { kid, protection: Protection::None, sealed: Some(other) };
    assert!(reseal_key(&world.home, &mut world.ledger, &swapped, &at(NOW)).is_err());
    assert!(folder.open_key(&kid, None).is_ok());
}

#[test]
fn of_two_passphrases_at_once_the_first_one_counts() {
    let mut world = World::new();
    let kid = signs(&world);
    let folder = world.home.keys().unwrap();
    // Both open the file before either seals it anew.
    let [first, second] = ["one two", "three four"].map(|words| {
        let key = folder.open_key(&kid, None).unwrap();
        let passphrase = Passphrase::new(words).unwrap();
        let sealed = Resealed::new(&key, Some(&passphrase), folder.load(&kid).unwrap()).unwrap();
        Reseal { kid, protection: Protection::Passphrase, sealed: Some(sealed) }
    });
    reseal_key(&world.home, &mut world.ledger, &first, &at(NOW)).unwrap();
    let (events, file) = (kinds(&world), folder.load(&kid).unwrap());
    let refused = reseal_key(&world.home, &mut world.ledger, &second, &at(NOW)).unwrap_err();
    assert_eq!(refused.exit_code(), 20);
    assert!(refused.message.contains("sealed anew by somebody else meanwhile"), "{}", refused.message);
    assert_eq!((kinds(&world), folder.load(&kid).unwrap()), (events, file));
    assert!(folder.open_key(&kid, Some(&Passphrase::new("one two").unwrap())).is_ok());
}

#[test]
fn an_export_says_what_changed_and_one_without_change_is_no_event() {
    let mut world = World::new();
    let first = signs(&world);
    let export = |world: &mut World, when: &str| {
        let exported = export_keys(&mut world.ledger, &at(when)).unwrap();
        let changes: Vec<_> = exported.changes.iter().map(|change| (change.kid, change.kind)).collect();
        (exported.event.is_some(), exported.since, exported.count, changes)
    };
    let (then, later) = (Some(time(NOW)), "2026-12-01T00:00:00Z");
    assert_eq!(export(&mut world, NOW), (true, None, 1, vec![(first, AnchorChangeKind::Added)]));
    assert_eq!(export(&mut world, later), (false, then, 1, vec![]));
    let spare = add(&mut world);
    assert_eq!(export(&mut world, NOW), (true, then, 2, vec![(spare, AnchorChangeKind::Added)]));
    // Activating changes nothing that deployments see.
    activate(&mut world, &spare, &at(NOW)).unwrap();
    assert_eq!(export(&mut world, later), (false, then, 2, vec![]));
    retire(&mut world, &first, &at(NOW)).unwrap();
    assert_eq!(export(&mut world, NOW), (true, then, 2, vec![(first, AnchorChangeKind::Changed)]));
    distrust(&mut world, &first, &at(NOW)).unwrap();
    destroy(&mut world, &first, &at(NOW)).unwrap();
    assert_eq!(export(&mut world, NOW), (true, then, 2, vec![(first, AnchorChangeKind::Changed)]));
    let unused = add(&mut world);
    assert_eq!(export(&mut world, NOW), (true, then, 3, vec![(unused, AnchorChangeKind::Added)]));
    destroy(&mut world, &unused, &at(NOW)).unwrap();
    assert_eq!(export(&mut world, NOW), (true, then, 2, vec![(unused, AnchorChangeKind::Removed)]));
    check(&world.ledger).unwrap();
}

#[test]
fn an_export_that_is_asked_for_once_gives_the_same_set_again() {
    let mut world = World::new();
    export_keys(&mut world.ledger, &at(NOW)).unwrap();
    let request = Request::new(text("r-1"), &Value::Null);
    let once = Occasion { intent: Intent::MakeOnce(request), ..at(NOW) };
    let exported = export_keys(&mut world.ledger, &once).unwrap();
    assert!(exported.event.is_some(), "its answer is kept beside an event");
    add(&mut world);
    let again = world.ledger.answer(&once).unwrap().unwrap();
    assert_eq!(again, exported.answer());
    assert!(export_keys(&mut world.ledger, &once).unwrap_err().is_done_before());
}

#[test]
fn the_key_that_speaks_for_every_product_of_a_license_signs_it() {
    let mut world = World::bare();
    for product in ["dialer", "crm", "mail"] {
        world.add_product(product, Terms::default());
    }
    let only = |names: &[&str]| {
        let products = Products::Only(names.iter().map(|product| name(product)).collect());
        move |key| NewKey { products, purposes: vec![Purpose::License.into()], ..key }
    };
    let both = add_as(&mut world, only(&["dialer", "crm"]));
    let mail = add_as(&mut world, only(&["mail"]));
    assert_eq!(standing(&world, &mail), KeyStanding::Active, "nobody else signs for mail");
    let dialer = add_as(&mut world, only(&["dialer"]));
    assert_eq!(standing(&world, &dialer), KeyStanding::Next, "somebody signs for dialer");
    export_keys(&mut world.ledger, &at(NOW)).unwrap();
    let change = activate_key(&mut world.ledger, &dialer, Shipping::Required, &at(NOW)).unwrap();
    assert_eq!(change.superseded, [], "the other one is still needed for crm");
    for (products, signer) in
        [(&["dialer"][..], dialer), (&["crm"], both), (&["crm", "dialer"], both), (&["mail"], mail)]
    {
        let key = world.home.keys().unwrap().open_key(&signer, None).unwrap();
        let mut order = order();
        order.products = products.iter().map(|product| name(product)).collect();
        let issued = lictor_issuer::issue(&world.home, &mut world.ledger, &key, &order, &at(NOW)).unwrap();
        let license = issued.signed.license.id.to_string();
        let found = lictor_issuer::find(&world.ledger, &license).unwrap();
        assert_eq!(found.revisions[0].key, signer, "{products:?}");
    }
    let ring = world.ledger.key_ring().unwrap();
    let refused = |names: &[&str]| {
        let names: Vec<_> = names.iter().map(|product| name(product)).collect();
        signing_key_for(&ring, Purpose::License, &names, time(NOW)).unwrap_err()
    };
    let nobody = refused(&["desk"]);
    assert_eq!(nobody.exit_code(), 14);
    assert!(nobody.message.contains("licenses for desk"), "{}", nobody.message);
    assert_eq!(nobody.hint.as_deref(), Some("lictor key new --purpose license --product desk"));
    let apart = refused(&["mail", "dialer"]);
    assert!(apart.message.contains("mail, dialer at once"), "{}", apart.message);
    let lists = signing_key(&ring, Purpose::Status, time(NOW)).unwrap_err();
    assert_eq!(lists.hint.as_deref(), Some("lictor key new --purpose status"));
    let refused = retire(&mut world, &both, &at(NOW)).unwrap_err();
    assert!(refused.message.contains("licenses for crm."), "{}", refused.message);
    retire(&mut world, &dialer, &at(NOW)).unwrap();
    check(&world.ledger).unwrap();
}

/// A key in every standing.
fn lived() -> World {
    let (mut world, first, second) = with(KeyStanding::Destroyed);
    distrust_key(&mut world.ledger, &second, time(LATER), &at(NOW)).unwrap();
    distrust(&mut world, &second, &at(NOW)).unwrap();
    let third = add(&mut world);
    export_keys(&mut world.ledger, &at(NOW)).unwrap();
    activate(&mut world, &third, &at(NOW)).unwrap();
    retire(&mut world, &first, &at(NOW)).unwrap();
    reseal(&mut world, &first, &at(NOW)).unwrap();
    world
}

#[test]
fn the_lives_of_keys_follow_from_the_log() {
    check(&lived().ledger).unwrap();
    for (change, named) in [
        (
            "UPDATE signing_key SET state = 'active' WHERE not_after IS NOT NULL AND destroyed_at IS NULL",
            "state is \"retired\"",
        ),
        (
            "UPDATE signing_key SET not_after = not_after + 1 WHERE destroyed_at IS NULL AND not_after IS NOT NULL",
            "notAfter",
        ),
        (
            "UPDATE signing_key SET not_after = NULL WHERE destroyed_at IS NULL AND not_after IS NOT NULL",
            "notAfter",
        ),
        ("UPDATE signing_key SET distrust_after = NULL WHERE distrust_after IS NOT NULL", "distrustAfter"),
        (
            "UPDATE signing_key SET distrust_after = distrust_after + 1 WHERE distrust_after IS NOT NULL",
            "distrustAfter",
        ),
        ("UPDATE signing_key SET destroyed_at = NULL WHERE destroyed_at IS NOT NULL", "destroyedAt"),
        ("UPDATE signing_key SET destroyed_at = 5 WHERE turn = 2", "destroyedAt"),
        ("UPDATE signing_key SET turn = 1 WHERE turn = 2", "turn"),
        ("UPDATE signing_key SET turn = 99 WHERE state = 'active'", "turn"),
        ("UPDATE signing_key SET state = 'next' WHERE state = 'active'", "state is \"active\""),
    ] {
        let world = lived();
        let intruder = Connection::open(world.ledger.path()).unwrap();
        assert_eq!(intruder.execute(change, ()).unwrap(), 1, "{change}");
        let failure = check(&world.ledger).expect_err(change);
        assert_eq!(failure.exit_code(), 32, "{change}: {}", failure.message);
        assert!(failure.message.contains(named), "{change}: {}", failure.message);
    }
}
