//! `request`: asks the vendor for a seat, or to take one back.

use clap::Args;
use lictor_shared::{Artefact as _, Label, Received, Request as Claims, armor};
use lictor_validator::Reason;
use lictor_validator::host::{Ask, Guard, RequestKind};
use lictor_validator::shared::json::Value;
use lictor_validator::shared::{Text, Uuid};
use std::path::PathBuf;

use super::picture::{Files, Picture, Screen};
use crate::deployment::{Deployment, Intent};
use crate::failure::{Failure, Kind};
use crate::outfile;
use crate::output::{Form, Output};

const EXAMPLES: &str = "\
Examples:
  lictor-agent request --label 'Call centre 2' --out request.txt
  lictor-agent request --qr
  lictor-agent request --again --svg request.svg
  lictor-agent request --release

Send what it writes to the vendor as a file, a paste or a picture, and install
what comes back. Every request is counted; --again repeats the last one byte for
byte, for when it was lost on the way, and is not counted.";

/// Where the picture goes if the terminal is too small for it, and how another place is named.
const PICTURE: Picture = Picture {
    of: "request",
    name: "activation-request.svg",
    again: "lictor-agent request --again --svg FILE names another file",
};

/// Permissions of what everybody may read.
const PUBLIC: u32 = 0o644;

/// Ask the vendor for a seat, or to take it back
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Request {
    /// Give the seat back instead
    #[arg(long)]
    release: bool,
    /// What the vendor shall call this deployment [default: as in the last request, else its environment]
    #[arg(long, value_name = "TEXT")]
    label: Option<Text>,
    /// Repeat the last request without counting up
    #[arg(long, conflicts_with_all = ["release", "label"])]
    again: bool,
    /// Show it as a QR code too; if the terminal is too small for one, it is written as activation-request.svg
    #[arg(long, conflicts_with = "svg")]
    qr: bool,
    /// Write it as a QR code to this file too, as an SVG picture
    #[arg(long, value_name = "FILE")]
    svg: Option<PathBuf>,
    /// Write the request to this file, which must not exist yet [default: standard output]
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

impl Request {
    pub(crate) fn run(&self, deployment: &Deployment, output: &mut Output) -> Result<u8, Failure> {
        self.check(output.form)?;
        let guard = deployment.open(Intent::Change, output)?;
        let armored = if self.again { guard.ask_again()? } else { self.ask(&guard, deployment, output)? };
        // From here on it is counted and kept, so whatever fails now is mended with --again.
        self.hand_over(&guard, &armored, output).map(|()| 0).inspect_err(|_| {
            output.say("The request was made; repeat it with: lictor-agent request --again");
        })
    }

    /// Refuses before anything is counted.
    fn check(&self, form: Form) -> Result<(), Failure> {
        let files = Files { out: self.out.as_deref(), svg: self.svg.as_deref() };
        PICTURE.can_be_given(files, self.qr.then_some(Screen), form)?;
        // A repetition may find its files.
        if self.again { Ok(()) } else { files.can_be_made() }
    }

    fn ask(&self, guard: &Guard, deployment: &Deployment, output: &mut Output) -> Result<String, Failure> {
        if let Some(open) = guard.awaited() {
            output.say(format_args!(
                "The request {open} has had no answer yet; lictor-agent request --again would have repeated it."
            ));
        }
        if self.release && guard.verdict().reasons().contains(&Reason::NotActivated) {
            output.say("This deployment knows of no seat that it has; the vendor may know of one, if an answer was lost.");
        }
        let kind = if self.release { RequestKind::Release } else { RequestKind::Activate };
        let label = match self.label.clone().or_else(|| last_label(guard)) {
            Some(label) => label,
            None => Text::new(deployment.settings.product.environment.as_str())
                .map_err(|error| Failure::new(Kind::Usage, error, "give --label TEXT"))?,
        };
        Ok(guard.ask(&Ask { kind, license: None, label, signals: &[] })?)
    }

    fn hand_over(&self, guard: &Guard, armored: &str, output: &mut Output) -> Result<(), Failure> {
        if let Some(path) = &self.out {
            outfile::make(path, armored.as_bytes(), PUBLIC)?;
            output.say(format_args!("written to {}", path.display()));
        }
        match (output.form, &self.out) {
            (Form::Json, _) => output.json(value(guard, armored))?,
            (Form::Text, None) => output.raw(armored)?,
            (Form::Text, Some(_)) => {}
        }
        PICTURE.hand_over(armored, self.svg.as_deref(), self.qr.then_some(Screen), output)
    }
}

/// A deployment keeps its name until it is given another one. The last request is its own, so it is read unverified.
fn last_label(guard: &Guard) -> Option<Text> {
    let token = armor::unwrap(guard.ask_again().ok()?.as_bytes(), Label::ActivationRequest);
    let received = Received::<Claims>::read(&token).ok()?;
    Claims::read(received.untrusted_payload()).ok().map(|claims| claims.label)
}

fn value(guard: &Guard, armored: &str) -> Value {
    Value::object([
        ("request", armored.into()),
        ("awaited", guard.awaited().as_ref().map(Uuid::to_string).into()),
        ("deployment", guard.deployment().map(|id| id.to_string()).into()),
    ])
}
