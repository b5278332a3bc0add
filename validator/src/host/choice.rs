//! Which of several licenses is in force.

use core::cmp::Reverse;
use lictor_shared::{License, Mode, Reason, Timestamp, Uuid};
use std::collections::BTreeMap;

use super::holdings::{license_key, license_rank};
use super::state::LicenseKey;
use crate::verdict::Verdict;
use crate::verified::Verified;

/// A license held, and the verdict under it alone.
#[derive(Clone, Debug)]
pub(crate) struct Judged<'a> {
    pub(crate) license: &'a Verified<License>,
    pub(crate) verdict: Verdict,
}

impl Judged<'_> {
    /// Whether its time has not come: t < nbf.
    pub(crate) fn is_pending(&self) -> bool {
        self.verdict.effective_time() < self.license.starts_at()
    }

    /// Whether its time has come and it is not refused.
    pub(crate) fn is_in_force(&self) -> bool {
        !self.is_pending() && !self.is_refused()
    }

    /// Whether it is refused for another reason than its time.
    pub(crate) fn is_refused(&self) -> bool {
        refusal(&self.verdict).is_some_and(|reason| reason != Reason::NotYetValid)
    }
}

/// The refusal of a license that can be read, if the verdict is one.
pub(crate) fn refusal(verdict: &Verdict) -> Option<Reason> {
    verdict.reason().filter(|reason| {
        matches!(
            reason,
            Reason::WrongProduct
                | Reason::WrongEnvironment
                | Reason::KeyDistrusted
                | Reason::NotYetValid
                | Reason::Superseded
        )
    })
}

/// Of each license id the one that counts.
pub(crate) fn one_of_each_id(judged: Vec<Judged<'_>>) -> Vec<Judged<'_>> {
    let mut by_id: BTreeMap<LicenseKey, Vec<Judged<'_>>> = BTreeMap::new();
    for license in judged {
        by_id.entry(license_key(license.license.claims())).or_default().push(license);
    }
    by_id.into_values().filter_map(|one| one.into_iter().max_by_key(precedence_within_id)).collect()
}

type WithinId = (bool, bool, Reverse<Option<Timestamp>>, (u64, Timestamp, Uuid));

/// Per id the highest revision with nbf <= t is in force. What is refused never replaces what is not, and where all are still
/// pending the one whose time comes first speaks for them.
fn precedence_within_id(judged: &Judged<'_>) -> WithinId {
    let pending = judged.is_pending();
    let start = pending.then(|| judged.license.starts_at());
    (judged.is_in_force(), !pending, Reverse(start), license_rank(judged.license.claims()))
}

type AmongIds = (bool, Reverse<Mode>, (bool, Option<Timestamp>), Timestamp, Uuid);

/// Among ids, the one with the best mode, then the latest graceUntil (none is latest), then the latest iat, then the greater jti.
/// What is pending or refused is not in force, and speaks only where nothing is.
pub(crate) fn precedence_among_ids(judged: &Judged<'_>) -> AmongIds {
    let claims = judged.license.claims();
    let grace_until = claims.term.grace_until();
    let mode = Reverse(judged.verdict.mode());
    let end = (grace_until.is_none(), grace_until);
    (judged.is_in_force(), mode, end, claims.issued_at, claims.serial)
}
