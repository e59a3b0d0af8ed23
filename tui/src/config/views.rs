//! `[views]`: a table for each saved view, `[views."late and large"]`.

use toml::de::DeValue;

use super::section::{Section, kind};
use crate::model::sort::Sorting;
use crate::views::{MAX_NAME_CHARS, SavedView, filter_text, sort_named, tab_named};

/// The views, by name.
pub(super) fn read(mut views: Section<'_, '_>) -> Vec<SavedView> {
    let reader = views.reader;
    let mut all = Vec::new();
    for (name, value) in views.all() {
        if name.value.trim().is_empty() || name.value.chars().count() > MAX_NAME_CHARS {
            let words = format!("a view's name has 1 to {MAX_NAME_CHARS} characters");
            reader.mistake(&name.at, words);
            continue;
        }
        let DeValue::Table(table) = value.get_ref() else {
            let is = kind(value.get_ref());
            let words = format!(
                "view \"{}\" is {is}: write it as [views.\"{}\"]",
                name.value, name.value
            );
            reader.mistake(&name.at, words);
            continue;
        };
        let section = Section::inner(reader, format!("views.\"{}\"", name.value), table);
        all.push(read_view(name.value, section));
    }
    all
}

fn read_view(name: &str, mut section: Section<'_, '_>) -> SavedView {
    let filter = section.read("filter", filter_text);
    let sort = section.read("sort", sort_named);
    let reversed = section.flag("reversed");
    let tab = section.read("tab", tab_named);
    let vendor = section.read("vendor", |id| {
        id.parse().map_err(|error| format!("{error}"))
    });
    section.finish();
    let usual = Sorting::default();
    SavedView {
        name: name.to_owned(),
        filter: filter.map(|found| found.value).unwrap_or_default(),
        sorting: Sorting {
            by: sort.map_or(usual.by, |found| found.value),
            reversed: reversed.map_or(usual.reversed, |found| found.value),
        },
        tab: tab.map(|found| found.value),
        vendor: vendor.map(|found| found.value),
    }
}
