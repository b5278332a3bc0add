//! Every command that changes something, and how it is given to be killed.

use crate::world::NOW;

/// A command.
#[derive(Debug)]
pub(super) struct Victim {
    pub(super) command: &'static str,
    /// Words behind the command; `{acme}` is the id of the license in `acme.lic`, `{signs}` the key that signs, `{spare}`
    /// the next one, `{seat}` a deployment that holds a seat of the license, and `{nobody}` who the customer is once he is erased.
    pub(super) given: &'static str,
    /// Words more, for repeating it.
    pub(super) again: &'static str,
    /// The home that it changes.
    pub(super) home: &'static str,
    pub(super) kind: Kind,
    /// When it is repeated.
    pub(super) repeated_at: &'static str,
    /// A word that stands against repeating it, where it was cut short between two files or has taken a name away; and the
    /// one to be given instead.
    pub(super) instead: Option<(&'static str, &'static str)>,
}

/// What is to be expected of a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// It makes one change and takes a request id.
    Once,
    /// It makes one change and takes no request id: asked again where it was done, nothing has the name any more that it was
    /// asked for; asked for the name that it gave, it ends what was begun.
    Renaming,
    /// It changes nothing in the ledger and writes a file.
    File,
    /// It makes many changes, one after the other.
    Tour,
}

const fn once(command: &'static str, given: &'static str) -> Victim {
    Victim { command, given, again: "", home: "home", kind: Kind::Once, repeated_at: NOW, instead: None }
}

/// A row for every command that takes a request id, and for the others that write.
pub(super) const VICTIMS: &[Victim] = &[
    Victim { home: "fresh", ..once("init", "--home fresh --issuer bolt --status-uri urn:bolt:status:0") },
    once("key new", "--no-passphrase"),
    once("key import", "own.pem --no-passphrase"),
    once("key export", "--out keys.json"),
    once("key activate", "{spare} --unshipped"),
    once("key retire", "{signs} --without-successor"),
    once("key distrust", "{signs} --after 2027-02-01T00:00:00Z --confirm {signs}"),
    once("key destroy", "{spare} --confirm {spare}"),
    // Killed when the file is sealed anew and the log does not say so yet, it wants the new passphrase.
    Victim {
        again: "--passphrase-file passphrase",
        ..once("key passphrase", "{spare} --new-passphrase-file passphrase")
    },
    once("product add", "desk --plan pro --feature branding"),
    once("license issue", "--product dialer --plan pro --customer Hooli --term 1y --out new.lic"),
    once("issue", "--product dialer --plan pro --customer Hooli --term 1y"),
    once("license renew", "acme.lic --term 1y --revoke-previous --out new.lic"),
    once("license renew", "--expiring-within 400d --term 1y --confirm 1 --out renewed"),
    once("license amend", "acme.lic --seats 50 --out new.lic"),
    once("license suspend", "acme.lic --note unpaid"),
    once("license reinstate", "bolt.lic"),
    once("license revoke", "acme.lic --reason fraud --effective 2027-02-01 --confirm {acme}"),
    once("license import", "gifts.jsonl"),
    once("status publish", "--out lists"),
    once("audit checkpoint", "--out acme.checkpoint"),
    once("activation grant", "acme.request --out answer.lic"),
    once("activation grant", "seat-back.request --lease 1y"),
    once("activation revoke", "{seat} --note copied"),
    once("activation release", "{seat} --note dead"),
    once("audit import", "seat.report"),
    // Killed when lictor.toml has the new list already and the ledger is still the old one, it wants another list: this
    // one might have been used in between.
    Victim {
        repeated_at: "2026-11-22T09:01:00Z",
        instead: Some(("urn:acme:status:9", "urn:acme:status:10")),
        ..once(
            "ledger restore",
            "backup.db --status-uri urn:acme:status:9 --replace --confirm acme-licensing",
        )
    },
    Victim {
        kind: Kind::Renaming,
        instead: Some(("acme-gmbh", "{nobody}")),
        ..once("customer erase", "acme-gmbh --running --confirm acme-gmbh")
    },
    Victim { again: "--force", kind: Kind::File, ..once("ledger backup", "copy.db") },
    Victim { again: "--force", kind: Kind::File, ..once("license export", "--out licenses.jsonl") },
    Victim { again: "--again", home: "lictor-quickstart/home", kind: Kind::Tour, ..once("quickstart", "") },
];

/// Commands without a request id that write all the same.
const OTHERS: [&str; 3] = ["ledger backup", "license export", "quickstart"];

#[test]
fn every_command_that_writes_is_killed() {
    fn walk(command: &clap::Command, path: &str, found: &mut Vec<String>) {
        for inner in command.get_subcommands() {
            let path = format!("{path} {}", inner.get_name()).trim().to_owned();
            if inner.get_arguments().any(|argument| argument.get_id() == "request_id") {
                found.push(path.clone());
            }
            walk(inner, &path, found);
        }
    }
    let mut writing: Vec<String> = OTHERS.map(Into::into).into();
    walk(&lictor_issuer::cli::grammar(), "", &mut writing);
    for command in &writing {
        assert!(
            VICTIMS.iter().any(|victim| victim.command == command),
            "`lictor {command}` changes something and is never killed: add a row to VICTIMS"
        );
    }
    for victim in VICTIMS {
        let known = writing.iter().any(|command| command == victim.command);
        assert!(known, "`lictor {}` is no command that writes any more", victim.command);
    }
}
