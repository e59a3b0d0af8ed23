//! From what happened to what rings.
//!
//! Nothing rings for test orders, imports, orders placed more than a day ago,
//! steps of our own, or what a snapshot brings; a dispute or a cancellation
//! rings by when it happened, however old the order.

use jiff::SignedDuration;
use ordertop::client::ConnectionState;
use ordertop::order::{Actor, OrderKey, OrderStatus};
use ordertop::protocol::ListedOrder;

use super::{App, Overlay, Pane};
use crate::event::Effect;
use crate::model::alerts::Alert;
use crate::model::alerts::Kind;
use crate::model::figures::News;
use crate::model::keymap::Action;
use crate::model::notices::{Notice, What};
use crate::model::text::tame;
use crate::strings;
use crate::view::notices_in_sight;

/// What is older than this rings nothing.
pub(super) const NEWS_FOR: SignedDuration = SignedDuration::from_hours(24);

impl App {
    /// At the end of every update.
    pub(super) fn follow_alerts(&mut self, effects: &mut Vec<Effect>) {
        self.look();
        for notice in self.notices.take_news() {
            if let Some(alert) = self.alert_of(&notice) {
                self.alerts.raise(alert);
            }
        }
        self.follow_figures();
        let up = match self.connection.state {
            ConnectionState::Live { .. } | ConnectionState::Polling { .. } => Some(true),
            ConnectionState::Offline { .. } | ConnectionState::Refused { .. } => Some(false),
            _ => None,
        };
        self.alerts.follow_link(up, self.now);
        let title = match (&self.settings.title, &self.settings.vendor) {
            (Some(title), _) => title.as_str(),
            (None, Some(vendor)) => self.vendor_name(vendor),
            (None, None) => "",
        };
        let title = title.to_owned();
        let zone = &self.settings.time_zone;
        let signal = self.alerts.settle(self.now, zone, &title);
        if !signal.is_empty() {
            effects.push(Effect::Alert(Box::new(signal)));
        }
    }

    /// What is on the screen is looked at: the notifications in sight while their
    /// pane has the keys, those of an order while it is open.
    fn look(&mut self) {
        if !matches!(self.overlay, Overlay::None) || self.alerts.focused == Some(false) {
            return;
        }
        if self.focus == Pane::Notices {
            self.notices.mark_read_at(notices_in_sight(self));
        }
        if !self.order_open && self.focus != Pane::Order {
            return;
        }
        if let Some(key) = self.cursor.clone() {
            self.looked_at(&key);
        }
    }

    /// Whoever goes to an order from its notification, or acts on it, looked at it.
    pub(super) fn looked_at(&mut self, key: &OrderKey) {
        self.notices
            .mark_read(|notice| notice.key.as_ref() == Some(key));
        self.alerts.alarm.looked_at(key);
    }

    /// Tells what became due or late.
    fn follow_figures(&mut self) {
        let soon = i64::try_from(self.alerts.settings.due_soon_min).unwrap_or(i64::MAX / 60);
        let soon = SignedDuration::from_secs(soon * 60);
        let zone = &self.settings.time_zone;
        let tell = self.lists_are_here();
        let news = (self.figures).follow(&self.orders, self.now, zone, soon, tell);
        if news.since_before {
            return self.late_since_before(&news);
        }
        for crossed in news.crossed {
            let kind = match crossed.late {
                true => Kind::Late,
                false => Kind::DueSoon,
            };
            let due = crossed.due.as_second().unsigned_abs();
            if !self.alerts.told.first(kind, &crossed.key, due) {
                continue;
            }
            if let Some(alert) = self.alert_about(kind, &crossed.key, None) {
                let (buyer, late) = (alert.buyer.clone(), crossed.late);
                self.tell(Some(crossed.key), What::Due { buyer, late });
                self.alerts.raise(alert);
            }
        }
        for (kind, count) in [(Kind::Late, news.more_late), (Kind::DueSoon, news.more_due)] {
            if count > 0 {
                let late = kind == Kind::Late;
                self.tell(None, due_many(count, late, false));
                let words = strings::alert_due_more(count, late);
                self.alerts.raise(alert_of_many(kind, words));
            }
        }
    }

    /// What became late while the program was off is told in one line: each by
    /// itself would be a crowd of old news.
    fn late_since_before(&mut self, news: &News) {
        let mut late = news.more_late;
        for crossed in &news.crossed {
            let (kind, due) = match crossed.late {
                true => (Kind::Late, crossed.due.as_second().unsigned_abs()),
                // Its own line comes when it is late.
                false => continue,
            };
            late += usize::from(self.alerts.told.first(kind, &crossed.key, due));
        }
        if late > 0 {
            self.tell(None, due_many(late, true, true));
            self.alerts
                .raise(alert_of_many(Kind::Late, strings::late_meanwhile(late)));
        }
    }

    /// What rang stands among the notifications too.
    fn tell(&mut self, key: Option<OrderKey>, what: What) {
        self.notices.push(Notice {
            at: self.now,
            key,
            version: 0,
            what,
        });
    }

    fn alert_of(&mut self, notice: &Notice) -> Option<Alert> {
        let key = notice.key.as_ref()?;
        let (kind, nth) = match &notice.what {
            What::New { test: false, .. } => (Kind::NewOrder, 0),
            What::Step {
                to, by: Some(by), ..
            } if !self.is_ours(key, *to, by) => (step_kind(*to)?, notice.version),
            What::Seen { to, .. } => (step_kind(*to)?, notice.version),
            // Whoever asks for it cannot decide it.
            What::Asked { by: Some(_) } if self.many_vendors() => (Kind::Cancelled, notice.version),
            What::Refused { .. } => (Kind::Refused, 0),
            _ => return None,
        };
        let order = self.orders.get(key).map(|row| row.listed());
        if let Some(order) = order.as_ref().filter(|_| kind == Kind::NewOrder) {
            self.away.saw(&key.vendor, order.created_at, self.now);
        }
        if order.as_ref().is_some_and(|order| order.flags.test) {
            return None;
        }
        let moment = match (kind, &order) {
            (Kind::NewOrder, Some(order)) => order.created_at,
            _ => notice.at,
        };
        if self.now.duration_since(moment) > NEWS_FOR {
            return None;
        }
        // A refusal answers a key that somebody pressed: each one is told.
        if kind != Kind::Refused && !self.alerts.told.first(kind, key, nth) {
            return None;
        }
        let words = strings::notice(notice);
        let text = words.split_whitespace().collect::<Vec<_>>().join(" ");
        self.alert_about(kind, key, Some(text))
    }

    /// The alert with what is known of its order; without a text it is one about
    /// the ship-by time, and about nothing when the order is gone.
    fn alert_about(&self, kind: Kind, key: &OrderKey, text: Option<String>) -> Option<Alert> {
        let order = self.orders.get(key).map(|row| row.listed());
        let buyer = match &order {
            Some(order) => tame(&order.customer_name).into_owned(),
            None => String::new(),
        };
        let text = match (text, &order) {
            (Some(text), _) => text,
            (None, Some(_)) => strings::alert_due(key, &buyer, kind == Kind::Late),
            (None, None) => return None,
        };
        let total = |order: &ListedOrder| strings::amount(order, &order.total_amount);
        Some(Alert {
            kind,
            key: Some(key.clone()),
            text,
            buyer,
            total: order.as_deref().map(total).unwrap_or_default(),
            status: order.map_or_else(String::new, |order| order.status.to_string()),
        })
    }

    /// Whether a step is one of ours whose answer is still on its way, or was made
    /// by our vendor. All of support is one actor to the server: a colleague's
    /// step is news.
    fn is_ours(&self, key: &OrderKey, to: OrderStatus, by: &Actor) -> bool {
        let our_vendor = !self.many_vendors() && *by == self.actor;
        our_vendor || (self.in_flight.get(key)).is_some_and(|step| step.to == to)
    }

    pub(super) fn acknowledge(&mut self) {
        let count = self.alerts.alarm.acknowledge();
        self.say(strings::acknowledged(count));
    }

    pub(super) fn mute(&mut self) {
        let now = self.alerts.toggle_mute(self.now);
        let key = self.key_of(Action::Mute);
        self.say(strings::muted(now, &key));
    }

    /// A command that fails is told once, until it works again.
    pub(super) fn alert_command(&mut self, result: Result<(), String>) {
        match result {
            Ok(()) => self.alerts.command_failed = false,
            Err(why) => {
                if !std::mem::replace(&mut self.alerts.command_failed, true) {
                    self.say(strings::alert_command_failed(&why));
                }
            }
        }
    }
}

/// An alert about a number of orders.
fn alert_of_many(kind: Kind, text: String) -> Alert {
    Alert {
        kind,
        key: None,
        text,
        buyer: String::new(),
        total: String::new(),
        status: String::new(),
    }
}

fn due_many(count: usize, late: bool, meanwhile: bool) -> What {
    What::DueMany {
        count,
        late,
        meanwhile,
    }
}

fn step_kind(to: OrderStatus) -> Option<Kind> {
    match to {
        OrderStatus::Disputed => Some(Kind::Dispute),
        OrderStatus::Cancelled => Some(Kind::Cancelled),
        _ => None,
    }
}
