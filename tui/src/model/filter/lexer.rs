//! A text cut into the pieces of a filter, each with its place.

use super::error::FilterError;

/// How a field is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Op {
    Has,
    Is,
    Less,
    More,
    AtMost,
    AtLeast,
}

impl Op {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Has => ":",
            Self::Is => "=",
            Self::Less => "<",
            Self::More => ">",
            Self::AtMost => "<=",
            Self::AtLeast => ">=",
        }
    }
}

/// A piece of text and the place of its first character, in characters from 0.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Piece {
    pub(super) text: String,
    pub(super) at: usize,
}

/// One term before its field and values are understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Raw {
    pub(super) negated: bool,
    /// The field and its operator; none before a text that may occur anywhere.
    pub(super) field: Option<(Piece, Op)>,
    /// Never empty. A value may be: nothing stands there yet.
    pub(super) values: Vec<Piece>,
}

/// Reads the terms of a text, up to the first that is none.
pub(super) fn terms(text: &str) -> (Vec<Raw>, Option<FilterError>) {
    let mut lexer = Lexer {
        text: text.chars().collect(),
        at: 0,
    };
    let mut terms = Vec::new();
    loop {
        lexer.skip_blanks();
        if lexer.peek().is_none() {
            return (terms, None);
        }
        match lexer.term() {
            Ok(term) => terms.push(term),
            Err(error) => return (terms, Some(error)),
        }
    }
}

/// Whether a character can stand in a field's name.
pub(super) fn in_name(c: char) -> bool {
    c.is_alphabetic() || c == '-' || c == '_'
}

/// Whether an operator begins with it.
pub(super) fn in_op(c: char) -> bool {
    matches!(c, ':' | '=' | '<' | '>')
}

struct Lexer {
    text: Vec<char>,
    at: usize,
}

impl Lexer {
    fn peek(&self) -> Option<char> {
        self.text.get(self.at).copied()
    }

    fn skip_blanks(&mut self) {
        while self.peek().is_some_and(char::is_whitespace) {
            self.at += 1;
        }
    }

    fn term(&mut self) -> Result<Raw, FilterError> {
        let negated = matches!(self.peek(), Some('-' | '!'));
        if negated {
            self.at += 1;
            if self.peek().is_none_or(char::is_whitespace) {
                let words = "what must not be there goes right after it, such as -flag:test";
                return Err(FilterError::new(self.at, words));
            }
        }
        let field = self.field();
        let values = match field {
            Some(_) => self.values()?,
            None => vec![self.value(false)?],
        };
        Ok(Raw {
            negated,
            field,
            values,
        })
    }

    /// A name with an operator right after it; else nothing is taken.
    fn field(&mut self) -> Option<(Piece, Op)> {
        let at = self.at;
        let name = self.text[at..].iter().take_while(|c| in_name(**c));
        let name: String = name.collect();
        let mut end = at + name.chars().count();
        let equal = self.text.get(end + 1) == Some(&'=');
        let op = match (self.text.get(end)?, equal) {
            (':', _) => Op::Has,
            ('=', _) => Op::Is,
            ('<', false) => Op::Less,
            ('<', true) => Op::AtMost,
            ('>', false) => Op::More,
            ('>', true) => Op::AtLeast,
            _ => return None,
        };
        end += op.as_str().len();
        self.at = end;
        Some((Piece { text: name, at }, op))
    }

    fn values(&mut self) -> Result<Vec<Piece>, FilterError> {
        let mut values = vec![self.value(true)?];
        while self.peek() == Some(',') {
            self.at += 1;
            values.push(self.value(true)?);
        }
        Ok(values)
    }

    /// One text, with quotes or without; a comma ends it where a list may stand.
    fn value(&mut self, listed: bool) -> Result<Piece, FilterError> {
        let at = self.at;
        if self.peek() == Some('"') {
            self.at += 1;
            let rest = &self.text[self.at..];
            let Some(long) = rest.iter().position(|c| *c == '"') else {
                return Err(FilterError::new(at, "this quote is not closed"));
            };
            let text = rest[..long].iter().collect();
            self.at += long + 1;
            let ends = |c: char| c.is_whitespace() || (listed && c == ',');
            if self.peek().is_some_and(|c| !ends(c)) {
                return Err(FilterError::new(
                    self.at,
                    "a blank is needed after the quote",
                ));
            }
            return Ok(Piece { text, at });
        }
        let ends = |c: &char| c.is_whitespace() || (listed && *c == ',');
        let rest = &self.text[at..];
        let long = rest.iter().position(ends).unwrap_or(rest.len());
        self.at += long;
        let text = rest[..long].iter().collect();
        Ok(Piece { text, at })
    }
}
