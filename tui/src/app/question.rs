//! A question before something that cannot be taken back and is about no one order.

use ordertop::order::OrderKey;

use super::{App, Overlay};
use crate::event::Effect;
use crate::model::keymap::Action;
use crate::strings;

/// What is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Question {
    /// Dismiss all notifications?
    DismissAll,
    /// Print the packing slips of these orders?
    Print(Vec<OrderKey>),
}

impl Question {
    /// The question in words; there are `notices` notifications.
    #[must_use]
    pub fn title(&self, notices: usize) -> String {
        match self {
            Self::DismissAll => strings::dismiss_title(notices),
            Self::Print(keys) => strings::print_title(keys.len()),
        }
    }

    /// The button.
    #[must_use]
    pub fn button(&self) -> &'static str {
        match self {
            Self::DismissAll => strings::DISMISS_ALL,
            Self::Print(_) => strings::PRINT,
        }
    }
}

impl App {
    /// Asks before all notifications go; there is nothing to ask about none.
    pub(super) fn ask_dismiss_all(&mut self) {
        if self.notices.is_empty() {
            return self.say(strings::NO_NOTICES);
        }
        self.overlay = Overlay::Question(Question::DismissAll);
    }

    pub(super) fn question_key(&mut self, action: Option<Action>, effects: &mut Vec<Effect>) {
        match action {
            Some(Action::Cancel) => self.overlay = Overlay::None,
            Some(Action::Confirm) => {
                let asked = std::mem::replace(&mut self.overlay, Overlay::None);
                match asked {
                    Overlay::Question(Question::DismissAll) => {
                        self.notices.clear();
                        self.say(strings::NO_NOTICES);
                    }
                    Overlay::Question(Question::Print(keys)) => self.print_all(&keys, effects),
                    other => self.overlay = other,
                }
            }
            _ => {}
        }
    }
}
