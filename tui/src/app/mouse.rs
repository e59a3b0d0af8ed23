//! The mouse: the wheel turns what is under it, a press chooses.

use crossterm::event::{MouseButton, MouseEvent, MouseEventKind};
use jiff::{SignedDuration, Timestamp};
use ordertop::order::OrderKey;
use ratatui::layout::{Position, Rect};

use super::note::READERS;
use super::{App, Overlay, Pane};
use crate::event::Effect;
use crate::model::keymap::Action;
use crate::view::{Press, areas, key_at, notice_at, press_at, sort_at, tab_at};

/// A turn of the mouse's wheel, in lines.
const WHEEL: usize = 3;
/// Two presses on one row within this time open its order.
const DOUBLE: SignedDuration = SignedDuration::from_millis(400);

/// The key that does what a turn of the wheel does.
fn turned(wheel: MouseEventKind) -> Action {
    match wheel {
        MouseEventKind::ScrollUp => Action::Up,
        _ => Action::Down,
    }
}

impl App {
    pub(super) fn mouse(&mut self, mouse: MouseEvent, effects: &mut Vec<Effect>) {
        let Some(areas) = areas(self) else { return };
        let here = Position::new(mouse.column, mouse.row);
        // A very large terminal has places where nothing is drawn.
        if !areas.whole.contains(here) {
            return;
        }
        let pressed = mouse.kind == MouseEventKind::Down(MouseButton::Left);
        if pressed && areas.footer.contains(here) {
            return self.press_footer(here.x, effects);
        }
        let over = |area: Option<Rect>| area.is_some_and(|area| area.contains(here));
        let wheel: Option<fn(usize, usize) -> usize> = match mouse.kind {
            MouseEventKind::ScrollUp => Some(|at, _| at.saturating_sub(WHEEL)),
            MouseEventKind::ScrollDown => Some(|at, _| at + WHEEL),
            _ => None,
        };
        match (&self.overlay, wheel) {
            (Overlay::Help(_), Some(go)) => return self.scroll_help(|at| go(at, 0)),
            (Overlay::None, Some(go)) => {
                let panes = [
                    (Pane::Order, areas.order),
                    (Pane::Notices, areas.notices),
                    (Pane::Orders, areas.orders),
                ];
                if let Some((pane, _)) = panes.into_iter().find(|(_, area)| over(*area)) {
                    self.scroll_pane(pane, go);
                }
                return;
            }
            (Overlay::Result, Some(_)) => {
                for _ in 0..WHEEL {
                    self.result_key(turned(mouse.kind));
                }
                return;
            }
            (Overlay::Outbox(_), Some(_)) => return self.outbox_key(turned(mouse.kind), effects),
            (
                Overlay::Dialog(_)
                | Overlay::Note(_)
                | Overlay::Plan(_)
                | Overlay::Track(_)
                | Overlay::Question(_)
                | Overlay::Outbox(_),
                None,
            ) => {
                if pressed {
                    self.press_over(here, effects);
                }
                return;
            }
            (Overlay::None, None) => {}
            (Overlay::Picker(_), _) => return self.picker_mouse(mouse, effects),
            _ => return,
        }
        if !pressed {
            return;
        }
        let rows = areas.rows();
        if let Some(sort) = sort_at(self, here) {
            self.focus = Pane::Orders;
            return self.sort_by(sort);
        }
        if rows.contains(here) {
            self.focus = Pane::Orders;
            let at = self.top + usize::from(here.y - rows.y);
            if at < self.orders.shown() {
                self.move_to(at);
                self.click_again();
            }
        } else if over(areas.order) {
            self.focus = Pane::Order;
        } else if over(areas.notices) {
            let at = notice_at(self, here.y);
            self.focus = Pane::Notices;
            if let Some(at) = at {
                self.notices.chosen = at;
                self.click_notice();
            }
        } else if areas.tabs.contains(here)
            && let Some(tab) = tab_at(self, here.x)
        {
            self.set_tab(tab);
        }
    }

    /// What lies over the screen was pressed.
    fn press_over(&mut self, here: Position, effects: &mut Vec<Effect>) {
        let Some(press) = press_at(self, here) else {
            return;
        };
        match (press, &mut self.overlay) {
            // The button itself was pressed, wherever the keys are.
            (Press::Key(Action::Confirm), Overlay::Dialog(dialog)) if !dialog.wants_words() => {
                dialog.focus = 0;
                self.press_key(Action::Confirm, effects);
            }
            (Press::Key(Action::Confirm), Overlay::Track(track)) if !track.is_blank() => {
                track.focus = 0;
                self.press_key(Action::Confirm, effects);
            }
            (Press::Field(field), Overlay::Track(track)) => track.focus = field,
            (Press::Key(action), _) => self.press_key(action, effects),
            (Press::Field(field), Overlay::Dialog(dialog)) => dialog.focus = field,
            (Press::Field(_), Overlay::Plan(plan)) => plan.typing = true,
            (Press::Field(field), Overlay::Note(note)) => note.choosing = field == READERS,
            (Press::Row(at), Overlay::Outbox(sheet)) => {
                let waiting = self.outbox.list().get(at);
                sheet.chosen = waiting.map(|waiting| waiting.entry.id.clone());
                sheet.asked = None;
            }
            _ => {}
        }
    }

    /// A key that stands in the footer, as if it were pressed.
    fn press_footer(&mut self, column: u16, effects: &mut Vec<Effect>) {
        if let Some(action) = key_at(self, column) {
            self.press_key(action, effects);
        }
    }

    fn press_key(&mut self, action: Action, effects: &mut Vec<Effect>) {
        let key = self.settings.keymap.press(self.context(), action);
        if let Some(key) = key {
            self.act_on_key(key, effects);
        }
    }

    /// The second press on an order opens it.
    fn click_again(&mut self) {
        self.open_when_double(self.cursor.clone());
    }

    /// The second press on a notification goes to its order.
    fn click_notice(&mut self) {
        let chosen = self.notices.get(self.notices.chosen);
        self.open_when_double(chosen.and_then(|notice| notice.key.clone()));
    }

    fn open_when_double(&mut self, key: Option<OrderKey>) {
        let recent = |at: Timestamp| self.now.duration_since(at) <= DOUBLE;
        let before = self.clicked.take();
        let double = before.is_some_and(|(before, at)| Some(&before) == key.as_ref() && recent(at));
        if double {
            self.open();
        } else {
            self.clicked = key.map(|key| (key, self.now));
        }
    }
}
