//! What it costs to publish: a hundred lists of 2^20 entries, of each of which 1 % are revoked.
//!
//! The entries that are revoked are put into the tables directly: issuing and revoking a million licenses would measure something
//! else. Entries that are valid are left out, since publishing reads none of them.

use lictor_issuer::terms::TermLength;
use lictor_issuer::{
    ClockSource, Home, Occasion, Publication, RevocationReason, due_lists, issue, lists, publish, revoke,
};
use lictor_keys::PrivateKey;
use lictor_shared::{Received, StatusList, Text, Timestamp};
use rusqlite::Connection;
use std::error::Error;
use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use crate::ledgers::{self, NOW};
use crate::memory::Peak;
use crate::table::Table;

const LISTS: u32 = 100;
const ENTRIES: u32 = 1 << 20;
/// 1 % of the entries.
const REVOKED: u32 = 10_486;
const RUNS: usize = 5;
const FIRST: &str = "urn:acme:status:0";

/// What publishing costs.
pub(crate) fn rows(table: &Table) -> Result<(), Box<dyn Error>> {
    let folder = ledgers::folder().join("home-status");
    // What an interrupted run left is begun anew.
    let _ = fs::remove_dir_all(&folder);
    let (home, key, license) = prepared(&folder)?;
    let mut ledger = home.ledger()?;
    let peak = Peak::forgotten();
    let mut whole = Vec::new();
    let mut last = None;
    for run in 0..RUNS {
        let uris = lists(&home, &ledger)?;
        let begun = Instant::now();
        let publication = publish(&home, &mut ledger, &key, &uris, &occasion(run)?)?;
        whole.push(begun.elapsed());
        last = Some(publication);
    }
    let publication = last.ok_or("nothing was published")?;
    // The peak is of publishing all; what follows needs less.
    let peak = peak.told();
    let mut nothing = Vec::new();
    for _ in 0..RUNS {
        let begun = Instant::now();
        let due = due_lists(&ledger, &lists(&home, &ledger)?, occasion(RUNS)?.at)?;
        nothing.push(begun.elapsed());
        assert!(due.lists.is_empty(), "{:?}", due.lists);
    }
    revoke(&mut ledger, &license, RevocationReason::Other, None, &occasion(RUNS)?)?;
    let begun = Instant::now();
    let due = due_lists(&ledger, &lists(&home, &ledger)?, occasion(RUNS)?.at)?;
    let changed = publish(&home, &mut ledger, &key, &due.lists, &occasion(RUNS)?)?;
    let one = begun.elapsed();
    assert_eq!(changed.lists.len(), 1);
    let bytes = Bytes::of(&publication)?;
    fs::remove_dir_all(&folder)?;
    let of = format!("{LISTS} lists of {ENTRIES} entries, {REVOKED} of each revoked");
    told(table, &of, (median(whole), median(nothing), one), peak);
    bytes.told(table, &of);
    Ok(())
}

fn told(table: &Table, of: &str, (whole, nothing, one): (Duration, Duration, Duration), peak: String) {
    table.fact(
        "publish all lists, signed, checked and durable",
        of,
        &seconds(whole),
        &format!("{} each", seconds(whole / LISTS)),
    );
    table.fact("publish what changed: nothing", of, &seconds(nothing), "");
    table.fact("publish what changed: one list", of, &seconds(one), "");
    table.fact("peak memory of publishing all", of, &peak, "");
}

/// Sizes, the mean of all lists.
struct Bytes {
    bound: f64,
    deflated: f64,
    token: f64,
}

impl Bytes {
    fn of(publication: &Publication) -> Result<Self, Box<dyn Error>> {
        let count = publication.lists.len() as f64;
        let (mut deflated, mut token) = (0, 0);
        for list in &publication.lists {
            let payload = String::from_utf8(
                Received::<StatusList>::read(&list.token)
                    .map_err(|error| error.to_string())?
                    .untrusted_payload()
                    .to_vec(),
            )?;
            let lst = payload.split("\"lst\":\"").nth(1).and_then(|rest| rest.split('"').next());
            // Base64url without padding: four characters of three bytes.
            deflated += lst.ok_or("a list has no lst")?.len() * 3 / 4;
            token += list.token.len();
        }
        Ok(Self { bound: entropy(), deflated: deflated as f64 / count, token: token as f64 / count })
    }
}

impl Bytes {
    fn told(&self, table: &Table, of: &str) {
        let times = |bytes: f64| format!("{:.3} × entropy", bytes / self.bound);
        table.fact("a list, deflated", of, &format!("{:.0} bytes", self.deflated), &times(self.deflated));
        table.fact(
            "its token, instants included",
            of,
            &format!("{:.0} bytes", self.token),
            &times(self.token),
        );
    }
}

/// log2 C(N, R), in bytes.
fn entropy() -> f64 {
    let bits: f64 =
        (0..REVOKED).map(|index| (f64::from(ENTRIES - index) / f64::from(REVOKED - index)).log2()).sum();
    bits / 8.0
}

fn median(mut runs: Vec<Duration>) -> Duration {
    runs.sort_unstable();
    runs[runs.len() / 2]
}

fn seconds(time: Duration) -> String {
    format!("{:.4} s", time.as_secs_f64())
}

/// An occasion, so many seconds after the first.
fn occasion(run: usize) -> Result<Occasion, Box<dyn Error>> {
    let at = Timestamp::parse(NOW)?.seconds() + run as u64;
    let at = Timestamp::from_seconds(at).ok_or("no such time")?;
    Ok(Occasion::new(at, ClockSource::Given, Text::new("bench")?))
}

/// A home with all the lists, the key that signs, and a license on the first of them.
fn prepared(folder: &Path) -> Result<(Home, PrivateKey, String), Box<dyn Error>> {
    fs::create_dir_all(folder)?;
    let (home, mut ledger, key) = ledgers::new_home(&folder.join("home"), FIRST)?;
    let mut order = ledgers::order("Customer")?;
    order.terms.term = Some(TermLength::Perpetual);
    let license = issue(&home, &mut ledger, &key, &order, &occasion(0)?)?.signed.license.id.to_string();
    fill(&Connection::open(ledger.path())?, Timestamp::parse(NOW)?.seconds())?;
    Ok((home, key, license))
}

/// Revokes entries of every list that are drawn at random, at instants over the year before.
fn fill(connection: &Connection, now: u64) -> Result<(), Box<dyn Error>> {
    connection.execute_batch("PRAGMA synchronous = OFF; BEGIN")?;
    let mut draw = 0x9E37_79B9_7F4A_7C15_u64;
    for number in 1..=LISTS {
        if number > 1 {
            let uri = format!("{FIRST}.{number}");
            connection.execute("INSERT INTO status_list (uri) VALUES (?1)", [uri])?;
        }
        let mut insert = connection.prepare_cached(
            "INSERT OR IGNORE INTO status_entry (list, idx, status, since, grace) VALUES (?1, ?2, 1, ?3, 1209600)",
        )?;
        let mut revoked = 0;
        while revoked < REVOKED {
            // xorshift64: the same lists in every run.
            draw ^= draw << 13;
            draw ^= draw >> 7;
            draw ^= draw << 17;
            let since = i64::try_from(now - 1 - (draw >> 32) % 31_536_000)?;
            revoked +=
                u32::try_from(insert.execute((number, i64::try_from(draw % u64::from(ENTRIES))?, since))?)?;
        }
    }
    connection.execute_batch("COMMIT")?;
    Ok(())
}
