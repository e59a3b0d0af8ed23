//! Orders that came while nothing got through, and that a whole list brings: each
//! is told as if it had just come, up to a bound.

use std::collections::HashSet;

use jiff::{SignedDuration, Timestamp};
use ordertop::order::{OrderKey, VendorId};
use ordertop::replica::Change;

use super::Plain;
use crate::model::text::grouped;

/// So many are told one by one; the rest is counted.
const TOLD: usize = 20;
/// Vendors' lists that come one after the other share that.
const TOGETHER: SignedDuration = SignedDuration::from_secs(60);

/// What is known of lists that came.
#[derive(Debug, Default)]
pub(super) struct Missed {
    /// Whose list came before: the first one is no news.
    listed: HashSet<VendorId>,
    /// When some were last told, and how many since a while before.
    last: Option<(Timestamp, usize)>,
}

impl Plain {
    /// The orders of whole lists that nobody told, the oldest first; to be asked
    /// before the lists are taken in.
    pub(super) fn missed(&mut self, changes: &[Change]) -> Vec<OrderKey> {
        let mut missed = Vec::new();
        for change in changes {
            let Change::Snapshot { vendor, orders } = change else {
                continue;
            };
            if self.missed.listed.insert(vendor.clone()) {
                continue;
            }
            for order in orders {
                let key = OrderKey {
                    vendor: vendor.clone(),
                    number: order.order_number.clone(),
                };
                if self.app.orders.get(&key).is_none() {
                    missed.push((order.created_at(), key));
                }
            }
        }
        missed.sort();
        missed.into_iter().map(|(_, key)| key).collect()
    }

    /// Tells them.
    pub(super) fn tell_missed(&mut self, missed: &[OrderKey]) {
        if missed.is_empty() {
            return;
        }
        let now = self.app.now;
        let recent = |at: Timestamp| now.duration_since(at) <= TOGETHER;
        let before = (self.missed.last).filter(|(at, _)| recent(*at));
        let told = before.map_or(0, |(_, told)| told);
        let some = missed.len().min(TOLD.saturating_sub(told));
        for key in &missed[..some] {
            if let Some(row) = self.app.orders.get(key) {
                let line = self.line(key, &row.listed());
                self.say_now(&format!("missed: new {line}"));
            }
        }
        let more = missed.len() - some;
        if more > 0 {
            self.say(format!("and {} more new orders", grouped(more)));
        }
        self.missed.last = Some((now, told + some));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::App;
    use crate::model::fixture::{listed, packed, vendor};
    use crate::snapshots::Stage;
    use ordertop::client::ClientEvent;
    use ordertop::order::OrderStatus;

    fn list(count: i64) -> ClientEvent {
        let order = |n: i64| packed(&listed(&format!("N{n:02}"), OrderStatus::Paid, n));
        ClientEvent::Changes(vec![Change::Snapshot {
            vendor: vendor(),
            orders: (0..count).rev().map(order).collect(),
        }])
    }

    fn lines(plain: &mut Plain, told: ClientEvent) -> Vec<String> {
        plain.happens(told);
        plain.out.drain(..).collect()
    }

    fn plain() -> Plain {
        let Stage { app, .. } = Stage::new((80, 24));
        let app: App = app;
        Plain::new(app)
    }

    #[test]
    fn each_order_that_came_in_an_outage_is_told_and_the_first_list_is_not() {
        let mut plain = plain();
        assert_eq!(lines(&mut plain, list(2)), ["2 orders"]);
        let told = lines(&mut plain, list(4));
        let missed: Vec<_> = told
            .iter()
            .filter(|line| line.contains("missed: new #"))
            .collect();
        assert!(
            missed[0].contains("#N02 Ana Souza, 184.00 USD, Paid"),
            "{told:?}"
        );
        assert!(missed.len() == 2 && missed[1].contains("#N03"), "{told:?}");
        assert_eq!(told.last().unwrap(), "4 orders");
        assert_eq!(
            lines(&mut plain, list(4)),
            ["4 orders"],
            "each is told once"
        );
    }

    #[test]
    fn a_crowd_of_missed_orders_is_told_up_to_a_bound() {
        let mut plain = plain();
        lines(&mut plain, list(0));
        let told = lines(&mut plain, list(63));
        let missed = told.iter().filter(|line| line.contains("missed: new #"));
        assert_eq!(missed.count(), TOLD);
        assert!(
            told.contains(&"and 43 more new orders".to_owned()),
            "{told:?}"
        );
        let told = lines(&mut plain, list(65));
        assert!(
            told.contains(&"and 2 more new orders".to_owned()),
            "{told:?}"
        );
    }
}
