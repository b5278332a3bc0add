//! The rules of seats, told a second time, from the formats and from OPERATING.md. Nothing of the issuer is called here.

use lictor_issuer::FailureKind;
use lictor_issuer::activation::{History, Manner, SeatState};
use lictor_shared::{Denial, RequestKind};
use std::collections::BTreeMap;

use super::operations::{Ask, Cites, Index, Operation, Taking};
use super::rules::{DAY, Entry, License, Model, Revision, Said, Standing};

/// Which deployment: its place among those that there are.
pub(super) type Place = usize;

/// What is known of a deployment under one license.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Holder {
    pub(super) state: SeatState,
    pub(super) seat: Option<u64>,
    pub(super) first_seen: u64,
    pub(super) last_seen: u64,
    pub(super) counter: u64,
    /// When the last of its activations ends; `None`: never.
    pub(super) lease_end: Option<u64>,
    pub(super) lost_answers: u64,
    pub(super) forks: u64,
    /// The activations that it was given, as places among all that were.
    pub(super) given: Vec<usize>,
}

/// An activation that was given.
#[derive(Clone, Debug)]
pub(super) struct Activation {
    /// The license and the deployment.
    pub(super) whose: (usize, Place),
    pub(super) seat: u64,
    pub(super) counter: u64,
    pub(super) cited: Cited,
    pub(super) ends: Option<u64>,
    pub(super) revocation_grace: u64,
    pub(super) entry: Entry,
}

impl Activation {
    /// Whether a deployment can still do anything with it.
    fn is_usable(&self, at: u64) -> bool {
        self.entry == Entry::Valid && self.ends.is_none_or(|end| at < end)
    }
}

/// Which activation a request says that its deployment holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cited {
    Nothing,
    /// A place among all that were given.
    One(usize),
    /// One that nobody gave.
    Strange,
}

/// A request as it is brought.
#[derive(Clone, Debug)]
pub(super) struct Brought {
    pub(super) by: Place,
    pub(super) license: Option<usize>,
    pub(super) kind: RequestKind,
    pub(super) made: u64,
    pub(super) counter: u64,
    pub(super) cited: Cited,
    pub(super) is_for_its_product: bool,
    pub(super) has_hash: bool,
    pub(super) lease: Option<u64>,
    /// Whether it has its answer already.
    pub(super) is_answered: bool,
}

/// All that is known of seats.
#[derive(Clone, Debug, Default)]
pub(super) struct Seats {
    pub(super) holders: BTreeMap<(usize, Place), Holder>,
    pub(super) activations: Vec<Activation>,
    /// The counter of each deployment's last request.
    counters: BTreeMap<Place, u64>,
    /// Each deployment's last request.
    last: BTreeMap<Place, Brought>,
}

impl Seats {
    /// How many seats of a license are taken.
    pub(super) fn taken(&self, license: usize) -> u64 {
        let held = self.holders.iter().filter(|((of, _), holder)| *of == license && holder.seat.is_some());
        u64::try_from(held.count()).unwrap()
    }

    /// The lowest number that nobody has.
    fn lowest_free(&self, license: usize) -> u64 {
        let held = |number: &u64| {
            self.holders.iter().any(|((of, _), holder)| *of == license && holder.seat == Some(*number))
        };
        (1..).find(|number| !held(number)).unwrap()
    }
}

impl Model {
    /// The request that an operation brings: a new one, or the deployment's last one again.
    pub(super) fn brought(&self, operation: &Operation) -> Option<Brought> {
        match operation {
            Operation::Ask { by, of, ask } => Some(self.asked(*by, self.about(*of), ask)),
            Operation::AskAgain { by } => self.seats.last.get(by).cloned(),
            _ => None,
        }
    }

    fn asked(&self, by: Place, license: Option<usize>, ask: &Ask) -> Brought {
        let counted = self.seats.counters.get(&by).copied().unwrap_or_default();
        let given: Vec<usize> = license
            .and_then(|license| self.seats.holders.get(&(license, by)))
            .map(|holder| holder.given.clone())
            .unwrap_or_default();
        let elsewhere = |of: &Activation| of.whose.1 == by && Some(of.whose.0) != license;
        let cited = match ask.cites {
            Cites::Back(steps) => {
                given.iter().rev().nth(steps).map_or(Cited::Nothing, |one| Cited::One(*one))
            }
            Cites::Nothing => Cited::Nothing,
            Cites::Elsewhere => {
                self.seats.activations.iter().rposition(elsewhere).map_or(Cited::Nothing, Cited::One)
            }
            Cites::Strange => Cited::Strange,
        };
        Brought {
            by,
            license,
            kind: ask.kind,
            made: self.now.saturating_add_signed(ask.made),
            counter: if ask.counts { counted + 1 } else { counted.max(1) },
            cited,
            is_for_its_product: ask.is_for_its_product,
            has_hash: ask.has_hash,
            lease: ask.lease,
            is_answered: false,
        }
    }

    /// Brings a request, and notes whether it was answered.
    pub(super) fn bring(&mut self, brought: Brought) -> Result<Said, FailureKind> {
        let mut brought = brought;
        self.seats.counters.insert(brought.by, brought.counter);
        let before = self.clone();
        let said = self.answer(&brought);
        if said.is_err() {
            *self = before;
        }
        brought.is_answered |= matches!(said, Ok(Said::Given { .. }));
        self.seats.last.insert(brought.by, brought);
        said
    }

    fn answer(&mut self, brought: &Brought) -> Result<Said, FailureKind> {
        // FORMAT 7.4: a repeated `jti` gets the identical bytes and takes no seat.
        if brought.is_answered {
            return Ok(Said::Again);
        }
        // FORMAT 7.4: unknown license and wrong hash get one identical NOT_FOUND.
        let place = brought.license.filter(|_| brought.has_hash).ok_or(FailureKind::NotFound)?;
        self.sweep(place);
        let denial = match brought.kind {
            RequestKind::Activate => self.against(place, brought),
            RequestKind::Release => self.against_release(place, brought),
        };
        match (denial, brought.kind) {
            (Some(denial), _) => self.deny(denial),
            (None, RequestKind::Activate) => self.activate(place, brought),
            (None, RequestKind::Release) => self.release(place, brought),
        }
    }

    fn tell(&mut self, kind: &'static str) {
        self.events += 1;
        self.did = kind;
    }

    fn deny(&mut self, denial: Denial) -> Result<Said, FailureKind> {
        self.tell("activation.denied");
        Ok(Said::Denied(denial))
    }

    /// Leases that have ended make room.
    fn sweep(&mut self, license: usize) {
        let now = self.now;
        let mut ended = 0;
        for holder in self.seats.holders.iter_mut().filter(|((of, _), _)| *of == license).map(|(_, h)| h) {
            if holder.state == SeatState::Active && holder.lease_end.is_some_and(|end| end <= now) {
                (holder.state, holder.seat) = (SeatState::Expired, None);
                ended += 1;
            }
        }
        for _ in 0..ended {
            self.tell("activation.expired");
        }
    }

    /// 30 days old, or a day ahead, to the second.
    fn by_date(&self, brought: &Brought) -> Option<Denial> {
        if brought.made + 30 * DAY < self.now {
            return Some(Denial::RequestTooOld);
        }
        (self.now + DAY < brought.made).then_some(Denial::RequestAhead)
    }

    fn against(&self, place: usize, brought: &Brought) -> Option<Denial> {
        let license = &self.licenses[place];
        if let Some(denial) = self.by_date(brought) {
            return Some(denial);
        }
        match license.standing {
            // What is revoked for a day to come grants until then.
            Standing::Revoked { since, .. } if since <= self.now => return Some(Denial::Revoked),
            Standing::Suspended { .. } => return Some(Denial::Suspended),
            _ => {}
        }
        if license.is_over(self.now) {
            return Some(Denial::Expired);
        }
        if !brought.is_for_its_product {
            return Some(Denial::WrongProduct);
        }
        let holds = self.seats.holders.get(&(place, brought.by)).is_some_and(|holder| holder.seat.is_some());
        // FORMAT 7.4: granted while active < limit + overage.
        let full = license.counting(self.now).room().is_some_and(|room| self.seats.taken(place) >= room);
        (!holds && full).then_some(Denial::SeatsExhausted)
    }

    /// Whatever became of the license, its seats can be given back.
    fn against_release(&self, place: usize, brought: &Brought) -> Option<Denial> {
        if let Some(denial) = self.by_date(brought) {
            return Some(denial);
        }
        if !brought.is_for_its_product {
            return Some(Denial::WrongProduct);
        }
        (!self.seats.holders.contains_key(&(place, brought.by))).then_some(Denial::NoSeat)
    }

    /// FORMAT 7.4: `lost_answer` and `forked`.
    fn history(&self, place: usize, brought: &Brought) -> History {
        let Some(holder) = self.seats.holders.get(&(place, brought.by)) else {
            let elsewhere = matches!(brought.cited, Cited::One(_));
            return if brought.cited == Cited::Nothing || elsewhere {
                History::Plain
            } else {
                History::Forked
            };
        };
        let mut latest = holder.given.iter().rev();
        let (last, before) = (latest.next(), latest.next());
        let cited = |one: Option<&usize>| brought.cited == one.map_or(Cited::Nothing, |one| Cited::One(*one));
        let gave_back = holder.state == SeatState::Released && brought.cited == Cited::Nothing;
        let is_of_another =
            matches!(brought.cited, Cited::One(one) if self.seats.activations[one].whose.0 != place);
        let cited_then = last.is_some_and(|last| self.seats.activations[*last].cited == brought.cited);
        match () {
            () if brought.counter <= holder.counter => History::Forked,
            () if cited(last) || gave_back => History::Plain,
            () if cited(before) || cited_then => History::LostAnswer,
            // It holds a seat of another license of ours.
            () if is_of_another => History::Plain,
            () => History::Forked,
        }
    }

    fn activate(&mut self, place: usize, brought: &Brought) -> Result<Said, FailureKind> {
        self.signs()?;
        let (now, whose) = (self.now, (place, brought.by));
        let (history, known) = (self.history(place, brought), self.seats.holders.get(&whose).cloned());
        let held = known.as_ref().and_then(|holder| holder.seat);
        let (manner, seat) = match held {
            Some(seat) => (Manner::Renewed, seat),
            None => (Manner::Granted, self.seats.lowest_free(place)),
        };
        let ends = brought.lease.map(|days| now + days * DAY);
        self.tell(if manner == Manner::Granted { "activation.granted" } else { "activation.renewed" });
        let revocation_grace = self.licenses[place].longest_revocation_grace(now);
        let (counter, cited, entry) = (brought.counter, brought.cited, Entry::Valid);
        self.seats.activations.push(Activation {
            whose,
            seat,
            counter,
            cited,
            ends,
            revocation_grace,
            entry,
        });
        // An earlier one stays in force.
        let lease_end = match known.as_ref().filter(|_| held.is_some()) {
            Some(holder) => holder.lease_end.zip(ends).map(|(one, other)| one.max(other)),
            None => ends,
        };
        let first = Holder {
            state: SeatState::Active,
            seat: None,
            first_seen: now,
            last_seen: now,
            counter,
            lease_end,
            lost_answers: 0,
            forks: 0,
            given: Vec::new(),
        };
        let mut holder = known.unwrap_or(first);
        (holder.state, holder.seat, holder.lease_end) = (SeatState::Active, Some(seat), lease_end);
        holder.given.push(self.seats.activations.len() - 1);
        self.see(whose, holder, (counter, history));
        Ok(Said::Given { manner, seat: Some(seat), ends, history, active: self.seats.taken(place) })
    }

    fn release(&mut self, place: usize, brought: &Brought) -> Result<Said, FailureKind> {
        self.signs()?;
        let whose = (place, brought.by);
        let history = self.history(place, brought);
        self.tell("activation.released");
        let holder = self.vacated(whose, SeatState::Released);
        self.see(whose, holder, (brought.counter, history));
        let active = self.seats.taken(place);
        Ok(Said::Given { manner: Manner::Released, seat: None, ends: None, history, active })
    }

    /// What every answer notes; and the list goes with it.
    fn see(&mut self, whose: (usize, Place), mut holder: Holder, (counter, history): (u64, History)) {
        (holder.last_seen, holder.counter) = (self.now, counter);
        match history {
            History::LostAnswer => holder.lost_answers += 1,
            History::Forked => holder.forks += 1,
            _ => {}
        }
        self.seats.holders.insert(whose, holder);
        if history == History::Forked {
            self.tell("activation.forked");
        }
        self.enclose_list();
    }

    /// FORMAT 7.4: every unexpired activation of that deployment is revoked.
    fn vacated(&mut self, whose: (usize, Place), state: SeatState) -> Holder {
        let now = self.now;
        for given in self.seats.activations.iter_mut().filter(|given| given.whose == whose) {
            if given.is_usable(now) {
                given.entry = Entry::Revoked { since: now };
                self.is_list_outdated = true;
            }
        }
        let mut holder = self.seats.holders[&whose].clone();
        (holder.state, holder.seat) = (state, None);
        holder
    }

    /// Takes a seat away, or gives it back for its deployment.
    pub(super) fn take_seat(&mut self, by: Place, of: Index, taking: Taking) -> Result<(), FailureKind> {
        let whose = (self.about(of).ok_or(FailureKind::NotFound)?, by);
        let holder = self.seats.holders.get(&whose).ok_or(FailureKind::NotFound)?;
        if holder.state != SeatState::Active {
            return Err(FailureKind::Conflict);
        }
        let state = match taking {
            Taking::Revoke => SeatState::Revoked,
            Taking::Release => SeatState::Released,
        };
        let holder = self.vacated(whose, state);
        self.seats.holders.insert(whose, holder);
        Ok(())
    }

    /// The newest list: signed with the answer if none was since it changed, if a newer one should be out, or if the key of
    /// the last one has leaked since.
    fn enclose_list(&mut self) {
        let is_fresh = self
            .listed
            .is_some_and(|(at, key)| self.now < at + 7 * DAY && self.keys[key].distrusted.is_none());
        if self.is_list_outdated || !is_fresh {
            self.sign_list();
            self.tell("status.published");
        }
    }
}

impl License {
    /// The revision that says how many seats there are: the one in force, else the one that will be first.
    fn counting(&self, at: u64) -> &Revision {
        let started = self.revisions.iter().rev().find(|revision| revision.starts_at <= at);
        let first = || {
            let earliest = self.revisions.iter().map(|revision| revision.starts_at).min();
            self.revisions.iter().rev().find(|revision| Some(revision.starts_at) == earliest)
        };
        started.or_else(first).unwrap()
    }

    /// By whichever revision the deployment goes.
    fn longest_revocation_grace(&self, at: u64) -> u64 {
        let usable = self.revisions.iter().filter(|revision| revision.is_usable(at));
        let graces = usable.map(|revision| revision.revocation_grace);
        graces.chain([self.counting(at).revocation_grace]).max().unwrap()
    }
}
