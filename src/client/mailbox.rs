//! What handles ask of the running client: the newest wish counts, so nothing
//! here can pile up.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

use super::legacy::Named;
use crate::order::VendorId;
use crate::protocol::{PackedOrder, Position};

/// Most answers that wait for the client. One that finds no room is left out:
/// the event of the change comes all the same.
const MAX_ANSWERS: usize = 256;

/// Where handles leave what the client is to do.
#[derive(Debug)]
pub(crate) struct Mailbox {
    wishes: Mutex<Wishes>,
    wake: Notify,
}

/// What was asked since the client last looked.
#[derive(Debug)]
pub(crate) struct Wishes {
    /// Whether to follow the socket.
    pub(crate) realtime: bool,
    /// Whether to look at once.
    pub(crate) refresh: bool,
    /// What requests brought.
    pub(crate) answers: Vec<Answer>,
    /// Orders that a server of the old kind changed, without telling more.
    pub(crate) named: Vec<Named>,
}

/// An order from the answer to a request.
#[derive(Debug)]
pub(crate) struct Answer {
    /// Whose.
    pub(crate) vendor: VendorId,
    /// As it is now.
    pub(crate) order: Arc<PackedOrder>,
    /// The event that made it so, where the server says.
    pub(crate) position: Option<Position>,
}

impl Mailbox {
    pub(crate) fn new(realtime: bool) -> Self {
        Self {
            wishes: Mutex::new(Wishes {
                realtime,
                refresh: false,
                answers: Vec::new(),
                named: Vec::new(),
            }),
            wake: Notify::new(),
        }
    }

    pub(crate) fn set_realtime(&self, on: bool) {
        self.wishes().realtime = on;
        self.wake.notify_one();
    }

    pub(crate) fn refresh(&self) {
        self.wishes().refresh = true;
        self.wake.notify_one();
    }

    pub(crate) fn answer(
        &self,
        vendor: VendorId,
        order: Arc<PackedOrder>,
        position: Option<Position>,
    ) {
        let mut wishes = self.wishes();
        if wishes.answers.len() < MAX_ANSWERS {
            wishes.answers.push(Answer {
                vendor,
                order,
                position,
            });
        }
        drop(wishes);
        self.wake.notify_one();
    }

    /// A server of the old kind has changed an order.
    pub(crate) fn name(&self, named: Named) {
        let mut wishes = self.wishes();
        if wishes.named.len() < MAX_ANSWERS {
            wishes.named.push(named);
        }
        drop(wishes);
        self.wake.notify_one();
    }

    /// Waits until something was asked since the last call.
    pub(crate) async fn asked(&self) {
        self.wake.notified().await;
    }

    /// What was asked; answers and the refresh are handed out once.
    pub(crate) fn take(&self) -> Wishes {
        let mut wishes = self.wishes();
        Wishes {
            realtime: wishes.realtime,
            refresh: std::mem::take(&mut wishes.refresh),
            answers: std::mem::take(&mut wishes.answers),
            named: std::mem::take(&mut wishes.named),
        }
    }

    fn wishes(&self) -> MutexGuard<'_, Wishes> {
        self.wishes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
