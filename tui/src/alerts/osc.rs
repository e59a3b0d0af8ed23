//! What is written to the terminal for an alert: the bell, and the escape
//! sequence by which a terminal shows a desktop notification.
//!
//! Sources: iTerm2's "Proprietary Escape Codes" (OSC 9), rxvt-unicode's
//! `notify` extension (OSC 777), kitty's "Desktop notifications" (OSC 99).

use crate::model::alerts::{Notification, NotifyBy, Signal};
use crate::terminal::between::Between;

const BEL: char = '\u{7}';
/// Longest title and text of a notification, in characters.
const MAX_TITLE_CHARS: usize = 48;
const MAX_BODY_CHARS: usize = 120;

/// How this terminal is asked for a notification.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Channel {
    by: NotifyBy,
    between: Between,
    told: u32,
}

impl Channel {
    /// The way that was chosen, or the one that suits the terminal, as the
    /// environment `variable` tells.
    #[must_use]
    pub fn new(by: NotifyBy, variable: impl Fn(&str) -> Option<String>) -> Self {
        let term = variable("TERM").unwrap_or_default();
        let between = Between::of(&variable);
        let by = match by {
            NotifyBy::Auto => detect(&term, &variable),
            chosen => chosen,
        };
        let told = 0;
        Self { by, between, told }
    }

    /// The bytes of a signal: all of them are to be written at once.
    pub fn bytes(&mut self, signal: &Signal) -> Vec<u8> {
        let mut out = String::new();
        if let Some(notification) = &signal.notification {
            self.told = self.told.wrapping_add(1);
            for sequence in self.sequences(notification) {
                self.between.pass(&sequence, &mut out);
            }
        }
        if signal.bell {
            out.push(BEL);
        }
        out.into_bytes()
    }

    fn sequences(&self, notification: &Notification) -> Vec<String> {
        let title = harmless(&notification.title, MAX_TITLE_CHARS);
        let body = harmless(&notification.body, MAX_BODY_CHARS);
        match self.by {
            // The text begins with a letter: `9;4;…` means something else to ConEmu.
            NotifyBy::Osc9 => vec![format!("\u{1b}]9;ordertop {title}: {body}{BEL}")],
            NotifyBy::Osc777 => {
                // Parts are split at semicolons.
                let (title, body) = (title.replace(';', ","), body.replace(';', ","));
                vec![format!("\u{1b}]777;notify;ordertop {title};{body}{BEL}")]
            }
            NotifyBy::Osc99 => {
                // GNU screen would take `ESC \` for the end of its own sequence.
                let end = match self.between {
                    Between::Screen => BEL.to_string(),
                    _ => "\u{1b}\\".to_owned(),
                };
                // A number of its own, so that it does not replace the one before.
                let id = format!("i=ordertop-{}", self.told);
                vec![
                    format!("\u{1b}]99;{id}:d=0:p=title;ordertop {title}{end}"),
                    format!("\u{1b}]99;{id}:d=1:p=body;{body}{end}"),
                ]
            }
            NotifyBy::Auto | NotifyBy::Off => Vec::new(),
        }
    }
}

/// What suits a terminal. One that is not known gets OSC 9, which those that
/// read escape sequences at all leave aside when they do not know it.
fn detect(term: &str, variable: impl Fn(&str) -> Option<String>) -> NotifyBy {
    let set = |name: &str| variable(name).is_some_and(|value| !value.is_empty());
    let program = variable("TERM_PROGRAM").unwrap_or_default();
    if set("KITTY_WINDOW_ID") || term == "xterm-kitty" {
        return NotifyBy::Osc99;
    }
    match program.as_str() {
        "iTerm.app" => return NotifyBy::Osc9,
        "WezTerm" | "ghostty" | "WarpTerminal" => return NotifyBy::Osc777,
        _ => {}
    }
    if variable("LC_TERMINAL").as_deref() == Some("iTerm2") {
        return NotifyBy::Osc9;
    }
    let by_titles = ["VTE_VERSION", "WEZTERM_PANE", "GHOSTTY_RESOURCES_DIR"];
    let by_term = ["foot", "rxvt-unicode", "xterm-ghostty", "wezterm"];
    if by_titles.into_iter().any(set) || by_term.iter().any(|name| term.starts_with(name)) {
        return NotifyBy::Osc777;
    }
    // The console of Linux and old terminals would print the text.
    let plain = term.is_empty() || term == "dumb" || term.starts_with("linux");
    if plain || term.starts_with("vt") {
        NotifyBy::Off
    } else {
        NotifyBy::Osc9
    }
}

/// Text without anything that could end the sequence or steer the terminal.
fn harmless(text: &str, most: usize) -> String {
    let bidi = |c: &char| matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let mut clean: String = text
        .chars()
        .filter(|c| !c.is_control() && !bidi(c))
        .take(most + 1)
        .collect();
    if let Some((cut, _)) = clean.char_indices().nth(most) {
        clean.truncate(cut);
        clean.push('…');
    }
    clean
}

#[cfg(test)]
mod tests {
    use super::*;

    fn channel(by: NotifyBy, set: &[(&str, &str)]) -> Channel {
        Channel::new(by, |name| {
            let found = set.iter().find(|(key, _)| *key == name);
            found.map(|(_, value)| (*value).to_owned())
        })
    }

    fn signal(title: &str, body: &str) -> Signal {
        Signal {
            bell: true,
            notification: Some(Notification {
                title: title.into(),
                body: body.into(),
            }),
            ..Signal::default()
        }
    }

    fn written(channel: &mut Channel, signal: &Signal) -> String {
        String::from_utf8(channel.bytes(signal)).unwrap()
    }

    #[test]
    fn the_bytes_of_every_kind() {
        let hello = signal("Acme", "new #7; Ana");
        for (by, expected) in [
            (
                NotifyBy::Osc9,
                "\u{1b}]9;ordertop Acme: new #7; Ana\u{7}\u{7}",
            ),
            (
                NotifyBy::Osc777,
                "\u{1b}]777;notify;ordertop Acme;new #7, Ana\u{7}\u{7}",
            ),
            (
                NotifyBy::Osc99,
                "\u{1b}]99;i=ordertop-1:d=0:p=title;ordertop Acme\u{1b}\\\
                 \u{1b}]99;i=ordertop-1:d=1:p=body;new #7; Ana\u{1b}\\\u{7}",
            ),
            (NotifyBy::Off, "\u{7}"),
        ] {
            assert_eq!(written(&mut channel(by, &[]), &hello), expected);
        }
    }

    #[test]
    fn tmux_and_screen_are_passed_through() {
        let mut hello = signal("Acme", "hello");
        hello.bell = false;
        let mut tmux = channel(NotifyBy::Osc99, &[("TMUX", "/tmp/tmux-0/default,1,0")]);
        assert_eq!(
            written(&mut tmux, &hello),
            "\u{1b}Ptmux;\u{1b}\u{1b}]99;i=ordertop-1:d=0:p=title;ordertop Acme\u{1b}\u{1b}\\\u{1b}\\\
             \u{1b}Ptmux;\u{1b}\u{1b}]99;i=ordertop-1:d=1:p=body;hello\u{1b}\u{1b}\\\u{1b}\\"
        );
        assert!(written(&mut tmux, &hello).contains("i=ordertop-2:"));
        let mut screen = channel(NotifyBy::Osc99, &[("STY", "1.pts")]);
        assert_eq!(
            written(&mut screen, &hello),
            "\u{1b}P\u{1b}]99;i=ordertop-1:d=0:p=title;ordertop Acme\u{7}\u{1b}\\\
             \u{1b}P\u{1b}]99;i=ordertop-1:d=1:p=body;hello\u{7}\u{1b}\\"
        );
    }

    #[test]
    fn the_terminal_is_known_by_its_variables() {
        for (set, expected) in [
            (
                &[("KITTY_WINDOW_ID", "1"), ("TERM", "xterm-256color")][..],
                NotifyBy::Osc99,
            ),
            (&[("TERM", "xterm-kitty")], NotifyBy::Osc99),
            (
                &[("TERM_PROGRAM", "iTerm.app"), ("TERM", "xterm-256color")],
                NotifyBy::Osc9,
            ),
            (
                &[("TERM_PROGRAM", "WezTerm"), ("TERM", "xterm-256color")],
                NotifyBy::Osc777,
            ),
            (
                &[("VTE_VERSION", "7600"), ("TERM", "xterm-256color")],
                NotifyBy::Osc777,
            ),
            (&[("TERM", "foot")], NotifyBy::Osc777),
            (
                &[("TERM", "tmux-256color"), ("LC_TERMINAL", "iTerm2")],
                NotifyBy::Osc9,
            ),
            (&[("TERM", "xterm-256color")], NotifyBy::Osc9),
            (&[("TERM", "linux")], NotifyBy::Off),
            (&[], NotifyBy::Off),
        ] {
            assert_eq!(channel(NotifyBy::Auto, set).by, expected, "{set:?}");
        }
        let set = [("TERM", "xterm-kitty")];
        assert_eq!(channel(NotifyBy::Osc9, &set).by, NotifyBy::Osc9);
    }

    #[test]
    fn hostile_text_cannot_end_the_sequence() {
        let hostile = "a\u{1b}\\\u{7}\u{9c}\n\u{1b}]52;c;x\u{7}\u{202e}b";
        for by in [NotifyBy::Osc9, NotifyBy::Osc777, NotifyBy::Osc99] {
            let (plain, evil) = (signal("", ""), signal(hostile, hostile));
            let controls = |signal: &Signal| {
                let bytes = written(&mut channel(by, &[]), signal);
                bytes.chars().filter(|c| c.is_control()).count()
            };
            assert_eq!(controls(&plain), controls(&evil), "{by:?}");
        }
        let long = "x".repeat(10_000);
        let mut screen = channel(NotifyBy::Osc777, &[("STY", "1")]);
        assert!(written(&mut screen, &signal(&long, &long)).len() < 768);
        let wide = "\u{20000}".repeat(10_000);
        assert!(written(&mut screen, &signal(&wide, &wide)).len() < 768);
    }
}
