//! What SQLite says, as a failure.

use rusqlite::{Error, ErrorCode};

use crate::error::{Failure, FailureKind};

/// For results of statements.
pub(crate) trait OrFault<T> {
    /// The value, or the failure that the error stands for.
    fn or_fault(self) -> Result<T, Failure>;
}

impl<T> OrFault<T> for rusqlite::Result<T> {
    fn or_fault(self) -> Result<T, Failure> {
        self.map_err(fault)
    }
}

/// Whether a failure says that another process holds the ledger, which is no damage.
pub(crate) fn is_held(failure: &Failure) -> bool {
    let source = failure.source.as_ref().and_then(|source| source.downcast_ref::<Error>());
    let code = source.and_then(Error::sqlite_error_code);
    matches!(code, Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked))
}

/// Whether a failure says that there was no room to write.
pub(crate) fn is_full(failure: &Failure) -> bool {
    let source = failure.source.as_ref().and_then(|source| source.downcast_ref::<Error>());
    let code = source.and_then(Error::sqlite_error_code);
    failure.kind == FailureKind::CannotWrite
        && matches!(code, Some(ErrorCode::DiskFull | ErrorCode::SystemIoFailure))
}

/// What to do where the ledger is damaged. A copy that is put in its place by hand opens no new list.
pub(crate) const RESTORE: &str = "Restore a backup with: lictor ledger restore FILE --status-uri URI --replace (it keeps \
    the damaged ledger aside; a copy put there by hand would hand out list entries twice)";

const LACKING: &str = "The ledger is damaged: it lacks what this program made";

fn fault(error: Error) -> Failure {
    let (kind, sentence, hint) = match &error {
        Error::SqliteFailure(failure, _) => of_code(failure),
        // A column that does not hold what only this program writes there.
        Error::FromSqlConversionFailure(..)
        | Error::IntegralValueOutOfRange(..)
        | Error::InvalidColumnType(..) => {
            (FailureKind::Ledger, "The ledger is damaged: a row of it cannot be read", Some(RESTORE))
        }
        // The statements are this program's own, so what they miss has been taken away.
        Error::QueryReturnedNoRows => {
            (FailureKind::Ledger, "The ledger is damaged: a row of it is missing", Some(RESTORE))
        }
        Error::SqlInputError { .. } => (FailureKind::Ledger, LACKING, Some(RESTORE)),
        _ => (FailureKind::Unexpected, "The ledger refused a statement", None),
    };
    let failure = Failure::new(kind, format!("{sentence} ({error}).")).because(error);
    match hint {
        Some(hint) => failure.hint(hint),
        None => failure,
    }
}

fn of_code(failure: &rusqlite::ffi::Error) -> (FailureKind, &'static str, Option<&'static str>) {
    match failure.code {
        ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked => (
            FailureKind::Ledger,
            "Another process holds the ledger",
            Some(
                "Wait until it has finished, and repeat the command; `fuser -v` on ledger.db shows the process.",
            ),
        ),
        ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase => {
            (FailureKind::Ledger, "The ledger is damaged", Some(RESTORE))
        }
        _ if failure.extended_code == rusqlite::ffi::SQLITE_ERROR => {
            (FailureKind::Ledger, LACKING, Some(RESTORE))
        }
        ErrorCode::SystemIoFailure if is_read(failure.extended_code) => (
            FailureKind::CannotRead,
            "The ledger cannot be read",
            Some("Look at the disk and the file system that it lies on."),
        ),
        ErrorCode::DiskFull | ErrorCode::SystemIoFailure => (
            FailureKind::CannotWrite,
            "The ledger cannot be written, so nothing was changed",
            Some("Make room on its disk (and raise limits on the size of files), and repeat the command."),
        ),
        ErrorCode::ReadOnly => (
            FailureKind::CannotWrite,
            "The ledger may not be written, so nothing was changed",
            Some(
                "Run the command as the user whom the home belongs to, on a file system that can be written.",
            ),
        ),
        ErrorCode::CannotOpen | ErrorCode::PermissionDenied => (
            FailureKind::CannotRead,
            "The ledger cannot be opened",
            Some("Run the command as the user whom the home belongs to."),
        ),
        _ => (FailureKind::Unexpected, "The ledger refused a statement", None),
    }
}

/// `SQLITE_IOERR_READ` and `SQLITE_IOERR_SHORT_READ`; every other I/O error stands in the way of a change.
const fn is_read(extended_code: i32) -> bool {
    use rusqlite::ffi::{SQLITE_IOERR_READ, SQLITE_IOERR_SHORT_READ};
    extended_code == SQLITE_IOERR_READ || extended_code == SQLITE_IOERR_SHORT_READ
}
