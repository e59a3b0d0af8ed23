//! The keys that matter now, or a word about the last one.

use std::borrow::Cow;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::{areas, columns, put, text};
use crate::app::acting::Still;
use crate::app::dialog::Dialog;
use crate::app::{App, Overlay, Pane};
use crate::keymap::{Action, Context};
use crate::strings;

/// Columns between two keys.
const GAP: u16 = 2;

pub(super) fn draw(app: &App, area: Rect, buf: &mut Buffer) {
    let theme = app.settings.theme;
    if let Some((words, _)) = &app.toast {
        let words = format!(" {words}");
        return text(buf, area, area.y, &words, theme.strong());
    }
    if on_screen(app) {
        undo(app, area, buf);
    }
    for (x, action) in entries(app, area) {
        entry(app, app.context(), action, x, area, buf);
    }
}

/// The key that stands in a column of the footer.
#[must_use]
pub fn key_at(app: &App, column: u16) -> Option<Action> {
    let area = areas(app)?.footer;
    if app.toast.is_some() {
        return None;
    }
    let context = app.context();
    let undo = on_screen(app).then(|| undo_form(app, area)).flatten();
    if undo.is_some_and(|form| (1..=undo_wide(app, &form)).contains(&column)) {
        return Some(Action::Undo);
    }
    let mut entries = entries(app, area).into_iter();
    entries
        .find(|(x, action)| (*x..*x + wide(app, context, *action)).contains(&column))
        .map(|(_, action)| action)
}

/// Where each key stands.
fn entries(app: &App, area: Rect) -> Vec<(u16, Action)> {
    let mut entries = Vec::new();
    let mut x = area.x + 1;
    let context = app.context();
    // A key that does nothing here, or none, is not offered.
    let offered = |action: &Action| {
        has_key(app, context, *action) && !(app.settings.read_only && action.acts())
    };
    let keys = keys(app).into_iter().filter(offered);
    // Help and the way out are always there; the others while there is room.
    let last: Vec<_> = [Action::Help, Action::Quit].into();
    let last: Vec<_> = last.into_iter().filter(offered).collect();
    let on_screen = on_screen(app);
    let tail: u16 = match on_screen {
        true => last.iter().map(|action| wide(app, context, *action)).sum(),
        false => 0,
    };
    if on_screen {
        x += undo_form(app, area).map_or(0, |form| undo_wide(app, &form));
    }
    for action in keys {
        if x + wide(app, context, action) + tail > area.right() + GAP {
            continue;
        }
        entries.push((x, action));
        x += wide(app, context, action);
    }
    if on_screen {
        for action in last {
            entries.push((x, action));
            x += wide(app, context, action);
        }
    }
    entries
}

fn on_screen(app: &App) -> bool {
    app.context() == Context::Screen && matches!(app.overlay, Overlay::None)
}

/// What can be undone, with the time that is left for it, as there is room.
fn undo_form(app: &App, area: Rect) -> Option<String> {
    if app.settings.read_only || !has_key(app, Context::Screen, Action::Undo) {
        return None;
    }
    let forms = strings::undo_offer(&app.undo_offer()?);
    let room = area.width / 3;
    let form = forms.iter().find(|form| columns(form) <= room);
    form.or(forms.last()).map(ToString::to_string)
}

fn undo_wide(app: &App, form: &str) -> u16 {
    columns(&app.settings.keymap.first(Context::Screen, Action::Undo)) + columns(form) + 1 + GAP
}

fn undo(app: &App, area: Rect, buf: &mut Buffer) {
    let Some(form) = undo_form(app, area) else {
        return;
    };
    let theme = app.settings.theme;
    let key = app.settings.keymap.first(Context::Screen, Action::Undo);
    let x = put(buf, area, area.x + 1, area.y, &key, theme.key());
    put(buf, area, x + 1, area.y, &form, theme.warning());
}

fn wide(app: &App, context: Context, action: Action) -> u16 {
    let words = short(app, context, action);
    columns(&app.settings.keymap.first(context, action)) + columns(&words) + 1 + GAP
}

fn has_key(app: &App, context: Context, action: Action) -> bool {
    !app.settings.keymap.first(context, action).is_empty()
}

fn short(app: &App, context: Context, action: Action) -> Cow<'static, str> {
    match (context, action, app.marked()) {
        (Context::Dialog | Context::Field, ..) => strings::dialog_short(action).into(),
        (Context::Picker, ..) => strings::picker_short(action).into(),
        // Whatever is under the cursor: the key acts on these.
        (Context::Screen, Action::NextStep, marked @ 1..) => {
            strings::step_of_marked(marked, app.marked_status()).into()
        }
        (Context::Screen | Context::Find, ..) => strings::action_short(action).into(),
    }
}

fn entry(app: &App, context: Context, action: Action, x: u16, area: Rect, buf: &mut Buffer) {
    let theme = app.settings.theme;
    let key = app.settings.keymap.first(context, action);
    let x = put(buf, area, x, area.y, &key, theme.key());
    let words = short(app, context, action);
    put(buf, area, x + 1, area.y, &words, theme.text());
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
        (Overlay::Plan(_) | Overlay::Note(_), _) => return vec![Action::Confirm, Action::Cancel],
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
        // There is nothing to act on: what brings something is said instead.
        Pane::Orders if app.current().is_none() => keys.extend(match app.orders.total() {
            0 => vec![Action::Refresh, Action::Realtime, Action::Commands],
            _ => vec![Action::Back, Action::Find, Action::Tab, Action::Commands],
        }),
        Pane::Orders if app.marked() > 0 => keys.extend([
            Action::NextStep,
            Action::SetStatus,
            Action::Mark,
            Action::MarkRange,
            Action::MarkAll,
            Action::InvertMarks,
            Action::Back,
        ]),
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
            Action::Mark,
            Action::Tab,
            Action::Sort,
            Action::NextPane,
            Action::Commands,
            Action::Hold,
            Action::Jump,
            Action::Realtime,
        ]),
    }
    if app.settings.read_only {
        keys.retain(|action| !action.acts());
    }
    keys
}
