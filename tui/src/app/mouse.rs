//! The mouse: the wheel turns what is under it, a press chooses.

use crossterm::event::{MouseButton, MouseEvent, MouseEventKind};
use ratatui::layout::{Position, Rect};

use super::{App, Overlay, Pane};
use crate::event::Effect;
use crate::view::{areas, notice_at, sort_at, tab_at};

/// A turn of the mouse's wheel, in lines.
const WHEEL: usize = 3;

impl App {
    pub(super) fn mouse(&mut self, mouse: MouseEvent, effects: &mut Vec<Effect>) {
        let Some(areas) = areas(self) else { return };
        let here = Position::new(mouse.column, mouse.row);
        let over = |area: Option<Rect>| area.is_some_and(|area| area.contains(here));
        let wheel: Option<fn(usize, usize) -> usize> = match mouse.kind {
            MouseEventKind::ScrollUp => Some(|at, _| at.saturating_sub(WHEEL)),
            MouseEventKind::ScrollDown => Some(|at, _| at + WHEEL),
            _ => None,
        };
        match (&self.overlay, wheel) {
            (Overlay::Help(at), Some(go)) => return self.scroll_help(go(*at, 0)),
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
            (Overlay::None, None) => {}
            (Overlay::Picker(_), _) => return self.picker_mouse(mouse, effects),
            _ => return,
        }
        if mouse.kind != MouseEventKind::Down(MouseButton::Left) {
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
            }
        } else if over(areas.order) {
            self.focus = Pane::Order;
        } else if over(areas.notices) {
            let at = notice_at(self, here.y);
            self.focus = Pane::Notices;
            if let Some(at) = at {
                self.notices.chosen = at;
            }
        } else if areas.tabs.contains(here)
            && let Some(tab) = tab_at(self, here.x)
        {
            self.set_tab(tab);
        }
    }
}
