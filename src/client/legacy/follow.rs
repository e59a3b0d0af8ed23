//! The part of the loop that follows a server of the old kind: when it counts
//! as up, what its frames say, and what is looked up.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::{Named, Tick};
use crate::client::error::RequestError;
use crate::client::line::{Line, due};
use crate::client::live::Stage;
use crate::client::polls::Done;
use crate::client::run::Run;
use crate::client::socket::Break;
use crate::order::{OrderKey, VendorId};
use crate::protocol::{ListedOrder, PackedOrder};
use crate::replica::Change;

impl Run {
    /// No word of our protocol: an old server, whose frames only name orders.
    pub(crate) fn is_legacy(&mut self) {
        self.legacy = true;
        match self.vendor.clone() {
            Some(vendor) => self.list_legacy(&vendor),
            None => {
                self.poll_failed(&RequestError::VendorNeeded);
                self.broken(Break::from(&RequestError::VendorNeeded));
            }
        }
    }

    /// The server is of the old kind: it is followed once its list is there, as
    /// it was after the socket was open.
    pub(crate) fn list_legacy(&mut self, vendor: &VendorId) {
        let since = self.look_ups.has_listed_since(self.opened);
        let Line::Up(live) = &mut self.line else {
            return;
        };
        if since {
            live.is_legacy(Instant::now());
            self.up(self.every);
            return;
        }
        live.stage = Stage::Listing;
        let next = self.book.fetch(vendor);
        self.fetches.waiting.extend(next.fetch());
        self.start_fetches();
    }

    /// The whole list has come.
    pub(crate) fn listed(
        &mut self,
        vendor: &VendorId,
        asked: Tick,
        orders: Vec<Arc<PackedOrder>>,
        changes: &mut Vec<Change>,
    ) {
        self.legacy = true;
        match self.look_ups.listed(asked) {
            Some(newer) => self.book.listed(vendor, orders, &newer, changes),
            None => self.book.fetch_failed(vendor),
        }
        self.poll_if_wanted();
    }

    fn poll_if_wanted(&mut self) {
        if self.look_ups.wants_list() {
            let now = due(&*self.clock, Duration::ZERO);
            self.polls.bring_forward(now);
        }
    }

    /// Takes in what a server of the old kind says of an order, and looks up
    /// the rest of it.
    pub(crate) fn named(&mut self, named: Named, changes: &mut Vec<Change>) {
        let Some(vendor) = self.vendor.clone() else {
            return;
        };
        if self.book.position(&vendor).is_some() {
            return;
        }
        changes.extend(self.book.named(&vendor, &named));
        self.look_ups.say(named.number);
        self.poll_if_wanted();
        self.start_look_ups();
    }

    fn start_look_ups(&mut self) {
        let Some(vendor) = self.vendor.clone() else {
            return;
        };
        while let Some((number, asked)) = self.look_ups.next() {
            let rest = self.rest.clone();
            let key = OrderKey {
                vendor: vendor.clone(),
                number,
            };
            self.work.spawn(async move {
                let order = rest.detail(&key).await.map(Box::new);
                Done::LookedUp(key, asked, order)
            });
        }
    }

    /// A look-up has ended.
    pub(crate) fn looked_up(
        &mut self,
        key: &OrderKey,
        asked: Tick,
        order: Result<Box<ListedOrder>, RequestError>,
        changes: &mut Vec<Change>,
    ) {
        let news = self.look_ups.looked_up(&key.number, asked);
        match order {
            Ok(order) if news && order.order_number == key.number => {
                let packed = Arc::new(PackedOrder::new(&order));
                changes.extend(self.book.looked_up(&key.vendor, packed));
            }
            Ok(_) => {}
            // The next list has it, if it is there.
            Err(error) => tracing::debug!(%error, "an order could not be looked up"),
        }
        self.start_look_ups();
    }

    /// The server counts its events: what an old one needs is over.
    pub(crate) fn counts(&mut self) {
        self.legacy = false;
        self.look_ups.stop();
    }
}
