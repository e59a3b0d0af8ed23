//! Which key does what. Help and footer read the same table.

mod action;
mod chord;
mod defaults;

use crossterm::event::KeyEvent;

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
        let chord = Chord::pressed(pressed);
        let bound = |chord: Chord| {
            let mut there = self.bindings.iter().filter(|b| b.context == context);
            let binding = there.find(|binding| binding.keys.contains(&chord))?;
            Some(binding.action)
        };
        // Shift tells keys apart only where somebody binds it.
        bound(chord).or_else(|| bound(chord.without_shift()))
    }

    /// Which of an action's keys was pressed, from 0.
    #[must_use]
    pub fn which(&self, context: Context, action: Action, pressed: KeyEvent) -> Option<usize> {
        let chord = Chord::pressed(pressed);
        let keys = self.keys(context, action);
        let at = |chord: Chord| keys.iter().position(|key| *key == chord);
        // As [`Self::action`] finds it.
        at(chord).or_else(|| at(chord.without_shift()))
    }

    /// Gives an action these keys in place of those that it has. Nothing
    /// happens where the action has no line.
    pub fn rebind(&mut self, context: Context, action: Action, keys: Vec<Chord>) {
        let line = |b: &&mut Binding| b.context == context && b.action == action;
        if let Some(binding) = self.bindings.iter_mut().find(line) {
            binding.keys = keys;
        }
    }

    /// Every place that has keys, in the order of the table.
    #[must_use]
    pub fn contexts(&self) -> Vec<Context> {
        let mut contexts = Vec::new();
        for binding in &self.bindings {
            if !contexts.contains(&binding.context) {
                contexts.push(binding.context);
            }
        }
        contexts
    }

    /// The first key of an action there, as if it were pressed.
    #[must_use]
    pub fn press(&self, context: Context, action: Action) -> Option<KeyEvent> {
        let chord = self.keys(context, action).first()?;
        Some(KeyEvent::new(chord.code, chord.modifiers))
    }

    /// The keys of an action on the screen, as people write them: `↑ k`.
    #[must_use]
    pub fn label(&self, context: Context, action: Action) -> String {
        let keys = self.keys(context, action);
        if action == Action::Tab && runs_from_0(keys) {
            return format!("0-{}", keys.len() - 1);
        }
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

    /// The keys of an action there; none when it is unbound.
    #[must_use]
    pub fn keys(&self, context: Context, action: Action) -> &[Chord] {
        self.bindings
            .iter()
            .find(|binding| binding.context == context && binding.action == action)
            .map_or(&[], |binding| &binding.keys)
    }
}

/// Whether the keys are the digits 0, 1, 2 and on.
fn runs_from_0(keys: &[Chord]) -> bool {
    let digits = ('0'..='9').map(chord::ch);
    keys.len() > 1 && keys.len() <= 10 && digits.zip(keys).all(|(digit, key)| digit == *key)
}

impl Context {
    /// As the configuration writes it: `screen`.
    #[must_use]
    pub fn name(self) -> String {
        kebab(&format!("{self:?}"))
    }
}

impl Action {
    /// As the configuration writes it: `next-step`.
    #[must_use]
    pub fn name(self) -> String {
        kebab(&format!("{self:?}"))
    }
}

/// `NextStep` as `next-step`. The name comes from the variant's own, so that
/// an action cannot be without one.
fn kebab(variant: &str) -> String {
    let mut name = String::new();
    for c in variant.chars() {
        if c.is_uppercase() && !name.is_empty() {
            name.push('-');
        }
        name.extend(c.to_lowercase());
    }
    name
}

#[cfg(test)]
mod tests {
    use super::*;
    use crossterm::event::{KeyCode, KeyModifiers};
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
        let pressed = KeyEvent::new(KeyCode::Down, KeyModifiers::SHIFT);
        assert_eq!(keymap.action(Context::Screen, pressed), Some(Action::Down));
        let pressed = KeyEvent::new(KeyCode::Char('s'), KeyModifiers::ALT);
        assert_eq!(keymap.action(Context::Screen, pressed), None);
        assert_eq!(keymap.label(Context::Screen, Action::Up), "↑ k");
        assert_eq!(keymap.label(Context::Screen, Action::Quit), "q Ctrl-C");
    }
}
