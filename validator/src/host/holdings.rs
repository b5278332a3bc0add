//! The artefacts that a deployment holds.

use lictor_shared::{
    Activation, Label, License, Release, StatusList, StatusRef, Text, Thumbprint, Timestamp, Uuid,
};

use super::state::LicenseKey;
use crate::verified::{Accepted, Verified};

/// What was verified, and where that is needed accepted, here.
#[derive(Clone, Debug, Default)]
pub(crate) struct Holdings {
    pub(crate) licenses: Vec<Verified<License>>,
    pub(crate) lists: Vec<Accepted<StatusList>>,
    pub(crate) activations: Vec<Accepted<Activation>>,
    /// Of each license the newest: what it ended is not taken up again, wherever a copy of it turns up.
    pub(crate) receipts: Vec<Accepted<Release>>,
}

/// What decides between two activations of one license for one deployment: the later one renews the seat.
pub(crate) fn activation_rank(activation: &Activation) -> (Timestamp, u64, Uuid) {
    (activation.issued_at, activation.counter, activation.serial)
}

/// What decides between two licenses with one id.
pub(crate) fn license_rank(license: &License) -> (u64, Timestamp, Uuid) {
    (license.revision, license.issued_at, license.serial)
}

pub(crate) fn license_key(license: &License) -> LicenseKey {
    (license.issuer.clone(), license.id)
}

/// What decides between two receipts for one license and deployment.
pub(crate) fn receipt_rank(receipt: &Release) -> (Timestamp, Uuid) {
    (receipt.issued_at, receipt.serial)
}

/// Whether an activation is of this license and this deployment's key.
pub(crate) fn is_seat_of(activation: &Activation, key: &LicenseKey, owner: Thumbprint) -> bool {
    activation.issuer == key.0 && activation.license == key.1 && activation.key.thumbprint() == owner
}

/// The same of a receipt.
pub(crate) fn is_receipt_of(receipt: &Release, key: &LicenseKey, owner: Thumbprint) -> bool {
    receipt.issuer == key.0
        && receipt.license == key.1
        && Thumbprint::new(receipt.deployment.as_str()) == Ok(owner)
}

impl Holdings {
    /// The activation that this deployment holds of a license.
    pub(crate) fn activation(&self, key: &LicenseKey, owner: Thumbprint) -> Option<&Accepted<Activation>> {
        self.activations
            .iter()
            .filter(|held| is_seat_of(held.claims(), key, owner))
            .max_by_key(|held| activation_rank(held.claims()))
    }

    /// The receipt for the seat that this deployment has given back of a license.
    pub(crate) fn receipt(&self, key: &LicenseKey, owner: Thumbprint) -> Option<&Accepted<Release>> {
        self.receipts.iter().find(|held| is_receipt_of(held.claims(), key, owner))
    }

    /// Of the licenses with one id that one key has signed, the one that counts.
    pub(crate) fn best_of_each_key(&self) -> Vec<Verified<License>> {
        let outranks = |license: &Verified<License>, other: &Verified<License>| {
            other.key_id() == license.key_id()
                && license_key(other.claims()) == license_key(license.claims())
                && license_rank(other.claims()) > license_rank(license.claims())
        };
        let is_best =
            |license: &&Verified<License>| !self.licenses.iter().any(|other| outranks(license, other));
        self.licenses.iter().filter(is_best).cloned().collect()
    }

    /// The latest `iat` of the licenses held.
    pub(crate) fn latest_license(&self) -> Option<Timestamp> {
        self.licenses.iter().map(Verified::issued_at).max()
    }

    /// Every entry of the issuer's lists that something held depends on, and when that was issued.
    pub(crate) fn entries(&self, issuer: &Text) -> impl Iterator<Item = (&StatusRef, Timestamp)> {
        let licenses = self.licenses.iter().map(|license| license.claims());
        let licenses = licenses.filter(move |license| license.issuer == *issuer);
        let activations = self.activations.iter().map(|activation| activation.claims());
        let activations = activations.filter(move |activation| activation.issuer == *issuer);
        licenses
            .map(|license| (&license.status, license.issued_at))
            .chain(activations.map(|activation| (&activation.status, activation.issued_at)))
    }

    /// Every token held, by the label of its armor.
    pub(crate) fn tokens(&self) -> impl Iterator<Item = (Label, &str)> {
        let licenses = self.licenses.iter().map(|license| (Label::License, license.token()));
        let lists = self.lists.iter().map(|list| (Label::StatusList, list.verified().token()));
        licenses.chain(lists).chain(self.seats())
    }

    /// The same of activations and receipts.
    pub(crate) fn seats(&self) -> impl Iterator<Item = (Label, &str)> {
        let activations =
            self.activations.iter().map(|activation| (Label::Activation, activation.verified().token()));
        let receipts = self.receipts.iter().map(|receipt| (Label::Release, receipt.verified().token()));
        activations.chain(receipts)
    }
}
