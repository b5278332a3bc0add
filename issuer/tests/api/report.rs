//! The report to an auditor: every number in it is that of a history that was written by hand.

use lictor_issuer::activation::{Given, revoke_seat};
use lictor_issuer::audit::{
    CustomerScope, CustomerUse, Horizon, Judged, Month, OddityKind, Report, Scope, SeatOddity, Top, report,
    visit_customer_use, visit_use,
};
use lictor_issuer::terms::{FromText as _, TermLength};
use lictor_issuer::{
    EventKind, Issued, LicenseState, Order, RevocationReason, Running, check, erase_customer, revoke,
    suspend, visit_customers,
};
use lictor_shared::{Name, SeatLimit, Seconds, Timestamp};
use rusqlite::Connection;
use std::collections::BTreeSet;

use crate::deployment::{Deployment, at};
use crate::support::{NOW, World, text, time};

/// Three months after the first license.
const THEN: &str = "2027-03-10T00:00:00Z";

/// A name as nobody should have it, of all that a name can be.
const HOSTILE: &str = "<script>alert('x')</script> & \"Söhne\" شركة 🦀";

fn judged() -> Judged {
    Judged { at: time(THEN), silent_after: Seconds::new(90 * 86_400).unwrap() }
}

fn gathered(world: &World) -> Report {
    report(&world.ledger, judged(), &mut |_| Ok(())).unwrap()
}

impl World {
    fn sold(&mut self, customer: &str, seats: (u64, u64), change: impl FnOnce(&mut Order)) -> Issued {
        self.issue(|order| {
            order.customer = text(customer);
            order.terms.seats = Some(SeatLimit::AtMost(seats.0));
            order.terms.overage = Some(seats.1);
            order.terms.activation = Some(lictor_shared::ActivationPolicy::Required);
            change(order);
        })
    }

    fn joins(&mut self, issued: &Issued, label: &str, when: &str) -> (Deployment, Given) {
        let mut deployment = Deployment { label: text(label), ..Deployment::new(issued) };
        let given = self.asks(&mut deployment, when);
        (deployment, given)
    }

    fn asks(&mut self, deployment: &mut Deployment, when: &str) -> Given {
        let request = deployment.activate_at(when);
        let given = self.grant_at(&request, when);
        deployment.take(&given);
        given
    }
}

/// Six licenses: Nordwind uses three of two seats, and was denied three times; one of its deployments has been copied. A seat of
/// the hostile name was taken away, and given again. Gone is suspended and holds a seat; Ever has no end, and gave its seat back;
/// Soon ends within 30 days, and Past was revoked.
fn busy() -> World {
    let mut world = World::new();
    let nordwind = world.sold("Nordwind GmbH", (2, 1), |_| ());
    let hostile = world.sold(HOSTILE, (10, 0), |_| ());
    let gone = world.sold("Gone AG", (5, 0), |_| ());
    let perpetual = |order: &mut Order| {
        order.terms.term = Some(TermLength::from_text("perpetual").unwrap());
        order.terms.seats = Some(SeatLimit::Unlimited);
        order.terms.overage = Some(0);
    };
    let ever = world.sold("Ever Ltd", (1, 0), perpetual);
    world.issue(|order| {
        order.customer = text("Soon KG");
        order.terms.term = Some(TermLength::from_text("120d").unwrap());
    });
    let past = world.issue(|order| order.customer = text("Past SA"));

    let (mut copied, _) = world.joins(&nordwind, "Kiel", "2026-11-22T00:00:00Z");
    world.joins(&gone, "Bremen", "2026-11-30T00:00:00Z");
    world.joins(&nordwind, "Husum", "2026-12-05T00:00:00Z");
    world.joins(&nordwind, "Emden", "2026-12-06T00:00:00Z");
    let (mut leaving, _) = world.joins(&ever, "Leer", "2026-12-07T00:00:00Z");
    let release = leaving
        .ask(lictor_shared::RequestKind::Release, |request| request.issued_at = time("2026-12-20T00:00:00Z"));
    world.grant_at(&release, "2026-12-20T00:00:00Z");
    let mut denied = Deployment { label: text("Too many"), ..Deployment::new(&nordwind) };
    for when in ["2027-01-08T00:00:00Z", "2027-01-09T00:00:00Z", "2027-01-10T00:00:00Z"] {
        let request = denied.activate_at(when);
        world.deny_at(&request, when);
    }
    let (mut taken, _) = world.joins(&hostile, HOSTILE, "2027-01-15T00:00:00Z");
    world.asks(&mut copied, "2027-02-01T00:00:00Z");
    copied.previous = None;
    world.asks(&mut copied, "2027-02-02T00:00:00Z");
    let id = taken.key.public().thumbprint().to_string();
    revoke_seat(&mut world.ledger, (&id, None), None, &at("2027-02-10T00:00:00Z")).unwrap();
    world.asks(&mut taken, "2027-02-20T00:00:00Z");
    let id = |issued: &Issued| issued.signed.license.id.to_string();
    suspend(&mut world.ledger, &id(&gone), None, &at("2027-03-01T00:00:00Z")).unwrap();
    let reason = RevocationReason::Other;
    revoke(&mut world.ledger, &id(&past), reason, None, &at("2027-03-02T00:00:00Z")).unwrap();
    world
}

#[test]
fn its_numbers_are_those_of_the_history() {
    let world = busy();
    let told = gathered(&world);
    let states: Vec<(&str, u64)> =
        told.states.iter().map(|(state, count)| (state.as_str(), *count)).collect();
    assert_eq!(states, [("active", 4), ("suspended", 1), ("revoked", 1)]);
    assert_eq!((told.licenses(), told.customers), (6, 6));
    // Nordwind 3, the hostile one 1, Gone 1.
    assert_eq!((told.seats.used, told.seats.beyond, told.seats.licenses_beyond), (5, 1, 1));
    // Of Nordwind's 2 and the hostile one's 10; Ever and Soon have any number.
    assert_eq!((told.seats.limit, told.seats.used_of_limit, told.seats.unlimited), (12, 3, 2));
    assert_eq!(Horizon::ALL.map(|horizon| told.ending_within(horizon)), [1, 1, 1]);
    let calendar: Vec<(String, u64)> =
        told.calendar.iter().map(|(month, count)| (month.to_string(), *count)).collect();
    assert_eq!((calendar.len(), calendar[0].0.as_str(), calendar[11].0.as_str()), (12, "2027-03", "2028-02"));
    let ends: Vec<&(String, u64)> = calendar.iter().filter(|(_, count)| *count > 0).collect();
    assert_eq!(ends, [&("2027-03".to_owned(), 1), &("2027-11".to_owned(), 3)]);
    assert_eq!(told.beyond_calendar, (0, 1), "Ever never ends");
    let months: Vec<_> = told
        .seats_over_time()
        .into_iter()
        .map(|(month, flow, in_use)| {
            (month.to_string(), [flow.granted, flow.released, flow.revoked, flow.denied, in_use])
        })
        .collect();
    let expected = [
        ("2026-11", [2, 0, 0, 0, 2]),
        ("2026-12", [3, 1, 0, 0, 4]),
        ("2027-01", [1, 0, 0, 3, 5]),
        ("2027-02", [1, 0, 1, 0, 5]),
        ("2027-03", [0, 0, 0, 0, 5]),
    ];
    assert_eq!(months, expected.map(|(month, numbers)| (month.to_owned(), numbers)));
    assert_eq!(told.denied(), 3);
    let denied = told.denials["seats_exhausted"];
    assert_eq!((denied.times, denied.last), (3, time("2027-01-10T00:00:00Z")));
    let silent: Vec<&str> = told.silent.rows().map(|(_, deployment, _)| deployment.label.as_str()).collect();
    assert_eq!(silent, ["Bremen", "Husum", "Emden"], "the longest silence first");
    let by_use: Vec<&str> = told.by_use.rows().map(|licensed| licensed.customer.as_str()).collect();
    // Nordwind uses three of two, Gone one of five, the hostile one one of ten; the others have any number, and use none.
    assert_eq!((by_use.len(), &by_use[..3]), (6, &["Nordwind GmbH", "Gone AG", HOSTILE][..]));
}

#[test]
fn what_is_odd_is_explained_with_its_events() {
    let world = busy();
    let told = gathered(&world);
    let odd: Vec<_> = told.oddities.iter().map(|(kind, odd)| (kind.as_str(), odd.total())).collect();
    let once = ["held_while_suspended", "beyond_limit", "forked", "granted_after_revocation", "denied_again"];
    assert_eq!(odd, once.map(|kind| (kind, 1)));
    for (_, oddity) in told.oddities.values().flat_map(Top::rows) {
        let events: Vec<_> =
            oddity.events.iter().map(|seq| world.ledger.events(*seq).next().unwrap().unwrap()).collect();
        let OddityKind::Seats(odd) = oddity.kind else { panic!("{oddity:?}") };
        let (kinds, words): (Vec<EventKind>, &str) = match odd {
            SeatOddity::HeldWhileSuspended => (
                vec![EventKind::LicenseSuspended],
                "1 seat of a license that is suspended since 2027-03-01: still held, and taken up again if it is reinstated.",
            ),
            SeatOddity::BeyondLimit => (
                vec![EventKind::ActivationGranted],
                "1 seat was granted beyond the limit, as the overage of the license allows, last on 2026-12-06. 1 in use beyond it now.",
            ),
            SeatOddity::Forked => (
                vec![EventKind::ActivationRenewed],
                "1 request did not follow from what the deployment had been given, last on 2027-02-02: two copies of it run, or it was restored from a backup. Ask the customer which.",
            ),
            SeatOddity::GrantedAfterRevocation => (
                vec![EventKind::ActivationGranted],
                "Its seat was taken away, and it was given one again, last on 2027-02-20. See that this was meant.",
            ),
            _ => (
                vec![EventKind::ActivationDenied; 3],
                "It was denied 3 times, last on 2027-01-10. Somebody waits for an answer that this license does not give.",
            ),
        };
        assert_eq!(events.iter().map(|event| event.kind).collect::<Vec<_>>(), kinds, "{oddity:?}");
        assert_eq!(oddity.explanation(), words);
        assert_eq!(
            oddity.last,
            if kinds[0] == EventKind::LicenseSuspended {
                time("2027-03-01T00:00:00Z")
            } else {
                events.last().unwrap().at
            }
        );
    }
    let labels: Vec<_> =
        told.oddities.values().flat_map(Top::rows).map(|(_, oddity)| oddity.label.as_deref()).collect();
    assert_eq!(labels, [None, None, Some("Kiel"), Some(HOSTILE), Some("Too many")]);
}

/// Whatever its parts say one by one, together they say what the events and the check say.
#[test]
fn it_agrees_with_the_check_and_with_the_events() {
    let world = busy();
    let told = gathered(&world);
    assert_eq!(told.checked, check(&world.ledger).unwrap());
    assert_eq!(told.head, world.ledger.tree().head().unwrap());
    assert_eq!((told.checked.licenses, told.checked.events), (told.licenses(), told.head.0));
    let of = |kind| u64::try_from(world.events_of(kind).len()).unwrap();
    let sum = |part: fn(&lictor_issuer::audit::Flow) -> u64| told.months.values().map(part).sum::<u64>();
    assert_eq!(sum(|flow| flow.granted), of(EventKind::ActivationGranted));
    assert_eq!(sum(|flow| flow.released), of(EventKind::ActivationReleased));
    assert_eq!(sum(|flow| flow.revoked), of(EventKind::ActivationRevoked));
    assert_eq!(sum(|flow| flow.denied), of(EventKind::ActivationDenied));
    assert_eq!(told.seats_over_time().last().unwrap().2, told.seats.used);
    assert_eq!(told.states[&LicenseState::Revoked], of(EventKind::LicenseRevoked));
}

#[test]
fn of_a_damaged_ledger_there_is_none() {
    for change in [
        "UPDATE seat_count SET active = 0 WHERE active = 3",
        "UPDATE deployment SET forks = 0",
        "UPDATE revision SET exp = exp + 1",
    ] {
        let world = busy();
        let intruder = Connection::open(world.ledger.path()).unwrap();
        intruder.execute_batch(change).unwrap();
        let failure = report(&world.ledger, judged(), &mut |_| Ok(())).expect_err(change);
        assert_eq!(failure.exit_code(), 32, "{change}: {}", failure.message);
        assert_eq!(failure.message, check(&world.ledger).expect_err(change).message);
    }
}

#[test]
fn only_those_that_are_meant_are_visited() {
    let world = busy();
    let visited = |scope: &Scope| {
        let mut customers = Vec::new();
        visit_use(&world.ledger, scope, judged(), &mut |used| {
            customers.push(used.license.customer.to_string());
            Ok(())
        })
        .unwrap();
        customers
    };
    let all = visited(&Scope::default());
    assert_eq!(all.len(), 6);
    assert_eq!(visited(&Scope { customer: Some(text(HOSTILE)), ..Scope::default() }), [HOSTILE]);
    assert_eq!(visited(&Scope { product: Name::new("crm").ok(), ..Scope::default() }), [""; 0]);
    assert_eq!(visited(&Scope { most: Some(2), ..Scope::default() }), all[..2]);
    let mut ids = Vec::new();
    let scope = Scope::default();
    visit_use(&world.ledger, &scope, judged(), &mut |used| {
        ids.push(used.license.id);
        Ok(())
    })
    .unwrap();
    assert_eq!(visited(&Scope { after: Some(ids[3]), ..Scope::default() }), all[4..]);
    let one = Scope { license: Some(ids[1]), ..Scope::default() };
    assert_eq!(visited(&one), all[1..2]);
    assert_eq!(visited(&Scope { customer: Some(text("Nobody")), ..one.clone() }), [""; 0]);
    assert_eq!(visited(&Scope { after: Some(ids[1]), ..one }), [""; 0]);
}

#[test]
fn an_erased_label_is_missing_and_nothing_else_is() {
    let mut world = busy();
    let before = gathered(&world);
    let mut customers = Vec::new();
    visit_customers(&world.ledger, &mut |customer| {
        customers.push(customer.id);
        Ok(())
    })
    .unwrap();
    for customer in &customers {
        erase_customer(&mut world.ledger, customer, Running::Erase, &at("2030-01-01T00:00:00Z")).unwrap();
    }
    let told = gathered(&world);
    assert_eq!((told.odd(), told.licenses(), told.seats), (before.odd(), before.licenses(), before.seats));
    assert!(told.checked.erased > 0);
    assert!(told.oddities.values().flat_map(Top::rows).all(|(_, oddity)| oddity.label.is_none()));
    assert!(told.to_html().contains("(erased)"));
}

/// The elements of a page, with what their attributes say, if it is strictly well-formed XML.
fn elements(page: &str) -> Vec<(String, Vec<(String, String)>)> {
    let (mut elements, mut open, mut rest) =
        (Vec::new(), Vec::new(), page.strip_prefix("<!DOCTYPE html>\n").expect("its type"));
    while let Some(start) = rest.find('<') {
        check_text(&rest[..start]);
        let end = start + rest[start..].find('>').expect("the end of a tag");
        let tag = &rest[start + 1..end];
        rest = &rest[end + 1..];
        if let Some(name) = tag.strip_prefix('/') {
            assert_eq!(open.pop().as_deref(), Some(name), "it closes what was opened last");
            continue;
        }
        let (tag, is_empty) = tag.strip_suffix(" /").map_or((tag, false), |tag| (tag, true));
        let (name, mut list) = tag.split_once(' ').unwrap_or((tag, ""));
        assert!(name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit()), "{name}");
        let mut attributes: Vec<(String, String)> = Vec::new();
        while !list.is_empty() {
            let (key, behind) = list.split_once("=\"").expect("a value in quotes");
            let (value, behind) = behind.split_once('"').expect("the end of a value");
            check_text(value);
            assert!(attributes.iter().all(|(other, _)| other != key), "{name} has {key} twice");
            attributes.push((key.to_owned(), value.to_owned()));
            list = behind.strip_prefix(' ').unwrap_or(behind);
        }
        if is_empty {
            assert_eq!(name, "meta", "nothing else ends in itself");
        } else {
            open.push(name.to_owned());
        }
        elements.push((name.to_owned(), attributes));
    }
    assert!(open.is_empty() && rest.trim().is_empty(), "{open:?} {rest:?}");
    elements
}

/// Every `&` begins an entity, and nothing is there that no XML may hold.
fn check_text(text: &str) {
    for behind in text.split('&').skip(1) {
        let (name, _) = behind.split_once(';').expect("the end of an entity");
        assert!(["amp", "lt", "gt", "quot", "#10"].contains(&name), "{name}");
    }
    assert!(
        !text.contains(|c: char| (c.is_control() && c != '\n') || lictor_shared::is_bidi_control(c)),
        "{text:?}"
    );
}

#[test]
fn the_page_stands_by_itself() {
    let world = busy();
    let page = gathered(&world).to_html();
    let elements = elements(&page);
    let allowed = [
        "a",
        "bdi",
        "body",
        "caption",
        "code",
        "dd",
        "desc",
        "div",
        "dl",
        "dt",
        "figcaption",
        "figure",
        "footer",
        "h1",
        "h2",
        "head",
        "header",
        "html",
        "li",
        "line",
        "main",
        "meta",
        "nav",
        "p",
        "rect",
        "section",
        "span",
        "strong",
        "style",
        "svg",
        "table",
        "tbody",
        "td",
        "text",
        "th",
        "thead",
        "title",
        "tr",
        "ul",
    ];
    for (name, attributes) in &elements {
        assert!(allowed.contains(&name.as_str()), "{name}");
        for (key, value) in attributes {
            assert!(!key.starts_with("on") && key != "src" && key != "style", "{name} {key}");
            assert!(key != "href" || value.starts_with('#'), "{value}");
        }
    }
    for outside in ["http:", "https:", "//", "url(", "@import", "<script"] {
        assert!(!page.contains(outside), "{outside}");
    }
    let policy =
        "content=\"default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'\"";
    assert!(page.contains(policy));
    assert!(page.contains("<bdi>&lt;script&gt;alert('x')&lt;/script&gt; &amp; \"Söhne\" شركة 🦀</bdi>"));
}

#[test]
fn the_page_says_what_it_shows() {
    let world = busy();
    let page = gathered(&world).to_html();
    let elements = elements(&page);
    let of = |wanted: &str| -> Vec<String> {
        let all = elements.iter().flat_map(|(_, attributes)| attributes);
        all.filter(|(key, _)| key == wanted).map(|(_, value)| value.clone()).collect()
    };
    let ids = of("id");
    let unique: BTreeSet<&String> = ids.iter().collect();
    assert_eq!(unique.len(), ids.len(), "every id is there once: {ids:?}");
    let named = of("href").into_iter().map(|target| target.trim_start_matches('#').to_owned());
    let labels = of("aria-labelledby");
    for id in named.chain(labels.iter().flat_map(|ids| ids.split(' ')).map(Into::into)) {
        assert!(unique.contains(&id), "{id}");
    }
    let svgs = elements.iter().zip(elements.iter().skip(1)).filter(|((name, _), _)| name == "svg");
    let mut charts = 0;
    for ((_, attributes), (first, _)) in svgs {
        assert_eq!(first, "title", "an svg begins with its title");
        assert!(attributes.contains(&("role".into(), "img".into())));
        charts += 1;
    }
    // Three charts, a bar for each of the three licenses with a limit, and one for each customer with such a license in force.
    assert_eq!(charts, 3 + 3 + 2);
    let (size, root) = world.ledger.tree().head().unwrap();
    for said in [
        format!("{size} events with the root <code>{root}</code>"),
        "2027-03-10 00:00:00 UTC".into(),
        "<strong>5</strong><span>seats in use</span>".into(),
        "<td class=\"day\">2026-12</td><td class=\"n\">3</td><td class=\"n\">1</td><td class=\"n\">0</td><td class=\"n\">0</td><td class=\"n\">0</td><td class=\"n\">4</td>".into(),
        "<title>3 in use of 2</title>".into(),
        "1 beyond the limit".into(),
        "It was denied 3 times, last on 2027-01-10.".into(),
        "<td class=\"\">seats_exhausted</td><td class=\"n\">3</td><td class=\"day\">2027-01-10</td>".into(),
    ] {
        assert!(page.contains(&said), "{said}");
    }
}

#[test]
fn the_same_ledger_gives_the_same_page() {
    let world = busy();
    assert_eq!(gathered(&world).to_html(), gathered(&world).to_html());
    let later = Judged { at: Timestamp::parse("2027-03-11T00:00:00Z").unwrap(), ..judged() };
    let other = report(&world.ledger, later, &mut |_| Ok(())).unwrap().to_html();
    assert_ne!(other, gathered(&world).to_html());
}

#[test]
fn an_instant_before_the_last_event_is_refused() {
    let world = busy();
    // Past was revoked last, on 2027-03-02.
    let judged = |instant| Judged { at: time(instant), ..judged() }.is_after_the_log(&world.ledger);
    judged("2027-03-02T00:00:00Z").unwrap();
    let failure = judged("2027-03-01T23:59:59Z").unwrap_err();
    assert_eq!((failure.exit_code(), failure.details.len()), (20, 2));
    assert!(failure.message.contains("is of 2027-03-02T00:00:00Z"), "{}", failure.message);
}

#[test]
fn an_empty_ledger_has_a_page_too() {
    let world = World::bare();
    let told = report(&world.ledger, Judged { at: time(NOW), ..judged() }, &mut |_| Ok(())).unwrap();
    assert_eq!((told.licenses(), told.seats.used, told.denied()), (0, 0, 0));
    assert_eq!(told.seats_over_time().len(), 1, "the month of the report");
    assert_eq!(told.seats_over_time()[0].0, Month::of(time(NOW)));
    elements(&told.to_html());
}

#[test]
fn long_tables_end_and_say_how_much_is_left_out() {
    let mut world = World::new();
    for number in 0..53 {
        world.sold(&format!("Customer {number}"), (1, 0), |order| {
            order.terms.term = Some(TermLength::from_text("30d").unwrap());
        });
    }
    let told = report(&world.ledger, Judged { at: time(NOW), ..judged() }, &mut |_| Ok(())).unwrap();
    assert_eq!((told.ending_soon.total(), told.ending_soon.rows().count()), (53, 50));
    let page = told.to_html();
    assert!(page.contains("and 3 more: see expiring.csv of lictor audit report --csv"));
    assert!(page.contains("and 3 more: see licenses.csv of lictor audit report --csv"));
    elements(&page);
}

fn customers(world: &World, scope: &CustomerScope) -> Vec<CustomerUse> {
    let mut found = Vec::new();
    visit_customer_use(&world.ledger, scope, judged(), &mut |used| {
        found.push(used);
        Ok(())
    })
    .unwrap();
    found
}

/// The figures of a customer, as they were counted by hand.
fn figures(used: &CustomerUse) -> (&str, [u64; 8], Option<u64>) {
    let numbers = [
        used.licenses,
        used.in_force,
        used.used,
        used.used_not_in_force(),
        used.beyond,
        used.silent,
        used.odd,
        used.denied,
    ];
    let limit = match used.seats().limit {
        SeatLimit::AtMost(limit) => Some(limit),
        SeatLimit::Unlimited => None,
    };
    (used.name.as_str(), numbers, limit)
}

#[test]
fn every_customer_has_what_the_licenses_come_to() {
    let mut world = busy();
    // Nordwind gets two more: one of any number that ended, and one of 7, with 2 seats beyond.
    world.sold("Nordwind GmbH", (7, 2), |order| {
        order.terms.term = Some(TermLength::from_text("140d").unwrap());
    });
    world.issue(|order| {
        order.customer = text("Nordwind GmbH");
        order.terms.term = Some(TermLength::from_text("30d").unwrap());
    });
    let found = customers(&world, &CustomerScope::default());
    let told: BTreeSet<_> = found.iter().map(figures).collect();
    let expected = [
        // A seat of the suspended license: it is odd, and its deployment is silent.
        ("Gone AG", [1, 0, 1, 1, 0, 1, 1, 0], Some(0)),
        ("Nordwind GmbH", [3, 2, 3, 0, 1, 2, 3, 3], Some(9)),
        (HOSTILE, [1, 1, 1, 0, 0, 0, 1, 0], Some(10)),
        ("Ever Ltd", [1, 1, 0, 0, 0, 0, 0, 0], None),
        ("Soon KG", [1, 1, 0, 0, 0, 0, 0, 0], None),
        ("Past SA", [1, 0, 0, 0, 0, 0, 0, 0], Some(0)),
    ];
    assert_eq!(told, BTreeSet::from(expected));
    let of = |name: &str| found.iter().find(|used| used.name == text(name)).unwrap();
    let nordwind = of("Nordwind GmbH");
    assert_eq!((nordwind.seats().overage, nordwind.licenses_beyond), (3, 1));
    // 140 days after the day of the world, which is 2026-11-22; the one of 30 days has ended.
    assert_eq!(nordwind.next_end.map(|end| end.day()), Some("2027-04-11".into()));
    assert_eq!(nordwind.ends_within(), Some(Horizon::Days60));
    assert_eq!((of("Ever Ltd").next_end, of("Past SA").next_end), (None, None));

    // With one license more of any number, there is no limit; what is beyond that of another license stays beyond.
    world.issue(|order| order.customer = text("Nordwind GmbH"));
    let scope = CustomerScope { customer: Some(text("Nordwind GmbH")), ..CustomerScope::default() };
    let found = customers(&world, &scope);
    let nordwind = found.iter().find(|used| used.used == 3).unwrap();
    let sums = (nordwind.seats().limit, nordwind.unlimited, nordwind.beyond, nordwind.seats().overage);
    assert_eq!((found.len(), sums), (1, (SeatLimit::Unlimited, 1, 1, 3)));
}

#[test]
fn customers_are_those_of_the_report_and_come_to_its_totals() {
    let world = busy();
    let told = gathered(&world);
    let found = customers(&world, &CustomerScope::default());
    assert_eq!(told.by_customer.values().cloned().collect::<Vec<_>>(), found);
    let sum = |part: fn(&CustomerUse) -> u64| found.iter().map(part).sum::<u64>();
    assert_eq!((sum(|used| used.licenses), sum(|used| used.used)), (told.licenses(), told.seats.used));
    assert_eq!(sum(|used| used.limited_to), told.seats.limit);
    assert_eq!(sum(|used| used.unlimited), told.seats.unlimited);
    assert_eq!((sum(|used| used.beyond), sum(|used| used.licenses_beyond)), (1, told.seats.licenses_beyond));
    assert_eq!((sum(|used| used.silent), sum(|used| used.odd)), (told.silent.total(), told.odd()));
    assert_eq!(sum(|used| used.denied), told.denied());
}

#[test]
fn only_the_customers_that_are_meant_are_visited() {
    let world = busy();
    let all = customers(&world, &CustomerScope::default());
    let ids: Vec<String> = all.iter().map(|used| used.id.to_string()).collect();
    assert!(ids.is_sorted() && ids.len() == 6, "{ids:?}");
    let scope = CustomerScope::default;
    assert_eq!(customers(&world, &CustomerScope { most: Some(2), ..scope() }), all[..2]);
    assert_eq!(customers(&world, &CustomerScope { after: Some(all[3].id.clone()), ..scope() }), all[4..]);
    assert_eq!(customers(&world, &CustomerScope { customer: Some(all[1].id.clone()), ..scope() }), all[1..2]);
    assert_eq!(customers(&world, &CustomerScope { customer: Some(text(HOSTILE)), ..scope() }).len(), 1);
    assert_eq!(customers(&world, &CustomerScope { product: Name::new("crm").ok(), ..scope() }), []);
    let told = gathered(&world);
    let license = told.by_use.rows().next().unwrap();
    let one = customers(&world, &CustomerScope { license: Some(license.id), ..scope() });
    assert_eq!(one.iter().map(|used| used.name.as_str()).collect::<Vec<_>>(), ["Nordwind GmbH"]);
}

#[test]
fn an_erased_customer_is_the_number_of_the_event() {
    let mut world = busy();
    let before = customers(&world, &CustomerScope::default());
    let gone = before.iter().find(|used| used.name == text("Gone AG")).unwrap();
    erase_customer(&mut world.ledger, &gone.id, Running::Erase, &at("2030-01-01T00:00:00Z")).unwrap();
    let event = world.events_of(EventKind::CustomerErased).pop().unwrap();
    let erased = text(&format!("erased-{}", event.seq));
    let after =
        customers(&world, &CustomerScope { customer: Some(erased.clone()), ..CustomerScope::default() });
    let mut expected = gone.clone();
    (expected.id, expected.name) = (erased.clone(), text("erased"));
    assert_eq!(after, [expected]);
    assert!(gathered(&world).to_html().contains(&format!("<code><bdi>{erased}</bdi></code>")));
}
