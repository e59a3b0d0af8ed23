//! Keys and pasted text.

use crossterm::event::KeyEvent;
use ordertop::order::{OrderStatus, VendorId};

use super::acting::Still;
use super::help::Help;
use super::picker::PickerKind;
use super::typing::type_into;
use super::{App, Overlay, Pane};
use crate::event::Effect;
use crate::model::keymap::{Action, Chord, Context};
use crate::model::sort::{Sort, Sorting};
use crate::strings;
use crate::view::{areas, order_lines};

impl App {
    /// Where keys go now.
    #[must_use]
    pub fn context(&self) -> Context {
        match &self.overlay {
            Overlay::Dialog(dialog) if dialog.focus > 0 => Context::Field,
            Overlay::Plan(plan) if plan.typing => Context::Field,
            Overlay::Track(track) if track.focus > 0 => Context::Field,
            Overlay::Plan(_) | Overlay::Question(_) | Overlay::Track(_) => Context::Dialog,
            Overlay::Note(_) => Context::Field,
            Overlay::Dialog(_) => Context::Dialog,
            Overlay::Picker(_) => Context::Picker,
            Overlay::Help(help) if help.typing => Context::Find,
            Overlay::None if self.typing => Context::Find,
            _ => Context::Screen,
        }
    }

    /// The first key of an action on the screen, as people write it; empty where
    /// it has none.
    #[must_use]
    pub fn key_of(&self, action: Action) -> String {
        self.settings.keymap.first(Context::Screen, action)
    }

    /// The key that shows every status, as people write it; empty where there is none.
    #[must_use]
    pub fn key_of_all(&self) -> String {
        let keys = self.settings.keymap.keys(Context::Screen, Action::Tab);
        keys.first().map_or_else(String::new, Chord::to_string)
    }

    /// Whether a character goes into a text that somebody will read: carrier,
    /// number, reason, note, a view's name.
    #[must_use]
    pub fn is_writing(&self) -> bool {
        match &self.overlay {
            Overlay::Picker(picker) => picker.kind == PickerKind::SaveView,
            _ => self.context() == Context::Field,
        }
    }

    /// Has a key act, and notes when it closes a dialog.
    pub(super) fn act_on_key(&mut self, key: KeyEvent, effects: &mut Vec<Effect>) {
        let asked = self.asks();
        self.act(key, effects);
        if asked && !self.asks() {
            self.closed_by(key);
        }
    }

    /// Whether a question or a text lies over the screen.
    fn asks(&self) -> bool {
        matches!(
            self.overlay,
            Overlay::Dialog(_)
                | Overlay::Plan(_)
                | Overlay::Note(_)
                | Overlay::Track(_)
                | Overlay::Question(_)
        )
    }

    fn act(&mut self, key: KeyEvent, effects: &mut Vec<Effect>) {
        if areas(self).is_none() {
            // Nobody can see what a key would do.
            match self.settings.keymap.action(Context::Screen, key) {
                Some(Action::Quit) => effects.push(Effect::Quit),
                Some(Action::Redraw) => effects.push(Effect::Redraw),
                Some(Action::Suspend) => effects.push(Effect::Suspend),
                _ => {}
            }
            return;
        }
        // Whoever presses a key has read what was said, and has begun to look:
        // the cursor is theirs from now on.
        self.toast = None;
        self.steered |= self.cursor.is_some();
        let context = self.context();
        let action = self.settings.keymap.action(context, key);
        // A character closes what is open first; Ctrl-C leaves from everywhere.
        let at_once = !Chord::pressed(key).types();
        match action {
            Some(Action::Quit) if at_once => return effects.push(Effect::Quit),
            Some(Action::Redraw) => return effects.push(Effect::Redraw),
            Some(Action::Suspend) => return effects.push(Effect::Suspend),
            _ => {}
        }
        match context {
            Context::Screen => {
                if let Some(action) = action {
                    match self.overlay {
                        Overlay::Help(_) => self.help_key(action, effects),
                        Overlay::Outbox(_) => self.outbox_key(action, effects),
                        Overlay::Result => self.result_key(action),
                        _ => self.screen_key(action, Some(key), effects),
                    }
                }
            }
            Context::Find if matches!(self.overlay, Overlay::Help(_)) => {
                self.help_find_key(action, key);
            }
            Context::Find => self.find_key(action, key),
            Context::Dialog | Context::Field => match self.overlay {
                Overlay::Plan(_) => self.plan_key(action, key, effects),
                Overlay::Note(_) => self.note_key(action, key, effects),
                Overlay::Track(_) => self.track_key(action, key, effects),
                Overlay::Question(_) => self.question_key(action, effects),
                _ => self.dialog_key(action, key, effects),
            },
            Context::Picker => self.picker_key(action, key, effects),
        }
    }

    /// `key` is what was pressed for it; none where the action was picked from a list.
    pub(super) fn screen_key(
        &mut self,
        action: Action,
        key: Option<KeyEvent>,
        effects: &mut Vec<Effect>,
    ) {
        if self.settings.read_only && action.acts() {
            return self.say(strings::READ_ONLY);
        }
        match action {
            Action::NextStep
            | Action::SetStatus
            | Action::Undo
            | Action::Mark
            | Action::MarkRange
            | Action::MarkAll
            | Action::InvertMarks
            | Action::AddNote
            | Action::Track
            | Action::Print
            | Action::CopyLink => self.acting_key(action, effects),
            Action::Open => self.open(),
            Action::Back => self.back(),
            Action::Find => {
                self.close_order();
                self.focus = Pane::Orders;
                self.find();
            }
            Action::Sort => self.pick_sort(),
            Action::Commands => self.pick_command(),
            Action::Vendor => self.pick_vendor(),
            Action::Theme => self.pick_theme(),
            Action::Hold => self.hold(),
            Action::Views => self.pick_view(),
            Action::SaveView => self.pick_view_name(),
            Action::Tab => self.choose_tab(key),
            Action::Up => self.scroll(|at, _| at.saturating_sub(1)),
            Action::Down => self.scroll(|at, _| at + 1),
            Action::PageUp => self.scroll(|at, page| at.saturating_sub(page)),
            Action::PageDown => self.scroll(|at, page| at + page),
            Action::Top => self.scroll(|_, _| 0),
            Action::Bottom => self.scroll(|_, _| usize::MAX / 2),
            Action::NextPane => self.turn_focus(1),
            Action::PreviousPane => self.turn_focus(2),
            Action::Jump => self.jump(),
            Action::Dismiss => self.dismiss(),
            Action::DismissAll => self.ask_dismiss_all(),
            Action::Acknowledge => self.acknowledge(),
            Action::Mute => self.mute(),
            Action::Realtime => {
                self.realtime = !self.realtime;
                self.say(strings::realtime_turned(self.realtime));
                effects.push(Effect::SetRealtime(self.realtime));
            }
            Action::Refresh => {
                self.say(strings::LOOKING);
                effects.push(Effect::Refresh);
            }
            Action::Hint => {
                if self.settings.hint.is_some() {
                    self.hint_shown = !self.hint_shown;
                }
            }
            Action::Copy => match &self.settings.hint {
                Some(hint) => {
                    effects.push(Effect::Copy(hint.text.clone()));
                    self.say(strings::COPIED);
                }
                None => self.say(strings::NOTHING_TO_COPY),
            },
            Action::Mouse => {
                self.mouse = !self.mouse;
                let key = self.key_of(Action::Mouse);
                self.say(strings::mouse_turned(self.mouse, &key));
                effects.push(Effect::SetMouse(self.mouse));
            }
            Action::Outbox => self.open_outbox(),
            Action::Help => self.overlay = Overlay::Help(Help::default()),
            Action::Quit => effects.push(Effect::Quit),
            Action::Redraw
            | Action::Suspend
            | Action::Confirm
            | Action::Cancel
            | Action::NextField
            | Action::PreviousField => {}
        }
    }

    /// Takes away the notification that is chosen: in their pane, or by the jump
    /// to its order just before.
    fn dismiss(&mut self) {
        if self.focus != Pane::Notices {
            let Some(at) = self.notices.jumped else {
                let (pane, dismiss) = (self.key_of(Action::NextPane), self.key_of(Action::Dismiss));
                return self.say(strings::dismiss_where(&pane, &dismiss));
            };
            self.notices.chosen = at;
            if let Some(gone) = self.notices.get(at) {
                self.say(strings::dismissed(gone));
            }
        }
        self.notices.dismiss();
    }

    fn dialog_key(&mut self, action: Option<Action>, key: KeyEvent, effects: &mut Vec<Effect>) {
        let Overlay::Dialog(dialog) = &mut self.overlay else {
            return;
        };
        match action {
            Some(Action::Cancel) => self.overlay = Overlay::None,
            Some(Action::NextField) => dialog.move_focus(1),
            Some(Action::PreviousField) => dialog.move_focus(dialog.fields.len()),
            Some(Action::Confirm) if dialog.wants_words() => {
                dialog.reason_missed = true;
                dialog.focus = 1;
            }
            // A scanner ends its code with Enter: nothing is shipped by that.
            Some(Action::Confirm) if dialog.focus > 0 && dialog.ships() => {
                dialog.focus = 0;
                self.ended_text();
            }
            Some(Action::Confirm) => {
                let dialog = dialog.clone();
                match self.still(&dialog) {
                    // The button is off.
                    Still::There | Still::Closed => {}
                    Still::Open => self.renew(dialog),
                    Still::AsSeen => {
                        self.overlay = Overlay::None;
                        self.send_step(&dialog, effects);
                    }
                }
            }
            _ => {
                if let Some((input, most)) = dialog.input() {
                    type_into(input, key, most);
                }
            }
        }
    }

    pub(super) fn open(&mut self) {
        match self.focus {
            Pane::Notices => {
                let key = (self.notices.get(self.notices.chosen)).and_then(|n| n.key.clone());
                if let Some(key) = key {
                    self.show(&key);
                }
            }
            Pane::Orders if self.current().is_some() => {
                if areas(self).is_none_or(|areas| areas.order.is_none()) {
                    self.order_open = true;
                }
                self.focus = Pane::Order;
            }
            Pane::Orders => {}
            Pane::Order => self.back(),
        }
    }

    /// One thing back: what was opened last is closed first.
    fn back(&mut self) {
        if self.order_open || self.focus != Pane::Orders {
            self.close_order();
            self.focus = Pane::Orders;
        } else if !self.acting.marks.is_empty() {
            self.clear_marks();
        } else if !self.filter.value().is_empty() {
            self.clear_filter();
        } else if self.hint_shown {
            self.hint_shown = false;
        } else if self.orders.tab().is_some() {
            self.set_tab(None);
        } else if self.orders.vendor().is_some() {
            self.set_vendor(None);
        }
    }

    /// Sorts in another way.
    pub(super) fn sort_by(&mut self, sort: Sort) {
        let before = self.orders.sorting();
        // What it is sorted by already is turned round.
        self.orders.set_sort(Sorting {
            by: sort,
            reversed: before.by == sort && !before.reversed,
        });
        // Another order of the list is read from its top; who filters looks for
        // some order and keeps it.
        if self.filter.value().is_empty() {
            self.move_to(0);
        }
        self.say(strings::sorted_by(self.orders.sorting()));
    }

    fn close_order(&mut self) {
        self.order_open = false;
        self.details.scroll = 0;
    }

    fn choose_tab(&mut self, key: Option<KeyEvent>) {
        // The keys stand in the order of the tabs, the first for all.
        let keymap = &self.settings.keymap;
        let which = |key| keymap.which(Context::Screen, Action::Tab, key);
        let Some(tab) = key.and_then(which) else {
            return;
        };
        self.set_tab(
            tab.checked_sub(1)
                .and_then(|i| OrderStatus::ALL.get(i).copied()),
        );
    }

    pub(super) fn set_tab(&mut self, tab: Option<OrderStatus>) {
        self.close_order();
        self.focus = Pane::Orders;
        self.orders.set_tab(tab);
        self.read_from_top();
    }

    /// Shows one vendor's orders alone, or all.
    pub(super) fn set_vendor(&mut self, vendor: Option<VendorId>) {
        self.close_order();
        self.focus = Pane::Orders;
        self.orders.set_vendor(vendor);
        self.read_from_top();
    }

    /// Holds the list, or lets it go.
    fn hold(&mut self) {
        let changes = self.orders.held();
        self.orders.hold(changes.is_none());
        let key = self.key_of(Action::Hold);
        self.say(strings::hold_turned(changes, &key));
    }

    /// Another tab is another list: it is read from its top, unless the order
    /// under the cursor is in it too.
    pub(super) fn read_from_top(&mut self) {
        if (self.cursor.as_ref()).is_none_or(|key| self.orders.index_of(key).is_none()) {
            self.top = 0;
            self.move_to(0);
        }
    }

    fn turn_focus(&mut self, step: usize) {
        let Some(areas) = areas(self) else { return };
        let mut panes = Vec::new();
        if !self.order_open {
            panes.push(Pane::Orders);
        }
        if areas.order.is_some() {
            panes.push(Pane::Order);
        }
        if areas.notices.is_some() {
            panes.push(Pane::Notices);
        }
        if panes.is_empty() {
            return;
        }
        let at = panes
            .iter()
            .position(|pane| *pane == self.focus)
            .unwrap_or(0);
        let step = if step == 1 { 1 } else { panes.len() - 1 };
        self.focus = panes[(at + step) % panes.len()];
    }

    /// Moves within the pane that has the keys: `go` takes the place and the
    /// height of a page.
    pub(super) fn scroll(&mut self, go: impl Fn(usize, usize) -> usize) {
        self.scroll_pane(self.focus, go);
    }

    pub(super) fn scroll_pane(&mut self, pane: Pane, go: impl Fn(usize, usize) -> usize) {
        match pane {
            Pane::Orders => {
                let page = self.rows_on_screen().saturating_sub(1).max(1);
                self.move_to(go(self.cursor_at, page));
            }
            Pane::Order => {
                let Some(area) = areas(self).and_then(|areas| areas.order) else {
                    return;
                };
                let page = usize::from(area.height.saturating_sub(2)).max(1);
                let size = (usize::from(area.width.saturating_sub(4)), page);
                let lines = order_lines(self, size).len();
                let last = lines.saturating_sub(page);
                self.details.scroll = go(self.details.scroll, page).min(last);
            }
            Pane::Notices => {
                let last = self.notices.len().saturating_sub(1);
                self.notices.chosen = go(self.notices.chosen, 5).min(last);
            }
        }
    }

    /// To the order of the newest notification; pressed again, to the next older one.
    fn jump(&mut self) {
        let from = match self.notices.jumped {
            Some(at) if self.focus != Pane::Notices => at + 1,
            _ if self.focus == Pane::Notices => self.notices.chosen,
            _ => 0,
        };
        let about = |at: &usize| self.notices.get(*at).is_some_and(|n| n.key.is_some());
        let found = (from..self.notices.len()).find(about);
        let found = found.or_else(|| (0..self.notices.len()).find(about));
        let key = found
            .and_then(|at| self.notices.get(at))
            .and_then(|notice| notice.key.clone());
        match key {
            Some(key) => {
                self.notices.jumped = found;
                self.show(&key);
                self.looked_at(&key);
            }
            None => self.say(strings::NO_NOTICE),
        }
    }

    pub(super) fn show(&mut self, key: &ordertop::order::OrderKey) {
        if self.go_to(key) {
            self.focus = Pane::Orders;
        } else {
            self.say(strings::order_is_gone(key));
        }
    }
}
