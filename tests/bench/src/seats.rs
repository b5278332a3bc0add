//! Seats: whole grants (request read and its signature checked, seat counted, activation signed and checked, durable) by callers at once:
//! those who share a group commit, and those who each have a connection of their own.

use ed25519_dalek::{Signature, Signer as _, SigningKey};
use lictor_issuer::activation::{Answer, Granting, GroupCommit, SeatRequest, grant};
use lictor_issuer::{Home, Intent, Occasion, issue};
use lictor_keys::{PrivateKey, Signer};
use lictor_shared::{
    ActivationPolicy, Algorithm, EmbeddedKey, Name, PublicKey, Request, RequestKind, SeatLimit, Text,
    Timestamp, Unsigned, Uuid,
};
use sha2::{Digest as _, Sha256};
use std::collections::BTreeMap;
use std::error::Error;
use std::thread;
use std::time::{Duration, Instant};

use crate::ledgers::{NOW, Prepared, occasion, order, prepared};
use crate::median::Costs;
use crate::sample::Sample;
use crate::table::Table;
use crate::turns::timed;

/// Requests of each measurement.
const REQUESTS: usize = 2_048;
const ROUNDS: usize = 3;
/// How long a caller waits for the others.
const PATIENCE: Duration = Duration::from_secs(600);

type Outcome = Result<(), Box<dyn Error + Send + Sync>>;

/// Ways to the same grants.
#[derive(Clone, Copy)]
enum Way {
    /// Nothing but the signatures.
    Bound,
    Together,
    OneByOne,
    Tried,
}

pub(crate) fn rows(table: &Table) -> Result<(), Box<dyn Error>> {
    let mut home = prepared(1_000)?;
    let asked = Asked::new(&mut home)?;
    let mut ways = vec![(Way::Bound, 1)];
    for way in [Way::Together, Way::OneByOne, Way::Tried] {
        ways.extend([1, 32, 256].map(|callers| (way, callers)));
    }
    let runs = timed(ROUNDS, &mut ways, |(way, callers), _| {
        let requests = asked.requests()?;
        match way {
            Way::Bound => bound(&requests),
            Way::Together => together(&home, &requests, *callers),
            Way::OneByOne => one_by_one((&home.home, &home.key), &requests, *callers),
            Way::Tried => tried(&mut home, &requests, *callers),
        }
    })?;
    let costs: Vec<_> = runs.iter().map(|runs| Costs::of(runs, REQUESTS as f64)).collect();
    for ((way, callers), cost) in ways.iter().zip(&costs) {
        let of = if *callers == 1 { "1 caller".into() } else { format!("{callers} callers") };
        match way {
            Way::Bound => table.rate("2 checks and a signature on every core, nothing else", "", cost, ""),
            Way::Together => table.share("whole grants, group commit", &of, cost, &costs[0]),
            Way::OneByOne => table.share("whole grants, each a change of its own", &of, cost, &costs[0]),
            Way::Tried => table.rate(
                "grants that are tried: counted and recorded, neither signed nor committed",
                &format!("{callers} in a change"),
                cost,
                "what the ledger costs",
            ),
        }
    }
    Ok(())
}

/// Grants requests that are read, in changes that are taken back: what they cost without any signature.
fn tried(home: &mut Prepared, requests: &[String], together: usize) -> Result<Duration, Box<dyn Error>> {
    let requests: Vec<_> = requests.iter().map(|token| SeatRequest::read(token)).collect::<Result<_, _>>()?;
    let occasion = Occasion { intent: Intent::DryRun, ..occasion()? };
    let began = Instant::now();
    for some in requests.chunks(together) {
        grant(&home.home, &mut home.ledger, &[&home.key], some, None, &occasion)?;
    }
    Ok(began.elapsed())
}

/// Whole grants by callers whose requests are answered together.
fn together(prepared: &Prepared, requests: &[String], callers: usize) -> Result<Duration, Box<dyn Error>> {
    let group = GroupCommit::start(granting(prepared)?)?;
    let began = Instant::now();
    callers_ask(requests, callers, |some| {
        for request in some {
            match group.answer(SeatRequest::read(request)?)? {
                Answer::Given(_) => {}
                Answer::Denied(denied) => return Err(denied.message.into()),
            }
        }
        Ok(())
    })?;
    Ok(began.elapsed())
}

fn granting(prepared: &Prepared) -> Result<Granting, Box<dyn Error>> {
    let home = Home::open(prepared.home.path())?;
    let key = home.keys()?.open_key(&prepared.key.public().thumbprint(), None)?;
    let occasion = occasion()?;
    let clock = Box::new(move || Ok(occasion.clone()));
    Ok(Granting {
        ledger: home.ledger_with_patience(PATIENCE)?,
        home,
        signers: vec![Box::new(key)],
        lease: None,
        clock,
    })
}

/// Each asks for its part of the requests, in a thread of its own.
fn callers_ask(
    requests: &[String],
    callers: usize,
    ask: impl Fn(&[String]) -> Outcome + Sync,
) -> Result<(), Box<dyn Error>> {
    let ask = &ask;
    let outcomes: Vec<Outcome> = thread::scope(|scope| {
        let each = requests.chunks(requests.len().div_ceil(callers));
        let running: Vec<_> = each.map(|some| scope.spawn(move || ask(some))).collect();
        running
            .into_iter()
            .map(|caller| caller.join().unwrap_or_else(|_| Err("a caller failed".into())))
            .collect()
    });
    outcomes.into_iter().collect::<Result<(), _>>().map_err(|error| -> Box<dyn Error> { error })
}

/// Whole grants by callers who each have a connection of their own.
fn one_by_one(
    (home, key): (&Home, &PrivateKey),
    requests: &[String],
    callers: usize,
) -> Result<Duration, Box<dyn Error>> {
    let began = Instant::now();
    callers_ask(requests, callers, |some| ask(home, key, some))?;
    Ok(began.elapsed())
}

fn ask(home: &Home, key: &PrivateKey, requests: &[String]) -> Outcome {
    let mut ledger = home.ledger_with_patience(PATIENCE)?;
    for request in requests {
        let request = SeatRequest::read(request)?;
        let occasion = occasion().map_err(|error| error.to_string())?;
        grant(home, &mut ledger, &[key], &[request], None, &occasion)?;
    }
    Ok(())
}

/// As if grants were nothing but the check of the request, a signature and the check of that, on all cores.
fn bound(requests: &[String]) -> Result<Duration, Box<dyn Error>> {
    let (key, sample) = (SigningKey::from_bytes(&[5; 32]), Sample::new()?);
    let (strict, message) = (key.verifying_key(), sample.token.as_bytes());
    let asked: Signature = key.sign(message);
    let one = || {
        assert!(strict.verify_strict(message, &asked).is_ok());
        assert!(strict.verify_strict(message, &key.sign(message)).is_ok());
    };
    let cores = thread::available_parallelism()?.get();
    let began = Instant::now();
    thread::scope(|scope| {
        let each = requests.chunks(requests.len().div_ceil(cores));
        each.for_each(|some| drop(scope.spawn(|| some.iter().for_each(|_| one()))));
    });
    Ok(began.elapsed())
}

/// A license with any number of seats, and whoever wants one.
struct Asked {
    license: Uuid,
    hash: [u8; 32],
}

impl Asked {
    fn new(home: &mut Prepared) -> Result<Self, Box<dyn Error>> {
        let mut order = order("Many depots")?;
        order.terms.seats = Some(SeatLimit::Unlimited);
        order.terms.overage = Some(0);
        order.terms.activation = Some(ActivationPolicy::Required);
        let issued = issue(&home.home, &mut home.ledger, &home.key, &order, &occasion()?)?;
        Ok(Self { license: issued.signed.license.id, hash: Sha256::digest(&issued.signed.token).into() })
    }

    /// One request of each of so many new deployments.
    fn requests(&self) -> Result<Vec<String>, Box<dyn Error>> {
        (0..REQUESTS).map(|number| self.request(number)).collect()
    }

    fn request(&self, number: usize) -> Result<String, Box<dyn Error>> {
        let key = PrivateKey::generate()?;
        let public: PublicKey = key.public().clone();
        let request = Request {
            deployment: public.thumbprint(),
            issuer: Text::new("acme")?,
            nonce: Uuid::new(&format!("019c1f6a-0800-7c11-9a2b-{number:012x}"))?,
            issued_at: Timestamp::parse(NOW)?,
            kind: RequestKind::Activate,
            license: self.license,
            license_hash: self.hash,
            product: Name::new("dialer")?,
            label: Text::new("Hamburg depot")?,
            counter: 1,
            previous: None,
            validator: Text::new("dialer 7.2")?,
            signals: BTreeMap::new(),
            extensions: Default::default(),
        };
        let unsigned = Unsigned::<Request>::new(Algorithm::EdDsa, &EmbeddedKey(public), &request);
        let signature = Signer::sign(&key, unsigned.signing_input())?;
        Ok(unsigned.with_signature(&signature))
    }
}
