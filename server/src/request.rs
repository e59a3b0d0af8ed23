//! What a handler is told of a request, and reads of it: headers, query, body, JSON.

use std::sync::Arc;

use bytes::{Buf, BytesMut};
use futures_util::{Stream, StreamExt};
use http::header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE};
use http::{HeaderMap, HeaderName, HeaderValue};
use ordertop::protocol::VERSION_HEADER;
use serde::de::DeserializeOwned;
use serde_json::Value;
use warp::path::FullPath;
use warp::reply::Response;

use crate::body_error::{self, syntax};
use crate::reply::ApiError;
use crate::state::AppState;

/// How much more than the limit is read and thrown away, so that a caller who
/// only listens after sending hears why, and not a broken connection.
const DRAIN_BYTES: usize = 8 * 1024 * 1024;

/// The header that names the protocol's version.
pub(crate) const PROTOCOL: HeaderName = HeaderName::from_static(VERSION_HEADER);

/// What a handler answers.
pub type Answer = Result<Response, ApiError>;

/// What every handler is told of its request.
#[derive(Debug)]
pub struct Incoming {
    /// The shared state.
    pub state: Arc<AppState>,
    /// The path, as it came.
    pub path: FullPath,
    /// The headers.
    pub headers: HeaderMap,
    /// The query.
    pub query: Query,
}

impl Incoming {
    /// The vendor that the query names.
    #[must_use]
    pub fn vendor(&self) -> Option<&str> {
        self.query.get("vendor")
    }

    /// Whether the caller says that it speaks this protocol. Others get what the old system gives.
    #[must_use]
    pub fn speaks_ours(&self) -> bool {
        let said = self.headers.get(PROTOCOL);
        said.is_some_and(|version| !version.as_bytes().trim_ascii().is_empty())
    }

    /// The caller's id for this request, for the history: at most 64 characters.
    #[must_use]
    pub fn request_id(&self) -> Option<String> {
        let id = self.headers.get("x-request-id")?.to_str().ok()?;
        ordertop::order::text::clean_opt(Some(id), 64)
    }
}

/// The query of a request, decoded.
#[derive(Debug, Clone, Default)]
pub struct Query(Vec<(String, String)>);

impl Query {
    /// Decodes `a=1&b=2`.
    #[must_use]
    pub fn new(raw: &str) -> Self {
        Self(
            url::form_urlencoded::parse(raw.as_bytes())
                .into_owned()
                .collect(),
        )
    }

    /// The first value of that name; blank is none.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        let found = self.0.iter().find(|(key, _)| key == name);
        found
            .map(|(_, value)| value.trim())
            .filter(|value| !value.is_empty())
    }

    /// The value of that name, read.
    ///
    /// # Errors
    /// 400 `bad_query` when it cannot be read; `wanted` says what it should be.
    pub fn parse<T: std::str::FromStr>(
        &self,
        name: &str,
        wanted: &str,
    ) -> Result<Option<T>, ApiError> {
        let read = |value: &str| {
            value.parse().map_err(|_| {
                let shown = ordertop::order::text::clean(value, 40);
                ApiError::bad(
                    "bad_query",
                    format!("`{name}` is `{shown}`: {wanted} is needed"),
                )
            })
        };
        self.get(name).map(read).transpose()
    }

    /// The query again, encoded in one way.
    #[must_use]
    pub fn encoded(&self) -> String {
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        query.extend_pairs(&self.0).finish()
    }

    /// The query again without one name, to be built upon.
    #[must_use]
    pub fn without(&self, name: &str) -> url::form_urlencoded::Serializer<'static, String> {
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        query.extend_pairs(self.0.iter().filter(|(key, _)| key != name));
        query
    }
}

/// Decodes a percent-encoded part of a path.
#[must_use]
pub fn decode_segment(segment: &str) -> String {
    percent_encoding::percent_decode_str(segment)
        .decode_utf8_lossy()
        .into_owned()
}

/// Reads a JSON body.
///
/// # Errors
/// 415 for another media type or a content coding, 413 beyond the limit, 400 when it does not read.
pub async fn read_json<T: DeserializeOwned>(
    state: &AppState,
    headers: &HeaderMap,
    body: impl Stream<Item = Result<impl Buf, warp::Error>>,
) -> Result<T, ApiError> {
    let bytes = read_body(state, headers, body).await?;
    parse_object(&bytes)
}

/// Reads a body that is said to be JSON.
///
/// # Errors
/// As [`read_json`].
pub async fn read_body(
    state: &AppState,
    headers: &HeaderMap,
    body: impl Stream<Item = Result<impl Buf, warp::Error>>,
) -> Result<BytesMut, ApiError> {
    let bytes = read_any_body(state, headers, body).await?;
    match headers.get(CONTENT_TYPE) {
        Some(media_type) if !is_json(media_type.as_bytes()) => Err(ApiError::MediaType),
        _ => Ok(bytes),
    }
}

/// Reads the body of a call that the old system takes as a form too, as JSON.
///
/// # Errors
/// As [`read_json`].
pub async fn read_json_or_form(
    state: &AppState,
    headers: &HeaderMap,
    body: impl Stream<Item = Result<impl Buf, warp::Error>>,
) -> Result<BytesMut, ApiError> {
    if !is_form(headers) {
        return read_body(state, headers, body).await;
    }
    let bytes = read_any_body(state, headers, body).await?;
    Ok(form_as_json(&bytes)[..].into())
}

/// Reads a body, whatever its media type.
async fn read_any_body(
    state: &AppState,
    headers: &HeaderMap,
    body: impl Stream<Item = Result<impl Buf, warp::Error>>,
) -> Result<BytesMut, ApiError> {
    let max_bytes = state.config.limits.body_bytes;
    let announced = headers
        .get(CONTENT_LENGTH)
        .and_then(|v| v.to_str().ok()?.parse().ok());
    let fits = announced.is_none_or(|length: usize| length <= max_bytes);
    let reading = collect(body, if fits { max_bytes } else { 0 });
    let read = tokio::time::timeout(state.config.timing.body_timeout, reading)
        .await
        .map_err(|_| {
            ApiError::bad(
                "slow_body",
                "the body did not arrive in time: send it again",
            )
        })??;
    let bytes = read
        .filter(|_| fits)
        .ok_or(ApiError::TooLarge { max_bytes })?;
    // Not decoded: a small body could become a huge one.
    let is_coded = |value: &&HeaderValue| !value.as_bytes().eq_ignore_ascii_case(b"identity");
    if let Some(coding) = headers.get_all(CONTENT_ENCODING).iter().find(is_coded) {
        let name = String::from_utf8_lossy(coding.as_bytes());
        let name = ordertop::order::text::clean(&name, 40);
        return Err(ApiError::ContentEncoding(name));
    }
    Ok(bytes)
}

/// Reads the fields of a form, each as text, as a JSON object: what `curl -d status=Shipped` sends.
#[must_use]
pub fn form_as_json(bytes: &[u8]) -> Vec<u8> {
    let fields = url::form_urlencoded::parse(bytes).map(|(name, text)| {
        // What a form can only write as text.
        let value = match (&*name, &*text) {
            ("expected_version", digits) if digits.parse::<u64>().is_ok() => {
                serde_json::from_str(digits).unwrap_or_default()
            }
            ("undo", "true") => true.into(),
            (_, text) => Value::from(text),
        };
        (name.into_owned(), value)
    });
    let fields: serde_json::Map<String, Value> = fields.collect();
    Value::from(fields).to_string().into_bytes()
}

/// Whether a body is said to be a form's.
#[must_use]
pub fn is_form(headers: &HeaderMap) -> bool {
    headers.get(CONTENT_TYPE).is_some_and(|media_type| {
        essence(media_type.as_bytes()) == b"application/x-www-form-urlencoded"
    })
}

/// The media type without its parameters, in lower case.
fn essence(media_type: &[u8]) -> Vec<u8> {
    let essence = media_type.split(|b| *b == b';').next();
    let essence = essence.unwrap_or_default().trim_ascii();
    essence.to_ascii_lowercase()
}

fn is_json(media_type: &[u8]) -> bool {
    let essence = essence(media_type);
    essence == b"application/json"
        || (essence.starts_with(b"application/") && essence.ends_with(b"+json"))
}

/// The whole body, or `None` when it is larger than `max_bytes`.
async fn collect(
    body: impl Stream<Item = Result<impl Buf, warp::Error>>,
    max_bytes: usize,
) -> Result<Option<BytesMut>, ApiError> {
    let mut body = std::pin::pin!(body);
    let mut bytes = BytesMut::new();
    let mut seen = 0_usize;
    while let Some(chunk) = body.next().await {
        let mut chunk =
            chunk.map_err(|_| ApiError::bad("broken_body", "the body broke off: send it again"))?;
        seen += chunk.remaining();
        if seen > max_bytes + DRAIN_BYTES {
            return Ok(None);
        }
        while chunk.has_remaining() {
            let part = chunk.chunk();
            let advance = part.len();
            if seen <= max_bytes {
                bytes.extend_from_slice(part);
            }
            chunk.advance(advance);
        }
    }
    Ok((seen <= max_bytes).then_some(bytes))
}

/// Reads a JSON object. Serde would take a list of a struct's fields for the
/// struct; no caller means that.
///
/// # Errors
/// As [`parse_json`].
pub fn parse_object<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, ApiError> {
    if is_list(bytes) {
        return Err(ApiError::bad(
            "invalid_body",
            "this is a list: an object is needed",
        ));
    }
    parse_json(bytes)
}

/// What keeps the bytes from being JSON, whatever it says. An error's category does not tell: for a number in the place
/// of one of a few words it is the one of a wrong syntax.
fn syntax_error(bytes: &[u8]) -> Option<serde_json::Error> {
    serde_json::from_slice::<serde::de::IgnoredAny>(bytes).err()
}

/// Reads JSON, a byte order mark before it or not; the error names the place.
///
/// # Errors
/// 400 `invalid_json` when it is no JSON, `invalid_body` when a field is wrong.
pub fn parse_json<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, ApiError> {
    let bytes = without_byte_order_mark(bytes);
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    let broken =
        |error: &serde_json::Error| ApiError::bad("invalid_json", syntax::of_body(bytes, error));
    let value = serde_path_to_error::deserialize(&mut reader).map_err(|error| {
        let path = error.path().to_string();
        match syntax_error(bytes) {
            Some(error) => broken(&error),
            None => ApiError::bad("invalid_body", body_error::words(&path, error.inner())),
        }
    })?;
    reader.end().map_err(|error| broken(&error))?;
    Ok(value)
}

/// RFC 8259, section 8.1: a reader may ignore the mark.
fn without_byte_order_mark(bytes: &[u8]) -> &[u8] {
    bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes)
}

/// Whether the first value of a body is a list.
#[must_use]
pub fn is_list(bytes: &[u8]) -> bool {
    let text = without_byte_order_mark(bytes).trim_ascii_start();
    text.first() == Some(&b'[')
}
