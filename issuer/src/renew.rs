//! Renewing a license: its next revision, with a later end.

use lictor_keys::Signer;
use lictor_shared::{Term, Timestamp};

use crate::difference::lengths;
use crate::draft::Draft;
use crate::error::{Failure, FailureKind, FieldErrors};
use crate::event::EventKind;
use crate::home::Home;
use crate::latest::{Grounds, Latest};
use crate::ledger::Ledger;
use crate::licenses::LicenseState;
use crate::occasion::Occasion;
use crate::resolve::{self, Dates};
use crate::revision::{self, Changes, Earlier, Revised, Revision};
use crate::terms::{Span, Terms};
use crate::transition::{forbidden, issue_another};

/// A renewal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Renewal {
    /// Until when.
    pub length: RenewedTerm,
    /// What else changes.
    pub changes: Changes,
    /// What becomes of the earlier revisions.
    pub earlier: Earlier,
}

/// Until when a license is renewed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RenewedTerm {
    /// For a span of the calendar, from the old end on, or from now on if that is past.
    For(Span),
    /// Until an instant, which lies behind the old end.
    Until(Timestamp),
}

/// What [`renew`] would sign now. Nothing is changed, and no private key is needed.
///
/// # Errors
/// As [`renew`], as far as they can be known before it is signed.
pub fn preview_renewal(
    home: &Home,
    ledger: &Ledger,
    id: &str,
    renewal: &Renewal,
    occasion: &Occasion,
) -> Result<Draft, Failure> {
    with(renewal, |revision| revision::preview(home, ledger, id, revision, occasion))
}

/// Renews a license. The new revision holds from now on, so that it replaces the old one at once and nothing lapses; if
/// that has not started yet, from its start on. A suspended license stays suspended.
///
/// # Errors
/// [`FailureKind::NotFound`] if there is no such license or plan, [`FailureKind::Conflict`] if it is revoked or never
/// expires, [`FailureKind::Validation`] for terms that no license can have, or that do not end later than before.
pub fn renew(
    home: &Home,
    ledger: &mut Ledger,
    signer: &dyn Signer,
    id: &str,
    renewal: &Renewal,
    occasion: &Occasion,
) -> Result<Revised, Failure> {
    with(renewal, |revision| revision::revise(home, ledger, signer, id, revision, occasion))
}

fn with<T>(renewal: &Renewal, then: impl FnOnce(&Revision<'_>) -> T) -> T {
    let draft = drafting(renewal);
    then(&Revision { kind: EventKind::LicenseRenewed, earlier: renewal.earlier, draft: &draft })
}

/// How the next revision of a license that is renewed is drafted.
pub(crate) fn drafting(renewal: &Renewal) -> impl Fn(&Latest, &Grounds<'_>) -> Result<Draft, Failure> + '_ {
    move |latest, grounds| draft(latest, renewal, grounds)
}

fn draft(latest: &Latest, renewal: &Renewal, grounds: &Grounds<'_>) -> Result<Draft, Failure> {
    let at = grounds.at;
    let old_end = can_be_renewed(latest, at)?;
    // A revision that is said to start later than one that is in force was signed under a wrong clock.
    let starts_at = if latest.record.in_force(at).is_some() { at } else { latest.claims.starts_at };
    let changes = with_agreed_warning(latest, &renewal.changes);
    latest.draft(&changes, grounds, |errors, terms| {
        let term = term(errors, terms, renewal.length, Instants { old_end, starts_at, at });
        Dates { starts_at, term, maintenance_until: maintenance(latest, errors, terms, starts_at, term) }
    })
}

/// A warning that began with the term was cut to it, so what was agreed was at least as long; what that was nobody
/// knows any more, and so the usual one is taken if it is longer.
fn with_agreed_warning(latest: &Latest, changes: &Changes) -> Changes {
    let mut changes = changes.clone();
    let Term::Fixed { warn_from, .. } = latest.claims.term else { return changes };
    if changes.terms.warn.is_none() && warn_from == latest.claims.starts_at {
        changes.terms.warn = lengths(latest.claims.term).0.max(latest.usual_warning);
    }
    changes
}

/// Maintenance that ended with the term goes on ending with it.
fn maintenance(
    latest: &Latest,
    errors: &mut FieldErrors,
    terms: &Terms,
    starts_at: Timestamp,
    term: Term,
) -> Option<Timestamp> {
    let claims = &latest.claims;
    let ended_with_it =
        claims.maintenance_until.is_some() && claims.maintenance_until == claims.term.expires_at();
    match terms.maintenance {
        None if ended_with_it => term.expires_at(),
        _ => latest.maintenance(errors, terms, starts_at),
    }
}

/// When it ends so far.
fn can_be_renewed(latest: &Latest, at: Timestamp) -> Result<Timestamp, Failure> {
    let license = &latest.record;
    if license.state(at) == LicenseState::Revoked {
        let failure = forbidden(license, at, "what is revoked cannot be renewed");
        return Err(failure.hint(issue_another(&latest.claims)));
    }
    latest.claims.term.expires_at().ok_or_else(|| {
        let id = license.id;
        let message = format!("The license {id} never expires; there is nothing to renew.");
        Failure::new(FailureKind::Conflict, message)
            .hint(format!("lictor license amend {id} changes its other terms."))
            .with("license", id.to_string())
            .with("state", license.state(at).as_str())
    })
}

struct Instants {
    old_end: Timestamp,
    starts_at: Timestamp,
    at: Timestamp,
}

fn term(errors: &mut FieldErrors, terms: &Terms, length: RenewedTerm, instants: Instants) -> Term {
    let Instants { old_end, starts_at, at } = instants;
    let (field, end) = match length {
        // The new term counts from the old end, or from now if that is past.
        RenewedTerm::For(span) => ("term", span.after(old_end.max(at))),
        RenewedTerm::Until(end) => ("until", Some(end)),
    };
    let Some(end) = end else {
        errors.add(field, "it would end after the year 9999");
        return Term::Perpetual;
    };
    if end <= at {
        errors.add(field, format!("it would have ended at {end} already, and now is {at}"));
    } else if end <= old_end {
        errors.add(field, format!("it would end at {end}, but it runs until {old_end} already"));
    }
    resolve::fixed(errors, terms, starts_at, end)
}
