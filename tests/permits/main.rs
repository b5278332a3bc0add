//! What a verdict permits, and the envelope in which it refuses.
#![cfg(test)]

use lictor_shared::{AnchorSet, Timestamp};
use lictor_tests::deployment;
use lictor_tests::signing::TestKey;
use lictor_validator::{Action, Allowance, Code, FeatureAccess, Mode, Permission, Verdict, check};

/// exp 1826841600 (2027-11-22), graceUntil 1828051200 (2027-12-06), features branding and enterprise_analytics, limits
/// agents 250 and recordings null.
const LICENSE: &str = include_str!("../structure/license.json");

fn verdict(product: &str, at: &str) -> Verdict {
    let key = TestKey::new(1);
    let anchors = format!("{{\"keys\":[{}]}}", key.jwk("acme-licensing", ""));
    let anchors = AnchorSet::read(anchors.as_bytes()).unwrap();
    let context = deployment::fresh(product, Timestamp::parse(at).unwrap());
    check(key.token(key.header("license+jwt"), LICENSE).as_bytes(), &anchors, &context)
}

/// One verdict of each mode.
fn of(mode: Mode) -> Verdict {
    let verdict = match mode {
        Mode::Full => verdict("dialer", "2027-01-01T00:00:00Z"),
        Mode::Grace => verdict("dialer", "2027-11-22T00:00:00Z"),
        Mode::ReadOnly => verdict("dialer", "2027-12-06T00:00:00Z"),
        _ => verdict("desk", "2027-01-01T00:00:00Z"),
    };
    assert_eq!(verdict.mode(), mode);
    verdict
}

#[test]
fn actions() {
    use Permission::{Denied, Granted};
    for (mode, recover, read, write) in [
        (Mode::Full, Granted, Granted, Granted),
        (Mode::Grace, Granted, Granted, Granted),
        (Mode::ReadOnly, Granted, Granted, Denied),
        (Mode::Unlicensed, Granted, Denied, Denied),
    ] {
        let verdict = of(mode);
        for (action, permission) in [(Action::Recover, recover), (Action::Read, read), (Action::Write, write)]
        {
            assert_eq!(verdict.permits(action), permission, "{mode} {action:?}");
            assert_eq!(verdict.require(action).is_ok(), permission == Granted, "{mode} {action:?}");
        }
    }
}

#[test]
fn features_are_usable_then_readable_then_gone() {
    for (mode, bought) in [
        (Mode::Full, FeatureAccess::Usable),
        (Mode::Grace, FeatureAccess::Usable),
        (Mode::ReadOnly, FeatureAccess::Readable),
        (Mode::Unlicensed, FeatureAccess::Absent),
    ] {
        let verdict = of(mode);
        assert_eq!(verdict.feature("branding"), bought, "{mode}");
        assert_eq!(verdict.feature("Branding"), FeatureAccess::Absent, "{mode}");
        assert_eq!(verdict.feature("sso"), FeatureAccess::Absent, "{mode}");
        assert_eq!(verdict.require_feature("branding").is_ok(), bought == FeatureAccess::Usable, "{mode}");
    }
    let refused = of(Mode::Full).require_feature("sso").unwrap_err();
    assert_eq!((refused.code, refused.code.http_status()), (Code::EntitlementRequired, 402));
    assert_eq!(
        refused.to_string(),
        r#"{"success":false,"code":"ENTITLEMENT_REQUIRED","error":"The license does not include the feature \"sso\".","details":{"feature":"sso"}}"#
    );
    // Where nothing may be written, that is the reason, whatever was bought.
    assert_eq!(of(Mode::ReadOnly).require_feature("branding").unwrap_err().code, Code::LicenseExpired);
}

#[test]
fn what_is_missing_is_never_unlimited() {
    for mode in [Mode::Full, Mode::Grace, Mode::ReadOnly] {
        assert_eq!(of(mode).limit("agents"), Allowance::AtMost(250), "{mode}");
        assert_eq!(of(mode).limit("recordings"), Allowance::Unlimited, "{mode}");
        assert_eq!(of(mode).limit("queues"), Allowance::Absent, "{mode}");
    }
    assert_eq!(of(Mode::Unlicensed).limit("agents"), Allowance::Absent);
    assert_eq!(of(Mode::Unlicensed).limit("recordings"), Allowance::Absent);
}

#[test]
fn the_envelope_of_an_expired_license() {
    assert!(of(Mode::Full).envelope().is_none());
    assert!(of(Mode::Grace).envelope().is_none());
    let envelope = of(Mode::ReadOnly).envelope().unwrap();
    assert_eq!(
        envelope.to_string(),
        r#"{"success":false,"code":"LICENSE_EXPIRED","error":"The license of Acme GmbH expired on 2027-11-22.","details":{"expiresAt":"2027-11-22T00:00:00Z","graceUntil":"2027-12-06T00:00:00Z","mode":"read_only","reason":"expired","reasons":["expired"]}}"#
    );
    let refused = of(Mode::ReadOnly).require(Action::Write).unwrap_err();
    assert_eq!(refused, envelope);
    assert_eq!((envelope.code.http_status(), envelope.code.exit_code()), (403, 11));
    let refused = of(Mode::Unlicensed).require(Action::Read).unwrap_err();
    assert_eq!((refused.code, refused.code.http_status()), (Code::LicenseInvalid, 400));
}

#[test]
fn every_mode_says_what_is_the_matter_and_what_to_do() {
    assert_eq!(of(Mode::Full).advice(), None);
    for mode in [Mode::Grace, Mode::ReadOnly, Mode::Unlicensed] {
        assert!(of(mode).explanation().ends_with('.'), "{mode}");
        assert!(of(mode).advice().is_some_and(|advice| advice.ends_with('.')), "{mode}");
    }
}
