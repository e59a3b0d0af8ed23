//! Whole screens, compared with the files in `src/snapshots/screens/`: one file
//! for each state, and in it the state at every size, its text and its styles.
//! `ORDERTOP_UPDATE_SNAPSHOTS=1` writes the files anew; without it a difference
//! is a failure.
//!
//! | module | what it holds |
//! |---|---|
//! | `states` | the table of the states: a new one is an entry there |
//! | `stage` | a screen that is told events |
//! | `orders` | the orders on it |
//! | `drawing` | a frame as text |
//! | `unusual` | the states under keys that nobody has |

pub(crate) mod drawing;
mod orders;
mod stage;
mod states;
mod unusual;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use ratatui::buffer::{Buffer, Cell};
use ratatui::layout::Position;
use ratatui::style::Color;

pub(crate) use orders::{orders, service};
pub(crate) use stage::Stage;

use crate::event::Event;
use crate::theme::{Depth, Glyphs, Looks, Palette, Theme, ThemeName};
use crate::view::MIN_SIZE;

/// Side by side, one pane, fewer columns, the smallest that is drawn, and one
/// that is too small.
pub(crate) const SIZES: [(u16, u16); 5] = [(120, 30), (80, 24), (60, 20), (40, 8), (39, 7)];

/// A state and how a screen of a size comes to it.
struct State {
    name: &'static str,
    stage: fn((u16, u16)) -> Stage,
}

impl State {
    fn at(&self, size: (u16, u16)) -> Stage {
        if size.0 >= MIN_SIZE.0 && size.1 >= MIN_SIZE.1 {
            return (self.stage)(size);
        }
        // A screen too small takes no keys: it was larger before.
        let mut stage = (self.stage)(MIN_SIZE);
        stage.app.update(Event::Resize(size.0, size.1));
        stage
    }
}

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("src/snapshots/screens")
}

fn updating() -> bool {
    std::env::var_os("ORDERTOP_UPDATE_SNAPSHOTS").is_some()
}

/// The state at every size.
fn drawn(state: &State) -> String {
    let mut out = String::new();
    let mut legend = drawing::Legend::default();
    for size in SIZES {
        let stage = state.at(size);
        let theme = stage.app.settings.theme;
        out.push_str(&frame(stage.draw_with_cursor(), theme, &mut legend));
    }
    format!("{out}[legend]\n{}", legend.lines())
}

/// A frame's text, then its styles; no byte of it steers a terminal.
pub(crate) fn frame(
    (buffer, cursor): (Buffer, Option<Position>),
    theme: Theme,
    legend: &mut drawing::Legend,
) -> String {
    let size = format!("{}x{}", buffer.area.width, buffer.area.height);
    for cell in &buffer.content {
        let symbol = cell.symbol();
        let steers = |c: char| {
            c.is_control() || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
        };
        assert!(!symbol.contains(steers), "{size} {symbol:?}");
    }
    let cursor = cursor.map_or(String::new(), |at| {
        format!(", text cursor at {},{}", at.x, at.y)
    });
    let text = drawing::text(&buffer);
    let styles = legend.styles(&buffer, theme);
    format!("[{size}{cursor}]\n{text}[{size} styles]\n{styles}")
}

/// How a file differs from what was drawn; nothing where it does not. When the
/// files are written anew, it is.
pub(crate) fn differs(file: &Path, drawn: &str) -> Option<String> {
    if updating() {
        std::fs::write(file, drawn).unwrap();
        return None;
    }
    let kept = std::fs::read_to_string(file).unwrap_or_default();
    (kept != drawn).then(|| format!("{}:\n{}", file.display(), difference(&kept, drawn)))
}

#[test]
fn every_state_at_every_size() {
    let folder = folder();
    if updating() {
        std::fs::create_dir_all(&folder).unwrap();
    }
    let mut wrong = Vec::new();
    for state in states::all() {
        let file = folder.join(format!("{}.txt", state.name));
        wrong.extend(differs(&file, &drawn(state)));
    }
    assert!(
        wrong.is_empty(),
        "ORDERTOP_UPDATE_SNAPSHOTS=1 writes them anew\n{}",
        wrong.join("\n")
    );
}

/// The lines that differ, with the size that they are of.
fn difference(kept: &str, drawn: &str) -> String {
    let mut out = String::new();
    let mut section = "";
    let (mut kept, mut drawn) = (kept.lines(), drawn.lines());
    loop {
        let (was, is) = (kept.next(), drawn.next());
        if (was, is) == (None, None) {
            return out;
        }
        section = is.filter(|line| line.starts_with('[')).unwrap_or(section);
        if was != is {
            let line = |line: Option<&str>| line.unwrap_or("(nothing)").to_owned();
            out.push_str(&format!("{section}\n- {}\n+ {}\n", line(was), line(is)));
        }
    }
}

#[test]
fn every_file_is_of_a_state_and_every_state_has_one_name() {
    let names: BTreeSet<String> = states::all()
        .map(|state| format!("{}.txt", state.name))
        .collect();
    assert_eq!(names.len(), states::all().count());
    for file in std::fs::read_dir(folder()).unwrap() {
        let file = file.unwrap();
        let name = file.file_name().to_string_lossy().into_owned();
        if !names.contains(&name) {
            assert!(updating(), "{name} is of no state");
            std::fs::remove_file(file.path()).unwrap();
        }
    }
}

/// The first cell with a sign beyond ASCII. What people write is left as it is:
/// letters, and the pictures that some names have.
pub(crate) fn sign_beyond_ascii(buffer: &Buffer) -> Option<&Cell> {
    let written = |c: char| c.is_ascii_graphic() || c == ' ' || c.is_alphabetic();
    let picture = |c: char| c >= '\u{1f000}';
    let known = |cell: &&Cell| {
        let first = cell.symbol().chars().next();
        first.is_none_or(|c| written(c) || picture(c))
    };
    buffer.content.iter().find(|cell| !known(cell))
}

#[test]
fn every_sign_is_ascii_in_the_ascii_theme() {
    let looks = Looks {
        name: ThemeName::Ascii,
        ..Looks::default()
    };
    let usual = Stage::shop(SIZES[0]).draw();
    assert!(sign_beyond_ascii(&usual).is_some(), "it finds some");
    for state in states::all() {
        for size in SIZES.into_iter().chain([(160, 45), (80, 50)]) {
            let mut stage = state.at(size);
            stage.app.settings.theme = Theme::of(&looks, Depth::Sixteen, Glyphs::Unicode);
            let buffer = stage.draw();
            let other = sign_beyond_ascii(&buffer);
            assert!(other.is_none(), "{} {size:?} {other:?}", state.name);
        }
    }
}

#[test]
fn every_state_can_do_without_colours_and_beyond_ascii() {
    let coloured = |cell: &Cell| cell.fg != Color::Reset || cell.bg != Color::Reset;
    for state in states::all() {
        for size in [(160, 45), (80, 50), (40, 8)] {
            let mut stage = state.at(size);
            let name = state.name;
            // A state that is about the looks has others already.
            let words = (!states::is_of_looks(state)).then(|| stage.screen());
            stage.app.settings.theme = Theme::new(Palette::Plain);
            let plain = stage.draw();
            assert!(!plain.content().iter().any(coloured), "{name} {size:?}");
            if let Some(words) = words {
                assert_eq!(drawing::text(&plain), words, "{name} {size:?}");
            }
            stage.app.settings.theme = Theme::of(&Looks::default(), Depth::None, Glyphs::AsciiOnly);
            let buffer = stage.draw();
            let mut cells = buffer.content().iter();
            let other = cells.find(|cell| !cell.symbol().is_ascii());
            assert!(other.is_none(), "{name} {size:?} {other:?}");
        }
    }
}
