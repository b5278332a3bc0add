//! Reporting: the period is closed and the chain continued in the store before anybody sees the report.

use lictor_shared::{
    Algorithm, Beginning, EmbeddedKey, Label, Text, UsageReport, Uuid, armor, json::Members,
};

use super::book::Book;
use super::{Moment, Usage};
use crate::host::custody::Custody;
use crate::host::entropy::{self, EntropyError};
use crate::host::holdings::license_key;
use crate::host::product::Product;
use crate::host::shelf;
use crate::host::store::{StateStore, StoreError};
use lictor_shared::Unsigned;

/// Why there is no report.
#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    /// Without durable storage there is no deployment.
    #[error("this process has no durable storage, so it has no identity and reports nothing: {0}")]
    Stateless(String),
    /// There is no license here.
    #[error("there is no license here to report the use of; install it first")]
    NoLicense,
    /// No report was made here.
    #[error("no report was made here yet with the key that this deployment has now; make one")]
    NothingReported,
    /// The operating system gives no randomness.
    #[error(transparent)]
    Entropy(#[from] EntropyError),
    /// The store does not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What a report says of the deployment, whatever was counted.
pub(crate) struct Reporter<'a> {
    moment: Moment<'a>,
    issuer: Text,
    license: Uuid,
    activation: Option<Uuid>,
    product: &'a Product,
    /// The report's id.
    id: Uuid,
}

impl<'a> Reporter<'a> {
    /// Of the license in force.
    pub(crate) fn of(
        custody: &Custody,
        product: &'a Product,
        moment: Moment<'a>,
    ) -> Result<Self, ReportError> {
        let foremost = custody.foremost(product, moment.now).ok_or(ReportError::NoLicense)?;
        let license = foremost.license.claims();
        let held = custody.holdings.activation(&license_key(license), moment.identity.id());
        Ok(Self {
            moment,
            issuer: license.issuer.clone(),
            license: license.id,
            activation: held.map(|held| held.claims().serial),
            product,
            id: entropy::uuid(moment.now)?,
        })
    }

    fn claims(&self, book: &Book) -> UsageReport {
        let to = book.latest().max(self.moment.t);
        let sequence = book.sequence.saturating_add(1);
        UsageReport {
            deployment: self.moment.identity.id(),
            issuer: self.issuer.clone(),
            id: self.id,
            issued_at: self.moment.now,
            license: self.license,
            activation: self.activation,
            product: self.product.name.clone(),
            validator: self.product.program.clone(),
            sequence,
            previous: book.previous.map(|digest| digest.bytes()),
            from: book.from,
            to,
            beginning: if sequence == 1 { book.beginning } else { Beginning::Report },
            modes: book.modes.clone(),
            omitted: book.omitted,
            counters: book.counters.clone(),
            extensions: Members::new(),
        }
    }

    fn sign(&self, claims: &UsageReport) -> String {
        let key = EmbeddedKey(self.moment.identity.public_key().clone());
        let unsigned = Unsigned::new(Algorithm::EdDsa, &key, claims);
        let signature = self.moment.identity.sign(unsigned.signing_input());
        unsigned.with_signature(&signature)
    }
}

impl Usage {
    /// What would be reported now.
    pub(crate) fn preview(
        &self,
        store: &dyn StateStore,
        reporter: &Reporter<'_>,
    ) -> Result<UsageReport, ReportError> {
        Ok(reporter.claims(&self.look(store, reporter.moment)?))
    }

    /// Closes the period, and gives its report in armor. After `Ok` the next one follows it, whatever becomes of this process.
    pub(crate) fn report(
        &self,
        store: &dyn StateStore,
        reporter: &Reporter<'_>,
    ) -> Result<String, ReportError> {
        let close = |book: Book| {
            let claims = reporter.claims(&book);
            let token = reporter.sign(&claims);
            let armored = armor::wrap(Label::UsageReport, &token);
            (book.reported(claims.sequence, claims.to, token), armored)
        };
        Ok(self.change(store, reporter.moment, close)?.0)
    }

    /// The last report, as it was made.
    pub(crate) fn report_again(store: &dyn StateStore, moment: Moment<'_>) -> Result<String, ReportError> {
        let stored = store.read(shelf::USAGE)?;
        let book = stored.as_deref().and_then(|bytes| Book::read(bytes).ok());
        let own = book.filter(|book| book.deployment == moment.identity.id());
        let token = own.and_then(|book| book.newest).ok_or(ReportError::NothingReported)?;
        Ok(armor::wrap(Label::UsageReport, &token))
    }
}
