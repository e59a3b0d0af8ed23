//! Carrier and tracking number of an order that has left: added later, or corrected.

use std::collections::HashMap;
use std::sync::Arc;

use crossterm::event::{KeyCode, KeyEvent};
use jiff::{SignedDuration, Timestamp};
use ordertop::client::RequestError;
use ordertop::order::{Actor, OrderKey, OrderStatus, Shipment};
use ordertop::protocol::PackedOrder;
use ordertop::protocol::rest::{TrackingChange, TrackingChanged};
use tui_input::Input;

use super::typing::{SHORT, type_into};
use super::{App, Overlay};
use crate::event::Effect;
use crate::model::carrier::{Form, form, tracking_link};
use crate::model::keymap::Action;
use crate::model::outbox::Entry;
use crate::model::row::Touch;
use crate::model::step::Aim;
use crate::strings;

/// An update of ours that is told so long after a parcel was sent is that parcel.
const TOLD_WITHIN: SignedDuration = SignedDuration::from_secs(15);

/// Field that says which parcel is meant.
pub const PARCEL: usize = 1;
/// Field of the carrier.
pub const CARRIER: usize = 2;
/// Field of the number.
pub const NUMBER: usize = 3;

/// A parcel that is being added or corrected.
#[derive(Debug, Clone)]
pub struct TrackDialog {
    /// Order of the parcel.
    pub key: OrderKey,
    /// Parcels of the order, as they stood when the dialog was opened.
    pub parcels: Vec<Shipment>,
    /// Which of `parcels` is corrected; `None` for a further one.
    pub corrects: Option<usize>,
    /// Carrier, as typed so far.
    pub carrier: Input,
    /// Tracking number, as typed so far.
    pub number: Input,
    /// Where the keys go: 0 is the button, then [`PARCEL`], [`CARRIER`], [`NUMBER`].
    pub focus: usize,
    /// Whether it was confirmed while it said nothing.
    pub missed: bool,
}

impl TrackDialog {
    /// A further parcel of an order that has these. The keys are in its number.
    #[must_use]
    pub fn new(key: OrderKey, parcels: Vec<Shipment>) -> Self {
        let mut dialog = Self {
            key,
            parcels,
            corrects: None,
            carrier: Input::default(),
            number: Input::default(),
            focus: NUMBER,
            missed: false,
        };
        dialog.choose(None);
        dialog
    }

    /// Whether one of the parcels may be corrected here: the shop's own may not, and
    /// one without a number is filled in as a new one.
    fn correctable(&self, at: usize) -> bool {
        let parcel = self.parcels.get(at);
        parcel.is_some_and(|parcel| !parcel.from_shop && parcel.tracking_number.is_some())
    }

    /// Whether there is a parcel to be corrected.
    #[must_use]
    pub fn has_choice(&self) -> bool {
        (0..self.parcels.len()).any(|at| self.correctable(at))
    }

    /// The parcel without a number that a new number is filled into.
    #[must_use]
    pub fn fills_in(&self) -> Option<&Shipment> {
        let ours = self.parcels.iter().rev().find(|parcel| !parcel.from_shop);
        ours.filter(|parcel| self.corrects.is_none() && parcel.tracking_number.is_none())
    }

    /// The parcel that is corrected.
    #[must_use]
    pub fn corrected(&self) -> Option<&Shipment> {
        self.corrects.and_then(|at| self.parcels.get(at))
    }

    /// Takes a parcel to correct, with what it says; or a further one.
    fn choose(&mut self, parcel: Option<usize>) {
        self.corrects = parcel.filter(|at| self.correctable(*at));
        let known = match self.corrects {
            Some(at) => self.parcels.get(at),
            None => self.fills_in(),
        };
        let text = |text: Option<&String>| Input::new(text.cloned().unwrap_or_default());
        let (carrier, number) = (
            text(known.and_then(|parcel| parcel.carrier.as_ref())),
            text(known.and_then(|parcel| parcel.tracking_number.as_ref())),
        );
        (self.carrier, self.number) = (carrier, number);
    }

    /// The next parcel that may be corrected, the newest first, then a further one again.
    fn choose_next(&mut self) {
        let before = self.corrects.unwrap_or(self.parcels.len());
        self.choose((0..before).rev().find(|at| self.correctable(*at)));
    }

    /// Moves the keys on, in a circle; the choice of a parcel is left out where there is none.
    fn move_focus(&mut self, step: usize) {
        self.focus = (self.focus + step) % (NUMBER + 1);
        if self.focus == PARCEL && !self.has_choice() {
            self.focus = (self.focus + step) % (NUMBER + 1);
        }
    }

    /// Gives the keys to the number, which is begun anew.
    pub(super) fn begin_number(&mut self) {
        self.focus = NUMBER;
        self.number.reset();
    }

    /// The input that has the keys, and how many characters it takes.
    pub(super) fn input(&mut self) -> Option<(&mut Input, usize)> {
        match self.focus {
            CARRIER => Some((&mut self.carrier, SHORT)),
            NUMBER => Some((&mut self.number, SHORT)),
            _ => None,
        }
    }

    /// Whether neither carrier nor number is said.
    #[must_use]
    pub fn is_blank(&self) -> bool {
        typed(&self.carrier).is_none() && typed(&self.number).is_none()
    }

    /// Carrier that is guessed from the number, while none is typed.
    #[must_use]
    pub fn guess(&self) -> Option<&'static str> {
        match (
            typed(&self.carrier),
            typed(&self.number).map(|number| form(&number)),
        ) {
            (None, Some(Form::Of(carrier) | Form::Mistyped(carrier))) => Some(carrier.name),
            _ => None,
        }
    }

    /// Carrier whose check digit does not fit the number.
    #[must_use]
    pub fn mistyped(&self) -> Option<&'static str> {
        match form(&typed(&self.number)?) {
            Form::Mistyped(carrier) => Some(carrier.name),
            Form::Of(_) | Form::Unknown => None,
        }
    }

    /// Where the parcel can be followed.
    #[must_use]
    pub fn link(&self) -> Option<String> {
        let carrier = typed(&self.carrier).or_else(|| self.guess().map(str::to_owned))?;
        tracking_link(&carrier, &typed(&self.number)?)
    }

    /// What to send.
    fn change(&self) -> TrackingChange {
        let corrected = self.corrects.and_then(|at| self.parcels.get(at));
        TrackingChange {
            carrier: typed(&self.carrier).or_else(|| self.guess().map(str::to_owned)),
            tracking_number: typed(&self.number),
            tracking_url: self.link(),
            replaces: corrected.and_then(|parcel| parcel.tracking_number.clone()),
        }
    }
}

/// What was typed; `None` when blank.
fn typed(input: &Input) -> Option<String> {
    let text = input.value().trim();
    (!text.is_empty()).then(|| text.to_owned())
}

impl App {
    /// Opens the parcels of the order that is meant: one that has left.
    pub(super) fn track(&mut self) {
        let (key, order) = match self.target() {
            Ok(target) => target,
            Err(words) => return self.say(words),
        };
        if self.connection.legacy {
            return self.say(strings::NO_PARCELS_ON_LEGACY);
        }
        if let Some(why) = self.cannot_send() {
            return self.say(why);
        }
        let left = matches!(
            order.status,
            OrderStatus::Shipped | OrderStatus::Delivered | OrderStatus::Completed
        );
        // A step that waits brings it there first.
        let leaves = self.on_its_way(&key) == Some(OrderStatus::Shipped);
        if !left && !leaves {
            let ship = self.key_of(Action::NextStep);
            return self.say(strings::not_left_yet(&key, order.status, &ship));
        }
        let draft = (self.acting.parcel.clone()).filter(|parcel| parcel.key == key);
        let mut dialog = draft.unwrap_or_else(|| TrackDialog::new(key, order.shipments.clone()));
        dialog.focus = NUMBER;
        self.overlay = Overlay::Track(Box::new(dialog));
    }

    pub(super) fn track_key(
        &mut self,
        action: Option<Action>,
        key: KeyEvent,
        effects: &mut Vec<Effect>,
    ) {
        let Overlay::Track(track) = &mut self.overlay else {
            return;
        };
        match action {
            Some(Action::Cancel) => self.overlay = Overlay::None,
            Some(Action::NextField) => track.move_focus(1),
            Some(Action::PreviousField) => track.move_focus(NUMBER),
            Some(Action::Confirm) if track.is_blank() => {
                (track.missed, track.focus) = (true, NUMBER);
            }
            // As when it is shipped: a scanner's Enter sends nothing.
            Some(Action::Confirm) if track.focus > 0 => {
                track.focus = 0;
                self.ended_text();
            }
            Some(Action::Confirm) => {
                let track = (**track).clone();
                self.overlay = Overlay::None;
                self.send_parcel(track, effects);
            }
            _ if track.focus == PARCEL => {
                if [KeyCode::Char(' '), KeyCode::Left, KeyCode::Right].contains(&key.code) {
                    track.choose_next();
                }
            }
            _ => {
                if let Some((input, most)) = track.input() {
                    type_into(input, key, most);
                }
            }
        }
    }

    fn send_parcel(&mut self, track: TrackDialog, effects: &mut Vec<Effect>) {
        self.looked_at(&track.key);
        let ticket = self.next_ticket;
        self.next_ticket += 1;
        effects.push(Effect::Track {
            key: track.key.clone(),
            ticket,
            tracking: track.change(),
        });
        self.acting.tracked = Some((track.key.clone(), self.now));
        self.acting.parcel = Some(track);
    }

    /// Whether an update by `by` is the parcel that was sent from here just now.
    pub(super) fn is_own_parcel(&mut self, key: &OrderKey, by: &Actor) -> bool {
        let sent = |(of, at): &mut (OrderKey, Timestamp)| {
            of == key && self.now.duration_since(*at) < TOLD_WITHIN
        };
        *by == self.actor && self.acting.tracked.take_if(sent).is_some()
    }

    /// A parcel was added or corrected, or was not: then its words are there for another try.
    pub(super) fn tracking_answer(
        &mut self,
        key: &OrderKey,
        result: Result<Box<TrackingChanged>, RequestError>,
    ) {
        match result {
            Ok(answer) => {
                self.acting.parcel.take_if(|parcel| parcel.key == *key);
                let order = Arc::new(PackedOrder::new(&answer.order));
                self.take(key.clone(), order, Some(Touch::Changed));
                self.say(strings::tracked(key, answer.changed));
            }
            Err(error) => {
                let again = self.key_of(Action::Track);
                self.say(strings::not_tracked(
                    key,
                    &strings::sentence(&error),
                    &again,
                ));
            }
        }
    }

    /// A parcel is on disk, or could not be brought there.
    pub(super) fn tracking_kept(
        &mut self,
        key: &OrderKey,
        unanswered: Option<RequestError>,
        result: Result<Box<Entry>, String>,
    ) {
        match result {
            Ok(entry) => {
                self.acting.parcel.take_if(|parcel| parcel.key == *key);
                self.now_wait(vec![*entry], Aim::Step, &HashMap::new());
                self.say(strings::tracking_kept(key));
            }
            Err(lost) => {
                let lost = strings::not_kept_why(&lost);
                let why = unanswered.map_or(lost, |error| strings::sentence(&error));
                let again = self.key_of(Action::Track);
                self.say(strings::not_tracked(key, &why, &again));
            }
        }
    }
}
