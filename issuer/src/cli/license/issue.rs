//! `lictor license issue`, for short `lictor issue`.

use clap::Args;
use lictor_shared::json::Value;
use lictor_shared::{Algorithm, Artefact as _, License, Name, OriginPattern, Purpose, Text, Timestamp};
use std::path::{Path, PathBuf};

use super::super::globals::Globals;
use super::super::output::Output;
use super::super::passphrase::PassphraseSource;
use super::super::terms::TermsOptions;
use super::super::values;
use crate::durable::{self, Readers};
use crate::error::{Failure, FailureKind};
use crate::issue::{Issued, issue, preview};
use crate::order::Order;
use crate::terms::TermLength;

const EXAMPLES: &str = "\
Examples:
  lictor issue --product dialer --plan pro --customer 'Acme GmbH' --term 1y
  lictor issue --product dialer --plan pro --customer 'Acme GmbH' \\
      --until 2027-12-31 --seats 25 --overage 2 --activation required \\
      --origin 'https://*.acme.example' --out acme.lic
  lictor issue --product dialer --plan site --customer Initech \\
      --term perpetual --maintenance-until 2027-12-31 --max-status-age never
  lictor issue --product dialer --product desk --plan pro --customer Hooli \\
      --term 90d --json

Dates are days in UTC: a start begins at 00:00, an end runs through the day.
Durations are 30d, 2w, 12h. What is not given is taken from the first product,
then from lictor.toml.";

/// Issue a license: sign it, record it, and write it in armor
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Issue {
    /// A product of the catalogue; may be given several times
    #[arg(long, value_name = "NAME", required = true)]
    product: Vec<Name>,
    /// The plan, which each of the products has
    #[arg(long, value_name = "NAME")]
    plan: Name,
    /// The customer's name
    #[arg(long, value_name = "TEXT")]
    customer: Text,
    /// The customer's id [default: the one he has, else made from the name]
    #[arg(long, value_name = "ID")]
    customer_id: Option<Text>,
    /// From which day on it holds [default: now]
    #[arg(long, value_name = "DATE", value_parser = values::start)]
    starts: Option<Timestamp>,
    /// The last day of the term
    #[arg(long, value_name = "DATE", value_parser = values::end, conflicts_with = "term")]
    until: Option<Timestamp>,
    /// An origin that it is bound to, as https://calls.acme.example or https://*.acme.example; may be given several times
    #[arg(long, value_name = "ORIGIN")]
    origin: Vec<OriginPattern>,
    /// A note that travels with the license, never interpreted; may be given several times
    #[arg(long, value_name = "NAME=TEXT", value_parser = values::meta)]
    meta: Vec<(Name, String)>,
    /// The algorithm's name in the header: EdDSA or Ed25519 [default: EdDSA]
    #[arg(long, value_name = "NAME", value_parser = values::algorithm)]
    alg: Option<Algorithm>,
    /// Write the license to this file, which must not exist yet [default: standard output]
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    #[command(flatten)]
    passphrase: PassphraseSource,
    #[command(flatten)]
    terms: TermsOptions,
}

impl Issue {
    pub(crate) fn run(&self, globals: &Globals, output: &mut Output) -> Result<u8, Failure> {
        let (home, mut ledger) = globals.home_and_ledger()?;
        let (order, occasion) = (self.order()?, globals.occasion()?);
        // What is wrong with the order is said before anybody is asked for a passphrase.
        preview(&home, &ledger, &order, &occasion)?;
        if let Some(path) = &self.out {
            // So is a file that could not be written.
            must_not_exist(path)?;
            durable::probe(path, License::TOKEN_BYTES)?;
        }
        let signer = self.passphrase.signer(&home, &ledger, Purpose::License, &occasion)?;
        let issued = issue(&home, &mut ledger, &signer, &order, &occasion)?;
        tell(&issued, output);
        self.hand_out(&issued, output).map_err(|failure| {
            let id = issued.signed.license.id;
            failure
                .hint(format!(
                    "the license {id} was issued; write it again with: lictor license show {id} --out FILE"
                ))
                .with("license", id.to_string())
        })?;
        Ok(0)
    }

    fn order(&self) -> Result<Order, Failure> {
        let mut terms = self.terms.terms()?;
        terms.term = self.until.map(TermLength::Until).or(terms.term);
        Ok(Order {
            products: self.product.clone(),
            plan: self.plan.clone(),
            customer: self.customer.clone(),
            customer_id: self.customer_id.clone(),
            starts: self.starts,
            terms,
            origins: self.origin.clone(),
            meta: values::distinct(&self.meta, "--meta")?,
            algorithm: self.alg,
        })
    }

    fn hand_out(&self, issued: &Issued, output: &mut Output) -> Result<(), Failure> {
        let armored = issued.signed.armored();
        if let Some(path) = &self.out {
            durable::create(path, armored.as_bytes(), Readers::Anyone)?;
            output.say(format_args!("It is in {}.", path.display()));
        }
        let id = issued.signed.license.id;
        output.either(
            || if self.out.is_some() { format!("{id}\n") } else { armored },
            || json(issued, self.out.as_deref()),
        )
    }
}

/// Refuses a file name that is taken, before anything is done for it.
pub(super) fn must_not_exist(path: &Path) -> Result<(), Failure> {
    if path.symlink_metadata().is_ok() {
        let path = path.display().to_string();
        return Err(Failure::new(
            FailureKind::Conflict,
            format!("{path} exists already; it was not touched"),
        )
        .hint("name another file, or move this one away")
        .with("path", path));
    }
    Ok(())
}

fn tell(issued: &Issued, output: &mut Output) {
    let license = &issued.signed.license;
    output.say(format_args!(
        "Issued the license {} to {} ({}).",
        license.id, license.customer, license.customer_id
    ));
    for sentence in issued.draft.in_words() {
        output.say(format_args!("  {sentence}"));
    }
    for warning in issued.draft.warnings() {
        output.say(format_args!("warning: {warning}"));
    }
}

fn json(issued: &Issued, file: Option<&Path>) -> Value {
    let license = &issued.signed.license;
    let time = |at: Option<Timestamp>| Value::from(at.map(|at| at.to_string()));
    Value::object([
        ("id", license.id.to_string().into()),
        ("serial", license.serial.to_string().into()),
        ("revision", license.revision.into()),
        ("customerId", license.customer_id.as_str().into()),
        ("startsAt", time(Some(license.starts_at))),
        ("expiresAt", time(license.term.expires_at())),
        ("graceUntil", time(license.term.grace_until())),
        ("warnings", issued.draft.warnings().into_iter().map(Value::from).collect::<Vec<_>>().into()),
        ("file", file.map(|path| path.display().to_string()).into()),
        ("token", issued.signed.token.as_str().into()),
        ("event", issued.event.into()),
    ])
}
