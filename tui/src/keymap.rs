//! Which key does what. Help and footer read the same table.

mod action;
mod chord;
mod defaults;

use crossterm::event::{KeyEvent, KeyModifiers};

pub use action::Action;
pub use chord::Chord;

/// Where a key is pressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Context {
    /// The screen itself.
    Screen,
    /// The filter is being typed.
    Find,
    /// A dialog, on its button.
    Dialog,
    /// A dialog, in a text field.
    Field,
    /// A list to pick from.
    Picker,
}

/// A line of the table.
#[derive(Debug, Clone)]
pub struct Binding {
    /// Where it holds.
    pub context: Context,
    /// Any of these keys.
    pub keys: Vec<Chord>,
    /// What they do.
    pub action: Action,
}

/// The table of all keys.
#[derive(Debug, Clone)]
pub struct Keymap {
    bindings: Vec<Binding>,
}

impl Default for Keymap {
    fn default() -> Self {
        Self {
            bindings: defaults::bindings(),
        }
    }
}

impl Keymap {
    /// Every line, in the order in which the help shows them.
    #[must_use]
    pub fn bindings(&self) -> &[Binding] {
        &self.bindings
    }

    /// What a key means there.
    #[must_use]
    pub fn action(&self, context: Context, pressed: KeyEvent) -> Option<Action> {
        // Shift is in the character already; Alt and the others are not ours.
        let modifiers = pressed.modifiers - KeyModifiers::SHIFT;
        let ctrl = match modifiers {
            KeyModifiers::NONE => false,
            KeyModifiers::CONTROL => true,
            _ => return None,
        };
        let code = pressed.code;
        self.bindings
            .iter()
            .filter(|binding| binding.context == context)
            .find(|binding| binding.keys.contains(&Chord { code, ctrl }))
            .map(|binding| binding.action)
    }

    /// The keys of an action on the screen, as people write them: `↑ k`.
    #[must_use]
    pub fn label(&self, context: Context, action: Action) -> String {
        if action == Action::Tab {
            return "0-8".into();
        }
        let keys = self.keys(context, action);
        keys.iter()
            .map(Chord::to_string)
            .collect::<Vec<_>>()
            .join(" ")
    }

    /// The first key of an action.
    #[must_use]
    pub fn first(&self, context: Context, action: Action) -> String {
        let label = self.label(context, action);
        label.split(' ').next().unwrap_or_default().to_owned()
    }

    fn keys(&self, context: Context, action: Action) -> &[Chord] {
        self.bindings
            .iter()
            .find(|binding| binding.context == context && binding.action == action)
            .map_or(&[], |binding| &binding.keys)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crossterm::event::KeyCode;
    use std::collections::HashSet;

    #[test]
    fn no_key_means_two_things_in_one_place() {
        let mut seen = HashSet::new();
        for binding in Keymap::default().bindings() {
            for chord in &binding.keys {
                let what = (binding.context, chord.to_string());
                assert!(seen.insert(what), "{:?} {}", binding.context, chord);
            }
        }
    }

    #[test]
    fn shift_is_part_of_the_character() {
        let keymap = Keymap::default();
        let pressed = KeyEvent::new(KeyCode::Char('G'), KeyModifiers::SHIFT);
        assert_eq!(
            keymap.action(Context::Screen, pressed),
            Some(Action::Bottom)
        );
        let pressed = KeyEvent::new(KeyCode::Char('s'), KeyModifiers::ALT);
        assert_eq!(keymap.action(Context::Screen, pressed), None);
        assert_eq!(keymap.label(Context::Screen, Action::Up), "↑ k");
        assert_eq!(keymap.label(Context::Screen, Action::Quit), "q Ctrl-C");
    }
}
