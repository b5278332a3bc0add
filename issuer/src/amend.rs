//! Amending a license: its next revision in mid-term, with other terms and the same dates.

use lictor_keys::Signer;
use lictor_shared::{License, Term, Timestamp};

use crate::draft::{Draft, Identity};
use crate::error::{Failure, FailureKind, FieldErrors};
use crate::event::EventKind;
use crate::home::Home;
use crate::latest::{Grounds, Latest};
use crate::ledger::Ledger;
use crate::licenses::LicenseState;
use crate::occasion::Occasion;
use crate::resolve::{self, Dates};
use crate::revision::{self, Changes, Earlier, Revised, Revision};
use crate::terms::Terms;
use crate::transition::{forbidden, issue_another};

/// An amendment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Amendment {
    /// What changes.
    pub changes: Changes,
    /// What becomes of the earlier revisions.
    pub earlier: Earlier,
}

/// What [`amend`] would sign now. Nothing is changed, and no private key is needed.
///
/// # Errors
/// As [`amend`], as far as they can be known before it is signed.
pub fn preview_amendment(
    home: &Home,
    ledger: &Ledger,
    id: &str,
    amendment: &Amendment,
    occasion: &Occasion,
) -> Result<Draft, Failure> {
    with(amendment, |revision| revision::preview(home, ledger, id, revision, occasion))
}

/// Amends a license. The new revision starts and ends when the latest one does. A suspended license stays suspended.
///
/// Of a license that a leaked key signed nothing need change: then it is signed anew as it is.
///
/// # Errors
/// [`FailureKind::Usage`] if nothing would change, [`FailureKind::NotFound`] if there is no such license or plan,
/// [`FailureKind::Conflict`] if it is revoked or over, [`FailureKind::Validation`] for terms that no license can have.
pub fn amend(
    home: &Home,
    ledger: &mut Ledger,
    signer: &dyn Signer,
    id: &str,
    amendment: &Amendment,
    occasion: &Occasion,
) -> Result<Revised, Failure> {
    with(amendment, |revision| revision::revise(home, ledger, signer, id, revision, occasion))
}

fn with<T>(amendment: &Amendment, then: impl FnOnce(&Revision<'_>) -> T) -> T {
    let draft = |latest: &Latest, grounds: &Grounds<'_>| draft(latest, &amendment.changes, grounds);
    then(&Revision { kind: EventKind::LicenseAmended, earlier: amendment.earlier, draft: &draft })
}

fn draft(latest: &Latest, changes: &Changes, grounds: &Grounds<'_>) -> Result<Draft, Failure> {
    can_be_amended(latest, grounds.at)?;
    let starts_at = latest.claims.starts_at;
    let draft = latest.draft(changes, grounds, |errors, terms| {
        refuse_an_end(errors, &changes.terms, &latest.claims);
        Dates {
            starts_at,
            term: term(errors, terms, &latest.claims, grounds.at),
            maintenance_until: latest.maintenance(errors, terms, starts_at),
        }
    })?;
    if differs(&draft, &latest.claims) || latest.is_by_leaked_key(&grounds.ring) {
        return Ok(draft);
    }
    Err(Failure::new(FailureKind::Usage, format!("nothing of the license {} would change", latest.record.id))
        .hint("say what shall be different, as with --seats 50"))
}

fn can_be_amended(latest: &Latest, at: Timestamp) -> Result<(), Failure> {
    let license = &latest.record;
    if license.state(at) == LicenseState::Revoked {
        let failure = forbidden(license, at, "what is revoked cannot be amended");
        return Err(failure.hint(issue_another(&latest.claims)));
    }
    // What is suspended may be over besides.
    if license.course(at) == LicenseState::Ended {
        let failure = forbidden(license, at, "what is over cannot be amended");
        return Err(failure.hint(format!("lictor license renew {} --term 1y", license.id)));
    }
    Ok(())
}

/// What never expires has no end that is warned of, or that a grace follows.
fn refuse_an_end(errors: &mut FieldErrors, given: &Terms, claims: &License) {
    if claims.term != Term::Perpetual {
        return;
    }
    for (field, is_given) in [("warn", given.warn.is_some()), ("grace", given.grace.is_some())] {
        if is_given {
            errors.add(field, "the license never expires, so there is no end that it could count from");
        }
    }
}

fn term(errors: &mut FieldErrors, terms: &Terms, claims: &License, at: Timestamp) -> Term {
    let Some(expires_at) = claims.term.expires_at() else { return Term::Perpetual };
    let term = resolve::fixed(errors, terms, claims.starts_at, expires_at);
    match term.grace_until() {
        // Whoever wants it over at once revokes it, for a reason that is recorded.
        Some(end) if end <= at && claims.term.grace_until().is_some_and(|before| before > at) => {
            errors.add("grace", format!("it would have ended at {end} already, and now is {at}"));
        }
        _ => {}
    }
    term
}

/// Whether anything but when it is signed is different.
fn differs(draft: &Draft, claims: &License) -> bool {
    let same = draft.clone().license(Identity {
        issuer: claims.issuer.clone(),
        customer_id: claims.customer_id.clone(),
        id: claims.id,
        revision: claims.revision,
        serial: claims.serial,
        status: claims.status.clone(),
    });
    License { issued_at: claims.issued_at, ..same } != *claims
}
