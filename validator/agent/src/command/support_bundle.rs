//! `support-bundle`: what the vendor's support needs to see, and nothing else.

use clap::Args;
use lictor_validator::Verdict;
use lictor_validator::host::{
    Article, Folder, Guard, Held, Offered, StateStore as _, Trouble, is_own_name, system_time,
};
use lictor_validator::shared::Uuid;
use lictor_validator::shared::json::{Members, Value};
use std::path::{Path, PathBuf};

use crate::deployment::{Deployment, Intent};
use crate::failure::Failure;
use crate::outfile;
use crate::output::Output;
use crate::shown;

const EXAMPLES: &str = "\
Examples:
  lictor-agent support-bundle
  lictor-agent support-bundle --out bundle.json

It is JSON over several lines: read it before you send it. Its members holds and
leavesOut say what is in it and what is not.";

/// What is in it, said in it.
const HOLDS: [&str; 7] = [
    "product, release and environment as they are configured, and whether an address is",
    "the verdict, its reasons, and what is the matter",
    "id, dates, plan, limits and features of the license",
    "the deployment's id, which is public, and whether a request awaits its answer",
    "which licenses, status lists, activations and receipts are held, by their ids, and what each counts for now",
    "the thumbprints of the trusted keys, which are public",
    "names and sizes of the files of state, with digests cut to eight digits, and how many others lie there",
];

/// What is not, said in it too.
const LEAVES_OUT: [&str; 5] = [
    "the deployment's private key",
    "licenses, lists, activations and requests, and their full digests",
    "the customer's name and id, and the license's meta texts",
    "public address, paths, names of files that others have made, host names, user names, environment variables",
    "everything that the product stores",
];

/// Members of the verdict's license that say nothing of whose it is.
const IMPERSONAL: [&str; 15] = [
    "id",
    "serial",
    "revision",
    "issuer",
    "products",
    "plan",
    "environments",
    "issuedAt",
    "startsAt",
    "expiresAt",
    "graceUntil",
    "maintenanceUntil",
    "seats",
    "features",
    "limits",
];

/// Hexadecimal digits of a digest that tell two files apart and prove nothing.
const DIGITS: usize = 8;

/// No word and no part of an id has as many hexadecimal digits.
const LONG: usize = 32;

/// Permissions of what is the sender's until he has read it.
const PRIVATE: u32 = 0o600;

/// Collect what the vendor's support needs, without secrets and personal data
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct SupportBundle {
    /// Write to this file, which must not exist yet [default: standard output]
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

impl SupportBundle {
    pub(crate) fn run(&self, deployment: &Deployment, output: &mut Output) -> Result<u8, Failure> {
        if let Some(path) = &self.out {
            outfile::can_be_made(path)?;
        }
        let guard = deployment.open(Intent::Look, output)?;
        let bundle = shown::indented(&bundle(&guard, deployment));
        match &self.out {
            Some(path) => {
                outfile::make(path, bundle.as_bytes(), PRIVATE)?;
                output.say(format_args!("written to {}", path.display()));
            }
            None => output.raw(&bundle)?,
        }
        output.say(format_args!("It holds:\n{}", listed(&HOLDS)));
        output.say(format_args!("It leaves out:\n{}", listed(&LEAVES_OUT)));
        output.say(format_args!("{}: {}", deployment.settings.vendor, deployment.settings.support));
        Ok(0)
    }
}

fn bundle(guard: &Guard, deployment: &Deployment) -> Value {
    let settings = &deployment.settings;
    let product = &settings.product;
    let keys = product.anchors.anchors().iter().map(|anchor| anchor.key.thumbprint().to_string().into());
    let found = guard.troubles();
    let troubles = found.iter().map(|found| trouble(found, &settings.state));
    let identity = deployment.identity(guard);
    Value::object([
        ("holds", texts(&HOLDS)),
        ("leavesOut", texts(&LEAVES_OUT)),
        ("at", shown::time(deployment.now.or_else(|| system_time().ok()))),
        ("agent", env!("CARGO_PKG_VERSION").into()),
        ("system", format!("{} {}", std::env::consts::OS, std::env::consts::ARCH).into()),
        ("program", product.program.as_str().into()),
        ("product", product.name.as_str().into()),
        ("environment", product.environment.as_str().into()),
        ("originConfigured", product.origin.is_some().into()),
        ("builtAt", shown::time(product.built_at)),
        ("trustedKeys", keys.collect::<Vec<Value>>().into()),
        ("deploymentSince", shown::time(identity.as_ref().map(|identity| identity.since()))),
        ("deployment", identity.map(|identity| identity.id().to_string()).into()),
        ("awaited", guard.awaited().as_ref().map(Uuid::to_string).into()),
        ("verdict", verdict(&guard.verdict())),
        ("held", guard.held().iter().map(held).collect::<Vec<Value>>().into()),
        ("troubles", troubles.collect::<Vec<Value>>().into()),
        ("state", files(&settings.state)),
    ])
}

/// An artefact, by what tells it from others.
fn held(held: &Held) -> Value {
    let (uuid, number) = (|id: &Uuid| Value::from(id.to_string()), |number: &u64| Value::from(*number));
    let which = match &held.article {
        Article::License { id, serial, revision } => {
            vec![("id", uuid(id)), ("serial", uuid(serial)), ("revision", number(revision))]
        }
        Article::StatusList { uri, sequence } => {
            vec![("uri", uri.as_str().into()), ("sequence", number(sequence))]
        }
        Article::Activation { license, serial, seat } => {
            vec![("license", uuid(license)), ("serial", uuid(serial)), ("seat", number(seat))]
        }
        Article::Receipt { license, serial } => vec![("license", uuid(license)), ("serial", uuid(serial))],
    };
    let said = [
        ("article", held.article.as_str().into()),
        ("issuedAt", shown::time(Some(held.issued_at))),
        ("digest", held.digest.as_str().into()),
        ("standing", held.standing.to_string().into()),
    ];
    let members = said.into_iter().chain(which).map(|(name, value)| (name.to_string(), value));
    members.collect::<Members>().into()
}

/// A line for each.
fn listed(texts: &[&str]) -> String {
    texts.iter().map(|text| format!("  {text}\n")).collect()
}

fn texts(texts: &[&str]) -> Value {
    texts.iter().map(|text| (*text).into()).collect::<Vec<Value>>().into()
}

/// The verdict; of the license only what is nobody's.
fn verdict(verdict: &Verdict) -> Value {
    let mut value = verdict.to_value();
    if let Value::Object(members) = &mut value
        && let Some(Value::Object(license)) = members.get_mut("license")
    {
        license.retain(|name, _| IMPERSONAL.contains(&name.as_str()));
    }
    value
}

/// What is the matter, with the places of files left out, and the names that somebody else gave them.
fn trouble(trouble: &Trouble, state: &Path) -> Value {
    let text = match trouble {
        Trouble::Refused { offered: Offered::Watched(_), why } => {
            format!("a watched file was refused: {why}")
        }
        Trouble::Refused { offered: Offered::Kept(name), why } if !is_own_name(name) => {
            format!("a file beside those of state was refused: {}", why.replace(name.as_str(), "[name]"))
        }
        other => other.to_string(),
    };
    cut_digests(&text.replace(&*state.to_string_lossy(), "[state]")).into()
}

/// Names and sizes of what is kept. A name of somebody else's choice may say whose it is, so of those files there is only the
/// number.
fn files(state: &Path) -> Value {
    let folder = Folder::at(state);
    let mut names = match folder.names() {
        Ok(names) => names,
        Err(error) => return trouble(&Trouble::Stateless { why: error.to_string() }, state),
    };
    names.sort();
    let all = names.len();
    names.retain(|name| is_own_name(name));
    let others = u64::try_from(all - names.len()).unwrap_or(u64::MAX);
    let size = |name: &String| std::fs::metadata(state.join(name)).ok().map(|file| file.len());
    let mut files: Members = names.iter().map(|name| (cut_digests(name), size(name).into())).collect();
    files.extend((others > 0).then(|| ("others".into(), others.into())));
    files.into()
}

/// The SHA-256 of a token proves that one has it, so none is told in full.
fn cut_digests(text: &str) -> String {
    let mut parts = text.split_inclusive(|c: char| !c.is_ascii_hexdigit());
    let mut cut = String::new();
    for part in &mut parts {
        let digits = part.trim_end_matches(|c: char| !c.is_ascii_hexdigit());
        match (digits.len() >= LONG, digits.get(..DIGITS), part.get(digits.len()..)) {
            (true, Some(first), Some(rest)) => cut.extend([first, "…", rest]),
            _ => cut.push_str(part),
        }
    }
    cut
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_digest_is_told_in_full() {
        let name = format!("license-{}.txt", "0123456789abcdef".repeat(4));
        assert_eq!(cut_digests(&name), "license-01234567….txt");
        assert_eq!(
            cut_digests("request-0198c0d2-6c1e-7000-8000-2f6f2b1d9a10.txt"),
            "request-0198c0d2-6c1e-7000-8000-2f6f2b1d9a10.txt"
        );
        assert_eq!(cut_digests("of decade"), "of decade");
    }
}
