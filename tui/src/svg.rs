//! A frame as an SVG picture: what a terminal of 16 colours on a dark ground
//! would show. Every run of text is told its width, so that wide characters and
//! another font on the reader's machine leave the columns where they are.

use std::fmt::Write;

use ratatui::buffer::{Buffer, Cell};
use ratatui::style::{Color, Modifier};

use crate::text::width;

/// A cell, in the picture's units.
const CELL: (u32, u32) = (9, 19);
/// From a line's top to the foot of its letters.
const BASELINE: u32 = 14;
/// Around the frame.
const MARGIN: u32 = 10;
const GROUND: &str = "#16181d";
const INK: &str = "#d4d7dd";

/// The sixteen colours, as many terminals have them.
const SIXTEEN: [&str; 16] = [
    "#1e2127", "#e06c75", "#98c379", "#d8b36a", "#61afef", "#c678dd", "#56b6c2", "#d4d7dd",
    "#7f848e", "#f28b93", "#b5dd94", "#f0cd84", "#8cc8ff", "#dda0f0", "#7fd6e0", "#ffffff",
];

#[derive(Clone, PartialEq)]
struct Look {
    ink: String,
    ground: Option<String>,
    bold: bool,
    dim: bool,
    italic: bool,
    underlined: bool,
    struck: bool,
}

impl Look {
    fn of(cell: &Cell) -> Self {
        let has = |modifier| cell.modifier.contains(modifier);
        let mut ink = colour(cell.fg);
        let mut ground = colour(cell.bg);
        if has(Modifier::REVERSED) {
            let was_ink = ink.unwrap_or_else(|| INK.into());
            ink = Some(ground.unwrap_or_else(|| GROUND.into()));
            ground = Some(was_ink);
        }
        Self {
            ink: ink.unwrap_or_else(|| INK.into()),
            ground,
            bold: has(Modifier::BOLD),
            dim: has(Modifier::DIM),
            italic: has(Modifier::ITALIC),
            underlined: has(Modifier::UNDERLINED),
            struck: has(Modifier::CROSSED_OUT),
        }
    }

    fn attributes(&self) -> String {
        let mut out = format!("fill=\"{}\"", self.ink);
        let mut say = |set: bool, words: &str| {
            if set {
                out.push_str(words);
            }
        };
        say(self.bold, " font-weight=\"bold\"");
        say(self.dim, " opacity=\"0.6\"");
        say(self.italic, " font-style=\"italic\"");
        let line = match (self.underlined, self.struck) {
            (true, true) => " text-decoration=\"underline line-through\"",
            (true, false) => " text-decoration=\"underline\"",
            (false, true) => " text-decoration=\"line-through\"",
            (false, false) => "",
        };
        out.push_str(line);
        out
    }
}

/// Draws a frame. The same frame gives the same bytes.
#[must_use]
pub fn draw(frame: &Buffer) -> String {
    let (wide, high) = (
        u32::from(frame.area.width) * CELL.0 + 2 * MARGIN,
        u32::from(frame.area.height) * CELL.1 + 2 * MARGIN,
    );
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{wide}\" height=\"{high}\" viewBox=\"0 0 {wide} {high}\">\n\
         <rect width=\"{wide}\" height=\"{high}\" rx=\"8\" fill=\"{GROUND}\"/>\n\
         <g font-family=\"ui-monospace, 'DejaVu Sans Mono', Menlo, Consolas, monospace\" font-size=\"15\" xml:space=\"preserve\">\n"
    );
    let columns = usize::from(frame.area.width).max(1);
    for (y, cells) in (0_u32..).zip(frame.content.chunks(columns)) {
        let top = MARGIN + y * CELL.1;
        row(&mut out, top, cells);
    }
    out.push_str("</g>\n</svg>\n");
    out
}

fn row(out: &mut String, top: u32, cells: &[Cell]) {
    let mut x = 0;
    while x < cells.len() {
        let look = Look::of(&cells[x]);
        let start = x;
        let mut text = String::new();
        // A character of two columns, or of several parts, is a run of its own:
        // fonts do not agree about its width.
        if alone(&cells[x]) {
            text.push_str(cells[x].symbol());
            x += width(cells[x].symbol()).max(1);
        } else {
            while x < cells.len() && !alone(&cells[x]) && Look::of(&cells[x]) == look {
                text.push_str(cells[x].symbol());
                x += 1;
            }
        }
        let at = |x: usize| MARGIN + u32::try_from(x).unwrap_or(0) * CELL.0;
        let (left, wide) = (at(start), at(x.min(cells.len())) - at(start));
        if let Some(ground) = &look.ground {
            let high = CELL.1;
            let _ = writeln!(
                out,
                "<rect x=\"{left}\" y=\"{top}\" width=\"{wide}\" height=\"{high}\" fill=\"{ground}\"/>"
            );
        }
        let lines = look.underlined || look.struck;
        if text.trim().is_empty() && !lines {
            continue;
        }
        // Blanks at the ends draw nothing.
        let (mut left, mut wide) = (left, wide);
        if !lines {
            let blanks = |text: &str| u32::try_from(text.len()).unwrap_or(0) * CELL.0;
            let before = text.len() - text.trim_start_matches(' ').len();
            left += blanks(&text[..before]);
            wide -= blanks(&text[..before]);
            let end = text.trim_end_matches(' ').len();
            wide -= blanks(&text[end..]);
            text = text[before..end].to_owned();
        }
        let foot = top + BASELINE;
        let _ = writeln!(
            out,
            "<text x=\"{left}\" y=\"{foot}\" textLength=\"{wide}\" lengthAdjust=\"spacingAndGlyphs\" {}>{}</text>",
            look.attributes(),
            escape(&text)
        );
    }
}

fn alone(cell: &Cell) -> bool {
    let mut chars = cell.symbol().chars();
    chars.next();
    chars.next().is_some() || width(cell.symbol()) > 1
}

fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            // XML 1.0 knows no control characters.
            c if c.is_control() => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    out
}

/// `None` is the terminal's own colour.
fn colour(color: Color) -> Option<String> {
    let sixteen = |i: usize| Some(SIXTEEN[i].to_owned());
    match color {
        Color::Reset => None,
        Color::Black => sixteen(0),
        Color::Red => sixteen(1),
        Color::Green => sixteen(2),
        Color::Yellow => sixteen(3),
        Color::Blue => sixteen(4),
        Color::Magenta => sixteen(5),
        Color::Cyan => sixteen(6),
        Color::Gray => sixteen(7),
        Color::DarkGray => sixteen(8),
        Color::LightRed => sixteen(9),
        Color::LightGreen => sixteen(10),
        Color::LightYellow => sixteen(11),
        Color::LightBlue => sixteen(12),
        Color::LightMagenta => sixteen(13),
        Color::LightCyan => sixteen(14),
        Color::White => sixteen(15),
        Color::Rgb(r, g, b) => Some(format!("#{r:02x}{g:02x}{b:02x}")),
        Color::Indexed(i) => Some(indexed(i)),
    }
}

/// The 256 colours of xterm: sixteen, a cube of six steps, and greys.
fn indexed(i: u8) -> String {
    match i {
        0..16 => SIXTEEN[usize::from(i)].to_owned(),
        16..232 => {
            let step = |n: u8| if n == 0 { 0 } else { 55 + 40 * n };
            let i = i - 16;
            let (r, g, b) = (step(i / 36), step(i / 6 % 6), step(i % 6));
            format!("#{r:02x}{g:02x}{b:02x}")
        }
        232.. => {
            let grey = 8 + 10 * (i - 232);
            format!("#{grey:02x}{grey:02x}{grey:02x}")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ratatui::layout::Rect;
    use ratatui::style::Style;

    #[test]
    fn text_is_escaped_placed_and_coloured() {
        let mut frame = Buffer::empty(Rect::new(0, 0, 12, 2));
        frame.set_string(0, 0, "a<&\">", Style::new().fg(Color::Green));
        frame.set_string(2, 1, "陳b", Style::new().add_modifier(Modifier::REVERSED));
        let drawn = draw(&frame);
        assert!(drawn.contains(&format!(
            "fill=\"{}\">a&lt;&amp;&quot;&gt;</text>",
            SIXTEEN[2]
        )));
        // Two columns wide, then the next letter in the fifth.
        assert!(
            drawn.contains("<text x=\"28\" y=\"43\" textLength=\"18\""),
            "{drawn}"
        );
        assert!(
            drawn.contains("<text x=\"46\" y=\"43\" textLength=\"9\""),
            "{drawn}"
        );
        assert!(drawn.contains(&format!("fill=\"{GROUND}\">陳")), "{drawn}");
        assert_eq!(indexed(16), "#000000");
        assert_eq!(indexed(231), "#ffffff");
        assert_eq!(indexed(255), "#eeeeee");
    }
}
