//! Notes and packing slips in words.

use std::io;
use std::time::Duration;

use ordertop::order::{OrderKey, Visibility};

use super::{and_keys, does, number};
use crate::model::text::{grouped, tame};

/// What stands in an empty note.
pub const NOTE_HINT: &str = "what should be remembered about this order";
/// What stands in a blank note that was confirmed.
pub const NOTE_MISSED: &str = "write the note first: a blank one is not added";
/// The note's button.
pub const NOTE_ADD: &str = "add the note";
/// No command to print with.
pub const NO_PRINT_COMMAND: &str =
    "no printing command: set one in ordertop.toml, [print] command = \"lp\"";
/// An empty command to print with.
pub const PRINT_NOTHING: &str = "the printing command is empty";

/// The title of a note.
#[must_use]
pub fn note_title(key: &OrderKey) -> String {
    format!("Note on {}", number(key))
}

/// Who will read the note, and for support how to change that.
#[must_use]
pub fn note_readers(
    visibility: Visibility,
    support: bool,
    choosing: bool,
    next_field: &str,
) -> String {
    let readers = match visibility {
        Visibility::Vendor => "read by vendor and support",
        Visibility::Support => "internal: read by support alone",
    };
    let how = match choosing {
        true => "Space changes it".into(),
        false => does(&[(next_field, "then Space changes it")]),
    };
    match support && !how.is_empty() {
        true => format!("{readers}  ({how})"),
        false => readers.into(),
    }
}

/// How much of a note's room is used, once it gets short.
#[must_use]
pub fn note_room(used: usize, most: usize) -> Option<String> {
    let near = most - most / 10;
    (used >= near).then(|| format!("{} of {} characters", grouped(used), grouped(most)))
}

/// The note is kept.
#[must_use]
pub fn note_added(key: &OrderKey) -> String {
    format!("note added to {}", number(key))
}

/// The note waits on disk.
#[must_use]
pub fn note_kept(key: &OrderKey) -> String {
    format!(
        "note on {} kept: added when the server answers",
        number(key)
    )
}

/// A note could not be written down while the program ended.
#[must_use]
pub fn note_not_kept_at_the_end(key: &OrderKey) -> String {
    format!(
        "note on {}: not sent, and it could not be kept",
        number(key)
    )
}

/// The note is not kept, or nobody said so; `note` is the key that shows its words
/// again, while there is a screen.
#[must_use]
pub fn note_not_added(key: &OrderKey, why: &str, note: &str) -> String {
    let words = format!("note on {} not added: {why}", number(key));
    and_keys(&words, "; ", &[(note, "has your words")])
}

/// A slip is on its way to the printer.
#[must_use]
pub fn printing(key: &OrderKey) -> String {
    format!("printing the slip of {} …", number(key))
}

/// Slips are on their way to the printer.
#[must_use]
pub fn printing_many(count: usize) -> String {
    format!("printing {} slips …", grouped(count))
}

/// So many of the slips that are on their way were answered.
#[must_use]
pub fn printed_so_far(answered: usize, all: usize) -> String {
    format!("printing: {} of {} slips", grouped(answered), grouped(all))
}

/// The command took all slips.
#[must_use]
pub fn printed_many(count: usize) -> String {
    format!("{} slips printed", grouped(count))
}

/// The command did not take some of the slips; the first of them, and why.
#[must_use]
pub fn printed_some(printed: usize, failed: usize, first: &OrderKey, why: &str) -> String {
    let first = not_printed(first, why);
    format!(
        "{} slips printed, {} not: {first}",
        grouped(printed),
        grouped(failed)
    )
}

/// The command took the slip.
#[must_use]
pub fn printed(key: &OrderKey) -> String {
    format!("slip of {} printed", number(key))
}

/// The command did not.
#[must_use]
pub fn not_printed(key: &OrderKey, why: &str) -> String {
    format!("slip of {} not printed: {}", number(key), tame(why))
}

/// The command cannot be started.
#[must_use]
pub fn not_started(program: &str, error: &io::Error) -> String {
    format!("`{program}` cannot be started: {error}")
}

/// The command failed.
#[must_use]
pub fn print_failed(program: &str, said: &str) -> String {
    match said {
        "" => format!("`{program}` failed without a word"),
        said => format!("`{program}` failed: {said}"),
    }
}

/// The command was ended.
#[must_use]
pub fn print_took_too_long(program: &str, after: Duration) -> String {
    format!("`{program}` did not end within {} s", after.as_secs())
}
