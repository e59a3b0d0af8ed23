//! What stands between this program and the terminal, and how a sequence gets
//! through it: tmux and GNU screen draw what they know, and keep the rest.
//!
//! Sources: the pass-through of `tmux(1)` (`allow-passthrough`) and of `screen(1)`
//! ("Device Control String").

/// GNU screen takes strings of at most 768 bytes; a longer sequence is handed on in
/// pieces, which the terminal gets one after the other as if they were one.
const SCREEN_PIECE_BYTES: usize = 720;

/// What stands between this program and the terminal.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Between {
    /// Nothing.
    #[default]
    Nothing,
    /// tmux.
    Tmux,
    /// GNU screen.
    Screen,
}

impl Between {
    /// As the environment `variable` tells.
    pub(crate) fn of(variable: impl Fn(&str) -> Option<String>) -> Self {
        let set = |name: &str| variable(name).is_some_and(|value| !value.is_empty());
        if set("TMUX") {
            Self::Tmux
        } else if set("STY") {
            Self::Screen
        } else {
            Self::Nothing
        }
    }

    /// Writes a sequence so that it reaches the terminal.
    pub(crate) fn pass(self, sequence: &str, out: &mut String) {
        match self {
            Self::Nothing => out.push_str(sequence),
            Self::Tmux => {
                out.push_str("\u{1b}Ptmux;");
                out.push_str(&sequence.replace('\u{1b}', "\u{1b}\u{1b}"));
                out.push_str("\u{1b}\\");
            }
            Self::Screen => {
                let mut rest = sequence;
                while !rest.is_empty() {
                    let (piece, more) = rest.split_at(rest.floor_char_boundary(SCREEN_PIECE_BYTES));
                    out.push_str("\u{1b}P");
                    out.push_str(piece);
                    out.push_str("\u{1b}\\");
                    rest = more;
                }
            }
        }
    }

    /// Writes a sequence that sets the clipboard. tmux has one of its own, which it
    /// hands on where `set-clipboard` is `on`, and passes sequences through where
    /// `allow-passthrough` is: it is told both ways, of which one is enough.
    pub(crate) fn pass_to_clipboard(self, sequence: &str, out: &mut String) {
        if self == Self::Tmux {
            out.push_str(sequence);
        }
        self.pass(sequence, out);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn passed(between: Between, sequence: &str) -> String {
        let mut out = String::new();
        between.pass(sequence, &mut out);
        out
    }

    #[test]
    fn tmux_and_screen_are_known_by_their_variables() {
        let of = |set: &str| Between::of(|name| (name == set).then(|| "1".to_owned()));
        assert_eq!(of("TMUX"), Between::Tmux);
        assert_eq!(of("STY"), Between::Screen);
        assert_eq!(of("TERM"), Between::Nothing);
        assert_eq!(Between::of(|_| Some(String::new())), Between::Nothing);
    }

    #[test]
    fn the_sequence_is_wrapped_and_its_escapes_doubled_for_tmux() {
        let sequence = "\u{1b}]52;c;aGk=\u{7}";
        assert_eq!(passed(Between::Nothing, sequence), sequence);
        assert_eq!(
            passed(Between::Tmux, sequence),
            "\u{1b}Ptmux;\u{1b}\u{1b}]52;c;aGk=\u{7}\u{1b}\\"
        );
        assert_eq!(
            passed(Between::Screen, sequence),
            "\u{1b}P\u{1b}]52;c;aGk=\u{7}\u{1b}\\"
        );
    }

    #[test]
    fn screen_gets_no_string_that_is_longer_than_it_takes() {
        let sequence = format!("\u{1b}]52;c;{}\u{7}", "𠀀".repeat(1_000));
        let passed = passed(Between::Screen, &sequence);
        let pieces: Vec<_> = passed.split_terminator("\u{1b}\\").collect();
        let content: String = pieces
            .iter()
            .map(|piece| &piece["\u{1b}P".len()..])
            .collect();
        assert_eq!(content, sequence);
        assert!(pieces.iter().all(|piece| piece.len() < 768));
    }

    #[test]
    fn tmux_may_set_its_own_clipboard_too() {
        for (between, times) in [
            (Between::Nothing, 1),
            (Between::Tmux, 2),
            (Between::Screen, 1),
        ] {
            let mut out = String::new();
            between.pass_to_clipboard("\u{1b}]52;c;aGk=\u{7}", &mut out);
            assert_eq!(out.matches("]52;c;aGk=").count(), times, "{between:?}");
        }
    }
}
