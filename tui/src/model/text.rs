//! Text on its way to the screen: made harmless, measured in columns, cut
//! between grapheme clusters.

use std::borrow::Cow;

use ordertop::order::Currency;
use ordertop::order::text::{MAX_NAME_CHARS, MAX_NOTE_CHARS, clean};
use unicode_segmentation::UnicodeSegmentation;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// How many characters of no width may follow each other; more is a flood.
const MAX_MARKS: usize = 4;

/// Server data is untrusted too: what could steer the terminal or deceive the
/// eye is removed. A server of ours sends clean text, which costs one look and
/// is not decoded a second time. For names and lines: what is longer than any is cut.
#[must_use]
pub fn tame(text: &str) -> Cow<'_, str> {
    tame_to(text, MAX_NAME_CHARS)
}

/// The same for notes and reasons, which are longer: as long as a server keeps them.
#[must_use]
pub fn tame_long(text: &str) -> Cow<'_, str> {
    tame_to(text, MAX_NOTE_CHARS)
}

fn tame_to(text: &str, max_chars: usize) -> Cow<'_, str> {
    let mut marks = 0;
    let mut hostile = text.len() > max_chars * 4;
    for c in text.chars() {
        marks = if c.width().unwrap_or(0) == 0 {
            marks + 1
        } else {
            0
        };
        hostile |= c.is_control() || marks > MAX_MARKS || is_bidi_control(c);
    }
    if hostile {
        Cow::Owned(clean(text, max_chars))
    } else {
        Cow::Borrowed(text)
    }
}

/// Embeddings, overrides and isolates (Unicode UAX #9).
fn is_bidi_control(c: char) -> bool {
    matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// How many columns `text` takes: as the screen's buffer counts, grapheme
/// cluster by grapheme cluster.
#[must_use]
pub fn width(text: &str) -> usize {
    if text.is_ascii() {
        return text.len();
    }
    text.graphemes(true).map(UnicodeWidthStr::width).sum()
}

/// `text` in at most `columns`: what does not fit is cut between grapheme
/// clusters and ends in `…`.
#[must_use]
pub fn cut(text: &str, columns: usize) -> Cow<'_, str> {
    if width(text) <= columns {
        return Cow::Borrowed(text);
    }
    let mut used = 0;
    let mut end = 0;
    for (at, cluster) in text.grapheme_indices(true) {
        let wide = UnicodeWidthStr::width(cluster);
        if used + wide + 1 > columns {
            break;
        }
        used += wide;
        end = at + cluster.len();
    }
    match columns {
        0 => Cow::Borrowed(""),
        _ => Cow::Owned(format!("{}…", text[..end].trim_end())),
    }
}

/// `text` in exactly `columns`: cut, or filled up with blanks on the right.
#[must_use]
pub fn fit(text: &str, columns: usize) -> String {
    let cut = cut(text, columns);
    let blanks = columns.saturating_sub(width(&cut));
    format!("{cut}{:blanks$}", "")
}

/// `text` in exactly `columns`, filled up on the left.
#[must_use]
pub fn fit_right(text: &str, columns: usize) -> String {
    let cut = cut(text, columns);
    let blanks = columns.saturating_sub(width(&cut));
    format!("{:blanks$}{cut}", "")
}

/// `text` in lines of at most `columns`, broken at blanks and between Chinese,
/// Japanese and Korean characters; a word that is too long for a line of its own
/// is broken anywhere.
#[must_use]
pub fn wrap(text: &str, columns: usize) -> Vec<String> {
    let mut lines = Vec::new();
    if columns == 0 {
        return lines;
    }
    let mut line = String::new();
    let mut used = 0;
    for word in words(text) {
        let wide = width(word);
        if used + wide <= columns {
            line.push_str(word);
            used += wide;
            continue;
        }
        if word.trim().is_empty() {
            continue;
        }
        if !line.trim().is_empty() {
            lines.push(std::mem::take(&mut line).trim_end().to_owned());
        }
        line.clear();
        used = 0;
        for cluster in word.graphemes(true) {
            let wide = UnicodeWidthStr::width(cluster);
            if used + wide > columns && !line.is_empty() {
                lines.push(std::mem::take(&mut line));
                used = 0;
            }
            line.push_str(cluster);
            used += wide;
        }
    }
    if !line.trim().is_empty() {
        lines.push(line.trim_end().to_owned());
    }
    lines
}

/// The parts between which a line may be broken; blanks are parts too.
fn words(text: &str) -> Vec<&str> {
    let mut words = Vec::new();
    let mut start = 0;
    let mut before: Option<char> = None;
    for (at, cluster) in text.grapheme_indices(true) {
        let here = cluster.chars().next();
        if let (Some(before), Some(here)) = (before, here)
            && may_break(before, here)
        {
            words.push(&text[start..at]);
            start = at;
        }
        before = here;
    }
    words.push(&text[start..]);
    words
}

/// Never before closing punctuation, nor after an opening bracket.
fn may_break(before: char, here: char) -> bool {
    let wide = |c: char| c.width() == Some(2);
    let opens = |c| "「『（《〈【〔［｛".contains(c);
    before.is_whitespace() != here.is_whitespace()
        || (wide(before) && !opens(before) && wide(here) && (here.is_alphabetic() || opens(here)))
}

/// `1204` as `1,204`.
#[must_use]
pub fn grouped(n: usize) -> String {
    group_digits(&n.to_string())
}

/// Decimal text with its whole digits in groups of three: `1234.50` as `1,234.50`.
#[must_use]
pub fn group_digits(amount: &str) -> String {
    let (sign, rest) = match amount.strip_prefix('-') {
        Some(rest) => ("-", rest),
        None => ("", amount),
    };
    let (whole, fraction) = match rest.find('.') {
        Some(point) => rest.split_at(point),
        None => (rest, ""),
    };
    if !whole.bytes().all(|b| b.is_ascii_digit()) {
        return amount.to_owned();
    }
    let mut out = String::from(sign);
    for (i, digit) in whole.chars().enumerate() {
        if i > 0 && (whole.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out + fraction
}

/// A count in at most four columns: `9999`, `99k`, `1.2M`.
#[must_use]
pub fn short_count(n: usize) -> String {
    match n {
        0..10_000 => n.to_string(),
        10_000..1_000_000 => format!("{}k", n / 1_000),
        _ => format!("{}.{}M", n / 1_000_000, n / 100_000 % 10),
    }
}

/// An amount with its currency, where that is known: `1,184.00 USD`.
#[must_use]
pub fn money(decimal: &str, currency: Option<Currency>) -> String {
    let amount = group_digits(&tame(decimal));
    match currency {
        Some(currency) => format!("{amount} {currency}"),
        None => amount,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cuts_stay_within_their_columns() {
        let table = [
            ("Ana Souza", 9, "Ana Souza"),
            ("Ana Souza", 8, "Ana Sou…"),
            ("Ana Souza", 5, "Ana…"),
            ("陳美玲", 6, "陳美玲"),
            ("陳美玲", 5, "陳美…"),
            ("陳美玲", 4, "陳…"),
            ("陳美玲", 1, "…"),
            ("陳美玲", 0, ""),
            ("👩\u{200d}👩\u{200d}👧 Ana", 3, "👩\u{200d}👩\u{200d}👧…"),
            ("Nguye\u{302}\u{303}n", 6, "Nguye\u{302}\u{303}n"),
            ("محمد علي", 5, "محمد…"),
        ];
        for (text, columns, expected) in table {
            assert_eq!(cut(text, columns), expected, "{text} in {columns}");
            assert!(width(&cut(text, columns)) <= columns);
            assert_eq!(width(&fit(text, columns)), columns);
            assert_eq!(width(&fit_right(text, columns)), columns);
        }
    }

    #[test]
    fn hostile_text_is_tamed_and_clean_text_is_left_alone() {
        assert_eq!(tame("\u{1b}[31mred\u{1b}[0m"), "red");
        assert_eq!(tame("pay\u{202e}cod"), "paycod");
        assert_eq!(tame("AT&amp;T"), "AT&amp;T");
        let flood = format!("a{}", "\u{301}".repeat(99));
        assert!(tame(&flood).chars().count() <= 1 + MAX_MARKS);
    }

    #[test]
    fn a_long_note_is_left_whole_and_a_long_name_is_not() {
        let note = "é".repeat(MAX_NOTE_CHARS);
        assert_eq!(tame_long(&note), note);
        assert_eq!(tame(&note).chars().count(), MAX_NAME_CHARS);
        let flood = "x".repeat(MAX_NOTE_CHARS * 5);
        assert_eq!(tame_long(&flood).chars().count(), MAX_NOTE_CHARS);
        assert_eq!(tame_long("\u{1b}[31mred\u{1b}[0m"), "red");
    }

    #[test]
    fn lines_break_at_blanks() {
        assert_eq!(wrap("one two three", 7), ["one two", "three"]);
        assert_eq!(wrap("abcdefgh", 3), ["abc", "def", "gh"]);
        assert_eq!(wrap("陳美玲様", 4), ["陳美", "玲様"]);
        assert_eq!(wrap("陳美玲、様", 6), ["陳美", "玲、様"]);
        assert_eq!(wrap("see -d 'x', then", 10), ["see -d", "'x', then"]);
        assert_eq!(wrap("a (by Ana).", 10), ["a (by", "Ana)."]);
        assert!(wrap("abc", 0).is_empty() && wrap("", 9).is_empty());
    }

    #[test]
    fn amounts_are_grouped() {
        assert_eq!(group_digits("1234567.50"), "1,234,567.50");
        assert_eq!(group_digits("-1234"), "-1,234");
        assert_eq!(group_digits("12"), "12");
        assert_eq!(group_digits("12a4567"), "12a4567");
        assert_eq!(short_count(9_999), "9999");
        assert_eq!(short_count(100_400), "100k");
        assert_eq!(short_count(1_250_000), "1.2M");
    }

    proptest::proptest! {
        #[test]
        fn any_text_fits(text in ".{0,80}", columns in 0_usize..60) {
            let tamed = tame(&text);
            proptest::prop_assert!(!tamed.chars().any(char::is_control));
            proptest::prop_assert!(width(&cut(&tamed, columns)) <= columns);
            for line in wrap(&tamed, columns) {
                proptest::prop_assert!(width(&line) <= columns.max(2));
            }
        }
    }
}
