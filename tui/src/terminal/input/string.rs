//! Control strings (OSC, DCS, APC, PM, SOS) and pastes, byte after byte.

use std::time::Instant;

use super::utf8::continuation;

/// Longest paste that is kept, in bytes; what comes beyond it is dropped. No text of an order is as long.
const MAX_PASTE: usize = 64 * 1024;

/// What a byte is to a control string.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// A byte of its content.
    Content,
    /// A part of its end, or a control character in it.
    Nothing,
    /// Its end.
    Ended,
    /// CAN or SUB: the terminal gave it up.
    Cancelled,
    /// The ESC of that time, which the byte follows, began something else.
    Interrupted(Instant),
    /// No string of this kind begins so: what looked like its introducer were keys.
    NoString,
}

/// A control string after its introducer. It ends with ST or BEL.
#[derive(Debug)]
pub(super) struct ControlString {
    /// The introducer's second byte in its 7-bit form.
    kind: u8,
    /// Whether the introducer may have been keys: Alt-] or Alt-P.
    may_be_keys: bool,
    empty: bool,
    /// When the ESC was read that the last byte was.
    escaped: Option<Instant>,
    /// Bytes that are missing of a UTF-8 character, in which 0x9c is not ST.
    missing: u8,
    /// Whether the last byte was the first of a control character in UTF-8.
    control: bool,
}

impl ControlString {
    pub(super) fn new(kind: u8, may_be_keys: bool) -> Self {
        Self {
            kind,
            may_be_keys,
            empty: true,
            escaped: None,
            missing: 0,
            control: false,
        }
    }

    /// Whether nothing followed the introducer, but for an ESC.
    pub(super) fn is_empty(&self) -> bool {
        self.empty
    }

    /// When the ESC was read that the last byte was.
    pub(super) fn escaped(&self) -> Option<Instant> {
        self.escaped
    }

    /// Takes the next byte.
    pub(super) fn take(&mut self, byte: u8, at: Instant) -> Step {
        if let Some(since) = self.escaped.take() {
            return match byte {
                b'\\' => Step::Ended,
                _ => Step::Interrupted(since),
            };
        }
        if self.missing > 0 && matches!(byte, 0x80..=0xbf) {
            self.missing -= 1;
            return match byte {
                0x9c if std::mem::take(&mut self.control) => Step::Ended,
                _ => Step::Content,
            };
        }
        (self.missing, self.control) = (0, false);
        match byte {
            0x1b => {
                self.escaped = Some(at);
                Step::Nothing
            }
            0x07 | 0x9c => Step::Ended,
            0x18 | 0x1a => Step::Cancelled,
            _ if self.empty && self.may_be_keys && !self.begins_with(byte) => Step::NoString,
            ..0x20 => Step::Nothing,
            _ => {
                self.empty = false;
                self.missing = continuation(byte);
                self.control = byte == 0xc2;
                Step::Content
            }
        }
    }

    /// Whether strings of this kind begin with that byte: else it is the key that was typed next.
    fn begins_with(&self, byte: u8) -> bool {
        match self.kind {
            // A number, or a title's report (XTWINOPS 20, 21).
            b']' => matches!(byte, b'0'..=b'9' | b'l' | b'L' | b'I'),
            // Parameters, intermediates; kitty's own are `@kitty-…`.
            b'P' => matches!(byte, 0x20..=0x3f | b'@'),
            _ => byte >= 0x20,
        }
    }
}

/// A bracketed paste after its first mark.
#[derive(Debug)]
pub(super) struct Paste {
    text: Vec<u8>,
    /// The mark that ends it; its first byte is not in it again.
    end: &'static [u8],
    /// How many bytes of that mark came.
    matched: usize,
    /// Bytes that are missing of a UTF-8 character, which an 8-bit mark does not begin in.
    missing: u8,
}

impl Paste {
    pub(super) fn new(end: &'static [u8]) -> Self {
        Self {
            text: Vec::new(),
            end,
            matched: 0,
            missing: 0,
        }
    }

    /// Takes the next byte; gives the text at the end.
    pub(super) fn take(&mut self, byte: u8) -> Option<String> {
        let within = self.missing > 0 && matches!(byte, 0x80..=0xbf);
        self.missing = match within {
            true => self.missing - 1,
            false => continuation(byte),
        };
        // The first byte of a mark in UTF-8 begins a character, and the second is within it.
        if byte != self.end[self.matched] || (within && self.matched == 0) {
            let begun = &self.end[..std::mem::take(&mut self.matched)];
            self.text.extend(begun);
            if byte != self.end[0] || within {
                self.text.push(byte);
                self.text.truncate(MAX_PASTE);
                return None;
            }
        }
        self.matched += 1;
        let whole = self.matched == self.end.len();
        whole.then(|| String::from_utf8_lossy(&self.text).into_owned())
    }
}
