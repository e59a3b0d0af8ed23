//! Asks the terminal for its colours: whether its background is light.

use std::time::Duration;

use termina::style::RgbColor;

use super::Terminal;
use super::input::{Input, Reply};
use crate::theme::Background;

/// How long the answer is waited for: less than anyone notices at the start.
const WAIT: Duration = Duration::from_millis(50);
/// Colour of the text, colour behind it, and what every terminal answers, in this order: a
/// terminal that answers the last alone does not know the others. BEL ends a query, for urxvt
/// answers one that ends with ST by half an ST.
const QUERY: &[u8] = b"\x1b]10;?\x07\x1b]11;?\x07\x1b[c";

/// Asks what lies behind the text; `None` when the terminal does not say it in time.
pub(crate) async fn ask(terminal: &mut Terminal, input: &mut Input) -> Option<Background> {
    let term = std::env::var("TERM").unwrap_or_default();
    if !answers(&term) || terminal.send(QUERY).is_err() {
        return None;
    }
    told(&input.replies(WAIT).await)
}

/// Whether a terminal of that name answers in order. GNU screen answers the last query first,
/// and Eterm none; Windows decodes what is typed itself.
fn answers(term: &str) -> bool {
    cfg!(unix) && !matches!(term, "" | "dumb" | "screen" | "Eterm") && !term.starts_with("screen.")
}

/// What the replies say. The text is lighter than a dark background.
fn told(replies: &[Reply]) -> Option<Background> {
    let (mut text, mut behind) = (None, None);
    for reply in replies {
        match reply {
            Reply::Foreground(colour) => text = Some(luminance(*colour)),
            Reply::Background(colour) => behind = Some(luminance(*colour)),
            Reply::Attributes => {}
        }
    }
    let behind = behind?;
    let is_light = match text {
        Some(text) if text != behind => behind > text,
        // Half as light to the eye as white (CIE L* of 50).
        _ => behind > 0.184,
    };
    Some(match is_light {
        true => Background::Light,
        false => Background::Dark,
    })
}

/// Relative luminance, from 0 to 1 (WCAG 2.2), with a gamma of 2.2.
fn luminance(colour: RgbColor) -> f64 {
    let linear = |channel: u8| (f64::from(channel) / 255.0).powf(2.2);
    0.2126 * linear(colour.red) + 0.7152 * linear(colour.green) + 0.0722 * linear(colour.blue)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lighter_one_of_two_colours_says_what_lies_behind() {
        let text = |r, g, b| Reply::Foreground(RgbColor::new(r, g, b));
        let behind = |r, g, b| Reply::Background(RgbColor::new(r, g, b));
        let light = Some(Background::Light);
        let dark = Some(Background::Dark);
        for (replies, wanted) in [
            (vec![], None),
            (vec![Reply::Attributes], None),
            (vec![text(255, 255, 255)], None),
            (vec![behind(255, 255, 255)], light),
            (vec![behind(0x1e, 0x1e, 0x1e)], dark),
            (vec![text(0, 0, 0), behind(0xee, 0xe8, 0xd5)], light),
            (vec![text(0xcc, 0xcc, 0xcc), behind(0x28, 0x2c, 0x34)], dark),
            // Solarized's green is the darker to the eye.
            (vec![text(0, 255, 0), behind(0, 0, 255)], dark),
            (vec![behind(0, 0, 0), text(0, 0, 0)], dark),
        ] {
            assert_eq!(told(&replies), wanted, "{replies:?}");
        }
    }

    #[test]
    fn a_terminal_that_answers_out_of_order_is_not_asked() {
        for (term, asked) in [
            ("xterm-256color", true),
            ("tmux-256color", true),
            ("screen-256color", true),
            ("screen", false),
            ("screen.xterm-256color", false),
            ("Eterm", false),
            ("dumb", false),
        ] {
            assert_eq!(answers(term), asked && cfg!(unix), "{term}");
        }
    }
}
