//! A panic on a real terminal: what the terminal shows, and in which order.
//!
//! The test starts its own binary once more, in a pseudo-terminal, for the one
//! test in it that panics: the program itself has no way to be told to.

use std::io::Read;

use portable_pty::{CommandBuilder, PtySize, native_pty_system};
use ratatui::style::Style;

use super::Terminal;

/// Set for the one that panics.
const VARIABLE: &str = "ORDERTOP_TEST_PANICS";
const MESSAGE: &str = "the sorting of orders broke";

#[test]
#[ignore = "the other test runs it, in a terminal of its own"]
fn panics() {
    if std::env::var_os(VARIABLE).is_none() {
        return;
    }
    let mut terminal = Terminal::take().unwrap();
    terminal.set_mouse(true).unwrap();
    let mut draw = |words: &str| {
        terminal.draw((60, 4), |frame| {
            frame.set_string(0, 0, words, Style::new());
            None
        })
    };
    draw("listed-orders").unwrap();
    // As a task of the runtime does: whoever owns the terminal goes on.
    let task = std::thread::spawn(|| panic!("{MESSAGE}"));
    assert!(task.join().is_err());
    let error = draw("drawn-later").unwrap_err();
    assert!(error.to_string().contains("after a panic"), "{error}");
}

#[cfg(unix)]
#[test]
fn a_panic_gives_the_terminal_back_before_it_is_told() {
    let pty = native_pty_system().openpty(PtySize::default()).unwrap();
    let mut command = CommandBuilder::new(std::env::current_exe().unwrap());
    command.args(["--exact", "terminal::panicking::panics"]);
    command.args(["--ignored", "--nocapture", "--test-threads=1"]);
    command.env(VARIABLE, "1");
    command.env("RUST_BACKTRACE", "0");
    command.env("TERM", "xterm-256color");
    let mut reader = pty.master.try_clone_reader().unwrap();
    let mut child = pty.slave.spawn_command(command).unwrap();
    drop(pty.slave);
    let mut written = Vec::new();
    let mut bytes = [0_u8; 4096];
    // The end of a pseudo-terminal is an error on Linux.
    while let Ok(read @ 1..) = reader.read(&mut bytes) {
        written.extend_from_slice(&bytes[..read]);
    }
    let written = String::from_utf8_lossy(&written);
    assert!(child.wait().unwrap().success(), "{written}");

    let at = |what: &str| {
        let found = written.find(what);
        found.unwrap_or_else(|| panic!("{what:?} in {written:?}"))
    };
    let told = at(MESSAGE);
    assert!(at("\u{1b}[?1049h") < at("listed-orders"));
    for restored in [
        "?1049l", "?25h", "?1000l", "?1006l", "?1004l", "?2004l", "?2026l",
    ] {
        let back = written.rfind(&format!("\u{1b}[{restored}"));
        assert!(
            back.is_some_and(|back| back < told),
            "{restored}: {written:?}"
        );
    }
    assert!(!written.contains("drawn-later"), "{written:?}");
    // A terminal in raw mode would show stairs.
    assert!(written[told..].contains("\r\n"), "{written:?}");
    let modes = format!("{:?}", pty.master.get_termios().unwrap().local_flags);
    assert!(
        modes.contains("ICANON") && modes.contains("ECHO"),
        "{modes}"
    );
}
