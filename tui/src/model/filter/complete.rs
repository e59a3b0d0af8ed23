//! What could stand where the text cursor is: names of fields and their values.

use std::ops::Range;

use ordertop::order::OrderStatus;
use ordertop::order::text::fold;

use super::Field;
use super::ast::{Due, Mark};
use super::lexer::{in_name, in_op};

/// Most candidates that are offered.
const MOST: usize = 40;

/// What only the list of orders knows.
#[derive(Debug, Clone, Default)]
pub struct Known {
    /// Vendors: id and name.
    pub vendors: Vec<(String, String)>,
    /// Codes of the currencies in the list.
    pub currencies: Vec<String>,
}

/// One text that could stand there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    /// What is put into the filter.
    pub text: String,
    /// What is shown for it; not safe to show as it is where it came from outside.
    pub shown: String,
}

/// What could stand where the text cursor is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Completion {
    /// Which characters a candidate takes the place of.
    pub range: Range<usize>,
    /// The texts that could stand there.
    pub candidates: Vec<Candidate>,
}

/// Which field's values are typed at `cursor`, in characters; `None` where a
/// field's name or a text may stand. Says what [`Known`] has to know.
#[must_use]
pub fn field_at(text: &str, cursor: usize) -> Option<Field> {
    Spot::of(text, cursor).field
}

/// What could stand at `cursor`, which is counted in characters.
#[must_use]
pub fn complete(text: &str, cursor: usize, known: &Known) -> Completion {
    let spot = Spot::of(text, cursor);
    let typed = fold(&spot.typed);
    let mut candidates = match spot.field {
        Some(field) => values(field, &spot.op, &typed, known),
        // A text with an operator but no field is being corrected at its name.
        None if spot.op.is_empty() => fields(&typed),
        None => Vec::new(),
    };
    candidates.truncate(MOST);
    Completion {
        range: spot.range,
        candidates,
    }
}

/// Where the text cursor is.
struct Spot {
    field: Option<Field>,
    op: String,
    /// What stands between the place's begin and the cursor.
    typed: String,
    range: Range<usize>,
}

impl Spot {
    fn of(text: &str, cursor: usize) -> Self {
        let text: Vec<char> = text.chars().collect();
        let cursor = cursor.min(text.len());
        let (mut term, mut value, mut quoted) = (0, 0, false);
        for (at, c) in text[..cursor].iter().enumerate() {
            match c {
                '"' => quoted = !quoted,
                c if quoted && c.is_whitespace() => {}
                c if c.is_whitespace() => (term, value) = (at + 1, at + 1),
                ',' if !quoted => value = at + 1,
                _ => {}
            }
        }
        if term < cursor && matches!(text[term], '-' | '!') {
            term += 1;
            value = value.max(term);
        }
        let name: String = text[term..cursor]
            .iter()
            .take_while(|c| in_name(**c))
            .collect();
        let after = term + name.chars().count();
        let op: String = text[after..cursor]
            .iter()
            .take_while(|c| in_op(**c))
            .collect();
        let field = match op.is_empty() {
            true => None,
            false => Field::named(&name),
        };
        let start = value.max(after + op.len()).min(cursor);
        let start = if op.is_empty() { term } else { start };
        let ends = |c: &char| c.is_whitespace() || *c == ',' || (op.is_empty() && in_op(*c));
        let rest = &text[cursor..];
        let mut end = cursor + rest.iter().position(ends).unwrap_or(rest.len());
        if op.is_empty() {
            // The operator that is there already goes with the name.
            end += text[end..].iter().take_while(|c| in_op(**c)).count();
        }
        Self {
            field,
            typed: text[start..cursor].iter().filter(|c| **c != '"').collect(),
            op,
            range: start..end,
        }
    }
}

fn plain(text: &str) -> Candidate {
    Candidate {
        text: text.to_owned(),
        shown: text.to_owned(),
    }
}

fn fields(typed: &str) -> Vec<Candidate> {
    let op = |field| match field {
        Field::Total => ">",
        Field::Age | Field::Since | Field::Due => "<",
        _ => ":",
    };
    (Field::ALL.iter())
        .filter(|(_, names)| names.iter().any(|name| name.starts_with(typed)))
        .map(|(field, _)| plain(&format!("{}{}", field.name(), op(*field))))
        .collect()
}

fn values(field: Field, op: &str, typed: &str, known: &Known) -> Vec<Candidate> {
    let words = |words: Vec<String>| -> Vec<Candidate> {
        let begins = |word: &String| word.to_lowercase().starts_with(typed);
        words
            .iter()
            .filter(|word| begins(word))
            .map(|word| plain(word))
            .collect()
    };
    let compared = op.starts_with(['<', '>']);
    match field {
        Field::Status => words(OrderStatus::ALL.map(|s| s.as_str().to_lowercase()).into()),
        Field::Flag => words(Mark::ALL.map(|(_, word)| word.to_owned()).into()),
        Field::Due if !compared => words(Due::ALL.map(|(_, word)| word.to_owned()).into()),
        Field::Due | Field::Age | Field::Since if compared => {
            words(["30m", "1h", "4h", "1d", "1w"].map(str::to_owned).into())
        }
        Field::Currency => words(known.currencies.clone()),
        Field::Vendor => (known.vendors.iter())
            .filter(|(id, name)| {
                let [id, name] = [id, name].map(|text| fold(text));
                id.starts_with(typed) || name.contains(typed)
            })
            .map(|(id, name)| Candidate {
                text: quoted(id),
                shown: if name.is_empty() || name == id {
                    id.clone()
                } else {
                    format!("{id} {name}")
                },
            })
            .collect(),
        _ => Vec::new(),
    }
}

/// A value as it is written: in quotes where it would end too soon without.
#[must_use]
pub fn quoted(value: &str) -> String {
    let plain = !value.is_empty() && !value.contains(|c: char| c.is_whitespace() || c == ',');
    if plain {
        value.to_owned()
    } else {
        format!("\"{value}\"")
    }
}
