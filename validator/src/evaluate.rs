//! The rules: a pure, total function from a license and its circumstances to a verdict.

use alloc::vec::Vec;
use lictor_shared::{AnchorSet, Code, License, Mode, Reason, Seconds, Term, Timestamp, limits};

use crate::context::Context;
use crate::facts::Facts;
use crate::precedence;
use crate::refusal::Refusal;
use crate::unverified::Unverified;
use crate::verdict::Verdict;
use crate::verified::Verified;
use crate::window::{Finding, Phase};

/// The one obvious call: from the bytes of a license file to the verdict.
///
/// It answers for every input; what cannot be read is a verdict too.
pub fn check(license: &[u8], anchors: &AnchorSet, context: &Context<'_>) -> Verdict {
    match Unverified::<License>::read(license).and_then(|license| license.verify(anchors)) {
        Ok(license) => evaluate(&license, context),
        Err(refusal) => refuse(refusal, context),
    }
}

/// The verdict where there is no license that can be read.
pub fn refuse(refusal: Refusal, context: &Context<'_>) -> Verdict {
    let t = context.reached();
    let answer = Answer::refused(refusal.reason(), Mode::Unlicensed);
    Verdict::new(answer, t, None, host_warnings(context, t), None, Some(refusal))
}

/// Decides what a deployment may do under a license now.
///
/// Pure and total: no clock, no I/O, no panic, an answer for every input, and the same one each time.
pub fn evaluate(license: &Verified<License>, context: &Context<'_>) -> Verdict {
    let facts = Facts::gather(license, context);
    let t = facts.effective_time();
    let answer = facts.answer(t);
    let next_change = facts.next_change(&answer, t);
    Verdict::new(answer, t, next_change, host_warnings(context, t), Some(license.claims().clone()), None)
}

/// `clock_rolled_back` and the host's flags.
fn host_warnings(context: &Context<'_>, t: Timestamp) -> Vec<Reason> {
    let tolerated = Seconds::new(limits::CLOCK_TOLERANCE).and_then(|day| context.now.plus(day));
    let rolled_back = tolerated.is_some_and(|tolerated| tolerated < t).then_some(Reason::ClockRolledBack);
    rolled_back.into_iter().chain(context.flags.reasons()).collect()
}

/// The parts of a verdict that time alone can change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) mode: Mode,
    pub(crate) code: Option<Code>,
    pub(crate) reason: Option<Reason>,
    pub(crate) pending: Option<Code>,
    pub(crate) until: Option<Timestamp>,
    pub(crate) reasons: Vec<Reason>,
}

impl Answer {
    fn refused(reason: Reason, mode: Mode) -> Self {
        Self {
            mode,
            code: reason.code(),
            reason: Some(reason),
            pending: None,
            until: None,
            reasons: alloc::vec![reason],
        }
    }
}

impl Facts<'_> {
    /// The answer at an effective time of `t`.
    fn answer(&self, t: Timestamp) -> Answer {
        let compromised = self.key.distrust_after.map(|_| Reason::KeyCompromised);
        if let Some((reason, mode)) = self.refusal(t) {
            let mut answer = Answer::refused(reason, mode);
            answer.reasons.extend(compromised);
            return answer;
        }
        let findings = self.findings(t);
        let mut answer = judge(&findings, t);
        let overdue = answer.reasons.contains(&Reason::StatusOverdue);
        answer.reasons.extend(self.expiring_soon(t).then_some(Reason::ExpiringSoon));
        answer.reasons.extend((!overdue && self.status_stale(t)).then_some(Reason::StatusStale));
        answer.reasons.extend(compromised);
        answer
    }

    // The refusals of a license that can be read, in their order.
    fn refusal(&self, t: Timestamp) -> Option<(Reason, Mode)> {
        let (license, context) = (self.license, self.context);
        // wrong_product: not in aud, or not in the key's products.
        if !license.products.contains(&context.product) || !self.key.products.include(&context.product) {
            return Some((Reason::WrongProduct, Mode::Unlicensed));
        }
        if !license.environments.contains(&context.environment) {
            return Some((Reason::WrongEnvironment, Mode::ReadOnly));
        }
        if self.key.distrust_after.is_some_and(|since| t >= since) {
            return Some((Reason::KeyDistrusted, Mode::ReadOnly));
        }
        if t < license.starts_at {
            return Some((Reason::NotYetValid, Mode::ReadOnly));
        }
        if context.remembered.highest_revision.is_some_and(|highest| highest > license.revision) {
            return Some((Reason::Superseded, Mode::ReadOnly));
        }
        None
    }

    // expiring_soon: warnFrom <= t < exp.
    fn expiring_soon(&self, t: Timestamp) -> bool {
        match self.license.term {
            Term::Fixed { warn_from, expires_at, .. } => warn_from <= t && t < expires_at,
            Term::Perpetual => false,
        }
    }

    // status_stale: t >= iat + ttl of the license's applicable list.
    fn status_stale(&self, t: Timestamp) -> bool {
        self.list_stale_at().is_some_and(|at| t >= at)
    }

    fn list_stale_at(&self) -> Option<Timestamp> {
        self.license_list.and_then(|list| list.issued_at.plus(list.ttl))
    }

    /// The earliest instant after `t` at which the answer would be another one.
    ///
    /// Between two remembered instants that lie ahead the windows stand still, so within such a stretch only their edges
    /// and a few fixed dates can change the answer. Each is tried, because not every one does: a grace that ends
    /// while a worse one is over changes nothing.
    fn next_change(&self, answer: &Answer, t: Timestamp) -> Option<Timestamp> {
        let mut from = t;
        loop {
            let known_next = self.remembered_ahead(from).min();
            let mut instants: Vec<Timestamp> = self
                .instants(from)
                .filter(|at| *at > from && known_next.is_none_or(|next| *at < next))
                .collect();
            instants.extend(known_next);
            instants.sort_unstable();
            if let Some(change) = instants.into_iter().find(|at| self.answer(*at) != *answer) {
                return Some(change);
            }
            from = known_next?;
        }
    }

    /// Every instant at which the answer may change while what is known stays as it is at `t`.
    fn instants(&self, t: Timestamp) -> impl Iterator<Item = Timestamp> {
        let (warn_from, expires_at) = match self.license.term {
            Term::Fixed { warn_from, expires_at, .. } => (Some(warn_from), Some(expires_at)),
            Term::Perpetual => (None, None),
        };
        let fixed = [
            warn_from,
            expires_at,
            self.list_stale_at(),
            self.key.distrust_after,
            Some(self.license.starts_at),
        ];
        let edges = self
            .findings(t)
            .into_iter()
            .flat_map(|finding| [finding.start.instant(), finding.until.instant()]);
        fixed.into_iter().chain(edges).flatten()
    }
}

fn judge(findings: &[Finding], t: Timestamp) -> Answer {
    let reasons = findings
        .iter()
        .filter(|finding| finding.phase(t) != Phase::Ahead)
        .map(|finding| finding.reason)
        .collect();
    let full = Answer { mode: Mode::Full, code: None, reason: None, pending: None, until: None, reasons };
    if let Some(worst) = precedence::worst_over(findings, t) {
        return Answer {
            mode: Mode::ReadOnly,
            code: worst.reason.code(),
            reason: Some(worst.reason),
            ..full
        };
    }
    if let Some(first) = precedence::first_to_end(findings, t) {
        let until = precedence::stated_end(first.until);
        return Answer {
            mode: Mode::Grace,
            reason: Some(first.reason),
            pending: first.reason.code(),
            until,
            ..full
        };
    }
    full
}
