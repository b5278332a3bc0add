//! Status lists: reading them, asking them, and how large they are beside what no list can be smaller than.

use libdeflater::{CompressionLvl, Compressor};
use lictor_shared::{
    AnchorSet, Artefact as _, Claims as _, Received, Seconds, Status, StatusDraft, StatusList, Text,
    Timestamp, Uri, limits,
};
use lictor_tests::signing::TestKey;
use lictor_validator::{Unverified, Verified};
use std::collections::BTreeMap;
use std::error::Error;
use std::hint::black_box;

use crate::sample::Sample;
use crate::table::Table;
use crate::turns::measured;

const ROUNDS: usize = 21;

/// Numbers that look random, the same in every run (splitmix64).
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    pub(crate) fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    fn index(&mut self) -> u32 {
        (self.roll() % u64::from(limits::STATUS_ENTRIES)) as u32
    }
}

pub(crate) fn rows(table: &Table) -> Result<(), Box<dyn Error>> {
    for share in [0.001, 0.01, 0.05] {
        size(table, share)?;
    }
    let sample = Sample::new()?;
    let tokens: Vec<String> = (0..100)
        .map(|number| token(&sample.key, number, &revoked(number, 0.01)))
        .collect::<Result<_, _>>()?;
    let all = |many: usize| tokens.iter().take(many).map(|token| read(token, &sample.anchors)).for_each(drop);
    let (mut one, mut ten, mut hundred) = (|| all(1), || all(10), || all(100));
    let [one, ten, hundred] = measured(ROUNDS, 1, [&mut one, &mut ten, &mut hundred]);
    for (many, costs) in [("1 list", one), ("10 lists", ten), ("100 lists", hundred)] {
        table.cost("reading status lists, 1 % revoked", many, &costs);
    }
    lookup(table, &tokens)
}

fn lookup(table: &Table, tokens: &[String]) -> Result<(), Box<dyn Error>> {
    let received = |token: &String| {
        let received = Received::<StatusList>::read(token)?;
        Ok(StatusList::read(received.untrusted_payload())?)
    };
    let lists: Vec<StatusList> = tokens.iter().map(received).collect::<Result<_, Box<dyn Error>>>()?;
    let mut dice = Dice(3);
    let places: Vec<(usize, u32)> =
        (0..10_000).map(|_| (dice.roll() as usize % lists.len(), dice.index())).collect();
    let ask = |list: &StatusList, index: u32| {
        black_box(list.status(black_box(index)));
    };
    let mut one = || places.iter().for_each(|(_, index)| ask(&lists[0], *index));
    let mut hundred = || places.iter().for_each(|(list, index)| ask(&lists[*list], *index));
    let costs = measured(201, 1, [&mut one, &mut hundred]).map(|costs| costs.shared(places.len()));
    for (of, costs) in ["1 list", "100 lists"].into_iter().zip(costs) {
        table.cost("looking an entry up, anywhere", of, &costs);
    }
    Ok(())
}

fn read(token: &str, anchors: &AnchorSet) -> Verified<StatusList> {
    let list = Unverified::<StatusList>::from_token(token).and_then(|list| list.verify(anchors));
    list.unwrap_or_else(|refusal| panic!("our own list: {refusal}"))
}

fn revoked(seed: u64, share: f64) -> BTreeMap<u32, Status> {
    let wanted = (f64::from(limits::STATUS_ENTRIES) * share).round() as usize;
    let (mut dice, mut entries) = (Dice(seed), BTreeMap::new());
    while entries.len() < wanted {
        entries.insert(dice.index(), Status::Revoked);
    }
    entries
}

fn draft(number: u64, entries: &BTreeMap<u32, Status>) -> Result<StatusDraft, Box<dyn Error>> {
    let (bits, packed) = StatusDraft::pack(entries);
    Ok(StatusDraft {
        issuer: Text::new("acme-licensing")?,
        uri: Uri::new(&format!("urn:acme:status:{number}"))?,
        issued_at: Timestamp::parse("2026-11-22T00:00:00Z")?,
        ttl: Seconds::new(86_400).ok_or("a day")?,
        sequence: 1,
        since: BTreeMap::new(),
        bits,
        deflated: deflated(&packed)?,
    })
}

/// As the issuer deflates.
fn deflated(packed: &[u8]) -> Result<Vec<u8>, Box<dyn Error>> {
    let mut compressor = Compressor::new(CompressionLvl::new(12).map_err(|error| format!("{error:?}"))?);
    let mut deflated = vec![0; compressor.zlib_compress_bound(packed.len())];
    let bytes = compressor.zlib_compress(packed, &mut deflated)?;
    deflated.truncate(bytes);
    Ok(deflated)
}

fn token(key: &TestKey, number: u64, entries: &BTreeMap<u32, Status>) -> Result<String, Box<dyn Error>> {
    Ok(key.token(key.header("statuslist+jwt"), draft(number, entries)?.to_value().to_string()))
}

fn size(table: &Table, share: f64) -> Result<(), Box<dyn Error>> {
    let entries = revoked(1, share);
    let (bytes, least) = (draft(0, &entries)?.deflated.len(), entropy(entries.len()));
    let of = format!("{} % of 2^20 revoked", share * 100.0);
    let fact = format!("{bytes} bytes");
    table.fact(
        "the entries of a list, deflated",
        &of,
        &fact,
        &format!("{:.3} × entropy", bytes as f64 / least),
    );
    Ok(())
}

/// log2 of the number of ways to choose so many of the entries, in bytes.
fn entropy(chosen: usize) -> f64 {
    let entries = f64::from(limits::STATUS_ENTRIES);
    let bits: f64 =
        (1..=chosen).map(|number| ((entries - chosen as f64 + number as f64) / number as f64).log2()).sum();
    bits / 8.0
}
