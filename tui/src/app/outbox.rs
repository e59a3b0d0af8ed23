//! What waits on disk for the server, as the screen knows it: which of it is
//! sent when, and what came of it.
//!
//! A step that is confirmed while nothing answers is written down instead of
//! sent, whoever asked for it: `App::divert` looks at what an update asks of
//! the world. One change is sent at a time, the oldest first, each order's in
//! their order.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use ordertop::client::{ConnectionState, RequestError};
use ordertop::order::status::Permit;
use ordertop::order::{OrderKey, OrderStatus};
use ordertop::protocol::ListedOrder;
use ordertop::protocol::rest::{NewNote, STATUS_UPDATED, StatusChanged};

use super::steps::InFlight;
use super::{App, Overlay};
use crate::event::Effect;
use crate::model::bulk::Fate;
use crate::model::keymap::Action;
use crate::model::outbox::{Contents, Entry, Sent, Waiting, Work, settled_by};
use crate::model::step::Aim;
use crate::strings;

/// How long to wait before the second try; each further one waits twice as long.
const FIRST_WAIT: Duration = Duration::from_secs(2);
/// The longest wait that a server may ask for.
const LONGEST_ASKED: Duration = Duration::from_secs(60 * 60);
/// The longest wait between two tries while the server answers.
const LONGEST_WAIT: Duration = Duration::from_secs(60);

/// What waits.
#[derive(Debug, Default)]
pub struct Outbox {
    /// It was read: changes can be kept.
    on: bool,
    list: Vec<Waiting>,
    /// The one that is being sent, and its request.
    sending: Option<(String, u64)>,
    /// Those that are being deleted: not sent meanwhile.
    dropping: HashSet<String>,
    /// Whether the server answered when it was last looked at.
    answered: bool,
    /// Before this time nothing is sent.
    next_at: Option<Timestamp>,
    damaged: usize,
}

impl Outbox {
    /// What waits, the oldest first.
    #[must_use]
    pub fn list(&self) -> &[Waiting] {
        &self.list
    }

    /// Where an order's newest change that waits would bring it.
    #[must_use]
    pub fn to(&self, key: &OrderKey) -> Option<OrderStatus> {
        let of = |w: &&Waiting| w.entry.number == key.number && w.entry.vendor == key.vendor;
        let steps = self.list.iter().rev().filter(of);
        steps.filter_map(|waiting| waiting.entry.to()).next()
    }

    /// How many notes about an order wait.
    #[must_use]
    pub fn notes(&self, key: &OrderKey) -> usize {
        let of = |w: &&Waiting| w.entry.number == key.number && w.entry.vendor == key.vendor;
        let of = self.list.iter().filter(of);
        of.filter(|waiting| matches!(waiting.entry.work, Work::Note { .. }))
            .count()
    }

    /// How many parcels of an order wait.
    #[must_use]
    pub fn parcels(&self, key: &OrderKey) -> usize {
        let of = |w: &&Waiting| w.entry.number == key.number && w.entry.vendor == key.vendor;
        let of = self.list.iter().filter(of);
        of.filter(|waiting| matches!(waiting.entry.work, Work::Tracking { .. }))
            .count()
    }

    /// Whether it is being sent.
    #[must_use]
    pub fn is_sending(&self, id: &str) -> bool {
        (self.sending.as_ref()).is_some_and(|(sending, _)| sending == id)
    }

    /// Whether a change that waits and was sent before may have brought the order there.
    pub(super) fn may_have_brought(&self, key: &OrderKey, to: OrderStatus) -> bool {
        let of = |w: &&Waiting| w.entry.number == key.number && w.entry.vendor == key.vendor;
        let mut of = self.list.iter().filter(of);
        of.any(|waiting| waiting.may_be_done() && waiting.entry.to() == Some(to))
    }

    fn get(&mut self, id: &str) -> Option<&mut Waiting> {
        self.list.iter_mut().find(|known| known.entry.id == id)
    }

    fn remove(&mut self, id: &str) -> Option<Waiting> {
        let at = self.list.iter().position(|known| known.entry.id == id)?;
        Some(self.list.remove(at))
    }
}

/// The list of what waits, over the screen.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sheet {
    /// The chosen one; the oldest where it is gone.
    pub chosen: Option<String>,
    /// The one that is asked about: take it back?
    pub asked: Option<String>,
}

impl Sheet {
    /// Where the chosen one stands in the list.
    #[must_use]
    pub fn at(&self, list: &[Waiting]) -> usize {
        let chosen = |w: &Waiting| Some(&w.entry.id) == self.chosen.as_ref();
        list.iter().position(chosen).unwrap_or(0)
    }
}

impl App {
    /// Changes that wait for the server.
    #[must_use]
    pub fn outbox(&self) -> &Outbox {
        &self.outbox
    }

    /// Whether an order's step waits for the server and is not being sent.
    #[must_use]
    pub fn waits(&self, key: &OrderKey) -> bool {
        !self.in_flight.contains_key(key) && self.outbox.to(key).is_some()
    }

    /// Whether a change to that status is but a wish, about which support decides.
    #[must_use]
    pub fn is_wish(&self, key: &OrderKey, to: OrderStatus) -> bool {
        let may = (self.orders.get(key)).and_then(|row| self.may(&row.listed(), to));
        matches!(may, Some((Permit::Ask, _)))
    }

    /// Whether steps are written down now instead of sent.
    pub(super) fn keeps_steps(&self) -> bool {
        let offline = matches!(self.connection.state, ConnectionState::Offline { .. });
        self.outbox.on && offline
    }

    /// Why an order's step is not asked for: one is sent, or waits.
    pub(super) fn under_way(&self, key: &OrderKey, to: OrderStatus) -> String {
        match self.waits(key) {
            true => strings::already_waits(key, to, &self.key_of(Action::Outbox)),
            false => strings::already_on_its_way(key, to),
        }
    }

    /// Has steps written down instead of sent while nothing answers.
    pub(super) fn divert(&self, effects: &mut [Effect]) {
        if !self.keeps_steps() {
            return;
        }
        for effect in effects {
            let kept = match effect {
                Effect::ChangeStatus {
                    key,
                    ticket,
                    change,
                } => {
                    let to = change.status.as_deref().and_then(|to| to.parse().ok());
                    to.map(|to| Effect::Keep {
                        key: key.clone(),
                        ticket: *ticket,
                        to,
                        change: change.clone(),
                    })
                }
                Effect::ChangeStatuses { ticket, rows } => Some(Effect::KeepMany {
                    ticket: *ticket,
                    rows: std::mem::take(rows),
                }),
                Effect::Track { key, tracking, .. } => Some(Effect::KeepTracking {
                    key: key.clone(),
                    tracking: tracking.clone(),
                }),
                Effect::AddNote { key, note, .. } => Some(Effect::KeepNote {
                    key: key.clone(),
                    note: note.clone(),
                }),
                _ => None,
            };
            if let Some(kept) = kept {
                *effect = kept;
            }
        }
    }

    /// The file was read: at the start, or because another program changed it.
    pub(super) fn outbox_read(&mut self, read: Result<Contents, String>) {
        let contents = match read {
            Ok(contents) => contents,
            Err(why) => return self.say(strings::outbox_unusable(&why)),
        };
        let first = !std::mem::replace(&mut self.outbox.on, true);
        let mut known = std::mem::take(&mut self.outbox.list);
        self.outbox.list = (contents.waiting.into_iter())
            .map(|entry| {
                match known.iter().position(|old| old.entry.id == entry.id) {
                    None => Waiting::new(entry, Aim::Step, None),
                    // What another program learned of it is in the file alone.
                    Some(at) => Waiting {
                        entry,
                        ..known.swap_remove(at)
                    },
                }
            })
            .collect();
        if contents.damaged > self.outbox.damaged {
            self.say(strings::outbox_damaged(contents.damaged));
        } else if first && !self.outbox.list.is_empty() {
            self.say(strings::still_waiting(self.outbox.list.len()));
        }
        self.outbox.damaged = contents.damaged;
    }

    /// A step is on disk, or could not be brought there.
    pub(super) fn kept(
        &mut self,
        key: &OrderKey,
        ticket: u64,
        unanswered: Option<RequestError>,
        result: Result<Box<Entry>, String>,
    ) {
        let step = (self.in_flight.get(key)).filter(|step| step.ticket == ticket);
        let to = step.map(|step| step.to);
        let from = step.and_then(|step| step.from);
        let from = (from.map(|from| (key.clone(), from))).into_iter().collect();
        let aim = step.map_or(Aim::Step, |step| step.aim);
        match (result, unanswered) {
            (Ok(entry), unanswered) => {
                self.acting.asked.remove(&ticket);
                self.acting.marks.remove(key);
                self.in_flight.retain(|_, step| step.ticket != ticket);
                let why = unanswered.map(|error| strings::sentence(&error));
                if let Some(to) = entry.to() {
                    let wish = self.is_wish(key, to);
                    self.say(strings::kept(key, to, wish, why.as_deref()));
                }
                self.now_wait(vec![*entry], aim, &from);
            }
            (Err(lost), Some(error)) => {
                self.status_answer(key, ticket, Err(error));
                if let Some(to) = to {
                    self.say(strings::not_kept(key, to, true, &lost));
                }
            }
            (Err(lost), None) => {
                self.acting.asked.remove(&ticket);
                self.in_flight.retain(|_, step| step.ticket != ticket);
                if let Some(to) = to {
                    self.refuse(key, to, false, strings::not_kept_why(&lost));
                }
            }
        }
    }

    /// These are on disk; `from` is where their orders stood.
    pub(super) fn now_wait(
        &mut self,
        entries: Vec<Entry>,
        aim: Aim,
        from: &HashMap<OrderKey, OrderStatus>,
    ) {
        // A look at the file may have found them before.
        let list = &mut self.outbox.list;
        let known: HashSet<String> = list.iter().map(|known| known.entry.id.clone()).collect();
        let new = (entries.into_iter()).filter(|entry| !known.contains(&entry.id));
        list.extend(new.map(|entry| {
            let from = from.get(&entry.key()).copied();
            Waiting::new(entry, aim, from)
        }));
    }

    /// Sends the next change that waits, when it is time.
    pub(super) fn send_kept(&mut self, effects: &mut Vec<Effect>) {
        let answers = match self.connection.state {
            // A store that is away changes nothing.
            ConnectionState::Live { degraded } => !degraded,
            ConnectionState::Polling { .. } => true,
            _ => false,
        };
        if answers && !self.outbox.answered {
            // It came back: nothing is to be waited for any more.
            self.outbox.next_at = None;
            for waiting in &mut self.outbox.list {
                waiting.next_at = None;
            }
        }
        self.outbox.answered = answers;
        let now = self.now;
        let due = |at: Option<Timestamp>| at.is_none_or(|at| at <= now);
        // Before the list is here nobody could be told from where the order came.
        if !answers || !self.loaded || self.outbox.sending.is_some() || !due(self.outbox.next_at) {
            return;
        }
        // A note makes a version, and a step that waits goes from the one that was
        // seen: an order's notes come after its steps.
        let list = &self.outbox.list;
        let steps = list.iter().filter(|waiting| waiting.entry.to().is_some());
        let stepped: HashSet<OrderKey> = steps.map(|waiting| waiting.entry.key()).collect();
        let mut before = HashSet::new();
        let next = list.iter().find(|waiting| {
            let key = waiting.entry.key();
            let is_note = waiting.entry.to().is_none();
            let first = before.insert((key.clone(), is_note));
            let waits_for_step = is_note && stepped.contains(&key);
            first
                && !waits_for_step
                && due(waiting.next_at)
                && !waiting.needs_decision(now)
                && !self.outbox.dropping.contains(&waiting.entry.id)
                && !self.in_flight.contains_key(&key)
        });
        let Some(waiting) = next else {
            return;
        };
        let (entry, aim, from) = (waiting.entry.clone(), waiting.aim, waiting.from);
        let ticket = self.next_ticket;
        self.next_ticket += 1;
        let key = entry.key();
        match &entry.work {
            Work::Step { to, change } => {
                // An order that stands there already was brought there by the try before.
                let now = (self.orders.get(&key)).map(|row| row.status());
                let from = from.or(now.filter(|now| now != to));
                let step = InFlight {
                    ticket,
                    from,
                    to: *to,
                    aim,
                    shipment: change.shipment.is_some(),
                };
                self.in_flight.insert(key, step);
            }
            // What the server tells of it is ours.
            Work::Note { .. } => self.acting.noted = Some((key, now)),
            Work::Tracking { .. } => self.acting.tracked = Some((key, now)),
        }
        self.outbox.sending = Some((entry.id.clone(), ticket));
        effects.push(Effect::SendKept {
            entry: Box::new(entry),
            ticket,
        });
    }

    /// What came of sending a change that waits.
    pub(super) fn kept_sent(&mut self, id: &str, ticket: u64, sent: Sent) {
        (self.outbox.sending).take_if(|(_, sending)| *sending == ticket);
        let note = self
            .outbox
            .get(id)
            .and_then(|waiting| match &waiting.entry.work {
                Work::Note { note } => Some((waiting.entry.key(), note.clone())),
                Work::Step { .. } | Work::Tracking { .. } => None,
            });
        if let Some((key, note)) = note {
            return self.kept_note_sent(id, &key, note, sent);
        }
        let known = self.outbox.get(id).map(|waiting| &waiting.entry);
        let parcel = known.filter(|entry| matches!(entry.work, Work::Tracking { .. }));
        if let Some(key) = parcel.map(Entry::key) {
            return self.kept_parcel_sent(id, &key, sent);
        }
        // By its ticket: what waited may be gone from the list by now.
        let mut in_flight = self.in_flight.iter();
        let key = in_flight.find(|(_, step)| step.ticket == ticket);
        let Some(key) = key.map(|(key, _)| key.clone()) else {
            return;
        };
        let waits_on = match &sent {
            Sent::Answered { result, .. } => settled_by(result).is_none(),
            Sent::Busy
            | Sent::Failed(_)
            | Sent::NoteAnswered { .. }
            | Sent::TrackingAnswered { .. } => true,
            Sent::Gone => false,
        };
        if waits_on {
            self.in_flight.remove(&key);
        }
        match sent {
            Sent::Answered { result, unstruck } if !waits_on => {
                let result = self.done_before(id, result);
                // What was said at the start is not so any more.
                let still = strings::still_waiting(self.outbox.list.len());
                self.toast.take_if(|(words, _)| *words == still);
                self.outbox.remove(id);
                let fate = self.fate_of(&result);
                self.kept_came_to(&key, fate);
                self.status_answer(&key, ticket, result);
                if let Some(why) = unstruck {
                    self.say(strings::outbox_unusable(&why));
                }
            }
            Sent::Answered { result, .. } => {
                if let Err(error) = result {
                    self.waits_on(id, &error);
                }
            }
            // The order's own news tell what the other program brought about.
            Sent::Gone => {
                self.in_flight.remove(&key);
                self.outbox.remove(id);
            }
            Sent::Busy
            | Sent::Failed(_)
            | Sent::NoteAnswered { .. }
            | Sent::TrackingAnswered { .. } => self.not_sent(id, sent),
        }
    }

    /// The answer to a change that was sent before without one. That its order stands
    /// there by this user's own doing is what the first try brought about.
    fn done_before(
        &mut self,
        id: &str,
        result: Result<Box<StatusChanged>, RequestError>,
    ) -> Result<Box<StatusChanged>, RequestError> {
        let Some(waiting) = self.outbox.get(id).filter(|known| known.may_be_done()) else {
            return result;
        };
        let to = waiting.entry.to();
        let ours = |order: &ListedOrder| {
            Some(order.status) == to && order.status_by.as_ref() == Some(&self.actor)
        };
        match result {
            Ok(mut answer) => {
                answer.changed |= answer.order.as_ref().is_some_and(ours);
                Ok(answer)
            }
            Err(RequestError::VersionConflict {
                order: Some(order), ..
            }) if ours(&order) => Ok(Box::new(StatusChanged {
                status: STATUS_UPDATED.to_owned(),
                new_status: order.status,
                changed: true,
                position: None,
                order: Some(*order),
            })),
            other => other,
        }
    }

    /// What came of sending a note that waits.
    fn kept_note_sent(&mut self, id: &str, key: &OrderKey, note: NewNote, sent: Sent) {
        match sent {
            Sent::NoteAnswered { result, unstruck } => {
                if settled_by(&result).is_none() {
                    if let Err(error) = result {
                        self.waits_on(id, &error);
                    }
                    return;
                }
                self.outbox.remove(id);
                self.kept_note_answer(key, note, result);
                if let Some(why) = unstruck {
                    self.say(strings::outbox_unusable(&why));
                }
            }
            Sent::Gone => drop(self.outbox.remove(id)),
            _ => self.not_sent(id, sent),
        }
    }

    /// What came of sending a parcel that waits.
    fn kept_parcel_sent(&mut self, id: &str, key: &OrderKey, sent: Sent) {
        match sent {
            Sent::TrackingAnswered { result, unstruck } => {
                if settled_by(&result).is_none() {
                    if let Err(error) = result {
                        self.waits_on(id, &error);
                    }
                    return;
                }
                self.outbox.remove(id);
                self.tracking_answer(key, result);
                if let Some(why) = unstruck {
                    self.say(strings::outbox_unusable(&why));
                }
            }
            Sent::Gone => drop(self.outbox.remove(id)),
            _ => self.not_sent(id, sent),
        }
    }

    /// Another program sends, or the outbox failed.
    fn not_sent(&mut self, id: &str, sent: Sent) {
        match sent {
            Sent::Failed(why) => {
                self.outbox.next_at = later(self.now, LONGEST_WAIT);
                self.say(strings::outbox_unusable(&why));
                if let Some(waiting) = self.outbox.get(id) {
                    waiting.error = Some(why);
                }
            }
            _ => self.outbox.next_at = later(self.now, FIRST_WAIT),
        }
    }

    /// A try said nothing of the order: there will be another, later and later.
    fn waits_on(&mut self, id: &str, error: &RequestError) {
        let now = self.now;
        let Some(waiting) = self.outbox.get(id) else {
            return;
        };
        let doubled = FIRST_WAIT.saturating_mul(1 << waiting.tries.min(8));
        let mut wait = doubled.min(LONGEST_WAIT);
        if let RequestError::Away {
            retry_after: Some(asked),
            ..
        } = error
        {
            wait = wait.max(*asked);
        }
        waiting.tries += 1;
        waiting.error = Some(strings::sentence(error));
        waiting.next_at = later(now, wait);
        waiting.released = false;
        // Who is refused as a whole, or asks at the wrong door, is refused again.
        waiting.held = !error.leaves_open() && !matches!(error, RequestError::Away { .. });
        let everything = matches!(
            error,
            RequestError::Unreachable { .. }
                | RequestError::Timeout { .. }
                | RequestError::Foreign { .. }
                | RequestError::Away { .. }
        );
        if everything {
            self.outbox.next_at = later(now, wait);
        }
    }

    /// A change was taken back, or could not be.
    pub(super) fn kept_dropped(&mut self, id: &str, result: Result<(), String>) {
        self.outbox.dropping.remove(id);
        match result {
            Err(why) => self.say(strings::not_deleted(&why)),
            Ok(()) => {
                if let Some(gone) = self.outbox.remove(id) {
                    self.say(strings::deleted(&gone));
                }
            }
        }
    }

    /// Opens the list of what waits.
    pub(super) fn open_outbox(&mut self) {
        self.overlay = Overlay::Outbox(Sheet::default());
    }

    /// A key in the list of what waits.
    pub(super) fn outbox_key(&mut self, action: Action, effects: &mut Vec<Effect>) {
        let Overlay::Outbox(sheet) = &mut self.overlay else {
            return;
        };
        let list = &self.outbox.list;
        let at = sheet.at(list);
        let chosen = list.get(at).map(|waiting| waiting.entry.id.clone());
        if let Some(asked) = sheet.asked.take() {
            if action == Action::Open {
                if self.outbox.is_sending(&asked) {
                    return self.say(strings::BEING_SENT);
                }
                self.outbox.dropping.insert(asked.clone());
                effects.push(Effect::DropKept { id: asked });
            }
            return;
        }
        let page = usize::from(self.size.1 / 2).max(1);
        let to = match action {
            Action::Up => at.saturating_sub(1),
            Action::Down => at + 1,
            Action::PageUp => at.saturating_sub(page),
            Action::PageDown => at + page,
            Action::Top => 0,
            Action::Bottom => usize::MAX,
            Action::Dismiss => {
                sheet.asked = chosen;
                return;
            }
            Action::Refresh => return self.send_now(chosen.as_deref(), effects),
            Action::Open => {
                let key = list.get(at).map(|waiting| waiting.entry.key());
                self.overlay = Overlay::None;
                if let Some(key) = key {
                    self.show(&key);
                }
                return;
            }
            _ => {
                self.overlay = Overlay::None;
                return;
            }
        };
        let to = to.min(list.len().saturating_sub(1));
        sheet.chosen = list.get(to).map(|waiting| waiting.entry.id.clone());
    }

    fn fate_of(&self, result: &Result<Box<StatusChanged>, RequestError>) -> Fate {
        match result {
            Ok(answer) if answer.changed => {
                Fate::Done(answer.order.as_ref().map_or(0, |order| order.version))
            }
            Ok(_) => Fate::Unchanged,
            Err(error) => {
                let next_step = self.key_of(Action::NextStep);
                Fate::Refused(strings::refusal(error, self.now, &next_step))
            }
        }
    }

    /// Sends the chosen one as soon as the server answers, whatever held it.
    fn send_now(&mut self, id: Option<&str>, effects: &mut Vec<Effect>) {
        let Some(waiting) = id.and_then(|id| self.outbox.get(id)) else {
            return;
        };
        (waiting.held, waiting.released) = (false, true);
        waiting.next_at = None;
        self.outbox.next_at = None;
        if !self.outbox.answered {
            effects.push(Effect::Refresh);
            self.say(strings::SENT_WHEN_BACK);
        }
    }
}

fn later(now: Timestamp, wait: Duration) -> Option<Timestamp> {
    // However long a server asks: a time that cannot be told would be now.
    let wait = wait.min(LONGEST_ASKED);
    let wait = SignedDuration::try_from(wait).ok()?;
    now.checked_add(wait).ok()
}
