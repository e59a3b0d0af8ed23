//! Saved views: a filter with its sort, tab and vendor, under a name. They stand
//! in `ordertop.toml`, which people edit too:
//!
//! ```toml
//! [views."late and large"]
//! filter = "due:late total>100"
//! sort = "ship-by"        # urgency, newest, number, vendor, buyer, total, status, age, ship-by
//! reversed = true
//! tab = "paid"
//! vendor = "42"
//! ```
//!
//! Everything but the name may be left out: then nothing is filtered, and what
//! is not named stays as it is when the program starts.

use std::io;
use std::path::Path;

use ordertop::order::{OrderStatus, VendorId};
use serde::{Deserialize, Serialize};
use toml_edit::{DocumentMut, Item, Table, value};

use crate::config::edit;
use crate::model::filter::Filter;
use crate::model::sort::{Sort, Sorting};

/// The table of all views.
pub const SECTION: &str = "views";
/// Longest name, in characters.
pub const MAX_NAME_CHARS: usize = 40;

/// A filter with its sort, tab and vendor, under a name.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SavedView {
    /// What it is called.
    pub name: String,
    /// The filter as it is typed; blank lets everything through.
    pub filter: String,
    /// How the list is sorted.
    pub sorting: Sorting,
    /// The status that alone is shown.
    pub tab: Option<OrderStatus>,
    /// The vendor whose orders alone are shown.
    pub vendor: Option<VendorId>,
}

/// Reads a way to sort by its name.
///
/// # Errors
/// When there is no such way: which ones there are.
pub fn sort_named(name: &str) -> Result<Sort, String> {
    // It was called so while the column showed the time in the status.
    if name.eq_ignore_ascii_case("age") {
        return Ok(Sort::Since);
    }
    let found = Sort::ALL
        .into_iter()
        .find(|sort| sort.name().eq_ignore_ascii_case(name));
    found.ok_or_else(|| format!("sort by {}", Sort::ALL.map(Sort::name).join(", ")))
}

/// Reads a status by its name, in upper or lower case.
///
/// # Errors
/// When there is no such status: which ones there are.
pub fn tab_named(name: &str) -> Result<OrderStatus, String> {
    let found = OrderStatus::ALL
        .into_iter()
        .find(|status| status.as_str().eq_ignore_ascii_case(name));
    found.ok_or_else(|| {
        let all = OrderStatus::ALL.map(|status| status.as_str().to_lowercase());
        format!("the statuses are {}", all.join(", "))
    })
}

/// Reads a filter, to be kept as its text.
///
/// # Errors
/// When it is none: which character is wrong and what would be right.
pub fn filter_text(text: &str) -> Result<String, String> {
    match Filter::parse(text) {
        Ok(_) => Ok(text.to_owned()),
        Err(error) => Err(error.to_string()),
    }
}

/// Writes a view into a configuration file, in place of one of the same name.
/// The rest of the file stays as it is, comments too; the file is replaced as a
/// whole or not at all.
///
/// # Errors
/// When the file cannot be read or written, or is no TOML.
pub fn save(path: &Path, view: &SavedView) -> io::Result<()> {
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
    use super::*;

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
        save(&path, &view()).unwrap();
        save(&path, &view()).unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), WRITTEN);
        std::fs::write(&path, "no [ toml").unwrap();
        assert!(save(&path, &view()).is_err());
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "no [ toml");
    }

    #[test]
    fn names_are_read_in_any_case() {
        assert_eq!(sort_named("Ship-By"), Ok(Sort::ShipBy));
        assert_eq!(sort_named("since"), Ok(Sort::Since));
        assert_eq!(sort_named("age"), Ok(Sort::Since), "its name of before");
        assert!(sort_named("size").is_err_and(|words| words.contains("ship-by")));
        assert_eq!(tab_named("PAID"), Ok(OrderStatus::Paid));
        assert!(tab_named("pay").is_err_and(|words| words.contains("refunded")));
        assert!(filter_text("staus:paid").is_err_and(|words| words.contains("character 1")));
    }
}
