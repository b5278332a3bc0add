//! Licenses on their way to another ledger: what FORMAT.md, section 12, says.

use lictor_issuer::terms::{FromText as _, Span};
use lictor_issuer::{
    Changes, Earlier, Failure, FailureKind, Issued, Ledger, Renewal, RenewedTerm, RevocationReason, renew,
    revoke, suspend, visit_export,
};
use lictor_shared::Uuid;
use serde_json::{Value, json};

use super::support::{LIST, World, at};

pub(crate) fn export(ledger: &Ledger) -> Vec<(Uuid, String)> {
    let mut lines = Vec::new();
    visit_export(ledger, &mut |id, line| {
        lines.push((id, line.to_owned()));
        Ok(())
    })
    .unwrap();
    lines
}

fn renewed(world: &mut World, issued: &Issued) -> Issued {
    let renewal = Renewal {
        length: RenewedTerm::For(Span::from_text("1y").unwrap()),
        changes: Changes::default(),
        earlier: Earlier::Revoke,
    };
    let id = issued.signed.license.id.to_string();
    renew(&world.home, &mut world.ledger, &world.key, &id, &renewal, &at("2026-12-01T00:00:00Z"))
        .unwrap()
        .issued
}

/// One revision as the format has it.
fn revision(issued: &Issued, status: &str, since: Value) -> Value {
    let license = &issued.signed.license;
    json!({
        "revision": license.revision,
        "serial": license.serial.to_string(),
        "kid": issued_kid(issued),
        "token": issued.signed.token,
        "statusUri": LIST,
        "statusIndex": license.status.index,
        "status": status,
        "since": since,
        "revocationGrace": 1_209_600,
    })
}

fn issued_kid(issued: &Issued) -> String {
    use base64::Engine as _;
    let header = issued.signed.token.split('.').next().unwrap();
    let header = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(header).unwrap();
    serde_json::from_slice::<Value>(&header).unwrap()["kid"].as_str().unwrap().to_owned()
}

#[test]
fn every_license_is_a_line_as_the_format_says() {
    let mut world = World::new();
    let active = world.issue(|_| {});
    let suspended = world.issue(|order| order.customer = super::support::text("Initech"));
    let revoked = world.issue(|_| {});
    let second = renewed(&mut world, &active);
    let id = |issued: &Issued| issued.signed.license.id.to_string();
    suspend(&mut world.ledger, &id(&suspended), None, &at("2026-12-02T00:00:00Z")).unwrap();
    let reason = RevocationReason::Fraud;
    revoke(&mut world.ledger, &id(&revoked), reason, None, &at("2026-12-03T00:00:00Z")).unwrap();

    let line = |issued: &Issued, state: &str, since: Value, reason: Value, revisions: Value| {
        let license = &issued.signed.license;
        json!({
            "version": 1,
            "id": license.id.to_string(),
            "customerId": license.customer_id.as_str(),
            "customer": license.customer.as_str(),
            "state": state,
            "since": since,
            "reason": reason,
            "revisions": revisions,
            "activations": [],
        })
    };
    let day = |day: u8| json!(format!("2026-12-0{day}T00:00:00Z"));
    let first = revision(&active, "revoked", day(1));
    let mut expected = vec![
        line(
            &active,
            "active",
            Value::Null,
            Value::Null,
            json!([first, revision(&second, "valid", Value::Null)]),
        ),
        line(
            &suspended,
            "suspended",
            day(2),
            Value::Null,
            json!([revision(&suspended, "suspended", day(2))]),
        ),
        line(&revoked, "revoked", day(3), json!("fraud"), json!([revision(&revoked, "revoked", day(3))])),
    ];
    expected.sort_by_key(|line| line["id"].as_str().unwrap().to_owned());
    let lines = export(&world.ledger);
    let read: Vec<Value> = lines.iter().map(|(_, line)| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(read, expected);
    for (id, line) in &lines {
        assert!(line.ends_with("}\n") && line.matches('\n').count() == 1, "{line}");
        assert!(line.contains(&id.to_string()));
        // Canonical: members sorted, no white space between them.
        assert_eq!(line.trim_end(), serde_json::from_str::<Value>(line).unwrap().to_string());
    }
}

#[test]
fn an_empty_ledger_gives_nothing_and_a_visit_can_end_it() {
    let mut world = World::new();
    assert!(export(&world.ledger).is_empty());
    world.issue(|_| {});
    world.issue(|_| {});
    let mut seen = 0;
    let ended = visit_export(&world.ledger, &mut |_, _| {
        seen += 1;
        Err(Failure::new(FailureKind::CannotWrite, "full"))
    });
    assert_eq!((ended.unwrap_err().kind, seen), (FailureKind::CannotWrite, 1));
}
