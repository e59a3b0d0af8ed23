//! Steps of orders: asked, confirmed, shown at once, and taken back when the
//! server refuses.

use ordertop::client::RequestError;
use ordertop::order::status::{Reason, next_step};
use ordertop::order::{OrderKey, OrderStatus};
use ordertop::protocol::rest::StatusChanged;
use ordertop::protocol::{ListedOrder, PackedOrder};
use std::sync::Arc;

use super::dialog::Dialog;
use super::{App, Overlay, undo};
use crate::event::Effect;
use crate::model::keymap::Action;
use crate::model::notices::{Notice, What};
use crate::model::row::Touch;
use crate::model::step::Aim;
use crate::strings;
use crate::view::areas;

/// A step that was sent and is not answered yet.
#[derive(Debug, Clone, Copy)]
pub(super) struct InFlight {
    pub(super) ticket: u64,
    /// Where the order stood; `None` where an earlier run asked for the step.
    pub(super) from: Option<OrderStatus>,
    pub(super) to: OrderStatus,
    pub(super) aim: Aim,
    /// Whether carrier or number went along.
    pub(super) shipment: bool,
}

impl App {
    /// Where an order is on its way to, when a step of ours is not answered yet
    /// or waits for the server.
    #[must_use]
    pub fn on_its_way(&self, key: &OrderKey) -> Option<OrderStatus> {
        let sent = self.in_flight.get(key).map(|step| step.to);
        let to = sent.or_else(|| self.outbox.to(key))?;
        let there = self.orders.get(key).is_some_and(|row| row.status() == to);
        (!there).then_some(to)
    }

    /// The next step that the one at this keyboard may make, and whether it
    /// needs a reason.
    #[must_use]
    pub fn next_step(&self, order: &ListedOrder) -> Option<(OrderStatus, Reason)> {
        next_step(self.standing(order), &self.actor, self.now)
    }

    /// Asks about the next step of the one order that it is meant for, as it is now.
    pub(super) fn ask_next_step(&mut self) {
        let (key, order) = match self.target() {
            Ok(target) => target,
            Err(words) => return self.say(words),
        };
        if let Some(to) = self.on_its_way(&key) {
            self.say(self.under_way(&key, to));
            return;
        }
        if let Some(why) = self.cannot_send() {
            self.say(why);
            return;
        }
        match self.next_step(&order) {
            Some((to, reason)) => {
                let needed = reason == Reason::Given;
                let mut dialog = Dialog::new(key, order.version, order.status, to, needed);
                if self.connection.legacy {
                    dialog.take_status_alone();
                }
                self.overlay = Overlay::Dialog(dialog);
            }
            None => self.say(strings::no_next_step(
                &key,
                order.status,
                self.many_vendors(),
            )),
        }
    }

    /// Sends what the dialog asked. Its order is the one that was under the
    /// cursor when the key was pressed, wherever the cursor is now.
    pub(super) fn send_step(&mut self, dialog: &Dialog, effects: &mut Vec<Effect>) {
        let (key, to) = (dialog.key.clone(), dialog.to);
        if let Some(why) = self.cannot_send() {
            self.refuse(&key, to, false, why.to_owned());
            return;
        }
        // The step before is not answered: the server would have to guess which came first.
        if let Some(to) = self.on_its_way(&key) {
            self.say(self.under_way(&key, to));
            return;
        }
        self.confirmed = Some((key.clone(), to, self.now));
        self.looked_at(&key);
        let ticket = self.next_ticket;
        self.next_ticket += 1;
        let change = dialog.change();
        let step = InFlight {
            ticket,
            from: Some(dialog.from),
            to,
            aim: dialog.aim,
            shipment: change.shipment.is_some(),
        };
        self.in_flight.insert(key.clone(), step);
        self.acting.asked.insert(ticket, dialog.clone());
        effects.push(Effect::ChangeStatus {
            key,
            ticket,
            change: Box::new(change),
        });
    }

    pub(super) fn status_answer(
        &mut self,
        key: &OrderKey,
        ticket: u64,
        result: Result<Box<StatusChanged>, RequestError>,
    ) {
        let known = self.in_flight.get(key).copied();
        let Some(step) = known.filter(|step| step.ticket == ticket) else {
            return;
        };
        let asked = self.acting.asked.remove(&ticket);
        match result {
            Ok(answer) => {
                // An old server does not say whether it changed anything; it sends no order either.
                let late = !answer.changed && answer.order.is_some();
                // What waited since the run before was perhaps asked, not done.
                let aim = match answer.new_status == step.to {
                    true => step.aim,
                    false => Aim::Ask,
                };
                let order = answer.order.or_else(|| {
                    // An old server answers with the status alone.
                    let mut order = ListedOrder::clone(&self.orders.get(key)?.listed());
                    order.status = answer.new_status;
                    Some(order)
                });
                let version = order.as_ref().map_or(0, |order| order.version);
                let by = order.as_ref().and_then(|order| order.status_by.clone());
                if let Some(order) = order {
                    let order = Arc::new(PackedOrder::new(&order));
                    self.take(key.clone(), order, Some(Touch::Changed));
                }
                self.in_flight.remove(key);
                self.acting.marks.remove(key);
                if late && aim == Aim::Ask && answer.new_status != step.to {
                    return self.say(strings::asked_already(key));
                }
                if late {
                    let to = answer.new_status;
                    let words = strings::was_already(key, to, by.as_ref(), step.shipment);
                    return self.say(words);
                }
                let own = step.from.map(|from| undo::Step {
                    key: key.clone(),
                    version,
                    from,
                    to: answer.new_status,
                });
                self.remember(aim, own.into_iter().collect());
                if aim == Aim::Ask && answer.new_status != step.to {
                    let notice = Notice {
                        at: self.now,
                        key: Some(key.clone()),
                        version,
                        what: What::Asked { by: None },
                    };
                    self.notices.push_ours(notice, &self.actor);
                    return self.say(strings::asked_to_cancel(key));
                }
                let notice = Notice {
                    at: self.now,
                    key: Some(key.clone()),
                    version,
                    what: What::Step {
                        from: step.from,
                        to: answer.new_status,
                        by: None,
                    },
                };
                self.notices.push_ours(notice, &self.actor);
                if areas(self).is_none_or(|areas| areas.notices.is_none()) {
                    self.say(strings::was_done(key, answer.new_status));
                }
            }
            Err(error) => {
                self.in_flight.remove(key);
                let why = strings::refusal(&error, self.now, &self.key_of(Action::NextStep));
                let open = error.leaves_open();
                let conflict = matches!(error, RequestError::VersionConflict { .. });
                if let RequestError::VersionConflict {
                    order: Some(order), ..
                } = error
                {
                    self.take(
                        key.clone(),
                        Arc::new(PackedOrder::new(&order)),
                        Some(Touch::Changed),
                    );
                }
                self.refuse(key, step.to, open, why);
                if let Some(asked) = asked.filter(|_| conflict) {
                    self.ask_again(asked);
                }
            }
        }
    }

    pub(super) fn refuse(&mut self, key: &OrderKey, to: OrderStatus, open: bool, why: String) {
        self.say(strings::not_done(key, to, open, &why));
        self.notices.push(Notice {
            at: self.now,
            key: Some(key.clone()),
            version: 0,
            what: What::Refused { to, open, why },
        });
    }
}
