//! The last frame of a record as a picture: the same bytes on every machine,
//! whatever its terminal, environment and configuration are.

use std::io::BufRead;
use std::path::Path;

use anyhow::Context as _;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::replay::{Player, open};
use crate::app::Settings;
use crate::event::Event;
use crate::svg::{self, Paper};
use crate::theme::{Depth, Glyphs, Looks, Theme, ThemeName};
use crate::view;

/// The size of a picture when the record tells none.
const SIZE: (u16, u16) = (120, 30);

/// Draws the last frame of the record in a file.
///
/// # Errors
/// When it cannot be read, or a line of it is none.
pub fn of_file(file: &Path, theme: ThemeName) -> anyhow::Result<String> {
    of(open(file)?, theme).with_context(|| file.display().to_string())
}

/// Draws the last frame of a record.
///
/// # Errors
/// When a line cannot be read.
pub fn of(record: impl BufRead, theme: ThemeName) -> anyhow::Result<String> {
    let looks = Looks {
        name: theme,
        ..Looks::default()
    };
    let mut player = Player::new(record, |clock| Settings {
        theme: Theme::of(&looks, Depth::True, Glyphs::Unicode),
        ..Settings::new(clock)
    })?;
    player.app.update(Event::Resize(SIZE.0, SIZE.1));
    while player.next_at().is_some() {
        player.step()?;
    }
    let (columns, rows) = player.app.size;
    let mut frame = Buffer::empty(Rect::new(0, 0, columns, rows));
    view::draw(&player.app, &mut frame);
    Ok(svg::draw(&frame, &Paper::of(theme)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::snapshots::differs;

    #[test]
    fn the_pictures_in_the_readme_are_of_the_record_beside_them() {
        let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs");
        let pictures = [
            ("screen.svg", ThemeName::Dark),
            ("screen-light.svg", ThemeName::Light),
        ];
        for (name, theme) in pictures {
            let drawn = of_file(&docs.join("screen.jsonl"), theme).unwrap();
            let differs = differs(&docs.join(name), &drawn);
            assert_eq!(differs, None, "`just screenshot` draws it anew");
        }
    }
}
