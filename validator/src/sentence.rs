//! Sentences for people: what is the matter, with names and dates. The words may change; codes and reasons may not.

use alloc::string::{String, ToString};
use lictor_shared::{License, Mode, Reason, Timestamp};

use crate::verdict::Verdict;

/// What is the matter, in one sentence.
pub(crate) fn explain(verdict: &Verdict) -> String {
    if let Some(refusal) = verdict.refusal() {
        let why = alloc::format!("{refusal}");
        // Some end with a question.
        let end = if why.ends_with('?') { "" } else { "." };
        return alloc::format!("The license cannot be used: {why}{end}");
    }
    match (verdict.license(), verdict.reason()) {
        (Some(license), Some(reason)) => finding(license.claims(), reason, verdict.mode()),
        (Some(license), None) => alloc::format!("The license of {} is in order.", license.customer()),
        (None, _) => "There is no license.".to_string(),
    }
}

fn finding(license: &License, reason: Reason, mode: Mode) -> String {
    let customer = &license.customer;
    let tail = if mode == Mode::Grace { "; everything still works for a while" } else { "" };
    match reason {
        Reason::WrongProduct => alloc::format!("The license of {customer} is not for this product."),
        Reason::WrongEnvironment => alloc::format!("The license of {customer} is not for this environment."),
        Reason::KeyDistrusted => {
            alloc::format!(
                "The license of {customer} was signed by a key that is no longer trusted; ask for a new one."
            )
        }
        Reason::NotYetValid => {
            alloc::format!("The license of {customer} starts on {}.", license.starts_at.day())
        }
        Reason::Superseded => {
            alloc::format!("The license of {customer} has been replaced by a newer revision.")
        }
        Reason::WrongOrigin => {
            alloc::format!("The license of {customer} is not for the address configured here{tail}.")
        }
        Reason::Revoked => alloc::format!("The license of {customer} has been revoked{tail}."),
        Reason::Suspended => alloc::format!("The license of {customer} has been suspended{tail}."),
        Reason::ActivationRevoked => {
            alloc::format!("The activation of this deployment has been revoked{tail}.")
        }
        Reason::NotActivated => alloc::format!("This deployment has not been activated{tail}."),
        Reason::ActivationLapsed => alloc::format!("The activation of this deployment has ended{tail}."),
        Reason::Expired => {
            alloc::format!("The license of {customer} expired on {}{tail}.", day(license.term.expires_at()))
        }
        Reason::StatusOverdue => {
            alloc::format!("No fresh status list has arrived in the time the license sets{tail}.")
        }
        Reason::MaintenanceEnded => alloc::format!(
            "This release is newer than the maintenance of the license, which ended on {}{tail}.",
            day(license.maintenance_until)
        ),
        other => alloc::format!("The license of {customer}: {other}{tail}."),
    }
}

fn day(at: Option<Timestamp>) -> String {
    at.map(Timestamp::day).unwrap_or_default()
}

/// What to do about a reason, for the deployment's admin.
pub(crate) const fn advice(reason: Reason) -> &'static str {
    match reason {
        Reason::Missing => "Install the license file that the vendor sent.",
        Reason::TooLarge | Reason::Malformed | Reason::BadHeader | Reason::WrongType => {
            "Install the license file exactly as the vendor sent it; if it was pasted or mailed, ask for it as an attachment."
        }
        Reason::UnsupportedAlgorithm
        | Reason::BadSignature
        | Reason::BadClaims
        | Reason::WrongPurpose
        | Reason::WrongIssuer => "Do not use this file; ask the vendor for the license again.",
        Reason::UnknownKey | Reason::UnsupportedVersion => {
            "Update the product to its newest release, or ask the vendor for a license for this release."
        }
        Reason::KeyOutOfWindow | Reason::KeyDistrusted | Reason::KeyCompromised => {
            "Ask the vendor for a license signed by the current key."
        }
        Reason::WrongProduct => "Install the license of this product.",
        Reason::WrongEnvironment => {
            "Install a license for this environment, or correct the configured environment."
        }
        Reason::NotYetValid => "Wait until the license starts, or correct the clock.",
        Reason::Superseded => "Install the newest license that the vendor sent.",
        Reason::WrongOrigin => {
            "Correct the configured public address, or ask the vendor to add it to the license."
        }
        Reason::Revoked | Reason::Suspended => {
            "Contact the vendor; a new status list or a new license ends this."
        }
        Reason::ActivationRevoked | Reason::NotActivated | Reason::ActivationLapsed => {
            "Activate this deployment: send its request to the vendor and install the answer."
        }
        Reason::Expired | Reason::ExpiringSoon => "Ask the vendor for a renewed license and install it.",
        Reason::StatusOverdue | Reason::StatusStale => "Install a fresh status list from the vendor.",
        Reason::MaintenanceEnded => "Renew the maintenance, or go back to the last release that it covers.",
        Reason::ClockRolledBack => "Correct the clock.",
        Reason::CandidateRejected => "Look at what was refused; what was in force still is.",
        Reason::StateDamaged => "Nothing: the state has been started afresh. Check the disk.",
        Reason::Stateless => "Give the product a folder that it can write to.",
        _ => "Contact the vendor.",
    }
}
