//! What the sequences came upon: a proof that never meets a case proves nothing of it.

use core::fmt;
use lictor_issuer::{EventKind, FailureKind, LicenseState, cli};
use std::collections::BTreeMap;

use super::operations::Operation;
use super::rules::Model;

/// The command of each operation, and the event that it leaves.
const MODELLED: [(&str, EventKind); 8] = [
    ("key new", EventKind::KeyCreated),
    ("license issue", EventKind::LicenseIssued),
    ("license renew", EventKind::LicenseRenewed),
    ("license amend", EventKind::LicenseAmended),
    ("license suspend", EventKind::LicenseSuspended),
    ("license reinstate", EventKind::LicenseReinstated),
    ("license revoke", EventKind::LicenseRevoked),
    ("status publish", EventKind::StatusPublished),
];

/// Commands that change something and that no sequence has, and why not.
const LEFT_OUT: [(&str, &str); 5] = [
    ("init", "every sequence begins after it"),
    ("product add", "every sequence begins after it, and it changes no license"),
    ("issue", "short for license issue"),
    ("key import", "what becomes of the key is as with key new"),
    ("ledger restore", "the ledger is another one then"),
];

/// Kinds of events that no operation leaves, and why not.
const NO_OPERATION: [(EventKind, &str); 3] = [
    (EventKind::IssuerCreated, "every sequence begins after it"),
    (EventKind::ProductAdded, "every sequence begins after it"),
    (EventKind::LedgerRestored, "the ledger is another one then"),
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
    pub(super) fn note(&mut self, operation: &Operation, model: &Model, result: Result<(), FailureKind>) {
        let about = operation.of().map(|of| model.about(of));
        let met = match about {
            None if model.keys == 0 => "without a key",
            None => "with a key",
            Some(None) => "unknown",
            Some(Some(place)) => model.licenses[place].state(model.now).as_str(),
        };
        let result = match result {
            Ok(()) => "done",
            Err(FailureKind::Conflict) => "conflict",
            Err(FailureKind::Validation) => "not valid",
            Err(FailureKind::NotFound) => "not found",
            Err(FailureKind::Usage) => "usage",
            Err(FailureKind::SigningNotConfigured) => "no key",
            Err(_) => "another failure",
        };
        *self.0.entry((operation.word(), met, result)).or_default() += 1;
    }

    /// Fails if an operation never met a license in one of its states.
    pub(super) fn assert_everything_happened(&self) {
        let states = [
            LicenseState::Scheduled,
            LicenseState::Active,
            LicenseState::Grace,
            LicenseState::Ended,
            LicenseState::Suspended,
            LicenseState::Revoked,
        ];
        let states: Vec<&str> = states.iter().map(|state| state.as_str()).chain(["unknown"]).collect();
        for (command, _) in MODELLED {
            let ever = match command {
                "key new" | "license issue" | "status publish" => &["without a key", "with a key"][..],
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
        let modelled = MODELLED.iter().any(|(known, _)| *known == command);
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
    for (command, _) in MODELLED.iter().map(|(command, _)| (*command, "")).chain(LEFT_OUT) {
        assert!(
            commands.iter().any(|known| known == command),
            "there is no command `lictor {command}` any more"
        );
    }
}
