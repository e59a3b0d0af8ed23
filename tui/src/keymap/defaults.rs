//! The keys as they are unless the configuration says otherwise.

use crossterm::event::KeyCode;

use super::chord::{ch, ctrl, key};
use super::{Action, Binding, Chord, Context};

fn bind(context: Context, keys: &[Chord], action: Action) -> Binding {
    Binding {
        context,
        keys: keys.to_vec(),
        action,
    }
}

/// Every key. The help shows them in this order.
pub(super) fn bindings() -> Vec<Binding> {
    use Context::{Dialog, Field, Find, Picker, Screen};
    vec![
        bind(Screen, &[ch('s')], Action::NextStep),
        bind(Screen, &[ch('S')], Action::SetStatus),
        bind(Screen, &[ch('u')], Action::Undo),
        bind(Screen, &[ch('c')], Action::AddNote),
        bind(Screen, &[ch('P')], Action::Print),
        bind(Screen, &[ch(' ')], Action::Mark),
        bind(Screen, &[ch('v')], Action::MarkRange),
        bind(Screen, &[ch('A')], Action::MarkAll),
        bind(Screen, &[ch('*')], Action::InvertMarks),
        bind(Screen, &[key(KeyCode::Enter)], Action::Open),
        bind(Screen, &[ch('Y')], Action::CopyLink),
        bind(Screen, &[ch('/')], Action::Find),
        bind(Screen, &[key(KeyCode::Esc)], Action::Back),
        bind(Screen, &[ch('o')], Action::Sort),
        bind(Screen, &[ch('V')], Action::Vendor),
        bind(Screen, &[ch('p')], Action::Hold),
        bind(Screen, &[ch('F')], Action::Views),
        bind(Screen, &[ch('W')], Action::SaveView),
        bind(Screen, &[ch(':')], Action::Commands),
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
        bind(Screen, &[ch('a')], Action::Acknowledge),
        bind(Screen, &[ch('m')], Action::Mute),
        bind(Screen, &[ch('R')], Action::Realtime),
        bind(Screen, &[ch('r')], Action::Refresh),
        bind(Screen, &[ch('Q')], Action::Outbox),
        bind(Screen, &[ch('H')], Action::Hint),
        bind(Screen, &[ch('y')], Action::Copy),
        bind(Screen, &[ch('%')], Action::Mouse),
        bind(Screen, &[ch('T')], Action::Theme),
        bind(Screen, &[ctrl('l')], Action::Redraw),
        bind(Screen, &[ctrl('z')], Action::Suspend),
        bind(Screen, &[ch('?'), key(KeyCode::F(1))], Action::Help),
        bind(Screen, &[ch('q'), ctrl('c')], Action::Quit),
        bind(Find, &[key(KeyCode::Enter)], Action::Confirm),
        bind(Find, &[key(KeyCode::Esc)], Action::Cancel),
        bind(Find, &[key(KeyCode::Tab)], Action::NextField),
        bind(Find, &[key(KeyCode::BackTab)], Action::PreviousField),
        bind(Find, &[key(KeyCode::Down)], Action::Down),
        bind(Find, &[key(KeyCode::Up)], Action::Up),
        bind(Find, &[ctrl('l')], Action::Redraw),
        bind(Find, &[ctrl('z')], Action::Suspend),
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
        bind(Dialog, &[ctrl('z')], Action::Suspend),
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
        bind(Field, &[ctrl('z')], Action::Suspend),
        bind(Field, &[ctrl('c')], Action::Quit),
        bind(Picker, &[key(KeyCode::Enter)], Action::Confirm),
        bind(Picker, &[key(KeyCode::Esc)], Action::Cancel),
        bind(Picker, &[key(KeyCode::Up), ctrl('p')], Action::Up),
        bind(Picker, &[key(KeyCode::Down), ctrl('n')], Action::Down),
        bind(Picker, &[key(KeyCode::PageUp), ctrl('b')], Action::PageUp),
        bind(
            Picker,
            &[key(KeyCode::PageDown), ctrl('f')],
            Action::PageDown,
        ),
        bind(Picker, &[ctrl('l')], Action::Redraw),
        bind(Picker, &[ctrl('z')], Action::Suspend),
        bind(Picker, &[ctrl('c')], Action::Quit),
    ]
}
