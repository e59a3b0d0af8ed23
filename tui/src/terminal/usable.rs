//! Whether there is a terminal that can show a screen.

use std::io::{self, IsTerminal};

/// Whether stdin and stdout are such a terminal.
///
/// # Errors
/// Why not, in a sentence for the one who started the program.
pub(crate) fn check_terminal() -> anyhow::Result<()> {
    if !io::stdin().is_terminal() || !io::stdout().is_terminal() {
        anyhow::bail!(
            "the screen needs a terminal: stdin and stdout must not be redirected; --plain writes lines"
        );
    }
    if !can_place(std::env::var("TERM").ok().as_deref()) {
        anyhow::bail!(
            "the screen needs a terminal that can place its cursor: TERM is unset or \"dumb\"; try --plain, or TERM=xterm-256color"
        );
    }
    Ok(())
}

/// Whether `TERM` names a terminal on which text can be placed. Only Unix sets it.
fn can_place(term: Option<&str>) -> bool {
    cfg!(not(unix)) || !matches!(term, None | Some("" | "dumb"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dumb_terminal_is_refused() {
        assert!(can_place(Some("xterm-256color")) && can_place(Some("linux")));
        #[cfg(unix)]
        assert!(!can_place(Some("dumb")) && !can_place(Some("")) && !can_place(None));
    }
}
