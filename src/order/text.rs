//! Text from outside is untrusted: it is cleaned once, on entry.
//!
//! HTML entities are decoded once (`WooCommerce` escapes names), then terminal
//! escape sequences, control characters, bidi overrides and floods of invisible
//! characters are removed, and what is too long is cut with an ellipsis. The
//! screen cleans nothing: it relies on this, and on ratatui's own filter.

mod fold;

pub use fold::{fold, fold_onto};

/// Longest name, title or address line kept, in characters.
pub const MAX_NAME_CHARS: usize = 200;
/// Longest note, reason or message kept, in characters.
pub const MAX_NOTE_CHARS: usize = 2_000;

/// How many combining or joining characters may follow one base character.
/// Vietnamese needs two, a family emoji one joiner at a time; a "Zalgo" text
/// stacks dozens.
const MAX_MARKS_A_BASE: usize = 4;

/// Cleans `raw`, one line of text, and cuts it to `max_chars` characters.
///
/// ```
/// use ordertop::order::text::clean;
/// assert_eq!(clean("Ship &ndash; \u{1b}[31mred\u{1b}[0m\n now", 200), "Ship – red now");
/// assert_eq!(clean("abcdef", 4), "abc…");
/// ```
#[must_use]
pub fn clean(raw: &str, max_chars: usize) -> String {
    strip(&html_escape::decode_html_entities(raw), max_chars)
}

/// [`clean`] for text whose entities are decoded already.
#[must_use]
pub fn strip(decoded: &str, max_chars: usize) -> String {
    let mut out = String::with_capacity(decoded.len().min(max_chars * 4));
    let mut kept = 0_usize;
    let mut marks = 0_usize;
    let mut chars = decoded.chars().peekable();
    while let Some(c) = chars.next() {
        let c = match c {
            '\u{1b}' => {
                skip_escape_sequence(&mut chars);
                continue;
            }
            // The eight-bit forms of CSI, OSC, DCS, SOS, PM and APC.
            '\u{9b}' => {
                skip_control_sequence(&mut chars);
                continue;
            }
            '\u{90}' | '\u{98}' | '\u{9d}' | '\u{9e}' | '\u{9f}' => {
                skip_control_string(&mut chars);
                continue;
            }
            c if c.is_whitespace() => ' ',
            c if c.is_control() || is_bidi_control(c) => continue,
            c => c,
        };
        if c == ' ' && (out.is_empty() || out.ends_with(' ')) {
            continue;
        }
        if is_invisible(c) || is_combining(c) {
            marks += 1;
            if marks > MAX_MARKS_A_BASE || out.is_empty() {
                continue;
            }
        } else {
            marks = 0;
        }
        if kept == max_chars {
            // The cut: the last character makes room for the ellipsis.
            out.pop();
            out.push('…');
            return out;
        }
        out.push(c);
        kept += 1;
    }
    out.truncate(out.trim_end().len());
    out
}

/// [`clean`] for an optional field: blank becomes `None`.
#[must_use]
pub fn clean_opt(raw: Option<&str>, max_chars: usize) -> Option<String> {
    let text = clean(raw?, max_chars);
    (!text.is_empty()).then_some(text)
}

/// A character that an id must not have: it does not print, or it changes how
/// its neighbours print.
#[must_use]
pub fn is_unprintable(c: char) -> bool {
    c.is_control() || is_bidi_control(c) || is_invisible(c) || matches!(c, '\u{2028}' | '\u{2029}')
}

/// Bidirectional embeddings, overrides and isolates (Unicode UAX #9), which can
/// make text read as something else.
fn is_bidi_control(c: char) -> bool {
    matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Characters of no width that carry no accent: zero-width spaces and joiners,
/// marks of direction, variation selectors, tags, soft hyphen.
fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}'
        | '\u{2060}'..='\u{2064}' | '\u{206a}'..='\u{206f}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}'
        | '\u{feff}' | '\u{ffa0}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}')
}

/// The combining blocks that floods are made of (Unicode blocks "Combining
/// Diacritical Marks", its extensions, "for Symbols" and "Half Marks").
fn is_combining(c: char) -> bool {
    matches!(c,
        '\u{300}'..='\u{36f}' | '\u{483}'..='\u{489}' | '\u{1ab0}'..='\u{1aff}'
        | '\u{1dc0}'..='\u{1dff}' | '\u{20d0}'..='\u{20ff}' | '\u{fe20}'..='\u{fe2f}')
}

type Chars<'a> = std::iter::Peekable<std::str::Chars<'a>>;

/// Skips what follows an ESC (ECMA-48, section 5): a control sequence, a
/// control string, or one short escape.
fn skip_escape_sequence(chars: &mut Chars<'_>) {
    match chars.peek() {
        Some('[') => {
            chars.next();
            skip_control_sequence(chars);
        }
        Some(']' | 'P' | 'X' | '^' | '_') => {
            chars.next();
            skip_control_string(chars);
        }
        Some(' '..='/') => {
            while chars.next_if(|c| (' '..='/').contains(c)).is_some() {}
            chars.next_if(|c| ('0'..='~').contains(c));
        }
        Some('0'..='~') => {
            chars.next();
        }
        _ => {}
    }
}

/// Skips parameters, intermediates and the final byte of a control sequence.
fn skip_control_sequence(chars: &mut Chars<'_>) {
    while chars.next_if(|c| (' '..='?').contains(c)).is_some() {}
    chars.next_if(|c| ('@'..='~').contains(c));
}

/// Skips a control string up to its terminator (BEL or ST). One without a
/// terminator would swallow the whole text, so its reading stops at a line end
/// or after 256 characters.
fn skip_control_string(chars: &mut Chars<'_>) {
    for _ in 0..256 {
        match chars.peek() {
            None | Some('\n') => return,
            Some('\u{7}' | '\u{9c}') => {
                chars.next();
                return;
            }
            Some('\u{1b}') => {
                chars.next();
                chars.next_if_eq(&'\\');
                return;
            }
            Some(_) => {
                chars.next();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hostile_text_comes_out_clean() {
        let table = [
            ("Jane \u{1b}[2J\u{1b}[HDoe", "Jane Doe"),
            ("\u{1b}]0;owned\u{7}Ana", "Ana"),
            ("\u{1b}]8;;http://x\u{1b}\\link\u{1b}]8;;\u{1b}\\", "link"),
            ("\u{9b}31mred", "red"),
            ("a\u{1b}(Bb\u{1b}cc", "abc"),
            // The decoder refuses to make a control character: the text stays text.
            ("&#27;[31mred", "&#27;[31mred"),
            ("A&amp;amp;B", "A&amp;B"),
            ("pay\u{202e}cod\u{202c}", "paycod"),
            ("a\tb\r\n c", "a b c"),
            ("  x  ", "x"),
            ("", ""),
            ("محمد علي", "محمد علي"),
            ("陳美玲", "陳美玲"),
            ("Nguyễn", "Nguyễn"),
            ("👩\u{200d}👩\u{200d}👧", "👩\u{200d}👩\u{200d}👧"),
            ("\u{200b}\u{200b}", ""),
        ];
        for (raw, cleaned) in table {
            assert_eq!(clean(raw, 200), cleaned, "{raw:?}");
        }
    }

    #[test]
    fn floods_are_cut() {
        let zalgo = format!("a{}", "\u{301}".repeat(5_000));
        assert_eq!(clean(&zalgo, 200).chars().count(), 1 + MAX_MARKS_A_BASE);
        let long = "x".repeat(10_000);
        let cut = clean(&long, MAX_NAME_CHARS);
        assert_eq!(cut.chars().count(), MAX_NAME_CHARS);
        assert!(cut.ends_with('…'));
        assert_eq!(clean(&"y".repeat(200), 200), "y".repeat(200));
    }

    #[test]
    fn an_unended_control_string_does_not_swallow_the_line_after_it() {
        assert_eq!(clean("a\u{1b}]0;title\nb", 200), "a b");
    }

    proptest::proptest! {
        #[test]
        fn nothing_that_steers_a_terminal_survives(raw in ".{0,400}", cut in 1_usize..80) {
            let text = clean(&raw, cut);
            proptest::prop_assert!(text.chars().count() <= cut);
            proptest::prop_assert!(!text.chars().any(|c| c.is_control() || is_bidi_control(c)));
        }
    }
}
