//! Questions that are about no one order, in words, and keys typed on a button.

use crate::model::text::grouped;

/// A character on the button of a dialog that has no text.
pub const TYPED_ON_BUTTON: &str = "typed text ignored: this question takes none";

/// The question before this many notifications go.
#[must_use]
pub fn dismiss_title(notices: usize) -> String {
    match notices {
        1 => "Dismiss the only notification?".into(),
        more => format!("Dismiss all {} notifications?", grouped(more)),
    }
}

/// Its button.
pub const DISMISS_ALL: &str = "Dismiss all";

/// The question before this many packing slips are printed.
#[must_use]
pub fn print_title(slips: usize) -> String {
    format!("Print {} packing slips?", grouped(slips))
}

/// Its button.
pub const PRINT: &str = "Print";

/// How many of the notifications nobody looked at yet.
#[must_use]
pub fn unread_among(unread: usize) -> String {
    match unread {
        0 => "Every one of them was looked at.".into(),
        unread => format!("{} of them not looked at yet.", grouped(unread)),
    }
}
