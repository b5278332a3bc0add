//! Renewing every license that expires soon: looked at first, then all of them or none.

use lictor_keys::Signer;
use lictor_shared::json::{Members, Value};
use lictor_shared::{Claims as _, Name, SeatLimit, Text, Timestamp, Uuid};
use rusqlite::Connection;

use crate::draft::Draft;
use crate::error::{Failure, FailureKind};
use crate::event::EventKind;
use crate::home::Home;
use crate::latest::Filed;
use crate::ledger::{Ledger, licenses};
use crate::licenses::{LicenseRecord, RevisionRecord, Standing};
use crate::occasion::Occasion;
use crate::outcome::Outcome;
use crate::renew::{Renewal, drafting};
use crate::revision::{Desk, Revised, Revision};
use crate::revoke::StoppedRevision;

/// Which licenses are meant: those that expire, and are not over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expiring {
    /// Until this instant, itself included.
    pub until: Timestamp,
    /// Only this customer's: his id, or his name.
    pub customer: Option<Text>,
    /// Only those for this product.
    pub product: Option<Name>,
}

/// What a renewal of several licenses would come to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RenewalPlan {
    /// The licenses that would be renewed, by id.
    pub due: Vec<Due>,
    /// Those that would not, by id.
    pub skipped: Vec<Skipped>,
}

/// A license that would be renewed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Due {
    /// Its id.
    pub license: Uuid,
    /// The customer's name.
    pub customer: Text,
    /// The products.
    pub products: Vec<Name>,
    /// The plan that it would have.
    pub plan: Name,
    /// When it expires so far.
    pub old_end: Option<Timestamp>,
    /// When it would.
    pub new_end: Option<Timestamp>,
    /// How many deployments it would be for.
    pub seats: SeatLimit,
}

/// A license that is left out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Skipped {
    /// Its id.
    pub license: Uuid,
    /// The customer's name.
    pub customer: Text,
    /// Why.
    pub why: WhySkipped,
}

/// Why a license is left out. Each of them can be renewed by itself, if it can be at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WhySkipped {
    /// It never expires.
    Perpetual,
    /// It is revoked.
    Revoked,
    /// It is suspended.
    Suspended,
    /// A later revision of it runs until then.
    RenewedUntil(Timestamp),
    /// It has expired already, and its grace runs.
    Expired(Timestamp),
}

/// Renewals that are in the ledger, all made together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Renewals {
    /// Each of them, by license.
    pub renewed: Vec<Renewed>,
    claims: Vec<Value>,
}

/// One of several renewals. Its token is in the ledger, under its serial.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Renewed {
    /// The license's id.
    pub license: Uuid,
    /// The serial of the new revision.
    pub serial: Uuid,
    /// The number of the new revision.
    pub revision: u64,
    /// The serial of the one before it.
    pub previous: Uuid,
    /// The customer's id.
    pub customer_id: Text,
    /// When it expires now.
    pub expires_at: Option<Timestamp>,
    /// The earlier revisions that were revoked with it.
    pub revoked: Vec<StoppedRevision>,
    /// What is allowed and yet hardly meant.
    pub warnings: Vec<String>,
    /// The number of its event.
    pub event: u64,
}

/// What [`renew_all`] would do now. Nothing is changed, and no private key is needed.
///
/// # Errors
/// As [`renew`](crate::renew) for the first license that cannot be renewed so, naming it; [`FailureKind::Conflict`] if
/// their products need different signing keys, since one key signs all of them.
pub fn plan_renewals(
    home: &Home,
    ledger: &Ledger,
    expiring: &Expiring,
    renewal: &Renewal,
    occasion: &Occasion,
) -> Result<RenewalPlan, Failure> {
    let connection = ledger.connection();
    let (licenses, skipped) = sorted(connection, expiring, occasion.at)?;
    let mut plan = RenewalPlan { due: Vec::with_capacity(licenses.len()), skipped };
    if licenses.is_empty() {
        return Ok(plan);
    }
    let desk = Desk::open(home, connection, occasion.at)?;
    let draft = drafting(renewal);
    let revision = Revision { kind: EventKind::LicenseRenewed, earlier: renewal.earlier, draft: &draft };
    for license in licenses {
        let (id, old_end) = (license.id, license.latest().and_then(|latest| latest.expires_at));
        let previewed = Filed::of(connection, license).and_then(|filed| desk.preview(filed, &revision));
        let drafted = previewed.map_err(|failure| of(id, failure))?;
        plan.due.push(due(id, old_end, drafted.draft));
    }
    desk.one_key(plan.due.iter().map(|due| due.products.as_slice()))?;
    Ok(plan)
}

/// Renews the licenses of a plan: all of them, or none.
///
/// # Errors
/// [`FailureKind::Conflict`] if others are due by now than those of the plan, [`FailureKind::Usage`] if there are none;
/// else as [`renew`](crate::renew).
pub fn renew_all(
    home: &Home,
    ledger: &mut Ledger,
    signer: &dyn Signer,
    (expiring, plan): (&Expiring, &RenewalPlan),
    renewal: &Renewal,
    occasion: &Occasion,
) -> Result<Renewals, Failure> {
    let transaction = ledger.begin(occasion)?;
    let connection = transaction.connection();
    let (licenses, _) = sorted(connection, expiring, occasion.at)?;
    if !licenses.iter().map(|license| license.id).eq(plan.due.iter().map(|due| due.license)) {
        return Err(changed_meanwhile());
    }
    // Said before anything is looked for that only signing needs.
    if licenses.is_empty() {
        return Err(none_due());
    }
    let desk = Desk::open(home, connection, occasion.at)?;
    let draft = drafting(renewal);
    let revision = Revision { kind: EventKind::LicenseRenewed, earlier: renewal.earlier, draft: &draft };
    let mut renewals = Renewals { renewed: Vec::with_capacity(licenses.len()), claims: Vec::new() };
    let mut last = None;
    for license in licenses {
        let id = license.id;
        let revised = desk.revise(&transaction, signer, license, &revision);
        let (revised, event) = revised.map_err(|failure| of(id, failure))?;
        if transaction.is_dry_run() {
            renewals.claims.push(revised.issued.signed.license.to_value());
        }
        renewals.renewed.push(renewed(revised));
        last = Some(event);
    }
    let last = last.ok_or_else(none_due)?;
    // After this line all of them are renewed, before it none is, and nobody has seen a token.
    transaction.commit(last, &renewals)?;
    Ok(renewals)
}

/// The licenses that are due, and those that are not.
fn sorted(
    connection: &Connection,
    expiring: &Expiring,
    at: Timestamp,
) -> Result<(Vec<LicenseRecord>, Vec<Skipped>), Failure> {
    let (mut due, mut skipped) = (Vec::new(), Vec::new());
    for id in licenses::expiring(connection, expiring.until, at)? {
        let Some(license) = licenses::find(connection, id)? else { continue };
        let Some(latest) =
            license.latest().filter(|latest| latest.is_usable(at) && is_meant(&license, latest, expiring))
        else {
            continue;
        };
        match why_skipped(&license, latest, expiring.until, at) {
            None => due.push(license),
            Some(why) => skipped.push(Skipped { license: id, customer: license.customer, why }),
        }
    }
    Ok((due, skipped))
}

fn is_meant(license: &LicenseRecord, latest: &RevisionRecord, expiring: &Expiring) -> bool {
    let customer = expiring.customer.as_ref();
    let product = expiring.product.as_ref();
    customer.is_none_or(|customer| *customer == license.customer_id || *customer == license.customer)
        && product.is_none_or(|product| latest.products.contains(product))
}

fn why_skipped(
    license: &LicenseRecord,
    latest: &RevisionRecord,
    until: Timestamp,
    at: Timestamp,
) -> Option<WhySkipped> {
    let Some(end) = latest.expires_at else { return Some(WhySkipped::Perpetual) };
    match license.standing {
        Standing::Revoked { .. } => Some(WhySkipped::Revoked),
        _ if end > until => Some(WhySkipped::RenewedUntil(end)),
        Standing::Suspended { .. } => Some(WhySkipped::Suspended),
        Standing::Active if end <= at => Some(WhySkipped::Expired(end)),
        Standing::Active => None,
    }
}

fn due(license: Uuid, old_end: Option<Timestamp>, draft: Draft) -> Due {
    Due {
        license,
        customer: draft.customer,
        products: draft.products,
        plan: draft.plan,
        old_end,
        new_end: draft.term.expires_at(),
        seats: draft.seats.limit,
    }
}

fn renewed(revised: Revised) -> Renewed {
    let warnings = revised.issued.draft.warnings();
    let license = revised.issued.signed.license;
    Renewed {
        license: license.id,
        serial: license.serial,
        revision: license.revision,
        previous: revised.previous,
        customer_id: license.customer_id,
        expires_at: license.term.expires_at(),
        revoked: revised.revoked,
        warnings,
        event: revised.issued.event,
    }
}

impl Outcome for Renewals {
    /// Without the tokens, which can be read in the ledger as long as it lives.
    fn answer(&self) -> Value {
        Value::object([("renewed", self.renewed.iter().map(Renewed::to_value).collect::<Vec<_>>().into())])
    }

    fn claims(&self) -> Vec<Value> {
        self.claims.clone()
    }
}

impl Renewed {
    fn to_value(&self) -> Value {
        let warnings: Vec<Value> = self.warnings.iter().map(|warning| warning.as_str().into()).collect();
        let members: [(&str, Value); 9] = [
            ("id", self.license.to_string().into()),
            ("serial", self.serial.to_string().into()),
            ("revision", self.revision.into()),
            ("previous", self.previous.to_string().into()),
            ("customerId", self.customer_id.as_str().into()),
            ("expiresAt", self.expires_at.map(|at| at.to_string()).into()),
            ("revoked", self.revoked.iter().map(StoppedRevision::to_value).collect::<Vec<_>>().into()),
            ("warnings", warnings.into()),
            ("event", self.event.into()),
        ];
        members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect::<Members>().into()
    }
}

/// The same failure, with the license that it is about.
fn of(id: Uuid, failure: Failure) -> Failure {
    let message = format!("The license {id} cannot be renewed so; none was renewed: {}", failure.message);
    Failure { message, ..failure }.with("license", id.to_string())
}

fn none_due() -> Failure {
    Failure::new(FailureKind::Usage, "no license is due, so none was renewed")
}

fn changed_meanwhile() -> Failure {
    Failure::new(FailureKind::Conflict, "Others are due by now than those of the plan; none was renewed.")
        .hint("Repeat the command, and look at the plan again.")
}
