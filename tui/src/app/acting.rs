//! What is kept about the changes of the one at this keyboard, beside the step
//! that is under way: what was asked, so that a conflict can ask it again.

use std::collections::HashMap;
use std::sync::Arc;

use jiff::Timestamp;
use ordertop::order::status::{Permit, Reason, Refusal, Standing, permit};
use ordertop::order::{OrderKey, OrderStatus};
use ordertop::protocol::{ListedOrder, old};

use super::bulk::Bulk;
use super::dialog::Dialog;
use super::marks::Marks;
use super::note::NoteDialog;
use super::picker::{Entry, Picked, PickerKind};
use super::print::Printing;
use super::track::TrackDialog;
use super::undo::UndoStack;
use super::{App, Overlay};
use crate::event::Effect;
use crate::model::carrier::tracking_link;
use crate::model::keymap::Action;
use crate::strings;

/// What is kept about own changes.
#[derive(Debug, Default)]
pub struct Acting {
    /// The orders that the next action is meant for.
    pub marks: Marks,
    /// The last action on many orders.
    pub bulk: Option<Bulk>,
    /// A note that was sent and is not known to be kept.
    pub(super) draft: Option<NoteDialog>,
    /// The order that a note was last sent about and not told of yet, and when.
    pub(super) noted: Option<(OrderKey, Timestamp)>,
    /// A parcel that was sent and is not known to be kept.
    pub(super) parcel: Option<TrackDialog>,
    /// The order that a parcel was last sent about and not told of yet, and when.
    pub(super) tracked: Option<(OrderKey, Timestamp)>,
    /// Packing slips that are under way.
    pub(super) printing: Printing,
    /// The last own changes.
    pub(super) undo: UndoStack,
    /// What was asked, by the ticket of its request.
    pub(super) asked: HashMap<u64, Dialog>,
}

/// How the order of an open dialog stands to what the dialog asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Still {
    /// As it was seen.
    AsSeen,
    /// Changed since; the step may be made from where it stands now.
    Open,
    /// Changed since; the step is not allowed any more.
    Closed,
    /// It is there already.
    There,
}

impl App {
    /// The keys that change orders or take something out of them.
    pub(super) fn acting_key(&mut self, action: Action, effects: &mut Vec<Effect>) {
        match action {
            Action::NextStep if self.marked() > 1 => self.plan_marked(None),
            Action::NextStep => self.ask_next_step(),
            Action::SetStatus => self.pick_status(),
            Action::Undo => self.ask_undo(),
            Action::Mark => self.toggle_mark(),
            Action::MarkRange => self.toggle_range(),
            Action::MarkAll => self.mark_all(),
            Action::InvertMarks => self.invert_marks(),
            Action::CopyLink => self.copy_link(effects),
            Action::AddNote => self.write_note(),
            Action::Track => self.track(),
            Action::Print => self.print_slips(effects),
            _ => {}
        }
    }

    /// What the status table knows of an order.
    pub(super) fn standing<'a>(&'a self, order: &'a ListedOrder) -> Standing<'a> {
        order.standing().unwrap_or(Standing {
            // An old server does not tell who brought it there.
            status: order.status,
            prior: None,
            since: order.updated_at,
            by: &self.actor,
            pay_on_delivery: false,
            came_from: None,
        })
    }

    /// Whether the one at this keyboard may bring an order there, and whether a
    /// reason is needed; `None` when the table says no.
    #[must_use]
    pub fn may(&self, order: &ListedOrder, to: OrderStatus) -> Option<(Permit, Reason)> {
        if self.connection.legacy && !old::takes(order.status, to) {
            return None;
        }
        let standing = self.standing(order);
        let ask = |reason| permit(standing, to, &self.actor, reason, self.now);
        match ask(Reason::Missing) {
            Ok(permit) => Some((permit, Reason::Missing)),
            Err(Refusal::ReasonRequired { .. }) => ask(Reason::Given)
                .ok()
                .map(|permit| (permit, Reason::Given)),
            Err(_) => None,
        }
    }

    /// Opens the statuses that the order under the cursor may be brought to; with
    /// marks, those that one of the marked may.
    fn pick_status(&mut self) {
        let mut about = self.cursor.clone();
        let entries = if self.marked() < 2 {
            let (key, order) = match self.target() {
                Ok(target) => target,
                Err(words) => return self.say(words),
            };
            about = Some(key.clone());
            if let Some(to) = self.on_its_way(&key) {
                return self.say(self.under_way(&key, to));
            }
            if let Some(why) = self.cannot_send() {
                return self.say(why);
            }
            let entries = self.statuses_of(&order);
            if entries.is_empty() {
                return self.say(strings::no_status_to_set(&key, order.status));
            }
            entries
        } else {
            if let Some(words) = self.too_many_marked() {
                return self.say(words);
            }
            let entries = self.statuses_of_marked();
            if entries.is_empty() {
                return self.say(strings::NONE_CAN);
            }
            entries
        };
        self.pick_about(about, PickerKind::Status, entries);
    }

    /// The order that a step is meant for: the one that is marked, if one alone
    /// is; else that under the cursor. Or why a key may not have been meant for it.
    pub(super) fn target(&mut self) -> Result<(OrderKey, Arc<ListedOrder>), String> {
        if self.marked() == 1
            && let [key] = &self.marked_keys()[..]
        {
            if let Some(words) = self.marked_changed_words() {
                return Err(words);
            }
            return match self.orders.get(key) {
                Some(row) => Ok((key.clone(), row.listed())),
                None => Err(strings::order_is_gone(key)),
            };
        }
        let Some(row) = self.current() else {
            return Err(strings::NO_ORDER.to_owned());
        };
        let (key, order) = (row.key.clone(), row.listed());
        match self.step_moved_words() {
            Some(words) => Err(words),
            None => Ok((key, order)),
        }
    }

    fn statuses_of(&self, order: &ListedOrder) -> Vec<Entry> {
        let all = OrderStatus::ALL.into_iter();
        all.filter(|to| *to != order.status)
            .filter_map(|to| {
                let (permit, reason) = self.may(order, to)?;
                let label = match permit {
                    Permit::Ask => strings::ASK_TO_CANCEL,
                    _ => strings::step_button(to),
                };
                let detail = strings::status_entry(order.status, to, reason);
                let picked = Picked::Status {
                    to,
                    from: order.status,
                    version: order.version,
                };
                Some(Entry::new(label, &detail, picked))
            })
            .collect()
    }

    fn statuses_of_marked(&mut self) -> Vec<Entry> {
        let keys = self.marked_keys();
        let mut counts = [0_usize; OrderStatus::ALL.len()];
        for row in keys.iter().filter_map(|key| self.orders.get(key)) {
            let order = row.listed();
            for (count, to) in counts.iter_mut().zip(OrderStatus::ALL) {
                let may = self.may(&order, to);
                let step = may.is_some_and(|(permit, _)| permit != Permit::Ask);
                *count += usize::from(step && to != order.status);
            }
        }
        (counts.into_iter().zip(OrderStatus::ALL))
            .filter(|(count, _)| *count > 0)
            .map(|(count, to)| {
                let detail = strings::marked_entry(count, keys.len());
                Entry::new(strings::step_button(to), &detail, Picked::MarkedStatus(to))
            })
            .collect()
    }

    /// Asks about a status that was picked for an order, at the version and
    /// status that were seen when the list was opened.
    pub(super) fn ask_status(
        &mut self,
        key: &OrderKey,
        to: OrderStatus,
        from: OrderStatus,
        version: u64,
    ) {
        let Some(row) = self.orders.get(key) else {
            return self.say(strings::order_is_gone(key));
        };
        let may = self.may(&row.listed(), to);
        let needed = may.is_some_and(|(_, reason)| reason == Reason::Given);
        let mut dialog = match may {
            Some((Permit::Ask, _)) => Dialog::ask(key.clone(), version, from, to),
            _ => Dialog::new(key.clone(), version, from, to, needed),
        };
        if self.connection.legacy {
            dialog.take_status_alone();
        }
        self.overlay = Overlay::Dialog(dialog);
    }

    /// How the dialog's order stands to what the dialog asks. One that is not
    /// in the list any more may be asked about: the server decides.
    #[must_use]
    pub fn still(&self, dialog: &Dialog) -> Still {
        let Some(row) = self.orders.get(&dialog.key) else {
            return Still::AsSeen;
        };
        if row.status() == dialog.to {
            Still::There
        } else if (row.version(), row.status()) == (dialog.version, dialog.from) {
            Still::AsSeen
        } else if self.may(&row.listed(), dialog.to).is_some() {
            Still::Open
        } else {
            Still::Closed
        }
    }

    /// Asks the same again about the order as it stands now. Nothing is sent:
    /// whoever confirmed did not know yet what it had become.
    pub(super) fn renew(&mut self, mut dialog: Dialog) {
        if let Some(row) = self.orders.get(&dialog.key) {
            let order = row.listed();
            let needed = self.may(&order, dialog.to);
            let needed = needed.is_some_and(|(_, reason)| reason == Reason::Given);
            dialog.renew(order.version, order.status, needed);
        }
        self.overlay = Overlay::Dialog(dialog);
    }

    /// Somebody was first: what was asked is on the screen again, with what was
    /// typed, unless the user is at something else by now. Its button takes the
    /// new state first, so a key that is still on its way sends nothing.
    pub(super) fn ask_again(&mut self, dialog: Dialog) {
        let free = matches!(self.overlay, Overlay::None) && !self.typing;
        if free && self.still(&dialog) == Still::Open {
            self.overlay = Overlay::Dialog(dialog);
        }
    }

    /// Where the newest shipment of an order can be followed.
    #[must_use]
    pub fn tracking_link(&self, order: &ListedOrder) -> Option<String> {
        order.shipments.iter().rev().find_map(|shipment| {
            let made = || {
                let number = shipment.tracking_number.as_deref()?;
                tracking_link(shipment.carrier.as_deref()?, number)
            };
            shipment.tracking_url.clone().or_else(made)
        })
    }

    fn copy_link(&mut self, effects: &mut Vec<Effect>) {
        let Some(row) = self.current() else {
            return self.say(strings::NO_ORDER);
        };
        let (key, order) = (row.key.clone(), row.listed());
        if let Some(words) = self.moved_words() {
            return self.say(words);
        }
        match self.tracking_link(&order) {
            Some(link) => {
                self.say(strings::link_copied(&key));
                effects.push(Effect::Copy(crate::model::text::tame(&link).into_owned()));
            }
            None => self.say(strings::no_link(&key)),
        }
    }
}
