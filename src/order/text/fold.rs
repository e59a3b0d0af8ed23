//! Folding: the form of a text in which orders are searched.

use icu_normalizer::DecomposingNormalizerBorrowed;

use super::is_combining;

/// Folds a text for searching: without case, accents, apostrophes and the differences
/// between forms of one letter (Unicode NFKD). Letters that do not decompose are written
/// as people without them on their keyboard do.
///
/// Works letter by letter, so the beginning of a text folds to the beginning of the
/// folded text: who types on still finds it.
///
/// ```
/// use ordertop::order::text::fold;
/// assert_eq!(fold("Zoë Łukasz O’Brien, Straße 1"), "zoe lukasz obrien, strasse 1");
/// ```
#[must_use]
pub fn fold(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    fold_onto(&mut folded, text);
    folded
}

/// Appends the folded text, as [`fold`] folds it.
pub fn fold_onto(folded: &mut String, text: &str) {
    if text.is_ascii() {
        let kept = text
            .bytes()
            .filter(|byte| !is_apostrophe(char::from(*byte)));
        folded.extend(kept.map(|byte| char::from(byte.to_ascii_lowercase())));
        return;
    }
    let normalizer = DecomposingNormalizerBorrowed::new_nfkd();
    // A lone acute accent is an apostrophe here, and would become a blank.
    let letters = text.chars().filter(|c| !is_apostrophe(*c));
    for c in normalizer
        .normalize_iter(letters)
        .flat_map(char::to_lowercase)
    {
        if is_combining(c) || is_point(c) || is_apostrophe(c) {
            continue;
        }
        match letters_of(c) {
            Some(letters) => folded.push_str(letters),
            None => folded.push(c),
        }
    }
}

/// Whether a character is an apostrophe, or is typed for one.
fn is_apostrophe(c: char) -> bool {
    matches!(
        c,
        '\'' | '`'
            | '\u{b4}'
            | '\u{2b9}'
            | '\u{2bb}'
            | '\u{2bc}'
            | '\u{2018}'
            | '\u{2019}'
            | '\u{201b}'
            | '\u{2032}'
            | '\u{ff07}'
    )
}

/// Whether a character is a vowel point of Hebrew or Arabic, which is rarely typed.
fn is_point(c: char) -> bool {
    matches!(c, '\u{591}'..='\u{5bd}' | '\u{5bf}'..='\u{5c2}' | '\u{5c4}' | '\u{5c5}' | '\u{5c7}'
        | '\u{64b}'..='\u{652}' | '\u{670}')
}

/// What a lower-case letter without a decomposition is written as; `None` for itself.
fn letters_of(c: char) -> Option<&'static str> {
    Some(match c {
        'ß' => "ss",
        'æ' => "ae",
        'œ' => "oe",
        'ø' => "o",
        'ł' => "l",
        'đ' | 'ð' => "d",
        'þ' => "th",
        'ħ' => "h",
        'ı' => "i",
        'ŋ' => "n",
        'ŧ' => "t",
        'ς' => "σ",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_people_type_is_found_in_what_they_mean() {
        let table = [
            ("zoe", "Zoë"),
            ("lukasz", "Łukasz"),
            ("obrien", "O'Brien"),
            ("obrien", "O’BRIEN"),
            ("o'brien", "OBrien"),
            ("strasse", "Straße"),
            ("STRASSE", "straße"),
            ("kjaer", "Søren Kjær"),
            ("soren", "Søren"),
            ("nguyen thi anh", "Nguyễn Thị Ánh"),
            ("nguyễn", "Nguyen"),
            ("izmir", "İzmir"),
            ("diyarbakir", "Diyarbakır"),
            ("jose", "Jose\u{301}"),
            ("thorhildur", "Þórhildur"),
            ("dordevic", "Đorđević"),
            ("οδος", "ΟΔΌΣ"),
            ("елка", "Ёлка"),
            ("ana", "Ａｎａ"),
            ("陳", "陳美玲"),
            ("ガ", "ガラス"),
            ("محمد", "مُحَمَّد"),
            ("oeuvre", "Œuvre"),
            ("coeur", "C\u{153}ur"),
        ];
        for (typed, meant) in table {
            let (typed, meant) = (fold(typed), fold(meant));
            assert!(meant.contains(&typed), "{typed} in {meant}");
        }
    }

    #[test]
    fn letters_that_differ_stay_different() {
        for (typed, meant) in [("ana", "Anna"), ("王", "玉"), ("sun", "son"), ("м", "m")] {
            assert!(!fold(meant).contains(&fold(typed)), "{typed} in {meant}");
        }
    }

    proptest::proptest! {
        #[test]
        fn folding_twice_is_folding_once(text in ".{0,60}") {
            proptest::prop_assert_eq!(fold(&fold(&text)), fold(&text));
        }

        #[test]
        fn who_types_on_still_finds_it(text in "[a-zA-Zéèßłøæ'’ Þςσ陳0-9]{0,30}", cut in 0_usize..30) {
            let typed: String = text.chars().take(cut).collect();
            proptest::prop_assert!(fold(&text).starts_with(&fold(&typed)));
        }
    }
}
