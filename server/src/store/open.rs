//! Which store an address stands for: the one place that names them.

use std::path::Path;
use std::sync::Arc;

use super::redis::RedisStore;
use super::sqlite::SqliteStore;
use super::{Feed, Store, StoreError, StoreOptions, StoreUrl};

/// Opens the store at `url`; its news go to `feed`.
///
/// # Errors
/// [`StoreError::Open`], with what to do.
pub async fn open(
    url: &StoreUrl,
    options: &StoreOptions,
    feed: Option<Feed>,
) -> Result<Arc<dyn Store>, StoreError> {
    Ok(match url {
        StoreUrl::File(path) => {
            let store = SqliteStore::open(path, options, feed).await?;
            Arc::new(store)
        }
        StoreUrl::Redis(url) => Arc::new(RedisStore::open(url, options, feed).await?),
    })
}

/// Opens the file at `path` to be read beside the server that has it open.
///
/// # Errors
/// [`StoreError::Open`], with what to do.
pub async fn open_beside(path: &Path) -> Result<Arc<dyn Store>, StoreError> {
    Ok(Arc::new(SqliteStore::open_beside(path).await?))
}
