//! `lictor license list`.

use clap::Args;
use lictor_shared::{Timestamp, Uuid};

use super::super::globals::Globals;
use super::super::output::{Form, Output};
use super::super::shown;
use crate::error::Failure;
use crate::licenses::{self, LicenseRecord, Page};

const EXAMPLES: &str = "\
Examples:
  lictor license list
  lictor license list --limit 20 --after 0198c0d2-6c1e-7000-8000-2f6f2b1d9a10
  lictor license list --json

In the order of their ids, which is that of issuing. The state is that of now,
or of --now.";

/// Show the licenses
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct List {
    /// At most so many
    #[arg(long, value_name = "N", default_value_t = 1000)]
    limit: u32,
    /// Only those issued after the license with this id
    #[arg(long, value_name = "ID")]
    after: Option<Uuid>,
}

impl List {
    pub(crate) fn run(&self, globals: &Globals, output: &mut Output) -> Result<u8, Failure> {
        let (_, ledger) = globals.home_and_ledger()?;
        let at = globals.now()?;
        // One more than asked for tells whether there are more.
        let mut found =
            licenses::list(&ledger, Page { after: self.after, size: self.limit.saturating_add(1) })?;
        let wanted = usize::try_from(self.limit).unwrap_or(usize::MAX);
        let more = found.len() > wanted;
        found.truncate(wanted);
        if found.is_empty() && output.form() == Form::Text {
            output.say("There are no licenses. Issue one with: lictor issue");
            return Ok(0);
        }
        output.either(
            || {
                shown::table(
                    ["LICENSE", "STATE", "EXPIRES", "PRODUCT", "CUSTOMER"],
                    found.iter().map(|license| row(license, at)),
                )
            },
            || found.iter().map(|license| super::to_value(license, at)).collect::<Vec<_>>().into(),
        )?;
        if let Some(last) = found.last().filter(|_| more) {
            output.say(format_args!("There are more: lictor license list --after {}", last.id));
        }
        Ok(0)
    }
}

fn row(license: &LicenseRecord, at: Timestamp) -> [String; 5] {
    let latest = license.latest();
    [
        license.id.to_string(),
        license.state(at).as_str().to_string(),
        latest.map(super::expiry).unwrap_or_default(),
        latest.map(|revision| shown::cut(&super::products(revision), 16)).unwrap_or_default(),
        super::customer(license),
    ]
}
