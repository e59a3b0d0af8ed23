//! The terminal's size.

use std::io;

use crate::view::drawn;

/// Size of a terminal of which nobody says how large it is.
const USUAL: (u16, u16) = (80, 24);

/// Columns and rows that are drawn, as the terminal says now. A terminal that does not know its
/// size says 0, a serial line for example: then `COLUMNS` and `LINES` hold, else 80 and 24.
///
/// # Errors
/// When the terminal is gone: unlike crossterm's `size`, this starts no other program to find out.
pub fn size() -> io::Result<(u16, u16)> {
    let said = crossterm::terminal::window_size()?;
    let variable = |name: &str| std::env::var(name).ok();
    Ok(drawn(known((said.columns, said.rows), &variable)))
}

/// The size that the terminal said, with what it does not know from the environment.
pub(crate) fn known(
    (columns, rows): (u16, u16),
    variable: &dyn Fn(&str) -> Option<String>,
) -> (u16, u16) {
    let or = |said: u16, name: &str, usual: u16| match said {
        0 => (variable(name).and_then(|value| value.trim().parse().ok()))
            .filter(|value| *value > 0)
            .unwrap_or(usual),
        said => said,
    };
    (or(columns, "COLUMNS", USUAL.0), or(rows, "LINES", USUAL.1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_terminal_does_not_know_of_its_size_stands_in_the_environment() {
        for (said, columns, lines, wanted) in [
            ((120, 30), Some("100"), Some("50"), (120, 30)),
            ((0, 0), Some("100"), Some("50"), (100, 50)),
            ((0, 30), Some("100"), Some("50"), (100, 30)),
            ((120, 0), None, Some(" 50 "), (120, 50)),
            ((0, 0), None, None, (80, 24)),
            ((0, 0), Some("0"), Some("-3"), (80, 24)),
            ((0, 0), Some("wide"), Some("99999"), (80, 24)),
        ] {
            let variable = |name: &str| {
                let value = if name == "COLUMNS" { columns } else { lines };
                value.map(str::to_owned)
            };
            assert_eq!(
                known(said, &variable),
                wanted,
                "{said:?} {columns:?} {lines:?}"
            );
        }
    }
}
