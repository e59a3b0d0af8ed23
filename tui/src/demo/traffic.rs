//! Carries the plan out, over REST, as vendors, support and services would.

use std::sync::Arc;
use std::time::Duration;

use ordertop::client::{RequestError, Rest};
use ordertop::clock::Clock;
use ordertop::order::{OrderKey, OrderNumber, OrderStatus, VendorId};
use ordertop::protocol::rest::Outcome;

use super::plan::{Act, By, Plan, STEPS_AN_ORDER, UnderWay};

/// How long to leave a server alone that did not answer.
const RESPITE: Duration = Duration::from_secs(2);

/// The comings and goings of the marketplace.
pub(super) struct Traffic {
    pub(super) plan: Plan,
    /// With the master token alone.
    pub(super) rest: Rest,
    /// New orders a minute.
    pub(super) rate: f64,
    pub(super) clock: Arc<dyn Clock>,
}

impl Traffic {
    /// Keeps things happening for as long as it is polled.
    pub(super) async fn run(mut self) {
        if self.rate <= 0.0 {
            // A marketplace that stands still: only the person who watches acts.
            return std::future::pending().await;
        }
        let usual = 60.0 / (self.rate * (1.0 + STEPS_AN_ORDER));
        loop {
            let pause = Duration::from_secs_f64(usual * self.plan.sway());
            tokio::time::sleep(pause).await;
            if let Err(error) = self.act().await {
                tracing::debug!(%error, "the demo's marketplace was not answered");
                tokio::time::sleep(RESPITE).await;
            }
        }
    }

    async fn act(&mut self) -> Result<(), RequestError> {
        match self.plan.next(self.clock.now()) {
            Act::Place(order) => {
                let answer = self.rest.place(std::slice::from_ref(&*order)).await?;
                let placed = answer.results.first();
                if placed.is_none_or(|row| row.result != Outcome::Placed) {
                    return Ok(());
                }
                let vendor = order.vendor_id.as_deref().map(VendorId::new);
                let number = OrderNumber::new(&order.order_number);
                let status = order.status.as_deref().map(str::parse::<OrderStatus>);
                if let (Some(Ok(vendor)), Ok(number), Some(Ok(status))) = (vendor, number, status) {
                    self.plan.add(UnderWay {
                        key: OrderKey { vendor, number },
                        status,
                        pay_on_delivery: order.flags.pay_on_delivery,
                    });
                }
                Ok(())
            }
            Act::Step {
                order, by, change, ..
            } => {
                let rest = match by {
                    By::Vendor => self.rest.clone().acting_as(order.key.vendor.clone()),
                    By::Support => self.rest.clone(),
                };
                match rest.change_status(&order.key, &change).await {
                    Ok(answer) => self.plan.add(UnderWay {
                        status: answer.new_status,
                        ..order
                    }),
                    // The person who watches was faster: it is theirs now.
                    Err(RequestError::Refused { .. } | RequestError::VersionConflict { .. }) => {}
                    Err(error) => return Err(error),
                }
                Ok(())
            }
        }
    }
}
