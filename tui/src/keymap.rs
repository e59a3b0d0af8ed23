//! Which key does what. Help and footer read the same table.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

/// What a key can mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Action {
    /// The next step of the order under the cursor.
    NextStep,
    /// Open the order, or the order of a notification.
    Open,
    /// Back: close, clear the filter.
    Back,
    /// Type a filter.
    Find,
    /// Sort in the next way.
    Sort,
    /// Show one status alone: the digit says which.
    Tab,
    /// One up.
    Up,
    /// One down.
    Down,
    /// A page up.
    PageUp,
    /// A page down.
    PageDown,
    /// To the top.
    Top,
    /// To the bottom.
    Bottom,
    /// To the next pane.
    NextPane,
    /// To the pane before.
    PreviousPane,
    /// To the order of the newest notification.
    Jump,
    /// Dismiss a notification.
    Dismiss,
    /// Dismiss all notifications.
    DismissAll,
    /// Real-time off, or on.
    Realtime,
    /// Look now.
    Refresh,
    /// Show or hide the hint.
    Hint,
    /// Copy the hint.
    Copy,
    /// Take the mouse, or give it back.
    Mouse,
    /// Draw everything again.
    Redraw,
    /// Help.
    Help,
    /// Leave.
    Quit,
    /// Dialog: do it.
    Confirm,
    /// Dialog: leave it.
    Cancel,
    /// Dialog: the next field.
    NextField,
    /// Dialog: the field before.
    PreviousField,
}

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
}

/// A key and whether Ctrl is held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Chord {
    /// Which key.
    pub code: KeyCode,
    /// Whether Ctrl is held.
    pub ctrl: bool,
}

/// A line of the table.
#[derive(Debug, Clone, Copy)]
pub struct Binding {
    /// Where it holds.
    pub context: Context,
    /// Any of these keys.
    pub keys: &'static [Chord],
    /// What they do.
    pub action: Action,
}

const fn key(code: KeyCode) -> Chord {
    Chord { code, ctrl: false }
}

const fn ch(c: char) -> Chord {
    key(KeyCode::Char(c))
}

const fn ctrl(c: char) -> Chord {
    Chord {
        code: KeyCode::Char(c),
        ctrl: true,
    }
}

const fn bind(context: Context, keys: &'static [Chord], action: Action) -> Binding {
    Binding {
        context,
        keys,
        action,
    }
}

/// Every key. The help shows them in this order.
pub const BINDINGS: &[Binding] = {
    use Context::{Dialog, Field, Find, Screen};
    &[
        bind(Screen, &[ch('s')], Action::NextStep),
        bind(Screen, &[key(KeyCode::Enter)], Action::Open),
        bind(Screen, &[ch('/')], Action::Find),
        bind(Screen, &[key(KeyCode::Esc)], Action::Back),
        bind(Screen, &[ch('o')], Action::Sort),
        bind(
            Screen,
            &[
                ch('0'),
                ch('1'),
                ch('2'),
                ch('3'),
                ch('4'),
                ch('5'),
                ch('6'),
                ch('7'),
                ch('8'),
            ],
            Action::Tab,
        ),
        bind(Screen, &[key(KeyCode::Up), ch('k')], Action::Up),
        bind(Screen, &[key(KeyCode::Down), ch('j')], Action::Down),
        bind(Screen, &[key(KeyCode::PageUp), ctrl('b')], Action::PageUp),
        bind(
            Screen,
            &[key(KeyCode::PageDown), ctrl('f')],
            Action::PageDown,
        ),
        bind(Screen, &[key(KeyCode::Home), ch('g')], Action::Top),
        bind(Screen, &[key(KeyCode::End), ch('G')], Action::Bottom),
        bind(Screen, &[key(KeyCode::Tab)], Action::NextPane),
        bind(Screen, &[key(KeyCode::BackTab)], Action::PreviousPane),
        bind(Screen, &[ch('n')], Action::Jump),
        bind(Screen, &[ch('x')], Action::Dismiss),
        bind(Screen, &[ch('X')], Action::DismissAll),
        bind(Screen, &[ch('R')], Action::Realtime),
        bind(Screen, &[ch('r')], Action::Refresh),
        bind(Screen, &[ch('H')], Action::Hint),
        bind(Screen, &[ch('y')], Action::Copy),
        bind(Screen, &[ch('%')], Action::Mouse),
        bind(Screen, &[ctrl('l')], Action::Redraw),
        bind(Screen, &[ch('?'), key(KeyCode::F(1))], Action::Help),
        bind(Screen, &[ch('q'), ctrl('c')], Action::Quit),
        bind(Find, &[key(KeyCode::Enter)], Action::Confirm),
        bind(Find, &[key(KeyCode::Esc)], Action::Cancel),
        bind(Find, &[key(KeyCode::Down)], Action::Down),
        bind(Find, &[key(KeyCode::Up)], Action::Up),
        bind(Find, &[ctrl('l')], Action::Redraw),
        bind(Find, &[ctrl('c')], Action::Quit),
        bind(Dialog, &[key(KeyCode::Enter), ch('y')], Action::Confirm),
        bind(
            Dialog,
            &[key(KeyCode::Esc), ch('n'), ch('q')],
            Action::Cancel,
        ),
        bind(
            Dialog,
            &[key(KeyCode::Tab), key(KeyCode::Down)],
            Action::NextField,
        ),
        bind(
            Dialog,
            &[key(KeyCode::BackTab), key(KeyCode::Up)],
            Action::PreviousField,
        ),
        bind(Dialog, &[ctrl('l')], Action::Redraw),
        bind(Dialog, &[ctrl('c')], Action::Quit),
        bind(Field, &[key(KeyCode::Enter)], Action::Confirm),
        bind(Field, &[key(KeyCode::Esc)], Action::Cancel),
        bind(
            Field,
            &[key(KeyCode::Tab), key(KeyCode::Down)],
            Action::NextField,
        ),
        bind(
            Field,
            &[key(KeyCode::BackTab), key(KeyCode::Up)],
            Action::PreviousField,
        ),
        bind(Field, &[ctrl('l')], Action::Redraw),
        bind(Field, &[ctrl('c')], Action::Quit),
    ]
};

/// What a key means there.
#[must_use]
pub fn action(context: Context, pressed: KeyEvent) -> Option<Action> {
    // Shift is in the character already; Alt and the others are not ours.
    let modifiers = pressed.modifiers - KeyModifiers::SHIFT;
    let ctrl = match modifiers {
        KeyModifiers::NONE => false,
        KeyModifiers::CONTROL => true,
        _ => return None,
    };
    let code = pressed.code;
    BINDINGS
        .iter()
        .filter(|binding| binding.context == context)
        .find(|binding| binding.keys.contains(&Chord { code, ctrl }))
        .map(|binding| binding.action)
}

/// The keys of an action on the screen, as people write them: `↑ k`.
#[must_use]
pub fn label(context: Context, action: Action) -> String {
    let keys = BINDINGS
        .iter()
        .find(|binding| binding.context == context && binding.action == action)
        .map_or(&[][..], |binding| binding.keys);
    if action == Action::Tab {
        return "0-8".into();
    }
    keys.iter().map(name).collect::<Vec<_>>().join(" ")
}

/// The first key of an action.
#[must_use]
pub fn first(context: Context, action: Action) -> String {
    let label = label(context, action);
    label.split(' ').next().unwrap_or_default().to_owned()
}

fn name(chord: &Chord) -> String {
    let key = match chord.code {
        KeyCode::Char(c) if chord.ctrl => c.to_uppercase().to_string(),
        KeyCode::Char(c) => c.to_string(),
        KeyCode::Up => "↑".into(),
        KeyCode::Down => "↓".into(),
        KeyCode::PageUp => "PgUp".into(),
        KeyCode::PageDown => "PgDn".into(),
        KeyCode::BackTab => "Shift-Tab".into(),
        KeyCode::F(n) => format!("F{n}"),
        other => format!("{other:?}"),
    };
    if chord.ctrl {
        format!("Ctrl-{key}")
    } else {
        key
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn no_key_means_two_things_in_one_place() {
        let mut seen = HashSet::new();
        for binding in BINDINGS {
            for chord in binding.keys {
                let what = (binding.context, name(chord));
                assert!(seen.insert(what), "{:?} {}", binding.context, name(chord));
            }
        }
    }

    #[test]
    fn shift_is_part_of_the_character() {
        let pressed = KeyEvent::new(KeyCode::Char('G'), KeyModifiers::SHIFT);
        assert_eq!(action(Context::Screen, pressed), Some(Action::Bottom));
        let pressed = KeyEvent::new(KeyCode::Char('s'), KeyModifiers::ALT);
        assert_eq!(action(Context::Screen, pressed), None);
        assert_eq!(label(Context::Screen, Action::Up), "↑ k");
        assert_eq!(label(Context::Screen, Action::Quit), "q Ctrl-C");
    }
}
