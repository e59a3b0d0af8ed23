//! Help: every key from the table that the keys are read from, then the marks
//! and the words that need an explanation.

use ordertop::order::OrderStatus;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::Style;
use ratatui::text::{Line, Span};

use super::header::after_columns;
use super::paint::{blank, frame, put, put_right};
use crate::app::App;
use crate::app::help::Help;
use crate::model::keymap::{Action, Context};
use crate::model::text::{fit, width, wrap};
use crate::strings;
use crate::theme::{Theme, glyph};

/// Widest that the help gets.
const WIDEST: u16 = 84;
/// Columns of the keys.
const KEYS: usize = 12;
/// What goes on in the next line stands so far in, at most.
const MOST_INDENT: usize = 28;

fn inner_width(app: &App) -> usize {
    usize::from(app.size.0.min(WIDEST).saturating_sub(4))
}

/// A head and what stands under it; each entry may take several lines.
struct Section {
    head: String,
    entries: Vec<Vec<Line<'static>>>,
}

/// The help in lines: all of it, or what has every word that is looked for.
#[must_use]
pub fn help_lines(app: &App, sought: &str) -> Vec<Line<'static>> {
    let theme = app.settings.theme;
    let words: Vec<String> = sought.split_whitespace().map(str::to_lowercase).collect();
    let mut lines = Vec::new();
    for Section { head, entries } in sections(app) {
        let found = |entry: &&Vec<Line<'static>>| {
            let said = entry.iter().map(ToString::to_string).collect::<String>();
            let said = format!("{head} {said}").to_lowercase();
            words.iter().all(|word| said.contains(word))
        };
        let found: Vec<_> = entries.iter().filter(found).cloned().collect();
        if found.is_empty() {
            continue;
        }
        if !lines.is_empty() {
            lines.push(Line::default());
        }
        lines.push(Line::styled(head, theme.strong()));
        lines.extend(found.into_iter().flatten());
    }
    lines
}

fn sections(app: &App) -> Vec<Section> {
    let theme = app.settings.theme;
    let wide = inner_width(app);
    let mut sections: Vec<Section> = Vec::new();
    let keymap = &app.settings.keymap;
    let bindings = keymap.bindings().iter();
    for binding in bindings.filter(|b| b.context == Context::Screen) {
        let head = strings::action_group(binding.action);
        if sections.last().is_none_or(|section| section.head != head) {
            sections.push(Section {
                head: head.into(),
                entries: Vec::new(),
            });
        }
        let keys = keymap.label(binding.context, binding.action);
        let words = strings::action_help(binding.action);
        let parts = wrap(words, wide.saturating_sub(KEYS)).into_iter();
        let line = |(i, part)| {
            let keys = if i == 0 { keys.as_str() } else { "" };
            Line::from(vec![
                Span::styled(fit(keys, KEYS), theme.key()),
                Span::raw(part),
            ])
        };
        let entry = parts.enumerate().map(line).collect();
        if let Some(section) = sections.last_mut() {
            section.entries.push(entry);
        }
    }
    sections.push(Section {
        head: strings::HELP_STATUSES.into(),
        entries: vec![statuses(theme, wide)],
    });
    for (head, words) in strings::help_notes(keymap) {
        let entry = |words: &String| hanging(words, wide).into_iter().map(Line::raw).collect();
        sections.push(Section {
            head: head.into(),
            entries: words.iter().map(entry).collect(),
        });
    }
    if let Some(hint) = &app.settings.hint {
        let lines = shell_lines(&hint.text, wide).into_iter();
        let entry = lines.map(|line| Line::styled(line, theme.accent()));
        sections.push(Section {
            head: hint.title.clone(),
            entries: vec![entry.collect()],
        });
    }
    sections
}

fn statuses(theme: Theme, wide: usize) -> Vec<Line<'static>> {
    let mut lines = Vec::new();
    let mut spans: Vec<Span> = Vec::new();
    let mut used = 0;
    for status in OrderStatus::ALL {
        let word = format!("{} {status}  ", glyph(status));
        let columns = width(&word);
        if used + columns > wide {
            lines.push(Line::from(std::mem::take(&mut spans)));
            used = 0;
        }
        used += columns;
        spans.push(Span::styled(word, theme.status(status)));
    }
    lines.push(Line::from(spans));
    lines
}

/// `age<2h  placed so long ago`: what goes on in the next line stands under what is
/// explained, not under what it is about.
fn hanging(words: &str, wide: usize) -> Vec<String> {
    let Some((about, explained)) = words.split_once("  ") else {
        return wrap(words, wide);
    };
    let before = format!("{about}  ");
    let blanks = width(&explained[..explained.len() - explained.trim_start().len()]);
    let indent = (width(&before) + blanks).min(MOST_INDENT).min(wide / 2);
    let mut lines = wrap(words, wide);
    if lines.len() > 1 {
        let first = lines.remove(0);
        let rest = words[first.len()..].trim_start();
        lines = wrap(rest, wide.saturating_sub(indent));
        for line in &mut lines {
            *line = format!("{:indent$}{line}", "");
        }
        lines.insert(0, first);
    }
    lines
}

/// A command's lines, so that a shell takes them as they stand: a long one is broken
/// between its words, never within quotes, and goes on after a backslash.
fn shell_lines(text: &str, wide: usize) -> Vec<String> {
    let mut out = Vec::new();
    for line in text.lines() {
        if width(line) <= wide {
            out.push(line.to_owned());
            continue;
        }
        let (line, goes_on) = match line.strip_suffix('\\') {
            Some(line) => (line, true),
            None => (line, false),
        };
        let mut row = String::new();
        for word in shell_words(line) {
            if !row.trim().is_empty() && width(&row) + width(word.trim_end()) + 2 > wide {
                out.push(format!("{} \\", row.trim_end()));
                // A word that needs all the room has it.
                let indent = if width(word.trim_end()) + 4 > wide {
                    ""
                } else {
                    "  "
                };
                row = indent.to_owned();
            }
            row.push_str(word);
        }
        out.push(match goes_on {
            true => format!("{} \\", row.trim_end()),
            false => row.trim_end().to_owned(),
        });
    }
    out
}

/// Words with the blanks behind them; what is quoted is part of one.
fn shell_words(line: &str) -> Vec<&str> {
    let mut words = Vec::new();
    let (mut start, mut quote, mut blank) = (0, None, true);
    for (at, c) in line.char_indices() {
        match quote {
            Some(open) if c == open => quote = None,
            Some(_) => {}
            None if c == '"' || c == '\'' => quote = Some(c),
            None => {}
        }
        if quote.is_none() && c == ' ' {
            blank = true;
            continue;
        }
        if blank && at > 0 {
            words.push(&line[start..at]);
            start = at;
        }
        blank = false;
    }
    words.push(&line[start..]);
    words
}

/// How many lines of it are on the screen at once.
#[must_use]
pub fn help_page(app: &App) -> usize {
    let area = place(app, app.size);
    usize::from(area.height.saturating_sub(2)).max(1) - usize::from(app.help_is_searched())
}

/// As high as all of it needs, not only what is found: it does not jump.
fn place(app: &App, (width, height): (u16, u16)) -> Rect {
    let lines = help_lines(app, "").len();
    let wide = width.min(WIDEST);
    let wanted = u16::try_from(lines + 2).unwrap_or(u16::MAX);
    let high = wanted.min(height.saturating_sub(2)).max(4);
    Rect::new(
        (width - wide) / 2,
        (height.saturating_sub(high)) / 2,
        wide,
        high,
    )
}

/// Gives the place of the text cursor while something is looked for.
pub(super) fn draw(app: &App, help: &Help, buf: &mut Buffer) -> Option<Position> {
    let theme = app.settings.theme;
    let lines = help_lines(app, help.sought.value());
    let area = place(app, app.size);
    blank(buf, area);
    let mut inner = frame(buf, area, strings::HELP, true, theme);
    inner = Rect {
        x: inner.x + 1,
        width: inner.width.saturating_sub(2),
        ..inner
    };
    let mut cursor = None;
    if app.help_is_searched() {
        cursor = sought(help, theme, inner, buf);
        inner.y += 1;
        inner.height = inner.height.saturating_sub(1);
    } else {
        let keys = strings::help_keys(&app.key_of(Action::Find), &app.key_of(Action::Back));
        let words = format!(" {keys} ");
        let bottom = Rect {
            x: area.x + 2,
            width: area.width.saturating_sub(4),
            ..area
        };
        put(
            buf,
            bottom,
            bottom.x,
            area.bottom() - 1,
            &words,
            theme.quiet(),
        );
    }
    if lines.is_empty() {
        let words = strings::NOTHING_TO_PICK;
        put(buf, inner, inner.x, inner.y, words, theme.quiet());
    }
    let more = lines.len().saturating_sub(usize::from(inner.height));
    let scroll = help.scroll.min(more);
    for (line, y) in lines.iter().skip(scroll).zip(inner.top()..inner.bottom()) {
        buf.set_line(inner.x, y, line, inner.width);
    }
    let bottom = Rect {
        width: area.width.saturating_sub(2),
        ..area
    };
    if more > scroll {
        let words = format!(" {} more ↓ ", more - scroll);
        put_right(buf, bottom, area.bottom() - 1, &words, theme.accent());
    }
    cursor
}

/// What is looked for, in the first line.
fn sought(help: &Help, theme: Theme, inner: Rect, buf: &mut Buffer) -> Option<Position> {
    let x = put(buf, inner, inner.x, inner.y, "/ ", theme.key());
    let room = usize::from(inner.right().saturating_sub(x + 1));
    let scroll = help.sought.visual_scroll(room);
    let style: Style = match help.typing {
        true => theme.strong(),
        false => theme.accent().patch(theme.strong()),
    };
    let words = after_columns(help.sought.value(), scroll);
    put(buf, inner, x, inner.y, &words, style);
    let at = help.sought.visual_cursor().saturating_sub(scroll).min(room);
    let at = x + u16::try_from(at).unwrap_or(0);
    help.typing.then(|| Position::new(at, inner.y))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_goes_on_stands_under_its_explanation() {
        let lines = hanging("age<2h  placed less than two hours ago", 24);
        assert_eq!(lines, ["age<2h  placed less than", "        two hours ago"]);
        assert_eq!(hanging("one two three", 7), ["one two", "three"]);
        assert_eq!(hanging("a  b", 20), ["a  b"]);
    }

    #[test]
    fn a_broken_command_is_still_the_same_to_a_shell() {
        let curl = "curl -X POST http://h/ \\\n  -H 'X-Token: a b' -H \"Y: c d\" -d '{\"s\": 1}'";
        assert_eq!(shell_lines(curl, 80).join("\n"), curl);
        let narrow = shell_lines(curl, 18);
        assert!(narrow.iter().all(|line| width(line) <= 18), "{narrow:?}");
        let (last, others) = narrow.split_last().unwrap();
        assert!(
            others.iter().all(|line| line.ends_with(" \\")),
            "{narrow:?}"
        );
        assert!(!last.ends_with('\\'));
        let whole = |lines: &str| {
            let joined = lines.replace("\\\n", "");
            joined
                .split(' ')
                .filter(|w| !w.is_empty())
                .collect::<Vec<_>>()
                .join(" ")
        };
        assert_eq!(whole(&narrow.join("\n")), whole(curl));
    }
}
