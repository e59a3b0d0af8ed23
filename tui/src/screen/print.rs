//! Hands a slip to the user's printing command: on its standard input, without a
//! shell, for so long and no longer.

use std::io::{Read, Write};
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use crate::args::TOKEN_VARIABLE;
use crate::child::{PATIENCE, ended_within};
use crate::model::text::tame;
use crate::strings;

/// So much of its error output is read, in bytes.
const MAX_ERROR_BYTES: u64 = 4_096;

/// Runs `command` with `text` on its standard input; blocks until it has ended.
/// What it prints goes nowhere: the screen is ours.
///
/// # Errors
/// In a sentence's part: it cannot be started, it failed (its first line on
/// standard error), it took too long and was ended.
pub(super) fn print(command: &[String], text: String) -> Result<(), String> {
    print_within(command, text, PATIENCE)
}

fn print_within(command: &[String], text: String, patience: Duration) -> Result<(), String> {
    let Some((program, arguments)) = command.split_first() else {
        return Err(strings::PRINT_NOTHING.to_owned());
    };
    let started = Command::new(program)
        .args(arguments)
        .env_remove(TOKEN_VARIABLE)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn();
    let mut child = started.map_err(|error| strings::not_started(program, &error))?;
    // Both on threads of their own: a command that does not read, or whose
    // children keep its error output open, holds up neither the screen nor us.
    if let Some(mut input) = child.stdin.take() {
        thread::spawn(move || input.write_all(text.as_bytes()));
    }
    let (said, hear) = mpsc::channel();
    if let Some(errors) = child.stderr.take() {
        thread::spawn(move || {
            let mut text = Vec::new();
            let _ = errors.take(MAX_ERROR_BYTES).read_to_end(&mut text);
            let _ = said.send(String::from_utf8_lossy(&text).into_owned());
        });
    }
    let ended = ended_within(&mut child, patience).map_err(|error| error.to_string())?;
    let Some(status) = ended else {
        return Err(strings::print_took_too_long(program, patience));
    };
    if status.success() {
        return Ok(());
    }
    let said = hear
        .recv_timeout(Duration::from_secs(1))
        .unwrap_or_default();
    let first = said.lines().map(str::trim).find(|line| !line.is_empty());
    Err(strings::print_failed(
        program,
        &tame(first.unwrap_or_default()),
    ))
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    fn sh(script: &str) -> Vec<String> {
        ["sh", "-c", script].map(str::to_owned).to_vec()
    }

    #[test]
    fn the_command_reads_the_slip() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("slip");
        let script = format!("cat > '{}'", file.display());
        print(&sh(&script), "Packing slip\n".into()).unwrap();
        assert_eq!(std::fs::read_to_string(file).unwrap(), "Packing slip\n");
    }

    #[test]
    fn a_failure_is_told_with_its_first_line() {
        let told = print(
            &sh("echo; echo 'no\u{1b}[2J paper' >&2; exit 3"),
            "x".repeat(1 << 20),
        );
        let told = told.unwrap_err();
        assert!(told.contains("no") && told.contains("paper"), "{told}");
        assert!(!told.contains(char::is_control), "{told:?}");
        let missing = print(&["/no/such/printer".to_owned()], String::new());
        assert!(missing.unwrap_err().contains("/no/such/printer"));
        assert!(print(&[], String::new()).is_err());
    }

    #[test]
    fn a_command_that_does_not_end_is_ended() {
        let patience = Duration::from_millis(200);
        let told = print_within(&sh("exec sleep 600"), String::new(), patience);
        assert!(told.unwrap_err().contains("did not end"));
    }
}
