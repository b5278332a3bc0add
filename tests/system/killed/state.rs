//! What can be told of a home: its ledger in a form in which two runs of one command are the same, and its files.

use rusqlite::Connection;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// Each gives one text a row: all that matters, and nothing that is drawn at random.
const TOLD: [&str; 13] = [
    "SELECT 'event ' || kind FROM event ORDER BY seq",
    "SELECT 'key ' || state || ' ' || COALESCE(distrust_after, '') || COALESCE(destroyed_at, '') FROM signing_key ORDER BY seq",
    "SELECT 'product ' || name FROM product ORDER BY name",
    "SELECT 'license ' || state || ' ' || COALESCE(since, '') || COALESCE(reason, '') FROM license ORDER BY 1",
    "SELECT 'revision ' || revision || ' ' || status || ' ' || COALESCE(status_entry.since, '') \
     FROM revision JOIN status_entry USING (list, idx) ORDER BY seq",
    "SELECT 'list ' || uri || ' ' || sequence FROM status_list ORDER BY id",
    "SELECT 'request ' || id FROM request ORDER BY seq",
    "SELECT 'seats ' || active || ' of ' || COALESCE(ceiling, 'any') FROM seat_count ORDER BY license_id",
    "SELECT 'seat ' || number || ' ' || (deployment IS NULL) FROM seat ORDER BY license_id, number",
    "SELECT 'deployment ' || label || ' ' || state || ' ' || counter FROM deployment ORDER BY 1",
    "SELECT 'customer ' || id || ' ' || name FROM customer ORDER BY id",
    "SELECT 'kept ' || (SELECT COUNT(*) FROM personal) || ' texts, ' || (SELECT COUNT(*) FROM revision WHERE token <> '') \
     || ' licenses, ' || (SELECT COUNT(*) FROM seat_answer WHERE token <> '') || ' answers'",
    "SELECT 'activation ' || seat || ' ' || status FROM activation JOIN status_entry USING (list, idx) ORDER BY seq",
];

/// The ledger of a home, or nothing where there is no home.
pub(super) fn ledger(home: &Path) -> Vec<String> {
    if !home.exists() {
        return Vec::new();
    }
    let ledger = Connection::open(home.join("ledger.db")).expect("the ledger opens");
    let rows = |query: &str| -> Vec<String> {
        let mut statement = ledger.prepare(query).expect("a query");
        let rows = statement.query_map((), |row| row.get(0)).expect("it runs");
        rows.map(|row| row.expect("a text")).collect()
    };
    TOLD.iter().flat_map(|query| rows(query)).collect()
}

/// Whether a token is in the ledger.
pub(super) fn holds_token(home: &Path, token: &str) -> bool {
    let ledger = Connection::open(home.join("ledger.db")).expect("the ledger opens");
    let tables = ["revision", "seat_answer"];
    let found = tables.map(|table| {
        ledger.query_row(&format!("SELECT COUNT(*) FROM {table} WHERE token = ?1"), [token], |row| row.get(0))
    });
    found.into_iter().map(|found| found.unwrap_or(0)).sum::<i64>() == 1
}

/// Names, sizes and times of what is in a folder. What every command makes to open a ledger or to see whether there is
/// room is left aside, as long as nothing stands in it.
pub(super) fn traces(folder: &Path) -> BTreeMap<PathBuf, (u64, Option<SystemTime>)> {
    let mut found = BTreeMap::new();
    gather(folder, &mut found);
    found
}

fn gather(folder: &Path, found: &mut BTreeMap<PathBuf, (u64, Option<SystemTime>)>) {
    // While a command runs, what was listed may be gone.
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let Ok(metadata) = entry.metadata() else { continue };
        let path = entry.path();
        let name = entry.file_name().to_string_lossy().into_owned();
        if metadata.is_dir() {
            found.insert(path.clone(), (0, None));
            gather(&path, found);
        } else if !is_passing(&name, metadata.len()) {
            found.insert(path, (metadata.len(), metadata.modified().ok()));
        }
    }
}

fn is_passing(name: &str, bytes: u64) -> bool {
    name.ends_with("-shm") || (name.ends_with("-wal") && bytes == 0) || is_temporary(name)
}

pub(super) fn is_temporary(name: &str) -> bool {
    name.starts_with('.') && name.ends_with(".tmp")
}

/// Files that have their final names, with their bytes.
pub(super) fn files(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(folder).expect("it can be listed") {
        let path = entry.expect("an entry").path();
        let name = path.file_name().expect("a name").to_string_lossy().into_owned();
        if is_temporary(&name) {
            continue;
        }
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            found.insert(path.clone(), fs::read(&path).expect("it can be read"));
        }
    }
    found
}

/// Whether a file is whole, as its name says what it should be.
pub(super) fn is_whole(path: &Path, bytes: &[u8]) -> bool {
    let name = path.file_name().expect("a name").to_string_lossy().into_owned();
    let text = String::from_utf8_lossy(bytes);
    if name.ends_with(".lic") || name.ends_with(".pem") {
        return text.starts_with("-----BEGIN ") && text.contains("\n-----END ") && text.ends_with("-----\n");
    }
    if name.contains(".db") {
        // Side files are read with their ledger.
        return name.ends_with("-wal") || name.ends_with("-shm") || is_whole_database(path);
    }
    // Whatever else a command writes is named here, with what makes it whole.
    match name.as_str() {
        "lictor.toml" => text.ends_with("environments = [\"production\"]\n"),
        name if name.ends_with(".json") => serde_json::from_str::<serde_json::Value>(&text).is_ok(),
        name if name.ends_with(".jsonl") => {
            text.ends_with('\n')
                && text.lines().all(|line| serde_json::from_str::<serde_json::Value>(line).is_ok())
        }
        name if name.ends_with(".checkpoint") => {
            text.lines().any(|line| line.starts_with("\u{2014} ")) && text.ends_with('\n')
        }
        ".gitignore" => text.ends_with("*\n"),
        _ => false,
    }
}

fn is_whole_database(path: &Path) -> bool {
    let database = Connection::open(path).expect("it opens");
    let told: Result<String, _> = database.query_row("PRAGMA integrity_check", (), |row| row.get(0));
    told.is_ok_and(|told| told == "ok")
}
