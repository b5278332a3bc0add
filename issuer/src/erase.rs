//! Erasing a customer: his texts and the salts of them, and all else that shows who he is. What was done stays, by ids alone.

use lictor_shared::json::Value;
use lictor_shared::{Text, Timestamp, Uuid};
use rusqlite::Connection;

use crate::customer::find_customer;
use crate::error::{Failure, FailureKind, shell};
use crate::event::{EventKind, Facts};
use crate::ledger::erasure::{self, Counts};
use crate::ledger::fault::is_full;
use crate::ledger::transaction::{Recorded, Transaction};
use crate::ledger::{Ledger, customers, events, licenses};
use crate::licenses::LicenseState;
use crate::occasion::{Intent, Occasion};
use crate::outcome::Outcome;

/// What is done about licenses that still run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Running {
    /// Then nothing is erased.
    Refuse,
    /// They are erased as well: they go on working where they are, and nothing can be done with them here but stop them.
    Erase,
}

/// A customer who was erased.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ErasedCustomer {
    /// The id that stands in his place.
    pub erased_as: Text,
    /// His licenses, which are nobody's now.
    pub licenses: Vec<Uuid>,
    /// Those of them that still run.
    pub running: Vec<Uuid>,
    /// Texts that events commit to.
    pub texts: u64,
    /// Labels of deployments.
    pub labels: u64,
    /// Tokens of licenses.
    pub tokens: u64,
    /// Answers to requests of deployments.
    pub answers: u64,
    /// Reports of use.
    pub reports: u64,
    /// Answers to what was asked for once.
    pub requests: u64,
    /// The number of the event; `None`: everything had been erased before.
    pub event: Option<u64>,
}

/// Erases a customer, by his id, else by his name. Asked again for the id that stands in his place, it only makes sure
/// that no byte is left.
///
/// # Errors
/// [`FailureKind::NotFound`] if there is none, [`FailureKind::Conflict`] if he has licenses that run and these are to be
/// refused, [`FailureKind::Usage`] if it is to be done once: a request would remember whom. [`FailureKind::Ledger`] if the texts
/// are erased, and bytes of them could not be removed from the file.
pub fn erase_customer(
    ledger: &mut Ledger,
    customer: &Text,
    running: Running,
    occasion: &Occasion,
) -> Result<ErasedCustomer, Failure> {
    if let Intent::MakeOnce(_) = occasion.intent {
        return Err(Failure::new(FailureKind::Usage, "erasing takes no request id: it would remember whom")
            .hint("leave --request-id out; asked again, nothing is done that was done before"));
    }
    let found = find_customer(ledger, customer)?;
    let transaction = ledger.begin(occasion)?;
    let connection = transaction.connection();
    let theirs = erasure::licenses_of(connection, &found.id)?;
    let run = still_running(connection, &theirs, occasion.at)?;
    let nobody = name_for_nobody(connection, &found.id)?;
    let requests = erasure::requests_of(connection, &theirs)?;
    let erased = ErasedCustomer::new(nobody, theirs, run);
    if erased.is_done(connection, &found.id, &requests)? {
        drop(transaction);
        return match occasion.intent {
            Intent::DryRun => Ok(erased),
            _ => swept(ledger, &erased.erased_as).map(|()| erased),
        };
    }
    if running == Running::Refuse && !erased.running.is_empty() {
        return Err(they_run(&found.id, &erased.running));
    }
    let (event, counts) = erase(&transaction, (&erased.licenses, &requests), &erased.erased_as)?;
    if found.id != erased.erased_as {
        erasure::forget(connection, &found.id)?;
    }
    let erased = erased.with(event, counts);
    transaction.commit(event, &erased)?;
    // After this line the texts are erased for whoever reads in the ledger; their bytes go with the next one.
    if ledger.dry_run().is_none() {
        swept(ledger, &erased.erased_as)?;
    }
    Ok(erased)
}

fn swept(ledger: &Ledger, nobody: &Text) -> Result<(), Failure> {
    ledger.sweep_up().map_err(|failure| unswept(nobody, failure))
}

fn unswept(nobody: &Text, failure: Failure) -> Failure {
    // For a while the file is there twice.
    let (why, first) = match is_full(&failure) {
        true => (
            "There is no room to write it anew.".to_owned(),
            "Make room for twice the ledger on its disk (and raise limits on the size of files)",
        ),
        false => (failure.message.clone(), "End the processes that have the ledger open"),
    };
    let message = format!(
        "The texts are erased, but bytes of them may still stand in the ledger's file or beside it. {why}"
    );
    let again = shell(nobody.as_str());
    Failure { message, ..Failure::new(FailureKind::Ledger, "") }
        .because(failure)
        .hint(format!("{first}; then: lictor customer erase {again} --confirm {again}"))
}

/// Erases licenses' texts in a change under way.
pub(crate) fn erase(
    transaction: &Transaction<'_>,
    (licenses, requests): (&[Uuid], &[String]),
    nobody: &Text,
) -> Result<(Recorded, Counts), Failure> {
    let ids = licenses.iter().map(|id| id.to_string().into()).collect();
    let asked = requests.iter().map(|id| id.as_str().into()).collect();
    let facts =
        Facts::new([("erasedAs", nobody.as_str().into())]).list("licenses", ids).list("requests", asked);
    let event = transaction.record(EventKind::CustomerErased, facts)?;
    let counts = erasure::erase(transaction.connection(), (licenses, requests), nobody)?;
    Ok((event, counts))
}

fn still_running(connection: &Connection, ids: &[Uuid], at: Timestamp) -> Result<Vec<Uuid>, Failure> {
    let mut run = Vec::new();
    for id in ids {
        let state = licenses::find(connection, *id)?.map(|license| license.state(at));
        if !matches!(state, None | Some(LicenseState::Ended | LicenseState::Revoked)) {
            run.push(*id);
        }
    }
    Ok(run)
}

/// What stands in the place of a customer: the number of the event that erases him. Who was erased keeps what he has.
fn name_for_nobody(connection: &Connection, customer: &Text) -> Result<Text, Failure> {
    let mut before = events::erasures(connection)?.into_iter();
    let is_his = |name: &Value| name.as_str() == Some(customer.as_str());
    if before.any(|event| event.body.get("erasedAs").is_some_and(is_his)) {
        return Ok(customer.clone());
    }
    let seq = events::last(connection)?.saturating_add(1);
    for suffix in 0_u32.. {
        let suffix = if suffix == 0 { String::new() } else { format!("-{suffix}") };
        let name = Text::new(&format!("erased-{seq}{suffix}"));
        let name = name.map_err(|error| Failure::new(FailureKind::Unexpected, error.to_string()))?;
        if customers::name(connection, &name)?.is_none() {
            return Ok(name);
        }
    }
    Err(Failure::new(FailureKind::Unexpected, "There is no name left for a customer who is erased."))
}

fn they_run(customer: &Text, running: &[Uuid]) -> Failure {
    let ids: Vec<Value> = running.iter().map(|id| id.to_string().into()).collect();
    let first = running.first().map(ToString::to_string).unwrap_or_default();
    let still = match running.len() {
        1 => format!("the license {first}, which is neither revoked nor over"),
        several => format!("{several} licenses that are neither revoked nor over, as {first}"),
    };
    Failure::new(FailureKind::Conflict, format!("The customer {customer} has {still}. Nothing was erased."))
        .hint("Erased, a license goes on where it is installed, but cannot be renewed, amended or written again. If that is meant: --running")
        .with("licenses", ids)
}

impl ErasedCustomer {
    const fn new(erased_as: Text, licenses: Vec<Uuid>, running: Vec<Uuid>) -> Self {
        Self {
            erased_as,
            licenses,
            running,
            texts: 0,
            labels: 0,
            tokens: 0,
            answers: 0,
            reports: 0,
            requests: 0,
            event: None,
        }
    }

    fn with(self, event: Recorded, counts: Counts) -> Self {
        let Counts { texts, labels, tokens, answers, reports, requests } = counts;
        Self { texts, labels, tokens, answers, reports, requests, event: Some(event.seq()), ..self }
    }

    /// Whether he was erased before, and nothing was written down of him since.
    fn is_done(
        &self,
        connection: &Connection,
        customer: &Text,
        requests: &[String],
    ) -> Result<bool, Failure> {
        if *customer != self.erased_as || !requests.is_empty() {
            return Ok(false);
        }
        for license in &self.licenses {
            if erasure::is_kept(connection, *license)? {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

impl Outcome for ErasedCustomer {
    fn answer(&self) -> Value {
        let ids = |ids: &[Uuid]| ids.iter().map(|id| id.to_string().into()).collect::<Vec<Value>>();
        Value::object([
            ("erasedAs", self.erased_as.as_str().into()),
            ("licenses", ids(&self.licenses).into()),
            ("running", ids(&self.running).into()),
            ("texts", self.texts.into()),
            ("labels", self.labels.into()),
            ("tokens", self.tokens.into()),
            ("answers", self.answers.into()),
            ("reports", self.reports.into()),
            ("requests", self.requests.into()),
            ("event", self.event.into()),
        ])
    }
}
