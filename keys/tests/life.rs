//! The life of a key: every step from every standing, and who signs in between.

#![cfg(test)]

use lictor_keys::{
    KeyPurpose, KeyRecord, KeyRing, KeyStanding, KeyState, KeyStep, LifeError, Past, PrivateKey,
};
use lictor_shared::{Name, Products, PublicKey, Purpose, Text, Thumbprint, Timestamp};
use std::sync::OnceLock;

fn at(seconds: u64) -> Timestamp {
    Timestamp::from_seconds(seconds).unwrap()
}

fn only(names: &[&str]) -> Products {
    Products::Only(names.iter().map(|name| Name::new(name).unwrap()).collect())
}

/// One of eight public keys, drawn once.
fn public(number: u8) -> PublicKey {
    static KEYS: OnceLock<Vec<PublicKey>> = OnceLock::new();
    let draw = |_| PrivateKey::generate().unwrap().public().clone();
    KEYS.get_or_init(|| (0..8).map(draw).collect())[usize::from(number)].clone()
}

/// The key with this number, made at this second.
fn key(number: u8, state: KeyState) -> KeyRecord {
    KeyRecord {
        public: public(number),
        state,
        issuer: Text::new("acme-licensing").unwrap(),
        purposes: KeyPurpose::ANCHORED.to_vec(),
        products: Products::Any,
        algorithm: None,
        created_at: at(number.into()),
        not_before: None,
        not_after: None,
        distrust_after: None,
        turn: (state == KeyState::Active).then_some(number.into()),
        destroyed_at: None,
    }
}

fn kid(number: u8) -> Thumbprint {
    public(number).thumbprint()
}

/// A key that stands so, and another one that signs.
fn standing(standing: KeyStanding) -> KeyRing {
    let it = match standing {
        KeyStanding::Next => key(1, KeyState::Next),
        KeyStanding::Active => key(1, KeyState::Active),
        KeyStanding::Retired => key(1, KeyState::Retired),
        KeyStanding::Distrusted => KeyRecord { distrust_after: Some(at(500)), ..key(1, KeyState::Active) },
        KeyStanding::Destroyed => KeyRecord { destroyed_at: Some(at(50)), ..key(1, KeyState::Retired) },
    };
    KeyRing::from_records([it, key(2, KeyState::Active)]).unwrap()
}

fn take(ring: &mut KeyRing, step: KeyStep, past: Past) -> Result<KeyStanding, LifeError> {
    match step {
        KeyStep::Activate => ring.activate(&kid(1), 9),
        KeyStep::Retire => ring.retire(&kid(1), at(100), past),
        KeyStep::Distrust => ring.distrust(&kid(1), at(100)),
        KeyStep::Destroy => ring.destroy(&kid(1), at(100), past),
    }
    .map(KeyRecord::standing)
}

#[test]
fn every_step_from_every_standing() {
    use KeyStanding::{Active, Destroyed, Distrusted, Next, Retired};
    use KeyStep::{Activate, Destroy, Distrust, Retire};
    let table = [
        (
            Activate,
            [(Next, Some(Active)), (Active, None), (Retired, None), (Distrusted, None), (Destroyed, None)],
        ),
        (
            Retire,
            [(Next, None), (Active, Some(Retired)), (Retired, None), (Distrusted, None), (Destroyed, None)],
        ),
        (
            Distrust,
            [
                (Next, Some(Distrusted)),
                (Active, Some(Distrusted)),
                (Retired, Some(Distrusted)),
                (Distrusted, Some(Distrusted)),
                // It stays destroyed, and gets the date.
                (Destroyed, Some(Destroyed)),
            ],
        ),
        (
            Destroy,
            [
                (Next, Some(Destroyed)),
                (Active, None),
                (Retired, Some(Destroyed)),
                (Distrusted, Some(Destroyed)),
                (Destroyed, None),
            ],
        ),
    ];
    for (step, row) in table {
        assert_eq!(row.map(|(from, _)| from), KeyStanding::ALL);
        for ((from, to), past) in row.into_iter().flat_map(|cell| Past::ALL.map(|past| (cell, past))) {
            // What signed elsewhere before it came here is retired like what signed here.
            let to = match (step, from, past) {
                (Retire, Next, Past::Signed) => Some(Retired),
                (Destroy, Next, Past::Signed) => None,
                _ => to,
            };
            let mut ring = standing(from);
            let before = ring.clone();
            assert_eq!(before.find(&kid(1)).unwrap().standing(), from);
            match (take(&mut ring, step, past), to) {
                (Ok(after), Some(to)) => assert_eq!(after, to, "{step:?} from {from}, {past:?}"),
                (Err(error), None) => {
                    let LifeError::Forbidden { kid: named, standing, step: refused, .. } = &error else {
                        panic!("{step:?} from {from}: {error:?}")
                    };
                    assert_eq!((*named, *standing, *refused), (kid(1), from, step));
                    let says = error.to_string();
                    assert!(says.contains(&format!("is {from}; ")) && !says.ends_with(' '), "{says}");
                    assert_eq!(ring, before, "{step:?} from {from} changed something");
                }
                (result, _) => panic!("{step:?} from {from}, {past:?}: {result:?}"),
            }
            assert_eq!(ring.find(&kid(2)), before.find(&kid(2)), "the other key is as it was");
        }
    }
    assert_eq!(standing(Next).activate(&kid(7), 9), Err(LifeError::Unknown(kid(7))));
}

#[test]
fn the_key_activated_last_signs_and_going_back_is_to_retire_it() {
    let mut ring =
        KeyRing::from_records([key(1, KeyState::Active), key(3, KeyState::Next), key(2, KeyState::Next)])
            .unwrap();
    let signs = |ring: &KeyRing| ring.active_for(Purpose::License).map(|key| key.public.thumbprint());
    ring.activate(&kid(3), 10).unwrap();
    assert_eq!(signs(&ring), Some(kid(3)));
    // Made earlier, activated later.
    ring.activate(&kid(2), 11).unwrap();
    assert_eq!(signs(&ring), Some(kid(2)));
    ring.retire(&kid(2), at(100), Past::Signed).unwrap();
    assert_eq!(signs(&ring), Some(kid(3)));
    ring.distrust(&kid(3), at(100_000)).unwrap();
    assert_eq!(signs(&ring), Some(kid(1)), "however far ahead the date lies");
    ring.retire(&kid(1), at(100), Past::Signed).unwrap();
    assert_eq!(signs(&ring), None);
}

#[test]
fn the_key_that_signs_speaks_for_every_product() {
    let mut ring = KeyRing::from_records([
        KeyRecord { products: only(&["dialer", "crm"]), ..key(1, KeyState::Active) },
        KeyRecord { products: only(&["dialer"]), ..key(2, KeyState::Active) },
        KeyRecord {
            purposes: vec![Purpose::Status.into()],
            products: only(&["mail"]),
            ..key(3, KeyState::Active)
        },
    ])
    .unwrap();
    let signs = |ring: &KeyRing, purpose: Purpose, names: &[&str]| {
        let names: Vec<Name> = names.iter().map(|name| Name::new(name).unwrap()).collect();
        ring.active_for_products(purpose, &names).map(|key| key.public.thumbprint())
    };
    for (names, expected) in [
        (&["dialer"][..], Some(kid(2))),
        (&["crm"], Some(kid(1))),
        (&["dialer", "crm"], Some(kid(1))),
        (&["mail"], None),
        (&["dialer", "mail"], None),
        (&[], Some(kid(2))),
    ] {
        assert_eq!(signs(&ring, Purpose::License, names), expected, "{names:?}");
    }
    assert_eq!(signs(&ring, Purpose::Status, &[]), Some(kid(3)));
    let gaps = |ring: &KeyRing, seed| {
        ring.gaps_without(&kid(seed)).iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    assert_eq!(gaps(&ring, 1), ["licenses for crm", "activations for crm"]);
    assert_eq!(gaps(&ring, 2), [""; 0]);
    assert_eq!(gaps(&ring, 3), [""; 0], "the others may sign lists, which are of no product");
    ring.retire(&kid(1), at(100), Past::Signed).unwrap();
    ring.retire(&kid(3), at(100), Past::Signed).unwrap();
    assert_eq!(gaps(&ring, 2), ["licenses for dialer", "status lists", "activations for dialer"]);
    let ring = KeyRing::from_records([key(1, KeyState::Active), key(2, KeyState::Next)]).unwrap();
    assert_eq!(gaps(&ring, 1), ["licenses", "status lists", "activations"]);
    assert_eq!(gaps(&ring, 7), [""; 0]);
}

#[test]
fn a_retired_key_gets_an_end_that_no_reader_refuses() {
    for (not_before, not_after, end) in [
        (None, None, 100),
        (None, Some(90), 90),
        (None, Some(200), 100),
        (Some(150), Some(200), 150),
        (Some(50), None, 100),
    ] {
        let limited = KeyRecord {
            not_before: not_before.map(at),
            not_after: not_after.map(at),
            ..key(1, KeyState::Active)
        };
        let mut ring = KeyRing::from_records([limited]).unwrap();
        assert_eq!(ring.retire(&kid(1), at(100), Past::Signed).unwrap().not_after, Some(at(end)));
        assert!(ring.anchors().is_ok());
    }
}

#[test]
fn a_date_of_distrust_is_brought_forward_and_never_put_off() {
    let mut ring = KeyRing::from_records([key(1, KeyState::Active)]).unwrap();
    ring.distrust(&kid(1), at(500)).unwrap();
    for later in [500, 501, 100_000] {
        let refused = ring.distrust(&kid(1), at(later)).unwrap_err();
        assert_eq!(refused, LifeError::NotEarlier { kid: kid(1), recorded: at(500), wanted: at(later) });
    }
    assert_eq!(ring.distrust(&kid(1), at(499)).unwrap().distrust_after, Some(at(499)));
}

#[test]
fn what_ships_is_what_deployments_may_meet() {
    let destroyed = |state| KeyRecord { destroyed_at: Some(at(9)), ..key(1, state) };
    let mut imported = KeyRing::from_records([key(1, KeyState::Next)]).unwrap();
    imported.retire(&kid(1), at(5), Past::Signed).unwrap();
    let imported = imported.destroy(&kid(1), at(9), Past::Signed).unwrap().clone();
    for (record, ships) in [
        (imported, true),
        (key(1, KeyState::Next), true),
        (key(1, KeyState::Active), true),
        (key(1, KeyState::Retired), true),
        (destroyed(KeyState::Retired), true),
        (destroyed(KeyState::Next), false),
        (KeyRecord { distrust_after: Some(at(9)), ..destroyed(KeyState::Next) }, true),
        (KeyRecord { distrust_after: Some(at(9)), ..destroyed(KeyState::Active) }, true),
    ] {
        assert_eq!(record.ships(), ships, "{record:?}");
        let ring = KeyRing::from_records([record, key(2, KeyState::Active)]).unwrap();
        assert_eq!(ring.anchors().unwrap().anchors().len(), if ships { 2 } else { 1 });
    }
}

#[test]
fn a_key_of_the_log_is_retired_without_a_window() {
    let log = |number, state| KeyRecord { purposes: vec![KeyPurpose::Log], ..key(number, state) };
    let mut ring =
        KeyRing::from_records([log(1, KeyState::Active), log(2, KeyState::Next), key(3, KeyState::Active)])
            .unwrap();
    let gaps =
        |ring: &KeyRing| ring.gaps_without(&kid(1)).iter().map(ToString::to_string).collect::<Vec<_>>();
    assert_eq!(gaps(&ring), ["checkpoints"]);
    ring.activate(&kid(2), 9).unwrap();
    assert!(gaps(&ring).is_empty());
    let retired = ring.retire(&kid(1), at(100), Past::Blank).unwrap();
    assert_eq!((retired.standing(), retired.not_after), (KeyStanding::Retired, None));
    let log_signs = ring.active_for(KeyPurpose::Log).map(|key| key.public.thumbprint());
    assert_eq!(log_signs, Some(kid(2)));
    assert_eq!(ring.active_for(Purpose::License).map(|key| key.public.thumbprint()), Some(kid(3)));
}
