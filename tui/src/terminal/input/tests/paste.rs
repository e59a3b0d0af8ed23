//! Pastes, whole, cut and without an end.

use std::time::Duration;

use crossterm::event::Event;

use super::{Decoded, Line, eight_bit};

#[test]
fn a_paste_is_text_however_it_is_cut() {
    let paste = |text: &str| Decoded::Event(Event::Paste(text.to_owned()));
    for text in [
        "",
        "abc",
        "s\r\n\x1b[A",
        "\x1b[201",
        "Л201~ é",
        "\x1b\x1b[201\x1b",
    ] {
        for form in [None, Some(false), Some(true)] {
            let mark = |n: &str| {
                let mark = format!("\x1b[{n}~").into_bytes();
                form.map_or(mark.clone(), |utf8| eight_bit(&mark, utf8))
            };
            let bytes = [mark("200"), text.as_bytes().to_vec(), mark("201")].concat();
            for at in 0..bytes.len() {
                let mut line = Line::new();
                let mut pasted = Vec::new();
                if at < 7 {
                    pasted.extend(line.feed_cut(&bytes, at));
                } else {
                    pasted.extend(line.feed(Duration::ZERO, &bytes[..at]));
                    // As late as a packet that is lost is sent again.
                    pasted.extend(line.feed(Duration::from_millis(1500), &bytes[at..]));
                }
                assert_eq!(pasted, [paste(text)], "{text:?} cut at {at}");
                line.is_alive(text);
            }
        }
    }
}

#[test]
fn a_paste_without_end_is_no_paste_and_a_long_one_is_cut() {
    let mut line = Line::new();
    assert_eq!(line.feed(Duration::ZERO, b"\x1b[200~abc"), []);
    assert_eq!(line.silence(), []);
    line.is_alive("a paste");
    // Its end comes late.
    assert_eq!(line.feed(Duration::ZERO, b"\x1b[201~"), []);
    line.feed(Duration::ZERO, b"\x1b[200~");
    for _ in 0..100 {
        assert_eq!(line.feed(Duration::from_millis(40), &[b'a'; 4096]), []);
    }
    let pasted = line.feed(Duration::ZERO, b"\x1b[201~");
    let [Decoded::Event(Event::Paste(text))] = &pasted[..] else {
        panic!("{pasted:?}");
    };
    assert_eq!(text.len(), 64 * 1024);
    line.is_alive("a long paste");
}
