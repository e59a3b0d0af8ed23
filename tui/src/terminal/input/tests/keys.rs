//! Every key, whole and cut.

use std::time::Duration;

use crossterm::event::{Event, KeyCode, KeyModifiers};

use super::{CUT, Decoded, ESCAPE_CUT, Line, Reply, held, key};

/// Every key, as terminals write it.
pub(super) fn keys() -> Vec<(&'static str, KeyCode, KeyModifiers)> {
    use KeyCode::{
        BackTab, Backspace, Char, Delete, Down, End, Enter, F, Home, Insert, Left, PageDown,
        PageUp, Right, Tab, Up,
    };
    let none = KeyModifiers::NONE;
    let (alt, control, shift) = (
        KeyModifiers::ALT,
        KeyModifiers::CONTROL,
        KeyModifiers::SHIFT,
    );
    vec![
        ("s", Char('s'), none),
        ("S", Char('S'), shift),
        ("é", Char('é'), none),
        ("Л", Char('Л'), shift),
        ("€", Char('€'), none),
        ("🇩", Char('🇩'), none),
        ("\r", Enter, none),
        ("\t", Tab, none),
        ("\x7f", Backspace, none),
        ("\x08", Char('h'), control),
        ("\x03", Char('c'), control),
        ("\0", Char(' '), control),
        ("\x1c", Char('4'), control),
        ("\x1bs", Char('s'), alt),
        ("\x1bS", Char('S'), alt | shift),
        ("\x1bé", Char('é'), alt),
        ("\x1b\r", Enter, alt),
        ("\x1b\x7f", Backspace, alt),
        ("\x1b\x03", Char('c'), alt | control),
        ("\x1b[A", Up, none),
        ("\x1b[B", Down, none),
        ("\x1b[C", Right, none),
        ("\x1b[D", Left, none),
        ("\x1b[H", Home, none),
        ("\x1b[F", End, none),
        ("\x1bOA", Up, none),
        ("\x1bOB", Down, none),
        ("\x1bOC", Right, none),
        ("\x1bOD", Left, none),
        ("\x1bOH", Home, none),
        ("\x1bOF", End, none),
        ("\x1b[1;5A", Up, control),
        ("\x1b[1;2D", Left, shift),
        ("\x1b[1;3C", Right, alt),
        ("\x1b\x1b[A", Up, alt),
        ("\x1b\x1bOB", Down, alt),
        ("\x1b[Z", BackTab, shift),
        ("\x1b[1~", Home, none),
        ("\x1b[2~", Insert, none),
        ("\x1b[3~", Delete, none),
        ("\x1b[3;5~", Delete, control),
        ("\x1b[4~", End, none),
        ("\x1b[5~", PageUp, none),
        ("\x1b[6~", PageDown, none),
        ("\x1b[7~", Home, none),
        ("\x1b[8~", End, none),
        ("\x1bOP", F(1), none),
        ("\x1bOS", F(4), none),
        ("\x1b[P", F(1), none),
        ("\x1b[1;2P", F(1), shift),
        ("\x1b[1;5Q", F(2), control),
        ("\x1b[[A", F(1), none),
        ("\x1b[[E", F(5), none),
        ("\x1b[11~", F(1), none),
        ("\x1b[15~", F(5), none),
        ("\x1b[17;2~", F(6), shift),
        ("\x1b[24~", F(12), none),
        // The kitty keyboard protocol and fixterms.
        ("\x1b[97u", Char('a'), none),
        ("\x1b[97;5u", Char('a'), control),
        ("\x1b[27u", KeyCode::Esc, none),
        ("\x1b[27;1:1u", KeyCode::Esc, none),
        ("\x1b[13;2u", Enter, shift),
        ("\x1b[9;2u", BackTab, shift),
        ("\x1b[57414u", Enter, none),
        // xterm's modifyOtherKeys.
        ("\x1b[27;5;106~", Char('j'), control),
        ("\x1b[27;2;13~", Enter, shift),
    ]
}

#[test]
fn every_key_is_pressed_whole_and_at_once() {
    for (bytes, code, modifiers) in keys() {
        let mut line = Line::new();
        let pressed = line.feed(Duration::ZERO, bytes.as_bytes());
        assert_eq!(pressed, [held(code, modifiers)], "{bytes:?}");
        line.is_alive(bytes);
    }
}

#[test]
fn a_key_that_is_a_sequence_may_be_cut_too() {
    for (bytes, code, modifiers) in keys() {
        let bytes = bytes.as_bytes();
        let is_sequence = matches!(bytes, [0x1b, b'[' | b'O', ..] | [0xc2..=0xff, ..]);
        for at in (1..bytes.len()).filter(|_| is_sequence) {
            let mut line = Line::new();
            let pressed = line.feed_cut(bytes, at);
            assert_eq!(pressed, [held(code, modifiers)], "{bytes:?} at {at}");
        }
    }
}

#[test]
fn escape_is_a_key_soon_and_takes_no_other_with_it() {
    let escape = || key(KeyCode::Esc);
    let mut line = Line::new();
    assert_eq!(line.feed(Duration::ZERO, b"\x1b"), []);
    let deadline = line.decoder.deadline().unwrap();
    let wait = deadline - line.now;
    assert!(
        wait > ESCAPE_CUT && wait <= Duration::from_millis(50),
        "{wait:?}"
    );
    line.decoder.expire(deadline);
    assert_eq!(line.pop_all(), [escape()]);

    // Typed one after the other, they are two keys: at once, or when nothing follows.
    for (typed, pressed) in [
        ("s", vec![escape(), key(KeyCode::Char('s'))]),
        ("\x1b", vec![escape(), escape()]),
        ("é", vec![escape(), key(KeyCode::Char('é'))]),
        (
            "P",
            vec![escape(), held(KeyCode::Char('P'), KeyModifiers::SHIFT)],
        ),
        (
            "X",
            vec![escape(), held(KeyCode::Char('X'), KeyModifiers::SHIFT)],
        ),
        (
            "Ps",
            vec![
                escape(),
                held(KeyCode::Char('P'), KeyModifiers::SHIFT),
                key(KeyCode::Char('s')),
            ],
        ),
        ("\x1b[A", vec![escape(), key(KeyCode::Up)]),
        ("\x1b[O", vec![escape(), Decoded::Event(Event::FocusLost)]),
        (
            "\x1b[?1;2c",
            vec![escape(), Decoded::Reply(Reply::Attributes)],
        ),
    ] {
        let mut line = Line::new();
        let mut all = line.feed(Duration::ZERO, b"\x1b");
        all.extend(line.feed(CUT, typed.as_bytes()));
        all.extend(line.silence());
        assert_eq!(all, pressed, "{typed:?}");
    }
}

#[test]
fn an_introducer_alone_is_alt_and_its_character() {
    for c in ['[', ']', 'O', 'P', 'X', '^', '_'] {
        let shift = match c.is_ascii_uppercase() {
            true => KeyModifiers::SHIFT,
            false => KeyModifiers::NONE,
        };
        let mut line = Line::new();
        assert_eq!(line.feed(Duration::ZERO, format!("\x1b{c}").as_bytes()), []);
        let wanted = held(KeyCode::Char(c), KeyModifiers::ALT | shift);
        assert_eq!(line.silence(), [wanted], "{c}");
    }
    // The key that is typed next begins no string.
    let mut line = Line::new();
    let pressed = line.feed(Duration::ZERO, b"\x1b]jj");
    let j = key(KeyCode::Char('j'));
    let alt = held(KeyCode::Char(']'), KeyModifiers::ALT);
    assert_eq!(pressed, [alt, j.clone(), j]);
}
