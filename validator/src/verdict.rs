//! The verdict: a value that is kept, shown and asked, never made by hand.

use alloc::string::{String, ToString};
use alloc::sync::Arc;
use alloc::vec::Vec;
use lictor_shared::json::{Members, Value};
use lictor_shared::{Code, Envelope, License, Limit, Mode, Reason, Term, Timestamp};

use crate::evaluate::Answer;
use crate::refusal::Refusal;
use crate::sentence;

/// What a deployment may do now, why, and until when.
///
/// It holds from its [effective time](Self::effective_time) until [`next_change`](Self::next_change); a host may keep it
/// exactly that long.
#[derive(Clone, Debug)]
#[must_use = "a verdict that is not asked permits nothing"]
pub struct Verdict {
    answer: Answer,
    effective_time: Timestamp,
    next_change: Option<Timestamp>,
    license: Option<Arc<License>>,
    refusal: Option<Refusal>,
}

impl Verdict {
    pub(crate) fn new(
        mut answer: Answer,
        effective_time: Timestamp,
        next_change: Option<Timestamp>,
        host_warnings: Vec<Reason>,
        license: Option<Arc<License>>,
        refusal: Option<Refusal>,
    ) -> Self {
        answer.reasons.extend(host_warnings);
        Self { answer, effective_time, next_change, license, refusal }
    }

    /// What may be done, as one word.
    #[must_use]
    pub const fn mode(&self) -> Mode {
        self.answer.mode
    }

    /// Why not everything may be done; `None` in full and grace.
    #[must_use]
    pub const fn code(&self) -> Option<Code> {
        self.answer.code
    }

    /// The reason behind [`code`](Self::code), or in grace behind [`pending`](Self::pending).
    #[must_use]
    pub const fn reason(&self) -> Option<Reason> {
        self.answer.reason
    }

    /// In grace, the code that follows when the grace ends.
    #[must_use]
    pub const fn pending(&self) -> Option<Code> {
        self.answer.pending
    }

    /// In grace, when it ends; `None` if it never does.
    #[must_use]
    pub const fn until(&self) -> Option<Timestamp> {
        self.answer.until
    }

    /// Every refusal, finding and warning, in the order of the register. Readers ignore words that they do not know.
    #[must_use]
    pub fn reasons(&self) -> &[Reason] {
        &self.answer.reasons
    }

    /// The time the verdict is given for: the latest that is known to have been reached.
    #[must_use]
    pub const fn effective_time(&self) -> Timestamp {
        self.effective_time
    }

    /// When the verdict would be another one with the same files; `None`: never.
    #[must_use]
    pub const fn next_change(&self) -> Option<Timestamp> {
        self.next_change
    }

    /// The license, if there is one that can be read.
    #[must_use]
    pub fn license(&self) -> Option<LicenseView<'_>> {
        self.license.as_deref().map(LicenseView)
    }

    /// What was wrong with a license that cannot be read.
    #[must_use]
    pub const fn refusal(&self) -> Option<&Refusal> {
        self.refusal.as_ref()
    }

    /// A sentence for people that says what is the matter; the text may change.
    #[must_use]
    pub fn explanation(&self) -> String {
        sentence::explain(self)
    }

    /// What to do about the reason of this verdict, or else about its first warning, for the deployment's admin; `None`
    /// where there is nothing to do.
    #[must_use]
    pub fn advice(&self) -> Option<&'static str> {
        let reason = self.reason().or_else(|| self.reasons().first().copied());
        reason.map(sentence::advice)
    }

    /// The envelope to answer with where an action is denied; `None` in full and grace, which deny nothing.
    #[must_use]
    pub fn envelope(&self) -> Option<Envelope> {
        self.code().map(|code| self.denial_with(code))
    }

    /// The envelope for a denied action.
    pub(crate) fn denial(&self) -> Envelope {
        self.denial_with(self.code().unwrap_or(Code::Forbidden))
    }

    fn denial_with(&self, code: Code) -> Envelope {
        let mut envelope = Envelope::new(code, self.explanation())
            .with("mode", self.mode().as_str())
            .with("reason", self.reason().map(Reason::as_str))
            .with("reasons", words(self.reasons()));
        if let Some(term) = self.license.as_deref().map(|license| license.term) {
            envelope = envelope
                .with("expiresAt", time(term.expires_at()))
                .with("graceUntil", time(term.grace_until()));
        }
        envelope
    }

    /// The verdict as JSON on one line. Every member is always there.
    #[must_use]
    pub fn to_json(&self) -> String {
        self.to_value().to_string()
    }

    /// The verdict as a JSON tree.
    #[must_use]
    pub fn to_value(&self) -> Value {
        Value::object([
            ("mode", self.mode().as_str().into()),
            ("code", self.code().map(Code::as_str).into()),
            ("reason", self.reason().map(Reason::as_str).into()),
            ("pending", self.pending().map(Code::as_str).into()),
            ("until", time(self.until())),
            ("nextChange", time(self.next_change)),
            ("reasons", words(self.reasons())),
            ("effectiveTime", time(Some(self.effective_time))),
            ("license", self.license().map(|license| license.to_value()).into()),
        ])
    }
}

/// What a verdict shows of the license.
#[derive(Clone, Copy, Debug)]
pub struct LicenseView<'a>(&'a License);

impl<'a> LicenseView<'a> {
    /// The license's id.
    #[must_use]
    pub fn id(&self) -> String {
        self.0.id.to_string()
    }

    /// The customer's name.
    #[must_use]
    pub fn customer(&self) -> &'a str {
        self.0.customer.as_str()
    }

    /// The plan.
    #[must_use]
    pub fn plan(&self) -> &'a str {
        self.0.plan.as_str()
    }

    /// When it starts.
    #[must_use]
    pub const fn starts_at(&self) -> Timestamp {
        self.0.starts_at
    }

    /// When it ends; `None`: never.
    #[must_use]
    pub const fn expires_at(&self) -> Option<Timestamp> {
        self.0.term.expires_at()
    }

    /// When the grace after its end ends; `None`: never.
    #[must_use]
    pub const fn grace_until(&self) -> Option<Timestamp> {
        self.0.term.grace_until()
    }

    pub(crate) fn features(&self) -> impl Iterator<Item = &'a str> + use<'a> {
        self.0.features.iter().map(lictor_shared::Name::as_str)
    }

    pub(crate) fn limit(&self, name: &str) -> Option<Limit> {
        self.0.limits.get(name).copied()
    }

    pub(crate) const fn claims(&self) -> &'a License {
        self.0
    }

    fn to_value(self) -> Value {
        let license = self.0;
        let strings =
            |items: &mut dyn Iterator<Item = &'a str>| Value::Array(items.map(Value::from).collect());
        let (expires_at, grace_until) = match license.term {
            Term::Fixed { expires_at, grace_until, .. } => (Some(expires_at), Some(grace_until)),
            Term::Perpetual => (None, None),
        };
        let limits: Members =
            license.limits.iter().map(|(name, limit)| (name.to_string(), limit.to_value())).collect();
        let meta: Members =
            license.meta.iter().map(|(name, text)| (name.to_string(), text.as_str().into())).collect();
        Value::object([
            ("id", license.id.to_string().into()),
            ("serial", license.serial.to_string().into()),
            ("revision", license.revision.into()),
            ("issuer", license.issuer.as_str().into()),
            ("products", strings(&mut license.products.iter().map(lictor_shared::Name::as_str))),
            ("customerId", license.customer_id.as_str().into()),
            ("customer", license.customer.as_str().into()),
            ("plan", license.plan.as_str().into()),
            ("environments", strings(&mut license.environments.iter().map(lictor_shared::Name::as_str))),
            ("issuedAt", time(Some(license.issued_at))),
            ("startsAt", time(Some(license.starts_at))),
            ("expiresAt", time(expires_at)),
            ("graceUntil", time(grace_until)),
            ("maintenanceUntil", time(license.maintenance_until)),
            ("seats", license.seats.to_value()),
            ("features", strings(&mut self.features())),
            ("limits", limits.into()),
            ("meta", meta.into()),
        ])
    }
}

fn time(at: Option<Timestamp>) -> Value {
    at.map(|at| at.to_string()).into()
}

fn words(reasons: &[Reason]) -> Value {
    Value::Array(reasons.iter().map(|reason| reason.as_str().into()).collect())
}
