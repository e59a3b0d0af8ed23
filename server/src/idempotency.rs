//! `Idempotency-Key`: a request that may be sent again happens once.
//!
//! The same key from the same caller gives the same answer for 24 hours. What the
//! store came to is remembered in the commit that did it; the answer is made of
//! that anew. What is refused before the store is asked is refused alike again.

use ordertop::protocol::IDEMPOTENCY_KEY;

use crate::caller::Caller;
use crate::reply::ApiError;
use crate::request::Incoming;
use crate::store::{Once, digest};

/// Longest key that is taken, in bytes.
const MAX_KEY_BYTES: usize = 255;

/// What makes this request happen once, if it carries a key.
///
/// # Errors
/// 400 `bad_idempotency_key` for a key that is none.
pub fn once(incoming: &Incoming, caller: &Caller, body: &[u8]) -> Result<Option<Once>, ApiError> {
    let mut keys = incoming.headers.get_all(IDEMPOTENCY_KEY).iter();
    let Some(key) = keys.next() else {
        return Ok(None);
    };
    let key = key.as_bytes();
    let fits = (1..=MAX_KEY_BYTES).contains(&key.len());
    if !fits || !key.iter().all(u8::is_ascii_graphic) || keys.next().is_some() {
        return Err(ApiError::bad(
            "bad_idempotency_key",
            format!(
                "send one {IDEMPOTENCY_KEY} of 1 to {MAX_KEY_BYTES} visible ASCII characters, such as a UUID"
            ),
        ));
    }
    // Neither a vendor's id nor a key holds a blank.
    let key = String::from_utf8_lossy(key);
    let key = match caller {
        Caller::Vendor(id) => format!("vendor {id} {key}"),
        Caller::Master => format!("master {key}"),
    };
    // Every call that takes a key is a POST; the last slash of a path is no matter.
    let path = incoming.path.as_str();
    let path = path.strip_suffix('/').unwrap_or(path);
    let query = incoming.query.encoded();
    let digest = digest(&[b"POST", path.as_bytes(), query.as_bytes(), body]);
    Ok(Some(Once { key, digest }))
}
