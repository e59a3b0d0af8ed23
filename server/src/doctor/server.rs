//! The server that is examined: where it is, as whom it is asked, and what it answers.

use std::time::{Duration, Instant};

use ordertop::client::Route;
use ordertop::order::VendorId;
use ordertop::protocol::{VERSION, VERSION_HEADER};
use reqwest::header::{ETAG, HeaderValue};
use serde_json::Value;
use url::Url;

use super::deadline::Deadline;
use super::subject::Subject;
use crate::caller::TOKEN_HEADER;
use crate::store::StoreUrl;
use crate::store::lock::Owner;
use crate::{Config, Secret};

/// The server that is asked, and as whom.
pub(super) struct Server {
    http: reqwest::Client,
    pub(super) url: Url,
    /// The way there.
    pub(super) route: Route,
    /// The token, and whether it is the callers' own.
    pub(super) token: Option<(Secret, Whose)>,
    pub(super) vendor: Option<VendorId>,
    pub(super) origin: Option<String>,
    pub(super) store: StoreUrl,
}

/// Where a token is from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Whose {
    /// What callers use.
    Callers,
    /// The one that the server left in its store's lock, for its owner.
    Lock,
}

impl Server {
    /// The one that was named, the one that has the store open, or the default.
    ///
    /// # Errors
    /// When TLS cannot be set up.
    pub(super) fn find(subject: Subject, owner: Option<Owner>) -> anyhow::Result<Self> {
        let owned: Option<Url> = owner.as_ref().and_then(|owner| owner.url.parse().ok());
        // The token of a lock is for the server of that lock alone, which runs on this machine.
        let is_owner = subject.server.is_none() || subject.server == owned;
        let is_here = is_owner && owned.is_some();
        let locks = owner.filter(|_| is_owner).map(|owner| owner.token);
        let callers = subject.token.map(|token| (token, Whose::Callers));
        let url = match subject.server.or(owned) {
            Some(url) => url,
            None => Url::parse(&format!("http://127.0.0.1:{}", Config::DEFAULT_PORT))?,
        };
        let route = match is_here {
            true => Route::direct(),
            false => Route::to(&url),
        };
        Ok(Self {
            http: route.http()?.build()?,
            url,
            route,
            token: callers.or(locks.map(|token| (Secret::new(token), Whose::Lock))),
            vendor: subject.vendor,
            origin: subject.origin,
            store: subject.store,
        })
    }

    /// The address of a path below the server's own.
    pub(super) fn at(&self, path: &str) -> Url {
        let mut url = self.url.clone();
        let below = format!("{}{path}", url.path().trim_end_matches('/'));
        url.set_path(&below);
        url
    }

    pub(super) fn get(&self, path: &str) -> reqwest::RequestBuilder {
        let request = self.http.get(self.at(path));
        request.header(VERSION_HEADER, VERSION)
    }

    /// With the token, where there is one.
    pub(super) fn get_known(&self, path: &str) -> reqwest::RequestBuilder {
        match &self.token {
            Some((token, _)) => self.get_as(path, token.reveal()),
            None => self.get(path),
        }
    }

    pub(super) fn get_as(&self, path: &str, token: &str) -> reqwest::RequestBuilder {
        self.get(path).header(TOKEN_HEADER, token)
    }
}

/// What was answered.
pub(super) struct Answered {
    pub(super) status: u16,
    pub(super) body: Value,
    pub(super) etag: Option<HeaderValue>,
    pub(super) took: Duration,
}

impl Answered {
    pub(super) async fn to(
        server: &Server,
        request: reqwest::RequestBuilder,
        clock: Deadline,
    ) -> std::result::Result<Self, String> {
        let began = Instant::now();
        let asked = async {
            let response = request.send().await?;
            let status = response.status().as_u16();
            let etag = response.headers().get(ETAG).cloned();
            let body = response.bytes().await?;
            reqwest::Result::Ok((status, etag, body))
        };
        // reqwest's own sentence names the address, and leaves out the cause.
        let named = |error| server.route.name_in(innermost(&error));
        let asked = async { asked.await.map_err(named) };
        let (status, etag, body) = clock.wait(asked).await?;
        Ok(Self {
            status,
            etag,
            body: serde_json::from_slice(&body).unwrap_or_default(),
            took: began.elapsed(),
        })
    }

    pub(super) fn text(&self, field: &str) -> &str {
        self.body[field].as_str().unwrap_or("?")
    }
}

/// The system's words, below those of the libraries between.
fn innermost(error: &dyn std::error::Error) -> String {
    let mut error = error;
    while let Some(source) = error.source() {
        error = source;
    }
    error.to_string()
}
