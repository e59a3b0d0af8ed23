//! What happens next in the demo: a new order, or a step of one that is under
//! way. Pure: [`super::traffic`] carries it out and tells what came of it.

use jiff::Timestamp;
use ordertop::order::placement::Placement;
use ordertop::order::{OrderKey, OrderStatus, VendorId};
use ordertop::protocol::rest::StatusChange;
use rand::RngExt;

use super::market::Market;

/// Most orders that are kept under way; beyond it the one that waits longest
/// is left where it is.
const MAX_UNDER_WAY: usize = 2_000;
/// Fewer than these, and new orders come first.
const MIN_UNDER_WAY: usize = 12;
/// How many steps there are to one new order, so that the stock neither runs
/// dry nor grows for ever.
pub(super) const STEPS_AN_ORDER: f64 = 2.2;

/// An order that the plan may move on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct UnderWay {
    pub(super) key: OrderKey,
    pub(super) status: OrderStatus,
    pub(super) pay_on_delivery: bool,
}

/// Who does it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum By {
    /// The order's vendor.
    Vendor,
    /// Support, or the service that takes payments.
    Support,
}

/// What happens next.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Act {
    /// A buyer places an order.
    Place(Box<Placement>),
    /// Somebody moves an order on.
    Step {
        order: UnderWay,
        to: OrderStatus,
        by: By,
        change: Box<StatusChange>,
    },
}

/// The orders under way and what may happen to them.
pub(super) struct Plan {
    market: Market,
    /// Longest waiting first.
    under_way: Vec<UnderWay>,
    favourite: Option<VendorId>,
}

impl Plan {
    /// A plan for the orders of a market; `favourite` gets more of the traffic.
    pub(super) fn new(market: Market, favourite: Option<VendorId>) -> Self {
        Self {
            market,
            under_way: Vec::new(),
            favourite,
        }
    }

    /// An order is there that may be moved on from now on.
    pub(super) fn add(&mut self, order: UnderWay) {
        use OrderStatus::{Delivered, Disputed, Paid, Pending, Shipped};
        if !matches!(
            order.status,
            Pending | Paid | Shipped | Delivered | Disputed
        ) {
            return;
        }
        if self.under_way.len() >= MAX_UNDER_WAY {
            self.under_way.remove(0);
        }
        self.under_way.push(order);
    }

    /// What happens next. An order that is to be moved is forgotten until it is
    /// [added](Self::add) again, at its new status.
    pub(super) fn next(&mut self, now: Timestamp) -> Act {
        loop {
            let dice = self.market.dice();
            let place = dice.random_bool(1.0 / (1.0 + STEPS_AN_ORDER));
            if place || self.under_way.len() < MIN_UNDER_WAY {
                let order = self.market.new_order(self.favourite.as_ref(), now);
                return Act::Place(Box::new(order));
            }
            // Who waits longest is likeliest to be next.
            let luck = dice.random_range(0.0..1.0_f64).powi(2);
            let at = (self.under_way.len() as f64 * luck) as usize;
            let order = self.under_way.remove(at);
            if let Some(act) = self.step(order) {
                return act;
            }
        }
    }

    /// Breathing space before what happens next: half to one and a half of the
    /// usual, for nothing human comes by the clock.
    pub(super) fn sway(&mut self) -> f64 {
        self.market.dice().random_range(0.5..1.5)
    }

    fn step(&mut self, order: UnderWay) -> Option<Act> {
        use By::{Support, Vendor};
        use OrderStatus::{Cancelled, Delivered, Disputed, Paid, Pending, Refunded, Shipped};
        let luck = self.market.dice().random_range(0..100);
        let (to, by, reason) = match (order.status, luck) {
            (Pending, _) if order.pay_on_delivery => (Shipped, Vendor, None),
            (Pending, 0..90) => (Paid, Support, Some("payment received")),
            (Pending, _) => (Cancelled, Support, Some("payment never came")),
            (Paid, 0..94) => (Shipped, Vendor, None),
            (Paid, _) => (Cancelled, Support, Some("the buyer changed their mind")),
            (Shipped, 0..92) => (Delivered, Vendor, None),
            (Shipped, 92..96) => (Refunded, Support, Some("lost by the carrier")),
            (Shipped, _) => (Disputed, Support, Some("the parcel arrived damaged")),
            (Delivered, 0..4) => (Disputed, Support, Some("not as described")),
            (Disputed, 0..50) => (Refunded, Support, Some("settled with the buyer")),
            // Well delivered, or a dispute that drags on: let it be.
            _ => return None,
        };
        let shipment = (to == Shipped).then(|| self.market.shipment(&order.key.vendor));
        let change = Box::new(StatusChange {
            status: Some(to.to_string()),
            expected_version: None,
            reason: reason.map(str::to_owned),
            shipment,
            undo: false,
        });
        Some(Act::Step {
            order,
            to,
            by,
            change,
        })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use ordertop::order::status::{Reason, Standing, permit};
    use ordertop::order::{Actor, ActorKind, OrderNumber};

    use super::*;

    fn now() -> Timestamp {
        "2026-11-23T17:00:00Z".parse().unwrap()
    }

    #[test]
    fn every_step_is_one_that_the_table_permits() {
        let mut plan = Plan::new(Market::new(1), None);
        let mut seen = BTreeSet::new();
        let mut placed = 0;
        for _ in 0..5_000 {
            match plan.next(now()) {
                Act::Place(order) => {
                    placed += 1;
                    let order = order.check(None, now()).unwrap();
                    plan.add(UnderWay {
                        key: order.key(),
                        status: order.status,
                        pay_on_delivery: order.flags.pay_on_delivery,
                    });
                }
                Act::Step {
                    order,
                    to,
                    by,
                    change,
                } => {
                    let vendor = order.key.vendor.as_str();
                    let actor = match by {
                        By::Vendor => Actor::new(ActorKind::Vendor, vendor),
                        By::Support => Actor::new(ActorKind::Support, "master"),
                    };
                    let standing = Standing {
                        status: order.status,
                        prior: None,
                        since: now(),
                        by: &actor,
                        pay_on_delivery: order.pay_on_delivery,
                        came_from: None,
                    };
                    let reason = match change.reason {
                        Some(_) => Reason::Given,
                        None => Reason::Missing,
                    };
                    permit(standing, to, &actor, reason, now()).unwrap();
                    seen.insert((order.status, to));
                    plan.add(UnderWay {
                        status: to,
                        ..order
                    });
                }
            }
        }
        assert!(placed > 1_000, "{placed}");
        assert!(seen.len() >= 9, "{seen:?}");
    }

    #[test]
    fn what_is_under_way_is_bounded() {
        let mut plan = Plan::new(Market::new(1), None);
        for number in 0..MAX_UNDER_WAY + 10 {
            plan.add(UnderWay {
                key: OrderKey {
                    vendor: VendorId::new("42").unwrap(),
                    number: OrderNumber::new(&number.to_string()).unwrap(),
                },
                status: OrderStatus::Paid,
                pay_on_delivery: false,
            });
        }
        assert_eq!(plan.under_way.len(), MAX_UNDER_WAY);
    }
}
