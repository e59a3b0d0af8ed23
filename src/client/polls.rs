//! What is asked by REST beside the loop: when to poll, and what came of it.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::time::Instant;

use super::error::RequestError;
use super::legacy::Tick;
use super::line::Due;
use super::snapshot::Counts;
use super::socket::{Break, Socket};
use crate::order::{OrderKey, VendorId};
use crate::protocol::ListedOrder;
use crate::protocol::rest::{Vendor, VendorEvents};
use crate::replica::Snapshot;

/// What came of something that took time.
#[derive(Debug)]
pub(crate) enum Done {
    /// An attempt at the socket.
    Opened(Result<Box<Socket>, Break>),
    /// A socket was closed politely.
    Closed,
    /// A poll, and how long it took.
    Polled(
        Duration,
        Result<BTreeMap<VendorId, VendorEvents>, RequestError>,
    ),
    /// A vendor's snapshot, and when it was asked for.
    Fetched(VendorId, Tick, Result<Snapshot, RequestError>),
    /// The vendors and their names.
    Named(Result<Vec<Vendor>, RequestError>),
    /// An order that an old server named, and when it was asked for.
    LookedUp(OrderKey, Tick, Result<Box<ListedOrder>, RequestError>),
}

/// When to poll, and how it went.
#[derive(Debug)]
pub(crate) struct Polls {
    pub(crate) due: Due,
    pub(crate) running: bool,
    /// Since the socket was last up.
    pub(crate) outcome: Option<Result<(), Break>>,
    pub(crate) failing_since: Option<Timestamp>,
    pub(crate) rounds: u32,
}

impl Polls {
    pub(crate) fn new(due: Due) -> Self {
        Self {
            due,
            running: false,
            outcome: None,
            failing_since: None,
            rounds: 0,
        }
    }

    pub(crate) fn deadline(&self) -> Option<Instant> {
        (!self.running).then_some(self.due.at)
    }

    pub(crate) fn bring_forward(&mut self, due: Due) {
        if due.at < self.due.at {
            self.due = due;
        }
    }
}

/// Snapshots that are fetched.
#[derive(Debug, Default)]
pub(crate) struct Fetches {
    /// Vendors whose turn is to come.
    pub(crate) waiting: VecDeque<VendorId>,
    /// How many are under way.
    pub(crate) running: usize,
    pub(crate) counts: Arc<Counts>,
}

/// The vendors' names.
#[derive(Debug, Default)]
pub(crate) struct Names {
    pub(crate) by_vendor: BTreeMap<VendorId, String>,
    /// Whether they are being asked for.
    pub(crate) asking: bool,
}
