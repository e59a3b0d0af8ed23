//! What one whole sequence means. `termina` knows the keys; it sees nothing that is none.

use std::str::FromStr;

use crossterm::event::{
    Event, KeyCode, KeyEvent, KeyEventKind, KeyModifiers, MouseButton, MouseEvent, MouseEventKind,
};
use termina::event as parsed;
use termina::style::RgbColor;

/// Longest sequence that means something here, in bytes.
pub(super) const MAX_SEQUENCE: usize = 128;

/// One thing that the terminal sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Decoded {
    /// A key, the mouse, the focus, a paste.
    Event(Event),
    /// A reply to a query of ours.
    Reply(Reply),
}

/// A reply to a query of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reply {
    /// Colour of the text: OSC 10.
    Foreground(RgbColor),
    /// Colour behind it: OSC 11.
    Background(RgbColor),
    /// Attributes of the device: DA1, which every terminal answers.
    Attributes,
}

/// Decodes one whole sequence or character; `None` for a reply or report that nobody asked for.
pub(super) fn decode(sequence: &[u8]) -> Option<Decoded> {
    let rewritten;
    let sequence = match sequence {
        _ if sequence.len() > MAX_SEQUENCE => return None,
        [0x1b, b'[', b'?', .., b'c'] => return Some(Decoded::Reply(Reply::Attributes)),
        // xterm's modifyOtherKeys says `27;MODIFIERS;CODE~` for `CODE;MODIFIERSu`.
        [0x1b, b'[', b'2', b'7', b';', rest @ .., b'~'] => {
            let (modifiers, code) = std::str::from_utf8(rest).ok()?.split_once(';')?;
            code.parse::<u32>().ok()?;
            rewritten = format!("\x1b[{code};{modifiers}u").into_bytes();
            &rewritten[..]
        }
        _ => sequence,
    };
    if !is_input(sequence) {
        return None;
    }
    let mut parser = termina::Parser::default();
    parser.parse(sequence, false);
    let event = match parser.pop()? {
        parsed::Event::Key(key) => Event::Key(self::key(key)?),
        parsed::Event::Mouse(mouse) => Event::Mouse(self::mouse(mouse)),
        parsed::Event::FocusIn => Event::FocusGained,
        parsed::Event::FocusOut => Event::FocusLost,
        _ => return None,
    };
    Some(Decoded::Event(event))
}

/// Reads the colour of the text or behind it from a whole OSC string.
pub(super) fn colour(string: &[u8]) -> Option<Reply> {
    let reply = string.strip_prefix(b"\x1b]")?;
    let reply = std::str::from_utf8(reply).ok().filter(|r| r.is_ascii())?;
    let (number, colour) = reply.split_once(';')?;
    // A terminal that is transparent may say how much: `rgba:1e1e/1e1e/1e1e/cccc`.
    let colour = colour.replacen("rgba:", "rgb:", 1);
    let colour = RgbColor::from_str(&colour).ok()?;
    match number {
        "10" => Some(Reply::Foreground(colour)),
        "11" => Some(Reply::Background(colour)),
        _ => None,
    }
}

/// Whether a whole sequence is a key, a mouse report or a focus report by its form. What is none
/// must not reach the parser: it would go on behind the fault, and press the rest.
fn is_input(sequence: &[u8]) -> bool {
    let (parameters, last) = match sequence {
        [0x1b, b'O', keys @ ..] => return keys.len() == 1,
        // The console's F1 to F5, and the mouse without SGR.
        [0x1b, b'[', b'[', _] | [0x1b, b'[', b'M', _, _, _] => return true,
        [0x1b, b'[', parameters @ .., last] => (parameters, *last),
        _ => return true,
    };
    let Ok(parameters) = std::str::from_utf8(parameters) else {
        return false;
    };
    match (parameters.strip_prefix('<'), last) {
        (Some(parameters), b'M' | b'm') => return is_placed(parameters),
        (Some(_), _) => return false,
        (None, b'M') => return is_placed(parameters),
        (None, _) => {}
    }
    let is_number = |c: char| c.is_ascii_digit() || matches!(c, ';' | ':');
    let begins = parameters.is_empty() || parameters.starts_with(|c: char| c.is_ascii_digit());
    if !begins || !parameters.chars().all(is_number) {
        return false;
    }
    let mut fields = parameters.split(';');
    let first = fields.next().unwrap_or_default();
    match last {
        b'A'..=b'D' | b'F' | b'H' => fields.count() <= 1,
        // One that begins with more than 1 is a report.
        b'P' | b'Q' | b'S' => matches!(first, "" | "1") && fields.count() <= 1,
        b'Z' | b'I' | b'O' => parameters.is_empty(),
        b'~' | b'u' => !parameters.is_empty(),
        _ => false,
    }
}

/// Whether these are a button and a place, which is counted from 1.
fn is_placed(parameters: &str) -> bool {
    let mut numbers = parameters.split(';').map(str::parse::<u16>);
    let button = numbers.next();
    let place: Vec<u16> = numbers.map(|number| number.unwrap_or_default()).collect();
    matches!(button, Some(Ok(_))) && place.len() == 2 && !place.contains(&0)
}

fn key(key: parsed::KeyEvent) -> Option<KeyEvent> {
    use parsed::KeyCode as Code;
    let code = match key.code {
        Code::Char(c) if c.is_control() => return None,
        Code::Char(c) => KeyCode::Char(c),
        Code::Function(n) => KeyCode::F(n),
        Code::Enter => KeyCode::Enter,
        Code::Backspace => KeyCode::Backspace,
        Code::Tab => KeyCode::Tab,
        Code::BackTab => KeyCode::BackTab,
        Code::Escape => KeyCode::Esc,
        Code::Left => KeyCode::Left,
        Code::Right => KeyCode::Right,
        Code::Up => KeyCode::Up,
        Code::Down => KeyCode::Down,
        Code::Home => KeyCode::Home,
        Code::End => KeyCode::End,
        Code::PageUp => KeyCode::PageUp,
        Code::PageDown => KeyCode::PageDown,
        Code::Insert => KeyCode::Insert,
        Code::Delete => KeyCode::Delete,
        Code::KeypadBegin => KeyCode::KeypadBegin,
        // Locks, media keys and modifiers alone: nothing here can be bound to them.
        _ => return None,
    };
    let kind = match key.kind {
        parsed::KeyEventKind::Press => KeyEventKind::Press,
        parsed::KeyEventKind::Repeat => KeyEventKind::Repeat,
        parsed::KeyEventKind::Release => KeyEventKind::Release,
    };
    Some(KeyEvent::new_with_kind(
        code,
        modifiers(key.modifiers),
        kind,
    ))
}

fn modifiers(held: parsed::Modifiers) -> KeyModifiers {
    let pairs = [
        (parsed::Modifiers::SHIFT, KeyModifiers::SHIFT),
        (parsed::Modifiers::ALT, KeyModifiers::ALT),
        (parsed::Modifiers::CONTROL, KeyModifiers::CONTROL),
        (parsed::Modifiers::SUPER, KeyModifiers::SUPER),
        (parsed::Modifiers::HYPER, KeyModifiers::HYPER),
        (parsed::Modifiers::META, KeyModifiers::META),
    ];
    let held = pairs
        .into_iter()
        .filter(|(theirs, _)| held.contains(*theirs));
    held.map(|(_, ours)| ours).collect()
}

fn mouse(mouse: parsed::MouseEvent) -> MouseEvent {
    use parsed::MouseEventKind as Kind;
    let button = |button| match button {
        parsed::MouseButton::Left => MouseButton::Left,
        parsed::MouseButton::Right => MouseButton::Right,
        parsed::MouseButton::Middle => MouseButton::Middle,
    };
    MouseEvent {
        kind: match mouse.kind {
            Kind::Down(pressed) => MouseEventKind::Down(button(pressed)),
            Kind::Up(released) => MouseEventKind::Up(button(released)),
            Kind::Drag(held) => MouseEventKind::Drag(button(held)),
            Kind::Moved => MouseEventKind::Moved,
            Kind::ScrollDown => MouseEventKind::ScrollDown,
            Kind::ScrollUp => MouseEventKind::ScrollUp,
            Kind::ScrollLeft => MouseEventKind::ScrollLeft,
            Kind::ScrollRight => MouseEventKind::ScrollRight,
        },
        column: mouse.column,
        row: mouse.row,
        modifiers: modifiers(mouse.modifiers),
    }
}
