//! What every command shares: where the home is, what time it is, who acts.

use clap::Args;
use core::cell::Cell;
use lictor_shared::json::Value;
use lictor_shared::{AnchorSet, Text, Timestamp};
use std::path::{Path, PathBuf};

use super::environment::Variable;
use super::output::{Form, Output, Volume};
use super::prompt::Prompts;
use super::values;
use super::writing::Writing;
use crate::error::{Failure, FailureKind};
use crate::home::Home;
use crate::ledger::Ledger;
use crate::occasion::{ClockSource, Intent, Occasion, Request};

/// Options that every command takes.
#[derive(Args, Debug)]
#[command(next_help_heading = "Global options")]
pub(crate) struct Globals {
    /// The issuer's home folder [default: $LICTOR_HOME, else lictor in the user's data folder]
    #[arg(long, global = true, value_name = "FOLDER")]
    home: Option<PathBuf>,
    /// Act as if it were this time, for rehearsals and tests; the event records that it was given
    #[arg(long, global = true, value_name = "TIME", value_parser = values::time)]
    now: Option<Timestamp>,
    /// Who acts, for the record [default: the user's login name]
    #[arg(long, global = true, value_name = "NAME")]
    actor: Option<Text>,
    /// Write data as JSON
    #[arg(long, global = true)]
    json: bool,
    /// Say nothing but warnings and errors
    #[arg(long, global = true)]
    quiet: bool,
    /// Colour help and what is said: always, never or auto [default: auto, which is at a terminal unless NO_COLOR is set]
    #[arg(long, global = true, value_name = "WHEN", default_value_t, hide_default_value = true)]
    #[arg(hide_possible_values = true)]
    color: clap::ColorChoice,
    /// Ask nothing: where a question would come, fail and name the option that answers it
    #[arg(long, global = true)]
    no_input: bool,
    /// The command and its arguments, as they were given.
    #[arg(skip)]
    asked: Option<Value>,
    /// The file with a passphrase that the command was given.
    #[arg(skip)]
    passphrase_file: Option<PathBuf>,
    /// Whether the command makes a change.
    #[arg(skip)]
    writes: Cell<bool>,
}

impl Globals {
    /// Where a command writes, in the form and as much as was asked for.
    pub(crate) fn output(&self) -> Output {
        let form = if self.json { Form::Json } else { Form::Text };
        let volume = if self.quiet { Volume::Warnings } else { Volume::Everything };
        Output::new(form, volume, self.color)
    }

    /// Whether somebody may be asked.
    pub(crate) const fn prompts(&self) -> Prompts {
        if self.no_input { Prompts::Refuse } else { Prompts::Ask }
    }

    pub(crate) fn now(&self) -> Result<Timestamp, Failure> {
        match self.now {
            Some(given) => Ok(given),
            None => lictor_validator::host::system_time().map_err(|error| {
                Failure::new(FailureKind::Unexpected, error.to_string())
                    .hint("set the clock, or give --now TIME")
            }),
        }
    }

    /// Whether the time was given.
    pub(crate) const fn is_rehearsal(&self) -> bool {
        self.now.is_some()
    }

    pub(super) fn set_asked(&mut self, asked: Option<Value>) {
        self.asked = asked;
    }

    /// The command and its arguments, as they were given, if they are asked for.
    pub(super) const fn asked(&self) -> Option<&Value> {
        self.asked.as_ref()
    }

    pub(super) fn set_passphrase_file(&mut self, file: Option<PathBuf>) {
        self.passphrase_file = file;
    }

    pub(super) fn passphrase_file(&self) -> Option<&Path> {
        self.passphrase_file.as_deref()
    }

    /// Whether the command was to make a change, and not only to try it.
    pub(super) const fn writes(&self) -> bool {
        self.writes.get()
    }

    /// The circumstances of a change that is asked for so.
    pub(crate) fn occasion_of(&self, writing: &Writing) -> Result<Occasion, Failure> {
        let intent = match &writing.request_id {
            _ if writing.dry_run => Intent::DryRun,
            Some(id) => {
                let asked = self.asked.as_ref().unwrap_or(&Value::Null);
                Intent::MakeOnce(Request::new(id.clone(), asked))
            }
            None => Intent::Make,
        };
        self.writes.set(intent != Intent::DryRun);
        Ok(Occasion { intent, clock_change: writing.clock_change(), ..self.occasion()? })
    }

    /// The same circumstances now, when somebody has been asked for a passphrase meanwhile.
    pub(crate) fn after_asking(&self, occasion: Occasion) -> Result<Occasion, Failure> {
        Ok(Occasion { at: self.now()?, ..occasion })
    }

    /// When, by whose clock, and who.
    pub(crate) fn occasion(&self) -> Result<Occasion, Failure> {
        let clock = if self.now.is_some() { ClockSource::Given } else { ClockSource::System };
        Ok(Occasion::new(self.now()?, clock, self.actor()?))
    }

    /// Who was named as the one who acts.
    pub(crate) const fn named_actor(&self) -> Option<&Text> {
        self.actor.as_ref()
    }

    fn actor(&self) -> Result<Text, Failure> {
        if let Some(actor) = &self.actor {
            return Ok(actor.clone());
        }
        let login = [Variable::Logname, Variable::User].into_iter().find_map(Variable::text);
        Text::new(login.as_deref().unwrap_or("unknown")).map_err(|error| {
            Failure::new(FailureKind::Usage, error.to_string()).hint("name yourself with --actor NAME")
        })
    }

    /// Where the home is or shall be.
    pub(crate) fn home_path(&self) -> Result<PathBuf, Failure> {
        self.home_and_source().map(|(home, _)| home)
    }

    /// Where the home is or shall be, and who says so.
    pub(crate) fn home_and_source(&self) -> Result<(PathBuf, &'static str), Failure> {
        let named = |variable: Variable| variable.path().map(|path| (path, variable.as_str()));
        let inside = |variable: Variable, folder: &str| {
            variable.path().map(|path| (path.join(folder), variable.as_str()))
        };
        let option = || self.home.clone().map(|home| (home, "--home"));
        let variable = || named(Variable::LictorHome);
        let data = || inside(Variable::DataHome, "lictor").filter(|(path, _)| path.is_absolute());
        let user = || inside(Variable::Home, ".local/share/lictor");
        option().or_else(variable).or_else(data).or_else(user).ok_or_else(|| {
            Failure::new(
                FailureKind::Usage,
                "there is no home folder: neither --home nor LICTOR_HOME nor HOME is set",
            )
            .hint("give --home FOLDER")
        })
    }

    pub(crate) fn home(&self) -> Result<Home, Failure> {
        Home::open(&self.home_path()?)
    }

    pub(crate) fn home_and_ledger(&self) -> Result<(Home, Ledger), Failure> {
        let home = self.home()?;
        let ledger = home.ledger()?;
        Ok((home, ledger))
    }

    /// The trust anchors of the configured issuer, to verify with.
    pub(crate) fn own_anchors(&self) -> Result<AnchorSet, Failure> {
        let ring = self.home_and_ledger().and_then(|(_, ledger)| ledger.key_ring());
        let anchors = ring.map_err(|failure| match failure.kind {
            FailureKind::NotFound => {
                Failure::new(FailureKind::Usage, "there are no trust anchors to verify with")
                    .hint("give --keys JWKS, or --home FOLDER of an issuer")
                    .because(failure)
            }
            // Whatever stands in the way of reading them, they cannot be read.
            _ => Failure { kind: FailureKind::CannotRead, ..failure },
        })?;
        anchors.anchors().map_err(|error| {
            Failure::new(FailureKind::CannotRead, "the configured issuer has no public keys to verify with")
                .hint("give --keys JWKS, or make a key with: lictor key new")
                .because(error)
        })
    }
}
