//! Every report and reply that terminals send, whole and cut, and every key.

mod keys;
mod mouse;
mod paste;
mod waiting;

use std::time::{Duration, Instant};

use crossterm::event::{Event, KeyCode, KeyEvent, KeyModifiers};
use proptest::prelude::*;

use super::decoder::Decoder;
use super::sequence::Decoded;
use super::sequence::Reply;
use super::words_of;
use keys::keys;

/// How long a connection holds back the rest of a sequence that it cut.
const CUT: Duration = Duration::from_millis(100);
/// The same behind ESC alone, which is a key soon.
const ESCAPE_CUT: Duration = Duration::from_millis(40);
/// Longer than anything unfinished is waited for.
const SILENCE: Duration = Duration::from_secs(3);

/// A decoder, and the time of the bytes that it gets.
struct Line {
    decoder: Decoder,
    now: Instant,
}

impl Line {
    fn new() -> Self {
        Self {
            decoder: Decoder::default(),
            now: Instant::now(),
        }
    }

    fn pop_all(&mut self) -> Vec<Decoded> {
        std::iter::from_fn(|| self.decoder.pop()).collect()
    }

    /// Bytes that come after that long, and what came of them and of the silence before.
    fn feed(&mut self, after: Duration, bytes: &[u8]) -> Vec<Decoded> {
        self.now += after;
        self.decoder.feed(bytes, self.now);
        self.pop_all()
    }

    /// A sequence that a connection cuts.
    fn feed_cut(&mut self, bytes: &[u8], at: usize) -> Vec<Decoded> {
        let late = match bytes[..at].last() {
            Some(0x1b) => ESCAPE_CUT,
            _ => CUT,
        };
        let mut told = self.feed(Duration::ZERO, &bytes[..at]);
        told.extend(self.feed(late, &bytes[at..]));
        told
    }

    /// Nothing comes any more.
    fn silence(&mut self) -> Vec<Decoded> {
        self.now += SILENCE;
        self.decoder.expire(self.now);
        self.pop_all()
    }

    /// Asserts that the next key is pressed, at once.
    fn is_alive(&mut self, after: &str) {
        let pressed = self.feed(Duration::ZERO, b"?");
        assert_eq!(pressed, [key(KeyCode::Char('?'))], "after {after}");
    }
}

fn key(code: KeyCode) -> Decoded {
    held(code, KeyModifiers::NONE)
}

fn held(code: KeyCode, modifiers: KeyModifiers) -> Decoded {
    Decoded::Event(Event::Key(KeyEvent::new(code, modifiers)))
}

/// Without the replies to queries of ours, which press nothing.
fn events(decoded: Vec<Decoded>) -> Vec<Decoded> {
    let is_event = |decoded: &Decoded| matches!(decoded, Decoded::Event(_));
    decoded.into_iter().filter(is_event).collect()
}

/// Bytes of a line with C escapes: `\x1b`, `\\`.
fn unescaped(line: &str) -> Vec<u8> {
    let (mut bytes, mut rest) = (Vec::new(), line);
    while let Some(c) = rest.chars().next() {
        if let Some(hex) = rest.strip_prefix("\\x") {
            bytes.push(u8::from_str_radix(&hex[..2], 16).unwrap());
            rest = &hex[2..];
        } else if let Some(after) = rest.strip_prefix("\\\\") {
            bytes.push(b'\\');
            rest = after;
        } else {
            bytes.extend(c.to_string().bytes());
            rest = &rest[c.len_utf8()..];
        }
    }
    bytes
}

/// Lines of a file of such bytes, without its comments.
fn reports() -> impl Iterator<Item = (&'static str, Vec<u8>)> {
    let lines = include_str!("../../../../tests/samples/terminal-replies.txt").lines();
    let lines = lines.filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines.map(|line| (line, unescaped(line)))
}

/// The same sequence with its introducer and its end as 8-bit controls.
fn eight_bit(sequence: &[u8], utf8: bool) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut rest = sequence;
    while let [first, after @ ..] = rest {
        rest = after;
        match rest {
            [kind @ b'@'..=b'_', after @ ..] if *first == 0x1b => {
                bytes.extend(utf8.then_some(0xc2));
                bytes.push(kind + 0x40);
                rest = after;
            }
            _ => bytes.push(*first),
        }
    }
    bytes
}

/// Whether nothing more of it comes.
fn is_whole(report: &[u8]) -> bool {
    let mut line = Line::new();
    line.feed(Duration::ZERO, report);
    line.decoder.deadline().is_none()
}

#[test]
fn no_report_of_any_terminal_presses_a_key_however_it_is_cut() {
    let mut count = 0;
    for (name, seven) in reports() {
        for bytes in [eight_bit(&seven, false), eight_bit(&seven, true), seven] {
            count += 1;
            let whole = is_whole(&bytes);
            for at in 0..bytes.len() {
                let mut line = Line::new();
                let mut pressed = line.feed_cut(&bytes, at);
                if !whole {
                    pressed.extend(line.silence());
                }
                assert_eq!(events(pressed), [], "{name} cut at {at}");
                line.is_alive(name);
            }
            // A line so slow that each byte comes alone: the first one may be the key Esc.
            let mut line = Line::new();
            let escape = key(KeyCode::Esc);
            for (at, byte) in bytes.iter().enumerate() {
                let mut pressed = events(line.feed(CUT, &[*byte]));
                pressed.retain(|pressed| at != 1 || *pressed != escape);
                assert_eq!(pressed, [], "{name} byte by byte");
            }
            if !whole {
                assert_eq!(line.silence(), [], "{name} byte by byte");
            }
            line.is_alive(name);
        }
    }
    assert!(count > 300, "{count}");
}

#[test]
fn a_report_that_breaks_off_presses_nothing_and_leaves_the_keys_alive() {
    for (name, bytes) in reports() {
        // What breaks off behind its first two bytes may have been typed: Alt and a key.
        for end in 3..bytes.len() {
            let mut line = Line::new();
            let mut pressed = line.feed(Duration::ZERO, &bytes[..end]);
            pressed.extend(line.silence());
            assert_eq!(events(pressed), [], "{name} to {end}");
            line.is_alive(name);
        }
    }
}

#[test]
fn someone_who_types_into_an_unfinished_string_is_heard_within_seconds() {
    let begun: [&[u8]; 4] = [b"\x1b]10;rgb:cccc", b"\x1b[200~abc", b"\x1b_G", b"\x1b[12;"];
    for unfinished in begun {
        let mut line = Line::new();
        line.feed(Duration::ZERO, unfinished);
        let heard = (0..100).position(|_| {
            let pressed = line.feed(Duration::from_millis(300), b"?");
            pressed.contains(&key(KeyCode::Char('?')))
        });
        assert!(heard.is_some_and(|times| times <= 35), "{heard:?}");
        line.is_alive(&format!("{unfinished:?}"));
    }
}

#[test]
fn a_string_of_any_length_is_read_to_its_end_and_kept_nowhere() {
    for introducer in [
        "\x1b]52;c;",
        "\x1bP1$r",
        "\x1b_G",
        "\x1b^",
        "\x1bX",
        "\x1b[",
    ] {
        let mut line = Line::new();
        let filler = vec![b'1'; 64 * 1024];
        let mut pressed = line.feed(Duration::ZERO, introducer.as_bytes());
        for _ in 0..200 {
            pressed.extend(line.feed(Duration::from_millis(20), &filler));
        }
        let end: &[u8] = if introducer == "\x1b[" {
            b"c"
        } else {
            b"\x1b\\"
        };
        pressed.extend(line.feed(Duration::from_millis(20), end));
        assert_eq!(pressed, [], "{introducer:?}");
        line.is_alive(introducer);
    }
}

#[test]
fn replies_to_our_queries_are_told() {
    let mut line = Line::new();
    let told = line.feed(
        Duration::ZERO,
        b"\x1b]10;rgb:ffff/8080/0000\x07\x1b]11;rgba:1e/1f/20/cc\x1b\\\x1b[?62;4c",
    );
    let [
        Decoded::Reply(Reply::Foreground(text)),
        Decoded::Reply(Reply::Background(behind)),
        Decoded::Reply(Reply::Attributes),
    ] = told[..]
    else {
        panic!("{told:?}");
    };
    assert_eq!((text.red, text.green, text.blue), (0xff, 0x80, 0));
    assert_eq!((behind.red, behind.green, behind.blue), (0x1e, 0x1f, 0x20));
    for odd in ["#é12", "rgb:", "rgb:1/2", "?", "red", "#12345"] {
        let reply = format!("\x1b]11;{odd}\x07");
        assert_eq!(line.feed(Duration::ZERO, reply.as_bytes()), [], "{odd}");
    }
}

#[test]
fn words_that_are_typed_in_lines_have_no_report_in_them() {
    for (line, words) in [
        ("help\n", "help"),
        ("\x1b[?1;2chelp\n", "help"),
        (
            "sh\x1b]11;rgb:1e1e/1e1e/1e1e\x1b\\ow 10482\r\n",
            "show 10482",
        ),
        ("show\t10482\n", "show 10482"),
        ("list Zoë\x1b[A\x1bP>|tmux 3.4\x1b\\\n", "list Zoë"),
        ("help\x1b[20", "help"),
    ] {
        assert_eq!(words_of(line), words, "{line:?}");
    }
}

/// Keys and reports, one after the other.
fn pieces() -> impl Strategy<Value = Vec<Vec<u8>>> {
    let mut all: Vec<Vec<u8>> = keys().into_iter().map(|(k, ..)| k.into()).collect();
    let whole = reports().map(|(_, report)| report);
    all.extend(whole.filter(|report| is_whole(report)));
    proptest::collection::vec(proptest::sample::select(all), 0..12)
}

proptest! {
    #[test]
    fn however_the_bytes_are_cut_the_same_keys_are_pressed(
        pieces in pieces(),
        cuts in proptest::collection::vec((0_usize..400, 0_u64..50), 0..8),
    ) {
        let bytes = pieces.concat();
        let mut whole = Line::new();
        let mut wanted = whole.feed(Duration::ZERO, &bytes);
        wanted.extend(whole.silence());
        // Gaps at one place would add up: a key after ESC is then no key with Alt.
        let cuts: std::collections::BTreeMap<usize, u64> = cuts.into_iter().collect();
        let mut line = Line::new();
        let (mut told, mut from) = (Vec::new(), 0);
        for (at, gap) in cuts {
            let at = at.min(bytes.len());
            told.extend(line.feed(Duration::from_millis(gap), &bytes[from..at]));
            from = at;
        }
        told.extend(line.feed(Duration::ZERO, &bytes[from..]));
        told.extend(line.silence());
        prop_assert_eq!(told, wanted);
    }

    #[test]
    fn no_bytes_end_the_keyboard(
        chunks in proptest::collection::vec(
            (proptest::collection::vec(prop_oneof![
                any::<u8>(),
                proptest::sample::select(b"\x1b[]PO_^X\\;?<>~MuR0123456789\x07\x9b\x9c\xc2".to_vec()),
            ], 0..24), 0_u64..400),
            0..12,
        ),
    ) {
        let mut line = Line::new();
        for (bytes, gap) in chunks {
            line.feed(Duration::from_millis(gap), &bytes);
        }
        line.silence();
        prop_assert!(line.decoder.deadline().is_none());
        prop_assert_eq!(line.feed(Duration::ZERO, b"?"), [key(KeyCode::Char('?'))]);
    }
}
