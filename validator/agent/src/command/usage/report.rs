//! `usage report`: writes what is used, for the vendor.

use clap::Args;
use lictor_shared::{Artefact as _, Label, Received, UsageReport, armor};
use lictor_validator::host::Guard;
use lictor_validator::shared::json::Value;
use std::path::PathBuf;

use super::super::picture::{Files, Picture, Screen};
use crate::deployment::{Deployment, Intent};
use crate::failure::Failure;
use crate::outfile;
use crate::output::{Form, Output};

const EXAMPLES: &str = "\
Examples:
  lictor-agent usage show
  lictor-agent usage report --out report.txt
  lictor-agent usage report --again

It writes one file and sends nothing: bring it to the vendor as you bring him a
request. The next report begins where this one ends. One that was lost on the
way is written once more with --again, byte for byte.";

/// Where the picture goes if the terminal is too small for it, and how another place is named.
const PICTURE: Picture = Picture {
    of: "report",
    name: "usage-report.svg",
    again: "lictor-agent usage report --again --svg FILE names another file",
};

/// Permissions of what everybody may read.
const PUBLIC: u32 = 0o644;

/// Write a signed report of what was used since the last one
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Report {
    /// Repeat the last report instead of making another one
    #[arg(long)]
    again: bool,
    /// Show it as a QR code too; if the terminal is too small for one, it is written as usage-report.svg
    #[arg(long, conflicts_with = "svg")]
    qr: bool,
    /// Write it as a QR code to this file too, as an SVG picture
    #[arg(long, value_name = "FILE")]
    svg: Option<PathBuf>,
    /// Write the report to this file, which must not exist yet [default: standard output]
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

impl Report {
    pub(crate) fn run(&self, deployment: &Deployment, output: &mut Output) -> Result<u8, Failure> {
        self.check(output.form)?;
        let guard = deployment.open(Intent::Change, output)?;
        let armored = if self.again { guard.report_again()? } else { guard.report()? };
        // From here on it is counted and kept, so whatever fails now is mended with --again.
        self.hand_over(&guard, &armored, output).map(|()| 0).inspect_err(|_| {
            output.say("The report was made; repeat it with: lictor-agent usage report --again");
        })
    }

    /// Refuses before anything is made.
    fn check(&self, form: Form) -> Result<(), Failure> {
        let files = Files { out: self.out.as_deref(), svg: self.svg.as_deref() };
        PICTURE.can_be_given(files, self.qr.then_some(Screen), form)?;
        // A repetition may find its files.
        if self.again { Ok(()) } else { files.can_be_made() }
    }

    fn hand_over(&self, guard: &Guard, armored: &str, output: &mut Output) -> Result<(), Failure> {
        if let Some(path) = &self.out {
            outfile::make(path, armored.as_bytes(), PUBLIC)?;
            output.say(format_args!("written to {}", path.display()));
        }
        let said = claims(armored);
        if let Some(said) = &said {
            output.say(format_args!("Report {} covers {} to {}.", said.sequence, said.from, said.to));
        }
        match (output.form, &self.out) {
            (Form::Json, _) => output.json(value(guard, armored, said.as_ref()))?,
            (Form::Text, None) => output.raw(armored)?,
            (Form::Text, Some(_)) => {}
        }
        PICTURE.hand_over(armored, self.svg.as_deref(), self.qr.then_some(Screen), output)
    }
}

/// It is this deployment's own, so it is read unverified.
fn claims(armored: &str) -> Option<UsageReport> {
    let token = armor::unwrap(armored.as_bytes(), Label::UsageReport);
    let received = Received::<UsageReport>::read(&token).ok()?;
    UsageReport::read(received.untrusted_payload()).ok()
}

fn value(guard: &Guard, armored: &str, said: Option<&UsageReport>) -> Value {
    Value::object([
        ("report", armored.into()),
        ("sequence", said.map(|said| said.sequence).into()),
        ("from", said.map(|said| said.from.to_string()).into()),
        ("to", said.map(|said| said.to.to_string()).into()),
        ("deployment", guard.deployment().map(|id| id.to_string()).into()),
    ])
}
