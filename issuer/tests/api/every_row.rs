//! Every row follows from the events: whatever value of whatever table is changed past the log, the check finds it. What tables
//! and columns there are is asked of the ledger itself, so that none is forgotten.

use lictor_issuer::activation::revoke_seat;
use lictor_issuer::audit::sign_checkpoint;
use lictor_issuer::key::export_keys;
use lictor_issuer::terms::{FromText as _, Span};
use lictor_issuer::{
    Changes, Earlier, Failure, Intent, Ledger, Occasion, Renewal, RenewedTerm, Request, RevocationReason,
    Terms, check, import, issue, publish, read_export, renew, revoke, suspend, visit_export,
};
use lictor_keys::PrivateKey;
use lictor_shared::Uri;
use rusqlite::types::Value;
use rusqlite::{Connection, params_from_iter};
use std::fs;
use std::path::PathBuf;

use crate::checkpoints::of_log;
use crate::deployment::Deployment;
use crate::import::{beside, with_list};
use crate::support::{NOW, Scratch, World, at, order, text};
use crate::usage::reported;

const LATER: &str = "2026-12-24T00:00:00Z";

/// Values that no event speaks for, each with why that is no harm.
const NOT_COVERED: [(&str, &str, &str); 0] = [];

/// A ledger in which every table has rows.
pub(crate) fn rich() -> World {
    // What arrives from another ledger: a license with a seat.
    let mut other = World::new();
    let issued = other.seats(2, 0);
    other.grant(&Deployment::new(&issued).activate());
    let mut export = String::new();
    visit_export(&other.ledger, &mut |_, line| {
        export.push_str(line);
        Ok(())
    })
    .unwrap();
    let mut world = beside(&other);
    world.add_product("dialer", Terms::default());
    world.add_product("crm", Terms::default());
    world.add_key(&PrivateKey::generate().unwrap(), |key| key).unwrap();
    let arriving = read_export(&world.ledger, export.as_bytes()).unwrap();
    let mut world = with_list(world, "urn:acme:status:2");
    import(&world.home, &mut world.ledger, &arriving, &at(NOW)).unwrap();
    seats(&mut world);
    standings(&mut world);
    export_keys(&mut world.ledger, &at(LATER)).unwrap();
    asked_once(&mut world);
    let issued = world.seats(1, 0);
    reported(&mut world, &issued, "dialer 7.2");
    signed(&mut world);
    world
}

fn lists(world: &World) -> Vec<Uri> {
    vec![world.home.config().status_uri.clone()]
}

/// Seats held, given back, taken away and denied; so many denials that the log's tree has a node of its own.
fn seats(world: &mut World) {
    let issued = world.seats(2, 1);
    let lists = lists(world);
    publish(&world.home, &mut world.ledger, &world.key, &lists, &at(NOW)).unwrap();
    let mut deployments: Vec<Deployment> = (0..4).map(|_| Deployment::new(&issued)).collect();
    for deployment in &mut deployments[..3] {
        let given = world.grant(&deployment.activate());
        deployment.take(&given);
    }
    let denied: Vec<_> = (0..250).map(|_| deployments[3].activate()).collect();
    world.answer(&denied, None, &at(NOW)).unwrap();
    world.grant(&deployments[0].release());
    let id = deployments[1].key.public().thumbprint().to_string();
    revoke_seat(&mut world.ledger, (&id, None), Some(&text("dead server")), &at(NOW)).unwrap();
    world.lease_at(&deployments[2].activate(), Some("30d"), NOW);
}

/// Licenses that were renewed, suspended and revoked.
fn standings(world: &mut World) {
    let ids = ["Bolt AG", "Initech", "Umbrella"]
        .map(|customer| world.issue(|order| order.customer = text(customer)).signed.license.id.to_string());
    let length = RenewedTerm::For(Span::from_text("1y").unwrap());
    let renewal = Renewal { length, changes: Changes::default(), earlier: Earlier::Revoke };
    renew(&world.home, &mut world.ledger, &world.key, &ids[0], &renewal, &at(LATER)).unwrap();
    suspend(&mut world.ledger, &ids[1], Some(&text("late")), &at(LATER)).unwrap();
    revoke(&mut world.ledger, &ids[2], RevocationReason::Fraud, None, &at(LATER)).unwrap();
    let lists = lists(world);
    publish(&world.home, &mut world.ledger, &world.key, &lists, &at(LATER)).unwrap();
}

/// A checkpoint of the log, and events behind it.
fn signed(world: &mut World) {
    let key = PrivateKey::generate().unwrap();
    world.add_key(&key, of_log).unwrap();
    sign_checkpoint(&mut world.ledger, &key, &at(LATER)).unwrap();
    export_keys(&mut world.ledger, &at(LATER)).unwrap();
}

fn asked_once(world: &mut World) {
    let request = Request::new(text("order-7"), &"a license".into());
    let once = Occasion { intent: Intent::MakeOnce(request), ..at(LATER) };
    issue(&world.home, &mut world.ledger, &world.key, &order(), &once).unwrap();
}

/// The bytes of a ledger, and where they are changed.
struct Forge {
    _scratch: Scratch,
    path: PathBuf,
    bytes: Vec<u8>,
}

/// What an intruder does before and after: nothing of SQLite's stands in his way, and he leaves no trace in it.
struct Intruder {
    connection: Connection,
    triggers: Vec<(String, String)>,
}

impl Forge {
    fn new(world: &World) -> Self {
        let scratch = Scratch::new();
        let path = scratch.0.join("ledger.db");
        world.ledger.backup(&path, lictor_issuer::durable::Existing::Keep).unwrap();
        Self { bytes: fs::read(&path).unwrap(), path, _scratch: scratch }
    }

    /// Checks the ledger after a change; `None`: the tables themselves refuse it.
    fn after(
        &self,
        change: impl FnOnce(&Connection) -> rusqlite::Result<usize>,
    ) -> Option<Result<(), Failure>> {
        for side in ["-wal", "-shm"] {
            let _ = fs::remove_file(format!("{}{side}", self.path.display()));
        }
        fs::write(&self.path, &self.bytes).unwrap();
        let intruder = Intruder::open(&self.path);
        let changed = change(&intruder.connection);
        intruder.leave();
        assert_eq!(changed.ok()?, 1);
        Some(Ledger::open(&self.path).and_then(|ledger| check(&ledger).map(drop)))
    }
}

impl Intruder {
    fn open(path: &std::path::Path) -> Self {
        let connection = Connection::open(path).unwrap();
        connection.execute_batch("PRAGMA foreign_keys = OFF; PRAGMA synchronous = OFF").unwrap();
        let triggers = pairs(&connection, "SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'");
        for (name, _) in &triggers {
            connection.execute_batch(&format!("DROP TRIGGER {name}")).unwrap();
        }
        Self { connection, triggers }
    }

    fn leave(self) {
        for (_, sql) in &self.triggers {
            self.connection.execute_batch(sql).unwrap();
        }
        self.connection.execute_batch("REINDEX").unwrap();
    }
}

fn pairs(connection: &Connection, query: &str) -> Vec<(String, String)> {
    let mut statement = connection.prepare(query).unwrap();
    let rows = statement.query_map((), |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
    rows.map(Result::unwrap).collect()
}

/// A table, and all that is in it.
struct Table {
    name: String,
    columns: Vec<String>,
    /// Columns of which the values are in one row alone.
    unique: Vec<usize>,
    rows: Vec<Vec<Value>>,
}

fn tables(connection: &Connection) -> Vec<Table> {
    let names = pairs(
        connection,
        "SELECT name, name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name",
    );
    names.into_iter().map(|(name, _)| table(connection, name)).collect()
}

fn table(connection: &Connection, name: String) -> Table {
    let columns =
        pairs(connection, &format!("SELECT name, type FROM pragma_table_info('{name}') ORDER BY cid"));
    let columns: Vec<String> = columns.into_iter().map(|(column, _)| column).collect();
    let unique = pairs(
        connection,
        &format!(
            "SELECT name, '' FROM pragma_table_info('{name}') WHERE pk > 0 UNION SELECT info.name, '' \
             FROM pragma_index_list('{name}') AS list, pragma_index_info(list.name) AS info WHERE list.\"unique\" = 1"
        ),
    );
    let place = |(column, _): &(String, String)| columns.iter().position(|known| known == column).unwrap();
    let unique = unique.iter().map(place).collect();
    let mut statement = connection.prepare(&format!("SELECT * FROM {name}")).unwrap();
    let read = |row: &rusqlite::Row<'_>| (0..columns.len()).map(|column| row.get(column)).collect();
    let rows = statement.query_map((), read).unwrap().map(Result::unwrap).collect();
    Table { name, columns, unique, rows }
}

impl Table {
    /// The first row, one in the middle and the last.
    fn some_rows(&self) -> Vec<&Vec<Value>> {
        let mut places = vec![0, self.rows.len() / 2, self.rows.len() - 1];
        places.dedup();
        places.into_iter().map(|place| &self.rows[place]).collect()
    }

    fn is_row(&self) -> String {
        let same = self.columns.iter().enumerate().map(|(place, name)| format!("{name} IS ?{}", place + 1));
        same.collect::<Vec<_>>().join(" AND ")
    }

    /// Other values that could stand in a column, the plausible ones first: those of other rows.
    fn others(&self, column: usize, value: &Value) -> Vec<Value> {
        let mut others: Vec<Value> =
            self.rows.iter().map(|row| row[column].clone()).filter(|other| other != value).take(3).collect();
        match value {
            Value::Integer(number) => others.extend([number + 1, number - 1, 1 - number].map(Value::Integer)),
            Value::Null => {
                others.extend([Value::Integer(5), Value::Text("x".into()), Value::Blob(vec![7; 32])])
            }
            _ => others.extend(flipped(value)),
        }
        others.retain(|other| other != value);
        others
    }
}

/// The value with one bit flipped in its middle.
fn flipped(value: &Value) -> Option<Value> {
    match value {
        Value::Text(text) if !text.is_empty() => {
            let mut bytes = text.clone().into_bytes();
            let middle = bytes.len() / 2;
            bytes[middle] ^= 1;
            Some(String::from_utf8(bytes).map_or_else(|_| Value::Text(format!("{text}x")), Value::Text))
        }
        Value::Blob(bytes) if !bytes.is_empty() => {
            let mut bytes = bytes.clone();
            let middle = bytes.len() / 2;
            bytes[middle] ^= 1;
            Some(Value::Blob(bytes))
        }
        _ => None,
    }
}

#[track_caller]
fn is_found(checked: &Result<(), Failure>, what: &str) -> Option<String> {
    match checked {
        Ok(()) => Some(format!("{what}: not found")),
        Err(failure) if failure.exit_code() != 32 => Some(format!("{what}: {}", failure.message)),
        Err(_) => None,
    }
}

#[test]
fn every_table_has_rows() {
    let world = rich();
    check(&world.ledger).unwrap();
    for table in tables(&Connection::open(world.ledger.path()).unwrap()) {
        assert!(!table.rows.is_empty(), "{}: fill it in rich()", table.name);
    }
}

#[test]
fn a_value_that_was_changed_is_found_in_every_column() {
    let world = rich();
    let forge = Forge::new(&world);
    let mut missed = Vec::new();
    for table in tables(&Connection::open(&forge.path).unwrap()) {
        for (place, column) in table.columns.iter().enumerate() {
            if NOT_COVERED.iter().any(|(of, name, _)| (*of, *name) == (&table.name, column)) {
                continue;
            }
            for row in table.some_rows() {
                missed.extend(changed(&forge, &table, (place, column), row));
            }
        }
    }
    assert!(missed.is_empty(), "{}", missed.join("\n"));
}

/// Changes a value to the first plausible one that the table takes, and flips a bit of it.
fn changed(forge: &Forge, table: &Table, (place, column): (usize, &String), row: &[Value]) -> Vec<String> {
    let update = format!("UPDATE {} SET {column} = ?{} WHERE {}", table.name, row.len() + 1, table.is_row());
    let to = |ignore: bool, value: &Value| {
        forge.after(|connection| {
            connection.pragma_update(None, "ignore_check_constraints", ignore)?;
            connection.execute(&update, params_from_iter(row.iter().chain([value])))
        })
    };
    let what = |value: &Value| format!("{}.{column} from {:?} to {value:?}", table.name, row[place]);
    let others = table.others(place, &row[place]);
    // Where the table refuses all of them, an intruder goes past that too.
    let tried = others.iter().find_map(|value| Some((value, to(false, value)?)));
    let tried = tried.or_else(|| others.iter().find_map(|value| Some((value, to(true, value)?))));
    let mut missed = match tried {
        None => vec![format!("{}.{column}: nothing could be written", table.name)],
        Some((value, checked)) => is_found(&checked, &what(value)).into_iter().collect(),
    };
    if let Some(value) = flipped(&row[place])
        && let Some(checked) = to(false, &value)
    {
        missed.extend(is_found(&checked, &what(&value)));
    }
    missed
}

#[test]
fn a_row_that_was_deleted_is_found_in_every_table() {
    let world = rich();
    let forge = Forge::new(&world);
    let mut missed = Vec::new();
    for table in tables(&Connection::open(&forge.path).unwrap()) {
        let delete = format!("DELETE FROM {} WHERE {}", table.name, table.is_row());
        for row in table.some_rows() {
            let checked = forge.after(|connection| connection.execute(&delete, params_from_iter(row)));
            missed.extend(is_found(&checked.unwrap(), &format!("{}: {row:?}", table.name)));
        }
    }
    assert!(missed.is_empty(), "{}", missed.join("\n"));
}

#[test]
fn a_row_that_was_added_is_found_in_every_table() {
    let world = rich();
    let forge = Forge::new(&world);
    let mut missed = Vec::new();
    for table in tables(&Connection::open(&forge.path).unwrap()) {
        let values: Vec<String> = (1..=table.columns.len()).map(|place| format!("?{place}")).collect();
        let insert = format!("INSERT INTO {} VALUES ({})", table.name, values.join(", "));
        for row in table.some_rows() {
            let mut added = row.clone();
            for place in &table.unique {
                added[*place] = unlike_all(&table, *place, &row[*place]);
            }
            let what = format!("{}: {added:?}", table.name);
            let checked = forge.after(|connection| {
                connection.pragma_update(None, "ignore_check_constraints", true)?;
                connection.execute(&insert, params_from_iter(&added))
            });
            missed.extend(is_found(&checked.expect(&what), &what));
        }
    }
    assert!(missed.is_empty(), "{}", missed.join("\n"));
}

/// A value that stands in no row of the column.
fn unlike_all(table: &Table, place: usize, value: &Value) -> Value {
    let integers = table.rows.iter().filter_map(|row| match row[place] {
        Value::Integer(number) => Some(number),
        _ => None,
    });
    match value {
        Value::Integer(_) => Value::Integer(integers.max().unwrap_or_default() + 1),
        Value::Text(text) => Value::Text(format!("{text}0")),
        other => other.clone(),
    }
}

/// Of an exception the reason is given.
#[test]
fn what_is_not_covered_is_said_with_a_reason() {
    let world = rich();
    let tables = tables(&Connection::open(world.ledger.path()).unwrap());
    for (table, column, why) in NOT_COVERED {
        let known =
            tables.iter().any(|known| known.name == table && known.columns.iter().any(|it| it == column));
        assert!(known && !why.is_empty(), "{table}.{column}");
    }
}
