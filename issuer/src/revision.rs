//! A further revision of a license: what renewing and amending share.

use lictor_keys::Signer;
use lictor_shared::{Algorithm, License, Name, OriginPattern, Purpose, SeatLimit, Status, Timestamp, Uuid};
use rusqlite::Connection;
use std::collections::BTreeMap;

use crate::difference::{Difference, differences, lengths};
use crate::draft::Draft;
use crate::error::{Failure, FailureKind, FieldErrors};
use crate::event::EventKind;
use crate::find::find_in;
use crate::home::Home;
use crate::issue::Issued;
use crate::key::signing_key;
use crate::ledger::{Ledger, entries, keys, products};
use crate::licenses::{LicenseRecord, Standing, signed_in};
use crate::occasion::Occasion;
use crate::order::Order;
use crate::press::{Place, Press};
use crate::resolve::{self, Dates};
use crate::revoke::StoppedRevision;
use crate::terms::{StatusAge, Terms};
use crate::transition::named;

/// What a further revision changes. What is left open stays as it is in the latest one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Changes {
    /// Another plan, which each of the products has.
    pub plan: Option<Name>,
    /// Other terms; how long the license runs is not among them. Lists, numbers and environments that are given
    /// replace those that it has as a whole.
    pub terms: Terms,
    /// Other origins, which replace those that it has as a whole.
    pub origins: Option<Vec<OriginPattern>>,
    /// Other notes, which replace those that it has as a whole.
    pub meta: Option<BTreeMap<Name, String>>,
    /// The algorithm name in the header. `None`: the one that the key is pinned to, else `EdDSA`.
    pub algorithm: Option<Algorithm>,
}

/// A further revision that is in the ledger.
#[derive(Clone, Debug)]
pub struct Revised {
    /// Token, claims and event.
    pub issued: Issued,
    /// The serial of the revision that was the latest before.
    pub previous: Uuid,
    /// What changed, start and end left aside.
    pub differences: Vec<Difference>,
    /// Since when the license is suspended, and this revision with it.
    pub suspended_since: Option<Timestamp>,
    /// The earlier revisions that were revoked with it.
    pub revoked: Vec<StoppedRevision>,
}

/// What becomes of earlier revisions that could still be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Earlier {
    /// They can be used until they end, wherever the new one does not arrive.
    Keep,
    /// They are revoked.
    Revoke,
}

/// How a revision comes about: as which event, from which draft.
pub(crate) struct Revision<'a> {
    pub(crate) kind: EventKind,
    pub(crate) earlier: Earlier,
    pub(crate) draft: &'a dyn Fn(&Latest, &Connection, Timestamp) -> Result<Draft, Failure>,
}

/// A license, and the claims of its latest revision.
pub(crate) struct Latest {
    pub(crate) record: LicenseRecord,
    pub(crate) claims: License,
}

impl Latest {
    fn of(connection: &Connection, record: LicenseRecord) -> Result<Self, Failure> {
        let latest = record.latest().ok_or_else(|| {
            Failure::new(FailureKind::Ledger, format!("The license {} has no revision.", record.id))
                .hint("Restore the whole home from a backup; keep the damaged one for analysis.")
        })?;
        let claims = signed_in(connection, latest.serial)?.license;
        Ok(Self { record, claims })
    }

    fn next(&self) -> Place {
        Place {
            customer_id: self.claims.customer_id.clone(),
            id: self.claims.id,
            revision: self.claims.revision.saturating_add(1),
        }
    }

    /// The draft of the next revision: the latest with changes, on dates of its own.
    pub(crate) fn draft(
        &self,
        changes: &Changes,
        connection: &Connection,
        at: Timestamp,
        dates: impl FnOnce(&mut FieldErrors, &Terms) -> Dates,
    ) -> Result<Draft, Failure> {
        let terms = self.terms(&changes.terms);
        let order = self.order(changes);
        if changes.plan.is_some() {
            resolve::products(&order, &products::all(connection)?)?;
        }
        let mut errors = FieldErrors::default();
        resolve::check_notes(&mut errors, &order);
        terms.check(&mut errors);
        let dates = dates(&mut errors, &terms);
        errors.into_result()?;
        let draft = resolve::settled(&order, terms, dates, at);
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
            limits: BTreeMap::new(),
            environments: Some(claims.environments.clone()),
        };
        let mut terms = changes.clone().over(&latest);
        // Unlimited seats leave no room for extra ones; any other number keeps those that were agreed.
        if terms.overage.is_none() && terms.seats != Some(SeatLimit::Unlimited) {
            terms.overage = Some(claims.seats.overage);
        }
        if terms.limits.is_empty() {
            terms.limits = claims.limits.clone();
        }
        terms
    }
}

/// What [`revise`] would sign now. Nothing is changed, and no private key is needed.
pub(crate) fn preview(
    home: &Home,
    ledger: &Ledger,
    id: &str,
    revision: &Revision<'_>,
    occasion: &Occasion,
) -> Result<Draft, Failure> {
    let connection = ledger.connection();
    let latest = Latest::of(connection, find_in(connection, id)?)?;
    let draft = (revision.draft)(&latest, connection, occasion.at)?;
    let ring = keys::ring(connection)?;
    let key = signing_key(&ring, Purpose::License, occasion.at)?;
    let press = Press { home, ring: &ring, key };
    press.speaks_for(&draft)?;
    press.fits(&draft, latest.next())?;
    Ok(draft)
}

/// Signs the next revision of a license and puts it into the ledger.
pub(crate) fn revise(
    home: &Home,
    ledger: &mut Ledger,
    signer: &dyn Signer,
    id: &str,
    revision: &Revision<'_>,
    occasion: &Occasion,
) -> Result<Revised, Failure> {
    let transaction = ledger.begin(occasion)?;
    let connection = transaction.connection();
    let latest = Latest::of(connection, find_in(connection, id)?)?;
    let draft = (revision.draft)(&latest, connection, occasion.at)?;
    let ring = keys::ring(connection)?;
    let key = signing_key(&ring, Purpose::License, occasion.at)?;
    let press = Press { home, ring: &ring, key };
    press.speaks_for(&draft)?;
    let pressed = press.sign(connection, signer, &draft, latest.next())?;
    let earlier = match revision.earlier {
        Earlier::Keep => Vec::new(),
        Earlier::Revoke => latest.record.usable(occasion.at),
    };
    let facts = pressed.facts()?;
    let facts = facts.and("previous", latest.claims.serial.to_string()).and("revoked", named(&earlier));
    let event = transaction.record(revision.kind, facts)?;
    pressed.store(connection, event.seq())?;
    let suspended_since = suspended_since(&latest.record);
    if let Some(since) = suspended_since {
        // A revision that could be used would lift the suspension. It never was valid, so it gives no grace of its own.
        let index = pressed.signed.license.status.index;
        entries::set(connection, pressed.list, index, Status::Suspended, since)?;
    }
    for stopped in &earlier {
        entries::set(connection, stopped.list, stopped.entry.index, Status::Revoked, occasion.at)?;
    }
    let seq = event.seq();
    // After this line the revision exists, whatever happens: it can be shown, revoked and handed out again. Before, nobody
    // has seen its token.
    transaction.commit(event)?;
    let revoked = earlier.iter().map(|stopped| StoppedRevision::at(stopped, occasion.at)).collect();
    let issued = Issued { signed: pressed.signed, draft, event: seq };
    let differences = differences(&latest.claims, &issued.signed.license);
    Ok(Revised { issued, previous: latest.claims.serial, differences, suspended_since, revoked })
}

const fn suspended_since(license: &LicenseRecord) -> Option<Timestamp> {
    match license.standing {
        Standing::Suspended { since } => Some(since),
        Standing::Active | Standing::Revoked { .. } => None,
    }
}
