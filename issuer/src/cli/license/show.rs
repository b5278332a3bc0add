//! `lictor license show`.

use clap::Args;
use lictor_shared::{Status, Timestamp, Uuid};

use super::super::activation::taken;
use super::super::globals::Globals;
use super::super::outfile::OutFile;
use super::super::output::Output;
use super::super::shown;
use super::named::named;
use crate::activation::occupancy;
use crate::error::{Failure, FailureKind};
use crate::find::Found;
use crate::home::Home;
use crate::ledger::Ledger;
use crate::licenses::{self, LicenseRecord, RevisionRecord, Standing};
use crate::transition::counting_from;

const EXAMPLES: &str = "\
Examples:
  lictor license show 0198c0d2-6c1e-7
  lictor license show acme.lic
  lictor license show 0198c0d2-6c1e-7000-8000-2f6f2b1d9a10 --out acme.lic
  lictor license show 0198c0d2-6c1e-7000-8000-2f6f2b1d9a10 --json

--out gives a lost file again, byte for byte: the latest revision, or the one
whose serial or file was given.";

/// Show a license and its revisions, or write its file again
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Show {
    /// The license: its id or a serial, 8 characters or more of either, or its file
    #[arg(value_name = "ID")]
    id: String,
    #[command(flatten)]
    out: OutFile,
}

impl Show {
    pub(crate) fn run(&self, globals: &Globals, output: &mut Output) -> Result<u8, Failure> {
        let (home, ledger) = globals.home_and_ledger()?;
        let Found { license, serial } = named(&ledger, &self.id)?;
        let at = globals.now()?;
        let text = match self.out.path() {
            None => {
                let seats = taken::in_short(&occupancy(&ledger, &license, at)?);
                text(&license, at, seats)
                    + &taken::holders_in_a_table(&ledger, &license, at)?
                    + &taken::denials_in_lines(&ledger, &license)?
            }
            Some(path) => {
                let revision = self.write(&home, &ledger, &license, serial)?;
                output.say(format_args!(
                    "Revision {revision} of the license {} is in {}.",
                    license.id,
                    path.display()
                ));
                format!("{}\n", path.display())
            }
        };
        let value = taken::with_seats(super::to_value(&license, at), &ledger, &license, at)?;
        output.either(|| text, || value)?;
        Ok(0)
    }

    /// Writes the revision that was named, else the latest.
    fn write(
        &self,
        home: &Home,
        ledger: &Ledger,
        license: &LicenseRecord,
        serial: Option<Uuid>,
    ) -> Result<u64, Failure> {
        let named = license.revisions.iter().find(|revision| Some(revision.serial) == serial);
        let revision = named.or_else(|| license.latest()).ok_or_else(|| {
            Failure::new(FailureKind::Ledger, format!("the license {} has no revision", license.id))
                .hint("lictor ledger verify names what is wrong")
        })?;
        let signed = licenses::signed(ledger, revision.serial)?;
        self.out.write(home, signed.armored().as_bytes())?;
        Ok(revision.revision)
    }
}

/// Where its entry is, and what the list says of it if that is not that it is valid.
fn status(revision: &RevisionRecord, at: Timestamp) -> String {
    let place = format!("entry {} of {}", revision.entry.index, revision.entry.uri);
    match (revision.status, revision.since) {
        (Status::Revoked, Some(since)) => {
            format!("{place}, revoked {} {since}", counting_from(since, at))
        }
        (Status::Suspended, Some(since)) => format!("{place}, suspended since {since}"),
        _ => place,
    }
}

fn text(license: &LicenseRecord, at: Timestamp, seats: String) -> String {
    let state = license.state(at).as_str();
    let standing = match license.standing {
        Standing::Active => state.to_string(),
        Standing::Suspended { since } => format!("{state} since {since}"),
        Standing::Revoked { since, reason } => {
            format!("{state} {} {since} ({reason})", counting_from(since, at))
        }
    };
    let mut facts = vec![
        ("license", license.id.to_string()),
        ("customer", format!("{} ({})", shown::foreign(license.customer.as_str()), license.customer_id)),
        ("state", standing),
        ("seats", seats),
    ];
    for revision in &license.revisions {
        facts.push(("", String::new()));
        facts.push(("revision", revision.revision.to_string()));
        facts.push(("serial", revision.serial.to_string()));
        facts.push(("products", super::products(revision)));
        facts.push(("plan", revision.plan.to_string()));
        facts.push(("issued", revision.issued_at.to_string()));
        facts.push(("starts", revision.starts_at.to_string()));
        facts.push(("expires", shown::instant(revision.expires_at, "never")));
        facts.push(("grace until", shown::instant(revision.grace_until, "never")));
        facts.push(("status", status(revision, at)));
        facts.push(("key", revision.key.to_string()));
    }
    shown::facts(&facts)
}
