//! What the keys do, in words, and the paragraphs of the help.

use super::and_keys;
use crate::model::keymap::{Action, Context, Keymap};

/// What an action does, for the help.
#[must_use]
pub fn action_help(action: Action) -> &'static str {
    match action {
        Action::NextStep => "next status of the order under the cursor (asks first)",
        Action::Open => "open the order; in notifications, go to its order",
        Action::Back => "back: close, clear the filter, every status",
        Action::Find => "filter: ana status:paid total>100 age<2h",
        Action::SetStatus => "any status that you may set (asks first)",
        Action::Undo => "undo your last change, while that is allowed (asks first)",
        Action::AddNote => "write a note about the order",
        Action::Track => "tracking of an order that has left: add a parcel, correct one",
        Action::Print => "print the packing slip of the order, or of all marked ([print] command)",
        Action::Mark => "mark or unmark the order; a step then acts on all marked",
        Action::MarkRange => "mark a range: begin it, move, end it",
        Action::MarkAll => "mark all that tab and filter let through",
        Action::InvertMarks => "turn the marks of all that tab and filter let through",
        Action::CopyLink => "copy the link to the order's parcel",
        Action::Sort => "sort the list: pick how",
        Action::Vendor => "one vendor's orders alone, or all: pick whose",
        Action::Hold => "hold the list: no row moves until it is let go",
        Action::Views => "saved views: pick one",
        Action::SaveView => "save filter, sort, tab and vendor as a view",
        Action::Commands => "every command, to be found by its words",
        Action::Tab => "one status alone; the first key shows all",
        Action::Up => "up",
        Action::Down => "down",
        Action::PageUp => "page up",
        Action::PageDown => "page down",
        Action::Top => "to the top",
        Action::Bottom => "to the bottom",
        Action::NextPane => "next pane: orders, order, notifications",
        Action::PreviousPane => "pane before",
        Action::Jump => "to the order of the newest notification; again: the one before",
        Action::Dismiss => "dismiss the notification that is chosen, or was jumped to",
        Action::DismissAll => "dismiss all notifications (asks first)",
        Action::Acknowledge => "acknowledge the alarm",
        Action::Mute => "mute alerts for an hour; again: end that",
        Action::Realtime => "real-time off or on; off, the list is polled",
        Action::Refresh => "look now: poll, and try the connection",
        Action::Outbox => "what waits for the server: send, delete",
        Action::Hint => "show or hide the line to try",
        Action::Copy => "copy the line to try",
        Action::Mouse => "mouse on or off; off, the terminal selects text",
        Action::Theme => "theme: pick one, seen at once, kept when confirmed",
        Action::Redraw => "draw everything again",
        Action::Suspend => "back to the shell; fg continues",
        Action::Help => "this help",
        Action::Quit => "leave the program",
        Action::Confirm => "apply",
        Action::Cancel => "cancel",
        Action::NextField => "next field",
        Action::PreviousField => "field before",
    }
}

/// Under which head of the help an action stands.
#[must_use]
pub fn action_group(action: Action) -> &'static str {
    match action {
        Action::NextStep
        | Action::SetStatus
        | Action::Undo
        | Action::AddNote
        | Action::Track
        | Action::Print
        | Action::Mark
        | Action::MarkRange
        | Action::MarkAll
        | Action::InvertMarks
        | Action::CopyLink
        | Action::Open
        | Action::Find
        | Action::Back
        | Action::Sort
        | Action::Vendor
        | Action::Hold
        | Action::Views
        | Action::SaveView
        | Action::Commands
        | Action::Tab => "Orders",
        Action::Jump
        | Action::Dismiss
        | Action::DismissAll
        | Action::Acknowledge
        | Action::Mute => "Notifications",
        Action::Realtime | Action::Refresh | Action::Outbox => "Connection",
        Action::Hint
        | Action::Copy
        | Action::Mouse
        | Action::Theme
        | Action::Redraw
        | Action::Suspend
        | Action::Help
        | Action::Quit => "Screen",
        _ => "Moving",
    }
}

/// What an action does, in a word for the footer.
#[must_use]
pub fn action_short(action: Action) -> &'static str {
    match action {
        Action::NextStep => "next step",
        Action::Open => "open",
        Action::Back => "back",
        Action::Find => "filter",
        Action::Sort => "sort",
        Action::Mouse => "mouse",
        Action::Vendor => "vendor",
        Action::Hold => "hold",
        Action::Views => "views",
        Action::SaveView => "save view",
        Action::Commands => "commands",
        Action::NextField => "complete",
        Action::Tab => "status",
        Action::NextPane => "pane",
        Action::Jump => "newest",
        Action::Dismiss => "dismiss",
        Action::DismissAll => "clear",
        Action::Realtime => "real-time",
        Action::Refresh => "look now",
        Action::Outbox => "outbox",
        Action::Hint => "line to try",
        Action::Copy => "copy",
        Action::CopyLink => "copy link",
        Action::SetStatus => "set status",
        Action::Undo => "undo",
        Action::AddNote => "note",
        Action::Track => "tracking",
        Action::Print => "print",
        Action::Mark => "mark",
        Action::MarkRange => "range",
        Action::MarkAll => "mark all",
        Action::InvertMarks => "turn marks",
        Action::Theme => "theme",
        Action::Help => "help",
        Action::Quit => "quit",
        Action::Up => "up",
        Action::Down => "down",
        Action::Confirm => "apply",
        Action::Cancel => "clear",
        _ => "",
    }
}

/// What an action does in a dialog, in a word for the footer.
#[must_use]
pub fn dialog_short(action: Action) -> &'static str {
    match action {
        Action::Confirm => "apply",
        Action::Cancel => "cancel",
        Action::NextField => "next field",
        _ => "",
    }
}

/// What an action does in a list to pick from, in a word for the footer.
#[must_use]
pub fn picker_short(action: Action) -> &'static str {
    match action {
        Action::Cancel => "cancel",
        other => action_short(other),
    }
}

/// Paragraphs of the help below the keys: title and paragraphs.
#[must_use]
pub fn help_notes(keymap: &Keymap) -> Vec<(&'static str, Vec<String>)> {
    let key = |action| keymap.first(Context::Screen, action);
    let steps = [key(Action::NextStep), key(Action::SetStatus)];
    let steps: Vec<_> = steps.iter().filter(|key| !key.is_empty()).collect();
    let marked = match &steps[..] {
        [] => "a step acts on all marked orders".to_owned(),
        [one] => format!("{one} acts on all marked orders"),
        [one, other, ..] => format!("{one} and {other} act on all marked orders"),
    };
    let back = key(Action::Back);
    let marked = and_keys(&marked, ", ", &[(&back, "clears the marks")]);
    let outbox = match key(Action::Outbox) {
        none if none.is_empty() => none,
        key => format!(" ({key})"),
    };
    let complete = keymap.first(Context::Find, Action::NextField);
    let complete = [(&*complete, "completes names and values")];
    let realtime = match key(Action::Realtime) {
        none if none.is_empty() => none,
        key => format!(" with {key}"),
    };
    let lines = |lines: &[&str]| lines.iter().map(|line| (*line).to_owned()).collect();
    vec![
        (
            "Marks",
            lines(&[
                "+  new   Δ  changed, within the last minute",
                "⧗→ sent, the server has not answered yet",
                "×?  support is asked to cancel the order",
                &format!("✔  marked: {marked}"),
                "•  a notification that nobody looked at yet; !2 in the first line counts them",
                &format!(
                    "⧗2 in the first line: 2 changes are kept on disk until the server answers{outbox}"
                ),
            ]),
        ),
        (
            "Filters",
            lines(&[
                "ana \"blue mug\"  every text must occur in number, buyer, status, vendor, items, address, parcels; zoe finds Zoë",
                "status:paid,shipped  any of these; the first letters will do",
                "total>100 currency:eur  amounts: = < > <= >=",
                "age<2h  placed less than 2 h ago, as in the column Age: s m h d w",
                "since>1d  more than a day in its status",
                "due<4h due:late due:none  time left to ship",
                "vendor:42 number:10 buyer:ana item:mug sku:tea  in that field; = for the whole of it",
                "flag:test,hold,pod,cancel,deleted,new  marks; new: came while you watch, not changed since",
                &and_keys("-flag:test !status:paid  must not be so", "; ", &complete),
            ]),
        ),
        (
            "By urgency",
            lines(&[
                "Orders with a time to ship by come first: late ones, then the next due; \
                 they show that time instead of their age. Then Paid, the longest paid on top, \
                 then Disputed, Pending, Shipped, Delivered, Completed, Cancelled and \
                 Refunded.",
            ]),
        ),
        (
            "Real-time",
            lines(&[&format!(
                "ON: changes come as they happen. OFF, polling: the connection is down, or \
                 turned off{realtime}; the list is asked for every --poll seconds. Offline: \
                 nothing gets through; the last list stays, its age is in the first line.",
            )]),
        ),
    ]
}
