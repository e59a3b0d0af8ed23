//! What waits for the server, in words.

use jiff::Timestamp;
use ordertop::order::{OrderKey, OrderStatus};

use super::{age, and_keys, does, done, number};
use crate::model::outbox::Waiting;
use crate::model::outbox::Work;
use crate::model::text::{grouped, tame};

/// Title of the list of what waits.
pub const OUTBOX: &str = "Outbox";
/// Nothing waits.
pub const OUTBOX_EMPTY: &str = "Nothing waits.";
/// What the list is for.
pub const OUTBOX_EMPTY_HINT: &str =
    "Changes that you make while the server does not answer are kept here, and sent when it does.";
/// Changes are not kept here.
pub const NO_OUTBOX: &str = "this screen keeps no outbox";
/// Another program has the right to send.
pub const ANOTHER_SENDS: &str = "another ordertop is sending now: try again in a moment";
/// Too late to take it back.
pub const BEING_SENT: &str = "it is being sent: wait for the answer";
/// Asked to send while nothing answers.
pub const SENT_WHEN_BACK: &str = "the server does not answer: sent as soon as it does";

/// The question before one is deleted, and its keys.
#[must_use]
pub fn delete_asked(delete: &str, keep: &str) -> String {
    let keys = [(delete, "delete"), (keep, "keep")].map(|key| does(&[key]));
    let mut words = "Delete this change? It will not be sent.".to_owned();
    for key in keys.iter().filter(|key| !key.is_empty()) {
        words.push_str(&format!("  {key}"));
    }
    words
}

fn changes(count: usize) -> String {
    match count {
        1 => "1 change".into(),
        more => format!("{} changes", grouped(more)),
    }
}

/// How many wait, as the header shows it; empty when none does.
#[must_use]
pub fn waiting_mark(count: usize) -> String {
    match count {
        0 => String::new(),
        some => format!("⧗{}", grouped(some)),
    }
}

/// A step was written down.
#[must_use]
pub fn kept(key: &OrderKey, to: OrderStatus, wish: bool, unanswered: Option<&str>) -> String {
    let number = number(key);
    match unanswered {
        None if wish => {
            format!("{number} kept: support is asked to cancel it when the server answers")
        }
        None => format!("{number} kept: it is {} when the server answers", done(to)),
        Some(why) => format!("{number} kept, and sent again when the server answers: {why}"),
    }
}

/// A step could not be written down, as a clause's end.
#[must_use]
pub fn not_kept_why(lost: &str) -> String {
    format!("offline, and it cannot be kept: {}", tame(lost))
}

/// A step got no answer and could not be written down.
#[must_use]
pub fn not_kept(key: &OrderKey, to: OrderStatus, open: bool, lost: &str) -> String {
    let why = format!("no answer, and it cannot be kept: {}", tame(lost));
    super::not_done(key, to, open, &why)
}

/// A step could not be written down while the program ended.
#[must_use]
pub fn not_kept_at_the_end(key: &OrderKey) -> String {
    format!("{}: not sent, and it could not be kept", number(key))
}

/// An order's step waits already.
#[must_use]
pub fn already_waits(key: &OrderKey, to: OrderStatus, outbox: &str) -> String {
    let words = format!("{} waits to be {}", number(key), done(to));
    and_keys(&words, ": ", &[(outbox, "shows what waits for the server")])
}

/// The same in the order's details.
#[must_use]
pub fn waits_for_server(to: OrderStatus, wish: bool) -> String {
    match wish {
        true => "⧗ waits for the server, then asks to cancel".into(),
        false => format!("⧗ waits for the server, then {to}"),
    }
}

/// Notes that wait, in the order's details.
#[must_use]
pub fn notes_wait(count: usize) -> String {
    match count {
        1 => "⧗ 1 note waits for the server".into(),
        more => format!("⧗ {} notes wait for the server", grouped(more)),
    }
}

/// Changes wait since the run before.
#[must_use]
pub fn still_waiting(count: usize) -> String {
    let (wait, are) = match count {
        1 => ("waits", "it is"),
        _ => ("wait", "they are"),
    };
    format!(
        "{} {wait} since before: {are} sent when the server answers",
        changes(count)
    )
}

/// Left while changes wait.
#[must_use]
pub fn left_waiting(count: usize) -> String {
    let (wait, them) = match count {
        1 => ("waits", "it"),
        _ => ("wait", "them"),
    };
    format!(
        "{} {wait} for the server: the next start sends {them}",
        changes(count)
    )
}

/// The outbox failed.
#[must_use]
pub fn outbox_unusable(why: &str) -> String {
    format!("! outbox: {}", tame(why))
}

/// Some of it cannot be read.
#[must_use]
pub fn outbox_damaged(lines: usize) -> String {
    let lines = match lines {
        1 => "1 line is".to_owned(),
        more => format!("{} lines are", grouped(more)),
    };
    format!("! outbox: {lines} damaged and left out: look at what you changed last")
}

/// A change was taken back.
#[must_use]
pub fn deleted(gone: &Waiting) -> String {
    let number = number(&gone.entry.key());
    if gone.may_be_done() {
        let done = gone.entry.to().map_or_else(|| "added".to_owned(), done);
        return format!("{number} deleted; it was sent before and may be {done} all the same");
    }
    if gone.entry.to().is_none() {
        return format!("note on {number} deleted: it is not sent");
    }
    format!("{number} deleted: it is not sent")
}

/// A change could not be taken back.
#[must_use]
pub fn not_deleted(why: &str) -> String {
    format!("not deleted: {}", tame(why))
}

/// One change of the list: its age, its order, where that goes.
#[must_use]
pub fn waiting_line(waiting: &Waiting, wish: bool, now: Timestamp) -> [String; 3] {
    let entry = &waiting.entry;
    let what = match entry.to() {
        None => "⧗ note".to_owned(),
        Some(_) if wish => "⧗ cancel?".to_owned(),
        Some(to) => format!("⧗→{to}"),
    };
    [age(entry.at, now), number(&entry.key()), what]
}

/// How it stands with a change; `is_sent` is whether it is being sent now.
#[must_use]
pub fn waiting_state(waiting: &Waiting, is_sent: bool, now: Timestamp, send: &str) -> String {
    let error = waiting.error.as_deref().map(tame);
    if is_sent {
        return "being sent".into();
    }
    if waiting.needs_decision(now) {
        return match error {
            Some(why) => format!("held: {why}"),
            None => {
                let words = "held: older than the server remembers, it may be done";
                and_keys(words, "; ", &[(send, "sends it")])
            }
        };
    }
    match error {
        Some(why) => format!("tried: {why}"),
        None if waiting.may_be_done() => "sent, not answered: sent again when it answers".into(),
        None => "sent when the server answers".into(),
    }
}

/// What goes with a change, in a line.
#[must_use]
pub fn waiting_details(waiting: &Waiting) -> String {
    let change = match &waiting.entry.work {
        Work::Step { change, .. } => change,
        Work::Note { note } => return tame(&note.text).into_owned(),
        Work::Tracking { tracking } => {
            let parts = [&tracking.carrier, &tracking.tracking_number];
            let mut words: Vec<&str> = parts.into_iter().flatten().map(String::as_str).collect();
            if let Some(old) = &tracking.replaces {
                words.extend(["in place of", old]);
            }
            return tame(&words.join(" ")).into_owned();
        }
    };
    let mut parts = Vec::new();
    if let Some(version) = change.expected_version {
        parts.push(format!("only if still at version {version}"));
    }
    if let Some(shipment) = &change.shipment {
        let words = [&shipment.carrier, &shipment.tracking_number];
        let words: Vec<&str> = words.into_iter().flatten().map(String::as_str).collect();
        parts.push(words.join(" "));
    }
    if let Some(reason) = &change.reason {
        parts.push(format!("reason: {reason}"));
    }
    tame(&parts.join(" · ")).into_owned()
}
