//! `[views]`: a table for each saved view, `[views."late and large"]`.

use std::io;
use std::path::Path;

use toml::de::DeValue;
use toml_edit::{DocumentMut, Item, Table, value};

use super::edit::edit;
use super::section::{Section, kind};
use crate::model::sort::Sorting;
use crate::model::views::{MAX_NAME_CHARS, SECTION, SavedView, filter_text, sort_named, tab_named};

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

/// Writes a view into a configuration file, in place of one of the same name.
/// The rest of the file stays as it is, comments too; the file is replaced as a
/// whole or not at all.
///
/// # Errors
/// When the file cannot be read or written, or is no TOML.
pub fn save_view(path: &Path, view: &SavedView) -> io::Result<()> {
    edit(path, |file| insert(file, view))
}

/// Puts the view into a file.
fn insert(file: &mut DocumentMut, view: &SavedView) {
    let mut section = Table::new();
    // `[views.name]` needs no `[views]` above it.
    section.set_implicit(true);
    let views = file.entry(SECTION).or_insert(Item::Table(section));
    if views.as_table_like().is_none() {
        *views = Item::Table(Table::new());
    }
    let mut table = Table::new();
    if !view.filter.trim().is_empty() {
        table["filter"] = value(view.filter.trim());
    }
    table["sort"] = value(view.sorting.by.name());
    if view.sorting.reversed {
        table["reversed"] = value(true);
    }
    if let Some(tab) = view.tab {
        table["tab"] = value(tab.as_str().to_lowercase());
    }
    if let Some(vendor) = &view.vendor {
        table["vendor"] = value(vendor.as_str());
    }
    if let Some(views) = views.as_table_like_mut() {
        views.insert(&view.name, Item::Table(table));
    }
}

#[cfg(test)]
mod tests {
    use ordertop::order::{OrderStatus, VendorId};

    use super::*;
    use crate::model::sort::Sort;

    fn view() -> SavedView {
        SavedView {
            name: "late and large".into(),
            filter: "due:late total>100 \"a b\"".into(),
            sorting: Sorting {
                by: Sort::ShipBy,
                reversed: true,
            },
            tab: Some(OrderStatus::Paid),
            vendor: Some(VendorId::new("42").unwrap()),
        }
    }

    fn written(before: &str, view: &SavedView) -> Result<String, toml_edit::TomlError> {
        let mut file: DocumentMut = before.parse()?;
        insert(&mut file, view);
        Ok(file.to_string())
    }

    const WRITTEN: &str = "[views.\"late and large\"]\nfilter = 'due:late total>100 \"a b\"'\n\
        sort = \"ship-by\"\nreversed = true\ntab = \"paid\"\nvendor = \"42\"\n";

    #[test]
    fn a_view_is_written_and_the_rest_of_the_file_stays() {
        assert_eq!(written("", &view()).unwrap(), WRITTEN);
        let before = "# mine\nserver = \"http://x\" # here\n\n[views.other]\nfilter = \"ana\"\n";
        let after = written(before, &view()).unwrap();
        assert!(after.starts_with(before), "{after}");
        let mut changed = view();
        changed.filter.clear();
        let again = written(&after, &changed).unwrap();
        assert!(!again.contains("due:late") && again.contains("filter = \"ana\""));
        assert_eq!(again.matches("late and large").count(), 1);
        assert!(written("views = [", &view()).is_err());
    }

    #[test]
    fn a_file_is_made_where_there_is_none() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ordertop").join("ordertop.toml");
        save_view(&path, &view()).unwrap();
        save_view(&path, &view()).unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), WRITTEN);
        std::fs::write(&path, "no [ toml").unwrap();
        assert!(save_view(&path, &view()).is_err());
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "no [ toml");
    }
}
