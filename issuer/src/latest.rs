//! The latest revision of a license, and the draft of the one behind it.

use lictor_keys::KeyRing;
use lictor_shared::{AnchorSet, License, Name, SeatLimit, Seconds, Timestamp, Uuid};
use lictor_validator::Unverified;
use rusqlite::Connection;

use crate::catalogue::Product;
use crate::difference::lengths;
use crate::draft::Draft;
use crate::error::{Failure, FailureKind, FieldErrors};
use crate::ledger::fault::RESTORE;
use crate::licenses::{LicenseRecord, read_signed, token_in};
use crate::order::Order;
use crate::press::Place;
use crate::resolve::{self, Dates};
use crate::revision::Changes;
use crate::terms::{StatusAge, Terms};

/// A license, and the token of its latest revision as they are filed in the ledger: nothing has been checked yet.
pub(crate) struct Filed {
    record: LicenseRecord,
    serial: Uuid,
    revision: u64,
    token: String,
}

impl Filed {
    /// Of a license in the ledger.
    pub(crate) fn of(connection: &Connection, record: LicenseRecord) -> Result<Self, Failure> {
        let latest = record.latest().ok_or_else(|| {
            Failure::new(FailureKind::Ledger, format!("The license {} has no revision.", record.id))
                .hint(RESTORE)
        })?;
        let (serial, revision) = (latest.serial, latest.revision);
        Ok(Self { token: token_in(connection, serial)?, record, serial, revision })
    }
}

/// What every revision is drafted with, read once however many there are.
pub(crate) struct Grounds<'a> {
    pub(crate) ring: KeyRing,
    pub(crate) catalogue: Vec<Product>,
    pub(crate) defaults: &'a Terms,
    /// When they are drafted.
    pub(crate) at: Timestamp,
}

/// A license, and the claims of its latest revision.
pub(crate) struct Latest {
    pub(crate) record: LicenseRecord,
    pub(crate) claims: License,
    /// How long a license for its products warns where nothing else is agreed.
    pub(crate) usual_warning: Option<Seconds>,
}

impl Latest {
    /// Of what is filed. The token is verified like any other: a ledger that somebody wrote into does not make
    /// the key sign what it never signed. It needs no ledger, so many can be verified at once.
    pub(crate) fn verified(
        filed: Filed,
        grounds: &Grounds<'_>,
        anchors: &AnchorSet,
    ) -> Result<Self, Failure> {
        let Filed { record, serial, revision, token } = filed;
        let claims = read_signed(serial, &token)?;
        let is_this = claims.serial == serial
            && claims.id == record.id
            && claims.revision == revision
            && claims.customer_id == record.customer_id;
        if !is_this {
            return Err(tampered(serial, "it says that it is another one"));
        }
        let unverified = Unverified::<License>::from_token(&token);
        unverified
            .and_then(|unverified| unverified.verify(anchors))
            .map_err(|refusal| tampered(serial, &refusal.to_string()).because(refusal))?;
        let usual_warning = usual_warning(grounds, &claims);
        Ok(Self { record, claims, usual_warning })
    }

    pub(crate) fn next(&self) -> Place {
        Place {
            customer_id: self.claims.customer_id.clone(),
            id: self.claims.id,
            revision: self.claims.revision.saturating_add(1),
        }
    }

    /// Whether the key that signed it has leaked.
    pub(crate) fn is_by_leaked_key(&self, ring: &KeyRing) -> bool {
        let key = self.record.latest().and_then(|latest| ring.find(&latest.key));
        key.is_some_and(|key| key.distrust_after.is_some())
    }

    /// The draft of the next revision: the latest with changes, on dates of its own.
    pub(crate) fn draft(
        &self,
        changes: &Changes,
        grounds: &Grounds<'_>,
        dates: impl FnOnce(&mut FieldErrors, &Terms) -> Dates,
    ) -> Result<Draft, Failure> {
        let terms = self.terms(&changes.terms);
        let order = self.order(changes);
        if changes.plan.is_some() {
            resolve::products(&order, &grounds.catalogue)?;
        }
        let mut errors = FieldErrors::default();
        resolve::check_notes(&mut errors, &order);
        terms.check(&mut errors);
        let dates = dates(&mut errors, &terms);
        errors.into_result()?;
        let draft = resolve::settled(&order, terms, dates, grounds.at);
        Ok(Draft { extensions: self.claims.extensions.clone(), ..draft })
    }

    /// Until when releases are covered: as before, unless that is changed.
    pub(crate) fn maintenance(
        &self,
        errors: &mut FieldErrors,
        terms: &Terms,
        starts_at: Timestamp,
    ) -> Option<Timestamp> {
        match terms.maintenance {
            None => self.claims.maintenance_until,
            Some(_) => resolve::maintenance(errors, terms, starts_at),
        }
    }

    fn order(&self, changes: &Changes) -> Order {
        let License { products, customer, customer_id, plan, origins, meta, .. } = self.claims.clone();
        Order {
            products,
            plan: changes.plan.clone().unwrap_or(plan),
            customer,
            customer_id: Some(customer_id),
            starts: None,
            terms: Terms::default(),
            origins: changes.origins.clone().unwrap_or(origins),
            meta: changes.meta.clone().unwrap_or(meta),
            algorithm: changes.algorithm,
        }
    }

    fn terms(&self, changes: &Terms) -> Terms {
        let claims = &self.claims;
        let (warn, grace) = lengths(claims.term);
        let latest = Terms {
            term: None,
            warn,
            grace,
            revocation_grace: Some(claims.grace.revocation),
            status_grace: Some(claims.grace.status),
            activation_grace: Some(claims.grace.activation),
            maintenance_grace: Some(claims.grace.maintenance),
            max_status_age: Some(claims.max_status_age.map_or(StatusAge::Never, StatusAge::Within)),
            maintenance: None,
            seats: Some(claims.seats.limit),
            overage: None,
            activation: Some(claims.activation),
            features: Some(claims.features.clone()),
            limits: None,
            environments: Some(claims.environments.clone()),
        };
        let mut terms = changes.clone().over(&latest);
        // Unlimited seats leave no room for extra ones; any other number keeps those that were agreed.
        if terms.overage.is_none() && terms.seats != Some(SeatLimit::Unlimited) {
            terms.overage = Some(claims.seats.overage);
        }
        if terms.limits.is_none() {
            terms.limits = Some(claims.limits.clone());
        }
        terms
    }
}

fn usual_warning(grounds: &Grounds<'_>, claims: &License) -> Option<Seconds> {
    let product = |name: &Name| grounds.catalogue.iter().find(|product| product.name == *name);
    let agreed = claims.products.iter().find_map(|name| product(name)?.defaults.warn);
    agreed.or(grounds.defaults.warn).or(Terms::built_in().warn)
}

fn tampered(serial: Uuid, why: &str) -> Failure {
    let message = format!(
        "The ledger is damaged or was tampered with: the token {serial} is not the one that was signed ({why})."
    );
    Failure::new(FailureKind::Ledger, message)
        .hint("lictor ledger restore FILE --status-uri URI")
        .with("serial", serial.to_string())
}
