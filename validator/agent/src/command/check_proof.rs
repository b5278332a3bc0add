//! `check-proof`: what a receipt of the vendor's log proves.

use clap::Args;
use lictor_shared::log::{NoteKey, Proved, Receipt, ReceiptError, read_keys};
use lictor_validator::host::{Article, Held, read_file, read_stream};
use lictor_validator::shared::Uuid;
use lictor_validator::shared::json::Value;
use std::path::{Path, PathBuf};

use crate::deployment::{Deployment, Intent};
use crate::failure::{Failure, Kind};
use crate::output::Output;
use crate::shown;

const EXAMPLES: &str = "\
Examples:
  lictor-agent check-proof acme.proof --key acme.vkey
  lictor-agent check-proof acme.proof --key 'lictor/0198…+c74f20a3+ARpc2Q…' --json

The vendor keeps a log of every license and activation. The receipt proves that
his log has the event at this place, under this checkpoint: nobody can take it
out again unseen. It does not prove that an activation is still in force, nor
that the vendor shows everybody the same log. Take the key from the vendor by
another way than the receipt.

Exit codes: 0 if it is proved, 22 if it is not, 30 if a file cannot be read as
what it should be.";

/// Check a receipt of the vendor's log, and whether it is about what is installed here
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct CheckProof {
    /// The receipt: a file, or - for standard input
    #[arg(value_name = "FILE|-")]
    file: PathBuf,
    /// The verifier key of the vendor's log, or a file that holds it
    #[arg(long, value_name = "KEY|FILE", allow_hyphen_values = true)]
    key: String,
}

/// Whether what the event gave is installed in this deployment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Installed {
    /// It is: the same serial, and a digest that begins alike.
    This,
    /// It is not.
    NotThis,
    /// The event gave nothing that could be installed, or there is no deployment here.
    Unknown,
}

impl CheckProof {
    /// A deployment is looked at if there is one; the receipt is checked without it.
    pub(crate) fn run(
        &self,
        deployment: impl FnOnce() -> Result<Deployment, Failure>,
        output: &mut Output,
    ) -> Result<u8, Failure> {
        let keys = note_keys(&self.key)?;
        let receipt = Receipt::read(&read(&self.file)?).map_err(|error| unread(&self.file, &error))?;
        let proved = receipt.proves(&keys).map_err(|error| not_proved(&error))?;
        output.say(format_args!(
            "Proved: the log {} has event {} at this place, under a checkpoint of {} events.",
            proved.checkpoint.origin, proved.event.seq, proved.checkpoint.size
        ));
        output.say("  Not proved: that what it tells of is still in force; for that: lictor-agent status");
        let installed = installed(&proved, deployment, output);
        output.either(|| text(&proved, installed), || value(&proved, installed))?;
        Ok(0)
    }
}

/// Looks at what is held here. What stands in the way of that is said, and is nothing against the receipt.
fn installed(
    proved: &Proved,
    deployment: impl FnOnce() -> Result<Deployment, Failure>,
    output: &mut Output,
) -> Installed {
    let event = &proved.event;
    let (Some(serial), Some(digest)) = (event.id("serial"), event.text("tokenSha256")) else {
        return Installed::Unknown;
    };
    let held = deployment().and_then(|deployment| match deployment.settings.state.is_dir() {
        true => deployment.open(Intent::Look, output).map(|guard| Some(guard.held())),
        false => Ok(None),
    });
    match held {
        Ok(Some(held)) if held.iter().any(|held| is_it(held, serial, digest)) => Installed::This,
        Ok(Some(_)) => Installed::NotThis,
        Ok(None) => Installed::Unknown,
        Err(failure) => {
            output.say(format_args!("Not compared with what is installed here: {failure}"));
            Installed::Unknown
        }
    }
}

/// The serial is the issuer's, and the digest begins as the event says.
fn is_it(held: &Held, serial: Uuid, sha256: &str) -> bool {
    let found = match &held.article {
        Article::License { serial, .. }
        | Article::Activation { serial, .. }
        | Article::Receipt { serial, .. } => *serial,
        Article::StatusList { .. } => return false,
    };
    found == serial && !held.digest.is_empty() && sha256.starts_with(&held.digest)
}

fn text(proved: &Proved, installed: Installed) -> String {
    let (event, checkpoint) = (&proved.event, &proved.checkpoint);
    let member = |name: &str| match event.body.get(name) {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(text)) => text.clone(),
        Some(value) => value.to_string(),
    };
    let happened = meaning(&event.kind)
        .map_or_else(|| event.kind.clone(), |meaning| format!("{}: {meaning}", event.kind));
    let given = if event.clock == "system" { "" } else { " (a time that was given, not a machine's)" };
    shown::facts([
        ("event", happened),
        ("at", format!("{}{given}", event.at)),
        ("license", member("license")),
        ("deployment", member("deployment")),
        ("serial", member("serial")),
        ("seat", member("seat")),
        ("installed", words(installed).into()),
        ("log", checkpoint.origin.clone()),
        ("place", format!("{} of {}", event.seq, checkpoint.size)),
        ("root", checkpoint.root.to_string()),
    ])
}

const fn words(installed: Installed) -> &'static str {
    match installed {
        Installed::This => "yes, this one",
        Installed::NotThis => "no, something else or nothing is installed here",
        Installed::Unknown => "",
    }
}

/// What happened, of the kinds that a customer gets receipts of.
fn meaning(kind: &str) -> Option<&'static str> {
    Some(match kind {
        "license.issued" => "the vendor issued a license",
        "license.renewed" => "the vendor renewed a license",
        "license.amended" => "the vendor changed the terms of a license",
        "license.suspended" => "the vendor suspended a license",
        "license.reinstated" => "the vendor took a suspension back",
        "license.revoked" => "the vendor revoked a license",
        "license.imported" => "the vendor took a license over from another ledger",
        "activation.granted" => "a deployment was given a seat",
        "activation.renewed" => "a deployment that holds a seat was given a further activation",
        "activation.denied" => "a deployment was denied what it asked for",
        "activation.released" => "a deployment's seat was given back",
        "activation.revoked" => "a deployment's seat was taken away",
        "activation.expired" => "the lease of a deployment ended, and its seat was free again",
        _ => return None,
    })
}

fn value(proved: &Proved, installed: Installed) -> Value {
    let (event, checkpoint) = (&proved.event, &proved.checkpoint);
    let installed = match installed {
        Installed::This => Value::Bool(true),
        Installed::NotThis => Value::Bool(false),
        Installed::Unknown => Value::Null,
    };
    Value::object([
        ("event", event.seq.into()),
        ("kind", event.kind.as_str().into()),
        ("at", shown::time(Some(event.at))),
        ("clock", event.clock.as_str().into()),
        ("body", event.body.clone().into()),
        ("installed", installed),
        ("origin", checkpoint.origin.as_str().into()),
        ("size", checkpoint.size.into()),
        ("root", checkpoint.root.to_string().into()),
    ])
}

/// The keys in a text, or in a file.
fn note_keys(named: &str) -> Result<Vec<NoteKey>, Failure> {
    const HINT: &str = "give the verifier key that the vendor told you: NAME+ID+KEY, or a file that holds it";
    let unusable = |what: &str, error: &dyn core::fmt::Display| {
        Failure::new(Kind::CannotRead, format!("{what}{error}"), HINT)
    };
    match read_keys(named) {
        Ok(keys) => Ok(keys),
        Err(error) if named.matches('+').count() >= 2 && !Path::new(named).exists() => {
            Err(unusable("", &error))
        }
        Err(_) => {
            let bytes = read_file(Path::new(named))
                .map_err(|error| unusable(&format!("{named} cannot be read: "), &error))?;
            read_keys(&String::from_utf8_lossy(&bytes))
                .map_err(|error| unusable(&format!("{named}: "), &error))
        }
    }
}

fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    let bytes = if path.as_os_str() == "-" { read_stream(std::io::stdin().lock()) } else { read_file(path) };
    bytes.map_err(|error| {
        Failure::new(
            Kind::CannotRead,
            format!("{} cannot be read: {error}", path.display()),
            "name the file that the vendor sent",
        )
    })
}

fn unread(path: &Path, error: &ReceiptError) -> Failure {
    let hint = "a receipt is a text that begins with c2sp.org/tlog-proof@v1; ask the vendor for it again";
    Failure::new(Kind::CannotRead, format!("{}: {error}", path.display()), hint)
}

fn not_proved(error: &ReceiptError) -> Failure {
    let hint =
        "compare the key with the one that the vendor told you; if it is that one, ask for the receipt again";
    Failure::new(Kind::NotProved, format!("nothing is proved: {error}"), hint)
}
