//! `lictor verify`: what a deployment would decide.

use clap::Args;
use lictor_shared::{
    Activation, AnchorSet, Code, License, Name, Origin, Reason, StatusList, Thumbprint, Timestamp,
};
use lictor_validator::context::{
    Build, ConfiguredOrigin, Deployment, HostFlag, HostFlags, Learned, Remembered,
};
use lictor_validator::{
    Accepted, Context, Horizon, IssuerSigned, NotAccepted, Refusal, Unverified, Verdict, Verified,
};
use std::path::{Path, PathBuf};

use super::globals::Globals;
use super::input;
use super::output::{Form, Output};
use super::timeline::{Timeline, only};
use super::values;
use crate::error::{Failure, FailureKind};

const EXAMPLES: &str = "\
Examples:
  lictor verify acme.lic --product dialer
  lictor verify acme.lic --product dialer --at 2027-12-01T00:00:00Z --json
  lictor verify acme.lic --product dialer --status 0.lic --timeline
  pbpaste | lictor verify - --product dialer --keys anchors.json --strict

Exit codes: 0 in full and grace; 10 LICENSE_INVALID, 11 LICENSE_EXPIRED,
12 LICENSE_REVOKED, 13 LICENSE_SEAT_LIMIT; 30 if a file cannot be read or the
trust anchors are refused. With --strict, grace exits with the code that
follows it. What a code or reason means tells: lictor explain";

/// Decide offline what a deployment may do under a license.
///
/// Everything that the verdict depends on is given here; nothing is looked up, and nothing is changed.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Verify {
    /// The license: a file, or - for standard input
    #[arg(value_name = "FILE|-")]
    file: PathBuf,
    /// Trust anchors, a JWK Set; left out: the public keys of the configured issuer
    #[arg(long, value_name = "JWKS")]
    keys: Option<PathBuf>,
    /// The product that asks
    #[arg(long, value_name = "NAME")]
    product: Name,
    /// The environment it runs in
    #[arg(long, value_name = "NAME", default_value = "production")]
    environment: Name,
    /// The time to decide for, RFC 3339 or seconds since 1970 [default: now]
    #[arg(long, value_name = "TIME", value_parser = values::time)]
    at: Option<Timestamp>,
    /// A status list; may be given several times
    #[arg(long, value_name = "FILE")]
    status: Vec<PathBuf>,
    /// The deployment's activation
    #[arg(long, value_name = "FILE")]
    activation: Option<PathBuf>,
    /// The deployment's id, the thumbprint of its key
    #[arg(long, value_name = "ID")]
    deployment: Option<Thumbprint>,
    /// Since when the deployment has had its identity and this license
    #[arg(long, value_name = "TIME", value_parser = values::time, requires = "deployment")]
    deployment_since: Option<Timestamp>,
    /// The deployment's configured public base URL
    #[arg(long, value_name = "ORIGIN", value_parser = values::origin)]
    origin: Option<Origin>,
    /// Since when no origin of the license has been configured
    #[arg(long, value_name = "TIME", value_parser = values::time)]
    origin_since: Option<Timestamp>,
    /// The date of the product's release
    #[arg(long, value_name = "TIME", value_parser = values::time)]
    built: Option<Timestamp>,
    /// When the release first ran here
    #[arg(long, value_name = "TIME", value_parser = values::time, requires = "built")]
    built_since: Option<Timestamp>,
    /// The latest time that the deployment remembers
    #[arg(long, value_name = "TIME", value_parser = values::time)]
    watermark: Option<Timestamp>,
    /// The highest revision of this license that has been in force here
    #[arg(long, value_name = "N", value_parser = values::integer)]
    seen_revision: Option<u64>,
    /// When the deployment learned that the license's entry is no longer valid
    #[arg(long, value_name = "TIME", value_parser = values::time)]
    learned: Option<Timestamp>,
    /// Show when the verdict changes by itself, and to what, instead of the verdict
    #[arg(long)]
    timeline: bool,
    /// Exit in grace with the code that follows the grace, instead of 0
    #[arg(long)]
    strict: bool,
}

impl Verify {
    pub(crate) fn run(&self, globals: &Globals, output: &mut Output) -> Result<u8, Failure> {
        self.check_standard_input()?;
        let now = self.at.map_or_else(|| globals.now(), Ok)?;
        let anchors = self.anchors(globals)?;
        // Every file is read before the first is judged, so that one that cannot be read is never a verdict.
        let license = input::read(&self.file)?;
        let lists = self.status.iter().map(|path| input::read(path)).collect::<Result<Vec<_>, _>>()?;
        let activation = self.activation.as_deref().map(input::read).transpose()?;

        let license = Unverified::<License>::read(&license).and_then(|license| license.verify(&anchors));
        let horizon = Horizon {
            now,
            watermark: self.watermark,
            built_at: self.built,
            latest_license: license.as_ref().ok().map(Verified::issued_at),
        };
        let mut flags = HostFlags::none();
        let mut rejected = |path: &Path, why: Rejected| {
            flags = flags.with(HostFlag::CandidateRejected);
            output.warn(format_args!("{}: not accepted: {why}", path.display()));
        };
        let accept_list = |list: Verified<StatusList>| list.accept(&horizon);
        let mut accepted = Vec::new();
        for (path, bytes) in self.status.iter().zip(&lists) {
            match accept(bytes, &anchors, accept_list) {
                Ok(list) => accepted.push(list),
                Err(why) => rejected(path, why),
            }
        }
        let mut seat = None;
        if let (Some(path), Some(bytes)) = (&self.activation, &activation) {
            match accept(bytes, &anchors, |activation: Verified<Activation>| activation.accept(&horizon)) {
                Ok(activation) => seat = Some(activation),
                Err(why) => rejected(path, why),
            }
        }
        let context = self.context(now, seat.as_ref(), &accepted, flags);
        let verdict = decide(&license, &context);
        let later = |at| decide(&license, &Context { now: at, ..context.clone() });
        if self.timeline {
            show_timeline(&Timeline::walk(verdict.clone(), later), output)?;
        } else {
            show(&verdict, later, output)?;
        }
        Ok(self.exit_code(&verdict))
    }

    fn exit_code(&self, verdict: &Verdict) -> u8 {
        let pending = verdict.pending().filter(|_| self.strict);
        verdict.code().or(pending).map_or(0, Code::exit_code)
    }

    /// Standard input can be one thing only.
    fn check_standard_input(&self) -> Result<(), Failure> {
        let others = self.keys.iter().chain(&self.activation).chain(&self.status);
        input::once(others.chain([&self.file]).map(PathBuf::as_path))
    }

    fn anchors(&self, globals: &Globals) -> Result<AnchorSet, Failure> {
        match &self.keys {
            Some(path) => anchors_in(path),
            None => globals.own_anchors(),
        }
    }

    fn context<'a>(
        &self,
        now: Timestamp,
        activation: Option<&'a Accepted<Activation>>,
        lists: &'a [Accepted<StatusList>],
        flags: HostFlags,
    ) -> Context<'a> {
        Context {
            now,
            product: self.product.clone(),
            environment: self.environment.clone(),
            origin: ConfiguredOrigin { origin: self.origin.clone(), unmatched_since: self.origin_since },
            build: self
                .built
                .map_or(Build::Unknown, |at| Build::Released { at, first_run: self.built_since }),
            deployment: self
                .deployment
                .map_or(Deployment::None, |id| Deployment::Known { id, since: self.deployment_since }),
            activation,
            lists,
            remembered: Remembered {
                watermark: self.watermark,
                highest_revision: self.seen_revision,
                learned: Learned { license: self.learned, activation: None },
            },
            flags,
        }
    }
}

/// Seconds of a day.
const DAY: u64 = 86_400;

const KEYS_HINT: &str = "export the issuer's public keys again with 'lictor key export'";

/// The trust anchors in a file.
pub(super) fn anchors_in(path: &Path) -> Result<AnchorSet, Failure> {
    AnchorSet::read(&input::read(path)?).map_err(|error| {
        Failure::new(FailureKind::CannotRead, format!("{}: {error}", path.display())).hint(KEYS_HINT)
    })
}

/// Why a list or activation is left out.
#[derive(Debug, thiserror::Error)]
enum Rejected {
    #[error(transparent)]
    Refused(#[from] Refusal),
    #[error(transparent)]
    NotAccepted(#[from] NotAccepted),
}

fn accept<A: IssuerSigned>(
    bytes: &[u8],
    anchors: &AnchorSet,
    accept: impl Fn(Verified<A>) -> Result<Accepted<A>, NotAccepted>,
) -> Result<Accepted<A>, Rejected> {
    let verified = Unverified::<A>::read(bytes)?.verify(anchors)?;
    Ok(accept(verified)?)
}

fn decide(license: &Result<Verified<License>, Refusal>, context: &Context<'_>) -> Verdict {
    match license {
        Ok(license) => lictor_validator::evaluate(license, context),
        Err(refusal) => lictor_validator::refuse(refusal.clone(), context),
    }
}

fn show(verdict: &Verdict, later: impl Fn(Timestamp) -> Verdict, output: &mut Output) -> Result<(), Failure> {
    if output.form() == Form::Json {
        return output.data(verdict.to_json());
    }
    let next = verdict.next_change().map(|at| (at, later(at)));
    output.data(first_line(verdict))?;
    output.data(next_line(verdict, next.as_ref()))?;
    output.data(format_args!("do:         {}", verdict.advice().unwrap_or("nothing")))
}

fn show_timeline(timeline: &Timeline, output: &mut Output) -> Result<(), Failure> {
    output.either(|| timeline.table(), || timeline.to_value())
}

fn first_line(verdict: &Verdict) -> String {
    let mut line = format!("{:<10}  {}", verdict.mode().as_str(), verdict.explanation());
    let reasons: Vec<&str> = verdict.reasons().iter().map(|reason| reason.as_str()).collect();
    match verdict.code() {
        Some(code) => line.push_str(&format!(" [{code}: {}]", reasons.join(", "))),
        None if !reasons.is_empty() => line.push_str(&format!(" [{}]", reasons.join(", "))),
        None => {}
    }
    line
}

fn next_line(verdict: &Verdict, next: Option<&(Timestamp, Verdict)>) -> String {
    let Some((at, then)) = next else { return "next:       nothing changes by itself".into() };
    let days = at.seconds().saturating_sub(verdict.effective_time().seconds()) / DAY;
    let away = match days {
        0 => "within a day".to_string(),
        1 => "in 1 day".to_string(),
        _ => format!("in {days} days"),
    };
    let mode = if then.mode() == verdict.mode() {
        format!("still {}", then.mode())
    } else {
        then.mode().to_string()
    };
    format!("next:       {at}, {away}: {mode}{}", difference(verdict.reasons(), then.reasons()))
}

/// Which reasons join and which leave.
fn difference(now: &[Reason], then: &[Reason]) -> String {
    let words =
        |reasons: Vec<Reason>| reasons.iter().map(|word| word.as_str()).collect::<Vec<_>>().join(", ");
    let (joining, leaving) = (words(only(then, now)), words(only(now, then)));
    match (joining.is_empty(), leaving.is_empty()) {
        (true, true) => String::new(),
        (false, _) => format!(" [{joining}]"),
        (true, false) => format!(" [no more: {leaving}]"),
    }
}
