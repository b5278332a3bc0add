//! The license, and of what the context offers, what applies to it.

use lictor_shared::{Activation, ActivationPolicy, License, Status, StatusList, StatusRef, Timestamp};

use crate::context::Context;
use crate::verified::{Accepted, KeyFacts, Verified};

/// What the rules look at.
pub(crate) struct Facts<'a> {
    pub(crate) license: &'a License,
    pub(crate) key: &'a KeyFacts,
    pub(crate) context: &'a Context<'a>,
    /// The usable activation.
    pub(crate) activation: Option<&'a Activation>,
    /// The applicable list for the license's entry.
    pub(crate) license_list: Option<&'a StatusList>,
    /// The applicable list for the usable activation's entry.
    pub(crate) activation_list: Option<&'a StatusList>,
}

impl<'a> Facts<'a> {
    pub(crate) fn gather(license: &'a Verified<License>, context: &'a Context<'a>) -> Self {
        let claims = license.claims();
        let activation =
            context.activation.map(Accepted::claims).filter(|activation| usable(activation, claims, context));
        let list = |status: &StatusRef| best_list(claims, status, context.lists);
        Self {
            license: claims,
            key: license.key(),
            context,
            activation,
            license_list: list(&claims.status),
            activation_list: activation.and_then(|activation| list(&activation.status)),
        }
    }

    /// t = max(now, watermark, builtAt, iat of the license, of the usable activation, of every applicable list).
    pub(crate) fn effective_time(&self) -> Timestamp {
        let lists = [self.license_list, self.activation_list].map(|list| list.map(|list| list.issued_at));
        let dated = [Some(self.license.issued_at), self.activation.map(|activation| activation.issued_at)];
        lists.into_iter().chain(dated).flatten().fold(self.context.reached(), Timestamp::max)
    }

    /// What the license's list says of its entry, and since when.
    pub(crate) fn license_status(&self) -> (Status, Option<Timestamp>) {
        entry(self.license_list, self.license.status.index)
    }

    /// What the activation's list says of its entry, and since when.
    pub(crate) fn activation_status(&self) -> (Status, Option<Timestamp>) {
        self.activation
            .map_or((Status::Valid, None), |activation| entry(self.activation_list, activation.status.index))
    }
}

fn entry(list: Option<&StatusList>, index: u32) -> (Status, Option<Timestamp>) {
    list.map_or((Status::Valid, None), |list| (list.status(index), list.since.get(&index).copied()))
}

/// An activation counts where one is required and its issuer, license, product and deployment are ours.
fn usable(activation: &Activation, license: &License, context: &Context<'_>) -> bool {
    license.activation == ActivationPolicy::Required
        && activation.issuer == license.issuer
        && activation.license == license.id
        && activation.product == context.product
        && context.deployment.id().is_some_and(|id| {
            activation.key.thumbprint() == id
                && lictor_shared::Thumbprint::new(activation.deployment.as_str()) == Ok(id)
        })
}

/// Of the lists of the license's issuer for this URI the one with the highest sequence, then the latest `iat`, then the
/// greater token.
fn best_list<'a>(
    license: &License,
    status: &StatusRef,
    lists: &'a [Accepted<StatusList>],
) -> Option<&'a StatusList> {
    lists
        .iter()
        .filter(|list| list.claims().issuer == license.issuer && list.claims().uri == status.uri)
        .max_by_key(|list| (list.claims().sequence, list.claims().issued_at, list.verified().token()))
        .map(Accepted::claims)
}
