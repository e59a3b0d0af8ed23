//! The keys that matter now, or a word about the last one.

use std::borrow::Cow;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::areas;
use super::paint::{columns, put, text};
use crate::app::acting::Still;
use crate::app::dialog::Dialog;
use crate::app::{App, Overlay, Pane};
use crate::model::keymap::{Action, Context};
use crate::strings;

/// Columns between two keys.
const GAP: u16 = 2;

pub(super) fn draw(app: &App, area: Rect, buf: &mut Buffer) {
    let theme = app.settings.theme;
    if let Some((words, _)) = &app.toast {
        let words = format!(" {words}");
        return text(buf, area, area.y, &words, theme.strong());
    }
    if app.settings.replay {
        let leave = [("q", strings::REPLAY_LEAVE)];
        return super::paint::key_words(buf, area, area.x + 1, area.y, theme, &leave);
    }
    if on_screen(app) {
        undo(app, area, buf);
    }
    let words = Words::of(app);
    for (x, action) in entries(app, &words, area) {
        let x = put(buf, area, x, area.y, &words.key(action), theme.key());
        put(buf, area, x + 1, area.y, &words.short(action), theme.text());
    }
}

/// The key that stands in a column of the footer.
#[must_use]
pub fn key_at(app: &App, column: u16) -> Option<Action> {
    let area = areas(app)?.footer;
    if app.toast.is_some() {
        return None;
    }
    let words = Words::of(app);
    let undo = on_screen(app).then(|| undo_form(app, area)).flatten();
    if undo.is_some_and(|form| (1..=undo_wide(app, &form)).contains(&column)) {
        return Some(Action::Undo);
    }
    let mut entries = entries(app, &words, area).into_iter();
    entries
        .find(|(x, action)| (*x..*x + words.wide(*action)).contains(&column))
        .map(|(_, action)| action)
}

/// Where each key stands.
fn entries(app: &App, words: &Words<'_>, area: Rect) -> Vec<(u16, Action)> {
    let mut entries = Vec::new();
    let mut x = area.x + 1;
    // A key that does nothing here, or none, is not offered.
    let offered = |action: &Action| {
        let allowed = !app.settings.read_only || !action.acts();
        allowed && !words.key(*action).is_empty()
    };
    let keys = keys(app).into_iter().filter(offered);
    // Help and the way out are always there; the others while there is room.
    let last: Vec<_> = [Action::Help, Action::Quit].into();
    let last: Vec<_> = last.into_iter().filter(offered).collect();
    let on_screen = on_screen(app);
    let tail: u16 = match on_screen {
        true => last.iter().map(|action| words.wide(*action)).sum(),
        false => 0,
    };
    if on_screen {
        x += undo_form(app, area).map_or(0, |form| undo_wide(app, &form));
    }
    for action in keys {
        if x + words.wide(action) + tail > area.right() + GAP {
            continue;
        }
        entries.push((x, action));
        x += words.wide(action);
    }
    if on_screen {
        for action in last {
            entries.push((x, action));
            x += words.wide(action);
        }
    }
    entries
}

fn on_screen(app: &App) -> bool {
    app.context() == Context::Screen && matches!(app.overlay, Overlay::None)
}

/// What can be undone, with the time that is left for it, as there is room.
fn undo_form(app: &App, area: Rect) -> Option<String> {
    let key = app.settings.keymap.first(Context::Screen, Action::Undo);
    if app.settings.read_only || key.is_empty() {
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

/// The keys of the place that has them, and what each does in a word or two.
struct Words<'a> {
    app: &'a App,
    context: Context,
    /// What the next step is, where it is one of marked orders: there may be many
    /// to be looked at.
    step: Option<String>,
}

impl<'a> Words<'a> {
    fn of(app: &'a App) -> Self {
        let context = app.context();
        let step = match (context, app.marked()) {
            // Whatever is under the cursor: the key acts on these.
            (Context::Screen, marked @ 1..) => {
                Some(strings::step_of_marked(marked, app.marked_status()))
            }
            _ => None,
        };
        Self { app, context, step }
    }

    fn key(&self, action: Action) -> String {
        self.app.settings.keymap.first(self.context, action)
    }

    fn short(&self, action: Action) -> Cow<'_, str> {
        match (self.context, action, &self.step) {
            (Context::Dialog | Context::Field, ..) => strings::dialog_short(action).into(),
            (Context::Picker, ..) => strings::picker_short(action).into(),
            (_, Action::NextStep, Some(step)) => step.into(),
            (Context::Screen | Context::Find, ..) => strings::action_short(action).into(),
        }
    }

    /// How many columns it takes, with the gap behind it.
    fn wide(&self, action: Action) -> u16 {
        columns(&self.key(action)) + 1 + columns(&self.short(action)) + GAP
    }
}

fn off(app: &App, dialog: &Dialog) -> bool {
    matches!(app.still(dialog), Still::There | Still::Closed)
}

fn keys(app: &App) -> Vec<Action> {
    match (&app.overlay, app.context()) {
        (Overlay::Help(_), Context::Find) => {
            return vec![Action::Confirm, Action::Cancel, Action::Up, Action::Down];
        }
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
        (Overlay::Plan(_) | Overlay::Note(_) | Overlay::Question(_), _) => {
            return vec![Action::Confirm, Action::Cancel];
        }
        (Overlay::Result, _) => return vec![Action::Back, Action::Up, Action::Down],
        (Overlay::Track(_), _) => {
            return vec![Action::Confirm, Action::Cancel, Action::NextField];
        }
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
    // Who presses in vain should see why.
    if !app.mouse && app.focus == Pane::Orders {
        keys.insert(keys.len().min(3), Action::Mouse);
    }
    keys
}
