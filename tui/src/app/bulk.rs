//! One action on many orders: a plan that says what will happen, the requests
//! that are under way, and what became of each order.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use ordertop::client::RequestError;
use ordertop::order::status::{Permit, Reason};
use ordertop::order::{Actor, OrderKey, OrderStatus};
use ordertop::protocol::PackedOrder;
use ordertop::protocol::rest::{BulkRow, Outcome, RowResult, RowResults, StatusChange};
use tui_input::Input;

use super::steps::InFlight;
use super::typing::{LONG, type_into};
use super::undo::Step;
use super::{App, Overlay};
use crate::event::Effect;
use crate::model::bulk::{BulkLine, Fate, PlanRow, Tally};
use crate::model::keymap::Action;
use crate::model::notices::{Notice, What};
use crate::model::orders::Orders;
use crate::model::outbox::Entry;
use crate::model::row::Touch;
use crate::model::step::Aim;
use crate::model::text::tame;
use crate::outbox;
use crate::strings;

/// So many orders can be changed by one action; each has its line in the result.
pub const MAX_BULK: usize = 10_000;

/// The question before an action on many orders.
#[derive(Debug, Clone)]
pub struct Plan {
    /// What it is.
    pub aim: Aim,
    /// What will be sent.
    pub rows: Vec<PlanRow>,
    /// Why some of the marked orders are left out, and which.
    pub left_out: BTreeMap<String, Vec<OrderKey>>,
    /// The reason, as typed so far.
    pub reason: Input,
    /// Whether the reason has the keys, and not the button.
    pub typing: bool,
    /// Whether it was confirmed without the reason that it needs.
    pub reason_missed: bool,
}

impl Plan {
    /// Where all of its orders go, where that is one status.
    #[must_use]
    pub fn target(&self) -> Option<OrderStatus> {
        let first = self.rows.first()?.to;
        let is_one = self.rows.iter().all(|row| row.to == first);
        is_one.then_some(first)
    }

    pub(super) fn new(aim: Aim) -> Self {
        Self {
            aim,
            rows: Vec::new(),
            left_out: BTreeMap::new(),
            reason: Input::default(),
            typing: false,
            reason_missed: false,
        }
    }

    /// Takes an order in. Whoever must say why begins with it.
    pub(super) fn add(&mut self, row: PlanRow) {
        self.typing |= row.reason;
        self.rows.push(row);
    }

    pub(super) fn leave_out(&mut self, key: OrderKey, why: String) {
        self.left_out.entry(why).or_default().push(key);
    }

    /// Whether one of the orders needs a reason.
    #[must_use]
    pub fn needs_reason(&self) -> bool {
        self.rows.iter().any(|row| row.reason)
    }

    /// How many orders go from where to where.
    #[must_use]
    pub fn steps(&self) -> BTreeMap<(OrderStatus, OrderStatus), usize> {
        let mut steps = BTreeMap::new();
        for row in &self.rows {
            *steps.entry((row.from, row.to)).or_default() += 1;
        }
        steps
    }

    fn reason(&self) -> Option<String> {
        let reason = self.reason.value().trim();
        (!reason.is_empty()).then(|| reason.to_owned())
    }

    /// Which of its orders are not as they were seen: the server will refuse these.
    #[must_use]
    pub fn changed<'a>(&'a self, orders: &Orders) -> Vec<&'a OrderKey> {
        let as_seen =
            |row: &&PlanRow| (orders.get(&row.key)).is_some_and(|now| now.version() == row.version);
        let changed = self.rows.iter().filter(|row| !as_seen(row));
        changed.map(|row| &row.key).collect()
    }

    /// What to send for one of its orders.
    fn request(&self, row: &PlanRow) -> BulkRow {
        BulkRow {
            order_number: row.key.number.to_string(),
            vendor_id: Some(row.key.vendor.to_string()),
            change: StatusChange {
                status: Some(row.to.as_str().to_owned()),
                expected_version: (row.version > 0).then_some(row.version),
                reason: self.reason(),
                shipment: None,
                undo: self.aim == Aim::Undo,
            },
        }
    }
}

/// A bulk action that was sent.
#[derive(Debug)]
pub struct Bulk {
    ticket: u64,
    aim: Aim,
    lines: Vec<BulkLine>,
    places: HashMap<OrderKey, usize>,
    /// How many are answered, or will never be.
    pub answered: usize,
    /// How many lines of the result are scrolled away.
    pub scroll: usize,
}

impl Bulk {
    /// Every order; those that need a look first.
    pub fn lines(&self) -> impl Iterator<Item = &BulkLine> {
        let rank = |line: &BulkLine| match line.fate {
            Fate::Refused(_) | Fate::Open(_) => 0,
            Fate::NotSent => 1,
            Fate::Kept => 2,
            Fate::Waiting => 3,
            Fate::Unchanged => 4,
            Fate::Done(_) => 5,
        };
        (0..6).flat_map(move |wanted| self.lines.iter().filter(move |line| rank(line) == wanted))
    }

    /// How many orders it is about.
    #[must_use]
    pub fn len(&self) -> usize {
        self.lines.len()
    }

    /// Whether it is about none, which is never asked.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    /// Whether answers are still to come.
    #[must_use]
    pub fn is_under_way(&self) -> bool {
        self.answered < self.lines.len()
    }

    /// How many came to what so far.
    #[must_use]
    pub fn tally(&self) -> Tally {
        let mut tally = Tally {
            undo: self.aim == Aim::Undo,
            ..Tally::default()
        };
        for line in &self.lines {
            match line.fate {
                Fate::Waiting => {}
                Fate::Done(_) => {
                    let step = Some((line.from, line.to));
                    tally.step = step.filter(|_| tally.done == 0 || tally.step == step);
                    tally.done += 1;
                }
                Fate::Unchanged => tally.unchanged += 1,
                Fate::Kept => tally.kept += 1,
                Fate::Refused(_) | Fate::Open(_) | Fate::NotSent => tally.failed += 1,
            }
        }
        tally
    }
}

impl App {
    /// Asks about a step of every marked order: the next one of each, or `to`.
    pub(super) fn plan_marked(&mut self, to: Option<OrderStatus>) {
        if let Some(why) = self.cannot_send() {
            return self.say(why);
        }
        if self.bulk_is_under_way() {
            return self.say(strings::BULK_UNDER_WAY);
        }
        if let Some(words) = self.marked_changed_words() {
            return self.say(words);
        }
        if self.connection.legacy {
            let back = self.key_of(Action::Back);
            return self.say(strings::no_bulk_on_legacy(&back));
        }
        if let Some(words) = self.too_many_marked() {
            return self.say(words);
        }
        let keys = self.marked_keys();
        let mut plan = Plan::new(Aim::Step);
        for key in keys {
            let Some(row) = self.orders.get(&key) else {
                plan.leave_out(key, strings::GONE.to_owned());
                continue;
            };
            let order = row.listed();
            let step = match to {
                None => self.next_step(&order),
                Some(to) => match self.may(&order, to) {
                    // Asking support is one order's matter, with its own words.
                    Some((Permit::Ask, _)) | None => None,
                    Some((_, reason)) => Some((to, reason)),
                },
            };
            match step {
                _ if self.on_its_way(&key).is_some() => {
                    plan.leave_out(key, strings::ON_ITS_WAY.to_owned());
                }
                _ if to == Some(order.status) => {
                    plan.leave_out(key, strings::stands_there(order.status));
                }
                Some((to, reason)) => plan.add(PlanRow {
                    version: order.version,
                    from: order.status,
                    reason: reason == Reason::Given,
                    key,
                    to,
                }),
                None => {
                    let why = match to {
                        None => strings::no_step_from(order.status, self.many_vendors()),
                        Some(to) => strings::cannot_go(order.status, to),
                    };
                    plan.leave_out(key, why);
                }
            }
        }
        self.overlay = Overlay::Plan(Box::new(plan));
    }

    /// Why no action is planned for the marked orders: they are more than one takes.
    pub(super) fn too_many_marked(&self) -> Option<String> {
        let marked = self.marked();
        (marked > MAX_BULK).then(|| strings::too_many_marked(marked, MAX_BULK))
    }

    pub(super) fn plan_key(
        &mut self,
        action: Option<Action>,
        key: crossterm::event::KeyEvent,
        effects: &mut Vec<Effect>,
    ) {
        let Overlay::Plan(plan) = &mut self.overlay else {
            return;
        };
        match action {
            Some(Action::Cancel) => self.overlay = Overlay::None,
            Some(Action::NextField | Action::PreviousField) => {
                plan.typing = plan.needs_reason() && !plan.typing;
            }
            // The button is off: none of them can be changed.
            Some(Action::Confirm) if plan.rows.is_empty() => {}
            Some(Action::Confirm) if plan.needs_reason() && plan.reason().is_none() => {
                (plan.reason_missed, plan.typing) = (true, true);
            }
            Some(Action::Confirm) => {
                let plan = std::mem::replace(&mut self.overlay, Overlay::None);
                if let Overlay::Plan(plan) = plan {
                    self.send_plan(*plan, effects);
                }
            }
            _ if plan.typing => type_into(&mut plan.reason, key, LONG),
            _ => {}
        }
    }

    /// Whether rows of a bulk action are not answered yet. Its result has room for
    /// one action: the next one, an undo too, waits for its end.
    pub(super) fn bulk_is_under_way(&self) -> bool {
        self.acting.bulk.as_ref().is_some_and(Bulk::is_under_way)
    }

    fn send_plan(&mut self, plan: Plan, effects: &mut Vec<Effect>) {
        if self.bulk_is_under_way() {
            return self.say(strings::BULK_UNDER_WAY);
        }
        if let Some(why) = self.cannot_send() {
            return self.say(why);
        }
        let ticket = self.next_ticket;
        self.next_ticket += 1;
        let rows = plan.rows.iter().map(|row| plan.request(row)).collect();
        let mut lines = Vec::with_capacity(plan.rows.len());
        let mut places = HashMap::with_capacity(plan.rows.len());
        for row in plan.rows {
            let step = InFlight {
                ticket,
                from: Some(row.from),
                to: row.to,
                aim: plan.aim,
                shipment: false,
            };
            self.in_flight.insert(row.key.clone(), step);
            places.insert(row.key.clone(), lines.len());
            lines.push(BulkLine {
                key: row.key,
                from: row.from,
                to: row.to,
                fate: Fate::Waiting,
            });
        }
        self.acting.bulk = Some(Bulk {
            ticket,
            aim: plan.aim,
            lines,
            places,
            answered: 0,
            scroll: 0,
        });
        self.overlay = Overlay::Result;
        effects.push(Effect::ChangeStatuses { ticket, rows });
    }

    /// Takes the answer about `count` orders of a bulk action, from `first` on.
    pub(super) fn bulk_answer(
        &mut self,
        ticket: u64,
        first: usize,
        count: usize,
        result: Result<RowResults, RequestError>,
    ) {
        let Some(mut bulk) = self.acting.bulk.take() else {
            return;
        };
        if bulk.ticket != ticket {
            self.acting.bulk = Some(bulk);
            return;
        }
        match result {
            Ok(RowResults { results }) => {
                let mut results = results.into_iter();
                for line in bulk.lines.iter_mut().skip(first).take(count) {
                    line.fate = match results.next() {
                        Some(result) => self.row_answer(&line.key, result),
                        None => Fate::Open(strings::NO_ANSWER.to_owned()),
                    };
                    self.settle_line(line);
                }
                bulk.answered = (first + count).min(bulk.lines.len());
            }
            // What comes after a request that failed is not sent.
            Err(error) => {
                let why = strings::sentence(&error);
                for (at, line) in bulk.lines.iter_mut().enumerate().skip(first) {
                    line.fate = match at < first + count {
                        true if error.leaves_open() => Fate::Open(why.clone()),
                        true => Fate::Refused(why.clone()),
                        false => Fate::NotSent,
                    };
                    self.settle_line(line);
                }
                bulk.answered = bulk.lines.len();
            }
        }
        if !bulk.is_under_way() {
            self.finish_bulk(&bulk);
        }
        self.acting.bulk = Some(bulk);
    }

    /// The rows of a bulk action from `first` on are on disk, as far as `result`
    /// has them.
    pub(super) fn many_kept(
        &mut self,
        ticket: u64,
        first: usize,
        unanswered: Option<(usize, RequestError)>,
        result: Result<Vec<Entry>, String>,
    ) {
        let full = || outbox::OutboxError::Full.to_string();
        let (entries, lost, why) = match result {
            Ok(entries) => (entries, full(), full()),
            Err(lost) => (Vec::new(), lost.clone(), strings::not_kept_why(&lost)),
        };
        let kept: HashSet<OrderKey> = entries.iter().map(Entry::key).collect();
        let bulk = self.acting.bulk.take_if(|bulk| bulk.ticket == ticket);
        let aim = bulk.as_ref().map_or(Aim::Step, |bulk| bulk.aim);
        let from = bulk
            .as_ref()
            .map(|bulk| &bulk.lines[..])
            .unwrap_or_default();
        let from = (from.iter().map(|line| (line.key.clone(), line.from))).collect();
        self.now_wait(entries, aim, &from);
        let Some(mut bulk) = bulk else {
            return;
        };
        let mut all_kept = true;
        for (at, line) in bulk.lines.iter_mut().enumerate().skip(first) {
            line.fate = match &unanswered {
                _ if kept.contains(&line.key) => Fate::Kept,
                None => Fate::Refused(why.clone()),
                Some((sent, error)) if at < first + sent => Fate::Open(strings::sentence(error)),
                Some(_) => Fate::NotSent,
            };
            all_kept &= line.fate == Fate::Kept;
            self.settle_line(line);
        }
        bulk.answered = bulk.lines.len();
        self.finish_bulk(&bulk);
        self.acting.bulk = Some(bulk);
        if unanswered.is_some() && !all_kept {
            self.say(strings::outbox_unusable(&lost));
        }
    }

    /// What was kept of a bulk action came to this; its result may be on the screen still.
    pub(super) fn kept_came_to(&mut self, key: &OrderKey, fate: Fate) {
        let Some(bulk) = &mut self.acting.bulk else {
            return;
        };
        let line = (bulk.places.get(key)).and_then(|at| bulk.lines.get_mut(*at));
        if let Some(line) = line.filter(|line| line.fate == Fate::Kept) {
            line.fate = fate;
        }
    }

    /// What became of one order; the list shows it as it is now.
    fn row_answer(&mut self, key: &OrderKey, result: RowResult) -> Fate {
        let order = result.order;
        let version = result.version.or(order.as_ref().map(|order| order.version));
        let version = version.unwrap_or(0);
        if let Some(order) = &order {
            self.take(
                key.clone(),
                Arc::new(PackedOrder::new(order)),
                Some(Touch::Changed),
            );
        }
        match (result.result, result.code.as_deref(), order) {
            (Outcome::Changed | Outcome::Placed, ..) => Fate::Done(version),
            (Outcome::Unchanged, ..) => Fate::Unchanged,
            (Outcome::Refused, Some("version_conflict"), Some(order)) => {
                Fate::Refused(strings::was_first(&order, self.now))
            }
            (Outcome::Refused, ..) => {
                let why = result.error.unwrap_or_default();
                Fate::Refused(tame(&why).into_owned())
            }
        }
    }

    /// An order that was answered or kept is under way no more; one that failed stays marked.
    fn settle_line(&mut self, line: &BulkLine) {
        self.in_flight.remove(&line.key);
        if matches!(line.fate, Fate::Done(_) | Fate::Unchanged | Fate::Kept) {
            self.acting.marks.remove(&line.key);
        }
    }

    fn finish_bulk(&mut self, bulk: &Bulk) {
        let done = bulk.lines.iter().filter_map(|line| match line.fate {
            Fate::Done(version) => Some(Step {
                key: line.key.clone(),
                version,
                from: line.from,
                to: line.to,
            }),
            _ => None,
        });
        self.remember(bulk.aim, done.collect());
        let tally = bulk.tally();
        self.notices.push(Notice {
            at: self.now,
            key: None,
            version: 0,
            what: What::Bulk(tally),
        });
        if !matches!(self.overlay, Overlay::Result) {
            self.say(strings::bulk_done(tally));
        }
    }

    /// Whether a bulk action of ours made this change: its result tells of it,
    /// so no notification does.
    pub(super) fn told_by_bulk(&self, key: &OrderKey, version: u64, by: &Actor) -> bool {
        let Some(bulk) = &self.acting.bulk else {
            return false;
        };
        let line = (bulk.places.get(key)).and_then(|at| bulk.lines.get(*at));
        line.is_some_and(|line| match line.fate {
            Fate::Waiting => *by == self.actor,
            Fate::Done(made) => made == version,
            _ => false,
        })
    }

    /// Whether a change is a step that was sent from here and got no answer: its event
    /// is the answer. A row of the last bulk action is done by it.
    pub(super) fn is_unanswered_own_step(
        &mut self,
        key: &OrderKey,
        to: OrderStatus,
        version: u64,
        by: &Actor,
    ) -> bool {
        if *by != self.actor {
            return false;
        }
        let line = self.acting.bulk.as_mut().and_then(|bulk| {
            let at = *bulk.places.get(key)?;
            bulk.lines.get_mut(at)
        });
        if let Some(line) = line.filter(|line| line.to == to && matches!(line.fate, Fate::Open(_)))
        {
            line.fate = Fate::Done(version);
            self.acting.marks.remove(key);
            return true;
        }
        self.outbox.may_have_brought(key, to)
    }

    /// Keys on the result: it scrolls, anything else closes it.
    pub(super) fn result_key(&mut self, action: Action) {
        let page = usize::from(self.size.1).saturating_sub(8).max(1);
        let Some(bulk) = &mut self.acting.bulk else {
            self.overlay = Overlay::None;
            return;
        };
        let last = bulk.lines.len().saturating_sub(page);
        let to = match action {
            Action::Up => bulk.scroll.saturating_sub(1),
            Action::Down => bulk.scroll + 1,
            Action::PageUp => bulk.scroll.saturating_sub(page),
            Action::PageDown => bulk.scroll + page,
            Action::Top => 0,
            Action::Bottom => last,
            _ => {
                self.overlay = Overlay::None;
                return;
            }
        };
        bulk.scroll = to.min(last);
    }
}
