//! A frame as an SVG picture, as a terminal would show it. Every run of text is
//! told its width, so that wide characters and another font on the reader's
//! machine leave the columns where they are; frames and bars are no text at all.
//!
//! | module | what it holds |
//! |---|---|
//! | `paper` | ground, ink and the sixteen colours |
//! | `shapes` | frames and bars |

mod paper;
mod shapes;

use std::fmt::Write;

use ratatui::buffer::{Buffer, Cell};
use ratatui::style::Modifier;

pub use paper::Paper;
use shapes::{Shape, Shapes};

use crate::model::text::width;

/// A cell, in the picture's units. Both are odd: a frame's line lies in the middle.
const CELL: (u32, u32) = (9, 19);
/// From a line's top to the foot of its letters.
const BASELINE: u32 = 14;
/// Around the frame.
const MARGIN: u32 = 12;
/// The attribute of what is dim.
const DIM: &str = " opacity=\"0.6\"";

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
    fn of(cell: &Cell, paper: &Paper) -> Self {
        let has = |modifier| cell.modifier.contains(modifier);
        let mut ink = paper.colour(cell.fg);
        let mut ground = paper
            .colour(cell.bg)
            .filter(|ground| ground != paper.ground);
        if has(Modifier::REVERSED) {
            let was_ink = ink.unwrap_or_else(|| paper.ink.into());
            ink = Some(ground.unwrap_or_else(|| paper.ground.into()));
            ground = Some(was_ink);
        }
        Self {
            ink: ink.unwrap_or_else(|| paper.ink.into()),
            ground,
            bold: has(Modifier::BOLD),
            dim: has(Modifier::DIM),
            italic: has(Modifier::ITALIC),
            underlined: has(Modifier::UNDERLINED),
            struck: has(Modifier::CROSSED_OUT),
        }
    }

    /// Whether blanks show.
    fn lines(&self) -> bool {
        self.underlined || self.struck
    }

    fn attributes(&self, paper: &Paper) -> String {
        let mut out = String::new();
        if self.ink != paper.ink {
            let _ = write!(out, " fill=\"{}\"", self.ink);
        }
        let mut say = |set: bool, words: &str| {
            if set {
                out.push_str(words);
            }
        };
        say(self.bold, " font-weight=\"bold\"");
        say(self.dim, DIM);
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
pub fn draw(frame: &Buffer, paper: &Paper) -> String {
    let (wide, high) = (
        u32::from(frame.area.width) * CELL.0 + 2 * MARGIN,
        u32::from(frame.area.height) * CELL.1 + 2 * MARGIN,
    );
    let Paper {
        ground, ink, edge, ..
    } = paper;
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{wide}\" height=\"{high}\" viewBox=\"0 0 {wide} {high}\">\n\
         <rect x=\"0.5\" y=\"0.5\" width=\"{}\" height=\"{}\" rx=\"9\" fill=\"{ground}\" stroke=\"{edge}\"/>\n\
         <g font-family=\"ui-monospace, 'DejaVu Sans Mono', Menlo, Consolas, monospace\" font-size=\"15\" fill=\"{ink}\" xml:space=\"preserve\">\n",
        wide - 1,
        high - 1,
    );
    let columns = usize::from(frame.area.width).max(1);
    let mut shapes = Shapes::default();
    for (y, cells) in (0_u32..).zip(frame.content.chunks(columns)) {
        let top = MARGIN + y * CELL.1;
        row(&mut out, &mut shapes, top, cells, paper);
    }
    shapes.draw(&mut out);
    out.push_str("</g>\n</svg>\n");
    out
}

fn at(x: usize) -> u32 {
    MARGIN + u32::try_from(x).unwrap_or(0) * CELL.0
}

fn row(out: &mut String, shapes: &mut Shapes, top: u32, cells: &[Cell], paper: &Paper) {
    let mut x = 0;
    while x < cells.len() {
        let look = Look::of(&cells[x], paper);
        let start = x;
        while x < cells.len() && Look::of(&cells[x], paper) == look {
            x += width(cells[x].symbol()).max(1);
        }
        let end = x.min(cells.len());
        if let Some(ground) = &look.ground {
            let (left, wide) = (at(start), at(end) - at(start));
            let high = CELL.1;
            let _ = writeln!(
                out,
                "<rect x=\"{left}\" y=\"{top}\" width=\"{wide}\" height=\"{high}\" fill=\"{ground}\"/>"
            );
        }
        run(out, shapes, top, &cells[start..end], start, &look, paper);
    }
}

/// Cells of one look, the first of them in column `start`.
fn run(
    out: &mut String,
    shapes: &mut Shapes,
    top: u32,
    cells: &[Cell],
    start: usize,
    look: &Look,
    paper: &Paper,
) {
    let mut x = 0;
    while x < cells.len() {
        let symbol = cells[x].symbol();
        if let Some(shape) = Shape::of(symbol) {
            shapes.add(shape, &look.ink, look.dim, (at(start + x), top));
            x += 1;
            continue;
        }
        if symbol == " " && !look.lines() {
            x += 1;
            continue;
        }
        let first = x;
        // A character of two columns, or of several parts, is a text of its own:
        // fonts do not agree about its width. So are words with more than a blank
        // between them, which stand in columns.
        if alone(symbol) {
            x += width(symbol).max(1);
        } else {
            while x < cells.len() && goes_on(cells, x, look) {
                x += 1;
            }
        }
        let text: String = cells[first..x.min(cells.len())]
            .iter()
            .take(if alone(symbol) { 1 } else { x - first })
            .map(Cell::symbol)
            .collect();
        let (left, wide) = (at(start + first), at(start + x) - at(start + first));
        let foot = top + BASELINE;
        let _ = writeln!(
            out,
            "<text x=\"{left}\" y=\"{foot}\" textLength=\"{wide}\" lengthAdjust=\"spacingAndGlyphs\"{}>{}</text>",
            look.attributes(paper),
            escape(&text)
        );
    }
}

/// Whether the cell belongs to the text before it.
fn goes_on(cells: &[Cell], x: usize, look: &Look) -> bool {
    let symbol = cells[x].symbol();
    if alone(symbol) || Shape::of(symbol).is_some() {
        return false;
    }
    let next = cells.get(x + 1).map_or(" ", Cell::symbol);
    let ends = next == " " || alone(next) || Shape::of(next).is_some();
    look.lines() || symbol != " " || !ends
}

fn alone(symbol: &str) -> bool {
    let mut chars = symbol.chars();
    chars.next();
    chars.next().is_some() || width(symbol) > 1
}

fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            // XML 1.0 knows neither control characters nor these two
            // (<https://www.w3.org/TR/xml/#charsets>).
            c if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::theme::ThemeName;
    use ratatui::layout::Rect;
    use ratatui::style::{Color, Style};

    #[test]
    fn text_is_escaped_placed_and_coloured() {
        let paper = Paper::of(ThemeName::Dark);
        let mut frame = Buffer::empty(Rect::new(0, 0, 12, 2));
        frame.set_string(0, 0, "a<&\">  b c", Style::new().fg(Color::Green));
        frame.set_string(2, 1, "陳b", Style::new().add_modifier(Modifier::REVERSED));
        let drawn = draw(&frame, &paper);
        let green = paper.colour(Color::Green).unwrap();
        let expected = [
            format!(
                "<text x=\"12\" y=\"26\" textLength=\"45\" lengthAdjust=\"spacingAndGlyphs\" fill=\"{green}\">a&lt;&amp;&quot;&gt;</text>"
            ),
            format!(
                "<text x=\"75\" y=\"26\" textLength=\"27\" lengthAdjust=\"spacingAndGlyphs\" fill=\"{green}\">b c</text>"
            ),
            // Two columns wide, then the next letter in the fifth.
            format!(
                "<text x=\"30\" y=\"45\" textLength=\"18\" lengthAdjust=\"spacingAndGlyphs\" fill=\"{}\">陳</text>",
                paper.ground
            ),
            format!(
                "<text x=\"48\" y=\"45\" textLength=\"9\" lengthAdjust=\"spacingAndGlyphs\" fill=\"{}\">b</text>",
                paper.ground
            ),
            format!(
                "<rect x=\"30\" y=\"31\" width=\"27\" height=\"19\" fill=\"{}\"/>",
                paper.ink
            ),
        ];
        for expected in expected {
            assert!(drawn.contains(&expected), "{expected}\n{drawn}");
        }
        assert_eq!(drawn.matches("<text").count(), 4, "{drawn}");
        assert_eq!(
            escape("a\u{1b}\u{fffe}\u{ffff}b"),
            "a\u{fffd}\u{fffd}\u{fffd}b"
        );
    }
}
