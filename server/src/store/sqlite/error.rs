//! What SQLite's errors mean, in words for operators.

use crate::store::StoreError;

/// What went wrong, in words for the one who chose the path.
pub(super) fn explain(error: &rusqlite::Error) -> String {
    use rusqlite::ErrorCode;
    match error.sqlite_error_code() {
        Some(ErrorCode::NotADatabase) => {
            "it is not an ordertop store: give another path, or move that file away".into()
        }
        Some(ErrorCode::CannotOpen | ErrorCode::PermissionDenied) => {
            "it cannot be read or made: check the path and its permissions".into()
        }
        Some(ErrorCode::ReadOnly) => "it cannot be written: check its permissions".into(),
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
            "another program is using it".into()
        }
        Some(ErrorCode::DiskFull) => "the disk is full".into(),
        _ => error.to_string(),
    }
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Failed(explain(&error))
    }
}
