//! What happens half-way through a file of rows: the file is changed, what is made cannot be handed out, the disk is full.

use super::accidents::{FAILS, limited};
use super::world::{NOW, World};
use lictor_issuer::bulk::{
    Checked, Made, OfLicense, Read, Row, Rows, Taker, Tally, check_revocations, revoke_rows,
};
use lictor_issuer::{
    ClockSource, Failure, FailureKind, Home, Occasion, Request, Revocation, RevocationReason,
};
use lictor_shared::json::Value;
use lictor_shared::{Text, Timestamp};
use std::fs;

/// More than one batch of revocations.
const ROWS: usize = 300;
const BATCH: u64 = 256;

const ORDER: [&str; 10] =
    ["license", "issue", "--from", "orders.csv", "--product", "dialer", "--plan", "pro", "--term", "1y"];

fn ordered(name: &str, rows: usize) -> World {
    let world = World::new(name);
    let mut csv = String::from("request_id,customer\n");
    (0..rows).for_each(|row| csv += &format!("r{row},Customer\n"));
    world.write("orders.csv", csv);
    world
}

/// A world with licenses, and their ids.
fn issued(name: &str) -> (World, Vec<String>) {
    let world = ordered(name, ROWS);
    let told = world.run(&[&ORDER[..], &["--jsonl"]].concat()).done();
    let id = |line: &str| {
        let line: serde_json::Value = serde_json::from_str(line).expect("an object");
        line["id"].as_str().expect("an id").to_owned()
    };
    (world, told.lines().map(id).collect())
}

/// A file that says something else in one row when it is read again.
struct Changing {
    licenses: Vec<String>,
    changed: Option<usize>,
    readings: u32,
    next: usize,
}

impl Changing {
    fn new(licenses: &[String], changed: Option<usize>) -> Self {
        Self { licenses: licenses.to_vec(), changed, readings: 0, next: 0 }
    }
}

impl Rows<OfLicense<Revocation>> for Changing {
    fn name(&self) -> &str {
        "rows.csv"
    }

    fn rewind(&mut self) -> Result<(), Failure> {
        (self.readings, self.next) = (self.readings + 1, 0);
        Ok(())
    }

    fn next(&mut self) -> Result<Option<Read<OfLicense<Revocation>>>, Failure> {
        let number = self.next;
        let Some(license) = self.licenses.get(number).cloned() else { return Ok(None) };
        self.next += 1;
        let is_other = self.readings > 1 && self.changed == Some(number);
        let asked = Value::object([("license", license.as_str().into()), ("other", is_other.into())]);
        let request = Request::new(Text::new(&format!("s{number}")).expect("a text"), &asked);
        let change = Revocation { reason: RevocationReason::Other, note: None, effective: None };
        let line = u64::try_from(number + 2).expect("a line");
        Ok(Some(Ok(Row { line, request, asked: OfLicense { license, change } })))
    }
}

/// Takes what was made, so many times.
struct Taking {
    times: u32,
    taken: Vec<Made>,
}

impl Taker for Taking {
    fn expect(&mut self, _: &Text, _: Option<&Made>) -> Result<(), Failure> {
        Ok(())
    }

    fn take(&mut self, made: Vec<Made>) -> Result<(), Failure> {
        if self.times == 0 {
            return Err(Failure::new(FailureKind::CannotWrite, "the folder was made read-only"));
        }
        self.times -= 1;
        self.taken.extend(made);
        Ok(())
    }
}

fn run(world: &World, rows: &mut Changing, taking: &mut Taking) -> Result<(Checked, Tally), Failure> {
    let home = Home::open(&world.path("home"))?;
    let mut ledger = home.ledger()?;
    let occasion = Occasion::new(
        Timestamp::parse(NOW).expect("a time"),
        ClockSource::Given,
        Text::new("test").expect("a text"),
    );
    let checked = check_revocations(&mut ledger, rows, &occasion, taking)?;
    let mut clock = || Ok(occasion.clone());
    revoke_rows(&mut ledger, (rows, &checked), &mut clock, taking).map(|tally| (checked, tally))
}

fn revoked(world: &World) -> usize {
    world.run(&["ledger", "verify"]).done();
    world.run(&["license", "list", "--state", "revoked", "--jsonl"]).done().lines().count()
}

#[test]
fn a_file_that_is_changed_between_the_readings_is_noticed() {
    let (world, licenses) = issued("bulk file changed");
    let everything = || Taking { times: u32::MAX, taken: Vec::new() };
    let changed = |number| run(&world, &mut Changing::new(&licenses, Some(number)), &mut everything());
    let failure = changed(7).expect_err("it was changed");
    assert_eq!(failure.message, "rows.csv was changed after it had been checked.");
    assert_eq!(revoked(&world), 0);
    // In the second batch: the first one stands.
    let failure = changed(280).expect_err("it was changed");
    assert_eq!(failure.kind, FailureKind::Conflict);
    assert!(
        failure.message.contains("256 revocations were made before that, and stand in the ledger"),
        "{failure:?}"
    );
    assert_eq!(revoked(&world), 256);
    let (checked, tally) =
        run(&world, &mut Changing::new(&licenses, None), &mut everything()).expect("it is as it was");
    assert_eq!((checked.before, checked.fresh), (BATCH, 44));
    assert_eq!((tally.before, tally.now), (BATCH, 44));
    assert_eq!(revoked(&world), ROWS);
}

#[test]
fn what_cannot_be_handed_out_half_way_is_handed_out_when_it_is_repeated() {
    let (world, licenses) = issued("bulk read-only");
    let mut taking = Taking { times: 1, taken: Vec::new() };
    let failure = run(&world, &mut Changing::new(&licenses, None), &mut taking).expect_err("it fails");
    assert_eq!(failure.kind, FailureKind::CannotWrite);
    assert!(
        failure.message.contains("300 revocations were made before that, and stand in the ledger"),
        "{failure:?}"
    );
    assert_eq!((taking.taken.len(), revoked(&world)), (256, ROWS));
    let mut taking = Taking { times: 9, taken: Vec::new() };
    let (_, tally) = run(&world, &mut Changing::new(&licenses, None), &mut taking).expect("it goes on");
    assert_eq!((tally.now, tally.before, taking.taken.len()), (0, 300, ROWS));
}

#[test]
fn a_full_disk_leaves_whole_batches() {
    let world = ordered("bulk full disk", 2500);
    let order = [&ORDER[..], &["--out", "o"]].concat();
    let mut kibibytes = 300;
    // The ledger has outgrown the limit before the end, and later each time.
    for _ in 0..3 {
        kibibytes *= 2;
        let ran = limited(&world, kibibytes, FAILS, &order);
        assert_ne!(ran.exit, Some(0), "{ran:?}");
        ran.fails(31, &["hint: "]);
        let tried = world.run(&[&ORDER[..], &["--dry-run", "--json"]].concat()).json();
        let before = tried["before"].as_u64().expect("a number");
        assert!([0, 1024, 2048].contains(&before), "{before}");
        println!("{kibibytes} KiB: {before} rows, {}", ran.words);
    }
    world.run(&order).done();
    assert_eq!(world.run(&["audit", "verify", "--json"]).json()["licenses"], 2500);
    assert_eq!(fs::read_dir(world.path("o")).expect("listed").count(), 2500);
}
