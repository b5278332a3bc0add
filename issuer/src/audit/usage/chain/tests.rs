//! What the neighbours tell, against every other report read from end to end.

use lictor_shared::{Beginning, Mode, ModeSince, Name, PublicKey, Text, Timestamp, UsageReport, Uuid};
use lictor_tests::signing::TestKey;

use super::*;
use crate::audit::UsageRecord;
use crate::ledger::{schema, usage};

const LICENSE: &str = "0198c0d2-6c1e-7a33-9d5e-2f6f2b1d9a10";

/// Numbers that look random (splitmix64).
struct Random(u64);

impl Random {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (mixed ^ (mixed >> 31)) % limit
    }
}

fn hash(number: u64) -> [u8; 32] {
    let mut hash = [0; 32];
    hash[..8].copy_from_slice(&number.to_be_bytes());
    hash
}

fn at(seconds: u64) -> Timestamp {
    Timestamp::from_seconds(1_800_000_000 + seconds).unwrap()
}

fn report(deployment: u8, sequence: u64, previous: u64, (from, to): (u64, u64)) -> UsageReport {
    let key = PublicKey::from_bytes(&TestKey::new(deployment).public()).unwrap();
    UsageReport {
        deployment: key.thumbprint(),
        issuer: Text::new("acme").unwrap(),
        id: Uuid::new(LICENSE).unwrap(),
        issued_at: at(to),
        license: Uuid::new(LICENSE).unwrap(),
        activation: None,
        product: Name::new("dialer").unwrap(),
        validator: Text::new("a program").unwrap(),
        sequence,
        previous: (sequence > 1).then(|| hash(previous)),
        from: at(from),
        to: at(to),
        beginning: Beginning::Report,
        modes: vec![ModeSince { mode: Mode::Full, reason: None, since: at(from) }],
        omitted: 0,
        counters: std::collections::BTreeMap::new(),
        extensions: lictor_shared::json::Members::new(),
    }
}

fn record(report: &UsageReport, number: u64) -> UsageRecord {
    UsageRecord {
        sha256: hex(&hash(number)),
        seq: number + 1,
        license: report.license,
        deployment: report.deployment,
        report: report.id,
        sequence: report.sequence,
        previous: report.previous.map(|hash| hex(&hash)),
        from: report.from,
        to: report.to,
        anomalies: Vec::new(),
        token: "a token".into(),
    }
}

/// The rules, over all others of the deployment.
fn by_all(report: &UsageReport, sha256: &str, all: &[UsageRecord]) -> Place {
    let others: Vec<_> = all.iter().filter(|other| other.deployment == report.deployment).collect();
    let numbered = |number: u64| others.iter().filter(move |other| other.sequence == number);
    let names = report.previous.map(|hash| hex(&hash));
    let is_taken = numbered(report.sequence).count() > 0;
    let mut anomalies = Vec::new();
    if report.sequence > 1 && numbered(report.sequence - 1).count() == 0 {
        anomalies.push(UsageAnomaly::Gap);
    }
    if !is_taken && others.iter().any(|other| other.sequence > report.sequence) {
        anomalies.push(UsageAnomaly::Late);
    }
    let names_another = others
        .iter()
        .any(|other| names.as_ref() == Some(&other.sha256) && other.sequence != report.sequence - 1);
    let strays = names_another
        || numbered(report.sequence - 1).count() > 0
            && !numbered(report.sequence - 1).any(|other| names.as_ref() == Some(&other.sha256));
    let is_left = numbered(report.sequence + 1).count() > 0
        && !numbered(report.sequence + 1).any(|other| other.previous.as_deref() == Some(sha256));
    if is_taken || strays || is_left {
        anomalies.push(UsageAnomaly::Rewind);
    }
    let overlaps = |other: &&&UsageRecord| {
        let (begins_before, ends_behind) = (report.from < other.to, other.from < report.to);
        let (follows, is_followed) =
            (names.as_ref() == Some(&other.sha256), other.previous.as_deref() == Some(sha256));
        match (begins_before, ends_behind) {
            (true, true) => true,
            (true, false) => follows,
            (false, true) => is_followed,
            (false, false) => false,
        }
    };
    if others.iter().any(|other| overlaps(&other)) {
        anomalies.push(UsageAnomaly::Overlap);
    }
    let after = others.iter().map(|other| other.sequence).filter(|other| *other < report.sequence).max();
    Place { anomalies, after }
}

fn table() -> Connection {
    let connection = Connection::open_in_memory().unwrap();
    schema::migrate(&connection).unwrap();
    connection.pragma_update(None, "foreign_keys", false).unwrap();
    connection
}

#[test]
fn neighbours_tell_what_all_others_would() {
    let seed = std::env::var("LICTOR_TEST_SEED").map_or(20_261_123, |seed| seed.parse().unwrap());
    println!("LICTOR_TEST_SEED={seed}");
    let mut random = Random(seed);
    let mut found = [0_u32; 4];
    for _ in 0..150 {
        let (connection, mut all) = (table(), Vec::new());
        for number in 1..=14 {
            // Two deployments, few numbers and few instants: so all of it happens, often together.
            let (deployment, from) = (u8::try_from(7 + random.below(2)).unwrap(), random.below(12));
            let sequence = 1 + random.below(7);
            // It may name one that is there, one that comes later, or one that nobody knows.
            let previous = if random.below(3) == 0 { 1 + random.below(15) } else { number - 1 };
            let report = report(deployment, sequence, previous, (from, from + random.below(4)));
            let sha256 = hex(&hash(number));
            let expected = by_all(&report, &sha256, &all);
            assert_eq!(place(&connection, &report, &sha256).unwrap(), expected, "{report:?} among {all:#?}");
            let words = [UsageAnomaly::Gap, UsageAnomaly::Late, UsageAnomaly::Rewind, UsageAnomaly::Overlap];
            for (count, word) in found.iter_mut().zip(words) {
                *count += u32::from(expected.anomalies.contains(&word));
            }
            let row = record(&report, number);
            usage::insert(&connection, &row).unwrap();
            all.push(row);
        }
    }
    assert!(found.iter().all(|count| *count > 100), "each was found often: {found:?}");
}

/// Each begins where the one before it ends, and names it.
#[test]
fn one_that_is_due_next_is_in_its_place() {
    let connection = table();
    for number in 1..=40 {
        let next = report(7, number, number - 1, (number * 10, number * 10 + 10));
        let found = place(&connection, &next, &hex(&hash(number))).unwrap();
        assert_eq!((found.anomalies, found.after), (Vec::new(), (number > 1).then(|| number - 1)));
        usage::insert(&connection, &record(&next, number)).unwrap();
    }
}
