//! A frame as text, and which style each of its characters has: one letter for
//! each, under the legend that says what the letter means and how it looks.

use std::collections::BTreeMap;

use ratatui::buffer::{Buffer, Cell};
use ratatui::layout::Rect;
use ratatui::style::{Color, Modifier, Style};

use crate::model::text::width;
use crate::theme::Theme;

/// The characters, a line each, without blanks at the ends.
pub(crate) fn text(buffer: &Buffer) -> String {
    rows(buffer, |line, cell, skipped| {
        if !skipped {
            line.push_str(cell.symbol());
        }
    })
}

/// How a cell looks.
type Look = (Color, Color, Modifier);

/// The letters of the looks that were met.
#[derive(Default)]
pub(crate) struct Legend {
    met: BTreeMap<char, (&'static str, Look)>,
    /// Looks that have no meaning of their own, in the order that they came.
    others: Vec<Look>,
}

impl Legend {
    /// A letter for each character of the frame; plain text is a dot.
    pub(crate) fn styles(&mut self, buffer: &Buffer, theme: Theme) -> String {
        let meanings = meanings(theme);
        rows(buffer, |line, cell, _| {
            line.push(self.letter(cell, &meanings));
        })
    }

    fn letter(&mut self, cell: &Cell, meanings: &[(char, &'static str, Look)]) -> char {
        let look = (cell.fg, cell.bg, cell.modifier);
        let lines = Modifier::REVERSED | Modifier::UNDERLINED | Modifier::CROSSED_OUT;
        let plain = meanings[0].2;
        if cell.symbol() == " " && cell.bg == plain.1 && !cell.modifier.intersects(lines) {
            return ' ';
        }
        let known = meanings.iter().find(|(_, _, known)| *known == look);
        let (letter, meaning) = match known {
            Some((letter, meaning, _)) => (*letter, *meaning),
            None => {
                let at = self.others.iter().position(|other| *other == look);
                let at = at.unwrap_or_else(|| {
                    self.others.push(look);
                    self.others.len() - 1
                });
                let digit = u32::try_from(at + 1)
                    .ok()
                    .and_then(|n| char::from_digit(n, 10));
                (digit.unwrap_or('?'), "other")
            }
        };
        self.met.insert(letter, (meaning, look));
        letter
    }

    /// What each letter means.
    pub(crate) fn lines(&self) -> String {
        let line = |(letter, (meaning, (fg, bg, modifier))): (&char, &(&str, Look))| {
            let set = match modifier.is_empty() {
                true => String::new(),
                false => format!(" {modifier:?}"),
            };
            format!("{letter} {meaning}: {fg:?} on {bg:?}{set}\n")
        };
        self.met.iter().map(line).collect()
    }
}

/// The first is plain text.
fn meanings(theme: Theme) -> Vec<(char, &'static str, Look)> {
    let bold = theme.strong();
    let table: [(char, &'static str, Style); 18] = [
        ('.', "text", theme.text()),
        ('s', "strong", bold),
        ('q', "quiet", theme.quiet()),
        ('a', "accent", theme.accent()),
        ('k', "key", theme.key()),
        ('g', "good", theme.good()),
        ('G', "fresh", theme.fresh()),
        ('w', "warning", theme.warning()),
        ('W', "changed", theme.changed()),
        ('b', "bad", theme.bad()),
        ('B', "bad and strong", theme.bad().patch(bold)),
        ('#', "cursor", theme.cursor()),
        ('@', "alarm", theme.bad().patch(theme.cursor())),
        (
            'p',
            "shipped",
            theme.status(ordertop::order::OrderStatus::Shipped),
        ),
        (
            'd',
            "delivered",
            theme.status(ordertop::order::OrderStatus::Delivered),
        ),
        (
            'e',
            "ended",
            theme.status(ordertop::order::OrderStatus::Cancelled),
        ),
        (
            'P',
            "shipped and strong",
            theme
                .status(ordertop::order::OrderStatus::Shipped)
                .patch(bold),
        ),
        ('Q', "quiet and strong", theme.quiet().patch(bold)),
    ];
    let look = |style: Style| {
        let mut one = Buffer::empty(Rect::new(0, 0, 1, 1));
        one[(0, 0)].set_style(style);
        theme.finish(&mut one);
        let cell = &one[(0, 0)];
        (cell.fg, cell.bg, cell.modifier)
    };
    table
        .into_iter()
        .map(|(letter, meaning, style)| (letter, meaning, look(style)))
        .collect()
}

/// `each` adds a cell to its line; it is told which cells lie under the second
/// half of a wide character.
fn rows(buffer: &Buffer, mut each: impl FnMut(&mut String, &Cell, bool)) -> String {
    let mut out = String::new();
    for y in buffer.area.top()..buffer.area.bottom() {
        let mut line = String::new();
        let mut skip = 0;
        for x in buffer.area.left()..buffer.area.right() {
            let cell = &buffer[(x, y)];
            each(&mut line, cell, skip > 0);
            if skip == 0 {
                skip = width(cell.symbol()).max(1);
            }
            skip -= 1;
        }
        out.push_str(line.trim_end());
        out.push('\n');
    }
    out
}
