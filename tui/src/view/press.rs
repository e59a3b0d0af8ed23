//! What can be pressed with the mouse in what lies over the screen: noted down
//! where it is drawn, so that it cannot stand elsewhere.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use super::paint::{columns, put};
use super::{areas, draw_overlay};
use crate::app::App;
use crate::model::keymap::Action;

/// What a press does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Press {
    /// What the action's key does.
    Key(Action),
    /// An input gets the keys: the first is 1, as in [`crate::app::dialog::Dialog::focus`].
    Field(usize),
    /// A row of a list is chosen, from the first.
    Row(usize),
}

/// Places and what a press there does; those noted later lie above.
#[derive(Debug, Default)]
pub(super) struct Presses(Vec<(Rect, Press)>);

impl Presses {
    /// Notes what a press does in a line, from one column up to another.
    pub(super) fn note(&mut self, from: u16, to: u16, y: u16, press: Press) {
        let place = Rect::new(from, y, to.saturating_sub(from), 1);
        self.0.push((place, press));
    }

    /// Notes what a press on a line of an area does.
    pub(super) fn note_line(&mut self, area: Rect, y: u16, press: Press) {
        self.note(area.left(), area.right(), y, press);
    }
}

/// Keys and what they do, as many as there is room for; each can be pressed.
pub(super) fn keys_to_press(
    app: &App,
    buf: &mut Buffer,
    area: Rect,
    mut x: u16,
    y: u16,
    keys: &[(Action, &str)],
    presses: &mut Presses,
) {
    let theme = app.settings.theme;
    for (action, words) in keys {
        let key = app.settings.keymap.first(app.context(), *action);
        if key.is_empty() {
            continue;
        }
        let begin = x;
        if x + columns(&key) + columns(words) + 1 > area.right() {
            return;
        }
        x = put(buf, area, x, y, &key, theme.key());
        x = put(buf, area, x + 1, y, words, theme.quiet());
        presses.note(begin, x, y, Press::Key(*action));
        x += 2;
    }
}

/// What a press does at a place of the screen, where something lies over it.
#[must_use]
pub fn press_at(app: &App, here: Position) -> Option<Press> {
    let areas = areas(app)?;
    let mut presses = Presses::default();
    let mut buf = Buffer::empty(areas.whole);
    draw_overlay(app, &areas, &mut buf, &mut presses);
    let mut all = presses.0.into_iter().rev();
    all.find(|(place, _)| place.contains(here))
        .map(|(_, press)| press)
}
