//! Undo: the last own changes, the newest on top. An order that somebody brought
//! elsewhere since is not undone; notes and the like are no hindrance.

use jiff::{SignedDuration, Timestamp};
use ordertop::order::status::UNDO_WINDOW;
use ordertop::order::{OrderKey, OrderStatus};

use super::bulk::Plan;
use super::dialog::Dialog;
use super::{App, Overlay};
use crate::model::bulk::PlanRow;
use crate::model::keymap::Action;
use crate::model::row::Row;
use crate::model::step::Aim;
use crate::model::step::UndoOffer;
use crate::strings;

/// So many own changes can be undone; the oldest goes first.
const KEPT: usize = 50;

/// A change that was made from this keyboard.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Step {
    pub(super) key: OrderKey,
    /// The version that it made.
    pub(super) version: u64,
    pub(super) from: OrderStatus,
    pub(super) to: OrderStatus,
}

/// A step that can be undone while its order stands where it brought it.
#[derive(Debug, Clone)]
struct Undoable {
    key: OrderKey,
    from: OrderStatus,
    to: OrderStatus,
    /// Since when it stands there: another step there is another one.
    since: Timestamp,
}

impl Undoable {
    fn made(&self, row: &Row) -> bool {
        (row.status(), row.since()) == (self.to, self.since)
    }
}

/// The steps of one key press, and when they were answered.
#[derive(Debug, Clone)]
struct Change {
    steps: Vec<Undoable>,
    at: Timestamp,
}

/// The last own changes, the newest last.
#[derive(Debug, Default)]
pub struct UndoStack {
    changes: Vec<Change>,
}

impl UndoStack {
    fn push(&mut self, change: Change) {
        if self.changes.len() == KEPT {
            self.changes.remove(0);
        }
        self.changes.push(change);
    }

    /// Forgets what was done to an order before: it is at another version now.
    fn forget(&mut self, key: &OrderKey) {
        for change in &mut self.changes {
            change.steps.retain(|step| step.key != *key);
        }
        self.changes.retain(|change| !change.steps.is_empty());
    }
}

impl App {
    /// What `u` would undo.
    #[must_use]
    pub fn undo_offer(&self) -> Option<UndoOffer> {
        let change = self.acting.undo.changes.last()?;
        let left = self.undo_left(change);
        if left <= SignedDuration::ZERO {
            return None;
        }
        let mut steps = change.steps.iter().filter(|step| self.undoable(step));
        let step = steps.next()?;
        Some(UndoOffer {
            key: step.key.clone(),
            orders: 1 + steps.count(),
            to: step.to,
            left: Some(left),
        })
    }

    /// The time in which the change may still be undone.
    fn undo_left(&self, change: &Change) -> SignedDuration {
        UNDO_WINDOW.saturating_sub(self.now.duration_since(change.at))
    }

    /// Whether the order stands where the step brought it.
    fn undoable(&self, step: &Undoable) -> bool {
        self.orders.get(&step.key).is_some_and(|row| step.made(row))
    }

    /// Remembers own changes that were answered. An undo is none: the next step
    /// does it again.
    pub(super) fn remember(&mut self, aim: Aim, steps: Vec<Step>) {
        for step in &steps {
            self.acting.undo.forget(&step.key);
        }
        let steps: Vec<_> = match aim {
            Aim::Step => (steps.into_iter())
                .filter_map(|step| self.as_it_stands(step))
                .filter(|step| self.undoable(step))
                .collect(),
            Aim::Undo | Aim::Ask => Vec::new(),
        };
        if !steps.is_empty() {
            let at = self.now;
            self.acting.undo.push(Change { steps, at });
        }
    }

    /// The step with the time since when its order stands there; none where the
    /// list has another version by now, or the server counts none.
    fn as_it_stands(&self, step: Step) -> Option<Undoable> {
        let row = self.orders.get(&step.key)?;
        (step.version > 0 && row.version() == step.version).then(|| Undoable {
            since: row.since(),
            key: step.key,
            from: step.from,
            to: step.to,
        })
    }

    /// Asks whether to undo the last own change.
    pub(super) fn ask_undo(&mut self) {
        if let Some(why) = self.cannot_send() {
            return self.say(why);
        }
        let Some(change) = self.acting.undo.changes.last().cloned() else {
            return self.say(self.nothing_to_undo());
        };
        if self.undo_left(&change) <= SignedDuration::ZERO {
            // What is older is later still.
            self.acting.undo.changes.clear();
            return self.say(strings::TOO_LATE_TO_UNDO);
        }
        match &change.steps[..] {
            [step] => self.ask_undo_one(step),
            steps => self.ask_undo_many(steps),
        }
    }

    /// Why there is nothing to undo; where the last change waits, how to take it back.
    fn nothing_to_undo(&self) -> String {
        let Some(last) = self.outbox().list().last() else {
            return strings::NOTHING_TO_UNDO.to_owned();
        };
        let (outbox, delete) = (self.key_of(Action::Outbox), self.key_of(Action::Dismiss));
        strings::waits_to_undo(&last.entry.key(), &outbox, &delete)
    }

    fn ask_undo_one(&mut self, step: &Undoable) {
        let Some(row) = self.orders.get(&step.key) else {
            self.acting.undo.changes.pop();
            return self.say(strings::order_is_gone(&step.key));
        };
        if step.made(row) {
            let dialog = Dialog::undo(step.key.clone(), row.version(), step.to, step.from);
            self.overlay = Overlay::Dialog(dialog);
        } else {
            let words = strings::not_undone(row, self.now);
            self.acting.undo.changes.pop();
            self.say(words);
        }
    }

    fn ask_undo_many(&mut self, steps: &[Undoable]) {
        if self.bulk_is_under_way() {
            return self.say(strings::BULK_UNDER_WAY);
        }
        let mut plan = Plan::new(Aim::Undo);
        for step in steps {
            match self.orders.get(&step.key) {
                Some(row) if step.made(row) => {
                    plan.add(PlanRow {
                        key: step.key.clone(),
                        version: row.version(),
                        from: step.to,
                        to: step.from,
                        reason: false,
                    });
                }
                Some(row) => plan.leave_out(step.key.clone(), strings::changed_by(row)),
                None => plan.leave_out(step.key.clone(), strings::GONE.to_owned()),
            }
        }
        if plan.rows.is_empty() {
            self.acting.undo.changes.pop();
            return self.say(strings::ALL_CHANGED_SINCE);
        }
        self.overlay = Overlay::Plan(Box::new(plan));
    }
}
