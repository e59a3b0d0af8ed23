//! The figures beside the title: what is late or due, and orders an hour.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use super::paint::{columns, put};
use crate::app::App;
use crate::model::text::grouped;
use crate::strings;

/// Columns between two figures: a dot with blanks around it.
const GAP: u16 = 3;
/// From few to many.
const BARS: [&str; 5] = ["▁", "▂", "▃", "▅", "▇"];

/// The columns that each figure takes in its shortest form, with the gap before it.
pub(super) struct Wanted {
    /// What is late.
    pub(super) late: usize,
    /// What is due.
    pub(super) due: usize,
    /// Orders an hour.
    pub(super) hours: usize,
}

impl Wanted {
    pub(super) fn of(app: &App) -> Self {
        let mut gap = 2;
        let [late, due, hours] = parts(app).map(|(forms, _)| {
            let shortest = forms.last().map_or(0, |words| columns(words));
            match shortest {
                0 => 0,
                some => usize::from(some + std::mem::replace(&mut gap, GAP)),
            }
        });
        Self { late, due, hours }
    }
}

/// Draws what fits from a column on, the more urgent first.
pub(super) fn draw(app: &App, area: Rect, mut x: u16, buf: &mut Buffer) {
    let theme = app.settings.theme;
    let mut gap = 2;
    for (forms, style) in parts(app) {
        let fits = |words: &&String| x + gap + columns(words) <= area.right();
        let Some(words) = forms.iter().find(fits).filter(|words| !words.is_empty()) else {
            continue;
        };
        if gap == GAP {
            put(buf, area, x + 1, area.y, "·", theme.quiet());
        }
        x = put(buf, area, x + gap, area.y, words, style);
        gap = GAP;
    }
}

/// The figures, the more urgent first, each in its forms, the longer first.
fn parts(app: &App) -> [(Vec<String>, Style); 3] {
    let theme = app.settings.theme;
    let figures = &app.figures;
    let late = match figures.late {
        0 => String::new(),
        late => format!("{} late", grouped(late)),
    };
    let due = match figures.due {
        0 => String::new(),
        due => format!("{} due <4h", grouped(due)),
    };
    [
        (vec![late], theme.bad().patch(theme.strong())),
        (vec![due], theme.warning()),
        (orders_an_hour(app), theme.quiet()),
    ]
}

/// A bar for each of the last hours, and how many came in the last one; the
/// longer form first.
fn orders_an_hour(app: &App) -> Vec<String> {
    let hours = &app.figures.hours;
    let most = hours.iter().max().copied().unwrap_or(0);
    if most == 0 {
        return Vec::new();
    }
    // Whatever is more than nothing stands out from the ground.
    let bar = |count: &usize| match count {
        0 => BARS[0],
        count => BARS[(count * (BARS.len() - 1)).div_ceil(most)],
    };
    let bars: String = hours.iter().map(bar).collect();
    let last = hours.last().copied().unwrap_or(0);
    let form = |words: String| format!("{bars} {words}");
    strings::an_hour(last).map(form).into()
}
