//! Splits the terminal's bytes into whole control sequences (ECMA-48, the parser of
//! <https://vt100.net/emu/dec_ansi_parser>), and decodes each one by itself.
//!
//! A sequence that is no key, mouse report, focus report or paste is a reply or a report, and
//! presses nothing, however it is cut. Bytes are stamped with the time at which they were read:
//!
//! | unfinished | ends after |
//! |---|---|
//! | Esc alone | [`ESCAPE`], and is pressed; what goes on as a sequence within [`LATE`] still is one |
//! | `ESC [`, `ESC ]` and so on, without a byte more | [`STRING`], as Alt with that character |
//! | control sequence, string | [`STRING`], and is dropped |
//! | paste | [`PASTE`], and is dropped: it may not be whole |

use std::collections::VecDeque;
use std::time::Instant;

use crossterm::event::{Event, KeyCode, KeyEvent, KeyModifiers};

use super::sequence::{self, Decoded, MAX_SEQUENCE};
use super::string::{ControlString, Paste, Step};
use super::timeout::{ESCAPE, LATE, PASTE, STRING, Timeout};
use super::utf8::continuation;

/// Where in a sequence the decoder is.
#[derive(Debug, Default)]
enum State {
    #[default]
    Ground,
    /// Within a UTF-8 character: bytes that are missing.
    Character(u8),
    /// After ESC, which was read at that time.
    Escape(Instant),
    /// After ESC, which was read at that time and has been pressed.
    Pressed(Instant),
    /// Within a control sequence: CSI.
    Control,
    /// Within a key of SS3.
    Shift,
    /// Within a sequence of a fixed length: bytes that are missing.
    Fixed(u8),
    /// Within OSC, DCS, APC, PM or SOS.
    String(ControlString),
    /// Within a bracketed paste.
    Paste(Paste),
}

/// How a sequence began.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum Introducer {
    /// `ESC x` at once: Alt-x when nothing follows.
    #[default]
    Together,
    /// `ESC`, which has been pressed, then `x`: a key of its own when nothing follows.
    Apart,
    /// An 8-bit control character.
    EightBit,
    /// The same, written in UTF-8.
    EightBitUtf8,
}

/// Decoder of the bytes that a terminal sends. It reads no clock.
#[derive(Debug, Default)]
pub(super) struct Decoder {
    state: State,
    /// Bytes of the unfinished sequence, its introducer in the 7-bit form.
    held: Vec<u8>,
    introducer: Introducer,
    /// Whether another ESC came right before: rxvt sends `ESC ESC [ A` for Alt-Up.
    meta: bool,
    timeout: Timeout,
    decoded: VecDeque<Decoded>,
}

impl Decoder {
    /// The next one that is whole.
    pub(super) fn pop(&mut self) -> Option<Decoded> {
        self.decoded.pop_front()
    }

    /// Takes bytes that were read at that time.
    pub(super) fn feed(&mut self, bytes: &[u8], at: Instant) {
        self.expire(at);
        self.timeout.read(at);
        for byte in bytes {
            self.byte(*byte, at);
        }
    }

    /// When what is unfinished ends by itself.
    pub(super) fn deadline(&self) -> Option<Instant> {
        match self.state {
            State::Ground => None,
            State::Escape(since) => Some(since + ESCAPE),
            State::Pressed(since) => Some(since + LATE),
            State::Paste(_) => self.timeout.deadline(&PASTE),
            _ => self.timeout.deadline(&STRING),
        }
    }

    /// Ends what is unfinished, when its time is over.
    pub(super) fn expire(&mut self, now: Instant) {
        if self.deadline().is_none_or(|deadline| now < deadline) {
            return;
        }
        match std::mem::take(&mut self.state) {
            State::Escape(since) => {
                self.press_escapes(since);
                self.expire(now);
            }
            State::Control | State::Shift => self.abandon(),
            State::String(body) if body.is_empty() => {
                self.abandon();
                if body.escaped().is_some() {
                    self.press(KeyCode::Esc, KeyModifiers::NONE);
                }
            }
            _ => self.finish(None),
        }
    }

    fn byte(&mut self, byte: u8, at: Instant) {
        match &mut self.state {
            State::Ground => self.ground(byte, at),
            State::Character(left) => {
                let left = *left;
                self.character(left, byte, at);
            }
            State::Escape(since) => {
                let since = *since;
                self.escape(byte, since, at);
            }
            State::Pressed(_) => self.pressed(byte, at),
            State::Control => self.control(byte, at),
            State::Shift => self.shift(byte, at),
            State::Fixed(left) => {
                let left = *left;
                self.fixed(left, byte, at);
            }
            State::String(body) => {
                let step = body.take(byte, at);
                self.string(step, byte, at);
            }
            State::Paste(paste) => {
                if let Some(text) = paste.take(byte) {
                    self.finish(Some(Decoded::Event(Event::Paste(text))));
                }
            }
        }
    }

    /// Begins whatever the byte begins.
    fn ground(&mut self, byte: u8, at: Instant) {
        self.timeout.begin();
        self.held.push(byte);
        match byte {
            0x1b => {
                self.held.clear();
                self.state = State::Escape(at);
            }
            0x80..=0x9f => self.eight_bit(byte, Introducer::EightBit),
            0xc2..=0xf4 => self.state = State::Character(continuation(byte)),
            // No character of UTF-8 begins so.
            0xa0..=0xc1 | 0xf5.. => self.finish(None),
            _ => self.decode(),
        }
    }

    fn character(&mut self, left: u8, byte: u8, at: Instant) {
        if !matches!(byte, 0x80..=0xbf) {
            self.finish(None);
            return self.byte(byte, at);
        }
        self.held.push(byte);
        if left > 1 {
            self.state = State::Character(left - 1);
        } else if let [.., 0xc2, control @ 0x80..=0x9f] = *self.held {
            // ESC before it is no Alt.
            self.meta |= self.held.len() > 2;
            self.eight_bit(control, Introducer::EightBitUtf8);
        } else {
            self.decode();
        }
    }

    fn eight_bit(&mut self, control: u8, introducer: Introducer) {
        match control {
            0x8f | 0x90 | 0x98 | 0x9b | 0x9d..=0x9f => self.open(control - 0x40, introducer),
            _ => self.finish(None),
        }
    }

    fn escape(&mut self, byte: u8, since: Instant, at: Instant) {
        if at.saturating_duration_since(since) >= ESCAPE {
            self.press_escapes(since);
            return self.pressed(byte, at);
        }
        match byte {
            b'[' | b'O' | b']' | b'P' | b'_' | b'^' | b'X' => self.open(byte, Introducer::Together),
            0x1b => {
                if self.meta {
                    self.press(KeyCode::Esc, KeyModifiers::NONE);
                }
                self.meta = true;
                self.state = State::Escape(at);
            }
            // The end of a string that is over already.
            b'\\' => self.finish(None),
            ..0x80 | 0xc2..=0xf4 => {
                self.held.extend([0x1b, byte]);
                match byte {
                    ..0x80 => self.decode(),
                    _ => self.state = State::Character(continuation(byte)),
                }
            }
            _ => {
                self.press_escapes(since);
                self.pressed(byte, at);
            }
        }
    }

    fn pressed(&mut self, byte: u8, at: Instant) {
        match byte {
            b'[' | b'O' | b']' | b'P' | b'_' | b'^' | b'X' => self.open(byte, Introducer::Apart),
            _ => {
                self.state = State::Ground;
                self.byte(byte, at);
            }
        }
    }

    fn open(&mut self, kind: u8, introducer: Introducer) {
        use Introducer::{Apart, Together};
        self.held.clear();
        self.held.extend([0x1b, kind]);
        self.introducer = introducer;
        self.state = match kind {
            b'[' => State::Control,
            b'O' => State::Shift,
            _ => {
                let may_be_keys = matches!(introducer, Together | Apart);
                State::String(ControlString::new(kind, may_be_keys))
            }
        };
    }

    fn control(&mut self, byte: u8, at: Instant) {
        match byte {
            0x20..=0x3f => self.hold(byte),
            // Linux's console sends `ESC [ [ A` for F1, xterm's first mouse protocol `ESC [ M` and three bytes.
            b'[' | b'M' if self.held.len() == 2 => {
                self.hold(byte);
                self.state = State::Fixed(if byte == b'M' { 3 } else { 1 });
            }
            0x40..=0x7e => {
                self.hold(byte);
                match self.held.as_slice() {
                    b"\x1b[200~" => self.paste(),
                    _ => self.decode(),
                }
            }
            _ => {
                self.abandon();
                self.byte(byte, at);
            }
        }
    }

    fn shift(&mut self, byte: u8, at: Instant) {
        match byte {
            b'0'..=b'9' | b';' => self.hold(byte),
            b' ' | b'A'..=b'Z' | b'j'..=b'y' => {
                self.hold(byte);
                self.decode();
            }
            _ => {
                self.abandon();
                self.byte(byte, at);
            }
        }
    }

    fn fixed(&mut self, left: u8, byte: u8, at: Instant) {
        if byte < 0x20 {
            self.finish(None);
            return self.byte(byte, at);
        }
        self.hold(byte);
        match left {
            ..=1 => self.decode(),
            _ => self.state = State::Fixed(left - 1),
        }
    }

    fn string(&mut self, step: Step, byte: u8, at: Instant) {
        match step {
            Step::Content => self.hold(byte),
            Step::Nothing => {}
            Step::Ended => {
                let reply = sequence::colour(&self.held).map(Decoded::Reply);
                self.finish(reply);
            }
            Step::Cancelled => self.finish(None),
            Step::Interrupted(since) => {
                self.abandon();
                self.state = State::Escape(since);
                self.byte(byte, at);
            }
            Step::NoString => {
                self.abandon();
                self.byte(byte, at);
            }
        }
    }

    fn paste(&mut self) {
        let end: &[u8] = match self.introducer {
            Introducer::Together | Introducer::Apart => b"\x1b[201~",
            Introducer::EightBit => b"\x9b201~",
            Introducer::EightBitUtf8 => b"\xc2\x9b201~",
        };
        self.finish(None);
        self.timeout.begin();
        self.state = State::Paste(Paste::new(end));
    }

    /// Keeps a byte of the sequence. One that is too long to mean anything here is read to its end.
    fn hold(&mut self, byte: u8) {
        if self.held.len() <= MAX_SEQUENCE {
            self.held.push(byte);
        }
    }

    /// The sequence is whole.
    fn decode(&mut self) {
        let decoded = sequence::decode(&self.held);
        self.finish(decoded);
    }

    /// Ends the sequence; an ESC before it is Alt for a key, and Esc for anything else.
    fn finish(&mut self, decoded: Option<Decoded>) {
        let meta = std::mem::take(&mut self.meta);
        let decoded = match decoded {
            Some(Decoded::Event(Event::Key(mut key))) if meta => {
                key.modifiers |= KeyModifiers::ALT;
                Some(Decoded::Event(Event::Key(key)))
            }
            decoded => {
                if meta {
                    self.press(KeyCode::Esc, KeyModifiers::NONE);
                }
                decoded
            }
        };
        self.decoded.extend(decoded);
        self.held.clear();
        self.state = State::Ground;
    }

    /// Ends a sequence that does not go on. Its introducer alone is what somebody typed.
    fn abandon(&mut self) {
        let [0x1b, kind] = *self.held else {
            return self.finish(None);
        };
        let introducer = self.introducer;
        self.finish(None);
        let mut modifiers = match kind {
            b'A'..=b'Z' => KeyModifiers::SHIFT,
            _ => KeyModifiers::NONE,
        };
        match introducer {
            Introducer::EightBit | Introducer::EightBitUtf8 => return,
            Introducer::Together => modifiers |= KeyModifiers::ALT,
            Introducer::Apart => {}
        }
        self.press(KeyCode::Char(char::from(kind)), modifiers);
    }

    /// Presses the Esc that was read at that time, and another one that came right before.
    fn press_escapes(&mut self, since: Instant) {
        self.finish(None);
        self.press(KeyCode::Esc, KeyModifiers::NONE);
        self.state = State::Pressed(since);
    }

    fn press(&mut self, code: KeyCode, modifiers: KeyModifiers) {
        let key = Event::Key(KeyEvent::new(code, modifiers));
        self.decoded.push_back(Decoded::Event(key));
    }
}
