//! The keys that matter now, or a word about the last one.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::{columns, put, text};
use crate::app::{App, Overlay, Pane};
use crate::keymap::{Action, Context, first};
use crate::strings;

pub(super) fn draw(app: &App, area: Rect, buf: &mut Buffer) {
    let theme = app.settings.theme;
    if let Some((words, _)) = &app.toast {
        let words = format!(" {words}");
        return text(buf, area, area.y, &words, theme.strong());
    }
    let mut x = area.x + 1;
    let keys = keys(app);
    // Help and the way out are always there; the others while there is room.
    let last: Vec<Action> = [Action::Help, Action::Quit].into();
    let context = app.context();
    let tail: u16 = match context {
        Context::Screen => last.iter().map(|action| wide(context, *action)).sum(),
        _ => 0,
    };
    for action in keys {
        if x + wide(context, action) + tail > area.right() {
            break;
        }
        x = entry(app, context, action, x, area, buf);
    }
    if context == Context::Screen {
        for action in last {
            x = entry(app, context, action, x, area, buf);
        }
    }
}

fn wide(context: Context, action: Action) -> u16 {
    columns(&first(context, action)) + columns(strings::action_short(action)) + 3
}

fn entry(app: &App, context: Context, action: Action, x: u16, area: Rect, buf: &mut Buffer) -> u16 {
    let theme = app.settings.theme;
    let x = put(buf, area, x, area.y, &first(context, action), theme.key());
    put(
        buf,
        area,
        x + 1,
        area.y,
        strings::action_short(action),
        theme.text(),
    ) + 2
}

fn keys(app: &App) -> Vec<Action> {
    match (&app.overlay, app.context()) {
        (_, Context::Find) => {
            return vec![Action::Confirm, Action::Cancel, Action::Up, Action::Down];
        }
        (Overlay::Help(_), _) => return vec![Action::Back, Action::Up, Action::Down],
        (Overlay::Dialog(_), _) => return Vec::new(),
        _ => {}
    }
    let mut keys = Vec::new();
    if app.hint_shown {
        keys.extend([Action::Copy, Action::Hint]);
    }
    match app.focus {
        Pane::Notices => keys.extend([
            Action::Open,
            Action::Dismiss,
            Action::DismissAll,
            Action::Back,
            Action::NextPane,
        ]),
        Pane::Order => keys.extend([
            Action::NextStep,
            Action::Up,
            Action::Down,
            Action::Back,
            Action::NextPane,
        ]),
        Pane::Orders => keys.extend([
            Action::NextStep,
            Action::Open,
            Action::Find,
            Action::Tab,
            Action::Sort,
            Action::Jump,
            Action::NextPane,
            Action::Realtime,
        ]),
    }
    keys
}
