//! The alarm's line.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::paint::{columns, put};
use crate::app::App;
use crate::model::keymap::Action;
use crate::strings;

pub(super) fn draw(app: &App, area: Rect, buf: &mut Buffer) {
    let style = (app.settings.theme.bad()).patch(app.settings.theme.cursor());
    let alarm = &app.alerts.alarm;
    let key = app.key_of(Action::Acknowledge);
    let forms = strings::alarm(alarm.count(), alarm.only_new(), &key);
    let fits = |form: &&String| columns(form) + 2 <= area.width;
    let form = forms.iter().find(fits).or(forms.last());
    let blank = " ".repeat(usize::from(area.width));
    put(buf, area, area.x, area.y, &blank, style);
    put(
        buf,
        area,
        area.x + 1,
        area.y,
        form.map_or("", String::as_str),
        style,
    );
}
