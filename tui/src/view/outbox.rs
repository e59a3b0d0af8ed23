//! What waits for the server: a list over the screen.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use super::paint::{blank, centred, columns, frame, over, put};
use super::press::{Press, Presses, keys_to_press};
use crate::app::App;
use crate::app::outbox::Sheet;
use crate::model::keymap::{Action, Context};
use crate::model::text::{cut, fit, fit_right, width, wrap};
use crate::strings;

/// Widest that the list gets.
const WIDEST: u16 = 100;
/// Columns of age, number and where it goes.
const CELLS: [usize; 3] = [4, 14, 12];

/// How it stands says nothing in fewer columns.
const LEAST_STATE: usize = 6;

pub(super) fn draw(
    app: &App,
    sheet: &Sheet,
    screen: Rect,
    buf: &mut Buffer,
    presses: &mut Presses,
) {
    let theme = app.settings.theme;
    let list = app.outbox().list();
    let across = over(screen.width, WIDEST);
    let wanted = u16::try_from(list.len()).unwrap_or(u16::MAX).max(3);
    // Frame, rows, what goes along, keys.
    let height = wanted
        .saturating_add(4)
        .min(screen.height.saturating_sub(1));
    let area = centred(screen, across, height);
    blank(buf, area);
    let mut title = strings::OUTBOX.to_owned();
    if !list.is_empty() {
        title = format!("{title} {}", strings::waiting_mark(list.len()));
    }
    let inner = frame(buf, area, &title, true, theme);
    let inner = Rect {
        x: inner.x + 1,
        width: inner.width.saturating_sub(2),
        ..inner
    };
    let wide = usize::from(inner.width);
    if list.is_empty() {
        put(
            buf,
            inner,
            inner.x,
            inner.y,
            strings::OUTBOX_EMPTY,
            theme.strong(),
        );
        let lines = wrap(strings::OUTBOX_EMPTY_HINT, wide);
        for (line, y) in lines.iter().zip(inner.y + 1..inner.bottom()) {
            put(buf, inner, inner.x, y, line, theme.quiet());
        }
        return;
    }
    // What is left beside the arrow and the other cells, for how it stands.
    let room = wide.saturating_sub(1 + CELLS.iter().map(|cell| cell + 2).sum::<usize>());
    let chosen = sheet.at(list);
    let send = app.key_of(Action::Refresh);
    let rows = usize::from(inner.height.saturating_sub(2)).max(1);
    let top = (chosen + 1).saturating_sub(rows);
    let shown = list.iter().enumerate().skip(top).take(rows);
    for ((at, waiting), y) in shown.zip(inner.y..) {
        let wish = (waiting.entry.to()).is_some_and(|to| app.is_wish(&waiting.entry.key(), to));
        let [age, number, to] = strings::waiting_line(waiting, wish, app.now);
        let state = strings::waiting_state(
            waiting,
            app.outbox().is_sending(&waiting.entry.id),
            app.now,
            &send,
        );
        let style = |own: Style| if at == chosen { theme.cursor() } else { own };
        let number = if app.many_vendors() {
            format!("{number} {}", app.vendor_name(&waiting.entry.vendor))
        } else {
            number
        };
        let held = waiting.needs_decision(app.now);
        let state_style = if held { theme.warning() } else { theme.quiet() };
        let state = match room {
            ..LEAST_STATE => String::new(),
            _ => fit(&state, room),
        };
        let cells = [
            (fit_right(&age, CELLS[0]), theme.quiet()),
            (fit(&number, CELLS[1]), theme.strong()),
            (fit(&to, CELLS[2]), theme.changed()),
            (state, state_style),
        ];
        presses.note_line(inner, y, Press::Row(at));
        let arrow = if at == chosen { "▶" } else { " " };
        if at == chosen {
            let row = Rect {
                y,
                height: 1,
                ..inner
            };
            buf.set_style(row, theme.cursor());
        }
        let mut x = put(buf, inner, inner.x, y, arrow, style(theme.accent()));
        for (words, own) in cells {
            // Blanks that do not fit are not worth an ellipsis.
            put(buf, inner, x, y, words.trim_end(), style(own));
            x += columns(&words) + 2;
        }
    }
    let Some(waiting) = list.get(chosen) else {
        return;
    };
    let y = inner.bottom().saturating_sub(2).max(inner.y);
    let keymap = &app.settings.keymap;
    let key = |action| keymap.first(Context::Screen, action);
    if sheet.asked.is_some() {
        let y = inner.bottom().saturating_sub(1);
        // A press is no answer to this question: it is too easily made.
        let words = strings::delete_asked(&key(Action::Open), &key(Action::Back));
        put(buf, inner, inner.x, y, &cut(&words, wide), theme.warning());
        return;
    }
    if inner.height > 2 {
        // A state that did not fit in its row stands here in full.
        let state = strings::waiting_state(
            waiting,
            app.outbox().is_sending(&waiting.entry.id),
            app.now,
            &send,
        );
        let details = match width(&state) > room {
            true => state,
            false => strings::waiting_details(waiting),
        };
        put(buf, inner, inner.x, y, &details, theme.text());
    }
    if inner.height > 1 {
        let keys = [
            (Action::Dismiss, "delete"),
            (Action::Refresh, "send now"),
            (Action::Open, "go to the order"),
            (Action::Back, strings::action_short(Action::Back)),
        ];
        keys_to_press(app, buf, inner, inner.x, inner.bottom() - 1, &keys, presses);
    }
}
