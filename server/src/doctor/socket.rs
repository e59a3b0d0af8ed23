//! A real WebSocket: handshake, welcome, ping and pong; the same as a page of
//! another origin would open it.

use std::time::Instant;

use futures_util::{SinkExt, StreamExt};
use http::header::ORIGIN;
use http::{HeaderName, HeaderValue};
use ordertop::protocol::{VERSION, VERSION_HEADER};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, client_async_tls};

use super::deadline::{Deadline, ms};
use super::report::skipped;
use super::server::Server;
use crate::caller::{TOKEN_HEADER, VENDOR_HEADER};
use crate::finding::Finding;

type Stream = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// Opens sockets to the server.
pub(super) async fn check(server: &Server, token: &str, clock: Deadline) -> Vec<Finding> {
    let began = Instant::now();
    let finding = match clock.wait(greeted(server, token, None)).await {
        Ok(Greeted::Welcome(stream)) => {
            let took = ms(began.elapsed());
            let mut found = vec![Finding::ok(
                "socket",
                format!("open and welcomed in {took}"),
            )];
            found.push(pinged(stream, clock).await);
            found.push(origin(server, token, clock).await);
            return found;
        }
        Ok(refused) => refused.finding("socket"),
        Err(reason) => Finding::fail("socket", reason, NO_WELCOME),
    };
    let rest = ["ping", "origin"].map(|about| skipped(about, "the socket"));
    std::iter::once(finding).chain(rest).collect()
}

const NO_WELCOME: &str = "between here and the server something does not pass WebSockets on, or holds their frames back: see \
     ops/nginx.conf and ops/haproxy.cfg for what a proxy needs";

/// What came of a handshake.
enum Greeted {
    Welcome(Box<Stream>),
    /// Something that does not speak our protocol.
    Foreign(String),
    /// Answered by HTTP.
    Refused(u16),
}

impl Greeted {
    fn finding(self, about: &str) -> Finding {
        match self {
            Self::Welcome(_) => Finding::ok(about, "open and welcomed"),
            Self::Foreign(what) => Finding::fail(about, what, NO_WELCOME),
            Self::Refused(status) => {
                let remedy = match status {
                    401 => {
                        "the token or the vendor does not get through: let the proxy pass X-Master-Token and \
                         X-Vendor-ID on"
                    }
                    403 => {
                        "the server refuses the origin or the vendor: see --allow-origin of serve"
                    }
                    404 => "check the vendor, and that the proxy passes /ws/ on",
                    502..=504 => {
                        "the proxy has no server that is ready: see its log, and /readyz of each"
                    }
                    _ => NO_WELCOME,
                };
                Finding::fail(
                    about,
                    format!("the handshake was answered {status}, not 101"),
                    remedy,
                )
            }
        }
    }
}

async fn greeted(server: &Server, token: &str, origin: Option<&str>) -> Result<Greeted, String> {
    let path = match &server.vendor {
        Some(vendor) => format!("/ws/vendor/{vendor}/orders/"),
        None => "/ws/orders/".to_owned(),
    };
    let mut url = server.at(&path);
    let scheme = if url.scheme() == "https" { "wss" } else { "ws" };
    url.set_scheme(scheme)
        .map_err(|()| format!("{url} has no WebSocket"))?;
    let mut request = url
        .as_str()
        .into_client_request()
        .map_err(|error| error.to_string())?;
    let mut set = |name: &str, value: &str| {
        let name = HeaderName::from_bytes(name.as_bytes());
        let value = HeaderValue::from_str(value);
        if let (Ok(name), Ok(value)) = (name, value) {
            request.headers_mut().insert(name, value);
        }
    };
    set(VERSION_HEADER, &VERSION.to_string());
    set(TOKEN_HEADER, token);
    if let Some(vendor) = &server.vendor {
        set(VENDOR_HEADER, vendor.as_str());
    }
    if let Some(origin) = origin {
        set(ORIGIN.as_str(), origin);
    }
    let address = url.host_str().zip(url.port_or_known_default());
    let Some((host, port)) = address else {
        return Err(format!("{url} has no host"));
    };
    let host = host.trim_matches(['[', ']']);
    let connecting = server.route.connect(host, port);
    let tcp = connecting.await.map_err(|error| error.to_string())?;
    let (mut stream, response) = match client_async_tls(request, tcp).await {
        Ok(open) => open,
        Err(Error::Http(response)) => return Ok(Greeted::Refused(response.status().as_u16())),
        Err(error) => return Err(error.to_string()),
    };
    if !response.headers().contains_key(VERSION_HEADER) {
        let what =
            format!("the handshake's answer has no {VERSION_HEADER}: this is no ordertop-server");
        return Ok(Greeted::Foreign(what));
    }
    if server.vendor.is_none() {
        say(&mut stream, &json!({"type": "resume", "positions": {}})).await?;
    }
    until(&mut stream, "welcome").await?;
    Ok(Greeted::Welcome(Box::new(stream)))
}

async fn pinged(mut stream: Box<Stream>, clock: Deadline) -> Finding {
    const ABOUT: &str = "ping";
    let began = Instant::now();
    let round = clock.wait(async {
        say(&mut stream, &json!({"type": "ping", "timestamp": "doctor"})).await?;
        until(&mut stream, "pong").await
    });
    let finding = match round.await {
        Ok(()) => Finding::ok(ABOUT, format!("pong in {}", ms(began.elapsed()))),
        Err(reason) => Finding::fail(ABOUT, reason, NO_WELCOME),
    };
    // Politeness; whether it is heard changes nothing.
    let _ = clock.wait(stream.close()).await;
    finding
}

async fn origin(server: &Server, token: &str, clock: Deadline) -> Finding {
    const ABOUT: &str = "origin";
    let Some(origin) = &server.origin else {
        return Finding::skip(
            ABOUT,
            "name a dashboard's with --origin to check that its pages are let in",
        );
    };
    match clock.wait(greeted(server, token, Some(origin))).await {
        Ok(Greeted::Refused(403)) => Finding::fail(
            ABOUT,
            format!("403: pages of {origin} are not let in"),
            format!("start the server with --allow-origin {origin}"),
        ),
        Ok(Greeted::Welcome(mut stream)) => {
            let _ = clock.wait(stream.close()).await;
            Finding::ok(ABOUT, format!("pages of {origin} are let in"))
        }
        Ok(other) => other.finding(ABOUT),
        Err(reason) => Finding::fail(ABOUT, reason, NO_WELCOME),
    }
}

async fn say(stream: &mut Stream, frame: &Value) -> Result<(), String> {
    let sent = stream.send(Message::text(frame.to_string())).await;
    sent.map_err(|error| error.to_string())
}

/// Reads until a frame of this type; others (events, a replay) go by.
async fn until(stream: &mut Stream, kind: &str) -> Result<(), String> {
    while let Some(frame) = stream.next().await {
        match frame.map_err(|error| error.to_string())? {
            Message::Text(text) => {
                let frame: Value = serde_json::from_str(&text).unwrap_or_default();
                if frame["type"] == kind {
                    return Ok(());
                }
            }
            Message::Close(close) => {
                let code = close.map_or(1005, |close| close.code.into());
                return Err(format!("closed with {code} before a {kind}"));
            }
            _ => {}
        }
    }
    Err(format!("cut before a {kind}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::Grade;

    #[test]
    fn each_refusal_has_a_remedy_of_its_own() {
        let mut remedies = std::collections::HashSet::new();
        for status in [200, 401, 403, 404, 502] {
            let finding = Greeted::Refused(status).finding("socket");
            assert_eq!(finding.grade, Grade::Fail);
            assert!(finding.says.contains(&status.to_string()));
            assert!(remedies.insert(finding.remedy), "{status}");
        }
        assert_eq!(
            Greeted::Foreign("old".into()).finding("socket").grade,
            Grade::Fail
        );
    }
}
