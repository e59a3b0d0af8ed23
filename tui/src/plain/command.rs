//! Commands that are typed as lines.

use ordertop::order::OrderStatus;
use ordertop::order::status::Reason;
use ordertop::order::{OrderKey, Shipment};
use ordertop::protocol::ListedOrder;
use ordertop::protocol::rest::StatusChange;

use super::{Plain, Wish};
use crate::model::filter::Filter;
use crate::model::text::{grouped, tame};
use crate::strings;

/// So many orders are listed at once.
const LISTED: usize = 20;

impl Plain {
    /// Does what a line says; what it leaves to the loop.
    pub(super) fn command(&mut self, line: &str) -> Option<Wish> {
        let mut words = line.split_whitespace();
        let command = words.next()?.to_lowercase();
        let rest: Vec<&str> = words.collect();
        match (command.as_str(), rest.as_slice()) {
            ("quit" | "q" | "exit", _) => return Some(Wish::Quit),
            ("help" | "?", _) => {
                for line in strings::PLAIN_HELP {
                    self.say(line);
                }
            }
            ("a" | "ack" | "acknowledge", []) => {
                let count = self.app.alerts.alarm.acknowledge();
                self.alarm_said = None;
                self.say(strings::acknowledged(count));
            }
            ("mute", []) => {
                let now = self.app.settings.clock.now();
                let muted = self.app.alerts.toggle_mute(now);
                self.say(strings::muted(muted, "mute"));
            }
            ("list", words) => self.list(&words.join(" ")),
            ("show", [number]) => self.show(number),
            ("ship", [number, carrier @ ..]) if carrier.len() <= 2 => {
                return self.ship(number, carrier);
            }
            ("show" | "ship", _) => self.say("which order? give its number, as in: show 10482"),
            _ => self.say(format!(
                "no command is called {}: type help",
                tame(&command)
            )),
        }
        None
    }

    fn list(&mut self, filter: &str) {
        match Filter::parse(filter) {
            Ok(filter) => {
                // Ages are asked for, and no tick tells the list the time.
                self.app.orders.set_now(self.app.settings.clock.now());
                self.app.orders.set_filter(filter);
            }
            Err(error) => return self.say(error.to_string()),
        }
        let shown = self.app.orders.shown();
        for at in 0..shown.min(LISTED) {
            let Some(row) = self.app.orders.at(at) else {
                break;
            };
            let line = self.line(&row.key, &row.listed());
            self.out.push_back(line);
        }
        match shown {
            0 => self.say("no orders"),
            LISTED.. => self.say(format!(
                "{LISTED} of {} orders; list WORDS narrows",
                grouped(shown)
            )),
            _ => {}
        }
        self.app.orders.set_filter(Filter::default());
    }

    /// The order of that number, or a word why there is none.
    fn find(&mut self, number: &str) -> Option<OrderKey> {
        let number = number.trim_start_matches('#');
        let orders = &self.app.orders;
        let mut found = (0..orders.shown())
            .filter_map(|at| orders.at(at))
            .filter(|row| row.key.number.as_str() == number)
            .map(|row| row.key.clone());
        let (first, second) = (found.next(), found.next());
        match (first, second) {
            (Some(key), None) => Some(key),
            (None, _) => {
                self.say(format!("there is no order {}", tame(number)));
                None
            }
            (Some(_), Some(_)) => {
                self.say(format!(
                    "several vendors have an order {}: start with --vendor",
                    tame(number)
                ));
                None
            }
        }
    }

    /// Whether to ship an order that says not to: asked for twice, as it stands.
    fn is_meant(&mut self, key: &OrderKey, order: &ListedOrder) -> bool {
        let flags = order.flags;
        if !(flags.cancel_requested || flags.on_hold || flags.test) {
            return true;
        }
        let asked = Some((key.clone(), order.version));
        if self.warned.take() == asked {
            return true;
        }
        self.warned = asked;
        let number = strings::number(key);
        let flags = strings::flags(flags).join(", ");
        self.say(format!(
            "{number}: {flags}; type it again to ship it all the same"
        ));
        false
    }

    fn show(&mut self, number: &str) {
        let Some(key) = self.find(number) else { return };
        self.app.alerts.alarm.looked_at(&key);
        let Some(row) = self.app.orders.get(&key) else {
            return;
        };
        let order = row.listed();
        let mut lines = vec![self.line(&key, &order)];
        let flags = strings::flags(order.flags).join(", ");
        if !flags.is_empty() {
            lines.push(format!("  {flags}"));
        }
        if row.ship_by().is_some() {
            let now = self.app.settings.clock.now();
            lines.push(format!("  {}", strings::age_or_due(row, now)));
        }
        for item in &order.items {
            let product = &item.product;
            lines.push(format!(
                "  {} x {} {}",
                item.quantity,
                tame(&product.name),
                tame(&product.sku)
            ));
        }
        if !order.shipping_address.is_empty() {
            lines.push(format!("  to {}", tame(&order.shipping_address)));
        }
        self.out.extend(lines);
    }

    fn ship(&mut self, number: &str, carrier: &[&str]) -> Option<Wish> {
        if self.app.settings.read_only {
            self.say(strings::READ_ONLY);
            return None;
        }
        let key = self.find(number)?;
        let order = self.app.orders.get(&key)?.listed();
        match self.app.next_step(&order) {
            Some((OrderStatus::Shipped, Reason::Given)) => {
                self.say("support has to give a reason, which --plain does not ask for");
                return None;
            }
            Some((OrderStatus::Shipped, _)) => {}
            _ => {
                self.say(format!(
                    "{} is {}: it cannot be shipped",
                    strings::number(&key),
                    order.status
                ));
                return None;
            }
        }
        if !self.is_meant(&key, &order) {
            return None;
        }
        let text = |at: usize| carrier.get(at).map(|text| (*text).to_owned());
        let shipment = (!carrier.is_empty()).then(|| Shipment {
            carrier: text(0),
            tracking_number: text(1),
            ..Shipment::default()
        });
        let change = StatusChange {
            status: Some(OrderStatus::Shipped.as_str().to_owned()),
            expected_version: (order.version > 0).then_some(order.version),
            reason: None,
            shipment,
            undo: false,
        };
        Some(Wish::Ship(key, Box::new(change)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::snapshots::{Stage, orders};
    use ordertop::client::RequestError;
    use std::sync::Arc;

    fn plain() -> Plain {
        let mut stage = Stage::new((80, 24));
        stage.live();
        stage.snapshot(orders());
        Plain::new(stage.app)
    }

    fn said(plain: &mut Plain, line: &str) -> String {
        assert_eq!(plain.command(line), None, "{line}");
        plain.out.drain(..).collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn orders_are_listed_and_shown_in_lines() {
        let mut plain = plain();
        let list = said(&mut plain, "list müller");
        assert_eq!(list, "#10477 Jürgen Müller, 61.50 EUR, Paid");
        let show = said(&mut plain, "show #10477");
        assert!(
            show.contains("2 x Stoneware mug MUG-1") && show.contains("Rua Augusta"),
            "{show}"
        );
        assert_eq!(said(&mut plain, "show 1"), "there is no order 1");
        assert!(said(&mut plain, "dance").contains("no command is called dance"));
        assert_eq!(plain.command("quit\n"), Some(Wish::Quit));
    }

    #[test]
    fn shipping_carries_what_was_seen_and_the_parcel() {
        let mut plain = plain();
        let Some(Wish::Ship(key, change)) = plain.command("ship 10477 DHL JD0146") else {
            panic!("it is shipped: {:?}", plain.out);
        };
        assert_eq!(key.number.as_str(), "10477");
        assert_eq!(change.expected_version, Some(1));
        let shipment = change.shipment.unwrap();
        assert_eq!(shipment.tracking_number.as_deref(), Some("JD0146"));
        let late = said(&mut plain, "ship 10466");
        assert_eq!(late, "#10466 is Shipped: it cannot be shipped");
        plain.app.settings.read_only = true;
        assert_eq!(said(&mut plain, "ship 10477"), strings::READ_ONLY);
    }

    #[test]
    fn what_is_to_be_cancelled_is_shipped_when_it_is_said_twice() {
        let mut stage = Stage::new((80, 24));
        stage.live();
        let mut all = orders();
        let place = all
            .iter()
            .position(|order| order.order_number.as_str() == "10477");
        let order = &mut all[place.unwrap()];
        Arc::make_mut(order).flags.cancel_requested = true;
        stage.snapshot(all);
        let mut plain = Plain::new(stage.app);
        assert!(said(&mut plain, "show 10477").contains("cancellation requested"));
        let warned = said(&mut plain, "ship 10477");
        assert!(warned.contains("type it again"), "{warned}");
        assert!(matches!(plain.command("ship 10477"), Some(Wish::Ship(..))));
        assert!(said(&mut plain, "ship 10477").contains("type it again"));
    }

    #[test]
    fn a_step_that_nobody_answered_for_is_not_said_to_be_refused() {
        let mut plain = plain();
        let key = plain.app.orders.at(0).unwrap().key.clone();
        let mut told = |error| {
            plain.answered(Ok((key.clone(), Err(error))));
            plain.out.drain(..).collect::<String>()
        };
        let open = told(RequestError::TooLong { limit_bytes: 1 });
        assert!(open.contains(" perhaps not shipped: "), "{open}");
        let refused = told(RequestError::Refused {
            status: 409,
            code: "closed".into(),
            message: "it is closed".into(),
        });
        assert!(refused.contains(" not shipped: it is closed"), "{refused}");
        assert!(!refused.contains("perhaps"), "{refused}");
    }
}
