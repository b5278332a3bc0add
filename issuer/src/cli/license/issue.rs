//! `lictor license issue`, for short `lictor issue`.

use clap::Args;
use lictor_shared::{Algorithm, Name, OriginPattern, Purpose, Text, Timestamp};

use super::super::globals::Globals;
use super::super::outfile::OutFile;
use super::super::output::Output;
use super::super::passphrase::PassphraseSource;
use super::super::terms::TermsOptions;
use super::super::values;
use super::super::writing::{self, Writing};
use super::handed;
use super::issue_all::Many;
use crate::error::{Failure, FailureKind};
use crate::issue::{Issued, issue, preview};
use crate::order::Order;
use crate::outcome::Outcome as _;
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

/// In place of what an order says.
const FILE: [&str; 2] = ["from", "template"];

/// Issue a license: sign it, record it, and write it in armor
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Issue {
    /// A product of the catalogue; may be given several times
    #[arg(long, value_name = "NAME", required_unless_present_any = FILE)]
    product: Vec<Name>,
    /// The plan, which each of the products has
    #[arg(long, value_name = "NAME", required_unless_present_any = FILE)]
    plan: Option<Name>,
    /// The customer's name
    #[arg(long, value_name = "TEXT", required_unless_present_any = FILE)]
    customer: Option<Text>,
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
    #[command(flatten)]
    pub(super) out: OutFile,
    #[command(flatten)]
    pub(super) many: Many,
    #[command(flatten)]
    pub(super) writing: Writing,
    #[command(flatten)]
    pub(super) passphrase: PassphraseSource,
    #[command(flatten)]
    terms: TermsOptions,
}

impl Issue {
    pub(crate) fn run(&self, globals: &Globals, output: &mut Output) -> Result<u8, Failure> {
        if self.many.template {
            return self.write_template(output);
        }
        if let Some(path) = &self.many.from {
            return self.run_many(path, globals, output);
        }
        let (home, mut ledger) = globals.home_and_ledger()?;
        let (order, occasion) = (self.order()?, globals.occasion_of(&self.writing)?);
        if let Some(answer) = writing::answered(&ledger, &occasion, output)? {
            return handed::hand_out_again(&answer, (&self.out, &home), output);
        }
        // What is wrong with the order is said before anybody is asked for a passphrase.
        let draft = preview(&home, &ledger, &order, &occasion)?;
        // So is a file that could not be written.
        handed::can_be_written(&self.out, &home, &occasion)?;
        let prompts = globals.prompts();
        let signer = self.passphrase.product_signer(
            &home,
            &ledger,
            (Purpose::License, &draft.products),
            &occasion,
            prompts,
        )?;
        let occasion = globals.after_asking(occasion)?;
        let issued = issue(&home, &mut ledger, &*signer, &order, &occasion)?;
        if let Some(dry_run) = ledger.dry_run() {
            return writing::tell(dry_run, output, |output| say(&issued, output));
        }
        say(&issued, output);
        let license = &issued.signed.license;
        handed::hand_out(&issued.answer(), license, (&self.out, &home), output)?;
        Ok(0)
    }

    fn order(&self) -> Result<Order, Failure> {
        let mut terms = self.terms.terms()?;
        terms.term = self.until.map(TermLength::Until).or(terms.term);
        Ok(Order {
            products: self.product.clone(),
            plan: self.plan.clone().ok_or_else(|| missing("--plan"))?,
            customer: self.customer.clone().ok_or_else(|| missing("--customer"))?,
            customer_id: self.customer_id.clone(),
            starts: self.starts,
            terms,
            origins: self.origin.clone(),
            meta: values::distinct(&self.meta, "--meta")?,
            algorithm: self.alg,
        })
    }
}

fn missing(option: &str) -> Failure {
    Failure::new(FailureKind::Usage, format!("{option} is missing"))
}

fn say(issued: &Issued, output: &mut Output) {
    let license = &issued.signed.license;
    output.say(format_args!(
        "Issued the license {} to {} ({}).",
        license.id, license.customer, license.customer_id
    ));
    handed::tell(issued, output);
}
