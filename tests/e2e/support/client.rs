//! The library's live client, as a test starts it.

use std::time::Duration;

use ordertop::client::{Client, ClientConfig, ClientEvent, Credentials, Url};
use ordertop::order::VendorId;
use tokio::sync::mpsc;

/// Follows a vendor, or all, at `url`, polling as often as a client may.
pub(crate) fn follow(
    url: &str,
    token: &str,
    vendor: Option<&str>,
) -> (Client, mpsc::Receiver<ClientEvent>) {
    let credentials = Credentials {
        master_token: token.to_owned(),
    };
    let vendor = vendor.map(|id| VendorId::new(id).expect("an id"));
    let config = ClientConfig {
        poll_every: Duration::from_secs(5),
        ..ClientConfig::new(url.parse::<Url>().expect("a URL"), vendor, credentials)
    };
    Client::start(config).expect("it starts")
}
