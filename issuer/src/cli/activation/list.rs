//! `lictor activation list`.

use clap::Args;
use lictor_shared::{Text, Thumbprint, Timestamp, Uuid};

use super::super::globals::Globals;
use super::super::output::{Form, Output};
use super::super::shown;
use crate::activation::{DeploymentPage, DeploymentRecord, deployments, deployments_of_customer};
use crate::error::{Failure, FailureKind};

const EXAMPLES: &str = "\
Examples:
  lictor activation list
  lictor activation list --license 0198c0d2-6c1e-7
  lictor activation list --customer acme-gmbh --json

Every deployment that ever had a seat, by license. One whose lease has ended is
lapsed: its seat goes to whoever asks next.";

/// Show the deployments that have or had a seat
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct List {
    /// Only those of this license: its id or a serial, or 8 characters or more of either
    #[arg(long, value_name = "ID", conflicts_with = "customer")]
    license: Option<String>,
    /// Only those of this customer's licenses: an id or a name
    #[arg(long, value_name = "CUSTOMER")]
    customer: Option<Text>,
    /// At most so many
    #[arg(long, value_name = "N", default_value_t = 1000)]
    limit: u32,
    /// Only those behind this one
    #[arg(long, value_name = "LICENSE/DEPLOYMENT", value_parser = place)]
    after: Option<(Uuid, Thumbprint)>,
}

/// A deployment under a license.
pub(crate) fn place(text: &str) -> Result<(Uuid, Thumbprint), String> {
    let (license, deployment) =
        text.split_once('/').ok_or_else(|| format!("{text:?} has no '/' between license and deployment"))?;
    let license = Uuid::new(license).map_err(|error| error.to_string())?;
    Ok((license, Thumbprint::new(deployment).map_err(|error| error.to_string())?))
}

impl List {
    pub(crate) fn run(&self, globals: &Globals, output: &mut Output) -> Result<u8, Failure> {
        let (_, ledger) = globals.home_and_ledger()?;
        let at = globals.now()?;
        let license = super::license(&ledger, self.license.as_deref())?;
        // One more than asked for tells whether there are more.
        let page = DeploymentPage { license, after: self.after, size: self.limit.saturating_add(1) };
        let mut found = match &self.customer {
            None => deployments(&ledger, page)?,
            Some(customer) => deployments_of_customer(&ledger, customer, page)?,
        };
        let wanted = usize::try_from(self.limit)
            .map_err(|error| Failure::new(FailureKind::Usage, error.to_string()))?;
        let more = found.len() > wanted;
        found.truncate(wanted);
        if found.is_empty() && output.form() == Form::Text {
            output.say("There are no deployments. Answer a request with: lictor activation grant");
            return Ok(0);
        }
        output.either(
            || {
                shown::table(
                    ["DEPLOYMENT", "SEAT", "STATE", "LAST SEEN", "LICENSE", "LABEL"],
                    found.iter().map(|deployment| row(deployment, at)),
                )
            },
            || found.iter().map(|deployment| super::to_value(deployment, at)).collect::<Vec<_>>().into(),
        )?;
        if let Some(last) = found.last().filter(|_| more) {
            output.say(format_args!(
                "There are more: the same command with --after {}/{}",
                last.license, last.id
            ));
        }
        Ok(0)
    }
}

fn row(deployment: &DeploymentRecord, at: Timestamp) -> [String; 6] {
    [
        deployment.id.to_string(),
        deployment.seat.map(|seat| seat.to_string()).unwrap_or_default(),
        super::state(deployment, at).to_string(),
        deployment.last_seen.day(),
        deployment.license.to_string(),
        shown::foreign(deployment.label.as_str()),
    ]
}
