//! What a deployment holds and remembers, and the verdict that follows from it at a reading of the clock.

use lictor_shared::{License, StatusRef, Thumbprint, Timestamp};
use std::sync::Arc;

use super::choice::{Judged, one_of_each_id, precedence_among_ids};
use super::holdings::{Holdings, license_key, license_rank};
use super::holds::Holds;
use super::identity::Identity;
use super::product::Product;
use super::state::{LicenseKey, ListKey, Reading, State, remember, remember_known};
use crate::context::{Build, ConfiguredOrigin, Context, Deployment, HostFlags, Learned, Remembered};
use crate::evaluate::{evaluate, refuse};
use crate::facts::Facts;
use crate::refusal::Refusal;
use crate::verdict::Verdict;
use crate::verified::{Horizon, Verified};

/// Everything that a verdict here depends on, the clock excepted.
#[derive(Clone, Debug)]
pub(crate) struct Custody {
    pub(crate) holdings: Arc<Holdings>,
    pub(crate) state: State,
    pub(crate) owner: Option<Owner>,
    pub(crate) memory: Memory,
    pub(crate) flags: HostFlags,
}

/// The deployment: its id, and when it got it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Owner {
    pub(crate) id: Thumbprint,
    pub(crate) since: Timestamp,
}

impl From<&Identity> for Owner {
    fn from(identity: &Identity) -> Self {
        Self { id: identity.id(), since: identity.since() }
    }
}

/// Whether what is remembered now is still known after a restart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Memory {
    Durable,
    /// Instants from which a grace is measured are not remembered: each restart would grant it anew.
    Volatile,
}

impl Custody {
    /// The context of a license. What it takes from state is what the deployment remembers; nothing is assumed.
    pub(crate) fn context<'a>(&'a self, license: &License, product: &Product, now: Timestamp) -> Context<'a> {
        let (key, state) = (license_key(license), &self.state);
        let record = state.license(&key);
        let activation = self.owner.and_then(|owner| self.holdings.activation(&key, owner.id));
        let learned = Learned {
            license: state.learned(&license.issuer, &license.status),
            activation: activation.and_then(|held| state.learned(&license.issuer, &held.claims().status)),
        };
        let highest_revision = Some(record.revision).filter(|revision| *revision > 0);
        Context {
            deployment: self.deployment(record.since),
            activation,
            lists: &self.holdings.lists,
            remembered: Remembered { watermark: state.clock.reached, highest_revision, learned },
            origin: ConfiguredOrigin { origin: product.origin.clone(), unmatched_since: record.origin_since },
            ..self.bare_context(product, now)
        }
    }

    /// The context where there is no license.
    fn bare_context(&self, product: &Product, now: Timestamp) -> Context<'static> {
        let learned = Learned { license: None, activation: None };
        let first_run = |at: &Timestamp| self.state.first_runs.get(at).copied();
        Context {
            now,
            product: product.name.clone(),
            environment: product.environment.clone(),
            origin: ConfiguredOrigin { origin: product.origin.clone(), unmatched_since: None },
            build: product
                .built_at
                .map_or(Build::Unknown, |at| Build::Released { at, first_run: first_run(&at) }),
            deployment: Deployment::None,
            activation: None,
            lists: &[],
            remembered: Remembered { watermark: self.state.clock.reached, highest_revision: None, learned },
            flags: self.flags,
        }
    }

    /// The deployment and its `since`: the later of the identity's creation and the first installation here of this license id.
    fn deployment(&self, installed: Option<Timestamp>) -> Deployment {
        self.made().map_or(Deployment::None, |owner| Deployment::Known {
            id: owner.id,
            since: Some(owner.since).max(installed),
        })
    }

    /// The deployment, and since when: what is remembered of a key that was made while the clock stood ahead, else its date.
    fn made(&self) -> Option<Owner> {
        let owner = self.owner?;
        Some(self.state.owner.filter(|remembered| remembered.id == owner.id).unwrap_or(owner))
    }

    /// max(watermark, builtAt, iat of the licenses): what is known to have come even if the clock, which may stand wrong today,
    /// is not asked.
    pub(crate) fn known_without_clock(&self, product: &Product) -> Timestamp {
        let reached = self.reached(product, Timestamp::EPOCH);
        self.holdings.latest_license().map_or(reached, |issued_at| issued_at.max(reached))
    }

    /// max(now, watermark, builtAt).
    pub(crate) fn reached(&self, product: &Product, now: Timestamp) -> Timestamp {
        [self.state.clock.reached, product.built_at].into_iter().flatten().fold(now, Timestamp::max)
    }

    /// What is known of the time when something is offered.
    pub(crate) fn horizon(&self, product: &Product, now: Timestamp) -> Horizon {
        Horizon {
            now,
            watermark: self.state.clock.reached,
            built_at: product.built_at,
            latest_license: self.holdings.latest_license(),
        }
    }

    /// Every license held, each with its verdict.
    fn judged(&self, product: &Product, now: Timestamp) -> Vec<Judged<'_>> {
        let judge = |license| Judged { license, verdict: self.verdict_under(license, product, now) };
        self.holdings.licenses.iter().map(judge).collect()
    }

    pub(crate) fn verdict_under(
        &self,
        license: &Verified<License>,
        product: &Product,
        now: Timestamp,
    ) -> Verdict {
        evaluate(license, &self.context(license.claims(), product, now))
    }

    /// The license in force.
    pub(crate) fn license_in_force(&self, product: &Product, now: Timestamp) -> Option<&Verified<License>> {
        self.foremost(product, now).filter(Judged::is_in_force).map(|judged| judged.license)
    }

    /// The license in force; where there is none, the one that says why.
    pub(crate) fn foremost(&self, product: &Product, now: Timestamp) -> Option<Judged<'_>> {
        one_of_each_id(self.judged(product, now)).into_iter().max_by_key(precedence_among_ids)
    }

    /// The verdict, and for which readings of the clock it stays what it is.
    pub(crate) fn verdict(&self, product: &Product, now: Timestamp) -> (Verdict, Holds) {
        let judged = self.judged(product, now);
        // The host wakes when anything held changes, a pending license's nbf included: any may become the one in force.
        let holds = Holds::of(judged.iter().map(|judged| &judged.verdict), now);
        match one_of_each_id(judged).into_iter().max_by_key(precedence_among_ids) {
            Some(best) => (best.verdict, holds),
            None => {
                let missing = refuse(Refusal::Missing, &self.bare_context(product, now));
                let holds = Holds::of([&missing].into_iter(), now);
                (missing, holds)
            }
        }
    }

    /// After the clock showed `now`: the watermark, and what is remembered since when.
    pub(crate) fn read_clock(&mut self, product: &Product, now: Timestamp) {
        // Jumps are measured from max(watermark, builtAt, iat of the license in force).
        let issued_at = self.license_in_force(product, now).map(Verified::issued_at);
        self.state.clock = self.state.clock.after(now, [product.built_at, issued_at]);
        self.remember(product, now);
    }

    fn remember(&mut self, product: &Product, now: Timestamp) {
        if let (Some(built_at), Memory::Durable) = (product.built_at, self.memory) {
            let reached = self.reached(product, now);
            self.state.first_run(built_at, reached, Reading::of(now, reached));
        }
        let of_each = one_of_each_id(self.judged(product, now));
        let sights: Vec<Sight> = of_each.iter().map(|judged| self.sight(judged, product, now)).collect();
        for sight in sights {
            self.remember_license(&sight);
        }
    }

    fn remember_license(&mut self, sight: &Sight) {
        let record = self.state.licenses.entry(sight.key.clone()).or_default();
        record.revision = record.revision.max(sight.revision);
        match (sight.origin, self.memory) {
            (OriginMatch::Matches, _) => record.origin_since = None,
            (OriginMatch::Differs, Memory::Durable) => {
                remember_known(&mut record.origin_since, sight.t, sight.reading);
            }
            (OriginMatch::Differs, Memory::Volatile) => {}
        }
        if self.memory == Memory::Durable {
            remember_known(&mut record.since, sight.t, sight.reading);
            self.remember_owner(sight);
        }
        for entry in &sight.entries {
            if let Some(learned) = self.state.learned.get_mut(entry) {
                remember(learned, sight.t, sight.reading);
            }
        }
    }

    /// Stores t in the place of a date in the key that lies ahead, so that it does not begin a second grace when it comes.
    fn remember_owner(&mut self, sight: &Sight) {
        let Some(made) = self.made() else { return };
        let mut owner = made;
        remember(&mut owner.since, sight.t, sight.reading);
        if owner != made {
            self.state.owner = Some(owner);
        }
    }

    fn sight(&self, judged: &Judged<'_>, product: &Product, now: Timestamp) -> Sight {
        let claims = judged.license.claims();
        let matches = |origin| claims.origins.iter().any(|pattern| pattern.matches(origin));
        let matching = claims.origins.is_empty() || product.origin.as_ref().is_some_and(matches);
        let counts = !judged.is_refused() && self.has_credibly_started(judged.license, product);
        let key = license_key(claims);
        let activation = self.owner.and_then(|owner| self.holdings.activation(&key, owner.id));
        let statuses = [Some(&claims.status), activation.map(|held| &held.claims().status)];
        let entry = |status: &StatusRef| ((claims.issuer.clone(), status.uri.clone()), status.index);
        let t = judged.verdict.effective_time();
        Sight {
            t,
            reading: Reading::of(now, t),
            revision: if counts { claims.revision } else { 0 },
            origin: if matching { OriginMatch::Matches } else { OriginMatch::Differs },
            entries: statuses.into_iter().flatten().map(entry).collect(),
            key,
        }
    }

    /// Whether its time has come even if the clock is not asked, which may stand wrong today: nbf is not after the watermark, the
    /// release and the artefacts. Only then it counts as seen, so that a clock once set to 2099 does not put a renewal in
    /// the place of the license that is in force when the clock is right again.
    pub(crate) fn has_credibly_started(&self, license: &Verified<License>, product: &Product) -> bool {
        let context = self.context(license.claims(), product, Timestamp::EPOCH);
        license.starts_at() <= Facts::gather(license, &context).effective_time()
    }

    /// The licenses that no other one with the same id has replaced for good.
    pub(crate) fn not_replaced(&self, product: &Product, now: Timestamp) -> Vec<Verified<License>> {
        let in_force: Vec<&License> = one_of_each_id(self.judged(product, now))
            .iter()
            .filter(|judged| !judged.is_refused() && self.has_credibly_started(judged.license, product))
            .map(|judged| &**judged.license.claims())
            .collect();
        let is_replaced = |license: &License| {
            in_force.iter().any(|other| {
                license_key(other) == license_key(license) && license_rank(other) > license_rank(license)
            })
        };
        let held = self.holdings.licenses.iter();
        held.filter(|license| !is_replaced(license.claims())).cloned().collect()
    }
}

/// What there is to remember of a license id.
struct Sight {
    key: LicenseKey,
    t: Timestamp,
    reading: Reading,
    /// The revision that is seen in force; 0: none.
    revision: u64,
    origin: OriginMatch,
    entries: Vec<(ListKey, u32)>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum OriginMatch {
    Matches,
    Differs,
}
