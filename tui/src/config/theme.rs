//! `[theme]`: its name, its signs, other colours by meaning.

use std::io;
use std::path::Path;

use clap::ValueEnum;
use toml_edit::{DocumentMut, Item, Table};

use super::edit::{edit, set};
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

/// Writes the theme's name into a configuration; the rest of the file stays.
///
/// # Errors
/// When the file cannot be read or written, or is no TOML.
pub(crate) fn keep(file: &Path, name: ThemeName) -> io::Result<()> {
    edit(file, |toml| write(toml, name))
}

fn write(toml: &mut DocumentMut, name: ThemeName) {
    let section = toml.entry("theme").or_insert(Item::Table(Table::new()));
    if let Some(section) = section.as_table_like_mut() {
        set(section, "name", name.name());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;

    #[test]
    fn a_theme_is_kept_among_what_people_wrote() {
        let table = [
            ("", "[theme]\nname = \"ember\"\n"),
            (
                "poll = 60\n\n[theme]\nname = \"auto\"   # or light\naccent = \"#88c0d0\"\n",
                "poll = 60\n\n[theme]\nname = \"ember\"   # or light\naccent = \"#88c0d0\"\n",
            ),
            (
                "theme = { accent = \"red\" }\n",
                "theme = { accent = \"red\" , name = \"ember\" }\n",
            ),
        ];
        for (before, after) in table {
            let mut toml: DocumentMut = before.parse().unwrap();
            write(&mut toml, ThemeName::Ember);
            assert_eq!(toml.to_string(), after);
            let config = Config::read(Path::new("ordertop.toml"), after).unwrap();
            assert_eq!(config.looks.name, ThemeName::Ember);
        }
    }
}
