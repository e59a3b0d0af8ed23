//! Help: every key from the table that the keys are read from, then the marks
//! and the words that need an explanation.

use ordertop::order::OrderStatus;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::{blank, centred, frame, put_right};
use crate::app::App;
use crate::keymap::Context;
use crate::strings;
use crate::text::{fit, wrap};
use crate::theme::glyph;

/// Widest that the help gets.
const WIDEST: u16 = 84;
/// Columns of the keys.
const KEYS: usize = 12;

fn inner_width(app: &App) -> usize {
    usize::from(app.size.0.min(WIDEST).saturating_sub(4))
}

/// The help in lines.
#[must_use]
pub fn help_lines(app: &App) -> Vec<Line<'static>> {
    let theme = app.settings.theme;
    let wide = inner_width(app);
    let mut lines = Vec::new();
    let mut group = "";
    let keymap = &app.settings.keymap;
    let bindings = keymap.bindings().iter();
    for binding in bindings.filter(|b| b.context == Context::Screen) {
        let next = strings::action_group(binding.action);
        if next != group {
            if !group.is_empty() {
                lines.push(Line::default());
            }
            lines.push(Line::styled(next, theme.strong()));
            group = next;
        }
        let keys = keymap.label(binding.context, binding.action);
        let words = strings::action_help(binding.action);
        for (i, part) in wrap(words, wide.saturating_sub(KEYS))
            .into_iter()
            .enumerate()
        {
            let keys = if i == 0 { keys.as_str() } else { "" };
            lines.push(Line::from(vec![
                Span::styled(fit(keys, KEYS), theme.key()),
                Span::raw(part),
            ]));
        }
    }
    lines.push(Line::default());
    lines.push(Line::styled("Statuses", theme.strong()));
    let mut spans: Vec<Span> = Vec::new();
    let mut used = 0;
    for status in OrderStatus::ALL {
        let word = format!("{} {status}  ", glyph(status));
        let columns = crate::text::width(&word);
        if used + columns > wide {
            lines.push(Line::from(std::mem::take(&mut spans)));
            used = 0;
        }
        used += columns;
        spans.push(Span::styled(word, theme.status(status)));
    }
    lines.push(Line::from(spans));
    for (title, words) in strings::help_notes(keymap) {
        lines.push(Line::default());
        lines.push(Line::styled(title, theme.strong()));
        for line in &words {
            lines.extend(wrap(line, wide).into_iter().map(Line::raw));
        }
    }
    if let Some(hint) = &app.settings.hint {
        lines.push(Line::default());
        lines.push(Line::styled(hint.title.clone(), theme.strong()));
        for line in hint.text.lines() {
            lines.extend(
                wrap(line, wide)
                    .into_iter()
                    .map(|l| Line::styled(l, theme.accent())),
            );
        }
    }
    lines
}

pub(super) fn draw(app: &App, scroll: usize, screen: Rect, buf: &mut Buffer) {
    let theme = app.settings.theme;
    let lines = help_lines(app);
    let wanted = u16::try_from(lines.len() + 2).unwrap_or(u16::MAX);
    let height = wanted.min(screen.height.saturating_sub(2)).max(3);
    let area = centred(screen, WIDEST, height);
    blank(buf, area);
    let inner = frame(buf, area, strings::HELP, true, theme);
    let more = lines.len().saturating_sub(usize::from(inner.height));
    let scroll = scroll.min(more);
    for (line, y) in lines.iter().skip(scroll).zip(inner.top()..inner.bottom()) {
        buf.set_line(inner.x + 1, y, line, inner.width.saturating_sub(2));
    }
    let bottom = Rect {
        width: area.width.saturating_sub(2),
        ..area
    };
    if more > scroll {
        let words = format!(" {} more ↓ ", more - scroll);
        put_right(buf, bottom, area.bottom() - 1, &words, theme.accent());
    }
}
