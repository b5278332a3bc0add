//! The rules of a license's life, told a second time, from the formats and from OPERATING.md, so that the two can be compared.
//! Nothing of the issuer is called here; its words for states and failures are used, and no more.

use lictor_issuer::{FailureKind, LicenseState, RevocationReason};

use super::operations::{Ends, Index, Operation, Order, Revise};

pub(super) const DAY: u64 = 86_400;

/// Built in, as `lictor.toml` shows them: `grace = "14d"`, `revocationGrace = "14d"`.
const BUILT_IN_GRACE: u64 = 14 * DAY;

/// What was decided about a license.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    Active,
    Suspended { since: u64 },
    Revoked { since: u64, reason: RevocationReason },
}

/// What the status list says of a revision.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Entry {
    Valid,
    Suspended { since: u64 },
    Revoked { since: u64 },
}

impl Entry {
    pub(super) fn since(self) -> Option<u64> {
        match self {
            Self::Valid => None,
            Self::Suspended { since } | Self::Revoked { since } => Some(since),
        }
    }
}

#[derive(Clone, Debug)]
pub(super) struct Revision {
    pub(super) issued_at: u64,
    pub(super) starts_at: u64,
    /// When it expires, and when its grace ends.
    pub(super) end: Option<(u64, u64)>,
    pub(super) revocation_grace: u64,
    pub(super) seats: Option<u64>,
    pub(super) entry: Entry,
}

impl Revision {
    /// Whether a deployment could still use it.
    fn is_usable(&self, at: u64) -> bool {
        self.end.is_none_or(|(_, grace_until)| at < grace_until)
            && !matches!(self.entry, Entry::Revoked { .. })
    }
}

#[derive(Clone, Debug)]
pub(super) struct License {
    pub(super) standing: Standing,
    pub(super) revisions: Vec<Revision>,
}

impl License {
    pub(super) fn state(&self, at: u64) -> LicenseState {
        match self.standing {
            Standing::Revoked { .. } => return LicenseState::Revoked,
            Standing::Suspended { .. } => return LicenseState::Suspended,
            Standing::Active => {}
        }
        // SPEC 9: per id the highest revision with nbf <= t is in force.
        match self.revisions.iter().rev().find(|revision| revision.starts_at <= at) {
            None => LicenseState::Scheduled,
            Some(Revision { end: None, .. }) => LicenseState::Active,
            Some(Revision { end: Some((expires_at, _)), .. }) if at < *expires_at => LicenseState::Active,
            Some(Revision { end: Some((_, grace_until)), .. }) if at < *grace_until => LicenseState::Grace,
            Some(_) => LicenseState::Ended,
        }
    }

    fn latest(&self) -> &Revision {
        self.revisions.last().unwrap()
    }

    /// A further revision of what is suspended is suspended too, since the instant at which the license was.
    fn push(&mut self, revision: Revision) {
        let entry = match self.standing {
            Standing::Suspended { since } => Entry::Suspended { since },
            Standing::Active | Standing::Revoked { .. } => Entry::Valid,
        };
        self.revisions.push(Revision { entry, ..revision });
    }

    /// Revokes what could be used; what left VALID before keeps that instant.
    fn stop_revisions(&mut self, now: u64) {
        for revision in self.revisions.iter_mut().filter(|revision| revision.is_usable(now)) {
            revision.entry = Entry::Revoked { since: revision.entry.since().unwrap_or(now) };
        }
    }
}

/// An issuer's desk.
#[derive(Clone, Debug)]
pub(super) struct Model {
    pub(super) now: u64,
    pub(super) keys: usize,
    pub(super) licenses: Vec<License>,
    /// The sequence of the last list.
    pub(super) sequence: u64,
    pub(super) events: u64,
}

type Done = Result<(), FailureKind>;

impl Model {
    pub(super) fn new(now: u64, events: u64) -> Self {
        Self { now, keys: 0, licenses: Vec::new(), sequence: 0, events }
    }

    /// Which license an operation is about; none: one that nobody issued.
    pub(super) fn about(&self, index: Index) -> Option<usize> {
        let Index::Issued(number) = index else { return None };
        self.licenses.len().checked_sub(1).map(|last| number % (last + 1))
    }

    /// Does it, or says which kind of failure it is; then nothing has changed.
    pub(super) fn apply(&mut self, operation: &Operation) -> Done {
        match operation {
            Operation::Pass { seconds } => {
                self.now = self.now.saturating_add_signed(*seconds);
                return Ok(());
            }
            Operation::NewKey => self.keys += 1,
            Operation::Issue(order) => self.issue(order)?,
            Operation::Renew { of, ends, revise, revoke_previous } => {
                self.renew(*of, *ends, revise, *revoke_previous)?;
            }
            Operation::Amend { of, revise } => self.amend(*of, revise)?,
            Operation::Suspend { of } => self.suspend(*of)?,
            Operation::Reinstate { of } => self.reinstate(*of)?,
            Operation::Revoke { of, reason } => self.revoke(*of, *reason)?,
            Operation::Publish => self.publish()?,
        }
        self.events += 1;
        Ok(())
    }

    fn signs(&self) -> Done {
        if self.keys == 0 { Err(FailureKind::SigningNotConfigured) } else { Ok(()) }
    }

    fn license(&mut self, index: Index) -> Result<&mut License, FailureKind> {
        let place = self.about(index).ok_or(FailureKind::NotFound)?;
        Ok(&mut self.licenses[place])
    }

    fn issue(&mut self, order: &Order) -> Done {
        self.signs()?;
        let now = self.now;
        let starts_at = order.starts.map_or(now, |seconds| now.saturating_add_signed(seconds));
        let expires_at = match order.ends {
            Ends::Never => None,
            Ends::After { days } => Some(starts_at + days * DAY),
            Ends::Until { seconds } => Some(now.saturating_add_signed(seconds)),
        };
        if expires_at.is_some_and(|end| end <= starts_at || end <= now) {
            return Err(FailureKind::Validation);
        }
        let revision = Revision {
            issued_at: now,
            starts_at,
            end: expires_at.map(|end| (end, end + order.grace.unwrap_or(BUILT_IN_GRACE))),
            revocation_grace: order.revocation_grace.unwrap_or(BUILT_IN_GRACE),
            seats: None,
            entry: Entry::Valid,
        };
        self.licenses.push(License { standing: Standing::Active, revisions: vec![revision] });
        Ok(())
    }

    fn renew(&mut self, of: Index, ends: Ends, revise: &Revise, revoke_previous: bool) -> Done {
        let now = self.now;
        let license = self.license(of)?;
        let latest = license.latest().clone();
        // A license that never expires or that is revoked is not renewed.
        let (Some((old_end, old_grace)), false) =
            (latest.end, matches!(license.standing, Standing::Revoked { .. }))
        else {
            return Err(FailureKind::Conflict);
        };
        // The new term counts from the old end, or from now if that is past.
        let end = match ends {
            Ends::After { days } => old_end.max(now) + days * DAY,
            Ends::Until { seconds } => now.saturating_add_signed(seconds),
            Ends::Never => unreachable!("no renewal is without end"),
        };
        if end <= old_end || end <= now {
            return Err(FailureKind::Validation);
        }
        let grace = revise.grace.unwrap_or(old_grace - old_end);
        // It holds from now on; of a license that has not started yet, from its start on.
        let starts_at = latest.starts_at.max(now);
        if revoke_previous {
            license.stop_revisions(now);
        }
        let renewed = Revision { issued_at: now, starts_at, end: Some((end, end + grace)), ..latest };
        license.push(changed(renewed, revise));
        Ok(())
    }

    fn amend(&mut self, of: Index, revise: &Revise) -> Done {
        let now = self.now;
        let license = self.license(of)?;
        // What is revoked or over is not amended; what is suspended stays suspended.
        if matches!(license.state(now), LicenseState::Revoked | LicenseState::Ended) {
            return Err(FailureKind::Conflict);
        }
        let latest = license.latest().clone();
        let amended = changed(Revision { issued_at: now, ..latest.clone() }, revise);
        if (amended.seats, amended.revocation_grace) == (latest.seats, latest.revocation_grace) {
            return Err(FailureKind::Usage);
        }
        license.push(amended);
        Ok(())
    }

    fn suspend(&mut self, of: Index) -> Done {
        let now = self.now;
        let license = self.license(of)?;
        // Only what is scheduled, active or in grace can be suspended.
        match license.state(now) {
            LicenseState::Scheduled | LicenseState::Active | LicenseState::Grace => {}
            LicenseState::Suspended | LicenseState::Revoked | LicenseState::Ended => {
                return Err(FailureKind::Conflict);
            }
        }
        for revision in license.revisions.iter_mut().filter(|revision| revision.is_usable(now)) {
            revision.entry = Entry::Suspended { since: now };
        }
        license.standing = Standing::Suspended { since: now };
        Ok(())
    }

    fn reinstate(&mut self, of: Index) -> Done {
        let license = self.license(of)?;
        if !matches!(license.standing, Standing::Suspended { .. }) {
            return Err(FailureKind::Conflict);
        }
        for revision in &mut license.revisions {
            if matches!(revision.entry, Entry::Suspended { .. }) {
                revision.entry = Entry::Valid;
            }
        }
        license.standing = Standing::Active;
        Ok(())
    }

    fn revoke(&mut self, of: Index, reason: RevocationReason) -> Done {
        let now = self.now;
        let license = self.license(of)?;
        // It acts on every revision that could still be used; where there is none, there is nothing to revoke.
        let idle = !license.revisions.iter().any(|revision| revision.is_usable(now));
        if idle || matches!(license.standing, Standing::Revoked { .. }) {
            return Err(FailureKind::Conflict);
        }
        license.stop_revisions(now);
        license.standing = Standing::Revoked { since: now, reason };
        Ok(())
    }

    fn publish(&mut self) -> Done {
        self.signs()?;
        // SPEC 5: max(last + 1, unix time).
        self.sequence = (self.sequence + 1).max(self.now);
        Ok(())
    }
}

/// What is not given stays as it was.
fn changed(revision: Revision, revise: &Revise) -> Revision {
    Revision {
        seats: revise.seats.or(revision.seats),
        revocation_grace: revise.revocation_grace.unwrap_or(revision.revocation_grace),
        ..revision
    }
}
