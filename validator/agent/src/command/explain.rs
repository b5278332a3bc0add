//! `explain`: what a mode, reason, denial or code means, and what to do.

use clap::Args;
use lictor_validator::Code;
use lictor_validator::shared::documents::{self, CodeEntry, DenialEntry, Effect, ModeEntry, ReasonEntry};
use lictor_validator::shared::json::Value;

use crate::deployment::{Deployment, Intent};
use crate::failure::{Failure, Kind};
use crate::output::Output;
use crate::shown;

const EXAMPLES: &str = "\
Examples:
  lictor-agent explain
  lictor-agent explain not_activated
  lictor-agent explain seats_exhausted
  lictor-agent explain --all";

/// Say what is the matter here, or what a word of a verdict or denial means, and what to do
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Explain {
    /// A mode as grace, a reason as expired, a denial as seats_exhausted, or a code as LICENSE_EXPIRED [default: the reasons of this deployment's verdict]
    #[arg(value_name = "WORD")]
    word: Option<String>,
    /// Every reason there is
    #[arg(long, conflicts_with = "word")]
    all: bool,
}

impl Explain {
    /// `deployment` is asked for only if its verdict is what is explained.
    pub(crate) fn run(
        &self,
        deployment: impl FnOnce() -> Result<Deployment, Failure>,
        output: &mut Output,
    ) -> Result<u8, Failure> {
        match &self.word {
            Some(word) => one(word, output)?,
            None if self.all => write(&documents::reasons(), output)?,
            None => here(&deployment()?, output)?,
        }
        Ok(0)
    }
}

fn here(deployment: &Deployment, output: &mut Output) -> Result<(), Failure> {
    let verdict = deployment.open(Intent::Look, output)?;
    let verdict = verdict.verdict();
    let mut entries = documents::reasons();
    entries.retain(|entry| verdict.reasons().contains(&entry.reason));
    output.say(verdict.explanation());
    write(&entries, output)?;
    if !entries.is_empty() {
        output.say(format_args!("{}: {}", deployment.settings.vendor, deployment.settings.support));
    }
    Ok(())
}

fn one(word: &str, output: &mut Output) -> Result<(), Failure> {
    // As it was copied: from a sentence, from JSON.
    let meant = word.trim().trim_matches('"').replace('-', "_");
    let reason =
        documents::reasons().into_iter().find(|entry| entry.reason.as_str().eq_ignore_ascii_case(&meant));
    let code = documents::codes().into_iter().find(|entry| entry.code.as_str().eq_ignore_ascii_case(&meant));
    let denial =
        documents::denials().into_iter().find(|entry| entry.denial.as_str().eq_ignore_ascii_case(&meant));
    let mode = documents::modes().into_iter().find(|entry| entry.mode.eq_ignore_ascii_case(&meant));
    match (reason, denial, code, mode) {
        (Some(entry), ..) => output.either(|| reason_text(&entry), || reason_value(&entry)),
        (_, Some(entry), ..) => output.either(|| denial_text(&entry), || denial_value(&entry)),
        (.., Some(entry), _) => output.either(|| code_text(&entry), || code_value(&entry)),
        (.., Some(entry)) => output.either(|| mode_text(&entry), || mode_value(&entry)),
        (None, None, None, None) => {
            let message = format!("{word:?} is no mode, no reason, no denial and no code");
            Err(Failure::new(Kind::NotFound, message, "lictor-agent explain --all shows every reason"))
        }
    }
}

fn write(entries: &[ReasonEntry], output: &mut Output) -> Result<(), Failure> {
    output.either(
        || entries.iter().map(reason_text).collect::<Vec<_>>().join("\n"),
        || entries.iter().map(reason_value).collect::<Vec<_>>().into(),
    )
}

fn reason_text(entry: &ReasonEntry) -> String {
    let effect = match &entry.effect {
        Effect::Refusal(mode) => format!("{mode} at once"),
        Effect::Finding(grace) => format!("a grace ({grace}), then read_only"),
        Effect::Warning => "a warning; everything goes on working".into(),
    };
    shown::facts([
        ("reason", entry.reason.to_string()),
        ("means", entry.meaning.clone()),
        ("effect", effect),
        ("code", entry.reason.code().map(|code| code.to_string()).unwrap_or_default()),
        ("do", entry.action.clone()),
    ])
}

fn reason_value(entry: &ReasonEntry) -> Value {
    Value::object([
        ("reason", entry.reason.as_str().into()),
        ("code", entry.reason.code().map(Code::as_str).into()),
        ("meaning", entry.meaning.as_str().into()),
        ("action", entry.action.as_str().into()),
    ])
}

/// Why a request for a seat was denied.
fn denial_text(entry: &DenialEntry) -> String {
    shown::facts([
        ("denied", entry.denial.to_string()),
        ("means", entry.meaning.clone()),
        ("code", entry.denial.code().to_string()),
        ("do", entry.action.clone()),
    ])
}

fn denial_value(entry: &DenialEntry) -> Value {
    Value::object([
        ("denial", entry.denial.as_str().into()),
        ("code", entry.denial.code().as_str().into()),
        ("meaning", entry.meaning.as_str().into()),
        ("action", entry.action.as_str().into()),
    ])
}

fn mode_text(entry: &ModeEntry) -> String {
    shown::facts([
        ("mode", entry.mode.clone()),
        ("recover", entry.recover.clone()),
        ("read", entry.read.clone()),
        ("write", entry.write.clone()),
        ("features", entry.features.clone()),
        ("code", entry.code.clone()),
    ])
}

fn mode_value(entry: &ModeEntry) -> Value {
    let permits = |word: &str| Value::from(word == "yes");
    Value::object([
        ("mode", entry.mode.as_str().into()),
        ("recover", permits(&entry.recover)),
        ("read", permits(&entry.read)),
        ("write", permits(&entry.write)),
        ("features", entry.features.as_str().into()),
        ("code", entry.code.as_str().into()),
    ])
}

fn code_text(entry: &CodeEntry) -> String {
    let exit = format!("{} (exit {})", entry.code, entry.code.exit_code());
    shown::facts([("code", exit), ("means", entry.when.clone())])
}

fn code_value(entry: &CodeEntry) -> Value {
    Value::object([
        ("code", entry.code.as_str().into()),
        ("exit", u64::from(entry.code.exit_code()).into()),
        ("meaning", entry.when.as_str().into()),
    ])
}
