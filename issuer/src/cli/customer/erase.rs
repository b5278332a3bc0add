//! `lictor customer erase`.

use clap::Args;
use lictor_shared::Text;

use super::super::globals::Globals;
use super::super::output::Output;
use super::super::prompt::{Needed, Prompts};
use super::super::shown;
use super::super::writing::{self, Change, Writing};
use crate::customer::{FoundCustomer, find_customer};
use crate::erase::{ErasedCustomer, Running, erase_customer};
use crate::error::{Failure, FailureKind, shell};
use crate::occasion::{Intent, Occasion};

const EXAMPLES: &str = "\
Examples:
  lictor customer erase acme-gmbh --dry-run
  lictor customer erase acme-gmbh --confirm acme-gmbh

Erases names, notes, labels and license files of the customer from the ledger.
What was done stays in the log, by ids alone, and lictor ledger verify goes on
proving it. Backups, exports and files that were handed out are not touched:
delete those yourself.";

/// Erase a customer's texts and salts, and leave the log provable
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Erase {
    /// The customer: the id, or exactly the name
    #[arg(value_name = "ID")]
    customer: Text,
    /// Also if licenses still run: they go on where they are installed, and are never renewed or written again
    #[arg(long)]
    running: bool,
    /// The customer's id in full, so that no slip erases another one [default: asked at the terminal]
    #[arg(long, value_name = "ID")]
    confirm: Option<String>,
    #[command(flatten)]
    writing: Writing,
}

impl Erase {
    pub(crate) fn run(&self, globals: &Globals, output: &mut Output) -> Result<u8, Failure> {
        let running = if self.running { Running::Erase } else { Running::Refuse };
        let make = |change: &mut Change, output: &mut Output| {
            let customer = find_customer(&change.ledger, &self.customer)?;
            // A dry run erases nothing, so nobody is asked.
            if self.confirm.is_some() || change.occasion.intent != Intent::DryRun {
                self.confirmed(&customer, globals.prompts(), output)?;
            }
            erase_customer(&mut change.ledger, &customer.id, running, &change.occasion)
        };
        self.writing.carry_out(globals, output, make, tell, |answer, output| {
            output.either(|| format!("{}\n", writing::text(answer, "erasedAs")), || answer.clone())?;
            Ok(0)
        })
    }

    fn confirmed(
        &self,
        customer: &FoundCustomer,
        prompts: Prompts,
        output: &mut Output,
    ) -> Result<(), Failure> {
        let typed = match &self.confirm {
            Some(id) => id.clone(),
            None => ask(customer, prompts, output)?,
        };
        if typed.trim() == customer.id.as_str() {
            return Ok(());
        }
        let message = format!("{typed:?} is not the id of the customer; nothing was erased");
        Err(Failure::new(FailureKind::Usage, message).hint(instead(customer)))
    }
}

fn instead(customer: &FoundCustomer) -> String {
    format!("give --confirm {}", shell(customer.id.as_str()))
}

/// Asks for the customer's id at the terminal; where nobody may be asked, names the option.
fn ask(customer: &FoundCustomer, prompts: Prompts, output: &mut Output) -> Result<String, Failure> {
    let needed = Needed { sentence: "erasing a customer must be confirmed", instead: instead(customer) };
    let (id, name) = (shown::foreign(customer.id.as_str()), shown::foreign(customer.name.as_str()));
    let explanation = format!(
        "This erases the texts of the customer {id} ({name}) for good. Licenses of\nthe customer can never be renewed, amended or written to a file again."
    );
    prompts.line(&needed, explanation, "Type the customer's id to confirm:", output)
}

fn tell(erased: &ErasedCustomer, _: &Occasion, output: &mut Output) {
    let nobody = &erased.erased_as;
    if erased.event.is_none() {
        output
            .say(format_args!("The customer {nobody} was erased before, and no byte of the texts is left."));
        return;
    }
    output.say(format_args!("Erased the customer, who is called {nobody} from now on."));
    let counts = [
        ("Licenses, which are nobody's now", u64::try_from(erased.licenses.len()).unwrap_or(u64::MAX)),
        ("Names and notes", erased.texts),
        ("License files", erased.tokens),
        ("Labels of deployments", erased.labels),
        ("Answers to deployments", erased.answers),
        ("Reports of use", erased.reports),
        ("Answers to requests with an id", erased.requests),
    ];
    for (what, number) in counts.into_iter().filter(|(_, number)| *number > 0) {
        output.say(format_args!("  {what}: {number}."));
    }
    let running = erased.running.len();
    if running > 0 {
        output.warn(format_args!("Licenses that still run where they are installed: {running}."));
    }
    output.say("Next: delete backups, exports and license files that still hold the texts.");
}
