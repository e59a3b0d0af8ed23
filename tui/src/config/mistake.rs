//! What is wrong in a configuration file, and where.

use std::fmt;
use std::path::PathBuf;

/// One mistake.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mistake {
    /// The line, from 1.
    pub line: usize,
    /// The character in the line, from 1.
    pub column: usize,
    /// What is wrong and what would be right.
    pub words: String,
}

impl Mistake {
    /// A mistake at a byte of the text.
    pub(super) fn at(text: &str, byte: usize, words: String) -> Self {
        let before = text.get(..byte).unwrap_or(text);
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        Self {
            line: before.matches('\n').count() + 1,
            column: before[line_start..].chars().count() + 1,
            words,
        }
    }
}

/// All mistakes of a file, from top to bottom.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct Mistakes {
    /// Which file.
    pub file: PathBuf,
    /// At least one.
    pub all: Vec<Mistake>,
}

impl fmt::Display for Mistakes {
    /// A line each, as compilers write them: `ordertop.toml:7:3: unknown key …`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, mistake) in self.all.iter().enumerate() {
            if i > 0 {
                f.write_str("\n")?;
            }
            let file = self.file.display();
            let Mistake {
                line,
                column,
                words,
            } = mistake;
            write!(f, "{file}:{line}:{column}: {words}")?;
        }
        Ok(())
    }
}

/// `: did you mean "vendor"?` where a known name is near, else the known names.
pub(crate) fn did_you_mean<'a>(
    wrong: &str,
    known: impl IntoIterator<Item = &'a str> + Clone,
) -> String {
    let near = (known.clone().into_iter())
        .map(|name| (strsim::osa_distance(&wrong.to_lowercase(), name), name))
        .filter(|(distance, name)| *distance <= (name.chars().count() / 3).max(1))
        .min_by_key(|(distance, _)| *distance);
    match near {
        Some((_, name)) => format!(": did you mean \"{name}\"?"),
        None => {
            let names: Vec<&str> = known.into_iter().collect();
            match names.len() {
                0 => String::new(),
                _ => format!(": known are {}", names.join(", ")),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_count_characters_and_lines_from_one() {
        let text = "a = 1\n# é\n  b = 2\n";
        let at = |needle: &str| {
            let mistake = Mistake::at(text, text.find(needle).unwrap(), String::new());
            (mistake.line, mistake.column)
        };
        assert_eq!(at("a"), (1, 1));
        assert_eq!(at("é"), (2, 3));
        assert_eq!(at("b"), (3, 3));
        let end = Mistake::at(text, text.len(), String::new());
        assert_eq!((end.line, end.column), (4, 1));
    }

    #[test]
    fn a_near_name_is_offered_and_a_far_one_is_not() {
        let known = ["server", "vendor", "poll"];
        assert_eq!(did_you_mean("vendr", known), ": did you mean \"vendor\"?");
        assert_eq!(did_you_mean("Poll", known), ": did you mean \"poll\"?");
        assert_eq!(
            did_you_mean("colour", known),
            ": known are server, vendor, poll"
        );
    }
}
