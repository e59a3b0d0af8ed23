//! The WebSocket upgrade: credentials first, then the handshake as strictly as
//! RFC 6455 asks, then a socket with buffers of its own size.
//!
//! warp's own `ws()` fixes the read buffer at 128 KiB a socket; ten thousand
//! idle sockets would hold more than a gigabyte of nothing.

use std::convert::Infallible;
use std::sync::Arc;

use http::header::{
    CONNECTION, HOST, ORIGIN, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_PROTOCOL,
    SEC_WEBSOCKET_VERSION, UPGRADE,
};
use http::{HeaderMap, StatusCode};
use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;
use ordertop::order::VendorId;
use ordertop::protocol::listed::View;
use ordertop::protocol::{MAX_CLIENT_MESSAGE_BYTES, MAX_RESUME_BYTES, Position, SUBPROTOCOL};
use tokio::net::TcpStream;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::{Role, WebSocketConfig};
use warp::Filter;

use crate::caller::{BadCredentials, Caller};
use crate::connection::{self, Dialect, Start};
use crate::progress::WriteProgress;
use crate::reply::{self, ApiError};
use crate::request::{Answer, Incoming, decode_segment};
use crate::state::AppState;
use crate::turn::Turn;

/// A connection that may become a socket.
pub(super) struct Upgrade {
    upgrade: OnUpgrade,
    /// The connection's turn, which the socket keeps.
    turn: Option<Turn>,
}

/// What hyper and the accept loop hand out with a request that may be upgraded.
pub(super) fn on_upgrade() -> impl Filter<Extract = (Option<Upgrade>,), Error = Infallible> + Copy {
    warp::ext::optional::<OnUpgrade>()
        .and(warp::ext::optional::<Turn>())
        .map(|upgrade: Option<OnUpgrade>, turn| upgrade.map(|upgrade| Upgrade { upgrade, turn }))
}

/// `GET /ws/vendor/{vendor_id}/orders/`.
pub(super) async fn one_vendor(
    vendor: String,
    incoming: Incoming,
    upgrade: Option<Upgrade>,
) -> Answer {
    let state = &incoming.state;
    check_origin(state, &incoming.headers)?;
    let vendor = decode_segment(&vendor);
    let (vendor, view) = may_follow(&incoming, &vendor).await?;
    let position: Option<Position> = incoming.query.parse(
        "position",
        "a position `offset:mark`, as the server gave it,",
    )?;
    let ours = incoming.speaks_ours() || position.is_some() || offers_ours(&incoming.headers);
    let dialect = if ours { Dialect::Ours } else { Dialect::Old };
    let start = Start::Vendor {
        vendor,
        position,
        dialect,
    };
    accept(&incoming, upgrade, start, view)
}

/// `GET /ws/orders/`.
pub(super) async fn all_vendors(incoming: Incoming, upgrade: Option<Upgrade>) -> Answer {
    let state = &incoming.state;
    check_origin(state, &incoming.headers)?;
    match Caller::of_our_call(state, &incoming.headers).await? {
        Caller::Master => accept(&incoming, upgrade, Start::All, View::Support),
        Caller::Vendor(_) => Err(ApiError::Forbidden(
            "a vendor follows its own orders: connect to /ws/vendor/{vendor_id}/orders/",
        )),
    }
}

/// Whom the caller may follow, and how much it sees.
async fn may_follow(incoming: &Incoming, vendor: &str) -> Result<(VendorId, View), ApiError> {
    let state = &incoming.state;
    let caller = match Caller::identify(state, &incoming.headers).await? {
        Ok(caller) => Some(caller),
        Err(BadCredentials::NoToken) if state.config.open_sockets => None,
        Err(BadCredentials::BlankVendor) => return Err(ApiError::BlankVendor),
        Err(BadCredentials::UnknownVendor) => return Err(ApiError::InvalidVendor),
        Err(_) => return Err(ApiError::Unauthorized),
    };
    if let Some(Caller::Vendor(own)) = &caller
        && own.as_str() != vendor
    {
        return Err(ApiError::Forbidden(
            "X-Vendor-ID names another vendor than the path",
        ));
    }
    let known = match VendorId::new(vendor) {
        Ok(id) => state.store.has_vendor(&id).await?.then_some(id),
        Err(_) => None,
    };
    let Some(known) = known else {
        return Err(ApiError::UnknownVendor(ordertop::order::text::clean(
            vendor, 64,
        )));
    };
    Ok((known, caller.map_or(View::Vendor, |caller| caller.view())))
}

/// A page of a browser names its origin, and may connect only from where the
/// operator allowed it (RFC 6455, section 10.2). Programs name none.
fn check_origin(state: &AppState, headers: &HeaderMap) -> Result<(), ApiError> {
    let Some(origin) = headers.get(ORIGIN) else {
        return Ok(());
    };
    let allowed = &state.config.allow_origins;
    if allowed
        .iter()
        .any(|allowed| allowed.as_bytes() == origin.as_bytes())
    {
        return Ok(());
    }
    Err(ApiError::Forbidden(
        "this origin is not allowed: start the server with --allow-origin",
    ))
}

/// Answers 101 and starts the socket's task.
fn accept(incoming: &Incoming, upgrade: Option<Upgrade>, start: Start, view: View) -> Answer {
    let headers = &incoming.headers;
    let accept_key = check_handshake(headers)?;
    let upgrade = upgrade.ok_or(ApiError::Handshake(
        "this connection cannot be upgraded to a WebSocket",
    ))?;
    if incoming.state.draining.is_cancelled() {
        let closing = crate::store::StoreError::Closed;
        return Err(ApiError::Unavailable(closing));
    }
    let state = incoming.state.clone();
    incoming.state.tasks.spawn(run(state, upgrade, start, view));
    let mut response = reply::empty(StatusCode::SWITCHING_PROTOCOLS);
    let headers = response.headers_mut();
    reply::set(headers, UPGRADE, "websocket");
    reply::set(headers, CONNECTION, "Upgrade");
    reply::set(headers, SEC_WEBSOCKET_ACCEPT, &accept_key);
    if offers_ours(&incoming.headers) {
        reply::set(headers, SEC_WEBSOCKET_PROTOCOL, SUBPROTOCOL);
    }
    Ok(response)
}

/// Whether the client offers our subprotocol: a page of a browser can set no header.
fn offers_ours(headers: &HeaderMap) -> bool {
    lists(headers, SEC_WEBSOCKET_PROTOCOL, SUBPROTOCOL)
}

/// Whether a header that is a list by comma holds this token.
fn lists(headers: &HeaderMap, name: http::HeaderName, token: &str) -> bool {
    let values = headers.get_all(name).iter();
    let mut items = values
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','));
    items.any(|item| item.trim().eq_ignore_ascii_case(token))
}

/// Checks a handshake (RFC 6455, section 4.2.1) and computes the key of its answer.
fn check_handshake(headers: &HeaderMap) -> Result<String, ApiError> {
    if !lists(headers, CONNECTION, "upgrade") || !lists(headers, UPGRADE, "websocket") {
        return Err(ApiError::Handshake(
            "this is a WebSocket: connect with ws:// or wss://",
        ));
    }
    if headers.get_all(HOST).iter().count() != 1 {
        return Err(ApiError::Handshake("send one `Host` header"));
    }
    if headers
        .get(SEC_WEBSOCKET_VERSION)
        .is_none_or(|version| version != "13")
    {
        return Err(ApiError::HandshakeVersion);
    }
    let mut keys = headers.get_all(SEC_WEBSOCKET_KEY).iter();
    let key = keys
        .next()
        .map(http::HeaderValue::as_bytes)
        .filter(|key| is_key(key));
    match (key, keys.next()) {
        (Some(key), None) => Ok(derive_accept_key(key)),
        _ => Err(ApiError::Handshake(
            "Sec-WebSocket-Key is 16 random bytes in base64, once",
        )),
    }
}

/// 16 bytes in base64: 22 characters of its alphabet and two of padding.
fn is_key(key: &[u8]) -> bool {
    let in_alphabet = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/');
    key.len() == 24 && key.ends_with(b"==") && key[..22].iter().all(in_alphabet)
}

async fn run(state: Arc<AppState>, upgrade: Upgrade, start: Start, view: View) {
    let Upgrade {
        upgrade,
        turn: _turn,
    } = upgrade;
    // The connection may break before the upgrade is through; there is nobody to tell.
    let Ok(upgraded) = upgrade.await else { return };
    let Ok(parts) = upgraded.downcast::<TokioIo<WriteProgress<TcpStream>>>() else {
        tracing::error!("an upgraded connection is none that was accepted");
        return;
    };
    let read_already = parts.read_buf.to_vec();
    let max_message = match start {
        Start::Vendor { .. } => MAX_CLIENT_MESSAGE_BYTES,
        Start::All => MAX_RESUME_BYTES,
    };
    let stream = parts.io.into_inner();
    let socket = WebSocketStream::from_partially_read(
        stream,
        read_already,
        Role::Server,
        Some(socket_config(max_message)),
    )
    .await;
    connection::run(state, socket, start, view).await;
}

/// Small buffers: a client says little, and what is written is flushed in
/// batches of whole frames.
fn socket_config(max_message: usize) -> WebSocketConfig {
    WebSocketConfig::default()
        .read_buffer_size(1_024)
        .write_buffer_size(16 * 1_024)
        .max_message_size(Some(max_message))
        .max_frame_size(Some(max_message))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn handshake(change: impl FnOnce(&mut HeaderMap)) -> Result<String, ApiError> {
        let mut headers = HeaderMap::new();
        reply::set(&mut headers, HOST, "orders.example.com");
        reply::set(&mut headers, CONNECTION, "keep-alive, Upgrade");
        reply::set(&mut headers, UPGRADE, "WebSocket");
        reply::set(&mut headers, SEC_WEBSOCKET_VERSION, "13");
        reply::set(&mut headers, SEC_WEBSOCKET_KEY, "dGhlIHNhbXBsZSBub25jZQ==");
        change(&mut headers);
        check_handshake(&headers)
    }

    #[test]
    fn the_handshake_of_the_rfc_is_answered_as_the_rfc_says() {
        assert_eq!(handshake(|_| ()).unwrap(), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    }

    #[test]
    fn a_handshake_that_lacks_anything_is_refused() {
        for name in [
            HOST,
            CONNECTION,
            UPGRADE,
            SEC_WEBSOCKET_VERSION,
            SEC_WEBSOCKET_KEY,
        ] {
            assert!(
                handshake(|headers| drop(headers.remove(&name))).is_err(),
                "{name}"
            );
        }
        let old = handshake(|headers| reply::set(headers, SEC_WEBSOCKET_VERSION, "8"));
        assert!(matches!(old, Err(ApiError::HandshakeVersion)));
        for key in [
            "",
            "short==",
            "dGhlIHNhbXBsZSBub25jZQ=!",
            "dGhlIHNhbXBsZSBub25jZQAA",
        ] {
            assert!(
                handshake(|h| reply::set(h, SEC_WEBSOCKET_KEY, key)).is_err(),
                "{key}"
            );
        }
        let twice = handshake(|headers| {
            headers.append(
                SEC_WEBSOCKET_KEY,
                "dGhlIHNhbXBsZSBub25jZQ==".parse().unwrap(),
            );
        });
        assert!(twice.is_err());
    }
}
