//! The form of the first start.
//!
//! ```text
//! ╭ Welcome to ordertop ───────────────────────────────╮
//! │ A live table of a shop's orders. Which server …    │
//! │                                                    │
//! │ Server  http://127.0.0.1:8080                      │
//! │         Where ordertop-server listens …            │
//! │ …                                                  │
//! │ [ Connect ]  [ Try the demo ]  [ Quit ]            │
//! │                                                    │
//! │ Connect keeps this in ~/.config/ordertop/…         │
//! ╰────────────────────────────────────────────────────╯
//! Tab next  Enter connect  Esc quit
//! ```

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::{Modifier, Style};

use super::MIN_SIZE;
use super::header::after_columns;
use super::paint::{blank, columns, frame, put, turned};
use crate::model::keymap::{Action, Context};
use crate::model::start::Spot;
use crate::model::text::{cut, wrap};
use crate::start::{Form, Stage};
use crate::strings;
use crate::strings::start as words;

/// Widest that the form gets.
const WIDEST: u16 = 78;
/// From this many rows on there is a frame.
const FRAMED: u16 = 12;
/// Columns of the fields' names.
const NAMES: u16 = 8;
/// Between two buttons.
const BETWEEN: u16 = 2;

/// A line of the form.
#[derive(Debug, Clone)]
enum Line {
    Gap,
    Intro(String),
    Field(Spot),
    /// About a field.
    Hint(String),
    /// What is wrong; its first line has a sign.
    Fault(&'static str, String),
    Buttons,
    /// Done on the way.
    Done(String),
    /// Under way.
    Busy(String),
    Note(String),
}

/// How much of the form there is room for, the most first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Room {
    /// Everything, with gaps.
    Wide,
    /// Everything.
    Usual,
    /// The hint of the field that has the keys, and no other.
    Tight,
    /// What must be there.
    Bare,
}

/// What stands where.
#[derive(Debug)]
pub struct StartPlaces {
    /// The form, its frame included.
    area: Rect,
    /// The lines, without the frame.
    inner: Rect,
    footer: Rect,
    framed: bool,
    lines: Vec<Line>,
}

/// What stands where; `None` when the terminal is too small.
#[must_use]
pub fn start_places(form: &Form) -> Option<StartPlaces> {
    let (width, height) = form.size;
    if width < MIN_SIZE.0 || height < MIN_SIZE.1 {
        return None;
    }
    let framed = height >= FRAMED;
    let wide = width.min(WIDEST);
    // The frame and a column beside it; without a frame, a column alone.
    let (edge, beside) = if framed { (1, 2) } else { (0, 1) };
    let room = wide - 2 * beside;
    let most = usize::from(height - 1 - 2 * edge);
    let all = [Room::Wide, Room::Usual, Room::Tight, Room::Bare];
    let mut lines = Vec::new();
    for tier in all {
        lines = lines_of(form, tier, usize::from(room));
        if lines.len() <= most {
            break;
        }
    }
    lines.truncate(most);
    let high = u16::try_from(lines.len()).unwrap_or(0) + 2 * edge;
    let area = Rect::new((width - wide) / 2, (height - 1 - high) / 3, wide, high);
    Some(StartPlaces {
        inner: Rect::new(area.x + beside, area.y + edge, room, area.height - 2 * edge),
        area,
        footer: Rect::new(0, height - 1, width, 1),
        framed,
        lines,
    })
}

fn lines_of(form: &Form, room: Room, wide: usize) -> Vec<Line> {
    let gap = (room == Room::Wide).then_some(Line::Gap);
    let beside = wide.saturating_sub(usize::from(NAMES));
    // The shortest form has two rows for words.
    let most = if room == Room::Bare { 2 } else { usize::MAX };
    let wrapped = |text: &str, wide: usize| {
        let mut lines = wrap(text, wide);
        if lines.len() > most {
            let rest = lines.split_off(most - 1).join(" ");
            lines.push(cut(&rest, wide).into_owned());
        }
        lines
    };
    let mut lines = Vec::new();
    match room {
        Room::Bare => lines.push(Line::Intro(words::INTRO_SHORT.into())),
        _ => {
            lines.extend(wrapped(words::INTRO, wide).into_iter().map(Line::Intro));
            lines.push(Line::Gap);
        }
    }
    let fault = form.fault.as_ref();
    for spot in Spot::FIELDS {
        lines.push(Line::Field(spot));
        if room == Room::Bare {
            continue;
        }
        match fault.filter(|fault| fault.at == spot) {
            Some(fault) => {
                let words = wrapped(&fault.words, beside.saturating_sub(2));
                lines.extend(faults(words));
            }
            None if room != Room::Tight || form.focus == spot => {
                let words = wrapped(words::hint(spot), beside);
                lines.extend(words.into_iter().map(Line::Hint));
            }
            None => {}
        }
        lines.extend(gap.clone());
    }
    if matches!(room, Room::Usual | Room::Tight) {
        lines.push(Line::Gap);
    }
    lines.push(Line::Buttons);
    if room != Room::Bare {
        lines.push(Line::Gap);
    }
    lines.extend(below(form, room, wide, &wrapped));
    lines
}

/// What stands under the buttons: how far it is, what is wrong, what will be kept.
fn below(
    form: &Form,
    room: Room,
    wide: usize,
    wrapped: &dyn Fn(&str, usize) -> Vec<String>,
) -> Vec<Line> {
    let bare = room == Room::Bare;
    match (form.stage, &form.fault) {
        (Stage::Trying(step), _) => {
            let host = form.input(Spot::Server).map(|input| input.value());
            let host = host.and_then(|typed| typed.split_once("://"));
            let host = host.map_or("", |(_, host)| host);
            let (done, busy) = words::steps(step, host);
            let done = done.map(Line::Done);
            return done.into_iter().chain([Line::Busy(busy)]).collect();
        }
        (Stage::Saving, _) => return vec![Line::Busy(words::SAVING.into())],
        (Stage::Demo, _) => return vec![Line::Busy(words::DEMO.into())],
        (Stage::Asking, Some(fault)) if bare || fault.at == Spot::Connect => {
            let words = wrapped(&fault.words, wide.saturating_sub(2));
            return faults(words).collect();
        }
        _ => {}
    }
    let words = match form.focus {
        Spot::Demo | Spot::Quit => words::hint(form.focus).to_owned(),
        focus if bare => words::hint(focus).to_owned(),
        _ => words::kept_in(form.known.file.as_deref()),
    };
    wrapped(&words, wide).into_iter().map(Line::Note).collect()
}

fn faults(words: Vec<String>) -> impl Iterator<Item = Line> {
    let signs = std::iter::once("!").chain(std::iter::repeat(" "));
    signs
        .zip(words)
        .map(|(sign, words)| Line::Fault(sign, words))
}

impl StartPlaces {
    /// The field or button at a place of the screen.
    #[must_use]
    pub fn spot_at(&self, at: Position) -> Option<Spot> {
        if !self.inner.contains(at) {
            return None;
        }
        match self.lines.get(usize::from(at.y - self.inner.y))? {
            Line::Field(spot) => Some(*spot),
            Line::Buttons => {
                let mut buttons = self.buttons();
                buttons
                    .find(|(_, place)| place.contains(at))
                    .map(|(spot, _)| spot)
            }
            _ => None,
        }
    }

    fn buttons(&self) -> impl Iterator<Item = (Spot, Rect)> {
        let line = self
            .lines
            .iter()
            .position(|line| matches!(line, Line::Buttons));
        let y = self.inner.y + u16::try_from(line.unwrap_or(0)).unwrap_or(0);
        let (mut x, roomy) = (self.inner.x, self.inner.width >= 44);
        Spot::BUTTONS.into_iter().map(move |spot| {
            let wide = columns(&button(spot, roomy));
            let place = Rect::new(x, y, wide, 1);
            x += wide + if roomy { BETWEEN } else { 1 };
            (spot, place)
        })
    }
}

fn button(spot: Spot, roomy: bool) -> String {
    match roomy {
        true => format!("[ {} ]", words::label(spot)),
        false => format!("[{}]", words::label(spot)),
    }
}

/// Draws the form. Gives the place of the text cursor, where a field has the keys.
pub fn draw_start(form: &Form, buf: &mut Buffer) -> Option<Position> {
    let cursor = draw_parts(form, buf);
    form.theme.finish(buf);
    cursor
}

fn draw_parts(form: &Form, buf: &mut Buffer) -> Option<Position> {
    let whole = Rect::new(0, 0, form.size.0, form.size.1);
    let places = start_places(form).filter(|_| buf.area.intersection(whole) == whole);
    let Some(places) = places else {
        let words = strings::too_small(MIN_SIZE, form.size);
        super::paint::centre(buf, buf.area, buf.area.height / 2, &words, Style::new());
        return None;
    };
    let theme = form.theme;
    if places.framed {
        blank(buf, places.area);
        frame(buf, places.area, words::TITLE, true, theme);
    }
    let mut cursor = None;
    let under = Rect {
        x: places.inner.x + NAMES,
        width: places.inner.width - NAMES,
        ..places.inner
    };
    let mut about_field = false;
    for (line, y) in places.lines.iter().zip(places.inner.y..) {
        let here = if about_field { under } else { places.inner };
        let x = here.x;
        let signed = |buf: &mut Buffer, sign: &str, words: &str, style: Style| {
            let x = put(buf, here, x, y, sign, style);
            put(buf, here, x + 1, y, words, style);
        };
        match line {
            Line::Gap => about_field = false,
            Line::Intro(words) => {
                put(buf, here, x, y, words, theme.strong());
            }
            Line::Field(spot) => {
                about_field = places.framed;
                cursor = draw_field(
                    form,
                    *spot,
                    Rect {
                        y,
                        height: 1,
                        ..places.inner
                    },
                    buf,
                )
                .or(cursor);
            }
            Line::Hint(words) => {
                put(buf, under, under.x, y, words, theme.quiet());
            }
            Line::Fault(sign, words) => signed(buf, sign, words, theme.bad()),
            Line::Done(words) => signed(buf, "✓", words, theme.good()),
            Line::Busy(words) => signed(buf, turned(form.turn), words, theme.accent()),
            Line::Note(words) => {
                put(buf, here, x, y, words, theme.quiet());
            }
            Line::Buttons => {
                about_field = false;
                let roomy = places.inner.width >= 44;
                for (spot, place) in places.buttons() {
                    let style = match form.focus == spot {
                        true => theme.cursor(),
                        false => theme.strong(),
                    };
                    put(buf, place, place.x, y, &button(spot, roomy), style);
                }
            }
        }
    }
    draw_footer(form, places.footer, buf);
    cursor
}

/// A field: its name, and what is typed on a line of its own. Gives the place of
/// the text cursor.
fn draw_field(form: &Form, spot: Spot, line: Rect, buf: &mut Buffer) -> Option<Position> {
    let theme = form.theme;
    let input = form.input(spot)?;
    let has_keys = form.focus == spot;
    let wrong = form.fault.as_ref().is_some_and(|fault| fault.at == spot);
    let name = match (wrong, has_keys) {
        (true, _) => theme.bad().patch(theme.strong()),
        (false, true) => theme.key(),
        (false, false) => theme.text(),
    };
    put(buf, line, line.x, line.y, words::label(spot), name);
    let field = Rect {
        x: line.x + NAMES,
        width: line.width - NAMES,
        ..line
    };
    let below = Modifier::UNDERLINED;
    buf.set_style(field, theme.quiet().add_modifier(below));
    let room = usize::from(field.width.saturating_sub(1));
    let (value, at, scroll) = match spot {
        // Every character is a dot, however wide it is.
        Spot::Token => {
            let at = input.cursor();
            let dots = "•".repeat(input.value().chars().count());
            (dots, at, at.saturating_sub(room))
        }
        _ => (
            input.value().to_owned(),
            input.visual_cursor(),
            input.visual_scroll(room),
        ),
    };
    if value.is_empty() {
        let from = form.known.token.as_ref().map(|token| token.from.as_str());
        let empty = words::empty(spot, from);
        put(
            buf,
            field,
            field.x,
            line.y,
            &empty,
            theme.quiet().add_modifier(below),
        );
    } else {
        let style = theme.strong().add_modifier(below);
        put(
            buf,
            field,
            field.x,
            line.y,
            &after_columns(&value, scroll),
            style,
        );
    }
    let shown = u16::try_from(at.saturating_sub(scroll).min(room)).unwrap_or(0);
    has_keys.then(|| Position::new(field.x + shown, line.y))
}

fn draw_footer(form: &Form, area: Rect, buf: &mut Buffer) {
    let theme = form.theme;
    let context = form.context();
    let enter = match form.focus {
        Spot::Demo | Spot::Quit => words::ENTER_CHOOSE,
        _ if form.enter_leads_on() => words::ENTER_NEXT,
        _ => words::ENTER_CONNECT,
    };
    let trying = matches!(form.stage, Stage::Trying(_));
    let leave = if trying { words::STOP } else { words::LEAVE };
    let quit = form.keymap.first(Context::Field, Action::Quit);
    let keys = [
        (form.keymap.first(context, Action::NextField), words::NEXT),
        (form.keymap.first(context, Action::Confirm), enter),
        (form.keymap.first(context, Action::Cancel), leave),
        (quit, words::LEAVE),
    ];
    let mut x = area.x + 1;
    for (key, word) in keys.iter().take(if trying { 4 } else { 3 }) {
        let wide = columns(key) + 1 + columns(word);
        if key.is_empty() || x + wide > area.right() {
            continue;
        }
        x = put(buf, area, x, area.y, key, theme.key());
        x = put(buf, area, x + 1, area.y, word, theme.quiet()) + 2;
    }
}
