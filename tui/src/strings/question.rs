//! Questions that are about no one order, in words, and keys typed on a button.

use crate::app::question::Question;
use crate::model::text::grouped;

/// A character on the button of a dialog that has no text.
pub const TYPED_ON_BUTTON: &str = "typed text ignored: this question takes none";

/// The title of a question; there are `notices` notifications.
#[must_use]
pub fn question_title(question: &Question, notices: usize) -> String {
    match question {
        Question::DismissAll if notices == 1 => "Dismiss the only notification?".into(),
        Question::DismissAll => format!("Dismiss all {} notifications?", grouped(notices)),
        Question::Print(keys) => format!("Print {} packing slips?", grouped(keys.len())),
    }
}

/// The button of a question.
#[must_use]
pub fn question_button(question: &Question) -> &'static str {
    match question {
        Question::DismissAll => "Dismiss all",
        Question::Print(_) => "Print",
    }
}

/// How many of the notifications nobody looked at yet.
#[must_use]
pub fn unread_among(unread: usize) -> String {
    match unread {
        0 => "Every one of them was looked at.".into(),
        unread => format!("{} of them not looked at yet.", grouped(unread)),
    }
}
