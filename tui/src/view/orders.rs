//! The list. Draws the rows that are on the screen and no other: ratatui's own
//! table walks every row in every frame.

use jiff::SignedDuration;
use ordertop::order::OrderStatus;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::Style;

use super::paint::{centre, columns as columns_of, focused, frame, put};
use super::{Areas, areas};
use crate::app::{App, Pane};
use crate::model::keymap::{Action, Context};
use crate::model::row::{Row, Touch};
use crate::model::sort::Sort;
use crate::model::text::{cut, fit, fit_right, tame, width, wrap};
use crate::strings;
use crate::theme::glyph;

/// How long a new or changed row is lit.
const LIT: SignedDuration = SignedDuration::from_secs(5);
/// How long its mark stays.
const MARKED: SignedDuration = SignedDuration::from_secs(60);
/// Cursor, mark and a blank.
const MARKS: usize = 3;
/// `◆ Completed`, `⧗→Delivered`.
const STATUS: usize = 11;
/// A vendor's name is cut so far while a buyer's name has little room.
const SHORT_VENDOR: usize = 8;
/// A vendor's name is cut so far before its column goes.
const MIN_VENDOR: usize = 6;
/// A number is cut so far before other columns go.
const MIN_NUMBER: usize = 12;
/// Most buyers' names fit into this many columns.
const GOOD_BUYER: usize = 16;
/// A buyer's name below this many columns says little.
const MIN_BUYER: usize = 10;
/// It has to do with so many before whose order it is goes.
const SCANT_BUYER: usize = 8;
/// From this many columns of the screen on, whose order it is stays.
const KEEPS_VENDOR: u16 = 80;
/// From this many columns of the screen on, there is room for the items too.
const ROOMY: u16 = 160;
/// All but the longest buyers' names fit into this many columns.
const LONG_BUYER: usize = 20;
/// Items below this many columns say little.
const MIN_ITEMS: usize = 12;

/// How wide each column is; 0 is left out.
struct Columns {
    number: usize,
    vendor: usize,
    buyer: usize,
    items: usize,
    total: usize,
    age: usize,
}

impl Columns {
    /// Names are cut before a column drops. Then columns drop by priority: age, total,
    /// vendor; on a narrow screen the vendor goes first.
    fn new(app: &App, wide: usize) -> Self {
        let widest = app.widest();
        let roomy = app.size.0 >= ROOMY;
        // One vendor's name in every row says nothing.
        let several = app.many_vendors() && app.orders.vendor().is_none();
        let vendor = match (several, roomy) {
            (false, _) => 0,
            (true, false) => widest.vendor.clamp(6, 16),
            (true, true) => widest.vendor.clamp(6, 24),
        };
        let mut columns = Self {
            number: widest.number.clamp(6, 16),
            vendor,
            buyer: 0,
            items: 0,
            total: widest.total.clamp(10, 18),
            age: widest.age.clamp(last_head(app).0.len() + 1, 8),
        };
        // What is missing of so many columns for the buyer is taken from others.
        let short = |buyer: usize, columns: &Self| (buyer + columns.fixed()).saturating_sub(wide);
        let cut = |from: usize, missing: usize, least: usize| {
            from.saturating_sub(missing).max(from.min(least))
        };
        columns.vendor = cut(columns.vendor, short(GOOD_BUYER, &columns), SHORT_VENDOR);
        columns.number = cut(columns.number, short(GOOD_BUYER, &columns), MIN_NUMBER);
        columns.vendor = cut(columns.vendor, short(MIN_BUYER, &columns), MIN_VENDOR);
        let keeps_vendor = columns.vendor > 0 && app.size.0 >= KEEPS_VENDOR;
        let least = if keeps_vendor { SCANT_BUYER } else { MIN_BUYER };
        let drops: [fn(&mut Self) -> &mut usize; 3] = match keeps_vendor {
            true => [|c| &mut c.age, |c| &mut c.total, |c| &mut c.vendor],
            false => [|c| &mut c.vendor, |c| &mut c.age, |c| &mut c.total],
        };
        for drop in drops {
            if short(least, &columns) > 0 {
                *drop(&mut columns) = 0;
            }
        }
        columns.buyer = wide.saturating_sub(columns.fixed());
        let spare = columns.buyer.saturating_sub(LONG_BUYER + 2);
        if roomy && spare >= MIN_ITEMS {
            (columns.buyer, columns.items) = (LONG_BUYER, spare);
        }
        columns
    }

    /// Of the list's rows; their last column stays free, so that nothing sticks
    /// to the frame.
    fn of(app: &App, rows: Rect) -> Self {
        Self::new(app, usize::from(rows.width).saturating_sub(1))
    }

    fn fixed(&self) -> usize {
        let gap = |width: usize| if width == 0 { 0 } else { width + 2 };
        MARKS + gap(self.number) + gap(self.vendor) + gap(self.total) + STATUS + 2 + gap(self.age)
    }
}

pub(super) fn draw(app: &App, area: Rect, areas: &Areas, buf: &mut Buffer) {
    let theme = app.settings.theme;
    let inner = frame(
        buf,
        area,
        strings::ORDERS,
        focused(app, Pane::Orders),
        theme,
    );
    let rows = areas.rows();
    let columns = Columns::of(app, rows);
    if app.orders.shown() == 0 {
        draw_empty(app, inner, buf);
        return;
    }
    if areas.heads {
        let line = Rect { height: 1, ..inner };
        draw_heads(app, &columns, line, buf);
    }
    for (line, y) in (rows.top()..rows.bottom()).enumerate() {
        let at = app.top + line;
        let Some(row) = app.orders.at(at) else {
            break;
        };
        draw_row(
            app,
            row,
            app.is_marked(&row.key),
            &columns,
            Rect {
                y,
                height: 1,
                ..rows
            },
            buf,
        );
    }
    draw_scrollbar(app, area, rows, buf);
}

/// The column heads: word, width, whether it stands on the right, what a press sorts by.
fn heads(app: &App, columns: &Columns) -> [(&'static str, usize, bool, Option<Sort>); 7] {
    let last = last_head(app);
    [
        (
            strings::COLUMN_NUMBER,
            columns.number,
            false,
            Some(Sort::Number),
        ),
        (
            strings::COLUMN_VENDOR,
            columns.vendor,
            false,
            Some(Sort::Vendor),
        ),
        (
            strings::COLUMN_BUYER,
            columns.buyer,
            false,
            Some(Sort::Buyer),
        ),
        (strings::COLUMN_ITEMS, columns.items, false, None),
        (
            strings::COLUMN_TOTAL,
            columns.total,
            true,
            Some(Sort::Total),
        ),
        (strings::COLUMN_STATUS, STATUS, false, Some(Sort::Status)),
        (last.0, columns.age, true, Some(last.1)),
    ]
}

/// The word over the last column, and what a press on it sorts by.
fn last_head(app: &App) -> (&'static str, Sort) {
    match app.orders.sort() {
        Sort::Since => (strings::COLUMN_SINCE, Sort::Since),
        _ => (strings::COLUMN_AGE, Sort::Newest),
    }
}

/// What a press on the column heads sorts by.
#[must_use]
pub fn sort_at(app: &App, at: Position) -> Option<Sort> {
    let areas = areas(app).filter(|areas| areas.heads && app.orders.shown() > 0)?;
    areas.orders?;
    let rows = areas.rows();
    if at.y + 1 != rows.y {
        return None;
    }
    let mut x = rows.x + u16::try_from(MARKS).ok()?;
    for (_, wide, _, sort) in heads(app, &Columns::of(app, rows)) {
        if wide == 0 {
            continue;
        }
        // The gap after a column belongs to it.
        let end = x + u16::try_from(wide + 2).ok()?;
        if (x..end).contains(&at.x) {
            return sort;
        }
        x = end;
    }
    None
}

fn draw_heads(app: &App, columns: &Columns, line: Rect, buf: &mut Buffer) {
    let theme = app.settings.theme;
    let sorting = app.orders.sorting();
    let mut cells = Cells::new(buf, line, MARKS);
    for (word, wide, right, sort) in heads(app, columns) {
        let sorted = sort == Some(sorting.by);
        let style = if sorted {
            theme.accent()
        } else {
            theme.quiet()
        };
        let arrow = if sorted {
            strings::direction(sorting)
        } else {
            ""
        };
        if right {
            cells.right(&format!("{arrow}{word}"), wide, style);
        } else {
            // The arrow may stand in the gap between two columns.
            let x = cells.x + columns_of(word);
            cells.left(word, wide, style);
            if sorted && wide > 0 {
                put(cells.buf, line, x, line.y, arrow, style);
            }
        }
    }
}

fn draw_row(app: &App, row: &Row, marked: bool, columns: &Columns, line: Rect, buf: &mut Buffer) {
    let theme = app.settings.theme;
    let under_cursor = app.cursor.as_ref() == Some(&row.key);
    let reversed = under_cursor && app.focus == Pane::Orders;
    let touched = row
        .touched()
        .filter(|(_, at)| app.now.duration_since(*at) < MARKED);
    let lit = touched.filter(|(_, at)| app.now.duration_since(*at) < LIT);
    let lit = lit.map(|(touch, _)| match touch {
        Touch::New => theme.fresh(),
        Touch::Changed => theme.changed(),
    });
    // Reversed colours of a row would be a patchwork: the cursor has its own.
    let style = |own: Style| {
        if reversed {
            theme.cursor()
        } else if under_cursor {
            own.patch(theme.strong())
        } else {
            own
        }
    };
    if reversed {
        buf.set_style(line, theme.cursor());
    }
    let mark = match touched {
        _ if marked => ("✔", theme.accent()),
        Some((Touch::New, _)) => ("+", theme.fresh()),
        Some((Touch::Changed, _)) => ("Δ", theme.changed()),
        None => (" ", Style::new()),
    };
    let arrow = if under_cursor { "▶" } else { " " };
    put(buf, line, line.x, line.y, arrow, style(theme.accent()));
    put(buf, line, line.x + 1, line.y, mark.0, style(mark.1));

    let text = lit.unwrap_or_else(|| theme.text());
    let quiet = lit.unwrap_or_else(|| theme.quiet());
    let buyer = row.buyer();
    let buyer = if buyer.is_empty() {
        (strings::NO_BUYER, quiet)
    } else {
        (&*buyer, text)
    };
    let status = match app.on_its_way(&row.key) {
        Some(to) => (format!("⧗→{to}"), theme.changed()),
        None => (
            format!("{} {}", glyph(row.status()), row.status()),
            theme.status(row.status()),
        ),
    };
    // What has left cannot be cancelled.
    let asked = row.flags().cancel_requested
        && row.status() == OrderStatus::Paid
        && app.on_its_way(&row.key).is_none();
    let amount = row.total();
    let sort = app.orders.sort();
    let due = row.ship_by().filter(|_| sort != Sort::Since);
    let left = due.map(|due| due.duration_since(app.now));
    let age = strings::last_column(row, sort, app.now);
    let age_style = theme.due(left).unwrap_or(quiet);
    let mut cells = Cells::new(buf, line, MARKS);
    let number = tame(row.key.number.as_str());
    cells.left(&number, columns.number, style(text.patch(theme.strong())));
    let vendor = app.vendor_name(&row.key.vendor);
    cells.left(vendor, columns.vendor, style(quiet));
    // What kind of order it is outlives the end of a long name.
    let signs = strings::flag_signs(row.flags());
    let named = match width(&signs) {
        0 => columns.buyer,
        wide => columns.buyer.saturating_sub(wide + 1),
    };
    let at = cells.x + u16::try_from(named).unwrap_or(0);
    cells.left(&fit(buyer.0, named), columns.buyer, style(buyer.1));
    if !signs.is_empty() {
        let room = columns.buyer.saturating_sub(named);
        let waits = matches!(row.status(), OrderStatus::Pending | OrderStatus::Paid);
        let own = if waits { theme.warning() } else { quiet };
        put(
            cells.buf,
            line,
            at,
            line.y,
            &fit_right(&signs, room),
            style(own),
        );
    }
    if columns.items > 0 {
        cells.left(&strings::items(&row.listed()), columns.items, style(quiet));
    }
    cells.right(&amount, columns.total, style(text));
    let at = cells.x + columns_of(&status.0) + 1;
    cells.left(&status.0, STATUS, style(status.1));
    if asked {
        put(
            cells.buf,
            line,
            at,
            line.y,
            strings::ASKED_SIGN,
            style(theme.warning()),
        );
    }
    cells.right(&age, columns.age, style(age_style));
}

/// Cells of a line, one after the other, two blanks between them.
struct Cells<'a> {
    buf: &'a mut Buffer,
    line: Rect,
    x: u16,
}

impl<'a> Cells<'a> {
    fn new(buf: &'a mut Buffer, line: Rect, skip: usize) -> Self {
        let x = line.x + u16::try_from(skip).unwrap_or(0);
        Self { buf, line, x }
    }

    fn left(&mut self, words: &str, columns: usize, style: Style) {
        self.cell(fit(words, columns), columns, style);
    }

    fn right(&mut self, words: &str, columns: usize, style: Style) {
        self.cell(fit_right(words, columns), columns, style);
    }

    fn cell(&mut self, words: String, columns: usize, style: Style) {
        if columns > 0 {
            put(self.buf, self.line, self.x, self.line.y, &words, style);
            self.x += u16::try_from(columns + 2).unwrap_or(0);
        }
    }
}

fn draw_empty(app: &App, area: Rect, buf: &mut Buffer) {
    let theme = app.settings.theme;
    if let Some(loading) = app.first_loading() {
        return super::loading::draw(app, loading, area, buf);
    }
    let (title, more) = if app.orders.total() == 0 {
        let vendor = app.settings.vendor.as_ref();
        let refresh = app.key_of(Action::Refresh);
        strings::empty(&app.connection, vendor, app.loaded, &refresh)
    } else if app.filter.value().is_empty()
        && let Some(tab) = app.orders.tab()
    {
        let all = app.key_of_all();
        (
            strings::empty_tab(tab),
            strings::no_match_hint(None, Some(&all)),
        )
    } else {
        let all = app.key_of_all();
        let hint = match (app.typing, app.orders.tab()) {
            // A digit would be typed into the filter.
            (true, _) => {
                let clear = (app.settings.keymap).first(Context::Find, Action::Cancel);
                strings::no_match_hint(Some(&clear), None)
            }
            (false, tab) => {
                let clear = app.key_of(Action::Back);
                strings::no_match_hint(Some(&clear), tab.map(|_| &*all))
            }
        };
        (strings::NO_MATCH.to_owned(), hint)
    };
    let wide = usize::from(area.width.saturating_sub(4));
    let title = wrap(&title, wide);
    let more = wrap(&more, wide);
    let lines = title.iter().map(|line| (line, theme.strong()));
    let lines = lines.chain(more.iter().map(|line| (line, theme.quiet())));
    let above = usize::from(area.height).saturating_sub(title.len() + more.len()) / 2;
    for (i, (line, style)) in lines.enumerate() {
        let at = u16::try_from(above + i).unwrap_or(u16::MAX);
        centre(buf, area, at, &cut(line, wide), style);
    }
}

/// Where in the list the screen is, on the frame's right side.
fn draw_scrollbar(app: &App, area: Rect, rows: Rect, buf: &mut Buffer) {
    let (shown, height) = (app.orders.shown(), usize::from(rows.height));
    if shown <= height || height < 3 {
        return;
    }
    let thumb = (height * height / shown).clamp(1, height);
    let way = height - thumb;
    let from = app.top * way / (shown - height).max(1);
    for line in from..(from + thumb).min(height) {
        let y = rows.y + u16::try_from(line).unwrap_or(0);
        buf[(area.right() - 1, y)]
            .set_symbol("┃")
            .set_style(app.settings.theme.frame(focused(app, Pane::Orders)));
    }
}
