//! The help: it scrolls, and what is typed after `/` narrows it.

use crossterm::event::KeyEvent;
use tui_input::Input;

use super::typing::{SHORT, type_into};
use super::{App, Overlay};
use crate::event::Effect;
use crate::model::keymap::Action;
use crate::view::{help_lines, help_page};

/// The open help.
#[derive(Debug, Clone, Default)]
pub struct Help {
    /// How many lines are scrolled away.
    pub scroll: usize,
    /// What is looked for.
    pub sought: Input,
    /// Whether that is being typed.
    pub typing: bool,
}

impl App {
    /// Whether something is looked for in the open help.
    #[must_use]
    pub fn help_is_searched(&self) -> bool {
        match &self.overlay {
            Overlay::Help(help) => help.typing || !help.sought.value().is_empty(),
            _ => false,
        }
    }

    /// A key that does nothing here does not close it: it was meant for something
    /// that is not on the screen.
    pub(super) fn help_key(&mut self, action: Action, effects: &mut Vec<Effect>) {
        let Overlay::Help(help) = &mut self.overlay else {
            return;
        };
        match action {
            Action::Find => help.typing = true,
            Action::Back | Action::Quit | Action::Help | Action::Open => {
                self.overlay = Overlay::None;
            }
            Action::Copy => self.screen_key(action, None, effects),
            action => self.move_help(action),
        }
    }

    /// Types what is looked for; Enter gives the keys back to the lines that are
    /// left, Esc shows all of them.
    pub(super) fn help_find_key(&mut self, action: Option<Action>, key: KeyEvent) {
        let Overlay::Help(help) = &mut self.overlay else {
            return;
        };
        match action {
            Some(Action::Confirm) => help.typing = false,
            Some(Action::Cancel) => *help = Help::default(),
            Some(action @ (Action::Up | Action::Down)) => self.move_help(action),
            Some(_) => {}
            None => {
                type_into(&mut help.sought, key, SHORT);
                help.scroll = 0;
            }
        }
    }

    fn move_help(&mut self, action: Action) {
        let page = help_page(self);
        match action {
            Action::Up => self.scroll_help(|at| at.saturating_sub(1)),
            Action::Down => self.scroll_help(|at| at + 1),
            Action::PageUp => self.scroll_help(|at| at.saturating_sub(page)),
            Action::PageDown => self.scroll_help(|at| at + page),
            Action::Top => self.scroll_help(|_| 0),
            Action::Bottom => self.scroll_help(|_| usize::MAX),
            _ => {}
        }
    }

    pub(super) fn scroll_help(&mut self, go: impl FnOnce(usize) -> usize) {
        let page = help_page(self);
        let Overlay::Help(help) = &self.overlay else {
            return;
        };
        let last = help_lines(self, help.sought.value())
            .len()
            .saturating_sub(page);
        if let Overlay::Help(help) = &mut self.overlay {
            help.scroll = go(help.scroll).min(last);
        }
    }
}
