//! What SQL finds, against the same rules over records in memory.

use core::cmp::Ordering;
use lictor_shared::{Name, Seconds, Text, Timestamp, Uuid};
use rusqlite::Connection;

use super::*;
use crate::ledger::value::Int;
use crate::ledger::{Ledger, licenses};
use crate::scratch::Scratch;

/// The middle of the time in which everything happens, in steps of 100 seconds.
const MIDDLE: u64 = 1_795_305_600;

/// Numbers that look random, the same for the same seed (splitmix64).
struct Draws(u64);

impl Draws {
    /// The seed is fixed, so a run repeats; `LICTOR_TEST_SEED` sets another one.
    fn new() -> Self {
        let seed: u64 = match std::env::var("LICTOR_TEST_SEED") {
            Ok(text) => text.parse().expect("LICTOR_TEST_SEED is a number"),
            Err(_) => MIDDLE,
        };
        println!("LICTOR_TEST_SEED={seed}");
        Self(seed)
    }

    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (mixed ^ (mixed >> 31)) % end
    }

    fn of<T: Copy>(&mut self, items: &[T]) -> T {
        items[usize::try_from(self.below(items.len().try_into().unwrap())).unwrap()]
    }

    fn instant(&mut self) -> u64 {
        MIDDLE - 1_000 + self.below(20) * 100
    }
}

const NAMES: [&str; 5] = ["Acme GmbH", "ACME GmbH", "bolt", "Zed", "株式会社アクメ"];
const PRODUCTS: [&str; 3] = ["[\"dialer\"]", "[\"desk\"]", "[\"dialer\",\"desk\"]"];
const PLANS: [&str; 2] = ["basic", "pro"];

/// A ledger with this many licenses, past the rules by which they come about.
fn filled(scratch: &Scratch, draws: &mut Draws, licenses: u64) -> Ledger {
    let (_, ledger) = scratch.ledger();
    let connection = ledger.connection();
    connection.pragma_update(None, "foreign_keys", false).unwrap();
    connection.execute_batch("BEGIN").unwrap();
    connection.execute("INSERT INTO status_list (id, uri) VALUES (1, 'urn:list')", ()).unwrap();
    for (number, name) in NAMES.iter().enumerate() {
        connection.execute("INSERT INTO customer VALUES (?1, ?2)", (format!("c{number}"), name)).unwrap();
    }
    let mut seq = 1;
    for number in 0..licenses {
        license(connection, draws, number, &mut seq);
    }
    connection.execute_batch("COMMIT").unwrap();
    ledger
}

fn license(connection: &Connection, draws: &mut Draws, number: u64, seq: &mut u64) {
    let id = format!("0198c0d2-6c1e-7000-8000-{number:012x}");
    let (state, since, reason) = match draws.below(6) {
        0 => ("suspended", Some(MIDDLE), None),
        1 => ("revoked", Some(MIDDLE), Some("fraud")),
        _ => ("active", None, None),
    };
    let customer = format!("c{}", draws.below(5));
    connection
        .execute(
            "INSERT INTO license VALUES (?1, ?2, ?3, ?4, ?5)",
            (&id, customer, state, since.map(Int), reason),
        )
        .unwrap();
    for revision in 1..=1 + draws.below(3) {
        *seq += 1;
        let (nbf, length) = (draws.instant(), draws.below(8) * 100);
        let end = (draws.below(4) > 0).then_some(nbf + length);
        let grace = end.map(|end| end + draws.below(3) * 100);
        connection.execute("INSERT INTO status_entry VALUES (1, ?1, 0, NULL, 0)", [Int(*seq)]).unwrap();
        connection
            .execute(
                "INSERT INTO revision VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?8, ?9, ?10, 1, ?4, 'token', NULL)",
                rusqlite::params![
                    format!("0198c0d2-6c1e-7111-8000-{seq:012x}"),
                    id,
                    Int(revision),
                    Int(*seq),
                    "A".repeat(43),
                    draws.of(&PRODUCTS),
                    draws.of(&PLANS),
                    Int(nbf),
                    end.map(Int),
                    grace.map(Int),
                ],
            )
            .unwrap();
    }
}

fn everything(ledger: &Ledger) -> Vec<LicenseRecord> {
    let mut statement = ledger.connection().prepare("SELECT id FROM license ORDER BY id").unwrap();
    let ids = statement.query_map([], |row| row.get::<_, String>(0)).unwrap();
    let found = |id: String| licenses::find(ledger.connection(), Uuid::new(&id).unwrap()).unwrap().unwrap();
    ids.map(|id| found(id.unwrap())).collect()
}

fn time(seconds: u64) -> Timestamp {
    Timestamp::from_seconds(seconds).unwrap()
}

fn summaries(ledger: &Ledger, selection: &Selection, at: Timestamp) -> Vec<Summary> {
    let mut found = Vec::new();
    visit(ledger.connection(), selection, at, &mut |summary| {
        found.push(summary);
        Ok(())
    })
    .unwrap();
    found
}

fn ids(ledger: &Ledger, selection: &Selection, at: Timestamp) -> Vec<Uuid> {
    summaries(ledger, selection, at).iter().map(|summary| summary.id).collect()
}

#[test]
fn a_state_in_sql_is_the_state_of_the_record() {
    let scratch = Scratch::new();
    let mut draws = Draws::new();
    let ledger = filled(&scratch, &mut draws, 400);
    let records = everything(&ledger);
    let mut seen = std::collections::BTreeSet::new();
    // At every instant at which something starts or ends, and a second before it.
    for at in (MIDDLE - 1_100..MIDDLE + 2_200).step_by(100).flat_map(|at| [at - 1, at]).map(time) {
        let found = summaries(&ledger, &Selection::default(), at);
        assert_eq!(found.len(), records.len());
        for (summary, record) in found.iter().zip(&records) {
            assert_eq!(summary.state, record.state(at), "{record:?} at {at}");
            seen.insert(summary.state);
            assert_eq!(Some(&summary.latest), record.latest());
            assert_eq!((summary.id, summary.standing), (record.id, record.standing));
            assert_eq!((&summary.customer_id, &summary.customer), (&record.customer_id, &record.customer));
        }
    }
    assert_eq!(seen.into_iter().collect::<Vec<_>>(), LicenseState::ALL, "every state came about");
}

/// The rules, over records in memory.
fn chosen<'r>(records: &'r [LicenseRecord], selection: &Selection, at: Timestamp) -> Vec<&'r LicenseRecord> {
    let is = |record: &&LicenseRecord| {
        let latest = record.latest().unwrap();
        let customer = |wanted: &Text| record.customer_id == *wanted || record.customer == *wanted;
        selection.customer.as_ref().is_none_or(customer)
            && selection.product.as_ref().is_none_or(|wanted| latest.products.contains(wanted))
            && selection.plan.as_ref().is_none_or(|wanted| latest.plan == *wanted)
            && (selection.states.is_empty() || selection.states.contains(&record.state(at)))
            && selection.expiring.is_none_or(|within| {
                latest.expires_at.is_some_and(|end| at < end && end <= at.plus(within).unwrap())
            })
    };
    let mut chosen: Vec<&LicenseRecord> = records.iter().filter(is).collect();
    chosen.sort_by(|one, other| {
        let order = compared(selection.sorting, one, other, at).then(one.id.cmp(&other.id));
        if selection.direction == Direction::Descending { order.reverse() } else { order }
    });
    chosen
}

fn compared(sorting: Sorting, one: &LicenseRecord, other: &LicenseRecord, at: Timestamp) -> Ordering {
    let end = |record: &LicenseRecord| record.latest().unwrap().expires_at.unwrap_or(Timestamp::MAX);
    let name = |record: &LicenseRecord| record.customer.as_str().to_ascii_lowercase();
    match sorting {
        Sorting::Issued => Ordering::Equal,
        Sorting::Expires => end(one).cmp(&end(other)),
        Sorting::Customer => name(one).cmp(&name(other)),
        Sorting::State => one.state(at).cmp(&other.state(at)),
    }
}

fn selection(draws: &mut Draws) -> Selection {
    let name = |name: &str| Name::new(name).unwrap();
    let sortings = [Sorting::Issued, Sorting::Expires, Sorting::Customer, Sorting::State];
    let mut some = |of: u64| draws.below(of) == 0;
    let (customer, product, plan, expiring, reverse) = (some(3), some(3), some(3), some(3), some(2));
    let whom: Vec<&str> = NAMES.into_iter().chain(["c0", "c3", "nobody"]).collect();
    Selection {
        customer: customer.then(|| Text::new(draws.of(&whom)).unwrap()),
        product: product.then(|| name(draws.of(&["dialer", "desk", "none"]))),
        plan: plan.then(|| name(draws.of(&PLANS))),
        states: (0..draws.below(3)).map(|_| draws.of(LicenseState::ALL)).collect(),
        expiring: expiring.then(|| Seconds::new(draws.below(6) * 100).unwrap()),
        sorting: draws.of(&sortings),
        direction: if reverse { Direction::Descending } else { Direction::Ascending },
        after: None,
        most: None,
    }
}

#[test]
fn what_is_found_in_sql_is_what_the_rules_choose_page_by_page() {
    let scratch = Scratch::new();
    let mut draws = Draws::new();
    let ledger = filled(&scratch, &mut draws, 200);
    let records = everything(&ledger);
    let mut most_found = 0;
    for _ in 0..200 {
        let (mut selection, at) = (selection(&mut draws), time(draws.instant()));
        let expected: Vec<Uuid> = chosen(&records, &selection, at).iter().map(|record| record.id).collect();
        assert_eq!(ids(&ledger, &selection, at), expected, "{selection:?} at {at}");
        most_found = most_found.max(expected.len());
        selection.most = Some(17);
        let mut paged = Vec::new();
        loop {
            let page = ids(&ledger, &selection, at);
            selection.after = page.last().copied();
            paged.extend(page.iter().copied());
            if page.len() < 17 {
                break;
            }
        }
        assert_eq!(paged, expected, "in pages: {selection:?} at {at}");
    }
    assert!(most_found > 50, "{most_found}: the selections are too narrow to show anything");
}

fn plan(ledger: &Ledger, selection: &Selection) -> Vec<String> {
    let text = statement(selection, time(MIDDLE)).0;
    let mut plan = ledger.connection().prepare(&format!("EXPLAIN QUERY PLAN {text}")).unwrap();
    let nothing = vec![rusqlite::types::Null; plan.parameter_count()];
    let steps = plan.query_map(rusqlite::params_from_iter(nothing), |row| row.get::<_, String>(3)).unwrap();
    steps.map(Result::unwrap).collect()
}

/// In the order of ids nothing is read beyond what is shown, and behind an id nothing before it; only another order is sorted.
#[test]
fn a_page_reads_no_more_than_it_must() {
    let scratch = Scratch::new();
    let (_, ledger) = scratch.ledger();
    let scanned =
        |steps: &[String]| steps.iter().filter(|step| step.starts_with("SCAN")).cloned().collect::<Vec<_>>();
    let sorted = |steps: &[String]| steps.iter().any(|step| step.contains("TEMP B-TREE"));
    let states = vec![LicenseState::Grace, LicenseState::Ended];
    let page = Selection { states, most: Some(20), ..Selection::default() };
    let steps = plan(&ledger, &page);
    assert!(!sorted(&steps), "{steps:?}");
    let tables: Vec<String> =
        scanned(&steps).into_iter().filter(|step| !step.contains("json_each")).collect();
    assert_eq!(tables, ["SCAN license USING INDEX sqlite_autoindex_license_1"], "{steps:?}");
    let after = Some(Uuid::new("0198c0d2-6c1e-7a33-9d5e-2f6f2b1d9a10").unwrap());
    let next = Selection { after, ..Selection::default() };
    assert!(scanned(&plan(&ledger, &next)).is_empty(), "{:?}", plan(&ledger, &next));
    let theirs = Selection { customer: Some(Text::new("acme").unwrap()), ..Selection::default() };
    let steps = plan(&ledger, &theirs);
    assert!(scanned(&steps).is_empty(), "{steps:?}");
    let by_end = Selection { sorting: Sorting::Expires, ..Selection::default() };
    assert!(sorted(&plan(&ledger, &by_end)), "so the look at the plan does find it");
}
