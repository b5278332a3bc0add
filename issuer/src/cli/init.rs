//! `lictor init`: a home for a new issuer.

use clap::Args;
use lictor_shared::json::Value;
use lictor_shared::{Text, Uri};

use super::globals::Globals;
use super::output::Output;
use crate::error::Failure;
use crate::home::Home;

const EXAMPLES: &str = "\
Examples:
  lictor init --issuer acme-licensing --status-uri urn:acme:status:0
  lictor init --home /srv/licensing --issuer acme-licensing \\
      --status-uri https://licensing.acme.example/status/0

The home holds lictor.toml, keys/ and ledger.db. Back up all three.";

/// Create an issuer's home: configuration, key folder and ledger
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Init {
    /// The issuer's name, signed into every license; it stays for ever
    #[arg(long, value_name = "NAME")]
    issuer: Text,
    /// The name of the status list of new licenses; deployments match it and never fetch it
    #[arg(long, value_name = "URI")]
    status_uri: Uri,
}

impl Init {
    pub(crate) fn run(&self, globals: &Globals, output: &mut Output) -> Result<u8, Failure> {
        let path = globals.home_path()?;
        let home = Home::init(&path, self.issuer.clone(), self.status_uri.clone(), &globals.occasion()?)?;
        let shown = home.path().display().to_string();
        output.say(format_args!("The home of {} is in {shown}.", self.issuer));
        output.say("Next: lictor key new");
        output.either(
            || format!("{shown}\n"),
            || {
                Value::object([
                    ("home", shown.as_str().into()),
                    ("issuer", self.issuer.as_str().into()),
                    ("statusUri", self.status_uri.as_str().into()),
                ])
            },
        )?;
        Ok(0)
    }
}
