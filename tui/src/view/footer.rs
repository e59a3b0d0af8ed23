//! The keys that matter now, or a word about the last one.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::{areas, columns, put, text};
use crate::app::acting::Still;
use crate::app::dialog::Dialog;
use crate::app::{App, Overlay, Pane};
use crate::keymap::{Action, Context};
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
    let on_screen = context == Context::Screen && matches!(app.overlay, Overlay::None);
    let tail: u16 = match on_screen {
        true => last.iter().map(|action| wide(app, context, *action)).sum(),
        false => 0,
    };
    if on_screen {
        x = undo(app, x, area, buf);
    }
    for action in keys {
        if x + wide(app, context, action) + tail > area.right() {
            break;
        }
        x = entry(app, context, action, x, area, buf);
    }
    if on_screen {
        for action in last {
            x = entry(app, context, action, x, area, buf);
        }
    }
}

/// What can be undone, with the time that is left for it.
fn undo(app: &App, x: u16, area: Rect, buf: &mut Buffer) -> u16 {
    let Some(offer) = app.undo_offer() else {
        return x;
    };
    let theme = app.settings.theme;
    let forms = strings::undo_offer(&offer);
    let room = area.width / 3;
    let form = forms.iter().find(|form| columns(form) <= room);
    let Some(form) = form.or(forms.last()) else {
        return x;
    };
    let key = app.settings.keymap.first(Context::Screen, Action::Undo);
    let x = put(buf, area, x, area.y, "⧗ ", theme.warning());
    let x = put(buf, area, x, area.y, &key, theme.key());
    put(buf, area, x + 1, area.y, form, theme.warning()) + 2
}

fn wide(app: &App, context: Context, action: Action) -> u16 {
    columns(&app.settings.keymap.first(context, action)) + columns(short(context, action)) + 3
}

fn short(context: Context, action: Action) -> &'static str {
    match context {
        Context::Dialog | Context::Field => strings::dialog_short(action),
        Context::Picker => strings::picker_short(action),
        Context::Screen | Context::Find => strings::action_short(action),
    }
}

fn entry(app: &App, context: Context, action: Action, x: u16, area: Rect, buf: &mut Buffer) -> u16 {
    let theme = app.settings.theme;
    let key = app.settings.keymap.first(context, action);
    let x = put(buf, area, x, area.y, &key, theme.key());
    let words = short(context, action);
    put(buf, area, x + 1, area.y, words, theme.text()) + 2
}

fn off(app: &App, dialog: &Dialog) -> bool {
    matches!(app.still(dialog), Still::There | Still::Closed)
}

fn keys(app: &App) -> Vec<Action> {
    match (&app.overlay, app.context()) {
        (_, Context::Find) => {
            return vec![
                Action::Confirm,
                Action::Cancel,
                Action::NextField,
                Action::Up,
                Action::Down,
            ];
        }
        (Overlay::Picker(_), _) => {
            return vec![Action::Confirm, Action::Cancel, Action::Up, Action::Down];
        }
        (Overlay::Outbox(_), _) => return vec![Action::Back, Action::Up, Action::Down],
        (Overlay::Help(_), _) => return vec![Action::Back, Action::Up, Action::Down],
        (Overlay::Plan(plan), _) if plan.rows.is_empty() => return vec![Action::Cancel],
        (Overlay::Plan(plan), _) if plan.needs_reason() => {
            return vec![Action::Confirm, Action::Cancel, Action::NextField];
        }
        (Overlay::Plan(_), _) => return vec![Action::Confirm, Action::Cancel],
        (Overlay::Result, _) => return vec![Action::Back, Action::Up, Action::Down],
        // A button that is off does nothing.
        (Overlay::Dialog(dialog), _) if off(app, dialog) => return vec![Action::Cancel],
        (Overlay::Dialog(_), _) => {
            return vec![Action::Confirm, Action::Cancel, Action::NextField];
        }
        _ => {}
    }
    let mut keys = Vec::new();
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
            Action::Back,
            Action::Up,
            Action::Down,
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
    if areas(app).is_some_and(|areas| areas.hint.is_some()) {
        keys.extend([Action::Copy, Action::Hint]);
    }
    keys
}
