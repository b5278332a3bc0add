//! The rules of a license's life, told a second time, from the formats and from OPERATING.md, so that the two can be compared.
//! Nothing of the issuer is called here; its words for states and failures are used, and no more.

use lictor_issuer::activation::{History, Manner};
use lictor_issuer::key::Succession;
use lictor_issuer::{FailureKind, LicenseState, RevocationReason};
use lictor_keys::KeyStanding;
use lictor_shared::Denial;
use std::collections::BTreeMap;

use super::operations::{Ends, Index, Operation, Order, Revise, Step};
use super::reach::event_of;
use super::seats::Seats;

pub(super) const DAY: u64 = 86_400;

/// Built in, as `lictor.toml` shows them: `grace = "14d"`, `revocationGrace = "14d"`.
const BUILT_IN_GRACE: u64 = 14 * DAY;

/// A key, for all purposes and products.
#[derive(Clone, Copy, Debug)]
pub(super) struct Key {
    pub(super) standing: KeyStanding,
    /// The event that made it sign.
    turn: u64,
    /// From when on deployments take nothing of it.
    pub(super) distrusted: Option<u64>,
}

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
    pub(super) overage: u64,
    /// The key that signed it.
    pub(super) key: usize,
    pub(super) entry: Entry,
}

impl Revision {
    /// Whether a deployment could still use it.
    pub(super) fn is_usable(&self, at: u64) -> bool {
        self.end.is_none_or(|(_, grace_until)| at < grace_until)
            && !matches!(self.entry, Entry::Revoked { .. })
    }

    /// How many seats there are; `None`: any number.
    pub(super) fn room(&self) -> Option<u64> {
        self.seats.map(|seats| seats + self.overage)
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
            Standing::Revoked { .. } => LicenseState::Revoked,
            Standing::Suspended { .. } => LicenseState::Suspended,
            Standing::Active => self.course(at),
        }
    }

    /// Where it stands in time, whatever was decided about it.
    fn course(&self, at: u64) -> LicenseState {
        // FORMAT 10.3: per id the highest revision with nbf <= t is in force.
        match self.revisions.iter().rev().find(|revision| revision.starts_at <= at) {
            None => LicenseState::Scheduled,
            Some(Revision { end: None, .. }) => LicenseState::Active,
            Some(Revision { end: Some((expires_at, _)), .. }) if at < *expires_at => LicenseState::Active,
            Some(Revision { end: Some((_, grace_until)), .. }) if at < *grace_until => LicenseState::Grace,
            Some(_) => LicenseState::Ended,
        }
    }

    /// Whether its term and its grace are over.
    pub(super) fn is_over(&self, at: u64) -> bool {
        self.course(at) == LicenseState::Ended
    }

    pub(super) fn latest(&self) -> &Revision {
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

    /// Revokes what could be used, from an instant on; what left VALID before keeps its own.
    fn stop_revisions(&mut self, now: u64, since: u64) {
        for revision in self.revisions.iter_mut().filter(|revision| revision.is_usable(now)) {
            revision.entry = Entry::Revoked { since: revision.entry.since().unwrap_or(since) };
        }
    }

    /// Revokes earlier what was to be revoked later, and is not over.
    fn bring_forward(&mut self, now: u64, since: u64) {
        for revision in &mut self.revisions {
            let over = revision.end.is_some_and(|(_, grace_until)| grace_until <= now);
            if !over && matches!(revision.entry, Entry::Revoked { since: later } if since < later) {
                revision.entry = Entry::Revoked { since };
            }
        }
    }

    /// What is suspended or revoked, has expired already, or was renewed before is left out.
    fn is_due(&self, now: u64, until: u64) -> bool {
        let soon = self.latest().end.is_some_and(|(end, _)| now < end && end <= until);
        soon && self.standing == Standing::Active
    }

    fn renew(&mut self, now: u64, ends: Ends, revise: &Revise, revoke_previous: bool) -> Done {
        let latest = self.latest().clone();
        // A license that never expires or that is revoked is not renewed.
        let (Some((old_end, old_grace)), false) =
            (latest.end, matches!(self.standing, Standing::Revoked { .. }))
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
        let has_started = self.course(now) != LicenseState::Scheduled;
        let starts_at = if has_started { now } else { latest.starts_at };
        if revoke_previous {
            self.stop_revisions(now, now);
        }
        let renewed = Revision { issued_at: now, starts_at, end: Some((end, end + grace)), ..latest };
        self.push(changed(renewed, revise));
        Ok(())
    }
}

/// An issuer's desk.
#[derive(Clone, Debug)]
pub(super) struct Model {
    pub(super) now: u64,
    pub(super) keys: Vec<Key>,
    pub(super) licenses: Vec<License>,
    /// The sequence of the last list.
    pub(super) sequence: u64,
    /// When the last list was signed, and by which key.
    pub(super) listed: Option<(u64, usize)>,
    /// Whether an entry says anything else since then.
    pub(super) is_list_outdated: bool,
    pub(super) seats: Seats,
    pub(super) events: u64,
    /// The kind of the last event.
    pub(super) did: &'static str,
}

/// What an operation comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Said {
    Done,
    Given {
        manner: Manner,
        seat: Option<u64>,
        ends: Option<u64>,
        history: History,
        active: u64,
    },
    Denied(Denial),
    /// The same bytes as before.
    Again,
}

type Done = Result<(), FailureKind>;

impl Model {
    pub(super) fn new(now: u64, events: u64) -> Self {
        Self {
            now,
            keys: Vec::new(),
            licenses: Vec::new(),
            sequence: 0,
            listed: None,
            is_list_outdated: false,
            seats: Seats::default(),
            events,
            did: "product.added",
        }
    }

    /// The entries of revisions that are not valid.
    fn stopped(&self) -> BTreeMap<(usize, usize), Entry> {
        let revisions = self.licenses.iter().enumerate().flat_map(|(place, license)| {
            license.revisions.iter().enumerate().map(move |(number, it)| ((place, number), it.entry))
        });
        revisions.filter(|(_, entry)| *entry != Entry::Valid).collect()
    }

    /// Which license an operation is about; none: one that nobody issued.
    pub(super) fn about(&self, index: Index) -> Option<usize> {
        counted_round(index, self.licenses.len())
    }

    /// The same of keys.
    pub(super) fn about_key(&self, index: Index) -> Option<usize> {
        counted_round(index, self.keys.len())
    }

    /// The key that signs: of several active ones, the one that was activated last.
    pub(super) fn signer(&self) -> Option<usize> {
        let active = self.keys.iter().enumerate().filter(|(_, key)| key.standing == KeyStanding::Active);
        active.max_by_key(|(_, key)| key.turn).map(|(place, _)| place)
    }

    /// Does it, or says which kind of failure it is; then nothing has changed.
    pub(super) fn apply(&mut self, operation: &Operation) -> Result<Said, FailureKind> {
        if matches!(operation, Operation::Ask { .. } | Operation::AskAgain { .. }) {
            return self.brought(operation).map_or(Ok(Said::Done), |brought| self.bring(brought));
        }
        if let Operation::Pass { seconds } = operation {
            self.now = self.now.saturating_add_signed(*seconds);
            return Ok(Said::Done);
        }
        let stopped = self.stopped();
        self.change(operation)?;
        self.is_list_outdated |= stopped != self.stopped();
        if matches!(operation, Operation::Publish) {
            self.sign_list();
        }
        self.events += 1;
        self.did = event_of(operation).unwrap();
        Ok(Said::Done)
    }

    fn change(&mut self, operation: &Operation) -> Done {
        match operation {
            Operation::NewKey => self.new_key(),
            Operation::Key { of, step } => self.take(*of, *step)?,
            Operation::Issue(order) => self.issue(order)?,
            Operation::RenewSeveral { within, days, revise, revoke_previous } => {
                // An event each.
                self.events += self.renew_several(*within, *days, revise, *revoke_previous)? - 1;
            }
            Operation::Renew { of, ends, revise, revoke_previous } => {
                self.renew(*of, *ends, revise, *revoke_previous)?;
            }
            Operation::Amend { of, revise, revoke_previous } => self.amend(*of, revise, *revoke_previous)?,
            Operation::Suspend { of } => self.suspend(*of)?,
            Operation::Reinstate { of } => self.reinstate(*of)?,
            Operation::Revoke { of, reason, effective } => self.revoke(*of, *reason, *effective)?,
            Operation::Take { by, of, taking } => self.take_seat(*by, *of, *taking)?,
            Operation::Publish => {
                self.signs()?;
            }
            Operation::Pass { .. } | Operation::Ask { .. } | Operation::AskAgain { .. } => {
                unreachable!("they leave other events, or none")
            }
        }
        Ok(())
    }

    pub(super) fn signs(&self) -> Result<usize, FailureKind> {
        self.signer().ok_or(FailureKind::SigningNotConfigured)
    }

    /// A key for what no active key signs is active at once.
    fn new_key(&mut self) {
        let standing = if self.signer().is_none() { KeyStanding::Active } else { KeyStanding::Next };
        self.keys.push(Key { standing, turn: self.events + 1, distrusted: None });
    }

    /// CUSTODY.md, the life of a key.
    fn take(&mut self, of: Index, step: Step) -> Done {
        use KeyStanding::{Active, Destroyed, Distrusted, Next, Retired};
        let place = self.about_key(of).ok_or(FailureKind::NotFound)?;
        let (now, turn) = (self.now, self.events + 1);
        let others = self.keys.iter().enumerate();
        let successors = others.filter(|(other, key)| *other != place && key.standing == Active).count();
        let key = &mut self.keys[place];
        match (step, key.standing) {
            (Step::Activate, Next) => (key.standing, key.turn) = (Active, turn),
            // A key is not retired if nobody could sign what it does, unless that is said.
            (Step::Retire(Succession::Required), Active) if successors == 0 => {
                return Err(FailureKind::Conflict);
            }
            (Step::Retire(_), Active) => key.standing = Retired,
            (Step::Distrust { seconds }, standing) => {
                let after = now.saturating_add_signed(seconds);
                // The date can be brought forward, and is never put off.
                if key.distrusted.is_some_and(|recorded| recorded <= after) {
                    return Err(FailureKind::Conflict);
                }
                key.distrusted = Some(after);
                key.standing = if standing == Destroyed { Destroyed } else { Distrusted };
            }
            (Step::Destroy, Next | Retired | Distrusted) => key.standing = Destroyed,
            (Step::Activate | Step::Retire(_) | Step::Destroy, _) => return Err(FailureKind::Conflict),
        }
        Ok(())
    }

    /// Puts a license with a further revision into its place, signed.
    fn sign(&mut self, place: usize, license: License) -> Done {
        let key = self.signs()?;
        self.licenses[place] = license;
        if let Some(revision) = self.licenses[place].revisions.last_mut() {
            revision.key = key;
        }
        Ok(())
    }

    fn license(&mut self, index: Index) -> Result<&mut License, FailureKind> {
        let place = self.about(index).ok_or(FailureKind::NotFound)?;
        Ok(&mut self.licenses[place])
    }

    fn issue(&mut self, order: &Order) -> Done {
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
        // What is wrong with an order is said before a key is looked for.
        let key = self.signs()?;
        let revision = Revision {
            issued_at: now,
            starts_at,
            end: expires_at.map(|end| (end, end + order.grace.unwrap_or(BUILT_IN_GRACE))),
            revocation_grace: order.revocation_grace.unwrap_or(BUILT_IN_GRACE),
            seats: order.seats.map(|(seats, _)| seats),
            overage: order.seats.map_or(0, |(_, overage)| overage),
            key,
            entry: Entry::Valid,
        };
        self.licenses.push(License { standing: Standing::Active, revisions: vec![revision] });
        Ok(())
    }

    fn renew(&mut self, of: Index, ends: Ends, revise: &Revise, revoke_previous: bool) -> Done {
        let place = self.about(of).ok_or(FailureKind::NotFound)?;
        let mut license = self.licenses[place].clone();
        license.renew(self.now, ends, revise, revoke_previous)?;
        self.sign(place, license)
    }

    /// How many there were: all of them are renewed, or none.
    fn renew_several(
        &mut self,
        within: u64,
        days: u64,
        revise: &Revise,
        revoke_previous: bool,
    ) -> Result<u64, FailureKind> {
        let (now, mut after) = (self.now, self.clone());
        let mut renewed = 0;
        for (place, mut license) in self.licenses.iter().cloned().enumerate() {
            if license.is_due(now, now + within) {
                license.renew(now, Ends::After { days }, revise, revoke_previous)?;
                after.sign(place, license)?;
                renewed += 1;
            }
        }
        if renewed == 0 {
            return Err(FailureKind::Usage);
        }
        *self = after;
        Ok(renewed)
    }

    fn amend(&mut self, of: Index, revise: &Revise, revoke_previous: bool) -> Done {
        let now = self.now;
        let place = self.about(of).ok_or(FailureKind::NotFound)?;
        let mut license = self.licenses[place].clone();
        // What is revoked or over is not amended, suspended or not; what is suspended stays suspended.
        if matches!(license.standing, Standing::Revoked { .. }) || license.course(now) == LicenseState::Ended
        {
            return Err(FailureKind::Conflict);
        }
        let latest = license.latest().clone();
        let amended = changed(Revision { issued_at: now, ..latest.clone() }, revise);
        let same = (amended.seats, amended.revocation_grace) == (latest.seats, latest.revocation_grace);
        // Without a change, what a leaked key signed is signed anew.
        if same && self.keys[latest.key].distrusted.is_none() {
            return Err(FailureKind::Usage);
        }
        if revoke_previous {
            license.stop_revisions(now, now);
        }
        license.push(amended);
        self.sign(place, license)
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

    fn revoke(&mut self, of: Index, reason: RevocationReason, effective: Option<i64>) -> Done {
        let now = self.now;
        let since = effective.map(|seconds| now.saturating_add_signed(seconds));
        let license = self.license(of)?;
        // It acts on every revision that could still be used; where there is none, there is nothing to revoke.
        let idle = !license.revisions.iter().any(|revision| revision.is_usable(now));
        // What lies ahead is brought forward, and never put off.
        let wanted = since.unwrap_or(now);
        let forward =
            matches!(license.standing, Standing::Revoked { since, .. } if now < since && wanted < since);
        if !forward && (idle || matches!(license.standing, Standing::Revoked { .. })) {
            return Err(FailureKind::Conflict);
        }
        if let Some(since) = since {
            // What is suspended counts from its suspension, and from no other day.
            if matches!(license.standing, Standing::Suspended { .. }) {
                return Err(FailureKind::Conflict);
            }
            // A day in the past, but not before the license; nor one at which all of it is over anyway.
            let first = license.revisions.iter().map(|revision| revision.starts_at.max(revision.issued_at));
            let before = since < now && first.min().is_some_and(|first| since < first);
            let after = |revision: &Revision| !revision.is_usable(now) || !revision.is_usable(since);
            if before || (!forward && license.revisions.iter().all(after)) {
                return Err(FailureKind::Validation);
            }
        }
        match forward {
            true => license.bring_forward(now, wanted),
            false => license.stop_revisions(now, wanted),
        }
        license.standing = Standing::Revoked { since: wanted, reason };
        Ok(())
    }

    /// FORMAT 6.4: max(last + 1, unix time).
    pub(super) fn sign_list(&mut self) {
        self.sequence = (self.sequence + 1).max(self.now);
        self.listed = self.signer().map(|key| (self.now, key));
        self.is_list_outdated = false;
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

fn counted_round(index: Index, there: usize) -> Option<usize> {
    let Index::Known(number) = index else { return None };
    there.checked_sub(1).map(|last| number % (last + 1))
}
