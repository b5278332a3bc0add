//! Reports of use: what is recorded of them, what is odd about them, and which are refused.

use lictor_issuer::audit::{
    ImportedReport, Judged, Manner, Scope, SignedReport, UsageAnomaly, UsageRecord, UsageScope,
    import_reports, is_known, report, usage, visit_usage, visit_use,
};
use lictor_issuer::{
    Amendment, Changes, Earlier, EventKind, Failure, FailureKind, Intent, Issued, Occasion, Outcome as _,
    Request, Terms, amend, check,
};
use lictor_keys::{PrivateKey, Signer as _};
use lictor_shared::json::{Members, Value};
use lictor_shared::{
    Algorithm, Artefact as _, Beginning, EmbeddedKey, Limit, Mode, ModeSince, Name, Peak, Timestamp,
    Unsigned, UsageReport, Uuid, armor, hex,
};
use rusqlite::Connection;
use sha2::{Digest as _, Sha256};
use std::rc::Rc;

use crate::deployment::{Deployment, at};
use crate::support::{NOW, World, name, text, time};

const DAY: u64 = 86_400;
const LATER: &str = "2027-06-01T00:00:00Z";

fn day(day: u64) -> Timestamp {
    Timestamp::from_seconds(time(NOW).seconds() + day * DAY).unwrap()
}

/// A deployment that reports, and what it continues.
struct Reporter {
    key: Rc<PrivateKey>,
    license: Uuid,
    activation: Option<Uuid>,
    sequence: u64,
    previous: Option<String>,
    from: Timestamp,
}

impl Reporter {
    /// One that was given a seat.
    fn seated(world: &mut World, issued: &Issued) -> Self {
        let mut deployment = Deployment::new(issued);
        let given = world.grant(&deployment.activate());
        Self {
            key: Rc::new(deployment.key),
            license: issued.signed.license.id,
            activation: Some(given.serial),
            sequence: 0,
            previous: None,
            from: day(0),
        }
    }

    /// A copy of it, as a restored backup is one.
    fn copied(&self) -> Self {
        Self { key: Rc::clone(&self.key), previous: self.previous.clone(), ..*self }
    }

    fn claims(&self, days: u64) -> UsageReport {
        let to = Timestamp::from_seconds(self.from.seconds() + days * DAY).unwrap();
        UsageReport {
            deployment: self.key.public().thumbprint(),
            issuer: text("acme-licensing"),
            id: Uuid::new(&format!("019c1f6a-0800-7c11-9a2b-{:012x}", self.sequence + 1)).unwrap(),
            issued_at: to,
            license: self.license,
            activation: self.activation,
            product: name("dialer"),
            validator: text("dialer 7.2"),
            sequence: self.sequence + 1,
            previous: self.previous.as_deref().map(bytes),
            from: self.from,
            to,
            beginning: if self.sequence == 0 { Beginning::Start } else { Beginning::Report },
            modes: vec![ModeSince { mode: Mode::Full, reason: None, since: self.from }],
            omitted: 0,
            counters: [(name("agents"), Peak { highest: 7, at: self.from })].into(),
            extensions: Members::new(),
        }
    }

    /// The next report, with changes, as a token.
    fn report(&mut self, days: u64, change: impl FnOnce(&mut UsageReport)) -> String {
        let mut claims = self.claims(days);
        change(&mut claims);
        let token = sign(&self.key, &claims);
        (self.sequence, self.from) = (claims.sequence, claims.to);
        self.previous = Some(sha256(&token));
        token
    }

    fn next(&mut self) -> String {
        self.report(10, |_| ())
    }
}

/// Has a deployment of a license report twice by a program of this name, and gives a third report that nobody has brought.
pub(crate) fn reported(world: &mut World, issued: &Issued, program: &str) -> SignedReport {
    let mut reporter = Reporter::seated(world, issued);
    let [first, second, third] =
        [(); 3].map(|()| reporter.report(10, |claims| claims.validator = text(program)));
    bring(world, &[&first, &second]);
    SignedReport::read(&third).unwrap()
}

fn sign(key: &PrivateKey, claims: &UsageReport) -> String {
    let unsigned = Unsigned::<UsageReport>::new(Algorithm::EdDsa, &EmbeddedKey(key.public().clone()), claims);
    let signature = key.sign(unsigned.signing_input()).unwrap();
    unsigned.with_signature(&signature)
}

fn sha256(token: &str) -> String {
    hex(&Sha256::digest(token))
}

fn bytes(hex: &str) -> [u8; 32] {
    let pair = |at: usize| u8::from_str_radix(&hex[at * 2..at * 2 + 2], 16).unwrap();
    std::array::from_fn(pair)
}

fn read(tokens: &[&String]) -> Vec<SignedReport> {
    tokens.iter().map(|token| SignedReport::read(token).unwrap()).collect()
}

#[track_caller]
fn bring(world: &mut World, tokens: &[&String]) -> Vec<ImportedReport> {
    import_reports(&world.home, &mut world.ledger, &read(tokens), &at(LATER)).unwrap().reports
}

/// What is odd about one report that is brought alone.
#[track_caller]
fn odd(world: &mut World, token: &String) -> Vec<&'static str> {
    let mut reports = bring(world, &[token]);
    let report = reports.pop().unwrap();
    assert_eq!(report.manner, Manner::Recorded);
    check(&world.ledger).unwrap();
    report.anomalies.iter().map(|word| word.as_str()).collect()
}

fn refused(world: &mut World, token: &str) -> Failure {
    let report = match SignedReport::read(token) {
        Ok(report) => report,
        Err(failure) => return failure,
    };
    let before = world.ledger.events(1).count();
    let known = is_known(&world.home, &world.ledger, &report).unwrap_err();
    let imported = import_reports(&world.home, &mut world.ledger, &[report], &at(LATER)).unwrap_err();
    assert_eq!(known.message, imported.message);
    assert_eq!(world.ledger.events(1).count(), before);
    imported
}

const PLAIN: [&str; 0] = [];

#[test]
fn a_report_is_recorded_once_with_what_it_says() {
    let mut world = World::new();
    let issued = world.seats(2, 0);
    let mut reporter = Reporter::seated(&mut world, &issued);
    let first = reporter.report(10, |report| {
        let reason = Name::new("status_overdue").ok();
        report.modes.push(ModeSince { mode: Mode::Grace, reason, since: day(7) });
        report.counters.insert(name("sha256"), Peak { highest: 1, at: day(1) });
    });
    assert_eq!(odd(&mut world, &first), PLAIN);
    let event = world.events_of(EventKind::UsageReported).pop().unwrap();
    let expected = format!(
        r#"{{"activation":"{}","after":null,"anomalies":[],"begins":"start","beyond":{{}},"counters":{{"agents":7,"sha256":1}},"deployment":"{}","from":{},"issuedAt":{},"license":"{}","modes":{{"full":{},"grace":{}}},"omitted":0,"previous":null,"product":"dialer","report":"019c1f6a-0800-7c11-9a2b-000000000001","sequence":1,"to":{},"tokenSha256":"{}"}}"#,
        reporter.activation.unwrap(),
        reporter.key.public().thumbprint(),
        day(0).seconds(),
        day(10).seconds(),
        issued.signed.license.id,
        7 * DAY,
        3 * DAY,
        day(10).seconds(),
        sha256(&first),
    );
    assert_eq!(Value::from(event.body).to_string(), expected);
    // The same again, alone and with another.
    let events = world.ledger.events(1).count();
    assert_eq!(bring(&mut world, &[&first])[0].manner, Manner::Known);
    assert_eq!(world.ledger.events(1).count(), events);
    let second = reporter.next();
    let manners: Vec<Manner> =
        bring(&mut world, &[&first, &second, &second]).iter().map(|report| report.manner).collect();
    assert_eq!(manners, [Manner::Known, Manner::Recorded, Manner::Known]);
    assert_eq!(world.ledger.events(1).count(), events + 1);
    let records = usage(&world.ledger, Some(reporter.license)).unwrap();
    assert_eq!(records.iter().map(|record| record.token.clone()).collect::<Vec<_>>(), [first, second]);
    assert_eq!(armor::unwrap(records[0].armored().as_bytes(), UsageReport::LABEL), records[0].token);
    assert_eq!(check(&world.ledger).unwrap().erased, 0);
}

#[test]
fn reports_that_are_brought_together_are_in_order() {
    let mut world = World::new();
    let issued = world.seats(2, 0);
    let mut reporter = Reporter::seated(&mut world, &issued);
    let tokens = [reporter.next(), reporter.next(), reporter.next()];
    let reports = bring(&mut world, &[&tokens[2], &tokens[0], &tokens[1]]);
    assert!(reports.iter().all(|report| report.anomalies.is_empty()), "{reports:?}");
    let numbers: Vec<u64> = reports.iter().map(|report| report.claims.sequence).collect();
    assert_eq!(numbers, [3, 1, 2], "told in the order in which they were brought");
    let file = tokens.iter().map(|token| armor::wrap(UsageReport::LABEL, token)).collect::<String>();
    assert_eq!(SignedReport::read_all(file.as_bytes()).unwrap().len(), 3);
    check(&world.ledger).unwrap();
}

#[test]
fn a_gap_is_told_and_filled_by_late_reports() {
    let mut world = World::new();
    let issued = world.seats(2, 0);
    let mut reporter = Reporter::seated(&mut world, &issued);
    let tokens: Vec<String> = (0..6).map(|_| reporter.next()).collect();
    assert_eq!(odd(&mut world, &tokens[0]), PLAIN);
    let gap = bring(&mut world, &[&tokens[4]]).pop().unwrap();
    assert_eq!((&gap.anomalies[..], gap.after), (&[UsageAnomaly::Gap][..], Some(1)));
    // The gap is behind it, not before it.
    assert_eq!(odd(&mut world, &tokens[5]), PLAIN);
    assert_eq!(odd(&mut world, &tokens[3]), ["gap", "late"]);
    assert_eq!(odd(&mut world, &tokens[1]), ["late"]);
    assert_eq!(odd(&mut world, &tokens[2]), ["late"]);
    // The first one that is seen of a deployment.
    let mut other = Reporter::seated(&mut world, &issued);
    let _lost = other.next();
    let second = other.next();
    assert_eq!(odd(&mut world, &second), ["gap"]);
}

/// What is odd in the report, with how often and by which events.
fn told(world: &World) -> Vec<(String, u64, Vec<u64>)> {
    let mut found = Vec::new();
    let judged = Judged { at: time(LATER), silent_after: lictor_shared::Seconds::new(90 * DAY).unwrap() };
    visit_use(&world.ledger, &Scope::default(), judged, &mut |used| {
        found.extend(used.oddities.iter().map(|odd| (odd.kind.to_string(), odd.times, odd.events.clone())));
        Ok(())
    })
    .unwrap();
    found
}

#[test]
fn what_is_odd_in_reports_is_told_until_a_gap_is_filled() {
    let mut world = World::new();
    let issued = world.seats(2, 0);
    let mut reporter = Reporter::seated(&mut world, &issued);
    let tokens: Vec<String> = (0..5).map(|_| reporter.next()).collect();
    let first = world.ledger.tree().head().unwrap().0 + 1;
    let said =
        |kind: &str, events: &[u64]| (kind.to_owned(), u64::try_from(events.len()).unwrap(), events.to_vec());
    bring(&mut world, &[&tokens[0]]);
    assert_eq!(told(&world), []);
    bring(&mut world, &[&tokens[4]]);
    assert_eq!(told(&world), [said("gap", &[first + 1])]);
    // The fourth closes the gap before the fifth, and has one itself.
    bring(&mut world, &[&tokens[3]]);
    assert_eq!(told(&world), [said("gap", &[first + 2]), said("late", &[first + 2])]);
    bring(&mut world, &[&tokens[1]]);
    assert_eq!(told(&world), [said("gap", &[first + 2]), said("late", &[first + 2, first + 3])]);
    bring(&mut world, &[&tokens[2]]);
    assert_eq!(told(&world), [said("late", &[first + 2, first + 3, first + 4])]);
    let closed = |record: &UsageRecord| record.closed(&world.ledger).unwrap();
    let records = usage(&world.ledger, None).unwrap();
    let gap = Some(UsageAnomaly::Gap);
    assert_eq!(records.iter().map(closed).collect::<Vec<_>>(), [None, gap, gap, None, None]);
    check(&world.ledger).unwrap();
}

/// Whoever fills the place of the one that is missing does not fill the gap, if he is another one.
#[test]
fn a_copy_fills_no_gap() {
    let mut world = World::new();
    let issued = world.seats(2, 0);
    let mut reporter = Reporter::seated(&mut world, &issued);
    let first = reporter.next();
    let mut copy = reporter.copied();
    let (second, third) = (reporter.next(), reporter.next());
    bring(&mut world, &[&first, &third]);
    let another = copy.report(9, |_| ());
    bring(&mut world, &[&another]);
    let kinds = |world: &World| told(world).into_iter().map(|(kind, ..)| kind).collect::<Vec<_>>();
    assert_eq!(kinds(&world), ["gap", "late", "rewind"]);
    bring(&mut world, &[&second]);
    assert_eq!(kinds(&world), ["late", "rewind", "overlap"]);
}

#[test]
fn an_oddity_of_reports_is_explained_and_bears_the_label() {
    let mut world = World::new();
    let issued = world.seats(2, 0);
    let mut reporter = Reporter::seated(&mut world, &issued);
    let (_lost, second) = (reporter.next(), reporter.next());
    bring(&mut world, &[&second]);
    let mut found = Vec::new();
    let judged = Judged { at: time(LATER), silent_after: lictor_shared::Seconds::new(90 * DAY).unwrap() };
    visit_use(&world.ledger, &Scope::default(), judged, &mut |used| {
        found.extend(used.oddities.clone());
        Ok(())
    })
    .unwrap();
    let label = Deployment::new(&issued).label;
    assert_eq!((found.len(), found[0].label.as_deref()), (1, Some(label.as_str())));
    assert_eq!(found[0].deployment, Some(reporter.key.public().thumbprint()));
    assert_eq!(
        found[0].explanation(),
        "Reports between the last one before it and this one were not brought. So it was with 1 report of use, brought on 2027-06-01."
    );
}

#[test]
fn a_deployment_is_heard_of_by_its_reports() {
    // Brought on the same day: 20 days reported, and 400, by a clock that is ahead.
    for (days, heard, is_silent) in [(20, day(20), true), (150, day(150), false), (400, time(LATER), false)] {
        let mut world = World::new();
        let issued = world.seats(2, 0);
        let mut reporter = Reporter::seated(&mut world, &issued);
        let token = reporter.report(days, |_| ());
        bring(&mut world, &[&token]);
        let judged = Judged { at: time(LATER), silent_after: lictor_shared::Seconds::new(90 * DAY).unwrap() };
        visit_use(&world.ledger, &Scope::default(), judged, &mut |used| {
            assert_eq!(used.last_heard(&used.deployments[0]), heard, "{days}");
            assert_eq!(used.silent().count(), usize::from(is_silent), "{days}");
            Ok(())
        })
        .unwrap();
        let told = report(&world.ledger, judged, &mut |_| Ok(())).unwrap();
        assert_eq!((told.silent.total(), told.reports), (u64::from(is_silent), 1));
    }
}

#[test]
fn only_the_reports_that_are_meant_are_visited() {
    let mut world = World::new();
    let issued = world.seats(3, 0);
    for _ in 0..3 {
        let mut reporter = Reporter::seated(&mut world, &issued);
        let tokens = [reporter.next(), reporter.next()];
        bring(&mut world, &[&tokens[0], &tokens[1]]);
    }
    let visited = |scope: UsageScope| {
        let mut found = Vec::new();
        visit_usage(&world.ledger, &scope, &mut |record| {
            found.push((record.license, record.deployment, record.sequence));
            Ok(())
        })
        .unwrap();
        found
    };
    let all = visited(UsageScope::default());
    assert_eq!(all.len(), 6);
    let ids: Vec<String> = all.iter().map(|(_, id, _)| id.to_string()).collect();
    assert!(ids.is_sorted() && all.iter().map(|(.., number)| *number).eq([1, 2, 1, 2, 1, 2]), "{all:?}");
    assert_eq!(visited(UsageScope { most: Some(2), ..UsageScope::default() }), all[..4]);
    assert_eq!(visited(UsageScope { most: Some(0), ..UsageScope::default() }), []);
    let after = Some((all[0].0, all[0].1));
    assert_eq!(visited(UsageScope { after, most: Some(1), ..UsageScope::default() }), all[2..4]);
    let second = Uuid::new("019c1f6a-0800-7c11-9a2b-000000000002").ok();
    assert_eq!(visited(UsageScope { report: second, ..UsageScope::default() }).len(), 3);
    let nobody = Uuid::new("019c1f6a-0800-7c11-9a2b-0000000000ff").ok();
    assert_eq!(visited(UsageScope { license: nobody, ..UsageScope::default() }), []);
}

#[test]
fn a_copied_deployment_is_seen() {
    let mut world = World::new();
    let issued = world.seats(2, 0);
    let mut reporter = Reporter::seated(&mut world, &issued);
    let first = reporter.next();
    let mut copy = reporter.copied();
    assert_eq!(odd(&mut world, &first), PLAIN);
    let second = reporter.next();
    assert_eq!(odd(&mut world, &second), PLAIN);
    // The copy has a second one of its own.
    let another = copy.report(20, |_| ());
    assert_eq!(odd(&mut world, &another), ["rewind", "overlap"]);
    // The third of the one follows its second; the copy's third is one too many.
    let third = reporter.next();
    assert_eq!(odd(&mut world, &third), ["overlap"]);
    let third = copy.next();
    assert_eq!(odd(&mut world, &third), ["rewind"]);
}

#[test]
fn a_restored_or_emptied_deployment_is_seen() {
    let mut world = World::new();
    let issued = world.seats(4, 0);
    let mut reporter = Reporter::seated(&mut world, &issued);
    let mut backup = reporter.copied();
    let tokens = [reporter.next(), reporter.next()];
    bring(&mut world, &[&tokens[0], &tokens[1]]);
    // Its record was deleted: it begins again at 1, later.
    backup.from = day(30);
    let anew = backup.report(5, |report| report.beginning = Beginning::Gap);
    assert_eq!(odd(&mut world, &anew), ["rewind", "record_lost"]);
    // Its number is the next one, and it does not follow.
    let mut stray = reporter.copied();
    stray.previous = Some("0".repeat(64));
    let third = stray.next();
    assert_eq!(odd(&mut world, &third), ["rewind"]);
    // A late one that the one behind it does not name.
    let mut other = Reporter::seated(&mut world, &issued);
    let (first, mut copy) = (other.next(), other.copied());
    let (_lost, third) = (other.next(), other.next());
    bring(&mut world, &[&first, &third]);
    let second = copy.report(10, |report| report.counters.clear());
    assert_eq!(odd(&mut world, &second), ["late", "rewind"]);
    // One whose period lies before that of the one that it follows, and one whose period is within another.
    for (from, days) in [(1, 2), (9, 3)] {
        let mut backwards = Reporter::seated(&mut world, &issued);
        backwards.from = day(5);
        let first = backwards.next();
        assert_eq!(odd(&mut world, &first), PLAIN);
        backwards.from = day(from);
        let second = backwards.report(days, |_| ());
        assert_eq!(odd(&mut world, &second), ["overlap"]);
    }
}

#[test]
fn counters_are_held_against_the_limits_of_their_time() {
    let mut world = World::new();
    let limits = [(name("agents"), Limit::AtMost(10)), (name("rooms"), Limit::Unlimited)];
    let issued = world.issue(|order| {
        order.terms.limits = Some(limits.into());
        order.terms.seats = Some(lictor_shared::SeatLimit::AtMost(2));
    });
    let mut reporter = Reporter::seated(&mut world, &issued);
    let mut count = |world: &mut World, agents: u64| {
        let token = reporter.report(10, |report| {
            let peak = |highest| Peak { highest, at: report.from };
            report.counters =
                [(name("agents"), peak(agents)), (name("rooms"), peak(1 << 40)), (name("else"), peak(9))]
                    .into();
        });
        bring(world, &[&token]).pop().unwrap()
    };
    assert_eq!(count(&mut world, 10).anomalies, []);
    let over = count(&mut world, 11);
    assert_eq!(over.anomalies, [UsageAnomaly::OverLimit]);
    assert_eq!(over.beyond, [(name("agents"), 10)].into());
    // More were bought meanwhile: in force from the twentieth-fifth day on, within the period.
    let terms = Terms { limits: Some([(name("agents"), Limit::AtMost(20))].into()), ..Terms::default() };
    let changes = Changes { terms, ..Changes::default() };
    let amendment = Amendment { changes, earlier: Earlier::Keep };
    let id = issued.signed.license.id.to_string();
    let when = at(&day(25).to_string());
    amend(&world.home, &mut world.ledger, &world.key, &id, &amendment, &when).unwrap();
    assert_eq!(count(&mut world, 15).anomalies, []);
    assert_eq!(count(&mut world, 21).beyond, [(name("agents"), 20)].into());
    check(&world.ledger).unwrap();
}

type Change<'c> = &'c dyn Fn(&mut UsageReport);

#[test]
fn dates_and_activations_that_cannot_be_are_told() {
    let mut world = World::new();
    let issued = world.seats(3, 0);
    let later = time(LATER).seconds();
    let at = |seconds: u64| Timestamp::from_seconds(seconds).unwrap();
    let other = Reporter::seated(&mut world, &issued);
    let changes: [(Change<'_>, &[&str]); 7] = [
        (&|report| report.issued_at = at(later + DAY), &[]),
        (&|report| report.issued_at = at(later + DAY + 1), &["ahead"]),
        (&|report| (report.issued_at, report.to) = (at(later), at(later + DAY)), &[]),
        (
            &|report| (report.issued_at, report.to) = (at(later), at(later + DAY + 1)),
            &["ahead", "clock_behind"],
        ),
        (&|report| report.issued_at = at(report.to.seconds() - DAY - 1), &["clock_behind"]),
        (&|report| report.activation = other.activation, &["foreign_activation"]),
        (&|report| report.activation = None, &[]),
    ];
    for (change, words) in changes {
        let mut world = World::new();
        let issued = world.seats(3, 0);
        let mut reporter = Reporter::seated(&mut world, &issued);
        let token = reporter.report(10, change);
        assert_eq!(odd(&mut world, &token), words);
    }
}

#[test]
fn who_is_not_known_is_refused() {
    let mut world = World::new();
    let issued = world.seats(1, 0);
    let mut reporter = Reporter::seated(&mut world, &issued);
    let token = reporter.copied().report(10, |report| report.issuer = text("other-licensing"));
    let failure = refused(&mut world, &token);
    assert_eq!(failure.kind, FailureKind::NotFound);
    assert!(failure.message.contains("\"other-licensing\""), "{}", failure.message);
    // A license of ours that it never had a seat of, one of nobody's, and a deployment without a seat.
    let another = world.seats(1, 0).signed.license.id;
    let nobody = Uuid::new("019c1f6a-0800-7c11-9a2b-0000000000ff").unwrap();
    for license in [another, nobody] {
        let token = reporter.copied().report(10, |report| report.license = license);
        assert_eq!(refused(&mut world, &token).kind, FailureKind::NotFound);
    }
    let mut unseated = reporter.copied();
    unseated.key = Rc::new(PrivateKey::generate().unwrap());
    let failure = refused(&mut world, &unseated.next());
    assert!(failure.message.contains("ever held a seat"), "{}", failure.message);
    let token = reporter.copied().report(10, |report| report.product = name("desk"));
    assert_eq!(refused(&mut world, &token).kind, FailureKind::Conflict);
    // One that cannot be recorded takes the others with it.
    let (good, bad) = (reporter.next(), unseated.next());
    let reports = read(&[&good, &bad]);
    let events = world.ledger.events(1).count();
    assert!(import_reports(&world.home, &mut world.ledger, &reports, &at(LATER)).is_err());
    assert_eq!((usage(&world.ledger, None).unwrap().len(), world.ledger.events(1).count()), (0, events));
    // A seat that was given back does not take back what was reported.
    assert_eq!(odd(&mut world, &good), PLAIN);
}

#[test]
fn what_was_changed_on_its_way_is_refused() {
    let mut world = World::new();
    let issued = world.seats(1, 0);
    let mut reporter = Reporter::seated(&mut world, &issued);
    let token = reporter.next();
    for at in 0..token.len() {
        let mut changed = token.clone().into_bytes();
        changed[at] ^= 1;
        let failure = SignedReport::read(&String::from_utf8(changed).unwrap()).expect_err("a flipped bit");
        assert_eq!(failure.kind, FailureKind::CannotRead, "{at}");
    }
    // Signed by another key than the one that it speaks for.
    let forged = sign(&PrivateKey::generate().unwrap(), &reporter.claims(1));
    assert!(SignedReport::read(&forged).unwrap_err().message.contains("is signed by"));
    for (file, words) in [
        (String::new(), "it is empty"),
        (armor::wrap(lictor_shared::Label::License, "a.b.c"), "it is a license"),
        (armor::wrap(lictor_shared::Label::ActivationRequest, "a.b.c"), "it is an activation request"),
        (token[..token.len() - 1].into(), "changed on its way"),
        (issued.signed.token.clone(), "changed on its way"),
        (
            armor::wrap(UsageReport::LABEL, &token) + &armor::wrap(UsageReport::LABEL, "a.b.c"),
            "report 2 of 2",
        ),
    ] {
        let failure = SignedReport::read_all(file.as_bytes()).unwrap_err();
        assert!(failure.message.contains(words), "{words}: {}", failure.message);
    }
}

#[test]
fn once_means_once_and_a_dry_run_nothing() {
    let mut world = World::new();
    let issued = world.seats(1, 0);
    let mut reporter = Reporter::seated(&mut world, &issued);
    let token = reporter.next();
    let reports = read(&[&token]);
    let dry = Occasion { intent: Intent::DryRun, ..at(LATER) };
    import_reports(&world.home, &mut world.ledger, &reports, &dry).unwrap();
    assert_eq!(usage(&world.ledger, None).unwrap().len(), 0);
    let request = Request::new(text("may"), &Value::Null);
    let once = Occasion { intent: Intent::MakeOnce(request), ..at(LATER) };
    let imported = import_reports(&world.home, &mut world.ledger, &reports, &once).unwrap();
    assert_eq!(world.ledger.answer(&once).unwrap(), Some(imported.answer()));
    check(&world.ledger).unwrap();
}

#[test]
fn every_row_that_was_changed_is_named() {
    for (change, named) in [
        ("SET sha256 = replace(sha256, substr(sha256, 1, 1), 'x')", "is missing"),
        ("SET seq = seq - 1 WHERE sequence = 1", "is missing"),
        ("SET license_id = '019c1f6a-0800-7c11-9a2b-0000000000ff'", "deployment"),
        ("SET deployment = 'kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k'", "deployment"),
        ("SET report = '019c1f6a-0800-7c11-9a2b-0000000000ff'", "report"),
        ("SET sequence = 7 WHERE sequence = 2", "sequence"),
        ("SET previous = 'x' WHERE sequence = 2", "previous"),
        ("SET from_at = from_at - 1", "from"),
        ("SET to_at = to_at + 1", "to"),
        ("SET anomalies = '[\"gap\"]'", "anomalies"),
        ("SET token = token || 'A'", "tokenSha256"),
    ] {
        let mut world = World::new();
        let issued = world.seats(1, 0);
        let mut reporter = Reporter::seated(&mut world, &issued);
        let tokens = [reporter.next(), reporter.next()];
        bring(&mut world, &[&tokens[0], &tokens[1]]);
        check(&world.ledger).unwrap();
        let intruder = Connection::open(world.ledger.path()).unwrap();
        let refused = intruder.execute(&format!("UPDATE usage_report {change}"), ()).unwrap_err();
        assert!(refused.to_string().contains("kept as it was brought"), "{refused}");
        intruder
            .execute_batch("PRAGMA foreign_keys = OFF; DROP TRIGGER usage_report_is_never_changed")
            .unwrap();
        intruder.execute(&format!("UPDATE usage_report {change}"), ()).unwrap();
        let failure = check(&world.ledger).expect_err(change);
        assert_eq!(failure.exit_code(), 32, "{change}");
        assert!(failure.message.contains(named), "{change}: {}", failure.message);
    }
}

#[test]
fn rows_that_no_event_tells_of_are_named() {
    let mut world = World::new();
    let issued = world.seats(1, 0);
    let mut reporter = Reporter::seated(&mut world, &issued);
    let token = reporter.next();
    bring(&mut world, &[&token]);
    let intruder = Connection::open(world.ledger.path()).unwrap();
    let copy = "INSERT INTO usage_report SELECT replace(sha256, substr(sha256, 1, 1), 'x'), seq - 1, license_id, deployment, \
        report, sequence, previous, from_at, to_at, anomalies, token FROM usage_report";
    intruder.execute(copy, ()).unwrap();
    let failure = check(&world.ledger).unwrap_err();
    assert!(failure.message.contains("usage_report has 2 rows"), "{}", failure.message);
}
