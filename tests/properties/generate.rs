//! Licenses and circumstances in which much happens: instants within a few days of each other, so that edges meet.

use lictor_shared::{
    Activation, ActivationPolicy, Algorithm, AnchorSet, Claims, EntryBits, Graces, KeyId, Lease, License,
    Limit, Name, Origin, OriginPattern, PublicKey, Release, Request, RequestKind, SeatLimit, Seats, Seconds,
    StatusDraft, StatusList, StatusRef, Term, Text, Timestamp, Unsigned, Uri, Uuid,
};
use lictor_tests::deflated::lst;
use lictor_tests::signing::TestKey;
use lictor_validator::context::{
    Build, ConfiguredOrigin, Context, Deployment, HostFlag, HostFlags, Learned, Remembered,
};
use lictor_validator::{Accepted, Horizon, NotAccepted, Unverified, Verdict, Verified, evaluate};
use proptest::collection::vec;
use proptest::option::{of, weighted};
use proptest::prelude::*;
use std::sync::LazyLock;

/// Everything that decides a verdict, as small numbers: instants count quarters of a day from [`at`]`(0)`.
#[derive(Clone, Debug)]
pub(crate) struct Case {
    pub(crate) license: LicenseCase,
    pub(crate) lists: Vec<ListCase>,
    pub(crate) activation: Option<ActivationCase>,
    pub(crate) distrust_after: Option<u64>,
    pub(crate) context: ContextCase,
}

#[derive(Clone, Debug)]
pub(crate) struct LicenseCase {
    pub(crate) issued: u64,
    pub(crate) starts: u64,
    pub(crate) term: Option<(u64, u64, u64)>,
    pub(crate) graces: [u64; 4],
    pub(crate) max_status_age: Option<u64>,
    pub(crate) maintenance_until: Option<u64>,
    pub(crate) activation_required: bool,
    pub(crate) bound_to_origin: bool,
    pub(crate) revision: u64,
}

#[derive(Clone, Debug)]
pub(crate) struct ListCase {
    pub(crate) foreign: bool,
    pub(crate) issued: u64,
    pub(crate) ttl: u64,
    pub(crate) sequence: u64,
    pub(crate) license_status: u8,
    pub(crate) activation_status: u8,
    pub(crate) license_since: Option<u64>,
    pub(crate) activation_since: Option<u64>,
}

#[derive(Clone, Debug)]
pub(crate) struct ActivationCase {
    pub(crate) issued: u64,
    pub(crate) lease: Option<u64>,
    pub(crate) ours: bool,
}

#[derive(Clone, Debug)]
pub(crate) struct ContextCase {
    pub(crate) now: u64,
    pub(crate) product: bool,
    pub(crate) environment: bool,
    pub(crate) origin: u8,
    pub(crate) unmatched_since: Option<u64>,
    pub(crate) built: Option<(u64, Option<u64>)>,
    pub(crate) deployment: Option<Option<u64>>,
    pub(crate) watermark: Option<u64>,
    pub(crate) highest_revision: Option<u64>,
    pub(crate) learned: (Option<u64>, Option<u64>),
    pub(crate) flags: [bool; 3],
}

/// Quarters of a day after 2026-11-22T00:00:00Z.
pub(crate) fn at(quarters: u64) -> Timestamp {
    Timestamp::from_seconds(1_795_305_600 + quarters * 21_600).expect("in range")
}

fn seconds(quarters: u64) -> Seconds {
    Seconds::new(quarters * 21_600).expect("in range")
}

const SPAN: u64 = 60;

fn license() -> impl Strategy<Value = LicenseCase> {
    let term = weighted(0.85, (10..90_u64, 0..16_u64, 0..24_u64));
    let graces = prop::array::uniform4(0..32_u64);
    let dates = (0..10_u64, 0..14_u64, term, graces);
    let rules = (
        weighted(0.4, 0..30_u64),
        weighted(0.4, 0..20_u64),
        prop::bool::weighted(0.5),
        prop::bool::weighted(0.3),
    );
    (dates, rules, 1..4_u64).prop_map(|((issued, starts, term, graces), rules, revision)| {
        let (max_status_age, maintenance_until, activation_required, bound_to_origin) = rules;
        // End, days of warning before it, days of grace after it.
        let term = term.map(|(end, warn, grace)| (end.saturating_sub(warn), end, end + grace));
        LicenseCase {
            issued,
            starts,
            term,
            graces,
            max_status_age,
            maintenance_until,
            activation_required,
            bound_to_origin,
            revision,
        }
    })
}

fn list() -> impl Strategy<Value = ListCase> {
    let status = || prop_oneof![7 => Just(0_u8), 1 => Just(1), 1 => Just(2), 1 => Just(3)];
    let since = || weighted(0.8, 0..SPAN);
    (prop::bool::weighted(0.15), 0..40_u64, 1..16_u64, 1..5_u64, status(), status(), since(), since())
        .prop_map(
            |(
                foreign,
                issued,
                ttl,
                sequence,
                license_status,
                activation_status,
                license_since,
                activation_since,
            )| ListCase {
                foreign,
                issued,
                ttl,
                sequence,
                license_status,
                activation_status,
                license_since,
                activation_since,
            },
        )
}

fn activation() -> impl Strategy<Value = ActivationCase> {
    (0..20_u64, weighted(0.6, 0..SPAN), prop::bool::weighted(0.85))
        .prop_map(|(issued, lease, ours)| ActivationCase { issued, lease, ours })
}

fn context() -> impl Strategy<Value = ContextCase> {
    let first = (0..SPAN, prop::bool::weighted(0.95), prop::bool::weighted(0.94), 0..3_u8, of(0..SPAN));
    let second = (of((0..30_u64, of(0..SPAN))), weighted(0.8, of(0..SPAN)), weighted(0.2, 0..SPAN));
    let third = (
        weighted(0.3, 1..5_u64),
        (of(0..SPAN), of(0..SPAN)),
        prop::array::uniform3(prop::bool::weighted(0.1)),
    );
    (first, second, third).prop_map(|(first, second, third)| {
        let (now, product, environment, origin, unmatched_since) = first;
        let (built, deployment, watermark) = second;
        let (highest_revision, learned, flags) = third;
        ContextCase {
            now,
            product,
            environment,
            origin,
            unmatched_since,
            built,
            deployment,
            watermark,
            highest_revision,
            learned,
            flags,
        }
    })
}

/// Generates cases.
pub(crate) fn case() -> impl Strategy<Value = Case> {
    (license(), vec(list(), 0..3), weighted(0.6, activation()), weighted(0.12, 0..SPAN), context()).prop_map(
        |(license, lists, activation, distrust_after, context)| Case {
            license,
            lists,
            activation,
            distrust_after,
            context,
        },
    )
}

static ISSUER: LazyLock<TestKey> = LazyLock::new(|| TestKey::new(1));
static FOREIGN: LazyLock<TestKey> = LazyLock::new(|| TestKey::new(2));
static LIST_KEY: LazyLock<TestKey> = LazyLock::new(|| TestKey::new(3));
static DEPLOYMENT: LazyLock<TestKey> = LazyLock::new(|| TestKey::new(4));
/// The sixteen lists of the two entries' statuses.
static LISTS: LazyLock<Vec<String>> = LazyLock::new(|| {
    (0..16_u8).map(|both| lst(2, &[(LICENSE_ENTRY, both & 3), (ACTIVATION_ENTRY, both >> 2)])).collect()
});

const LICENSE_ENTRY: u32 = 4711;
const ACTIVATION_ENTRY: u32 = 4712;
const LIST_URI: &str = "https://licensing.acme.example/status/0";

fn name(text: &str) -> Name {
    Name::new(text).expect("a name")
}

fn text(text: &str) -> Text {
    Text::new(text).expect("a text")
}

fn uuid(last: u8) -> Uuid {
    Uuid::new(&format!("0198c0d2-6c1e-7a33-9d5e-2f6f2b1d9a{last:02x}")).expect("a UUID")
}

fn status(index: u32) -> StatusRef {
    StatusRef { index, uri: Uri::new(LIST_URI).expect("a URI") }
}

impl LicenseCase {
    pub(crate) fn claims(&self) -> License {
        let [revocation, status_grace, activation, maintenance] = self.graces.map(seconds);
        let term = self.term.map_or(Term::Perpetual, |(warn, end, grace)| Term::Fixed {
            warn_from: at(warn),
            expires_at: at(end),
            grace_until: at(grace),
        });
        let origin = OriginPattern::new("https://*.acme.example").expect("an origin");
        License {
            issuer: text("acme-licensing"),
            products: vec![name("dialer")],
            customer_id: text("acme-gmbh"),
            serial: uuid(1),
            issued_at: at(self.issued),
            starts_at: at(self.starts),
            id: uuid(2),
            revision: self.revision,
            customer: text("Acme GmbH"),
            plan: name("enterprise"),
            environments: vec![name("production")],
            term,
            grace: Graces { revocation, status: status_grace, activation, maintenance },
            max_status_age: self.max_status_age.map(seconds),
            maintenance_until: self.maintenance_until.map(at),
            seats: Seats { limit: SeatLimit::AtMost(5), overage: 1 },
            activation: if self.activation_required {
                ActivationPolicy::Required
            } else {
                ActivationPolicy::Optional
            },
            features: vec![name("branding")],
            limits: [(name("agents"), Limit::AtMost(250)), (name("recordings"), Limit::Unlimited)].into(),
            origins: if self.bound_to_origin { vec![origin] } else { vec![] },
            meta: [(name("po"), "4711".to_string())].into(),
            extensions: lictor_shared::json::Members::new(),
            status: status(LICENSE_ENTRY),
        }
    }
}

impl ActivationCase {
    pub(crate) fn claims(&self) -> Activation {
        let key = if self.ours { &*DEPLOYMENT } else { &*FOREIGN };
        Activation {
            issuer: text("acme-licensing"),
            product: name("dialer"),
            deployment: text(&key.kid()),
            serial: uuid(3),
            issued_at: at(self.issued),
            key: PublicKey::from_bytes(&key.public()).expect("a key"),
            license: uuid(2),
            seat: 1,
            label: text("eu-1"),
            request: uuid(4),
            counter: 1,
            lease: self.lease.map_or(Lease::None, |end| Lease::Until(at(end))),
            extensions: lictor_shared::json::Members::new(),
            status: status(ACTIVATION_ENTRY),
        }
    }
}

/// Signs what our writer writes.
pub(crate) fn token<C: Claims>(key: &TestKey, claims: &C) -> String
where
    C::Of: lictor_shared::Artefact<Signer = KeyId>,
{
    let unsigned = Unsigned::<C::Of>::new(Algorithm::EdDsa, &KeyId(key.kid()), claims);
    let signature = key.sign(unsigned.signing_input());
    unsigned.with_signature(&signature)
}

/// Signed and verified, ready to be judged at any time.
pub(crate) struct Prepared {
    pub(crate) license: Verified<License>,
    pub(crate) lists: Vec<Accepted<StatusList>>,
    pub(crate) activation: Option<Accepted<Activation>>,
}

impl Prepared {
    /// No artefacts but a license that is not looked at.
    pub(crate) fn nothing(case: &Case) -> Self {
        let without = Case { lists: vec![], activation: None, ..case.clone() };
        without.prepare()
    }
}

impl Case {
    pub(crate) fn anchors(&self) -> AnchorSet {
        let distrust = self
            .distrust_after
            .map(|from| format!(",\"distrustAfter\":{}", at(from).seconds()))
            .unwrap_or_default();
        let keys = [
            ISSUER.jwk("acme-licensing", &distrust),
            FOREIGN.jwk("other", ""),
            LIST_KEY.jwk("acme-licensing", ""),
        ];
        AnchorSet::read(format!("{{\"keys\":[{}]}}", keys.join(",")).as_bytes()).expect("anchors")
    }

    pub(crate) fn prepare(&self) -> Prepared {
        let anchors = self.anchors();
        let license =
            Unverified::<License>::from_token(&token(&ISSUER, &self.license.claims())).expect("a token");
        let license = license.verify(&anchors).expect("signed");
        // A clock long before every date, so that a leaked key does not keep artefacts out; they were accepted in time.
        let horizon = Horizon { now: at(0), watermark: None, built_at: None, latest_license: None };
        let lists =
            self.lists.iter().map(|list| list.accept(&anchors, &horizon).expect("accepted")).collect();
        let activation = self.activation.as_ref().map(|activation| {
            let token = token(&LIST_KEY, &activation.claims());
            let verified = Unverified::<Activation>::from_token(&token)
                .expect("a token")
                .verify(&anchors)
                .expect("signed");
            verified.accept(&horizon).expect("accepted")
        });
        Prepared { license, lists, activation }
    }

    pub(crate) fn judge(&self, prepared: &Prepared) -> Verdict {
        self.judge_at(prepared, at(self.context.now))
    }

    pub(crate) fn judge_at(&self, prepared: &Prepared, now: Timestamp) -> Verdict {
        evaluate(&prepared.license, &self.context_at(prepared, now))
    }

    pub(crate) fn context_at<'a>(&self, prepared: &'a Prepared, now: Timestamp) -> Context<'a> {
        self.context.build(now, prepared)
    }
}

impl ListCase {
    pub(crate) fn accept(
        &self,
        anchors: &AnchorSet,
        horizon: &Horizon,
    ) -> Result<Accepted<StatusList>, NotAccepted> {
        let both = usize::from(self.license_status & 3 | self.activation_status << 2 & 12);
        let (issuer, key) = if self.foreign { ("other", &*FOREIGN) } else { ("acme-licensing", &*LIST_KEY) };
        let since = [(LICENSE_ENTRY, self.license_since), (ACTIVATION_ENTRY, self.activation_since)];
        let since: Vec<String> = since
            .iter()
            .filter_map(|(index, since)| since.map(|since| format!("\"{index}\":{}", at(since).seconds())))
            .collect();
        let payload = format!(
            r#"{{"iss":"{issuer}","sub":"{LIST_URI}","iat":{},"ttl":{},"status_list":{{"bits":2,"lst":"{}"}},"list":{{"version":1,"sequence":{},"since":{{{}}},"critical":[]}}}}"#,
            at(self.issued).seconds(),
            seconds(self.ttl).get(),
            LISTS[both],
            self.sequence,
            since.join(",")
        );
        let token = key.token(key.header("statuslist+jwt"), payload);
        let verified =
            Unverified::<StatusList>::from_token(&token).expect("a token").verify(anchors).expect("signed");
        verified.accept(horizon)
    }
}

impl ContextCase {
    fn build<'a>(&self, now: Timestamp, prepared: &'a Prepared) -> Context<'a> {
        let origins = [None, Some("https://eu.acme.example"), Some("https://other.example")];
        let origin = origins[usize::from(self.origin)].map(|text| Origin::new(text).expect("an origin"));
        let flags = [HostFlag::CandidateRejected, HostFlag::StateDamaged, HostFlag::Stateless];
        let id = PublicKey::from_bytes(&DEPLOYMENT.public()).expect("a key").thumbprint();
        Context {
            now,
            product: name(if self.product { "dialer" } else { "desk" }),
            environment: name(if self.environment { "production" } else { "staging" }),
            origin: ConfiguredOrigin { origin, unmatched_since: self.unmatched_since.map(at) },
            build: self.built.map_or(Build::Unknown, |(built, first_run)| Build::Released {
                at: at(built),
                first_run: first_run.map(at),
            }),
            deployment: self
                .deployment
                .map_or(Deployment::None, |since| Deployment::Known { id, since: since.map(at) }),
            activation: prepared.activation.as_ref(),
            lists: &prepared.lists,
            remembered: Remembered {
                watermark: self.watermark.map(at),
                highest_revision: self.highest_revision,
                learned: Learned { license: self.learned.0.map(at), activation: self.learned.1.map(at) },
            },
            flags: flags
                .into_iter()
                .zip(self.flags)
                .filter(|(_, set)| *set)
                .fold(HostFlags::none(), |flags, (flag, _)| flags.with(flag)),
        }
    }
}

/// A draft of a list for tests of the writer.
pub(crate) fn draft(entries: &[(u32, u8)], deflate: impl Fn(&[u8]) -> Vec<u8>) -> StatusDraft {
    use lictor_shared::Status;
    let exceptions = entries
        .iter()
        .map(|(index, status)| (*index, if *status == 2 { Status::Suspended } else { Status::Revoked }))
        .collect();
    let (bits, packed): (EntryBits, Vec<u8>) = StatusDraft::pack(&exceptions);
    StatusDraft {
        issuer: text("acme-licensing"),
        uri: Uri::new(LIST_URI).expect("a URI"),
        issued_at: at(0),
        ttl: seconds(4),
        sequence: 7,
        since: entries.iter().map(|(index, _)| (*index, at(1))).collect(),
        bits,
        deflated: deflate(&packed),
    }
}

/// A receipt and a request about the seat of `activation`.
pub(crate) fn exchange(
    activation: &Activation,
    kind: RequestKind,
    previous: Option<u8>,
) -> (Release, Request) {
    let release = Release {
        issuer: activation.issuer.clone(),
        product: activation.product.clone(),
        deployment: activation.deployment.clone(),
        serial: uuid(5),
        issued_at: activation.issued_at,
        license: activation.license,
        request: activation.request,
        extensions: lictor_shared::json::Members::new(),
    };
    let request = Request {
        deployment: activation.key.thumbprint(),
        issuer: activation.issuer.clone(),
        nonce: activation.request,
        issued_at: activation.issued_at,
        kind,
        license: activation.license,
        license_hash: [0xa5; 32],
        product: activation.product.clone(),
        label: activation.label.clone(),
        counter: activation.counter,
        previous: previous.map(uuid),
        validator: text("lictor-validator 0.1.0"),
        signals: [(name("host"), [7; 32]), (name("disk"), [0xff; 32])].into(),
        extensions: lictor_shared::json::Members::new(),
    };
    (release, request)
}

/// The deployment's key.
pub(crate) fn deployment_key() -> &'static TestKey {
    &DEPLOYMENT
}

/// The key that signs lists and activations.
pub(crate) fn list_key() -> &'static TestKey {
    &LIST_KEY
}
