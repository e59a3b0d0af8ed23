//! Frames and bars as shapes: drawn as text they would show gaps between the
//! lines wherever the reader's font is not as high as a cell.

use std::collections::BTreeMap;
use std::fmt::Write;

use super::{BASELINE, CELL};

/// How a sign is drawn in its cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    /// Arms from the middle to the left, right, upper and lower edge; a corner
    /// of two arms is round.
    Arms([bool; 4], Weight),
    /// The lowest eighths of the cell.
    Bar(u32),
    /// The whole cell, faintly.
    Shade,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Weight {
    Light,
    Heavy,
}

impl Shape {
    pub(super) fn of(symbol: &str) -> Option<Self> {
        let arms = |left, right, up, down| Self::Arms([left, right, up, down], Weight::Light);
        Some(match symbol {
            "─" => arms(true, true, false, false),
            "│" => arms(false, false, true, true),
            "╭" => arms(false, true, false, true),
            "╮" => arms(true, false, false, true),
            "╰" => arms(false, true, true, false),
            "╯" => arms(true, false, true, false),
            "┃" => Self::Arms([false, false, true, true], Weight::Heavy),
            "▁" => Self::Bar(1),
            "▂" => Self::Bar(2),
            "▃" => Self::Bar(3),
            "▄" => Self::Bar(4),
            "▅" => Self::Bar(5),
            "▆" => Self::Bar(6),
            "▇" => Self::Bar(7),
            "█" => Self::Bar(8),
            "░" => Self::Shade,
            _ => return None,
        })
    }
}

/// What is drawn with one pen.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Pen {
    ink: String,
    dim: bool,
    kind: Kind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Line(Weight),
    Fill,
    Shade,
}

/// The shapes of a picture, each pen's in one path.
#[derive(Debug, Default)]
pub(super) struct Shapes {
    paths: BTreeMap<Pen, String>,
    /// The line that can still grow to the right: its pen, where it ends, and how
    /// long its path was before that end was written.
    open: Option<(Pen, u32, u32, usize)>,
}

impl Shapes {
    /// Adds the shape of a cell whose upper left corner is there.
    pub(super) fn add(&mut self, shape: Shape, ink: &str, dim: bool, (left, top): (u32, u32)) {
        let pen = |kind| Pen {
            ink: ink.to_owned(),
            dim,
            kind,
        };
        match shape {
            Shape::Arms(arms, weight) => self.line(arms, pen(Kind::Line(weight)), left, top),
            Shape::Bar(eighths) => {
                // A full one fills its cell; others stand on the letters' line, with
                // a hair between them.
                let (wide, room, foot) = match eighths {
                    8 => (CELL.0, CELL.1, CELL.1),
                    _ => (CELL.0 - 1, BASELINE, BASELINE + 1),
                };
                let high = (room * eighths).div_ceil(8);
                let y = top + foot - high;
                let path = self.paths.entry(pen(Kind::Fill)).or_default();
                let _ = write!(path, "M{left} {y}h{wide}v{high}h-{wide}z");
            }
            Shape::Shade => {
                let path = self.paths.entry(pen(Kind::Shade)).or_default();
                let _ = write!(path, "M{left} {top}h{}v{}h-{}z", CELL.0, CELL.1, CELL.0);
            }
        }
    }

    fn line(&mut self, arms: [bool; 4], pen: Pen, left: u32, top: u32) {
        let (right, bottom) = (left + CELL.0, top + CELL.1);
        // Cells are odd in width and height: the middle lies between two pixels' edges.
        let (x, y) = (
            format!("{}.5", left + CELL.0 / 2),
            format!("{}.5", top + CELL.1 / 2),
        );
        if arms == [true, true, false, false] {
            let path = self.paths.entry(pen.clone()).or_default();
            match &self.open {
                Some((of, end, row, length)) if *of == pen && *end == left && *row == top => {
                    path.truncate(*length);
                }
                _ => {
                    let _ = write!(path, "M{left} {y}");
                }
            }
            let length = path.len();
            let _ = write!(path, "H{right}");
            self.open = Some((pen, right, top, length));
            return;
        }
        self.open = None;
        let path = self.paths.entry(pen).or_default();
        let _ = match arms {
            [_, _, true, true] => write!(path, "M{x} {top}V{bottom}"),
            [true, _, _, true] => write!(path, "M{left} {y}Q{x} {y} {x} {bottom}"),
            [true, _, true, _] => write!(path, "M{left} {y}Q{x} {y} {x} {top}"),
            [_, true, _, true] => write!(path, "M{right} {y}Q{x} {y} {x} {bottom}"),
            [_, true, true, _] => write!(path, "M{right} {y}Q{x} {y} {x} {top}"),
            _ => Ok(()),
        };
    }

    /// All of them.
    pub(super) fn draw(&self, out: &mut String) {
        for (pen, path) in &self.paths {
            let look = match pen.kind {
                Kind::Line(Weight::Light) => {
                    format!("fill=\"none\" stroke=\"{}\" stroke-width=\"1.2\"", pen.ink)
                }
                Kind::Line(Weight::Heavy) => {
                    format!("fill=\"none\" stroke=\"{}\" stroke-width=\"3\"", pen.ink)
                }
                Kind::Fill => format!("fill=\"{}\"", pen.ink),
                Kind::Shade => format!("fill=\"{}\" fill-opacity=\"0.25\"", pen.ink),
            };
            let dim = if pen.dim { super::DIM } else { "" };
            let _ = writeln!(out, "<path {look}{dim} d=\"{path}\"/>");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbours_of_a_line_are_one_line_and_corners_meet_it() {
        let mut shapes = Shapes::default();
        for (i, sign) in ["╭", "─", "─", "╮"].into_iter().enumerate() {
            let left = 10 + 9 * u32::try_from(i).unwrap();
            shapes.add(Shape::of(sign).unwrap(), "#fff", false, (left, 10));
        }
        let mut drawn = String::new();
        shapes.draw(&mut drawn);
        assert!(
            drawn.contains("M19 19.5Q14.5 19.5 14.5 29M19 19.5H37M37 19.5Q41.5 19.5 41.5 29"),
            "{drawn}"
        );
    }

    #[test]
    fn the_signs_of_words_stay_text() {
        for sign in ["●", "▶", "a", " ", "⧗", "漢"] {
            assert_eq!(Shape::of(sign), None);
        }
    }
}
