//! A question that is about no one order.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::paint::{blank, centred, frame, over, put};
use super::press::{Press, Presses, keys_to_press};
use crate::app::App;
use crate::app::question::Question;
use crate::model::keymap::Action;
use crate::strings;

/// Widest that it gets.
const WIDEST: u16 = 76;

pub(super) fn draw(
    app: &App,
    question: &Question,
    screen: Rect,
    buf: &mut Buffer,
    presses: &mut Presses,
) {
    let theme = app.settings.theme;
    let wide = over(screen.width, WIDEST);
    let details = match question {
        Question::DismissAll => strings::unread_among(app.notices.unread()),
        Question::Print(keys) => {
            let keys: Vec<_> = keys.iter().collect();
            let room = usize::from(wide.saturating_sub(4));
            strings::some_orders(&keys, room, |key| super::paint::order_name(app, key))
        }
    };
    let area = centred(screen, wide, 4);
    blank(buf, area);
    let title = question.title(app.notices.len());
    let inner = frame(buf, area, &title, true, theme);
    let inner = Rect {
        x: inner.x + 1,
        width: inner.width.saturating_sub(2),
        ..inner
    };
    put(buf, inner, inner.x, inner.y, &details, theme.text());
    let y = inner.y + 1;
    let button = format!("  {}  ", question.button());
    let x = put(buf, inner, inner.x, y, &button, theme.cursor());
    let confirm = app.settings.keymap.label(app.context(), Action::Confirm);
    let x = put(buf, inner, x + 1, y, &confirm, theme.key());
    presses.note(inner.x, x, y, Press::Key(Action::Confirm));
    let cancel = [(Action::Cancel, strings::DIALOG_CANCEL)];
    keys_to_press(app, buf, inner, x + 3, y, &cancel, presses);
}
