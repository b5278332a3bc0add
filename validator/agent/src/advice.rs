//! What to do, and by which command.

use lictor_validator::host::{Outcome, Refused};
use lictor_validator::shared::documents;
use lictor_validator::{NotAccepted, Reason, Refusal, Verdict};

/// What to do about a block that is not held; `None` if it is, or is not needed.
pub(crate) fn about(block: &str, outcome: &Outcome) -> Option<String> {
    match outcome {
        Outcome::Refused(why) => Some(about_refused(block, why)),
        Outcome::NotUsable => Some(
            "install it on the deployment that asked for it; this one asks with: lictor-agent request".into(),
        ),
        _ => None,
    }
}

fn about_refused(block: &str, why: &Refused) -> String {
    match why {
        Refused::Unreadable(refusal) if is_license(block) => registered(refusal.reason()),
        Refused::Unreadable(refusal) => unreadable(refusal).into(),
        Refused::NotAccepted(NotAccepted::FarAhead { .. }) => {
            "set this machine's clock, then install it again".into()
        }
        Refused::NotAccepted(NotAccepted::KeyDistrusted { .. }) => {
            "ask the vendor for one by his present key".into()
        }
        Refused::NotAccepted(NotAccepted::ForeignProduct { .. }) => {
            "ask the vendor for one for this product".into()
        }
        Refused::License(reason) => registered(*reason),
        Refused::ForIssuer(_) => "send it to the vendor, and install what comes back".into(),
        Refused::TooManyBlocks { .. } => "split the file, and install its parts one after the other".into(),
        Refused::Nothing => {
            "install all of what the vendor sent, with the lines that say BEGIN and END".into()
        }
    }
}

/// What is no block, and says nothing of itself, was most likely meant as a license.
fn is_license(block: &str) -> bool {
    matches!(block, "LICENSE" | "token" | "file")
}

/// What the register says that the admin does.
fn registered(reason: Reason) -> String {
    let entry = documents::reasons().into_iter().find(|entry| entry.reason == reason);
    entry.map_or_else(|| "ask the vendor for it again".into(), |entry| entry.action)
}

/// The same for what is no license.
const fn unreadable(refusal: &Refusal) -> &'static str {
    match refusal.reason() {
        Reason::UnknownKey | Reason::UnsupportedVersion => {
            "update the product to its newest release, or ask the vendor for one for this release"
        }
        Reason::TooLarge | Reason::Malformed | Reason::BadHeader | Reason::WrongType => {
            "install it again as it was received, with the lines that say BEGIN and END"
        }
        _ => "do not use it; ask the vendor for it again",
    }
}

/// The command with which what a verdict asks for is done; empty if nothing here does it.
pub(crate) fn command(verdict: &Verdict, awaits: Awaits) -> &'static str {
    match (verdict.reason().or_else(|| verdict.reasons().first().copied()), awaits) {
        (Some(Reason::ActivationRevoked | Reason::NotActivated | Reason::ActivationLapsed), awaits) => {
            match awaits {
                Awaits::Nothing => "lictor-agent request --out request.txt",
                Awaits::ASeat => "lictor-agent install ANSWER, when it has come",
            }
        }
        (
            Some(
                Reason::WrongEnvironment
                | Reason::WrongOrigin
                | Reason::NotYetValid
                | Reason::MaintenanceEnded
                | Reason::ClockRolledBack
                | Reason::CandidateRejected
                | Reason::StateDamaged
                | Reason::Stateless,
            )
            | None,
            _,
        ) => "",
        (Some(_), _) => "lictor-agent install FILE",
    }
}

/// Whether the answer is on its way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Awaits {
    /// No seat was asked for, or one of another license, or the answer has come.
    Nothing,
    /// A seat of the license that the verdict speaks of.
    ASeat,
}
