//! What the screen shows. Reads the state, writes cells, does nothing else.
//!
//! ```text
//! ordertop  Acme                  Real-time: ON ● 18 ms · 312/s · data <10 s old   header
//! 0 All 100k │ 1 Pending 412 │ 2 Paid 1,204 │ …                                    tabs
//! / ana                               1,204 of 100,000 · by urgency · 7 new ↑      find
//! ╭ Orders ──────────────────────────────╮╭ #10482 ───────────────────────────────╮
//! │▶ 10482  陳美玲   184.00 USD ● Paid 4s││ ✓ Paid ─▶ ○ Shipped ─▶ ○ Delivered    │ orders, order
//! ╰──────────────────────────────────────╯╰───────────────────────────────────────╯
//! ╭ Notifications ─────────────────────────────────────────────────────────────────╮
//! │14:02  new #10482  陳美玲  184.00 USD                                            │ notices
//! ╰────────────────────────────────────────────────────────────────────────────────╯
//! s next step  / filter  …                                                         footer
//! ```

mod alarm;
mod bulk;
mod dialog;
mod figures;
mod find;
mod footer;
mod header;
mod help;
mod hint;
mod layout;
mod loading;
mod note;
mod notices;
mod order;
mod orders;
mod outbox;
mod paint;
mod picker;
mod press;
mod question;
mod start;
mod toast;
mod track;

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::Style;

pub use footer::key_at;
pub use header::tab_at;
pub use help::{help_lines, help_page};
pub use layout::{Areas, MIN_SIZE, areas, drawn, shows_both};
pub use notices::{notice_at, notices_in_sight};
pub use order::order_lines;
pub use orders::sort_at;
use paint::centre;
pub use picker::{picker_entry_at, picker_rows};
use press::Presses;
pub use press::{Press, press_at};
pub use start::{StartPlaces, draw_start, start_places};

use crate::app::{App, Overlay};
use crate::strings;

/// Draws everything. Gives the place of the text cursor, where one is needed.
pub fn draw(app: &App, buf: &mut Buffer) -> Option<Position> {
    let cursor = draw_parts(app, buf);
    app.settings.theme.finish(buf);
    cursor
}

fn draw_parts(app: &App, buf: &mut Buffer) -> Option<Position> {
    let Some(areas) = areas(app).filter(|areas| buf.area.contains_rect(areas.whole)) else {
        too_small(app, buf);
        return None;
    };
    header::draw(app, areas.header, buf);
    header::draw_tabs(app, areas.tabs, buf);
    if let Some(area) = areas.alarm {
        alarm::draw(app, area, buf);
    }
    if let Some(area) = areas.hint {
        hint::draw(app, area, buf);
    }
    if let Some(area) = areas.orders {
        orders::draw(app, area, &areas, buf);
    }
    if let Some(area) = areas.order {
        order::draw(app, area, buf);
    }
    if let Some(area) = areas.notices {
        notices::draw(app, area, buf);
    }
    footer::draw(app, areas.footer, buf);
    // Last: what is wrong with the filter, and what could stand there, lies over the list.
    let cursor = header::draw_find(app, areas.find, buf);
    toast::draw(app, &areas, buf);
    let over = draw_overlay(app, &areas, buf, &mut Presses::default());
    match app.overlay {
        Overlay::None => cursor,
        _ => over,
    }
}

/// Draws what lies over the screen. Gives the place of its text cursor.
fn draw_overlay(
    app: &App,
    areas: &Areas,
    buf: &mut Buffer,
    presses: &mut Presses,
) -> Option<Position> {
    match &app.overlay {
        Overlay::None => None,
        Overlay::Help(help) => help::draw(app, help, buf),
        Overlay::Dialog(dialog) => dialog::draw(app, dialog, areas.dialog(), buf, presses),
        Overlay::Note(note) => note::draw(app, note, areas.whole, buf, presses),
        Overlay::Track(track) => track::draw(app, track, areas.whole, buf, presses),
        Overlay::Question(question) => {
            question::draw(app, question, areas.whole, buf, presses);
            None
        }
        Overlay::Plan(plan) => bulk::draw_plan(app, plan, areas.whole, buf, presses),
        Overlay::Result => {
            if let Some(bulk) = &app.acting.bulk {
                bulk::draw_result(app, bulk, areas.whole, buf);
            }
            None
        }
        Overlay::Outbox(sheet) => {
            outbox::draw(app, sheet, areas.whole, buf, presses);
            None
        }
        Overlay::Picker(picker) => picker::draw(app, picker, buf),
    }
}

trait Contains {
    fn contains_rect(&self, other: Rect) -> bool;
}

impl Contains for Rect {
    fn contains_rect(&self, other: Rect) -> bool {
        self.intersection(other) == other
    }
}

fn too_small(app: &App, buf: &mut Buffer) {
    let area = buf.area;
    let words = strings::too_small(MIN_SIZE, app.size);
    centre(buf, area, area.height / 2, &words, Style::new());
}
