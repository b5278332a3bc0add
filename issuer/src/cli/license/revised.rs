//! What renewing and amending share on the command line: what may change, and what is said of the new revision.

use clap::Args;
use lictor_shared::{Algorithm, Name, OriginPattern};

use super::super::output::Output;
use super::super::shown;
use super::super::terms::OtherTerms;
use super::super::values::{self, OrNone};
use crate::error::Failure;
use crate::revision::{Changes, Earlier, Revised};

/// What a further revision changes.
#[derive(Args, Debug)]
pub(super) struct ChangesOptions {
    /// Another plan, which each of its products has
    #[arg(long, value_name = "NAME")]
    plan: Option<Name>,
    /// An origin that it is bound to, or none; may be given several times
    #[arg(long, value_name = "ORIGIN|none", value_parser = values::or_none(values::origin_pattern))]
    origin: Vec<OrNone<OriginPattern>>,
    /// A note that travels with the license, or none; may be given several times
    #[arg(long, value_name = "NAME=TEXT|none", value_parser = values::or_none(values::meta))]
    meta: Vec<OrNone<(Name, String)>>,
    /// The algorithm's name in the header: EdDSA or Ed25519 [default: EdDSA]
    #[arg(long, value_name = "NAME", value_parser = values::algorithm)]
    alg: Option<Algorithm>,
    #[command(flatten)]
    terms: OtherTerms,
}

/// What becomes of the earlier revisions.
pub(super) const fn earlier(revoke_previous: bool) -> Earlier {
    if revoke_previous { Earlier::Revoke } else { Earlier::Keep }
}

impl ChangesOptions {
    pub(super) fn changes(&self) -> Result<Changes, Failure> {
        let meta = values::some(&self.meta, "--meta")?;
        Ok(Changes {
            plan: self.plan.clone(),
            terms: self.terms.terms()?,
            origins: values::some(&self.origin, "--origin")?,
            meta: meta.map(|meta| values::distinct(&meta, "--meta")).transpose()?,
            algorithm: self.alg,
        })
    }
}

/// In the help of a command that changes a license, what is not given stays as it is.
pub(super) fn without_defaults(option: clap::Arg) -> clap::Arg {
    let Some(help) = option.get_help().map(ToString::to_string) else { return option };
    match (option.get_help_heading(), help.split_once(" [default:")) {
        (Some("Terms"), Some((help, _))) => option.help(help.to_owned()),
        _ => option,
    }
}

/// What was done, and what follows from it. `verb`: Renewed, Amended.
pub(super) fn tell(verb: &str, revised: &Revised, output: &mut Output) {
    let license = &revised.issued.signed.license;
    output.say(format_args!(
        "{verb} the license {} of {}: revision {}.",
        license.id,
        shown::foreign(license.customer.as_str()),
        license.revision
    ));
    for change in &revised.differences {
        output.say(format_args!("  {}: {}, was {}", change.term, change.now, change.before));
    }
    super::handed::tell(&revised.issued, output);
    if let Some(since) = revised.suspended_since {
        output.warn(format_args!(
            "The license is suspended since {since}, and so is this revision. To lift that: lictor license reinstate {}",
            license.id
        ));
    }
    if !revised.revoked.is_empty() {
        let revisions = super::counted(revised.revoked.len());
        output.say(format_args!("Revoked what was before it: {revisions}."));
        super::say_read_only_from(&revised.revoked, revised.issued.draft.issued_at, output);
    }
    if revised.suspended_since.is_some() || !revised.revoked.is_empty() {
        output.say("Next: lictor status publish, and bring the list to the deployments");
    }
}
