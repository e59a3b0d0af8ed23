//! Follows events over REST, each once, however often the connection breaks:
//! without a snapshot, so that it begins at once beside a hundred thousand orders.

use std::collections::BTreeMap;
use std::time::Duration;

use ordertop::client::{RequestError, Rest};
use ordertop::order::VendorId;
use ordertop::protocol::message::Unrecovered;
use ordertop::protocol::rest::EventsRequest;
use ordertop::protocol::{Position, ServerMessage};
use tokio::time::{Instant, sleep};

use super::{Failure, say};

/// How long the server holds a call while nothing happens.
const WAIT: Duration = Duration::from_secs(25);
/// The longest pause before it is asked again after a failure.
const MAX_PAUSE: Duration = Duration::from_secs(20);
/// An answer without news that came sooner than this was not waited for: the
/// server stops, and asking on at once would only keep it busy.
const TOO_SOON: Duration = Duration::from_millis(500);

/// What following tells.
#[derive(Debug)]
pub(super) enum Told {
    /// It happened.
    Event(Box<ServerMessage>),
    /// Events of this vendor cannot be told any more.
    Gap {
        vendor: VendorId,
        reason: Unrecovered,
        /// Where it goes on.
        position: Position,
    },
}

/// A place in the streams of one vendor or of all.
#[derive(Debug)]
pub(super) struct Follow {
    rest: Rest,
    /// Only this vendor's.
    vendor: Option<VendorId>,
    positions: BTreeMap<VendorId, Position>,
    failures: u32,
}

impl Follow {
    /// Where the streams stand now: what happens from here on is told.
    pub(super) async fn from_now(rest: &Rest, vendor: Option<VendorId>) -> Result<Self, Failure> {
        let mut follow = Self {
            rest: rest.clone(),
            vendor,
            positions: BTreeMap::new(),
            failures: 0,
        };
        follow.positions = match follow.newest().await {
            Err(error) if error.is_unknown_call() && rest.is_of_the_old_kind().await => {
                return Err(Failure::NoEvents);
            }
            newest => newest?,
        };
        Ok(follow)
    }

    /// From a place of one vendor's stream.
    pub(super) fn from(rest: &Rest, vendor: VendorId, since: Position) -> Self {
        Self {
            rest: rest.clone(),
            positions: BTreeMap::from([(vendor.clone(), since)]),
            vendor: Some(vendor),
            failures: 0,
        }
    }

    async fn newest(&self) -> Result<BTreeMap<VendorId, Position>, RequestError> {
        let told = self.rest.events_all(&EventsRequest::default()).await?;
        let wanted = |vendor: &VendorId| self.vendor.as_ref().is_none_or(|own| own == vendor);
        let told = told
            .vendors
            .into_iter()
            .filter(|(vendor, _)| wanted(vendor));
        Ok(told.map(|(vendor, told)| (vendor, told.position)).collect())
    }

    /// Waits for something to happen. A server that is away is waited for; the
    /// first call must be answered, so that a wrong address is told.
    pub(super) async fn next(&mut self) -> Result<Vec<Told>, Failure> {
        loop {
            let asked = Instant::now();
            match self.ask().await {
                Ok(told) => {
                    if self.failures > 0 {
                        say("the server answers again");
                        self.failures = 0;
                    }
                    if !told.is_empty() {
                        return Ok(told);
                    }
                    if asked.elapsed() < TOO_SOON {
                        sleep(TOO_SOON).await;
                    }
                }
                Err(error @ RequestError::Unreachable { .. })
                | Err(error @ RequestError::Timeout { .. })
                | Err(error @ RequestError::Away { .. }) => {
                    if self.failures == 0 {
                        say(&format!("{error}; trying again"));
                    }
                    self.failures = self.failures.saturating_add(1);
                    sleep(self.pause(&error)).await;
                }
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// Doubles to the longest; random, so that not all come back together.
    fn pause(&self, error: &RequestError) -> Duration {
        let asked = match error {
            RequestError::Away { retry_after, .. } => retry_after.unwrap_or_default(),
            _ => Duration::ZERO,
        };
        let doubled = Duration::from_millis(500) * 2_u32.pow(self.failures.min(6) - 1);
        let random: f64 = rand::random();
        asked.min(MAX_PAUSE) + doubled.min(MAX_PAUSE).mul_f64(0.5 + random / 2.0)
    }

    async fn ask(&mut self) -> Result<Vec<Told>, RequestError> {
        match self.vendor.clone() {
            Some(vendor) => self.ask_one(vendor).await,
            None => self.ask_all().await,
        }
    }

    async fn ask_one(&mut self, vendor: VendorId) -> Result<Vec<Told>, RequestError> {
        let Some(since) = self.positions.get(&vendor) else {
            // It is not there yet: the server says so to whoever asks for it.
            self.rest.orders(&vendor, &one()).await?;
            self.positions = self.newest().await?;
            return Ok(Vec::new());
        };
        match self.rest.events(&vendor, since, WAIT).await {
            Ok(page) => {
                self.positions.insert(vendor, page.position);
                Ok(page.events.into_iter().map(event).collect())
            }
            Err(RequestError::Refused {
                status: 410, code, ..
            }) => {
                self.positions = self.newest().await?;
                let position = self.positions.get(&vendor).cloned();
                let reason = match code.as_str() {
                    "position_expired" => Unrecovered::PositionExpired,
                    _ => Unrecovered::PositionUnknown,
                };
                let gap = position.map(|position| Told::Gap {
                    vendor,
                    reason,
                    position,
                });
                Ok(gap.into_iter().collect())
            }
            Err(error) => Err(error),
        }
    }

    async fn ask_all(&mut self) -> Result<Vec<Told>, RequestError> {
        let request = EventsRequest {
            positions: self.positions.clone(),
            wait: WAIT.as_secs(),
        };
        let answer = self.rest.events_all(&request).await?;
        let mut told = Vec::new();
        for (vendor, news) in answer.vendors {
            self.positions.insert(vendor.clone(), news.position.clone());
            if news.recovered {
                told.extend(news.events.into_iter().map(event));
                continue;
            }
            let reason = news.reason.unwrap_or(Unrecovered::PositionUnknown);
            // A vendor that came to be meanwhile, and nothing happened to it yet.
            if reason != Unrecovered::NoPosition || news.position.offset > 0 {
                told.push(Told::Gap {
                    vendor,
                    reason,
                    position: news.position,
                });
            }
        }
        Ok(told)
    }
}

fn event(message: ServerMessage) -> Told {
    Told::Event(Box::new(message))
}

/// The shortest list there is.
fn one() -> ordertop::client::rest::ListQuery {
    ordertop::client::rest::ListQuery {
        limit: Some(1),
        ..Default::default()
    }
}
