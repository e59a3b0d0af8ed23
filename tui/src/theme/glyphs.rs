//! Frames, marks and arrows in plain ASCII, for terminals and fonts without the
//! others. The screen is drawn with its usual signs and put into these as its
//! last step, so that no part of it can forget to.

use ratatui::buffer::Buffer;

use crate::model::text::width;

/// With which signs the screen is drawn.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Glyphs {
    /// All that there are.
    #[default]
    Unicode,
    /// The program's own in ASCII; names of people as they are written.
    Ascii,
    /// Nothing beyond ASCII: another character is a question mark.
    AsciiOnly,
}

/// Each of one column, as is what takes its place.
const TABLE: &[(&str, &str)] = &[
    ("─", "-"),
    ("━", "="),
    ("═", "="),
    ("│", "|"),
    ("┃", "#"),
    ("║", "|"),
    ("╭", "+"),
    ("╮", "+"),
    ("╰", "+"),
    ("╯", "+"),
    ("┌", "+"),
    ("┐", "+"),
    ("└", "+"),
    ("┘", "+"),
    ("├", "+"),
    ("┤", "+"),
    ("┬", "+"),
    ("┴", "+"),
    ("┼", "+"),
    ("▶", ">"),
    ("◀", "<"),
    ("▸", ">"),
    ("◂", "<"),
    ("▼", "v"),
    ("▾", "v"),
    ("▴", "^"),
    ("○", "o"),
    ("●", "*"),
    ("◉", "@"),
    ("▲", "^"),
    ("✓", "v"),
    ("✔", "x"),
    ("◆", "#"),
    ("◐", "|"),
    ("◓", "/"),
    ("◑", "-"),
    ("◒", "\\"),
    ("◇", "o"),
    ("×", "x"),
    ("✗", "x"),
    ("✘", "x"),
    ("↺", "<"),
    ("⧗", "~"),
    ("→", ">"),
    ("←", "<"),
    ("↑", "^"),
    ("↓", "v"),
    ("↵", "<"),
    ("↻", "@"),
    ("Δ", "="),
    ("…", "~"),
    ("·", "-"),
    ("•", "*"),
    ("–", "-"),
    ("—", "-"),
    ("“", "\""),
    ("”", "\""),
    ("„", "\""),
    ("‘", "'"),
    ("’", "'"),
    ("«", "<"),
    ("»", ">"),
    ("▁", "_"),
    ("▂", "."),
    ("▃", ":"),
    ("▄", "-"),
    ("▅", "="),
    ("▆", "+"),
    ("▇", "*"),
    ("█", "#"),
    ("░", "."),
    ("▒", ":"),
    ("▓", "#"),
    ("■", "#"),
    ("□", "o"),
    ("★", "*"),
    ("☆", "o"),
    ("⚠", "!"),
    ("⚑", "P"),
    ("≥", ">"),
    ("≤", "<"),
];

impl Glyphs {
    /// Puts a frame that was drawn into these signs.
    pub(super) fn apply(self, buf: &mut Buffer) {
        if self == Self::Unicode {
            return;
        }
        // A character of two columns has its second cell blank: it is asked for too.
        let mut second = 0_usize;
        for cell in &mut buf.content {
            let symbol = cell.symbol();
            if second > 0 {
                second -= 1;
                cell.set_symbol("?");
            } else if !symbol.is_ascii() {
                let wide = width(symbol);
                let found = TABLE.iter().find(|(sign, _)| *sign == symbol);
                match found {
                    Some((_, plain)) => {
                        cell.set_symbol(plain);
                    }
                    None if self == Self::AsciiOnly => {
                        second = wide.saturating_sub(1);
                        cell.set_symbol("?");
                    }
                    None => {}
                }
            }
        }
    }

    /// A sign of its own, where it stands outside a frame: in printed lines.
    #[must_use]
    pub fn sign(self, sign: &'static str) -> &'static str {
        let found = TABLE.iter().find(|(known, _)| *known == sign);
        match (self, found) {
            (Self::Unicode, _) | (_, None) => sign,
            (_, Some((_, plain))) => plain,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ratatui::layout::Rect;
    use ratatui::style::Style;

    #[test]
    fn signs_of_one_column_become_one_ascii_column() {
        for (sign, plain) in TABLE {
            assert!(plain.is_ascii() && plain.len() == 1, "{sign}");
            let columns = width(sign);
            assert!(columns == 1, "{sign} takes {columns}");
        }
    }

    #[test]
    fn names_stay_unless_nothing_else_can_be_shown() {
        let drawn = |glyphs: Glyphs| {
            let mut buf = Buffer::empty(Rect::new(0, 0, 12, 1));
            buf.set_string(0, 0, "│é 陳 ▶ok", Style::new());
            glyphs.apply(&mut buf);
            let cells = buf.content.iter().map(|cell| cell.symbol());
            cells.collect::<String>()
        };
        assert!(drawn(Glyphs::Unicode).starts_with("│é 陳"));
        assert!(drawn(Glyphs::Ascii).starts_with("|é 陳"));
        assert_eq!(drawn(Glyphs::AsciiOnly).trim_end(), "|? ?? >ok");
    }
}
