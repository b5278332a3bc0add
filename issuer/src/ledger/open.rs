//! Creating a ledger, and opening one. Creating is not opening: neither does the other's work.

use core::time::Duration;
use lictor_shared::{Text, Uri, Uuid};
use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags, TransactionBehavior};
use std::fs::OpenOptions;
use std::io;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use super::events;
use super::fault::{OrFault, RESTORE};
use super::file_id::FileId;
use super::hold::log_of;
use super::requests;
use super::schema;
use super::value::Word;
use super::{Ledger, PATIENCE};
use crate::created::Created;
use crate::durable;
use crate::entropy;
use crate::error::{Failure, FailureKind};
use crate::event::EventKind;
use crate::occasion::Occasion;
use crate::outcome::Outcome as _;

const INSERT_ISSUER: &str = "INSERT INTO issuer (one, ledger_id, name) VALUES (1, ?1, ?2)";
const SELECT_ISSUER: &str = "SELECT ledger_id, name FROM issuer WHERE one = 1";

impl Ledger {
    /// Creates a ledger with its first event, `issuer.created`. The file must not exist.
    ///
    /// A crash in between leaves a file that [`Ledger::open`] refuses; that no home is left with such a file is the
    /// home's part.
    ///
    /// # Errors
    /// [`FailureKind::Conflict`] if the file exists, [`FailureKind::CannotWrite`] if it cannot be written.
    pub fn create(
        path: &Path,
        issuer: &Text,
        status_uri: &Uri,
        occasion: &Occasion,
    ) -> Result<Self, Failure> {
        // Before SQLite sees it, so that it is readable by its owner only from the first byte on. SQLite gives its
        // side files the mode of the database.
        let created = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
        drop(created.map_err(|error| match error.kind() {
            io::ErrorKind::AlreadyExists => {
                let path = path.display();
                Failure::new(FailureKind::Conflict, format!("{path} exists already; it was left as it is."))
            }
            _ => durable::cannot_write(path)(error),
        })?);
        let mut connection = connect(path, PATIENCE)?;
        connection.pragma_update(None, "application_id", schema::APPLICATION).or_fault()?;
        write_ahead(&connection, path)?;
        settle(&connection)?;
        let id = entropy::uuid(occasion.at)?;
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate).or_fault()?;
        schema::migrate(&transaction)?;
        transaction.execute(INSERT_ISSUER, (Word(id), Word(issuer))).or_fault()?;
        let created = Created { issuer: issuer.clone(), status_uri: status_uri.clone(), ledger: id };
        events::append(&transaction, occasion, EventKind::IssuerCreated, created.facts(occasion))?;
        if let Some(request) = occasion.request() {
            requests::answered(&transaction, occasion, request, &created.answer())?;
        }
        // Before this line there is no table and no event, after it there are all tables and the first event.
        transaction.commit().or_fault()?;
        let file = FileId::of(path).ok_or_else(|| damaged(path, "is missing"))?;
        Ok(Self {
            connection,
            path: path.into(),
            file,
            issuer: issuer.clone(),
            id,
            dry_run: None,
            patience: PATIENCE,
        })
    }

    /// Opens a ledger that exists.
    ///
    /// # Errors
    /// [`FailureKind::Ledger`] if it is damaged or held by another process, [`FailureKind::CannotRead`] if it cannot be
    /// read or was written by a later program.
    pub fn open(path: &Path) -> Result<Self, Failure> {
        Self::open_with_patience(path, PATIENCE)
    }

    /// The same, with another time to wait for processes that hold the ledger.
    ///
    /// # Errors
    /// As [`Ledger::open`].
    pub fn open_with_patience(path: &Path, patience: Duration) -> Result<Self, Failure> {
        let file = readable(path)?;
        if let Err(failure) = make_room(path) {
            return if is_protected(&failure) { Self::open_protected(path) } else { Err(failure) };
        }
        let mut connection = connect(path, patience)?;
        // Nothing is written to a file before it has shown to be a ledger.
        let application: i32 =
            connection.pragma_query_value(None, "application_id", |row| row.get(0)).or_fault()?;
        // Whoever waited for a restore has the ledger that made way: he has read in it, and writes nothing.
        file.still_bears(path)?;
        if application != schema::APPLICATION {
            return Err(damaged(path, "is no ledger: its application_id is another one"));
        }
        match schema::version(&connection)? {
            0 => return Err(damaged(path, "has no tables")),
            schema::VERSION => {}
            _ => upgrade(&mut connection)?,
        }
        write_ahead(&connection, path)?;
        Self::opened(connection, path, (file, patience))
    }

    /// Opens a ledger where nothing can be written, as on a backup that is mounted read-only: to read in it. Changes are
    /// refused when they begin.
    fn open_protected(path: &Path) -> Result<Self, Failure> {
        if std::fs::metadata(log_of(path)).is_ok_and(|log| log.len() > 0) {
            let message = format!(
                "The ledger {} has changes in its log that cannot be put in place here.",
                path.display()
            );
            return Err(Failure::new(FailureKind::CannotRead, message)
                .hint("Copy the whole home to a folder that can be written, and read it there.")
                .with("path", path.display().to_string()));
        }
        // Nobody else writes to what cannot be written.
        Self::open_settled(path)
    }

    /// Opens a file that nobody changes meanwhile, to read in it: without locks and without side files.
    pub(crate) fn open_settled(path: &Path) -> Result<Self, Failure> {
        let file = readable(path)?;
        let flags =
            OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_URI;
        let connection = Connection::open_with_flags(immutable(path), flags).or_fault()?;
        let application: i32 =
            connection.pragma_query_value(None, "application_id", |row| row.get(0)).or_fault()?;
        if application != schema::APPLICATION {
            return Err(damaged(path, "is no ledger: its application_id is another one"));
        }
        if schema::version(&connection)? != schema::VERSION {
            let message = format!("The ledger {} was written by an earlier program.", path.display());
            return Err(Failure::new(FailureKind::CannotRead, message)
                .hint("Copy the whole home to a folder that can be written, and read it there."));
        }
        Self::opened(connection, path, (file, PATIENCE))
    }

    fn opened(
        connection: Connection,
        path: &Path,
        (file, patience): (FileId, Duration),
    ) -> Result<Self, Failure> {
        settle(&connection)?;
        let owner = connection.query_row(SELECT_ISSUER, (), |row| Ok((row.get(0)?, row.get(1)?)));
        let (Word(id), Word(issuer)): (Word<Uuid>, Word<Text>) = owner.or_fault()?;
        Ok(Self { connection, path: path.into(), file, issuer, id, dry_run: None, patience })
    }
}

/// The file with this name. It is looked at and not opened: closing a handle of one's own would give up every lock that
/// this process has on it, also those of a ledger that another thread has open (POSIX advisory locks; sqlite.org,
/// "How To Corrupt An SQLite Database File", 2.2).
fn readable(path: &Path) -> Result<FileId, Failure> {
    let found = std::fs::metadata(path).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => damaged(path, "is missing"),
        _ => durable::cannot_read(path)(error),
    })?;
    if !found.is_file() {
        let message = format!("{} is no file, so it is no ledger.", path.display());
        return Err(Failure::new(FailureKind::CannotRead, message)
            .hint("Move it away; then: lictor ledger restore FILE --status-uri URI")
            .with("path", path.display().to_string()));
    }
    FileId::of(path).ok_or_else(|| damaged(path, "is missing"))
}

/// Whether a place cannot be written because it is protected, not because it is full.
fn is_protected(failure: &Failure) -> bool {
    let source = failure.source.as_ref().and_then(|source| source.downcast_ref::<io::Error>());
    source.is_some_and(|error| {
        matches!(error.kind(), io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem)
    })
}

/// The URI of a file that does not change while it is open (sqlite.org/uri.html).
fn immutable(path: &Path) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'/' | b'.' | b'_' | b'-');
    let escape =
        |byte: &u8| if plain(*byte) { char::from(*byte).to_string() } else { format!("%{byte:02X}") };
    let path: String = path.as_os_str().as_bytes().iter().map(escape).collect();
    format!("file:{path}?immutable=1")
}

fn damaged(path: &Path, what: &str) -> Failure {
    Failure::new(FailureKind::Ledger, format!("The ledger {} {what}.", path.display()))
        .hint(RESTORE)
        .with("path", path.display().to_string())
}

/// Never creates: without `SQLITE_OPEN_CREATE`, and without URIs, so that no path means more than a file.
pub(super) fn connect(path: &Path, patience: Duration) -> Result<Connection, Failure> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags).or_fault()?;
    connection.busy_timeout(patience).or_fault()?;
    Ok(connection)
}

/// Bytes of the index of the write-ahead log, which the first process that opens a ledger makes beside it.
const LOG_INDEX_BYTES: usize = 32 * 1024;

/// On a full disk SQLite would leave empty side files behind, so it is not even begun there.
fn make_room(path: &Path) -> Result<(), Failure> {
    let mut index = path.as_os_str().to_owned();
    index.push("-shm");
    if Path::new(&index).exists() { Ok(()) } else { durable::probe(path, LOG_INDEX_BYTES) }
}

fn upgrade(connection: &mut Connection) -> Result<(), Failure> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate).or_fault()?;
    // Looks at the version again, now that no other process can change it.
    schema::migrate(&transaction)?;
    transaction.commit().or_fault()
}

/// The write-ahead log: a property of the file, kept by it.
fn write_ahead(connection: &Connection, path: &Path) -> Result<(), Failure> {
    let read = |row: &rusqlite::Row<'_>| row.get(0);
    let mode: String = connection.pragma_query_value(None, "journal_mode", read).or_fault()?;
    if mode == "wal" {
        return Ok(());
    }
    let mode: String = connection.pragma_update_and_check(None, "journal_mode", "WAL", read).or_fault()?;
    if mode == "wal" {
        return Ok(());
    }
    let path = path.display();
    Err(Failure::new(
        FailureKind::CannotWrite,
        format!("{path} lies on a file system without shared memory."),
    )
    .hint("Put the home on a local disk; network file systems lose ledgers."))
}

/// Prepared statements that a connection keeps: more than there are, those that put in several rows counted for each number of rows.
const STATEMENTS: usize = 512;

/// Pages that a connection keeps in memory, in KiB.
const CACHE_KIB: i64 = 64 * 1024;

/// What every connection needs anew.
pub(super) fn settle(connection: &Connection) -> Result<(), Failure> {
    // A commit is on disk when it returns.
    connection.pragma_update(None, "synchronous", "FULL").or_fault()?;
    // On macOS an ordinary fsync stops at the drive's cache; elsewhere these two mean nothing.
    connection.pragma_update(None, "fullfsync", true).or_fault()?;
    connection.pragma_update(None, "checkpoint_fullfsync", true).or_fault()?;
    connection.pragma_update(None, "foreign_keys", true).or_fault()?;
    // What is erased is overwritten.
    connection.pragma_update(None, "secure_delete", true).or_fault()?;
    // A prepared statement keeps its plan: otherwise each value bound to one that a partial index might serve has it parsed anew,
    // which costs more than running it.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true).or_fault()?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    // Negative: in KiB (sqlite.org/pragma.html#pragma_cache_size).
    connection.pragma_update(None, "cache_size", -CACHE_KIB).or_fault()?;
    // A ledger that somebody tampered with does not run his functions, and damaged pages show early.
    connection.pragma_update(None, "trusted_schema", false).or_fault()?;
    connection.pragma_update(None, "cell_size_check", true).or_fault()
}
