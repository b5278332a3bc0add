//! `lictor ledger restore`.

use clap::Args;
use lictor_shared::Uri;
use lictor_shared::json::Value;
use std::path::PathBuf;

use super::super::globals::Globals;
use super::super::output::Output;
use super::super::prompt::{Needed, Prompts};
use super::super::writing::{self, Writing};
use crate::error::{Failure, FailureKind, shell};
use crate::home::Home;
use crate::occasion::{Intent, Occasion};
use crate::outcome::Outcome as _;
use crate::restore::{Keys, Memory, Present, Restored, restore};

const EXAMPLES: &str = "\
Examples:
  lictor ledger restore ledger-2026-11-22.db --status-uri urn:acme:status:1
  lictor ledger restore old.db --status-uri urn:acme:status:1 --replace

Licenses issued since the backup are forgotten, so new ones get another status
list, and lictor.toml names it. The old lists stay in force: go on publishing
them. What the replaced ledger tells of revoked and suspended entries, and of
keys, is carried over. If it is lost, so are the revocations and suspensions
since the backup, and what became of keys: repeat that before you publish or
issue. No key file is touched.";

/// Put a backup in the place of the ledger, and open a new status list
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Restore {
    /// A backup of this issuer's ledger
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// The name of the status list of new licenses; one that was never used
    #[arg(long, value_name = "URI")]
    status_uri: Uri,
    /// Replace the ledger that is there, whole or damaged; it is kept aside
    #[arg(long)]
    replace: bool,
    /// The issuer's name, so that no slip replaces a ledger [default: asked at the terminal]
    #[arg(long, value_name = "ISSUER", requires = "replace")]
    confirm: Option<String>,
    #[command(flatten)]
    writing: Writing,
}

impl Restore {
    pub(crate) fn run(&self, globals: &Globals, output: &mut Output) -> Result<u8, Failure> {
        let (home, occasion) = (globals.home()?, globals.occasion_of(&self.writing)?);
        let ledger = home.ledger_path().display().to_string();
        if let Some(answer) = before(&home, &occasion, output)? {
            return show(&ledger, &answer, output);
        }
        if self.replace && occasion.intent != Intent::DryRun {
            self.confirmed(&home, globals.prompts(), output)?;
        }
        let present = if self.replace { Present::Replace } else { Present::Keep };
        let restored = restore(&home, &self.file, &self.status_uri, present, &occasion)?;
        if let Some(dry_run) = &restored.dry_run {
            return writing::tell(dry_run, output, |output| tell(&home, &restored, output));
        }
        tell(&home, &restored, output);
        show(&ledger, &restored.answer(), output)
    }

    fn confirmed(&self, home: &Home, prompts: Prompts, output: &mut Output) -> Result<(), Failure> {
        let issuer = home.config().issuer.as_str();
        let said = match &self.confirm {
            Some(said) => said.clone(),
            None => ask(issuer, prompts, output)?,
        };
        if said.trim() == issuer {
            return Ok(());
        }
        let message = format!("{said:?} is not the name of the issuer; nothing was replaced");
        Err(Failure::new(FailureKind::Usage, message).hint(format!("give --confirm {}", shell(issuer))))
    }
}

/// Asks for the issuer's name at the terminal; where nobody may be asked, names the option.
fn ask(issuer: &str, prompts: Prompts, output: &mut Output) -> Result<String, Failure> {
    let needed = Needed {
        sentence: "replacing a ledger must be confirmed",
        instead: format!("give --confirm {}", shell(issuer)),
    };
    let explanation = format!(
        "This replaces the ledger of {issuer}. Licenses issued since the backup are forgotten: they\n\
         go on working, and can no more be renewed, suspended or revoked."
    );
    prompts.line(&needed, explanation, "Type the issuer's name to confirm:", output)
}

fn tell(home: &Home, restored: &Restored, output: &mut Output) {
    let issuer = &home.config().issuer;
    output.say(format_args!("Restored the ledger of {issuer}: {}.", super::holds(&restored.backup)));
    if let Some(aside) = &restored.aside {
        output.say(format_args!("  The ledger that was there is in {}.", aside.display()));
    }
    output.say(format_args!("  New licenses refer to {}, and so says lictor.toml.", restored.status_uri));
    carried(restored, output);
    if restored.keys == Keys::Elsewhere {
        output.warn("The folder keys/ has no key that this ledger knows; restore that folder too.");
    }
    output.say(match restored.memory {
        Memory::Whole => "Next: lictor status publish, for this list and all before it",
        Memory::Damaged => {
            "Next: look whether a revocation or suspension is missing, then: lictor status publish"
        }
        Memory::None => "Next: repeat all of that, and only then: lictor status publish",
    });
}

/// What became of the time since the backup.
fn carried(restored: &Restored, output: &mut Output) {
    match restored.memory {
        Memory::Whole => {}
        Memory::Damaged => {
            output.say(
                "  It was damaged; as much of its status entries and keys as can be read was carried over.",
            );
        }
        Memory::None => {
            output.warn("Revocations and suspensions since the backup are forgotten too, since the ledger");
            output.warn("that was there tells nothing. A list that is published now would take them back.");
            output
                .warn("So is what became of keys: one that was distrusted, retired or destroyed since signs");
            output.warn("again, and one that was made since is not known. See: lictor key list");
            output.warn("Customers who were erased since are back: lictor customer erase");
        }
    }
    let told = [
        (
            restored.handed_out.saturating_sub(restored.activations),
            "  Status entries of forgotten licenses, which stay taken and as they were",
        ),
        (restored.stopped, "  Status entries revoked or suspended since the backup, and so again"),
    ];
    for (number, what) in told.into_iter().filter(|(number, _)| *number > 0) {
        output.say(format_args!("{what}: {number}."));
    }
    let activations = restored.activations;
    if activations > 0 {
        let were = if activations == 1 {
            "1 activation was".to_owned()
        } else {
            format!("{activations} activations were")
        };
        output.warn(format_args!("{were} granted since the backup. What is not revoked of that goes on"));
        output.warn("working, and its seats are not counted here: OPERATING.md, \"Restoring\", says what");
        output.warn("to do about it.");
    }
    let keys = restored.carried_keys.len();
    if keys > 0 {
        output.say(format_args!(
            "  Keys made, activated, retired, distrusted or destroyed since, and so again: {keys}."
        ));
    }
    if restored.erased > 0 {
        let number = restored.erased;
        output.say(format_args!("  Licenses of customers erased since, and so again: {number}."));
        output.warn("The backup still holds these customers' texts: delete it.");
    }
    if restored.stopped_again > 0 {
        let number = restored.stopped_again;
        output.warn(format_args!("Status entries reinstated since the backup, and stopped again: {number}."));
    }
}

/// The answer of the request that restored the ledger. One that cannot be opened has none.
fn before(home: &Home, occasion: &Occasion, output: &mut Output) -> Result<Option<Value>, Failure> {
    match (&occasion.intent, home.ledger()) {
        (Intent::MakeOnce(_), Ok(ledger)) => writing::answered(&ledger, occasion, output),
        _ => Ok(None),
    }
}

fn show(ledger: &str, answer: &Value, output: &mut Output) -> Result<u8, Failure> {
    output.either(|| format!("{ledger}\n"), || writing::with(answer, "ledger", ledger))?;
    Ok(0)
}
