//! How a server is reached: directly, or through the proxy that the environment names.
//!
//! REST calls and sockets go the same way. A proxy is taken from `HTTP_PROXY`, `HTTPS_PROXY`,
//! `ALL_PROXY` and `NO_PROXY` (in either case), read as curl reads them. A server on this machine
//! is never asked through a proxy, which would be given the token.

use std::fmt;
use std::io;
use std::time::Duration;

use http::Uri;
use hyper::service::Service;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::connect::proxy::{SocksV4, SocksV5, Tunnel};
use hyper_util::client::proxy::matcher::{Intercept, Matcher};
use hyper_util::rt::TokioIo;
use hyper_util::service::TowerToHyperService;
use tokio::net::TcpStream;
use url::{Host, Url};

use super::error::{RequestError, innermost};

/// How long a TCP and TLS connection may take to come about.
pub const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// How long a proxy may take to connect to the server.
const TUNNEL_TIMEOUT: Duration = Duration::from_secs(15);

/// The way to one server. `Debug` and `Display` never show a proxy's password.
#[derive(Debug, Clone)]
pub struct Route {
    proxy: Option<Intercept>,
}

impl Route {
    /// The way to `server` by the variables of the environment.
    #[must_use]
    pub fn to(server: &Url) -> Self {
        Self::by(&Matcher::from_env(), server)
    }

    /// The way without a proxy, whatever the environment says.
    #[must_use]
    pub fn direct() -> Self {
        Self { proxy: None }
    }

    pub(crate) fn by(proxies: &Matcher, server: &Url) -> Self {
        if is_this_machine(server) {
            return Self::direct();
        }
        let uri: Option<Uri> = server.as_str().parse().ok();
        let proxy = uri.and_then(|uri| proxies.intercept(&uri));
        Self { proxy }
    }

    /// A builder of HTTP clients that go this way and follow no redirect.
    ///
    /// # Errors
    /// When the proxy's address cannot be used.
    pub fn http(&self) -> Result<reqwest::ClientBuilder, RequestError> {
        let http = reqwest::Client::builder()
            .connect_timeout(CONNECT_TIMEOUT)
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy();
        let Some(proxy) = &self.proxy else {
            return Ok(http);
        };
        let setup = |reason: String| RequestError::Setup { reason };
        let uri = proxy.uri().to_string();
        let mut url = Url::parse(&uri).map_err(|error| setup(format!("{self}: {error}")))?;
        if let Some((user, password)) = proxy.raw_auth() {
            // An address with a host takes both.
            let _ = url.set_username(user);
            let _ = url.set_password(Some(password));
        }
        let mut all = reqwest::Proxy::all(url)
            .map_err(|error| setup(format!("{self}: {}", innermost(&error))))?;
        if let Some(auth) = proxy.basic_auth() {
            all = all.custom_http_auth(auth.clone());
        }
        Ok(http.proxy(all))
    }

    /// A TCP connection to `host`, a name or an address without brackets.
    ///
    /// # Errors
    /// When the server or the proxy does not take it, in words that name the proxy.
    pub async fn connect(&self, host: &str, port: u16) -> io::Result<TcpStream> {
        let connected = match &self.proxy {
            None => timely(CONNECT_TIMEOUT, TcpStream::connect((host, port))).await,
            Some(proxy) => timely(TUNNEL_TIMEOUT, tunnel(proxy, host, port)).await,
        };
        let tcp = connected.map_err(|error| match &self.proxy {
            None => error,
            Some(_) => io::Error::other(self.name_in(innermost(&error))),
        })?;
        // Small frames at once; the socket works without it too.
        let _ = tcp.set_nodelay(true);
        Ok(tcp)
    }

    /// A reason for a failure with the proxy named, where there is one.
    #[must_use]
    pub fn name_in(&self, reason: String) -> String {
        match &self.proxy {
            Some(_) => format!("{reason} ({self})"),
            None => reason,
        }
    }

    /// Whether a proxy stands between.
    #[must_use]
    pub fn is_direct(&self) -> bool {
        self.proxy.is_none()
    }
}

impl fmt::Display for Route {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.proxy {
            // Its name and password are kept apart from the address.
            Some(proxy) => {
                let address = proxy.uri().to_string();
                write!(f, "through the proxy {}", address.trim_end_matches('/'))
            }
            None => f.write_str("without a proxy"),
        }
    }
}

/// Whether an address leads to this machine itself (RFC 6761, section 6.3, for `localhost`).
fn is_this_machine(server: &Url) -> bool {
    match server.host() {
        Some(Host::Domain(name)) => {
            let name = name.trim_end_matches('.').to_ascii_lowercase();
            name == "localhost" || name.ends_with(".localhost")
        }
        Some(Host::Ipv4(ip)) => ip.is_loopback() || ip.is_unspecified(),
        Some(Host::Ipv6(ip)) => {
            let v4 = ip.to_ipv4_mapped();
            let v4 = v4.is_some_and(|ip| ip.is_loopback() || ip.is_unspecified());
            ip.is_loopback() || ip.is_unspecified() || v4
        }
        None => false,
    }
}

async fn timely(
    limit: Duration,
    connecting: impl Future<Output = io::Result<TcpStream>>,
) -> io::Result<TcpStream> {
    let late = || io::Error::new(io::ErrorKind::TimedOut, "the connection took too long");
    let connected = tokio::time::timeout(limit, connecting).await;
    connected.unwrap_or_else(|_| Err(late()))
}

/// A connection that a proxy passes on unread.
async fn tunnel(proxy: &Intercept, host: &str, port: u16) -> io::Result<TcpStream> {
    let host = match host.contains(':') {
        true => format!("[{host}]"),
        false => host.to_owned(),
    };
    let server: Uri = format!("http://{host}:{port}/")
        .parse()
        .map_err(io::Error::other)?;
    let mut tcp = HttpConnector::new();
    tcp.enforce_http(false);
    tcp.set_connect_timeout(Some(CONNECT_TIMEOUT));
    let address = proxy.uri().clone();
    let scheme = proxy.uri().scheme_str().unwrap_or("http");
    match scheme {
        "http" => {
            let mut tunnel = Tunnel::new(address, tcp);
            if let Some(auth) = proxy.basic_auth() {
                tunnel = tunnel.with_auth(auth.clone());
            }
            through(tunnel, server).await
        }
        "socks5" | "socks5h" => {
            let mut socks = SocksV5::new(with_port(address), tcp).local_dns(scheme == "socks5");
            if let Some((user, password)) = proxy.raw_auth() {
                socks = socks.with_auth(user.to_owned(), password.to_owned());
            }
            through(socks, server).await
        }
        "socks4" | "socks4a" => {
            let socks = SocksV4::new(with_port(address), tcp).local_dns(scheme == "socks4");
            through(socks, server).await
        }
        other => Err(io::Error::new(
            io::ErrorKind::Unsupported,
            format!("sockets cannot go through an {other} proxy"),
        )),
    }
}

async fn through<S>(connector: S, server: Uri) -> io::Result<TcpStream>
where
    TowerToHyperService<S>: Service<Uri, Response = TokioIo<TcpStream>>,
    <TowerToHyperService<S> as Service<Uri>>::Error: std::error::Error + 'static,
{
    let connected = TowerToHyperService::new(connector).call(server).await;
    connected
        .map(TokioIo::into_inner)
        .map_err(|error| io::Error::other(innermost(&error)))
}

/// A SOCKS proxy's address with the usual port where none is given.
fn with_port(address: Uri) -> Uri {
    const SOCKS_PORT: u16 = 1080;
    if address.port().is_some() {
        return address;
    }
    let host = address.host().unwrap_or_default();
    let scheme = address.scheme_str().unwrap_or("socks5");
    let with_port = format!("{scheme}://{host}:{SOCKS_PORT}/").parse();
    with_port.unwrap_or(address)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn proxies() -> Matcher {
        Matcher::builder()
            .http("http://name:s3cret@proxy.example:3128")
            .https("socks5://socks.example")
            .no("internal.example, 10.0.0.0/8, [::5]")
            .build()
    }

    #[test]
    fn this_machine_and_what_no_proxy_names_are_reached_directly() {
        let table = [
            ("http://127.0.0.1:8080", None),
            ("http://127.8.9.1", None),
            ("http://localhost:8080", None),
            ("https://LOCALHOST", None),
            ("http://localhost.:8080", None),
            ("http://shop.localhost", None),
            ("http://[::1]:8080", None),
            ("http://[::ffff:127.0.0.1]:8080", None),
            ("http://0.0.0.0:8080", None),
            ("http://[::]:8080", None),
            ("http://10.1.2.3:8080", None),
            ("http://a.internal.example", None),
            (
                "http://notinternal.example",
                Some("http://proxy.example:3128"),
            ),
            (
                "http://localhost.example",
                Some("http://proxy.example:3128"),
            ),
            (
                "http://192.168.1.5:8080/shop",
                Some("http://proxy.example:3128"),
            ),
            ("https://shop.example", Some("socks5://socks.example")),
        ];
        for (server, proxy) in table {
            let route = Route::by(&proxies(), &server.parse().unwrap());
            let named = proxy.map(|proxy| format!("through the proxy {proxy}"));
            let told = (!route.is_direct()).then(|| route.to_string());
            assert_eq!(told, named, "{server}");
            assert!(route.http().unwrap().build().is_ok(), "{server}");
            assert!(!format!("{route:?} {route}").contains("s3cret"), "{server}");
        }
        assert!(Route::direct().is_direct());
    }

    #[test]
    fn a_socks_proxy_without_a_port_listens_at_the_usual_one() {
        let table = [
            ("socks5://h/", "socks5://h:1080/"),
            ("socks4a://h:9/", "socks4a://h:9/"),
        ];
        for (address, with) in table {
            assert_eq!(with_port(address.parse().unwrap()).to_string(), with);
        }
    }
}
