//! Every command, and how the matrix gives it.

/// What a command may do to the home.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Does {
    /// It writes nothing.
    Reads,
    /// It changes no byte of the home, and may write a file elsewhere.
    Gives,
    /// It may change the home.
    Writes,
}

/// A command of the grammar.
#[derive(Debug)]
pub(super) struct Row {
    pub(super) command: &'static str,
    pub(super) does: Does,
    /// The ways in which it is given: words behind the command, `{id}`, `{whole}` and `{file}` being the license
    /// and `{kid}` the key, `{asks}` a request for the license, and `{seat}` a deployment that holds one.
    pub(super) given: &'static [&'static str],
}

const fn reads(command: &'static str, given: &'static [&'static str]) -> Row {
    Row { command, does: Does::Reads, given }
}

const fn gives(command: &'static str, given: &'static [&'static str]) -> Row {
    Row { command, does: Does::Gives, given }
}

const fn writes(command: &'static str, given: &'static [&'static str]) -> Row {
    Row { command, does: Does::Writes, given }
}

/// A row for every command of the grammar. What stands in `given` should lead to each exit code that the state of licenses
/// and keys can lead to, and to each mistake that only a look into the home shows; one that is the same in every state
/// is made with one license, named by its file.
pub(super) const ROWS: &[Row] = &[
    writes("init", &["--issuer acme-licensing --status-uri urn:acme:status:0"]),
    writes("key new", &["--no-passphrase", "--passphrase-file passphrase", "--passphrase-file absent"]),
    writes("key import", &["own.pem --no-passphrase", "absent.pem --no-passphrase"]),
    reads("key list", &[""]),
    writes("key export", &["", "--out keys.json", "--out anchors.json"]),
    writes("key activate", &["{kid}", "{kid} --unshipped"]),
    writes("key retire", &["{kid}", "{kid} --without-successor"]),
    writes(
        "key distrust",
        &[
            "{kid} --after 2027-01-01T00:00:00Z --confirm {kid}",
            "{kid} --after 2027-03-01T00:00:00Z --confirm {kid}",
            "{kid} --after 2027-01-01T00:00:00Z",
        ],
    ),
    writes("key destroy", &["{kid} --confirm {kid}", "{kid}"]),
    writes(
        "key passphrase",
        &[
            "{kid} --passphrase-file passphrase --no-passphrase",
            "{kid} --new-passphrase-file passphrase",
            "{kid} --passphrase-file absent --no-passphrase",
        ],
    ),
    writes("product add", &["desk --plan pro", "dialer --plan pro", "desk --plan pro --plan pro"]),
    reads("product list", &[""]),
    reads("product show", &["dialer", "desk"]),
    writes("license issue", ISSUE),
    writes("issue", ISSUE),
    writes(
        "license renew",
        &[
            "{id} --term 1y",
            "{id} --until 2026-11-23",
            "active.lic --term 1y --revoke-previous",
            "active.lic --term 1y --plan gold",
            "--expiring-within 400d --term 1y --out renewed --confirm 2",
            "--expiring-within 400d --term 1y --out renewed",
            "--expiring-within 1d --term 1y --out renewed",
            "--from rows.csv --term 1y --out many",
            "--from absent.csv --term 1y --jsonl",
        ],
    ),
    writes(
        "license amend",
        &["{id} --seats 50", "{id}", "active.lic --overage 0 --seats 7 --revoke-previous"],
    ),
    writes("license suspend", &["{id}", "active.lic --note waits"]),
    writes("license reinstate", &["{id}", "suspended.lic"]),
    writes(
        "license revoke",
        &[
            "{id} --reason fraud --confirm {whole}",
            "{id} --reason fraud",
            "active.lic --reason contract-ended --effective 2027-02-01",
            "active.lic --reason contract-ended --effective 2024-02-01",
            "suspended.lic --reason contract-ended --effective 2027-02-01",
            "--from rows.csv --reason fraud --confirm 1",
            "--from rows.csv --reason fraud",
            "--from absent.csv --reason fraud --confirm 1",
        ],
    ),
    reads(
        "license list",
        &[
            "",
            "--limit 2 --sort expires --reverse",
            "--state active --state grace --product dialer --plan pro --customer acme-gmbh",
            "--expiring 400d",
            "--revoked",
            "--after 0198c0d2-6c1e-7a33-9d5e-2f6f2b1d9a10",
        ],
    ),
    gives("license show", &["{id}", "{file}", "{id} --out new.lic", "active.lic --out anchors.json"]),
    reads("license inspect", &["{file}", "active.lic --keys anchors.json", "active.lic --keys absent.json"]),
    writes(
        "license import",
        &["licenses.jsonl", "earlier.jsonl", "others.jsonl", "anchors.json", "absent.jsonl"],
    ),
    gives("license export", &["", "--out new.jsonl", "--out anchors.json"]),
    writes(
        "activation grant",
        &[
            "{asks}",
            "active.request again.request --lease 90d --out answer.lic",
            "back.request",
            "beyond.request",
            "old.request",
            "desk.request",
            "active.lic",
            "seat.request --out anchors.json",
            "inbox --out answers",
            "letters --out answers",
        ],
    ),
    reads("activation list", &["", "--license {id}", "--customer acme-gmbh --limit 1", "--customer Nobody"]),
    reads("activation show", &["{seat}", "{both}", "{both} --license {id}", "nobody-at-all"]),
    reads("activation inspect", &["{asks}", "answered.lic", "absent.request"]),
    writes(
        "activation revoke",
        &["{seat}", "{seat} --license {id}", "{both} --note copied", "nobody-at-all"],
    ),
    writes("activation release", &["{seat} --note dead", "{both}", "nobody-at-all"]),
    reads("audit log", &["", "--license {id}", "--kind license", "--kind nothing"]),
    reads("audit show", &["1", "{id}", "999999"]),
    reads("audit activations", &["", "--license {id}", "--customer acme-gmbh", "--by customer"]),
    writes("audit import", &["seat.report", "nobody.report", "desk.report", "active.lic", "absent.report"]),
    reads(
        "audit usage",
        &["", "--license {id}", "--limit 1", "--report 019c1f6a-0800-7c11-9a2b-000000000001"],
    ),
    gives("audit report", &["", "--html page.html", "--csv figures", "--html anchors.json"]),
    reads(
        "audit verify",
        &["", "--against acme.checkpoint", "--against others.checkpoint", "--against absent.checkpoint"],
    ),
    writes("audit checkpoint", &["", "--out new.checkpoint", "--out anchors.json"]),
    gives("audit key", &["", "--all", "--out new.vkey", "--out anchors.json"]),
    writes("audit prove", &["1", "{id}", "999999", "1 --out anchors.json"]),
    reads(
        "audit check-proof",
        &["acme.proof --key acme.vkey", "spoiled.proof --key acme.vkey", "absent.proof --key acme.vkey"],
    ),
    writes("audit export", &["acme-log", "new-log", "lists"]),
    reads(
        "audit check-export",
        &["acme-log --key acme.vkey", "acme-log --key others.vkey", "absent --key acme.vkey"],
    ),
    writes(
        "customer erase",
        &[
            "acme-gmbh --confirm acme-gmbh",
            "acme-gmbh --running --confirm acme-gmbh",
            "acme-gmbh --running",
            "Nobody --confirm Nobody",
        ],
    ),
    reads("customer list", &[""]),
    reads("customer show", &["acme-gmbh", "Nobody"]),
    writes(
        "status publish",
        &["", "--out lists", "--out lists --changed", "--out taken", "--out anchors.json"],
    ),
    reads("status show", &["lists/0.lic", "absent.lic"]),
    reads("ledger verify", &[""]),
    gives("ledger backup", &["copy.db", "anchors.json"]),
    writes(
        "ledger restore",
        &[
            "backup.db --status-uri urn:acme:status:9",
            "backup.db --status-uri urn:acme:status:9 --replace --confirm acme-licensing",
            "backup.db --status-uri urn:acme:status:9 --replace --confirm bolt",
            "backup.db --status-uri urn:acme:status:9 --replace",
            "another.db --status-uri urn:acme:status:9 --replace --confirm acme-licensing",
            "absent.db --status-uri urn:acme:status:9 --replace --confirm acme-licensing",
        ],
    ),
    reads("doctor", &[""]),
    reads(
        "verify",
        &[
            "{file} --product dialer",
            "{file} --product dialer --keys anchors.json --status lists/0.lic --at 2026-12-20T00:00:00Z",
            "active.lic --product desk --keys anchors.json",
            "{file} --product dialer --keys anchors.json --strict",
            "seats.lic --product dialer --keys anchors.json",
        ],
    ),
    reads("explain", &["expired", "expird"]),
    writes("quickstart", &[""]),
    reads("completions", &["bash"]),
    gives("man", &["pages", "theirs", "anchors.json"]),
    reads("help", &["", "exit-codes", "license renew", "exit-code"]),
];

const ISSUE: &[&str] = &[
    "--product dialer --plan pro --customer Bolt --term 1y",
    "--product dialer --plan gold --customer Bolt --term 1y",
    "--product dialer --plan pro --customer Bolt --until 2026-01-31",
    "--product dialer --plan pro --customer Bolt --term 1y --out anchors.json",
    "--from orders.csv --out many",
    "--from absent.csv --jsonl",
];

/// Every command of the grammar that does something itself.
pub(super) fn leaves() -> Vec<String> {
    fn walk(command: &clap::Command, path: &str, found: &mut Vec<String>) {
        for inner in command.get_subcommands() {
            let path = format!("{path} {}", inner.get_name()).trim().to_owned();
            if inner.has_subcommands() {
                walk(inner, &path, found);
            } else {
                found.push(path);
            }
        }
    }
    let mut found = Vec::new();
    walk(&lictor_issuer::cli::grammar(), "", &mut found);
    found
}

/// Whether a command can only be tried.
pub(super) fn can_be_tried(command: &str) -> bool {
    let grammar = lictor_issuer::cli::grammar();
    let mut found = &grammar;
    for word in command.split(' ') {
        found = found.find_subcommand(word).expect("a command of the grammar");
    }
    found.get_arguments().any(|argument| argument.get_id() == "dry_run")
}

#[test]
fn every_command_has_a_row() {
    let leaves = leaves();
    for leaf in &leaves {
        assert!(
            ROWS.iter().any(|row| row.command == leaf),
            "`lictor {leaf}` has no row: add one to ROWS that says how it is given and whether it changes the home, then \
             one to the table of answers in OPERATING.md"
        );
    }
    for row in ROWS {
        assert!(
            leaves.iter().any(|leaf| leaf == row.command),
            "there is no `lictor {}` any more",
            row.command
        );
    }
}
