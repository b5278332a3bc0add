//! What a verdict permits.

use lictor_shared::{Code, Envelope, Limit, Mode};

use crate::verdict::Verdict;

/// A class of action. Every action of a product belongs to exactly one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Log in and out, view and install a license, activate, health, export and backup, removing users, revoking
    /// credentials and sessions, passwords and second factors, disabling integrations, legal erasure.
    Recover,
    /// Looking at what is there.
    Read,
    /// Anything that adds or changes.
    Write,
}

/// Whether an action may be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Permission {
    /// It may.
    Granted,
    /// It may not.
    Denied,
}

/// How far a feature may be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum FeatureAccess {
    /// Bought, and usable now.
    Usable,
    /// Bought; what it has made can be read, nothing new is made.
    Readable,
    /// Not bought, or nothing is licensed.
    Absent,
}

/// A number in the license that the product enforces.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Allowance {
    /// Not in the license, or nothing is licensed. It is not "unlimited".
    Absent,
    /// So many.
    AtMost(u64),
    /// Any number.
    Unlimited,
}

impl Verdict {
    /// Whether an action of this class may be done.
    ///
    /// Full and grace permit all, read-only permits recovering and reading, unlicensed only recovering.
    pub const fn permits(&self, action: Action) -> Permission {
        match (self.mode(), action) {
            (Mode::Full | Mode::Grace, _) | (_, Action::Recover) | (Mode::ReadOnly, Action::Read) => {
                Permission::Granted
            }
            _ => Permission::Denied,
        }
    }

    /// `Ok` if an action of this class may be done.
    ///
    /// # Errors
    /// The envelope to answer with.
    pub fn require(&self, action: Action) -> Result<(), Envelope> {
        match self.permits(action) {
            Permission::Granted => Ok(()),
            Permission::Denied => Err(self.denial()),
        }
    }

    /// How far a feature may be used.
    pub fn feature(&self, name: &str) -> FeatureAccess {
        let bought = self.license().is_some_and(|license| license.features().any(|feature| feature == name));
        match (bought, self.mode()) {
            (true, Mode::Full | Mode::Grace) => FeatureAccess::Usable,
            (true, Mode::ReadOnly) => FeatureAccess::Readable,
            _ => FeatureAccess::Absent,
        }
    }

    /// `Ok` if a feature may be used, not only read.
    ///
    /// # Errors
    /// The envelope to answer with: ENTITLEMENT_REQUIRED if the feature was not bought, else why nothing may be written.
    pub fn require_feature(&self, name: &str) -> Result<(), Envelope> {
        self.require(Action::Write)?;
        match self.feature(name) {
            FeatureAccess::Usable => Ok(()),
            FeatureAccess::Readable | FeatureAccess::Absent => {
                let sentence = alloc::format!("The license does not include the feature \"{name}\".");
                Err(Envelope::new(Code::EntitlementRequired, sentence).with("feature", name))
            }
        }
    }

    /// The number that the license sets for `name`.
    pub fn limit(&self, name: &str) -> Allowance {
        let licensed = self.license().filter(|_| self.mode() != Mode::Unlicensed);
        match licensed.and_then(|license| license.limit(name)) {
            None => Allowance::Absent,
            Some(Limit::AtMost(number)) => Allowance::AtMost(number),
            Some(Limit::Unlimited) => Allowance::Unlimited,
        }
    }
}
