//! `lictor init`: a home for a new issuer.

use clap::Args;
use lictor_shared::json::Value;
use lictor_shared::{Text, Uri};
use std::path::Path;

use super::globals::Globals;
use super::output::Output;
use super::writing::{self, Writing};
use crate::created;
use crate::error::Failure;
use crate::home::Home;
use crate::occasion::{Intent, Occasion};

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
    #[command(flatten)]
    writing: Writing,
}

impl Init {
    pub(crate) fn run(&self, globals: &Globals, output: &mut Output) -> Result<u8, Failure> {
        let (path, occasion) = (globals.home_path()?, globals.occasion_of(&self.writing)?);
        let (issuer, status_uri) = (self.issuer.clone(), self.status_uri.clone());
        if occasion.intent == Intent::DryRun {
            let dry_run = Home::init_dry_run(&path, issuer, status_uri, &occasion)?;
            return writing::tell(&dry_run, output, |output| self.say(&path, output));
        }
        if let Some(answer) = before(&path, &occasion, output)? {
            return show(&answer, &path, output);
        }
        if let Err(failure) = Home::init(&path, issuer, status_uri, &occasion) {
            // The same request may have been carried out meanwhile, by whoever was faster.
            return match before(&path, &occasion, output)? {
                Some(answer) => show(&answer, &path, output),
                None => Err(failure),
            };
        }
        self.say(&path, output);
        show(&created::answer(&self.issuer, &self.status_uri), &path, output)
    }

    fn say(&self, path: &Path, output: &mut Output) {
        output.say(format_args!("The home of {} is in {}.", self.issuer, path.display()));
        output.say("Next: lictor key new");
    }
}

/// The answer of the request that created the home.
fn before(path: &Path, occasion: &Occasion, output: &mut Output) -> Result<Option<Value>, Failure> {
    if !matches!(occasion.intent, Intent::MakeOnce(_)) {
        return Ok(None);
    }
    match Home::open(path) {
        Ok(home) => writing::answered(&home.ledger()?, occasion, output),
        // Where there is no home, none was created.
        Err(_) => Ok(None),
    }
}

fn show(answer: &Value, path: &Path, output: &mut Output) -> Result<u8, Failure> {
    let home = path.display().to_string();
    output.either(|| format!("{home}\n"), || writing::with(answer, "home", home.as_str()))?;
    Ok(0)
}
