//! What a terminal says that nobody asked for, and what it does not say.

use crate::support::{Screen, TestServer, paid};

const LIVE: &str = "Real-time: ON";

/// Bytes of a line with C escapes: `\x1b`, `\\`.
fn unescaped(line: &str) -> String {
    let (mut text, mut rest) = (String::new(), line);
    while let Some(c) = rest.chars().next() {
        let (read, length) = match rest.strip_prefix('\\') {
            Some(escape) if escape.starts_with('x') => {
                let code = u8::from_str_radix(&escape[1..3], 16).expect("two digits");
                (char::from(code), 4)
            }
            Some(_) => ('\\', 2),
            None => (c, c.len_utf8()),
        };
        text.push(read);
        rest = &rest[length..];
    }
    text
}

#[tokio::test]
async fn what_the_terminal_reports_presses_nothing_and_leaves_the_keyboard_alive() {
    let samples = include_str!("../samples/terminal-replies.txt");
    let (whole, broken) = samples
        .split_once("# Broken off")
        .expect("reports that break off");
    let is_report = |line: &&str| !line.is_empty() && !line.starts_with('#');
    let server = TestServer::start().await;
    for number in 1001..1004 {
        let order = paid("42", &format!("A-{number}"));
        server.support().place(&order).await;
    }
    let mut screen = Screen::watch_vendor(&server.url(), "42");
    screen.shows_text(LIVE).await;
    screen.shows_line(&["A-1003", "Paid"]).await;
    for report in whole.lines().filter(is_report).map(unescaped) {
        screen.press(&report);
        // Each comes in the middle of what is typed.
        screen.press("?");
        // A dialog that a key opened would take it.
        screen
            .shows("the help", |text| text.contains("╭ Help"))
            .await;
        screen.press("?");
        screen
            .shows("the list", |text| !text.contains("╭ Help"))
            .await;
    }
    // One that breaks off holds the next keys back for a moment, and an arrow ends it.
    for report in broken.lines().filter(is_report).map(unescaped) {
        if report.starts_with("\u{1b}[200~") {
            continue;
        }
        screen.press(&report);
        screen.press("\u{1b}[B");
        screen.press("?");
        screen
            .shows("the help", |text| text.contains("╭ Help"))
            .await;
        screen.press("?");
        screen
            .shows("the list", |text| !text.contains("╭ Help"))
            .await;
    }
    let whole = |text: &str| {
        let has = |words: &str| text.contains(words);
        has("3 orders · by urgency") && has("No notification") && !has("muted") && !has("marked")
    };
    screen.shows("the list as it was", whole).await;
    screen.press("q");
    assert_eq!(screen.ended().await, 0);
    assert!(screen.is_restored());
}

#[tokio::test]
async fn a_terminal_that_says_0x0_is_as_large_as_the_environment_says() {
    let server = TestServer::start().await;
    server.support().place(&paid("42", "A-1001")).await;
    let url = server.url();
    let size = [("COLUMNS", "100"), ("LINES", "20")];
    let arguments = ["--server", &url, "--vendor", "42"];
    let lines = |text: &str| text.trim_end().lines().count();
    let widest = |text: &str| {
        let widths = text.lines().map(|line| line.trim_end().chars().count());
        widths.max().unwrap_or_default()
    };
    for (variables, columns, rows) in [(&size[..], 100, 20), (&[], 80, 24)] {
        let mut screen = Screen::start_with(variables, &arguments);
        screen.shows_line(&["A-1001", "Paid"]).await;
        screen.resize(0, 0);
        let fits =
            |text: &str| text.contains("A-1001") && lines(text) == rows && widest(text) <= columns;
        let what = format!("{columns}x{rows}");
        screen.shows(&what, fits).await;
    }
}
