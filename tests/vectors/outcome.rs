//! Running one vector and comparing what came of it.

use crate::instant::{full, timestamp};
use crate::vector::{Circumstances, Expectation, Piece, Vector};
use crate::{candidate, file, keys, macros};
use lictor_shared::{Name, Origin, Thumbprint};
use lictor_validator::context::{
    Build, ConfiguredOrigin, Context, Deployment, HostFlag, HostFlags, Learned, Remembered,
};
use lictor_validator::{AnchorSet, Refusal, Verdict, check, refuse};
use serde_json::{Value, json};

/// When a vector is judged unless it says so.
const NOW: &str = "2027-06-01";

/// The reasons under which a license has not been read, so that a verdict shows nothing of it.
pub(crate) const UNREAD: [&str; 13] = [
    "missing",
    "too_large",
    "malformed",
    "bad_header",
    "unsupported_algorithm",
    "wrong_type",
    "unknown_key",
    "wrong_purpose",
    "bad_signature",
    "unsupported_version",
    "bad_claims",
    "key_out_of_window",
    "wrong_issuer",
];

/// Where the outcome differs from what the vector expects, a line each.
pub(crate) fn differences(vector: &Vector) -> Vec<String> {
    let mut found = Vec::new();
    let refused = vector.expect.as_ref().is_some_and(|expect| expect.anchors_refused);
    match (AnchorSet::read(&file::anchors(&vector.anchors)), refused) {
        (Err(_), true) => {}
        (Err(error), false) => found.push(format!("the anchors are refused: {error}")),
        (Ok(_), true) => found.push("the anchors are taken".into()),
        (Ok(anchors), false) => judge(vector, &anchors, &mut found),
    }
    found
}

fn judge(vector: &Vector, anchors: &AnchorSet, found: &mut Vec<String>) {
    if let Some(piece) = &vector.request {
        compare_candidate("request", piece, candidate::request(piece), found);
    }
    if let Some(piece) = &vector.release {
        compare_candidate("release", piece, candidate::release(piece, anchors), found);
    }
    let Some(expect) = &vector.expect else {
        assert!(vector.request.is_some() || vector.release.is_some(), "nothing is expected");
        return;
    };
    let verdict = verdict(vector, anchors, found);
    let verdict: Value = serde_json::from_str(&verdict.to_json()).unwrap();
    let at = vector.context.at.as_deref().unwrap_or(NOW);
    compare(&verdict, expect, at, found);
}

fn compare_candidate(what: &str, piece: &Piece, became: &str, found: &mut Vec<String>) {
    let expected = piece.becomes.as_deref().unwrap_or("accepted");
    if became != expected {
        found.push(format!("the {what} becomes {became}, expected {expected}"));
    }
}

/// Offers what the vector has, as a host would, and asks for the verdict.
fn verdict(vector: &Vector, anchors: &AnchorSet, found: &mut Vec<String>) -> Verdict {
    let circumstances = &vector.context;
    let at = circumstances.at.as_deref().unwrap_or(NOW);
    let license = candidate::license(&vector.license);
    let horizon = candidate::horizon(vector, at, &license, anchors);
    let mut flags = flags(circumstances);
    let mut lists = Vec::new();
    for piece in &vector.lists {
        match candidate::list(piece, anchors, &horizon) {
            Ok(list) => {
                compare_candidate("list", piece, "accepted", found);
                lists.push(list);
            }
            Err(word) => {
                compare_candidate("list", piece, word, found);
                flags = flags.with(HostFlag::CandidateRejected);
            }
        }
    }
    let mut activation = None;
    if let Some(piece) = &vector.activation {
        match candidate::activation(piece, anchors, &horizon) {
            Ok(accepted) => {
                compare_candidate("activation", piece, "accepted", found);
                activation = Some(accepted);
            }
            Err(word) => {
                compare_candidate("activation", piece, word, found);
                flags = flags.with(HostFlag::CandidateRejected);
            }
        }
    }
    let context = context(circumstances, at, activation.as_ref(), &lists, flags);
    if vector.license.missing {
        return refuse(Refusal::Missing, &context);
    }
    check(&license, anchors, &context)
}

fn context<'a>(
    circumstances: &Circumstances,
    at: &str,
    activation: Option<&'a lictor_validator::Accepted<lictor_shared::Activation>>,
    lists: &'a [lictor_validator::Accepted<lictor_shared::StatusList>],
    flags: HostFlags,
) -> Context<'a> {
    let instant = |text: &Option<String>| text.as_deref().map(timestamp);
    let name = |text: &Option<String>, usual: &str| Name::new(text.as_deref().unwrap_or(usual)).unwrap();
    let thumbprint = |name: &str| Thumbprint::new(&keys::key(name).kid()).unwrap();
    Context {
        now: timestamp(at),
        product: name(&circumstances.product, "dialer"),
        environment: name(&circumstances.environment, "production"),
        origin: ConfiguredOrigin {
            origin: circumstances.origin.as_deref().map(|origin| Origin::new(origin).unwrap()),
            unmatched_since: instant(&circumstances.origin_since),
        },
        build: match &circumstances.built {
            Some(at) => Build::Released { at: timestamp(at), first_run: instant(&circumstances.built_since) },
            None => Build::Unknown,
        },
        deployment: match &circumstances.deployment {
            Some(name) => {
                Deployment::Known { id: thumbprint(name), since: instant(&circumstances.deployment_since) }
            }
            None => Deployment::None,
        },
        activation,
        lists,
        remembered: Remembered {
            watermark: instant(&circumstances.watermark),
            highest_revision: circumstances.seen_revision,
            learned: Learned {
                license: instant(&circumstances.learned),
                activation: instant(&circumstances.learned_activation),
            },
        },
        flags,
    }
}

fn flags(circumstances: &Circumstances) -> HostFlags {
    circumstances.flags.iter().fold(HostFlags::none(), |flags, flag| {
        flags.with(match flag.as_str() {
            "candidate_rejected" => HostFlag::CandidateRejected,
            "state_damaged" => HostFlag::StateDamaged,
            "stateless" => HostFlag::Stateless,
            other => panic!("no flag {other:?}"),
        })
    })
}

fn compare(verdict: &Value, expect: &Expectation, at: &str, found: &mut Vec<String>) {
    let word = |text: &Option<String>| -> Value {
        match text.as_deref() {
            None | Some("null") => Value::Null,
            Some(word) => word.into(),
        }
    };
    let instant = |text: &Option<String>| word(&text.as_deref().map(full_or_null));
    let grace = expect.mode.as_deref() == Some("grace");
    assert!(expect.mode.is_some(), "a mode must be expected");
    assert_eq!(
        grace,
        expect.pending.is_some() && expect.until.is_some(),
        "pending and until belong to grace"
    );
    let reason = expect.reason.as_deref();
    let unread = reason.is_some_and(|reason| UNREAD.contains(&reason));

    let mut same = |member: &str, expected: Value| {
        if verdict[member] != expected {
            found.push(format!("{member} is {}, expected {expected}", verdict[member]));
        }
    };
    same("mode", word(&expect.mode));
    same("code", word(&expect.code));
    same("reason", word(&expect.reason));
    same("pending", word(&expect.pending));
    same("until", instant(&expect.until));
    match &expect.reasons {
        Some(reasons) => same("reasons", json!(reasons)),
        None => same("reasons", reason.map_or(json!([]), |reason| json!([reason]))),
    }
    if unread || expect.next_change.is_some() {
        same("nextChange", instant(&expect.next_change));
    }
    same("effectiveTime", full(expect.effective_time.as_deref().unwrap_or(at)).into());
    if verdict["license"].is_null() != unread {
        found.push(format!("license is {}", verdict["license"]));
    }
    for (member, text) in &expect.shows {
        let expected: Value = serde_json::from_str(&macros::expand(text, |_| None)).unwrap();
        if verdict["license"][member] != expected {
            found.push(format!("license.{member} is {}, expected {expected}", verdict["license"][member]));
        }
    }
}

fn full_or_null(text: &str) -> String {
    if text == "null" { text.into() } else { full(text) }
}
