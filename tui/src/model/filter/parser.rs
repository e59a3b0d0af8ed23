//! Terms understood: which field, which values, or what would be right instead.

use jiff::SignedDuration;
use ordertop::order::{OrderStatus, text};

use super::Field;
use super::ast::{Compare, Due, Filter, Mark, Term, Test};
use super::error::{FilterError, nearest};
use super::lexer::{self, Op, Piece, Raw};
use crate::model::row::Part;
use crate::model::row::scaled;

/// Ages beyond this, some 300 years, are a slip of the finger.
const LONGEST_S: i64 = 10_000_000_000;

impl Filter {
    /// Reads a filter. Blank text lets everything through.
    ///
    /// # Errors
    /// When the text is no filter: which character is wrong and what would be right.
    pub fn parse(text: &str) -> Result<Self, FilterError> {
        match Self::parse_typed(text) {
            (filter, None) => Ok(filter),
            (_, Some(error)) => Err(error),
        }
    }

    /// Reads what is still being typed: the terms that are right, and what is
    /// wrong with the first that is not.
    #[must_use]
    pub fn parse_typed(text: &str) -> (Self, Option<FilterError>) {
        let (raw, unread) = lexer::terms(text);
        let (mut terms, mut wrong) = (Vec::new(), None);
        for raw in raw {
            match term(raw) {
                Ok(term) => terms.push(term),
                Err(error) => wrong = wrong.or(Some(error)),
            }
        }
        // What is quick to see comes first: most rows fail there already.
        terms.sort_by_key(Term::reads_text);
        (Self { terms }, wrong.or(unread))
    }
}

fn term(raw: Raw) -> Result<Term, FilterError> {
    let Raw {
        negated,
        field,
        values,
    } = raw;
    let test = match field {
        None => {
            let text = values.first().map_or("", |value| value.text.as_str());
            Test::Anywhere(text::fold(text))
        }
        Some((name, op)) => test(known(&name)?, &name, op, &values)?,
    };
    Ok(Term { negated, test })
}

fn known(name: &Piece) -> Result<Field, FilterError> {
    Field::named(&name.text).ok_or_else(|| {
        let all = Field::ALL
            .iter()
            .flat_map(|(_, names)| names.iter().copied());
        let words = match nearest(&name.text, all) {
            _ if name.text.is_empty() => {
                "a field is missing before it; quote it if it is text".into()
            }
            Some(near) => format!("no field `{}`: did you mean `{near}`?", short(&name.text)),
            None => format!("no field `{}`: there are {}", short(&name.text), fields()),
        };
        FilterError::new(name.at, words)
    })
}

fn fields() -> String {
    Field::ALL.map(|(field, _)| field.name()).join(", ")
}

fn test(field: Field, name: &Piece, op: Op, values: &[Piece]) -> Result<Test, FilterError> {
    let texts = |part| -> Result<Test, FilterError> {
        Ok(Test::Text {
            part,
            whole: whole(name, op)?,
            texts: each(values, |value| Ok(fold(part, &value.text)))?,
        })
    };
    match field {
        Field::Status => {
            let all = OrderStatus::ALL.map(|status| (status, status.as_str()));
            words(name, op, values, &all).map(Test::Status)
        }
        Field::Flag => words(name, op, values, &Mark::ALL).map(Test::Flag),
        Field::Due if matches!(op, Op::Has | Op::Is) => {
            one(name, op, values)?;
            let found = words(name, op, values, &Due::ALL).map_err(|mut error| {
                error.message.push_str("; or compare: due<4h");
                error
            })?;
            Ok(Test::Due(found.first().copied().unwrap_or(Due::Any)))
        }
        Field::Due => duration(name, op, values).map(|(how, long)| Test::DueIn(how, long)),
        Field::Age => duration(name, op, values).map(|(how, long)| Test::Age(how, long)),
        Field::Since => duration(name, op, values).map(|(how, long)| Test::Since(how, long)),
        Field::Total => {
            if !matches!(op, Op::Has | Op::Is) {
                one(name, op, values)?;
            }
            Ok(Test::Total(compare(op), each(values, amount)?))
        }
        Field::Currency => {
            whole(name, op)?;
            let codes = each(values, |value| {
                let code = value.text.to_uppercase();
                if code.is_empty()
                    || code.len() > 3
                    || !code.chars().all(|c| c.is_ascii_alphabetic())
                {
                    let words = "a currency is three letters, such as EUR";
                    return Err(FilterError::new(value.at, words));
                }
                Ok(code)
            });
            codes.map(Test::Currency)
        }
        Field::Number => texts(Part::Number),
        Field::Buyer => texts(Part::Buyer),
        Field::Vendor => texts(Part::Vendor),
        Field::Item => texts(Part::Item),
        Field::Sku => texts(Part::Sku),
    }
}

fn fold(part: Part, text: &str) -> String {
    let text = match part {
        // People write it before numbers.
        Part::Number => text.strip_prefix('#').unwrap_or(text),
        _ => text,
    };
    text::fold(text)
}

fn each<T>(
    values: &[Piece],
    read: impl Fn(&Piece) -> Result<T, FilterError>,
) -> Result<Vec<T>, FilterError> {
    let read = |value: &Piece| match value.text.is_empty() {
        true => Err(FilterError::new(value.at, "a value is missing here")),
        false => read(value),
    };
    values.iter().map(read).collect()
}

/// For fields that are words: whether the whole of it is asked for.
fn whole(name: &Piece, op: Op) -> Result<bool, FilterError> {
    match op {
        Op::Has => Ok(false),
        Op::Is => Ok(true),
        _ => {
            let (field, wrong) = (name.text.to_lowercase(), op.as_str());
            let words =
                format!("`{field}` has no more and no less: write `{field}:` instead of `{wrong}`");
            Err(FilterError::new(after(name), words))
        }
    }
}

/// Where the operator stands.
fn after(name: &Piece) -> usize {
    name.at + name.text.chars().count()
}

fn one(name: &Piece, op: Op, values: &[Piece]) -> Result<(), FilterError> {
    match values.get(1) {
        None => Ok(()),
        Some(second) => {
            let words = format!("one value alone can follow `{}{}`", name.text, op.as_str());
            Err(FilterError::new(second.at.saturating_sub(1), words))
        }
    }
}

/// The known words that begin with one of the values, or are one of them.
fn words<T: Copy>(
    name: &Piece,
    op: Op,
    values: &[Piece],
    all: &[(T, &'static str)],
) -> Result<Vec<T>, FilterError> {
    let whole = whole(name, op)?;
    let mut found = Vec::new();
    for value in values {
        let text = value.text.to_lowercase();
        let fits = |word: &str| {
            let word = word.to_lowercase();
            if whole {
                word == text
            } else {
                !text.is_empty() && word.starts_with(&text)
            }
        };
        let before = found.len();
        found.extend(
            all.iter()
                .filter(|(_, word)| fits(word))
                .map(|(known, _)| *known),
        );
        if found.len() == before {
            let list = all.iter().map(|(_, word)| word.to_lowercase());
            let list = list.collect::<Vec<_>>().join(", ");
            let field = name.text.to_lowercase();
            let near = nearest(&text, all.iter().map(|(_, word)| *word));
            let words = match near {
                _ if text.is_empty() => format!("a {field} is missing here: {list}"),
                Some(near) => format!(
                    "no {field} `{}`: did you mean `{}`?",
                    short(&value.text),
                    near.to_lowercase()
                ),
                None => format!("no {field} `{}`: there are {list}", short(&value.text)),
            };
            return Err(FilterError::new(value.at, words));
        }
    }
    Ok(found)
}

fn compare(op: Op) -> Compare {
    match op {
        Op::Has | Op::Is => Compare::Equal,
        Op::Less => Compare::Less,
        Op::More => Compare::More,
        Op::AtMost => Compare::AtMost,
        Op::AtLeast => Compare::AtLeast,
    }
}

fn amount(value: &Piece) -> Result<i64, FilterError> {
    let digits = value.text.strip_prefix('-').unwrap_or(&value.text);
    let skipped = value.text.chars().count() - digits.chars().count();
    let mut points = 0;
    for (at, c) in digits.chars().enumerate() {
        points += usize::from(c == '.');
        if points > 1 || !(c.is_ascii_digit() || c == '.') {
            let words = "an amount is digits with a point, such as 99.50; its currency goes apart: currency:EUR";
            return Err(FilterError::new(value.at + skipped + at, words));
        }
    }
    if !digits.contains(|c: char| c.is_ascii_digit()) {
        let words = "an amount is missing here, such as 99.50";
        return Err(FilterError::new(value.at, words));
    }
    Ok(scaled(&value.text))
}

fn duration(
    name: &Piece,
    op: Op,
    values: &[Piece],
) -> Result<(Compare, SignedDuration), FilterError> {
    if matches!(op, Op::Has | Op::Is) {
        let field = name.text.to_lowercase();
        let words = format!("write {field}<2h or {field}>2h: no order is {field} exactly so");
        return Err(FilterError::new(after(name), words));
    }
    one(name, op, values)?;
    let Some(value) = values.first() else {
        return Err(FilterError::new(
            after(name),
            "a time is missing here, such as 2h",
        ));
    };
    Ok((compare(op), span(value)?))
}

/// `90s`, `2h`, `1d12h`.
fn span(value: &Piece) -> Result<SignedDuration, FilterError> {
    const HOW: &str = "s, m, h, d or w";
    let mut total = 0_i64;
    let mut number = None;
    let mut long = 0;
    for (at, c) in value.text.chars().enumerate() {
        let wrong = |words: String| Err(FilterError::new(value.at + at, words));
        long = at + 1;
        if let Some(digit) = c.to_digit(10) {
            let so_far: i64 = number.unwrap_or(0);
            let next = so_far.saturating_mul(10).saturating_add(i64::from(digit));
            number = Some(next.min(LONGEST_S));
            continue;
        }
        let seconds = match c.to_ascii_lowercase() {
            's' => 1,
            'm' => 60,
            'h' => 3_600,
            'd' => 86_400,
            'w' => 604_800,
            _ => return wrong(format!("a time is a number and {HOW}, such as 90m")),
        };
        let Some(count) = number.take() else {
            return wrong(format!("a number is missing before `{c}`"));
        };
        total = total
            .saturating_add(count.saturating_mul(seconds))
            .min(LONGEST_S);
    }
    if number.is_some() {
        let words = format!("a unit is missing after the number: {HOW}");
        return Err(FilterError::new(value.at + long, words));
    }
    if long == 0 {
        return Err(FilterError::new(
            value.at,
            "a time is missing here, such as 2h",
        ));
    }
    Ok(SignedDuration::from_secs(total))
}

/// What somebody wrote, short enough for a line.
fn short(text: &str) -> String {
    crate::model::text::cut(&crate::model::text::tame(text), 24).into_owned()
}
