//! The issuing side of offline licenses: what is sold, to whom it was issued, what was revoked, and the ledger of all of it.
//!
//! Nothing here prompts, prints, exits, or reads the clock or the environment. Every change takes an [`Occasion`], and is
//! written together with its event or not at all.
//!
//! ```
//! use lictor_issuer::{ClockSource, Home, Occasion};
//! use lictor_shared::{Text, Timestamp, Uri};
//!
//! # let path = std::env::temp_dir().join(format!("lictor issuer doc {}", std::process::id()));
//! let at = Timestamp::parse("2026-11-22T00:00:00Z")?;
//! let occasion = Occasion::new(at, ClockSource::Given, Text::new("alice")?);
//! let list = Uri::new("https://licensing.acme.example/status/0")?;
//! let home = Home::init(&path, Text::new("acme-licensing")?, list, &occasion)?;
//! let ledger = home.ledger()?;
//! let first = ledger.events(1).next().transpose()?;
//! assert_eq!(first.map(|event| event.kind.as_str()), Some("issuer.created"));
//! # std::fs::remove_dir_all(&path)?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

pub mod activation;
pub mod audit;
pub mod bulk;
pub mod catalogue;
pub mod cli;
pub mod durable;
pub mod key;
pub mod ledger;
pub mod terms;

mod accepted;
mod amend;
mod check;
mod cores;
mod created;
mod customer;
mod difference;
mod doctor;
mod draft;

mod entropy;
mod erase;
mod error;
mod event;
mod export;
mod find;
mod home;
mod import;
mod issue;
mod latest;
mod licenses;
mod listing;
mod occasion;
mod order;
mod outcome;
mod press;
mod publish;
mod register;
mod renew;
mod renewals;
mod resolve;
mod restore;
mod revision;
mod revoke;
#[cfg(test)]
mod scratch;
mod shard;
mod suspend;
mod transition;
mod undisturbed;

pub use amend::{Amendment, amend, preview_amendment};
pub use catalogue::Product;
pub use check::{Checked, check, check_against};
pub use customer::{CustomerRecord, FoundCustomer, find_customer, visit_customers};
pub use difference::Difference;
pub use doctor::{Depth, Finding, Severity, examine};
pub use draft::Draft;
pub use erase::{ErasedCustomer, Running, erase_customer};
pub use error::{Failure, FailureKind, FieldErrors};
pub use event::{Commitment, Event, EventKind};
pub use export::visit_export;
pub use find::{Found, find, find_file, find_revision};
pub use home::{Config, Home};
pub use import::{Arriving, Imported, import, read_export};
pub use issue::{Issued, issue, preview};
pub use ledger::Ledger;
pub use licenses::{LicenseRecord, LicenseState, RevisionRecord, SignedLicense, Standing, seats, signed};
pub use listing::{Direction, Selection, Sorting, Summary, visit_licenses, visit_summaries};
pub use occasion::{ClockChange, ClockSource, Intent, Occasion, Request};
pub use order::Order;
pub use outcome::{DryRun, Outcome};
pub use publish::{CurrentList, DueLists, Publication, Published, due_lists, lists, publish};
pub use renew::{Renewal, RenewedTerm, preview_renewal, renew};
pub use renewals::{
    Due, Expiring, RenewalPlan, Renewals, Renewed, Skipped, WhySkipped, plan_renewals, renew_all,
};
pub use restore::{Keys, Memory, Present, Restored, restore};
pub use revision::{Changes, Earlier, Revised};
pub use revoke::{
    Revocation, RevocationReason, Revoked, StoppedRevision, preview_revocation, revoke, revoke_from,
};
pub use suspend::{Reinstated, Suspended, reinstate, suspend};
pub use terms::Terms;
