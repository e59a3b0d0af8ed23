//! The live client that every program uses: screen, command line and tests.
//!
//! [`Client::start`] spawns one task that owns the connection and the replica.
//! It follows the server's socket; while the socket is down it polls, and keeps
//! trying the socket for ever. Whatever it learns comes out of one channel as
//! [`ClientEvent`]s, in order, each change once. Requests (change a status,
//! fetch a detail) go through the [`Client`] handle.
//!
//! The channel is bounded. When the receiver is slow the task waits for it and
//! reads the socket no further; a server that is kept waiting closes the socket
//! as a slow consumer's, and recovery repairs what was missed. So a slow
//! receiver costs time, never a change.

mod answer;
mod backoff;
mod book;
mod catch_up;
pub mod error;
pub mod event;
mod legacy;
mod line;
mod live;
mod mailbox;
mod polls;
pub mod rest;
mod retry;
pub mod route;
mod run;
mod snapshot;
mod socket;
mod state;
mod tell;
mod told;

#[cfg(test)]
mod fake;
#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
pub use url::Url;

pub use error::RequestError;
pub use event::{ClientEvent, Connection, ConnectionState, Credentials};
use legacy::Named;
use mailbox::Mailbox;
pub use rest::Rest;
pub use retry::new_key as new_idempotency_key;
pub use route::Route;
use run::Run;

use crate::clock::{Clock, SystemClock};
use crate::order::{OrderKey, VendorId};
use crate::protocol::PackedOrder;
use crate::protocol::rest::{
    BulkChange, NewNote, NoteAdded, RowResults, StatusChange, StatusChanged, TrackingChange,
    TrackingChanged,
};

/// How often to poll while the socket is down, unless told otherwise.
pub const POLL_EVERY: Duration = Duration::from_secs(30);
/// The shortest and the longest time between two polls.
pub const POLL_RANGE: std::ops::RangeInclusive<Duration> =
    Duration::from_secs(5)..=Duration::from_secs(300);
/// How many events wait for a slow receiver; one holds up to
/// some hundred changes.
const EVENT_QUEUE: usize = 64;

/// What a client follows and how.
#[derive(Debug, Clone)]
pub struct ClientConfig {
    /// The server's address: `http` or `https`.
    pub server: Url,
    /// The vendor to act as; `None` for every vendor that the credentials may see.
    pub vendor: Option<VendorId>,
    /// Who asks.
    pub credentials: Credentials,
    /// How often to poll while the socket is down; taken into [`POLL_RANGE`].
    pub poll_every: Duration,
    /// Whether to follow the socket at all.
    pub realtime: bool,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
}

impl ClientConfig {
    /// Real-time on, a poll every 30 s, the machine's clock.
    #[must_use]
    pub fn new(server: Url, vendor: Option<VendorId>, credentials: Credentials) -> Self {
        Self {
            server,
            vendor,
            credentials,
            poll_every: POLL_EVERY,
            realtime: true,
            clock: Arc::new(SystemClock),
        }
    }
}

/// A handle to a running client. Cheap to clone. The client runs until the
/// receiver of its events is dropped; the REST calls work as long as a handle is
/// there.
#[derive(Debug, Clone)]
pub struct Client {
    rest: Rest,
    mailbox: Arc<Mailbox>,
}

impl Client {
    /// Starts following, on the current Tokio runtime. Dropping the receiver
    /// closes the socket and ends the client.
    ///
    /// # Errors
    /// When the address or the token can never work; everything else is told
    /// as a [`ConnectionState`] and tried again.
    ///
    /// # Panics
    /// Outside a Tokio runtime.
    pub fn start(
        config: ClientConfig,
    ) -> Result<(Self, mpsc::Receiver<ClientEvent>), RequestError> {
        let route = Route::to(&config.server);
        Self::start_on(route, config)
    }

    /// The same by a way that the caller chose.
    pub(crate) fn start_on(
        route: Route,
        config: ClientConfig,
    ) -> Result<(Self, mpsc::Receiver<ClientEvent>), RequestError> {
        let mut rest = Rest::on(route, &config.server, &config.credentials)?;
        if let Some(vendor) = &config.vendor {
            rest = rest.acting_as(vendor.clone());
        }
        let mailbox = Arc::new(Mailbox::new(config.realtime));
        let (events, receiver) = mpsc::channel(EVENT_QUEUE);
        let client = Self { rest, mailbox };
        let rest = client.rest.clone();
        let run = Run::new(config, rest, Arc::clone(&client.mailbox), events);
        tokio::spawn(run.run());
        Ok((client, receiver))
    }

    /// The REST calls, with the same credentials.
    #[must_use]
    pub fn rest(&self) -> &Rest {
        &self.rest
    }

    /// Turns the socket off, so that the client only polls, or on again.
    pub fn set_realtime(&self, on: bool) {
        self.mailbox.set_realtime(on);
    }

    /// Looks now: polls at once, and tries the socket at once if it is down.
    pub fn refresh(&self) {
        self.mailbox.refresh();
    }

    /// Changes the status of an order, once, however often it must be sent
    /// ([`Rest::change_status`]). The order in the answer comes out of the
    /// channel as a [`Change::Order`](crate::replica::Change::Order), before the event that tells of it. A
    /// server of the old kind answers without the order, which is then looked up.
    ///
    /// # Errors
    /// See [`RequestError`].
    pub async fn change_status(
        &self,
        key: &OrderKey,
        change: &StatusChange,
    ) -> Result<StatusChanged, RequestError> {
        let once = retry::new_key();
        self.change_status_with(key, change, &once).await
    }

    /// The same under an `Idempotency-Key` that the caller keeps, so that it can
    /// be sent again by another run of the program and still happens once
    /// ([`Rest::change_status_with`]).
    ///
    /// # Errors
    /// See [`RequestError`].
    pub async fn change_status_with(
        &self,
        key: &OrderKey,
        change: &StatusChange,
        idempotency_key: &str,
    ) -> Result<StatusChanged, RequestError> {
        let sent = (self.rest).change_status_with(key, change, idempotency_key);
        let mut changed = sent.await?;
        match &changed.order {
            Some(order) => {
                let order = Arc::new(PackedOrder::new(order));
                self.mailbox
                    .answer(key.vendor.clone(), order, changed.position.clone());
            }
            None => {
                // It refuses what would change nothing.
                changed.changed = true;
                self.mailbox.name(Named {
                    number: key.number.clone(),
                    status: Some(changed.new_status),
                    at: None,
                });
            }
        }
        Ok(changed)
    }

    /// Adds a note to an order, once, however often it must be sent
    /// ([`Rest::add_note`]). The order in the answer comes out of the channel as
    /// a [`Change::Order`](crate::replica::Change::Order), before the event that tells of it.
    ///
    /// # Errors
    /// See [`RequestError`].
    pub async fn add_note(
        &self,
        key: &OrderKey,
        note: &NewNote,
    ) -> Result<NoteAdded, RequestError> {
        self.add_note_with(key, note, &retry::new_key()).await
    }

    /// The same under an `Idempotency-Key` that the caller keeps
    /// ([`Rest::add_note_with`]).
    ///
    /// # Errors
    /// See [`RequestError`].
    pub async fn add_note_with(
        &self,
        key: &OrderKey,
        note: &NewNote,
        idempotency_key: &str,
    ) -> Result<NoteAdded, RequestError> {
        let added = self.rest.add_note_with(key, note, idempotency_key).await?;
        let order = Arc::new(PackedOrder::new(&added.order));
        self.mailbox
            .answer(key.vendor.clone(), order, added.position.clone());
        Ok(added)
    }

    /// Adds a parcel to an order that has left, or corrects one, under an
    /// `Idempotency-Key` that the caller keeps ([`Rest::change_tracking_with`]).
    ///
    /// # Errors
    /// See [`RequestError`].
    pub async fn change_tracking_with(
        &self,
        key: &OrderKey,
        tracking: &TrackingChange,
        idempotency_key: &str,
    ) -> Result<TrackingChanged, RequestError> {
        let sent = (self.rest).change_tracking_with(key, tracking, idempotency_key);
        let answer = sent.await?;
        let order = Arc::new(PackedOrder::new(&answer.order));
        self.mailbox
            .answer(key.vendor.clone(), order, answer.position.clone());
        Ok(answer)
    }

    /// Changes the status of many orders, at most
    /// [`MAX_ORDERS`](crate::protocol::MAX_ORDERS) at once, each once however
    /// often the request must be sent. A result a row, in their order, with the
    /// order as it is now; a row that is refused leaves the others alone. What
    /// changed comes out of the channel as events. A server of the old kind does
    /// not know the call.
    ///
    /// # Errors
    /// See [`RequestError`]; then it is open which rows were changed, if
    /// [`RequestError::leaves_open`] says so.
    pub async fn change_statuses(&self, bulk: &BulkChange) -> Result<RowResults, RequestError> {
        self.rest.change_statuses(bulk).await
    }
}
