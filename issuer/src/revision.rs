//! A further revision of a license: what renewing and amending share.

use lictor_keys::{KeyRecord, Signer};
use lictor_shared::json::{Members, Value};
use lictor_shared::{Algorithm, AnchorSet, Name, OriginPattern, Purpose, Status, StatusRef, Timestamp, Uuid};
use rusqlite::Connection;
use std::collections::BTreeMap;

use crate::accepted::anchors;
use crate::difference::{Difference, differences};
use crate::draft::Draft;
use crate::error::{Failure, FailureKind};
use crate::event::{EventKind, Facts};
use crate::find::find_in;
use crate::home::Home;
use crate::issue::Issued;
use crate::key::signing_key_for;
use crate::latest::{Filed, Grounds, Latest};
use crate::ledger::entries::{self, List};
use crate::ledger::transaction::{Recorded, Transaction};
use crate::ledger::{Ledger, keys, products};
use crate::licenses::{LicenseRecord, Standing};
use crate::occasion::Occasion;
use crate::outcome::Outcome;
use crate::press::{Press, Pressed};
use crate::revoke::StoppedRevision;
use crate::terms::Terms;
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
    pub(crate) draft: &'a dyn Fn(&Latest, &Grounds<'_>) -> Result<Draft, Failure>,
}

/// The draft of a further revision, which can be signed once it has its place on the list.
pub(crate) struct Drafted<'d> {
    latest: Latest,
    pub(crate) draft: Draft,
    press: Press<'d>,
}

impl Drafted<'_> {
    /// The key that is to sign it.
    pub(crate) const fn key(&self) -> &KeyRecord {
        self.press.key
    }

    /// Whether it will be suspended, as what is before it is.
    pub(crate) const fn is_suspended(&self) -> bool {
        suspended_since(&self.latest.record).is_some()
    }
}

/// The same, signed, and what its event says of it.
pub(crate) struct Signed {
    latest: Latest,
    draft: Draft,
    pressed: Pressed,
    facts: Facts,
}

/// Where revisions are made: the issuer's home, and the keys that its deployments trust.
pub(crate) struct Desk<'a> {
    home: &'a Home,
    grounds: Grounds<'a>,
    anchors: AnchorSet,
}

impl<'a> Desk<'a> {
    pub(crate) fn open(home: &'a Home, connection: &Connection, at: Timestamp) -> Result<Self, Failure> {
        let ring = keys::ring(connection)?;
        let anchors = anchors(&ring)?;
        let (catalogue, defaults) = (products::all(connection)?, &home.config().defaults);
        Ok(Self { home, grounds: Grounds { ring, catalogue, defaults, at }, anchors })
    }

    /// The same for so many that tables save more than they cost, by which signatures are checked.
    pub(crate) fn for_many(self) -> Self {
        Self { anchors: self.anchors.with_tables(), ..self }
    }

    /// The latest revision of a license, verified, and the draft of the next. It needs no ledger, so many can be drafted at once.
    pub(crate) fn draft(&self, license: Filed, revision: &Revision<'_>) -> Result<Drafted<'_>, Failure> {
        let latest = Latest::verified(license, &self.grounds, &self.anchors)?;
        let draft = (revision.draft)(&latest, &self.grounds)?;
        let key = signing_key_for(&self.grounds.ring, Purpose::License, &draft.products, self.grounds.at)?;
        let press = Press { home: self.home, ring: &self.grounds.ring, key };
        press.speaks_for(&draft)?;
        Ok(Drafted { latest, draft, press })
    }

    /// The same, as far as it can be known before it is signed that it can be.
    pub(crate) fn preview(&self, license: Filed, revision: &Revision<'_>) -> Result<Drafted<'_>, Failure> {
        let drafted = self.draft(license, revision)?;
        drafted.press.fits(&drafted.draft, drafted.latest.next())?;
        Ok(drafted)
    }

    /// Refuses licenses that one key alone cannot sign: each is given by its products.
    pub(crate) fn one_key<'p>(&self, licenses: impl Iterator<Item = &'p [Name]>) -> Result<(), Failure> {
        let mut needed = BTreeMap::new();
        for products in licenses {
            let key = signing_key_for(&self.grounds.ring, Purpose::License, products, self.grounds.at)?;
            needed.entry(key.public.thumbprint().to_string()).or_insert(products);
        }
        if needed.len() <= 1 {
            return Ok(());
        }
        let products = needed.values().filter_map(|products| products.first());
        let products: Vec<String> = products.map(|name| format!("--product {name}")).collect();
        let message =
            format!("These licenses need {} signing keys, and one key signs them all.", needed.len());
        Err(Failure::new(FailureKind::Conflict, message)
            .hint(format!("Renew them in several steps, as with {}.", products.join(", then "))))
    }

    /// Signs the next revision of a license in a change under way.
    pub(crate) fn revise(
        &self,
        transaction: &Transaction<'_>,
        signer: &dyn Signer,
        license: LicenseRecord,
        revision: &Revision<'_>,
    ) -> Result<(Revised, Recorded), Failure> {
        let filed = Filed::of(transaction.connection(), license)?;
        let Drafted { latest, draft, press } = self.draft(filed, revision)?;
        let pressed = press.sign(transaction, signer, &draft, latest.next())?;
        let facts = pressed.facts()?;
        self.store(transaction, Signed { latest, draft, pressed, facts }, revision)
    }

    /// Signs what has its place on the list. It needs no ledger, so many can be signed at once.
    pub(crate) fn sign(
        &self,
        signer: &dyn Signer,
        drafted: Drafted<'_>,
        entry: (List, StatusRef),
    ) -> Result<Signed, Failure> {
        let Drafted { latest, draft, press } = drafted;
        let pressed = press.press(signer, &self.anchors, (draft.clone(), latest.next()), entry)?;
        let facts = pressed.facts()?;
        Ok(Signed { latest, draft, pressed, facts })
    }

    /// Puts it into the ledger, with its event.
    pub(crate) fn store(
        &self,
        transaction: &Transaction<'_>,
        signed: Signed,
        revision: &Revision<'_>,
    ) -> Result<(Revised, Recorded), Failure> {
        let connection = transaction.connection();
        let Signed { latest, draft, pressed, facts } = signed;
        let earlier = match revision.earlier {
            Earlier::Keep => Vec::new(),
            Earlier::Revoke => latest.record.usable(self.grounds.at),
        };
        let facts = facts.and("previous", latest.claims.serial.to_string()).list("revoked", named(&earlier));
        let event = transaction.record(revision.kind, facts)?;
        pressed.store(connection, event.seq())?;
        let suspended_since = suspended_since(&latest.record);
        if let Some(since) = suspended_since {
            // A revision that could be used would lift the suspension. It never was valid, so it gives no grace of its own.
            let index = pressed.signed.license.status.index;
            entries::set(connection, pressed.list, index, Status::Suspended, since)?;
        }
        for stopped in &earlier {
            entries::set(connection, stopped.list, stopped.entry.index, Status::Revoked, self.grounds.at)?;
        }
        let revoked = earlier.iter().map(|stopped| StoppedRevision::at(stopped, self.grounds.at)).collect();
        let issued = Issued { signed: pressed.signed, draft, event: event.seq() };
        let differences = differences(&latest.claims, &issued.signed.license);
        let previous = latest.claims.serial;
        Ok((Revised { issued, previous, differences, suspended_since, revoked }, event))
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
    let license = find_in(connection, id)?;
    let desk = Desk::open(home, connection, occasion.at)?;
    desk.preview(Filed::of(connection, license)?, revision).map(|drafted| drafted.draft)
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
    let license = find_in(transaction.connection(), id)?;
    let desk = Desk::open(home, transaction.connection(), occasion.at)?;
    let (revised, event) = desk.revise(&transaction, signer, license, revision)?;
    // After this line the revision exists, whatever happens: it can be shown, revoked and handed out again. Before, nobody
    // has seen its token.
    transaction.commit(event, &revised)?;
    Ok(revised)
}

impl Outcome for Revised {
    fn answer(&self) -> Value {
        let mut answer = Members::new();
        if let Value::Object(issued) = self.issued.answer() {
            answer = issued;
        }
        let changed: Vec<Value> = self.differences.iter().map(|change| change.term.into()).collect();
        let revoked: Vec<Value> = self.revoked.iter().map(StoppedRevision::to_value).collect();
        let more: [(&str, Value); 4] = [
            ("changed", changed.into()),
            ("previous", self.previous.to_string().into()),
            ("suspendedSince", self.suspended_since.map(|since| since.to_string()).into()),
            ("revoked", revoked.into()),
        ];
        answer.extend(more.into_iter().map(|(name, value)| (name.to_owned(), value)));
        answer.into()
    }

    fn claims(&self) -> Vec<Value> {
        self.issued.claims()
    }
}

const fn suspended_since(license: &LicenseRecord) -> Option<Timestamp> {
    match license.standing {
        Standing::Suspended { since } => Some(since),
        Standing::Active | Standing::Revoked { .. } => None,
    }
}
