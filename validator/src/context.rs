//! What a verdict depends on besides the license: everything is required, nothing is defaulted.

use lictor_shared::{Activation, Name, Origin, Reason, StatusList, Thumbprint, Timestamp};

use crate::verified::Accepted;

/// The circumstances of one license in one deployment at one time.
///
/// Every member must be given; what the host does not have, it says so (`None`, `Unknown`). Instants that are remembered
/// (`…since`, `first_run`, `learned`) and lie ahead of the effective time count as unknown, so a host that has just begun to
/// remember one stores the effective time first and then evaluates with that.
#[derive(Clone, Debug)]
pub struct Context<'a> {
    /// The clock.
    pub now: Timestamp,
    /// The product that asks.
    pub product: Name,
    /// The environment it runs in.
    pub environment: Name,
    /// Where the deployment is reached.
    pub origin: ConfiguredOrigin,
    /// The product's release.
    pub build: Build,
    /// The deployment.
    pub deployment: Deployment,
    /// The activation in force, if any.
    pub activation: Option<&'a Accepted<Activation>>,
    /// The status lists in force; of several with one URI the best is used.
    pub lists: &'a [Accepted<StatusList>],
    /// What the deployment remembers.
    pub remembered: Remembered,
    /// What the host has to warn of.
    pub flags: HostFlags,
}

/// The origin of the deployment's configured public base URL. Never taken from a request: whoever sends one could choose it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfiguredOrigin {
    /// The origin, or `None` where none is configured; that matches no license that is bound to origins.
    pub origin: Option<Origin>,
    /// Since when no origin of the license has been configured, if remembered.
    pub unmatched_since: Option<Timestamp>,
}

/// The product's release.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Build {
    /// The host does not know its release's date.
    Unknown,
    /// A feature release; its hotfixes keep its date.
    Released {
        /// The date of the release.
        at: Timestamp,
        /// When this deployment first ran it, if remembered.
        first_run: Option<Timestamp>,
    },
}

/// The deployment that asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deployment {
    /// No durable storage, so no identity.
    None,
    /// One with a key of its own.
    Known {
        /// The thumbprint of its key.
        id: Thumbprint,
        /// The later of the identity's creation and the first installation of this license id here, if remembered.
        since: Option<Timestamp>,
    },
}

/// What a deployment remembers of the past, `None` where it does not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Remembered {
    /// The latest time that the clock has credibly shown.
    pub watermark: Option<Timestamp>,
    /// The highest revision of this license (issuer and id) that has been in force here.
    pub highest_revision: Option<u64>,
    /// When a status other than valid was first accepted after a valid one.
    pub learned: Learned,
}

/// When this deployment learned that an entry is no longer valid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Learned {
    /// Of the license's entry.
    pub license: Option<Timestamp>,
    /// Of the activation's entry.
    pub activation: Option<Timestamp>,
}

/// A warning that only the host can give.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HostFlag {
    /// Something was offered and refused.
    CandidateRejected,
    /// The remembered state was damaged and is gone.
    StateDamaged,
    /// Nothing can be remembered here.
    Stateless,
}

/// A set of [`HostFlag`]s.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HostFlags([Option<Reason>; 3]);

impl HostFlags {
    /// No warnings.
    #[must_use]
    pub const fn none() -> Self {
        Self([None; 3])
    }

    /// These and one more.
    #[must_use]
    pub const fn with(mut self, flag: HostFlag) -> Self {
        let [rejected, damaged, stateless] = &mut self.0;
        match flag {
            HostFlag::CandidateRejected => *rejected = Some(Reason::CandidateRejected),
            HostFlag::StateDamaged => *damaged = Some(Reason::StateDamaged),
            HostFlag::Stateless => *stateless = Some(Reason::Stateless),
        }
        self
    }

    /// Their reasons, in the order in which verdicts list them.
    pub(crate) fn reasons(self) -> impl Iterator<Item = Reason> {
        self.0.into_iter().flatten()
    }
}

impl Build {
    pub(crate) const fn released_at(self) -> Option<Timestamp> {
        match self {
            Self::Unknown => None,
            Self::Released { at, .. } => Some(at),
        }
    }

    pub(crate) const fn first_run(self) -> Option<Timestamp> {
        match self {
            Self::Unknown => None,
            Self::Released { first_run, .. } => first_run,
        }
    }
}

impl Deployment {
    pub(crate) const fn id(self) -> Option<Thumbprint> {
        match self {
            Self::None => None,
            Self::Known { id, .. } => Some(id),
        }
    }

    pub(crate) const fn since(self) -> Option<Timestamp> {
        match self {
            Self::None => None,
            Self::Known { since, .. } => since,
        }
    }
}

impl Context<'_> {
    /// The latest time known without any artefact: clock, watermark, release.
    pub(crate) fn reached(&self) -> Timestamp {
        [self.remembered.watermark, self.build.released_at()]
            .into_iter()
            .flatten()
            .fold(self.now, Timestamp::max)
    }
}
