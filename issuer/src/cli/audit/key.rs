//! `lictor audit key`.

use clap::Args;
use lictor_shared::json::Value;

use super::super::globals::Globals;
use super::super::outfile::OutFile;
use super::super::output::{Form, Output};
use crate::audit::LogKey;
use crate::error::Failure;

const EXAMPLES: &str = "\
Examples:
  lictor audit key
  lictor audit key --out acme.vkey
  lictor audit key --all

The text NAME+ID+KEY is a verifier key of C2SP signed-note, as Go's package
golang.org/x/mod/sumdb/note reads it. It is public. Hand it to those who audit
you by another way than the checkpoints: whoever gets both from one hand can be
given a forged pair.";

/// Show the public key that checkpoints and receipts are verified with
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Key {
    /// Every key that ever signed checkpoints, under each name of the log, and what became of it
    #[arg(long)]
    all: bool,
    #[command(flatten)]
    out: OutFile,
}

impl Key {
    pub(crate) fn run(&self, globals: &Globals, output: &mut Output) -> Result<u8, Failure> {
        let (home, ledger) = globals.home_and_ledger()?;
        let active = ledger.log_key();
        let keys: Vec<LogKey> = match self.all {
            true => ledger.log_keys()?,
            false => {
                ledger.log_keys()?.into_iter().filter(|key| active.as_ref().ok() == Some(&key.note)).collect()
            }
        };
        if keys.is_empty() {
            active?;
        }
        let text = || match self.all {
            true => keys.iter().map(told).collect::<Vec<_>>().join("\n"),
            false => keys.iter().map(line).collect(),
        };
        let json = || keys.iter().map(to_value).collect::<Vec<_>>();
        let lines: String = keys.iter().map(line).collect();
        match (self.out.write(&home, lines.as_bytes())?, output.form()) {
            (Some(path), form) => {
                let path = path.display().to_string();
                output.say(format_args!(
                    "{} in {path}.",
                    if keys.len() == 1 { "The verifier key is" } else { "The verifier keys are" }
                ));
                if form == Form::Json {
                    output.data(Value::object([("file", path.into()), ("keys", json().into())]))?;
                }
            }
            (None, Form::Text) => output.raw(&text())?,
            (None, Form::Json) => output.data(Value::object([("keys", json().into())]))?,
        }
        output.say("Hand it to those who audit you by another way than the checkpoints.");
        Ok(0)
    }
}

fn line(key: &LogKey) -> String {
    format!("{}\n", key.note)
}

/// The verifier key, and below it what became of it.
fn told(key: &LogKey) -> String {
    let mut text = line(key);
    let life: Vec<String> = key.life.iter().map(|(word, at)| format!("{word} {at}")).collect();
    text += &format!("  {}: {}\n", key.key.standing(), life.join(", "));
    if let Some(after) = key.key.distrust_after {
        text += &format!("  distrusted from {after} on\n");
    }
    let signed = match key.signed {
        None => "it has signed no checkpoint".to_owned(),
        Some(span) if span.first == span.last => format!("it signed the checkpoint of {} events", span.first),
        Some(span) => format!("it signed checkpoints of {} to {} events", span.first, span.last),
    };
    text + &format!("  {signed}\n")
}

fn to_value(key: &LogKey) -> Value {
    let life = |(word, at): &(&str, lictor_shared::Timestamp)| {
        Value::object([("step", (*word).into()), ("at", at.to_string().into())])
    };
    let number = |number: Option<u64>| Value::from(number);
    Value::object([
        ("key", key.note.to_string().into()),
        ("origin", key.note.name().into()),
        ("kid", key.key.public.thumbprint().to_string().into()),
        ("state", key.key.standing().as_str().into()),
        ("life", key.life.iter().map(life).collect::<Vec<_>>().into()),
        ("firstSize", number(key.signed.map(|span| span.first))),
        ("lastSize", number(key.signed.map(|span| span.last))),
    ])
}
