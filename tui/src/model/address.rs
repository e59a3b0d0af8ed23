//! A server's address: read, shown, and the usual one.

use ordertop::client::Url;

/// Reads a server's address; `Err` says what is allowed.
pub(crate) fn server_address(text: &str) -> Result<Url, String> {
    let hint = "give an address such as http://127.0.0.1:8080";
    let url = Url::parse(text).map_err(|error| format!("{error}: {hint}"))?;
    if !matches!(url.scheme(), "http" | "https") || !url.has_host() {
        return Err(hint.to_owned());
    }
    Ok(url)
}

/// Where a server is when nobody says so.
const USUAL_SERVER: &str = "http://127.0.0.1:8080";

/// The server's address when nobody says another one.
#[expect(clippy::unwrap_used, reason = "a constant, and tested")]
pub(crate) fn usual_server() -> Url {
    Url::parse(USUAL_SERVER).unwrap()
}

/// An address as it may be shown: without the password that may stand in it.
pub(crate) fn without_password(server: &Url) -> Url {
    let mut shown = server.clone();
    if shown.password().is_some() {
        // It has a host, or there would be no password.
        let _ = shown.set_password(Some("…"));
    }
    shown
}
