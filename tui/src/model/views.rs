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

use ordertop::order::{OrderStatus, VendorId};
use serde::{Deserialize, Serialize};

use crate::model::filter::Filter;
use crate::model::sort::{Sort, Sorting};
use crate::model::text::tame;

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

/// A name as it is kept: one line, without blanks around it, not too long.
pub fn view_name(typed: &str) -> String {
    tame(typed.trim()).chars().take(MAX_NAME_CHARS).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

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
