//! `[theme]`: its name, its signs, other colours by meaning.

use clap::ValueEnum;

use super::section::Section;
use crate::theme::{Glyphs, Looks, Meaning, ThemeName, read_colour};

pub(super) fn read(mut section: Section<'_, '_>) -> Looks {
    let names: Vec<_> = (ThemeName::value_variants().iter())
        .filter_map(|name| Some((name.to_possible_value()?.get_name().to_owned(), *name)))
        .collect();
    let names: Vec<_> = names
        .iter()
        .map(|(word, name)| (word.as_str(), *name))
        .collect();
    let name = section.choice("name", &names);
    let signs = [
        ("auto", None),
        ("unicode", Some(Glyphs::Unicode)),
        ("ascii", Some(Glyphs::Ascii)),
    ];
    let glyphs = section.choice("glyphs", &signs);
    let mut colours = Vec::new();
    for meaning in Meaning::ALL {
        if let Some(found) = section.read(meaning.name(), read_colour) {
            colours.push((meaning, found.value));
        }
    }
    section.finish();
    Looks {
        name: name.map(|found| found.value).unwrap_or_default(),
        glyphs: glyphs.and_then(|found| found.value),
        colours,
    }
}
