//! What the sequences came upon: a proof that never meets a case proves nothing of it.

use core::fmt;
use lictor_issuer::activation::{History, SeatState};
use lictor_issuer::{EventKind, FailureKind, LicenseState, cli};
use lictor_keys::KeyStanding;
use lictor_shared::Denial;
use std::collections::BTreeMap;

use super::operations::Operation;
use super::rules::{License, Model, Said};

/// The command of each operation, and the event that it leaves.
const MODELLED: [(&str, EventKind); 20] = [
    ("key new", EventKind::KeyCreated),
    ("key activate", EventKind::KeyActivated),
    ("key retire", EventKind::KeyRetired),
    ("key distrust", EventKind::KeyDistrusted),
    ("key destroy", EventKind::KeyDestroyed),
    ("license issue", EventKind::LicenseIssued),
    ("license renew --expiring-within", EventKind::LicenseRenewed),
    ("license renew", EventKind::LicenseRenewed),
    ("license amend", EventKind::LicenseAmended),
    ("license suspend", EventKind::LicenseSuspended),
    ("license reinstate", EventKind::LicenseReinstated),
    ("license revoke", EventKind::LicenseRevoked),
    ("status publish", EventKind::StatusPublished),
    ("activation grant", EventKind::ActivationGranted),
    ("activation grant", EventKind::ActivationRenewed),
    ("activation grant", EventKind::ActivationDenied),
    ("activation grant", EventKind::ActivationExpired),
    ("activation grant", EventKind::ActivationForked),
    ("activation release", EventKind::ActivationReleased),
    ("activation revoke", EventKind::ActivationRevoked),
];

/// Commands that change something and that no sequence has, and why not.
const LEFT_OUT: [(&str, &str); 11] = [
    ("init", "every sequence begins after it"),
    ("product add", "every sequence begins after it, and it changes no license"),
    ("issue", "short for license issue"),
    ("audit checkpoint", "it tells what the log is, and decides nothing"),
    ("key import", "what becomes of the key is as with key new"),
    ("key export", "it gives public halves out and changes no key; keys are activated here without it"),
    ("key passphrase", "it changes the file of a key, and nothing that is signed or refused"),
    ("license import", "it takes licenses over that another ledger has issued, by these same rules"),
    ("ledger restore", "the ledger is another one then"),
    (
        "customer erase",
        "it takes texts away, and changes nothing that is signed or refused of what may be erased",
    ),
    ("audit import", "it records what deployments say, and changes no license, seat or key"),
];

/// Kinds of events that no operation leaves, and why not.
const NO_OPERATION: [(EventKind, &str); 11] = [
    (EventKind::IssuerCreated, "every sequence begins after it"),
    (EventKind::ProductAdded, "every sequence begins after it"),
    (EventKind::KeyExported, "it gives public halves out and changes no key"),
    (EventKind::KeyResealed, "it changes the file of a key, and nothing that is signed or refused"),
    (EventKind::LicenseImported, "it is of a license that another ledger has issued"),
    (EventKind::LedgerRestored, "the ledger is another one then"),
    (EventKind::CheckpointSigned, "it tells what the log is, and decides nothing"),
    (EventKind::EventContinued, "it is of lists that are longer than any here"),
    (EventKind::RequestAnswered, "it is of a request with an id"),
    (EventKind::CustomerErased, "it takes texts away"),
    (EventKind::UsageReported, "it is what a deployment says, and changes no license, seat or key"),
];

pub(super) fn event_of(operation: &Operation) -> Option<&'static str> {
    let found = MODELLED.iter().find(|(command, _)| *command == operation.word());
    found.map(|(_, kind)| kind.as_str())
}

/// Where an operation found the license that it was about, or the keys.
type Met = (&'static str, &'static str, &'static str);

#[derive(Default)]
pub(super) struct Reach(BTreeMap<Met, u32>);

impl Reach {
    pub(super) fn note(
        &mut self,
        operation: &Operation,
        model: &Model,
        after: &Model,
        result: Result<Said, FailureKind>,
    ) {
        let license = operation.of().map(|of| model.about(of));
        let key = operation.of_key().map(|of| model.about_key(of));
        let met = match (license, key) {
            (None, None) if model.signer().is_none() => "without a key",
            (None, None) => "with a key",
            (Some(Some(place)), _) => model.licenses[place].state(model.now).as_str(),
            (_, Some(Some(place))) => model.keys[place].standing.as_str(),
            (Some(None), _) | (_, Some(None)) => "unknown",
        };
        let result = match result {
            Ok(Said::Done) => "done",
            Ok(Said::Given { manner, history, .. }) => {
                *self.0.entry(("history", history.as_str(), "seen")).or_default() += 1;
                manner.as_str()
            }
            Ok(Said::Denied(denial)) => denial.as_str(),
            Ok(Said::Again) => "repeated",
            Err(FailureKind::Conflict) => "conflict",
            Err(FailureKind::Validation) => "not valid",
            Err(FailureKind::NotFound) => "not found",
            Err(FailureKind::Usage) => "usage",
            Err(FailureKind::SigningNotConfigured) => "no key",
            Err(_) => "another failure",
        };
        *self.0.entry((operation.word(), met, result)).or_default() += 1;
        let expired = |model: &Model| {
            model.seats.holders.values().filter(|holder| holder.state == SeatState::Expired).count()
        };
        if expired(after) > expired(model) {
            *self.0.entry(("lease", "ended", "seen")).or_default() += 1;
        }
        let beyond = |(place, license): (usize, &License)| {
            license.latest().room().is_some_and(|room| room < after.seats.taken(place))
        };
        if after.licenses.iter().enumerate().any(beyond) {
            *self.0.entry(("seats", "fewer than are taken", "seen")).or_default() += 1;
        }
    }

    /// Fails if a request was never answered in one of the ways in which it can be.
    fn assert_every_answer(&self) {
        let denials = Denial::ALL.iter().map(|denial| denial.as_str());
        let answers =
            denials.chain(["granted", "renewed", "released"]).map(|word| ("activation grant", word));
        let again = [("activation grant, again", "repeated")];
        for (command, answer) in answers.chain(again) {
            let is_it = |(word, _, result): &&Met| (*word, *result) == (command, answer);
            assert!(self.0.keys().any(|met| is_it(&met)), "no request was ever {answer}\n{self}");
        }
        let histories = History::ALL.iter().map(|history| ("history", history.as_str()));
        for (what, word) in histories.chain([("lease", "ended"), ("seats", "fewer than are taken")]) {
            assert!(self.0.contains_key(&(what, word, "seen")), "never seen: {what} {word}\n{self}");
        }
    }

    /// Fails if an operation never met a license in one of its states.
    pub(super) fn assert_everything_happened(&self) {
        self.assert_every_answer();
        let states = [
            LicenseState::Scheduled,
            LicenseState::Active,
            LicenseState::Grace,
            LicenseState::Ended,
            LicenseState::Suspended,
            LicenseState::Revoked,
        ];
        let states: Vec<&str> = states.iter().map(|state| state.as_str()).chain(["unknown"]).collect();
        let standings = [
            KeyStanding::Next,
            KeyStanding::Active,
            KeyStanding::Retired,
            KeyStanding::Distrusted,
            KeyStanding::Destroyed,
        ];
        let standings: Vec<&str> =
            standings.iter().map(|standing| standing.as_str()).chain(["unknown"]).collect();
        for (command, _) in MODELLED {
            let ever = match command {
                "key new" | "license issue" | "license renew --expiring-within" | "status publish" => {
                    &["without a key", "with a key"][..]
                }
                step if step.starts_with("key ") => &standings,
                _ => &states,
            };
            for met in ever {
                let times: u32 = self
                    .0
                    .iter()
                    .filter(|((word, state, _), _)| (word, state) == (&command, met))
                    .map(|(_, n)| n)
                    .sum();
                assert!(times > 0, "no sequence has {command} of what is {met}; draw more of them\n{self}");
            }
        }
    }
}

impl fmt::Display for Reach {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0
            .iter()
            .try_for_each(|((word, met, result), times)| writeln!(f, "{word}, {met}: {result} {times}"))
    }
}

/// The commands that are modelled, without options.
fn modelled() -> impl Iterator<Item = &'static str> {
    MODELLED.iter().filter_map(|(command, _)| command.split(" --").next())
}

/// Every command of the grammar that takes a request id, as it is written.
fn writing_commands() -> Vec<String> {
    fn walk(command: &clap::Command, path: &str, found: &mut Vec<String>) {
        for inner in command.get_subcommands() {
            let path = format!("{path} {}", inner.get_name()).trim().to_owned();
            if inner.get_arguments().any(|argument| argument.get_id() == "request_id") {
                found.push(path.clone());
            }
            walk(inner, &path, found);
        }
    }
    let mut found = Vec::new();
    walk(&cli::grammar(), "", &mut found);
    found
}

#[test]
fn every_writing_command_is_modelled_or_left_out_for_a_reason() {
    for command in writing_commands() {
        let modelled = modelled().any(|known| known == command);
        let left_out = LEFT_OUT.iter().any(|(known, _)| *known == command);
        assert!(
            modelled != left_out,
            "`lictor {command}` changes something, and the model of the rules does not know it: add it to the operations \
             of the model and to MODELLED, or say in LEFT_OUT why no sequence has it"
        );
    }
    for kind in EventKind::ALL {
        let modelled = MODELLED.iter().any(|(_, known)| known == kind);
        let none = NO_OPERATION.iter().any(|(known, _)| known == kind);
        assert!(
            modelled != none,
            "no operation of the model leaves the event {kind}: add the operation and MODELLED, or say in NO_OPERATION why"
        );
    }
    let commands = writing_commands();
    for command in modelled().chain(LEFT_OUT.map(|(command, _)| command)) {
        assert!(
            commands.iter().any(|known| known == command),
            "there is no command `lictor {command}` any more"
        );
    }
}
