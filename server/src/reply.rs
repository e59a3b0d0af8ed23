//! Answers: values to JSON, errors to status and body. Nothing else in the
//! server knows a status code.

use bytes::Bytes;
use http::header::{
    ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_TYPE, HeaderName, HeaderValue, RETRY_AFTER, VARY,
    WWW_AUTHENTICATE,
};
use http::{HeaderMap, StatusCode};
use jiff::Timestamp;
use ordertop::order::status;
use ordertop::order::{Actor, OrderStatus, VendorId};
use ordertop::protocol::ListedOrder;
use ordertop::protocol::message::Unrecovered;
use ordertop::protocol::rest::ErrorBody;
use serde::Serialize;
use serde_json::json;
use warp::reply::Response;

use crate::store::StoreError;

/// Why a request was not done.
#[derive(Debug)]
pub enum ApiError {
    /// No or a wrong token, or no vendor where one is needed: the seed's 401.
    VendorAuthenticationRequired,
    /// A vendor id that is not one: the seed's 401.
    InvalidVendor,
    /// No or a wrong token, on a call that the seed does not have.
    Unauthorized,
    /// A vendor header that names nobody, on a call that the seed does not have.
    BlankVendor,
    /// The caller is known and may not.
    Forbidden(&'static str),
    /// The seed's form for a status that cannot be set.
    Status(String),
    /// Bad input.
    BadRequest {
        /// A stable code.
        code: &'static str,
        /// What to do.
        error: String,
    },
    /// There is no such order, or it is another vendor's.
    UnknownOrder,
    /// The order has no such parcel; the sentence says which.
    UnknownParcel(String),
    /// There is no such vendor.
    UnknownVendor(String),
    /// There is no such path.
    UnknownPath,
    /// The path has other methods.
    Method,
    /// A conflict with what is stored.
    Conflict {
        /// A stable code.
        code: &'static str,
        /// What to do.
        error: String,
    },
    /// The order has changed since the caller saw it.
    VersionConflict {
        /// The order as it is now.
        order: Box<ListedOrder>,
        /// Who changed it last.
        changed_by: Actor,
        /// When that was.
        changed_at: Timestamp,
    },
    /// Several vendors have an order of this number.
    Ambiguous(Vec<VendorId>),
    /// The position cannot be continued from.
    Gone(Unrecovered),
    /// The body is too large.
    TooLarge {
        /// The most that is taken, in bytes.
        max_bytes: usize,
    },
    /// The body is not said to be JSON.
    MediaType,
    /// The body is compressed, in this way.
    ContentEncoding(String),
    /// A WebSocket handshake that is not one (RFC 6455, section 4.2.1).
    Handshake(&'static str),
    /// The WebSocket version is not 13 (RFC 6455, section 4.4).
    HandshakeVersion,
    /// The `Idempotency-Key` came before with another request.
    KeyReused,
    /// The store is away.
    Unavailable(StoreError),
}

impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::KeyReused => Self::KeyReused,
            error => Self::Unavailable(error),
        }
    }
}

/// The body of an error.
enum Payload {
    /// One of the seed's: a key and a sentence, which stands in a list under `status`.
    Seed(&'static str, String),
    /// One of ours.
    Ours(Box<ErrorBody>),
}

const VENDOR_AUTHENTICATION_REQUIRED: &str =
    "Vendor authentication required. Please provide X-Vendor-ID header.";

/// An answer in JSON.
#[must_use]
pub fn json(status: StatusCode, value: &impl Serialize) -> Response {
    match serde_json::to_vec(value) {
        Ok(body) => raw_json(status, body.into()),
        Err(error) => {
            tracing::error!(%error, "an answer could not be encoded");
            raw_json(StatusCode::INTERNAL_SERVER_ERROR, Bytes::from_static(b"{}"))
        }
    }
}

/// An answer whose JSON is encoded already.
#[must_use]
pub fn raw_json(status: StatusCode, body: Bytes) -> Response {
    let mut response = Response::new(body.into());
    *response.status_mut() = status;
    private_json(response.headers_mut());
    response
}

/// Marks an answer as JSON for its caller alone.
pub fn private_json(headers: &mut HeaderMap) {
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    keep_private(headers);
}

/// One address answers every vendor, told apart by headers: a cache between may
/// keep nothing for another, and asks again (RFC 9111, section 5.2.2).
fn keep_private(headers: &mut HeaderMap) {
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
    headers.insert(
        VARY,
        HeaderValue::from_static("X-Master-Token, X-Vendor-ID, Origin, Ordertop-Protocol"),
    );
}

/// An answer without a body.
#[must_use]
pub fn empty(status: StatusCode) -> Response {
    let mut response = Response::new(Bytes::new().into());
    *response.status_mut() = status;
    keep_private(response.headers_mut());
    response
}

/// Sets a header whose value is known to be fit for one.
pub fn set(headers: &mut HeaderMap, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        headers.insert(name, value);
    }
}

impl ApiError {
    /// A bad request.
    pub fn bad(code: &'static str, error: impl Into<String>) -> Self {
        Self::BadRequest {
            code,
            error: error.into(),
        }
    }

    /// The stable code and the sentence, for a row of several.
    #[must_use]
    pub fn code_and_sentence(&self) -> (String, String) {
        match self.parts().1 {
            Payload::Ours(body) => (body.code, body.error),
            Payload::Seed(_, sentence) => ("status_refused".to_owned(), sentence),
        }
    }

    fn parts(&self) -> (StatusCode, Payload) {
        let plain = |code: &str, error: &str| {
            Payload::Ours(Box::new(ErrorBody {
                error: error.to_owned(),
                code: code.to_owned(),
                ..empty_error()
            }))
        };
        match self {
            Self::VendorAuthenticationRequired => (
                StatusCode::UNAUTHORIZED,
                Payload::Seed("error", VENDOR_AUTHENTICATION_REQUIRED.to_owned()),
            ),
            Self::InvalidVendor => (
                StatusCode::UNAUTHORIZED,
                Payload::Seed("detail", "Invalid vendor ID".to_owned()),
            ),
            Self::Unauthorized => (
                StatusCode::UNAUTHORIZED,
                plain(
                    "unauthorized",
                    "send the server's master token in the X-Master-Token header",
                ),
            ),
            Self::BlankVendor => (
                StatusCode::UNAUTHORIZED,
                plain(
                    "blank_vendor",
                    "X-Vendor-ID is blank: name the vendor, or leave the header out to act as support",
                ),
            ),
            Self::Forbidden(why) => (StatusCode::FORBIDDEN, plain("forbidden", why)),
            Self::Status(sentence) => (
                StatusCode::BAD_REQUEST,
                Payload::Seed("status", sentence.clone()),
            ),
            Self::BadRequest { code, error } => (StatusCode::BAD_REQUEST, plain(code, error)),
            Self::UnknownOrder => (
                StatusCode::NOT_FOUND,
                plain("unknown_order", "there is no such order"),
            ),
            Self::UnknownParcel(error) => (StatusCode::NOT_FOUND, plain("unknown_parcel", error)),
            Self::UnknownVendor(id) => (
                StatusCode::NOT_FOUND,
                plain(
                    "unknown_vendor",
                    &format!("there is no vendor {id}: add it first"),
                ),
            ),
            Self::UnknownPath => (
                StatusCode::NOT_FOUND,
                plain("unknown_path", "there is nothing at this path"),
            ),
            Self::Method => (
                StatusCode::METHOD_NOT_ALLOWED,
                plain("method_not_allowed", "this path does not take this method"),
            ),
            Self::Conflict { code, error } => (StatusCode::CONFLICT, plain(code, error)),
            Self::VersionConflict {
                order,
                changed_by,
                changed_at,
            } => {
                let error = version_conflict(changed_by, *changed_at, order.status);
                let body = ErrorBody {
                    error,
                    code: "version_conflict".to_owned(),
                    order: Some((**order).clone()),
                    changed_by: Some(changed_by.clone()),
                    changed_at: Some(*changed_at),
                    vendors: None,
                };
                (StatusCode::CONFLICT, Payload::Ours(Box::new(body)))
            }
            Self::Ambiguous(vendors) => {
                let body = ErrorBody {
                    error: "several vendors have an order of this number: say which with ?vendor="
                        .to_owned(),
                    code: "ambiguous_order".to_owned(),
                    vendors: Some(vendors.clone()),
                    ..empty_error()
                };
                (StatusCode::CONFLICT, Payload::Ours(Box::new(body)))
            }
            Self::Gone(reason) => (
                StatusCode::GONE,
                plain(
                    reason.as_str(),
                    "this position cannot be continued from: fetch the list again",
                ),
            ),
            Self::TooLarge { max_bytes } => (
                StatusCode::PAYLOAD_TOO_LARGE,
                plain(
                    "too_large",
                    &format!("the body is larger than {max_bytes} bytes: send less at once"),
                ),
            ),
            Self::MediaType => (
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                plain(
                    "not_json",
                    "send JSON with the header Content-Type: application/json",
                ),
            ),
            Self::ContentEncoding(name) => (
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                plain(
                    "content_encoding",
                    &format!(
                        "the body is encoded as `{name}`: send it plain, without Content-Encoding"
                    ),
                ),
            ),
            Self::Handshake(why) => (StatusCode::BAD_REQUEST, plain("bad_handshake", why)),
            Self::HandshakeVersion => (
                StatusCode::UPGRADE_REQUIRED,
                plain("bad_handshake", "this server speaks WebSocket version 13"),
            ),
            Self::KeyReused => (
                StatusCode::CONFLICT,
                plain(
                    "key_reused",
                    "this Idempotency-Key came before with another request: take a new one",
                ),
            ),
            Self::Unavailable(StoreError::Unanswered(_)) => (
                StatusCode::SERVICE_UNAVAILABLE,
                plain(
                    "store_unavailable",
                    "the store did not answer: the change may be done or not; look, or send it again with the same Idempotency-Key",
                ),
            ),
            Self::Unavailable(_) => (
                StatusCode::SERVICE_UNAVAILABLE,
                plain(
                    "store_unavailable",
                    "the store does not answer: nothing was changed; try again",
                ),
            ),
        }
    }

    /// The answer to the caller. The cause of a failure goes to the log, here.
    #[must_use]
    pub fn into_response(self) -> Response {
        let (status, body) = self.parts();
        let mut response = match body {
            Payload::Ours(body) => json(status, &body),
            Payload::Seed("status", sentence) => json(status, &json!({"status": [sentence]})),
            Payload::Seed(key, sentence) => json(status, &json!({key: sentence})),
        };
        let headers = response.headers_mut();
        match self {
            Self::Unavailable(error) => {
                tracing::error!(%error, "a request failed");
                set(headers, RETRY_AFTER, "2");
            }
            Self::ContentEncoding(_) => set(headers, ACCEPT_ENCODING, "identity"),
            Self::HandshakeVersion => {
                set(headers, http::header::SEC_WEBSOCKET_VERSION, "13");
                set(headers, http::header::UPGRADE, "websocket");
            }
            Self::Unauthorized
            | Self::BlankVendor
            | Self::VendorAuthenticationRequired
            | Self::InvalidVendor => {
                set(headers, WWW_AUTHENTICATE, "X-Master-Token");
            }
            _ => {}
        }
        response
    }
}

fn empty_error() -> ErrorBody {
    ErrorBody {
        error: String::new(),
        code: String::new(),
        order: None,
        changed_by: None,
        changed_at: None,
        vendors: None,
    }
}

/// Says who was first, and where the order stands now.
#[must_use]
pub fn version_conflict(by: &Actor, at: Timestamp, status: OrderStatus) -> String {
    format!("{by} changed this order at {at}: it is {status} now; look again")
}

/// The seed's words for a status that is no choice.
#[must_use]
pub fn not_a_choice(status: &str) -> ApiError {
    ApiError::Status(status::not_a_choice(status))
}
