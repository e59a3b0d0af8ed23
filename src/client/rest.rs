//! The REST calls, usable alone: one method a call.
//!
//! A call that changes orders carries an `Idempotency-Key` of its own and is sent
//! again for some seconds when it got no answer, so that it happens once though a
//! server starts anew meanwhile. A call that only reads is sent once: whoever
//! wants to know asks again. Whose order a change is about is part of the change.
//!
//! Each call has a connect timeout and a total one, follows no redirect (the
//! token would travel along) and reads no body beyond [`MAX_ANSWER_BYTES`].

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bytes::Bytes;
use http::Method;
use http::header::{CONTENT_TYPE, ETAG, HeaderMap, HeaderName, HeaderValue, LINK};
use jiff::Timestamp;
use reqwest::RequestBuilder;
use serde::Serialize;
use serde::de::{DeserializeOwned, IgnoredAny};
use url::Url;

use super::answer::{self, Answer, header};
use super::error::{RequestError, innermost};
use super::event::Credentials;
use super::retry::{self, Attempts, CALL_TIMEOUT};
use super::route::{CONNECT_TIMEOUT, Route};
use crate::order::placement::Placement;
use crate::order::{HistoryEntry, OrderKey, OrderNumber, OrderStatus, VendorId};
use crate::protocol::rest::{
    BulkChange, EventsByVendor, EventsPage, EventsRequest, History, ImportBatch, NewNote,
    NoteAdded, RowResults, StatusChange, StatusChanged, TrackingChange, TrackingChanged, Vendor,
};
use crate::protocol::{
    IDEMPOTENCY_KEY, ListedOrder, MAX_ORDERS, MAX_WAIT_S, Position, TOTAL_COUNT, VERSION,
    VERSION_HEADER, old,
};

/// Longest answer that is read, in bytes: a page of [`MAX_ORDERS`] orders with
/// room to spare.
pub const MAX_ANSWER_BYTES: usize = 64 * 1024 * 1024;
/// An idle connection is let go before a proxy between would cut it.
const POOL_IDLE: Duration = Duration::from_secs(20);

/// The header of the shared token.
pub(crate) const MASTER_TOKEN: HeaderName = HeaderName::from_static("x-master-token");
/// The header of the vendor that the caller acts as.
pub(crate) const VENDOR_ID: HeaderName = HeaderName::from_static("x-vendor-id");

/// The header of the protocol's version.
pub(crate) const PROTOCOL: HeaderName = HeaderName::from_static(VERSION_HEADER);

/// How many orders a list holds.
const TOTAL: HeaderName = HeaderName::from_static(TOTAL_COUNT);

/// A server's REST calls. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Rest {
    http: reqwest::Client,
    route: Arc<Route>,
    base: Arc<Url>,
    acting: Option<VendorId>,
    headers: HeaderMap,
    /// Whether the last answer carried the protocol's header.
    ours: Arc<AtomicBool>,
}

/// Which orders a list is to hold; the default asks for all.
#[derive(Debug, Clone, Default)]
pub struct ListQuery {
    /// How many at most, from 1 to [`MAX_ORDERS`].
    pub limit: Option<usize>,
    /// One of these statuses; none means any.
    pub statuses: Vec<OrderStatus>,
    /// In number, buyer or sku.
    pub text: Option<String>,
    /// Placed at this time or later.
    pub placed_after: Option<Timestamp>,
    /// Placed before this time.
    pub placed_before: Option<Timestamp>,
}

/// A page of a list.
#[derive(Debug, Clone)]
pub struct OrdersPage {
    /// Newest first.
    pub orders: Vec<Arc<ListedOrder>>,
    /// Where the vendor's stream was when the page was read; `None` from a
    /// server of the old kind.
    pub position: Option<Position>,
    /// The rest of the list.
    pub next: Option<NextPage>,
    /// How many orders all pages hold, where the server says so on the first.
    pub total: Option<usize>,
}

/// Leads to the next page of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NextPage {
    /// Only the query of the link is kept: whatever host it names, the token
    /// goes to the server that was asked.
    query: String,
}

impl Rest {
    /// The calls of the server at `server`, with these credentials; as support
    /// until [`Self::acting_as`] names a vendor. A path in `server` is kept. A proxy
    /// is used where the environment asks for one ([`Route::to`]).
    ///
    /// # Errors
    /// When the address is no `http` or `https` one, the token cannot stand in
    /// a header, or TLS cannot be set up.
    pub fn new(server: &Url, credentials: &Credentials) -> Result<Self, RequestError> {
        Self::on(Route::to(server), server, credentials)
    }

    /// The same by a way that the caller chose.
    ///
    /// # Errors
    /// As of [`Self::new`].
    pub fn on(route: Route, server: &Url, credentials: &Credentials) -> Result<Self, RequestError> {
        if !matches!(server.scheme(), "http" | "https") || !server.has_host() {
            return Err(RequestError::Address {
                server: server.to_string(),
            });
        }
        let mut token =
            HeaderValue::from_str(&credentials.master_token).map_err(|_| RequestError::Token)?;
        token.set_sensitive(true);
        let http = (route.http()?)
            .user_agent(concat!("ordertop/", env!("CARGO_PKG_VERSION")))
            .pool_idle_timeout(POOL_IDLE)
            .build()
            .map_err(|error| RequestError::Setup {
                reason: innermost(&error),
            })?;
        let mut base = server.clone();
        base.set_query(None);
        base.set_fragment(None);
        Ok(Self {
            http,
            route: Arc::new(route),
            base: Arc::new(base),
            acting: None,
            ours: Arc::default(),
            headers: HeaderMap::from_iter([(MASTER_TOKEN, token), (PROTOCOL, VERSION.into())]),
        })
    }

    /// The same calls, acting as this vendor.
    #[must_use]
    pub fn acting_as(mut self, vendor: VendorId) -> Self {
        // A vendor id's alphabet fits any header.
        if let Ok(value) = HeaderValue::from_str(vendor.as_str()) {
            self.headers.insert(VENDOR_ID, value);
        }
        self.acting = Some(vendor);
        self
    }

    /// A vendor's orders, newest first: the first page.
    ///
    /// # Errors
    /// See [`RequestError`]; so it is with every call below.
    pub async fn orders(
        &self,
        vendor: &VendorId,
        query: &ListQuery,
    ) -> Result<OrdersPage, RequestError> {
        let url = self.url(&["orders", "vendor"], Some(vendor))?;
        self.orders_chosen(url, query).await
    }

    /// Every vendor's orders, newest first: the first page. For support.
    pub async fn orders_of_all(&self, query: &ListQuery) -> Result<OrdersPage, RequestError> {
        let url = self.of_whomever(&["orders", "vendor"])?;
        self.orders_chosen(url, query).await
    }

    async fn orders_chosen(
        &self,
        mut url: Url,
        query: &ListQuery,
    ) -> Result<OrdersPage, RequestError> {
        {
            let mut pairs = url.query_pairs_mut();
            if let Some(limit) = query.limit {
                pairs.append_pair("limit", &limit.clamp(1, MAX_ORDERS).to_string());
            }
            if !query.statuses.is_empty() {
                let names: Vec<_> = query.statuses.iter().map(ToString::to_string).collect();
                pairs.append_pair("status", &names.join(","));
            }
            if let Some(text) = &query.text {
                pairs.append_pair("q", text);
            }
            for (name, at) in [
                ("placed_after", query.placed_after),
                ("placed_before", query.placed_before),
            ] {
                if let Some(at) = at {
                    pairs.append_pair(name, &at.to_string());
                }
            }
        }
        self.orders_page(url).await
    }

    /// The list without a word on whose: only a server of the old kind, asked
    /// about all vendors, comes to this, and says what it misses.
    pub(crate) async fn list_of_nobody(&self) -> Result<OrdersPage, RequestError> {
        self.orders_page(self.url(&["orders", "vendor"], None)?)
            .await
    }

    /// Whether the server is of the old kind, asked where a call is unknown there.
    pub async fn is_of_the_old_kind(&self) -> bool {
        matches!(self.looks_old(None, CALL_TIMEOUT).await, Ok(true))
    }

    /// A server of the old kind has the list, without a position, or refuses it in words without a
    /// code; another program does neither, and ours says by a header that it is ours.
    async fn looks_old(
        &self,
        vendor: Option<&VendorId>,
        timeout: Duration,
    ) -> Result<bool, RequestError> {
        let mut url = self.url(&["orders", "vendor"], vendor)?;
        url.query_pairs_mut().append_pair("limit", "1");
        let answer = self.send(self.request(Method::GET, url), timeout).await;
        if self.is_ours() {
            return Ok(false);
        }
        match answer {
            Ok(answer) => {
                answer.json::<Vec<IgnoredAny>>()?;
                Ok(position(&answer.headers).is_none())
            }
            Err(RequestError::Refused {
                status: 401 | 403,
                code,
                ..
            }) => Ok(code.is_empty()),
            Err(RequestError::Refused { .. }) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Whether the last answer said that it was an ordertop server's.
    fn is_ours(&self) -> bool {
        self.ours.load(Ordering::Relaxed)
    }

    /// The page after another one.
    pub async fn orders_next(&self, next: &NextPage) -> Result<OrdersPage, RequestError> {
        let mut url = self.url(&["orders", "vendor"], None)?;
        url.set_query(Some(&next.query));
        self.orders_page(url).await
    }

    async fn orders_page(&self, mut url: Url) -> Result<OrdersPage, RequestError> {
        if url.query() == Some("") {
            url.set_query(None);
        }
        let call = self.request(Method::GET, url.clone());
        let answer = self.send(call, CALL_TIMEOUT).await?;
        Ok(OrdersPage {
            orders: answer.json()?,
            position: position(&answer.headers),
            next: next_page(&answer.headers, &url),
            total: (answer.header(&TOTAL)).and_then(|total| total.parse().ok()),
        })
    }

    /// One order with everything about it.
    pub async fn detail(&self, key: &OrderKey) -> Result<ListedOrder, RequestError> {
        let url = self.order_url(key, "vendor-detail")?;
        self.call(self.request(Method::GET, url)).await
    }

    /// Whose order has this number. For support; a number that several vendors
    /// have is refused as `ambiguous_order`.
    pub async fn vendor_of(&self, number: &OrderNumber) -> Result<VendorId, RequestError> {
        self.vendor_within(number, CALL_TIMEOUT).await
    }

    /// The same before a change: asked again for as long as the change itself would
    /// be, so that both outlast a server that starts anew.
    pub async fn vendor_of_to_change(
        &self,
        number: &OrderNumber,
    ) -> Result<VendorId, RequestError> {
        let mut attempts = Attempts::new();
        loop {
            match self.vendor_within(number, attempts.timeout()).await {
                Err(error) if attempts.again(&error).await => {}
                found => return found,
            }
        }
    }

    async fn vendor_within(
        &self,
        number: &OrderNumber,
        timeout: Duration,
    ) -> Result<VendorId, RequestError> {
        let url = self.of_whomever(&["orders", number.as_str(), "vendor-detail"])?;
        let found = self.send(self.request(Method::GET, url), timeout).await?;
        let found: ListedOrder = found.json()?;
        found.vendor_id.ok_or(RequestError::VendorNeeded)
    }

    /// Who did what to an order when, oldest first.
    pub async fn history(&self, key: &OrderKey) -> Result<Vec<HistoryEntry>, RequestError> {
        let url = self.order_url(key, "history")?;
        let history: History = self.call(self.request(Method::GET, url)).await?;
        Ok(history.history)
    }

    /// Changes the status of an order.
    pub async fn change_status(
        &self,
        key: &OrderKey,
        change: &StatusChange,
    ) -> Result<StatusChanged, RequestError> {
        self.change_status_with(key, change, &retry::new_key())
            .await
    }

    /// Changes the status of an order under an `Idempotency-Key` that the caller
    /// keeps, such as [`super::new_idempotency_key`] makes: sent again with the same key and
    /// the same change, within 24 hours, it is answered as before and does
    /// nothing more. With a key that no header can
    /// carry ([`RequestError::IdempotencyKey`]) nothing is sent.
    pub async fn change_status_with(
        &self,
        key: &OrderKey,
        change: &StatusChange,
        idempotency_key: &str,
    ) -> Result<StatusChanged, RequestError> {
        let url = self.order_url(key, "update-status")?;
        let mut attempts = Attempts::new();
        // A server of the old kind would take the status and drop the rest without a word.
        if let Some(what) = old::unkept(change).filter(|_| !self.is_ours()) {
            loop {
                match self.looks_old(Some(&key.vendor), attempts.timeout()).await {
                    Ok(false) => break,
                    Ok(true) => return Err(RequestError::NotKept { what }),
                    Err(error) if attempts.again(&error).await => {}
                    Err(error) => return Err(error),
                }
            }
        }
        self.change_within(attempts, url, change, idempotency_key)
            .await
    }

    /// Adds a note to an order. A server of the old kind has none, and the error
    /// says so.
    pub async fn add_note(
        &self,
        key: &OrderKey,
        note: &NewNote,
    ) -> Result<NoteAdded, RequestError> {
        self.add_note_with(key, note, &retry::new_key()).await
    }

    /// Adds a note under an `Idempotency-Key` that the caller keeps, as
    /// [`Self::change_status_with`] does: within 24 hours it is added once.
    pub async fn add_note_with(
        &self,
        key: &OrderKey,
        note: &NewNote,
        idempotency_key: &str,
    ) -> Result<NoteAdded, RequestError> {
        let url = self.order_url(key, "notes")?;
        let added = self.change_with(url, note, idempotency_key).await;
        self.unless_old(added, "notes").await
    }

    /// The same answer, unless the call is one that a server of the old kind does not know.
    async fn unless_old<T>(
        &self,
        answer: Result<T, RequestError>,
        what: &'static str,
    ) -> Result<T, RequestError> {
        match answer {
            Err(error) if error.is_unknown_call() && self.is_of_the_old_kind().await => {
                Err(RequestError::NotKept { what })
            }
            other => other,
        }
    }

    /// Adds a parcel to an order that has left, or corrects one that was entered here.
    pub async fn change_tracking(
        &self,
        key: &OrderKey,
        tracking: &TrackingChange,
    ) -> Result<TrackingChanged, RequestError> {
        self.change_tracking_with(key, tracking, &retry::new_key())
            .await
    }

    /// The same under an `Idempotency-Key` that the caller keeps, as
    /// [`Self::change_status_with`] does: within 24 hours it is done once.
    pub async fn change_tracking_with(
        &self,
        key: &OrderKey,
        tracking: &TrackingChange,
        idempotency_key: &str,
    ) -> Result<TrackingChanged, RequestError> {
        let url = self.order_url(key, "shipments")?;
        let changed = self.change_with(url, tracking, idempotency_key).await;
        self.unless_old(changed, "parcels").await
    }

    /// Changes the status of many orders, at most [`MAX_ORDERS`] at once; a
    /// result a row, in order. Rows of one vendor are one commit.
    pub async fn change_statuses(&self, bulk: &BulkChange) -> Result<RowResults, RequestError> {
        let url = self.url(&["orders", "update-status"], None)?;
        self.change(url, bulk).await
    }

    /// Places orders, at most [`MAX_ORDERS`] at once; a result a row, in order.
    pub async fn place(&self, orders: &[Placement]) -> Result<RowResults, RequestError> {
        let url = self.url(&["orders"], None)?;
        self.change(url, &orders).await
    }

    /// Merges checked orders from elsewhere, at most [`MAX_ORDERS`] at once.
    pub async fn import(&self, batch: &ImportBatch) -> Result<RowResults, RequestError> {
        let url = self.url(&["orders", "import"], None)?;
        self.change(url, batch).await
    }

    /// The vendors that the credentials may see.
    pub async fn vendors(&self) -> Result<Vec<Vendor>, RequestError> {
        let url = self.url(&["vendors"], None)?;
        self.call(self.request(Method::GET, url)).await
    }

    /// Adds a vendor, or finds it there already.
    pub async fn add_vendor(&self, vendor: &Vendor) -> Result<Vendor, RequestError> {
        let url = self.url(&["vendors"], None)?;
        self.post(url, vendor).await
    }

    /// What happened to a vendor's orders after `since`. With `wait` the server
    /// holds the answer until something happens, at most [`MAX_WAIT_S`] seconds.
    pub async fn events(
        &self,
        vendor: &VendorId,
        since: &Position,
        wait: Duration,
    ) -> Result<EventsPage, RequestError> {
        let mut url = self.url(&["orders", "vendor", "events"], Some(vendor))?;
        let wait = wait.min(Duration::from_secs(MAX_WAIT_S));
        url.query_pairs_mut()
            .append_pair("since", &since.to_string())
            .append_pair("wait", &wait.as_secs().to_string());
        let call = self.request(Method::GET, url);
        self.send(call, CALL_TIMEOUT + wait).await?.json()
    }

    /// What happened to every vendor's orders.
    pub async fn events_all(
        &self,
        request: &EventsRequest,
    ) -> Result<EventsByVendor, RequestError> {
        let url = self.url(&["orders", "events"], None)?;
        let wait = Duration::from_secs(request.wait.min(MAX_WAIT_S));
        let call = self.json(url, request)?;
        self.send(call, CALL_TIMEOUT + wait).await?.json()
    }

    /// The server's own summary, a JSON object; `None` where there is no such page.
    pub async fn status(&self) -> Result<Option<serde_json::Value>, RequestError> {
        let url = join(&self.base, "status", &[]);
        match self.call(self.request(Method::GET, url)).await {
            Ok(page) => Ok(Some(page).filter(serde_json::Value::is_object)),
            Err(error) if error.is_unknown_call() => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The headers that say who asks.
    pub(crate) fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    /// The server's address, without query.
    pub(crate) fn base(&self) -> &Url {
        &self.base
    }

    /// The way to the server.
    pub(crate) fn route(&self) -> &Route {
        &self.route
    }

    /// Host and port, as errors name the server.
    pub(crate) fn server(&self) -> String {
        let host = self.base.host_str().unwrap_or_default();
        match self.base.port_or_known_default() {
            Some(port) => format!("{host}:{port}"),
            None => host.to_owned(),
        }
    }

    fn order_url(&self, key: &OrderKey, call: &str) -> Result<Url, RequestError> {
        self.url(&["orders", key.number.as_str(), call], Some(&key.vendor))
    }

    /// `/api/…/` below the base. Segments are percent-encoded. A vendor that is
    /// not the acting one is named in the query, where support may name any.
    fn url(&self, segments: &[&str], vendor: Option<&VendorId>) -> Result<Url, RequestError> {
        let mut url = join(&self.base, "api", segments);
        match (&self.acting, vendor) {
            (Some(acting), Some(named)) if acting != named => {
                return Err(RequestError::AnotherVendor {
                    named: named.clone(),
                    acting: acting.clone(),
                });
            }
            (None, Some(named)) => {
                url.query_pairs_mut().append_pair("vendor", named.as_str());
            }
            _ => {}
        }
        Ok(url)
    }

    /// `/api/…/` about every vendor that the credentials may see.
    fn of_whomever(&self, segments: &[&str]) -> Result<Url, RequestError> {
        let mut url = self.url(segments, None)?;
        if self.acting.is_none() {
            url.query_pairs_mut().append_pair("vendor", "*");
        }
        Ok(url)
    }

    fn request(&self, method: Method, url: Url) -> RequestBuilder {
        self.http.request(method, url).headers(self.headers.clone())
    }

    fn json(&self, url: Url, body: &impl Serialize) -> Result<RequestBuilder, RequestError> {
        Ok(self.json_bytes(url, to_json(body)?))
    }

    fn json_bytes(&self, url: Url, body: Bytes) -> RequestBuilder {
        let request = self.request(Method::POST, url);
        request.header(CONTENT_TYPE, "application/json").body(body)
    }

    /// Sends a change until it is answered, or for as long as it is tried.
    async fn change<T: DeserializeOwned>(
        &self,
        url: Url,
        body: &impl Serialize,
    ) -> Result<T, RequestError> {
        self.change_with(url, body, &retry::new_key()).await
    }

    async fn change_with<T: DeserializeOwned>(
        &self,
        url: Url,
        body: &impl Serialize,
        key: &str,
    ) -> Result<T, RequestError> {
        self.change_within(Attempts::new(), url, body, key).await
    }

    async fn change_within<T: DeserializeOwned>(
        &self,
        mut attempts: Attempts,
        url: Url,
        body: &impl Serialize,
        key: &str,
    ) -> Result<T, RequestError> {
        let key = HeaderValue::from_str(key).map_err(|_| RequestError::IdempotencyKey)?;
        let body = to_json(body)?;
        loop {
            let request = self.json_bytes(url.clone(), body.clone());
            let request = request.header(IDEMPOTENCY_KEY, key.clone());
            match self.send(request, attempts.timeout()).await {
                Ok(answer) => return answer.json(),
                Err(error) if attempts.again(&error).await => {}
                Err(error) => return Err(error),
            }
        }
    }

    async fn post<T: DeserializeOwned>(
        &self,
        url: Url,
        body: &impl Serialize,
    ) -> Result<T, RequestError> {
        self.call(self.json(url, body)?).await
    }

    async fn call<T: DeserializeOwned>(&self, request: RequestBuilder) -> Result<T, RequestError> {
        self.send(request, CALL_TIMEOUT).await?.json()
    }

    async fn send(
        &self,
        request: RequestBuilder,
        timeout: Duration,
    ) -> Result<Answer, RequestError> {
        let mut response = (request.timeout(timeout).send().await)
            .map_err(|error| self.unanswered(&error, timeout))?;
        let mut body = Vec::new();
        loop {
            let chunk = response.chunk().await;
            let Some(chunk) = chunk.map_err(|error| self.unanswered(&error, timeout))? else {
                break;
            };
            if body.len() + chunk.len() > MAX_ANSWER_BYTES {
                return Err(RequestError::TooLong {
                    limit_bytes: MAX_ANSWER_BYTES,
                });
            }
            body.extend_from_slice(&chunk);
        }
        let answer = Answer {
            status: response.status(),
            headers: std::mem::take(response.headers_mut()),
            body,
            url: response.url().clone(),
            server: self.server(),
            route: Arc::clone(&self.route),
        };
        self.ours.store(answer.is_ours(), Ordering::Relaxed);
        answer.good()
    }

    /// Why no answer came. A proxy is named, for it may be what does not answer.
    fn unanswered(&self, error: &reqwest::Error, timeout: Duration) -> RequestError {
        let server = self.server();
        let after = if error.is_connect() {
            CONNECT_TIMEOUT
        } else {
            timeout
        };
        let reason = match error.is_timeout() {
            true if self.route.is_direct() => return RequestError::Timeout { server, after },
            true => format!("no answer in {} s", after.as_secs()),
            false => answer::no_answer(error, &self.base),
        };
        RequestError::Unreachable {
            server,
            reason: self.route.name_in(reason),
        }
    }
}

/// `base` with further segments, each percent-encoded, and a last slash.
pub(crate) fn join(base: &Url, first: &str, segments: &[&str]) -> Url {
    let mut url = base.clone();
    // `http` and `https` addresses always have segments.
    if let Ok(mut path) = url.path_segments_mut() {
        path.pop_if_empty().push(first).extend(segments).push("");
    }
    url
}

/// The position in a list's `ETag`, with or without the mark of a weak one.
fn position(headers: &HeaderMap) -> Option<Position> {
    let tag = header(headers, &ETAG)?;
    let tag = tag.strip_prefix("W/").unwrap_or(tag);
    tag.strip_prefix('"')?.strip_suffix('"')?.parse().ok()
}

/// The link with `rel="next"` (RFC 8288).
fn next_page(headers: &HeaderMap, url: &Url) -> Option<NextPage> {
    let links = headers.get_all(LINK).iter();
    let mut links = links.filter_map(|links| links.to_str().ok());
    links.find_map(|links| {
        let target = next_target(links)?;
        let query = url.join(target).ok()?.query()?.to_owned();
        Some(NextPage { query })
    })
}

/// The target of the `next` link in one header line.
fn next_target(links: &str) -> Option<&str> {
    let mut rest = links;
    loop {
        let (_, after) = rest.split_once('<')?;
        let (target, after) = after.split_once('>')?;
        let parameters = after.split_once('<').map_or(after, |(before, _)| before);
        let next = parameters.split([';', ',']).any(|parameter| {
            let parameter = parameter.trim();
            parameter.eq_ignore_ascii_case("rel=\"next\"")
                || parameter.eq_ignore_ascii_case("rel=next")
        });
        if next {
            return Some(target);
        }
        rest = after;
    }
}

fn to_json(body: &impl Serialize) -> Result<Bytes, RequestError> {
    let body = serde_json::to_vec(body).map_err(|error| RequestError::Unreadable {
        reason: error.to_string(),
    })?;
    Ok(body.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rest(server: &str) -> Rest {
        let credentials = Credentials {
            master_token: "secret".to_owned(),
        };
        Rest::new(&server.parse().unwrap(), &credentials).unwrap()
    }

    fn key(vendor: &str, number: &str) -> OrderKey {
        OrderKey {
            vendor: vendor.parse().unwrap(),
            number: number.parse().unwrap(),
        }
    }

    #[test]
    fn numbers_are_encoded_and_a_path_of_the_server_is_kept() {
        let table = [
            (
                "http://h:1",
                "A/1 ?#%",
                "http://h:1/api/orders/A%2F1%20%3F%23%25/history/?vendor=42",
            ),
            (
                "http://h/shop/",
                "注",
                "http://h/shop/api/orders/%E6%B3%A8/history/?vendor=42",
            ),
            (
                "http://h/shop?x=1",
                "...",
                "http://h/shop/api/orders/.../history/?vendor=42",
            ),
        ];
        for (server, number, url) in table {
            let built = rest(server)
                .order_url(&key("42", number), "history")
                .unwrap();
            assert_eq!(built.as_str(), url);
        }
    }

    #[test]
    fn a_vendor_never_touches_the_same_number_of_another() {
        let acting = rest("http://h").acting_as("7".parse().unwrap());
        let own = acting.order_url(&key("7", "1"), "history").unwrap();
        assert_eq!(own.query(), None);
        assert_eq!(acting.headers()[VENDOR_ID], "7");
        assert_eq!(acting.headers()[PROTOCOL], "1");
        let other = acting.order_url(&key("8", "1"), "history");
        assert!(matches!(other, Err(RequestError::AnotherVendor { .. })));
    }

    #[test]
    fn the_next_page_stays_with_the_server() {
        let url: Url = "http://h/api/orders/vendor/?vendor=4".parse().unwrap();
        let table = [
            (
                "<?vendor=4&cursor=9>; rel=\"next\"",
                Some("vendor=4&cursor=9"),
            ),
            ("</api/orders/vendor/?cursor=a>; rel=next", Some("cursor=a")),
            (
                "<http://evil/?cursor=b>; title=\"x\"; rel=\"next\"",
                Some("cursor=b"),
            ),
            ("<?p=1>; rel=\"prev\", <?p=3>; rel=\"next\"", Some("p=3")),
            ("<?p=1>; rel=\"prev\"", None),
            ("nonsense", None),
        ];
        for (link, query) in table {
            let headers = HeaderMap::from_iter([(LINK, link.parse().unwrap())]);
            let next = next_page(&headers, &url).map(|next| next.query);
            assert_eq!(next.as_deref(), query, "{link}");
        }
    }

    #[test]
    fn an_etag_is_a_position() {
        for (tag, offset) in [
            ("\"12:ab\"", Some(12)),
            ("W/\"3:x\"", Some(3)),
            ("12:ab", None),
        ] {
            let headers = HeaderMap::from_iter([(ETAG, tag.parse().unwrap())]);
            assert_eq!(position(&headers).map(|p| p.offset), offset, "{tag}");
        }
    }

    #[test]
    fn addresses_and_tokens_that_cannot_be_used_are_refused() {
        let credentials = |token: &str| Credentials {
            master_token: token.to_owned(),
        };
        let ftp = Rest::new(&"ftp://h".parse().unwrap(), &credentials("t"));
        assert!(matches!(ftp, Err(RequestError::Address { .. })));
        let token = Rest::new(&"http://h".parse().unwrap(), &credentials("a\nb"));
        assert!(matches!(token, Err(RequestError::Token)));
    }
}
