//! Which pages of other origins may call (CORS, the Fetch standard).

use http::{HeaderName, Method};
use ordertop::protocol::{IDEMPOTENCY_KEY, TOTAL_COUNT, VERSION_HEADER};

use crate::caller::{TOKEN_HEADER, VENDOR_HEADER};

/// The wrapper for the allowed origins. Without any it refuses every page.
pub(super) fn cors(origins: &[String]) -> warp::cors::Builder {
    let request_headers = [
        TOKEN_HEADER,
        VENDOR_HEADER,
        "Content-Type",
        "If-None-Match",
        IDEMPOTENCY_KEY,
        VERSION_HEADER,
        "X-Request-Id",
    ];
    let answer_headers = ["ETag", "Link", "Retry-After", TOTAL_COUNT, VERSION_HEADER];
    let lower = |name: &str| HeaderName::from_bytes(name.to_ascii_lowercase().as_bytes()).ok();
    warp::cors()
        .allow_origins(origins.iter().map(String::as_str))
        .allow_methods([Method::GET, Method::POST])
        .allow_headers(request_headers.into_iter().filter_map(lower))
        .expose_headers(answer_headers.into_iter().filter_map(lower))
        .max_age(600)
}
