//! Every word that a person reads on the screen.

mod acting;
mod alerts;
mod bulk;
mod connection;
mod keys;
mod note;
mod outbox;
mod picker;
mod question;
pub mod start;
mod steps;
mod track;

pub use acting::{
    asked, asked_already, changed_since, changed_since_closed, guessed, link_copied, mistyped,
    no_link, waits_to_undo,
};
use alerts::is_due;
pub use alerts::{
    acknowledged, alarm, alert_and_more, alert_command_failed, alert_commands_lost, alert_due,
    alert_due_more, alert_link, an_hour, came_meanwhile, late_meanwhile, marks, muted, revenue,
    since,
};
pub use bulk::{
    ALL_CHANGED_SINCE, BULK_UNDER_WAY, CHANGED_SINCE, GONE, NO_ANSWER, NONE_CAN, NOT_IN_THE_LIST,
    NOTHING_TO_UNDO, ON_ITS_WAY, TOO_LATE_TO_UNDO, asked_of, bulk_broke_off, bulk_done, bulk_left,
    bulk_not_kept, cannot_go, changed_by, fate, left_out, marked, marked_and_hidden,
    no_bulk_on_legacy, no_step_from, not_undone, orders, plan_button, plan_title, range_begun,
    result_title, some_orders, stands_there, step_of_marked, too_many_marked, undo_offer,
    was_first,
};
pub use connection::{Health, empty, indicator, loading, replaying};
use jiff::Timestamp;
pub use keys::{action_group, action_help, action_short, dialog_short, help_notes, picker_short};
pub use note::{
    NO_PRINT_COMMAND, NOTE_ADD, NOTE_HINT, NOTE_MISSED, PRINT_NOTHING, not_printed, not_started,
    note_added, note_kept, note_not_added, note_not_kept_at_the_end, note_readers, note_room,
    note_title, print_failed, print_took_too_long, printed, printed_many, printed_so_far,
    printed_some, printing, printing_many,
};
use ordertop::client::RequestError;
use ordertop::order::{Actor, ActorKind, Flags, OrderKey, OrderStatus};
use ordertop::protocol::{ListedOrder, ListedTotals};
pub use outbox::*;
pub use picker::{
    NO_CONFIG_FILE, NOTHING_TO_PICK, ONE_VENDOR, SORT_AGAIN, TYPE_A_NAME, VIEW_NEW, VIEW_REPLACED,
    candidates, direction, held, hold_turned, no_views, show_tab, sort_detail, sort_label,
    sorted_by, sorting, theme_detail, theme_kept, theme_not_kept, vendor_detail, view_detail,
    view_is_wrong, view_not_saved, view_saved, view_shown,
};
pub use question::{DISMISS_ALL, PRINT, TYPED_ON_BUTTON, dismiss_title, print_title, unread_among};
pub use steps::{
    ASK_TO_CANCEL, REASON_FOR_SUPPORT, UNTIL_SUPPORT_DECIDES, already_on_its_way, asked_to_cancel,
    came_above, cursor_was_moved, dialog_button, done, field, field_hint, has_just_changed,
    is_already, left_the_list, marked_entry, no_next_step, no_status_to_set, not_done, refusal,
    status_entry, step_button, step_title, twice, was_already, was_done,
};

pub use track::{
    FROM_SHOP, NO_PARCELS_ON_LEGACY, NUMBER_HINT, PARCEL, PARCEL_BLANK, not_left_yet, not_tracked,
    parcel, parcel_choice, parcels_wait, shop_number, track_button, track_title, tracked,
    tracking_kept, tracking_not_kept_at_the_end,
};

use crate::model::notices::{Notice, What};
use crate::model::row::Row;
use crate::model::sort::Sort;
use crate::model::text::{grouped, money, tame};

/// The program's name.
pub const NAME: &str = "ordertop";
/// What the indicator begins with where there is room.
pub const REALTIME: &str = "Real-time:";
/// In the list, beside the status of an order that support is asked to cancel.
pub const ASKED_SIGN: &str = "×?";
/// Title of the list.
pub const ORDERS: &str = "Orders";
/// Title of the notifications.
pub const NOTICES: &str = "Notifications";
/// Title of the help.
pub const HELP: &str = "Help";
/// In the frame of the help: what its keys do.
#[must_use]
pub fn help_keys(find: &str, back: &str) -> String {
    does(&[(find, "finds"), (back, "closes")])
}

/// Head of the statuses in the help.
pub const HELP_STATUSES: &str = "Statuses";
/// A status in at most five columns.
#[must_use]
pub fn short_status(status: OrderStatus) -> &'static str {
    match status {
        OrderStatus::Pending => "Pend",
        OrderStatus::Paid => "Paid",
        OrderStatus::Shipped => "Ship",
        OrderStatus::Delivered => "Deliv",
        OrderStatus::Completed => "Compl",
        OrderStatus::Disputed => "Disp",
        OrderStatus::Cancelled => "Canc",
        OrderStatus::Refunded => "Refd",
    }
}

/// Where no vendor is chosen.
pub const ALL_VENDORS: &str = "all vendors";
/// Head of a column.
pub const COLUMN_ITEMS: &str = "Items";
/// Heads of the columns.
pub const COLUMN_NUMBER: &str = "Number";
/// Head of a column.
pub const COLUMN_VENDOR: &str = "Vendor";
/// Head of a column.
pub const COLUMN_BUYER: &str = "Buyer";
/// Head of a column.
pub const COLUMN_TOTAL: &str = "Total";
/// Head of a column.
pub const COLUMN_STATUS: &str = "Status";
/// Head of a column: the time since the order was placed.
pub const COLUMN_AGE: &str = "Age";
/// Head of the same column, while the list is sorted by the time in the status.
pub const COLUMN_SINCE: &str = "Since";
/// An order without a buyer's name.
pub const NO_BUYER: &str = "(no name)";
/// No notification.
pub const NO_NOTICES: &str = "No notifications.";
/// The same, with what they are.
pub const NO_NOTICES_LONG: &str = "No notifications. New orders and changes are told here.";
/// Details of nothing.
pub const NO_ORDER_CHOSEN: &str = "No order is chosen.";
/// No order under the cursor.
pub const NO_ORDER: &str = "there is no order under the cursor";
/// No notification to jump to.
pub const NO_NOTICE: &str = "no notification leads to an order";
/// Asked to look now.
pub const LOOKING: &str = "looking now";
/// The footer of a record that is played: what its only key does.
pub const REPLAY_LEAVE: &str = "leave the replay";
/// The header of a screen that only reads.
pub const READ_ONLY_MARK: &str = "read-only";
/// An acting key on a screen that only reads.
pub const READ_ONLY: &str = "read-only: started with --read-only, nothing is changed";
/// What `--plain` says first to somebody who can answer.
pub const PLAIN_WELCOME: &str = "ordertop, in lines. Type help for the commands.";
/// The commands of `--plain`.
pub const PLAIN_HELP: [&str; 7] = [
    "list [FILTER]: the first orders, or those that the filter lets through: list status:paid ana",
    "show NUMBER: one order",
    "ship NUMBER [CARRIER] [TRACKING]: ship it",
    "a, or ack: acknowledge the alarm",
    "mute: no bell and no command for an hour; again: end that",
    "help: these lines",
    "quit: leave",
];
/// `--plain` waits for answers already.
pub const PLAIN_BUSY: &str = "too many orders are on their way: wait for the answers";

/// A record is as long as it may be.
#[must_use]
pub fn record_full(mib: u64) -> String {
    format!("it is {mib} MiB long")
}

/// A record could not be gone on with.
#[must_use]
pub fn record_ended(why: &std::io::Error) -> String {
    format!("the record ends here: {why}")
}

/// Why: what happens comes faster than the disk takes it.
pub const RECORD_BEHIND: &str = "the disk is too slow for what happens";
/// Why: the thread that writes it failed.
pub const RECORD_FAILED: &str = "it could not be written";

/// The hint was copied.
pub const COPIED: &str = "copied, if your terminal allows it (OSC 52)";
/// There is no hint.
pub const NOTHING_TO_COPY: &str = "there is nothing to copy";
/// Tab and filter gave way to an order that somebody went to.
#[must_use]
pub fn shows_all_for(key: &OrderKey) -> String {
    format!(
        "every order is shown again: {} was out of the list",
        number(key)
    )
}

/// Pasted text was longer than what it was pasted into.
#[must_use]
pub fn paste_cut(most: usize) -> String {
    format!("the pasted text is cut: {} characters fit", grouped(most))
}

/// The title of the hint.
#[must_use]
pub fn hint_title(title: &str, copy: &str, hide: &str) -> String {
    match does(&[(copy, "copies"), (hide, "hides")]) {
        none if none.is_empty() => format!(" {title} "),
        keys => format!(" {title}  ({keys}) "),
    }
}

/// A step cannot be sent.
pub const NOT_SENT_OFFLINE: &str = "not sent: offline";
/// A step cannot be sent.
pub const NOT_SENT_REFUSED: &str = "not sent: the server refuses the credentials";
/// A step cannot be sent.
pub const NOT_SENT_CONNECTING: &str = "not sent: not connected yet";
/// While something is fetched.
pub const LOADING: &str = "loading …";
/// Details: who bought it.
pub const BUYER: &str = "Buyer";
/// Details: where it goes.
pub const SHIP_TO: &str = "Ship to";
/// Details: what was bought.
pub const ITEMS: &str = "Items";
/// Details: what went back to the buyer.
pub const REFUNDED: &str = "Refunded";
/// Details: what it comes to.
pub const TOTAL: &str = "Total";
/// Details: what left.
pub const SHIPMENTS: &str = "Shipments";
/// Details: words.
pub const NOTES: &str = "Notes";
/// Details: who did what when.
pub const HISTORY: &str = "History";
/// Details: why there is no history.
pub const NO_HISTORY: &str = "a legacy server keeps none";
/// Said to the key of a note.
pub const NO_NOTES_ON_LEGACY: &str = "a legacy server keeps no notes";
/// Stands in the question before shipping.
pub const NO_PARCEL_ON_LEGACY: &str = "A legacy server keeps no carrier and tracking number.";
/// Dialog: leave it.
pub const DIALOG_CANCEL: &str = "cancel";
/// Dialog: a reason is missing.
pub const REASON_NEEDED: &str = "a reason is needed: the history keeps it";
/// Dialog: Enter in a reason that may stay blank; what the key does that leaves it.
#[must_use]
pub fn reason_wanted(next_field: &str) -> String {
    let keys = [(next_field, "goes to the button, which sends none")];
    and_keys("say why", "; ", &keys)
}

/// The dialog's order went away while it was open.
pub const CHANGED_MEANWHILE: &str = "! no longer in the list: the server will refuse this";

/// The filter lets nothing through.
pub const NO_MATCH: &str = "No order matches.";

/// What keys do: `Esc clears the filter, 0 shows every status`. Any key can be
/// another one, or none; what has none is left out.
fn does(keys: &[(&str, &str)]) -> String {
    let told = keys.iter().filter(|(key, _)| !key.is_empty());
    let told: Vec<_> = told.map(|(key, does)| format!("{key} {does}")).collect();
    told.join(", ")
}

/// Words, and after them what keys do about it.
fn and_keys(words: &str, between: &str, keys: &[(&str, &str)]) -> String {
    match does(keys) {
        none if none.is_empty() => words.to_owned(),
        told => format!("{words}{between}{told}"),
    }
}

/// The filter line, when there is no filter; the longer form first.
#[must_use]
pub fn filter_hint(find: &str) -> [String; 2] {
    [
        "to filter: words, status:paid, total>100, age<2h",
        "to filter",
    ]
    .map(|words| does(&[(find, words)]))
}

/// Dismissing what is not chosen.
#[must_use]
pub fn dismiss_where(next_pane: &str, dismiss: &str) -> String {
    let keys = [(next_pane, "goes to them"), (dismiss, "dismisses there")];
    and_keys("no notification is chosen", ": ", &keys)
}

/// Back to the shell where nobody could continue the program.
#[must_use]
pub fn no_job_control(quit: &str) -> String {
    and_keys("no shell here to go back to", ": ", &[(quit, "leaves")])
}

/// Pasted text is never taken for keys.
#[must_use]
pub fn paste_ignored(find: &str) -> String {
    match find {
        "" => "pasted text ignored".into(),
        key => format!("pasted text ignored: press {key} first to filter by it"),
    }
}

/// What to do where nothing is in the list: about the filter, and about the
/// status; each where it is to blame.
#[must_use]
pub fn no_match_hint(clear: Option<&str>, every_status: Option<&str>) -> String {
    let keys = [
        (clear.unwrap_or_default(), "clears the filter"),
        (every_status.unwrap_or_default(), "shows every status"),
    ];
    match does(&keys) {
        none if none.is_empty() => none,
        told => format!("{told}."),
    }
}

/// No order stands there.
#[must_use]
pub fn empty_tab(status: OrderStatus) -> String {
    format!("No order is {status} now.")
}

/// The terminal is too small.
#[must_use]
pub fn too_small(need: (u16, u16), have: (u16, u16)) -> String {
    format!("need {}x{}, have {}x{}", need.0, need.1, have.0, have.1)
}

/// The time from one moment to another, exact below two minutes: `42 s`, `5 min`.
fn seconds(from: Timestamp, to: Timestamp) -> String {
    let seconds = to.duration_since(from).as_secs().max(0);
    match seconds {
        0..120 => format!("{seconds} s"),
        120..7_200 => format!("{} min", seconds / 60),
        _ => format!("{} h", seconds / 3_600),
    }
}

/// An age in at most four columns: `39s`, `2m`, `3h`, `5d`, `12w`, `3y`.
#[must_use]
pub fn age(since: Timestamp, now: Timestamp) -> String {
    let seconds = now.duration_since(since).as_secs().max(0);
    match seconds {
        0..60 => format!("{seconds}s"),
        60..3_600 => format!("{}m", seconds / 60),
        3_600..86_400 => format!("{}h", seconds / 3_600),
        86_400..1_209_600 => format!("{}d", seconds / 86_400),
        1_209_600..31_536_000 => format!("{}w", seconds / 604_800),
        _ => format!("{}y", seconds / 31_536_000),
    }
}

/// How old an order is, or how far it is from the time by which it is to be
/// shipped: `39s`, `due 3h`, `late 2d`.
#[must_use]
pub fn age_or_due(row: &Row, now: Timestamp) -> String {
    match row.ship_by() {
        Some(due) if due < now => format!("late {}", age(due, now)),
        Some(due) => format!("due {}", age(now, due)),
        None => age(row.created_at(), now),
    }
}

/// What the list's last column says: the time that it is sorted by where that is
/// the time in the status, else [`age_or_due`].
#[must_use]
pub fn last_column(row: &Row, sort: Sort, now: Timestamp) -> String {
    match sort {
        Sort::Since => age(row.since(), now),
        _ => age_or_due(row, now),
    }
}

/// When an order was placed, and how long ago: `placed 13:45, 17m ago`.
#[must_use]
pub fn placed(moment: &str, at: Timestamp, now: Timestamp) -> String {
    format!("placed {moment}, {} ago", age(at, now))
}

/// What was bought, in a few words: `2 × Stoneware mug, 1 more`.
#[must_use]
pub fn items(order: &ListedOrder) -> String {
    let Some(first) = order.items.first() else {
        return String::new();
    };
    let more = match order.items.len() {
        1 => String::new(),
        count => format!(", {} more", count - 1),
    };
    let name = tame(&first.product.name);
    format!("{} × {name}{more}", first.quantity)
}

/// An amount of an order with its currency: `1,184.00 USD`.
#[must_use]
pub fn amount(order: &ListedOrder, decimal: &str) -> String {
    money(decimal, order.currency)
}

/// An amount that is taken off: `-20.00`.
#[must_use]
pub fn less(decimal: &str) -> String {
    format!("-{}", tame(decimal).trim_start_matches('-'))
}

/// The parts of a total with their names, as they add up; what is not there is an empty text.
#[must_use]
pub fn totals(totals: &ListedTotals) -> Vec<(&'static str, String)> {
    let part = |part: &Option<String>| part.clone().unwrap_or_default();
    let tax = if totals.tax_included {
        "Tax included"
    } else {
        "Tax"
    };
    vec![
        ("Subtotal", totals.items.clone()),
        ("Discount", less(&totals.discount)),
        ("Shipping", totals.shipping.clone()),
        ("Fees", part(&totals.fees)),
        ("Tips", part(&totals.tips)),
        ("Gift cards", less(&part(&totals.gift_cards))),
        (tax, totals.tax.clone()),
    ]
}

/// An order as people call it.
#[must_use]
pub fn number(key: &OrderKey) -> String {
    format!("#{}", tame(key.number.as_str()))
}

/// Real-time was turned.
#[must_use]
pub fn realtime_turned(on: bool) -> &'static str {
    if on {
        "real-time on: connecting"
    } else {
        "real-time off: polling instead"
    }
}

/// The mouse was turned.
#[must_use]
pub fn mouse_turned(on: bool, key: &str) -> String {
    if on {
        let keys = [(key, "gives it back for selecting text")];
        and_keys("mouse on: click and scroll", "; ", &keys)
    } else {
        "mouse off: the terminal selects text again".into()
    }
}

/// An order is no longer there.
#[must_use]
pub fn order_is_gone(key: &OrderKey) -> String {
    format!("{} is no longer here", number(key))
}

/// A notification was taken away.
#[must_use]
pub fn dismissed(gone: &Notice) -> String {
    format!("dismissed: {}", notice(gone))
}

/// An error in a sentence's part.
#[must_use]
pub fn sentence(error: &RequestError) -> String {
    tame(&error.to_string()).into_owned()
}

/// Who did something.
#[must_use]
pub fn actor(actor: &Actor) -> String {
    match (actor.kind, actor.id.as_str()) {
        (ActorKind::Service, _) => "a script".into(),
        (ActorKind::Import, _) => "an import".into(),
        (ActorKind::Support, "master") => "support".into(),
        _ => tame(&actor.to_string()).into_owned(),
    }
}

/// Asks for one of an order's flags.
pub type IsSet = fn(Flags) -> bool;

/// Flags that whoever makes a step must not overlook, with their words.
pub const FLAGS_BEFORE_STEP: [(IsSet, &str); 3] = [
    (|flags| flags.test, "test order"),
    (|flags| flags.on_hold, "on hold"),
    (|flags| flags.pay_on_delivery, "pay on delivery"),
];

/// An order's flags that are set, in words.
#[must_use]
pub fn flags(flags: Flags) -> Vec<&'static str> {
    let more = [
        (flags.cancel_requested, "cancellation requested"),
        (flags.source_deleted, "deleted in the shop"),
    ];
    let before = FLAGS_BEFORE_STEP
        .iter()
        .map(|(is_set, words)| (is_set(flags), *words));
    let set = before.chain(more).filter(|(set, _)| *set);
    set.map(|(_, words)| words).collect()
}

/// The flags that whoever ships must not overlook, as short as a row has room: `test COD`.
#[must_use]
pub fn flag_signs(flags: Flags) -> String {
    let all = [
        (flags.test, "test"),
        (flags.on_hold, "hold"),
        (flags.pay_on_delivery, "COD"),
    ];
    let set = all.into_iter().filter(|(set, _)| *set);
    set.map(|(_, sign)| sign).collect::<Vec<_>>().join(" ")
}

/// The same before a step, in a line of its own; empty where there is none of them.
/// To be paid by the carrier is how it was bought, and nothing to be warned of.
#[must_use]
pub fn flags_before_step(flags: Flags) -> String {
    let set = FLAGS_BEFORE_STEP.iter().filter(|(is_set, _)| is_set(flags));
    let words = set.map(|(_, words)| *words).collect::<Vec<_>>().join(" · ");
    match flags.test || flags.on_hold {
        true => format!("! {words}"),
        false => words,
    }
}

/// A notification in words, without its time.
#[must_use]
pub fn notice(notice: &Notice) -> String {
    let number = notice.key.as_ref().map(number).unwrap_or_default();
    match &notice.what {
        What::New { buyer, total, test } => {
            let buyer = if buyer.is_empty() { NO_BUYER } else { buyer };
            let test = if *test { " (test)" } else { "" };
            format!("new {number}  {buyer}  {total}{test}")
        }
        What::Step { from, to, by } => {
            let from = from.map_or(String::new(), |from| format!("{from} "));
            match by {
                Some(by) => format!("{number}  {from}→ {to}  by {}", actor(by)),
                None => format!("{number}  {from}→ {to}  by you"),
            }
        }
        What::Seen { from, to } => format!("{number}  {from} → {to}"),
        What::Asked { by } => {
            let by = by.as_ref().map_or_else(|| "you".to_owned(), actor);
            format!("{number}  asked to cancel  by {by}")
        }
        What::Due { buyer, late } => format!("{number}  {}  {buyer}", is_due(*late)),
        What::DueMany {
            count,
            meanwhile: true,
            ..
        } => late_meanwhile(*count),
        What::DueMany { count, late, .. } => alert_due_more(*count, *late),
        What::Noted => format!("{number}  note  by you"),
        What::Updated { by } => format!("{number}  changed  by {}", actor(by)),
        What::Removed { by } => format!("{number}  erased  by {}", actor(by)),
        What::Refused { to, open, why } => match &notice.key {
            Some(key) => format!("! {}", not_done(key, *to, *open, why)),
            None => format!("! {why}"),
        },
        What::HistoryChanged { vendors } => history_changed(*vendors),
        What::Bulk(tally) => bulk_done(*tally),
        What::Away { count, since } => came_meanwhile(*count, since),
        What::Imported { count: 1 } => "1 order imported".into(),
        What::Imported { count } => format!("{} orders imported", grouped(*count)),
    }
}

/// The server's history is another one than before.
#[must_use]
pub fn history_changed(vendors: usize) -> String {
    let whose = match vendors {
        0 | 1 => "all orders".to_owned(),
        more => format!("the orders of {} vendors", grouped(more)),
    };
    format!("! the server's history changed; {whose} were fetched anew")
}

/// One line of an order's history, without its time.
#[must_use]
pub fn history_action(action: &str, from: Option<OrderStatus>, to: OrderStatus) -> String {
    match (action, from) {
        ("placed" | "imported", _) => format!("{action} as {to}"),
        ("cancel_requested", _) => "asked to cancel".into(),
        (_, Some(from)) if from != to => format!("{from} → {to}"),
        ("status", _) => format!("set to {to}"),
        // Its status is as it was: to name it would read as a step.
        (other, _) => tame(other).into_owned(),
    }
}

/// Counts of new orders that are out of sight, as the list's line shows them.
#[must_use]
pub fn unseen(above: usize, below: usize, hidden: usize) -> String {
    let parts = [(above, "↑"), (below, "↓"), (hidden, "hidden")];
    let told: Vec<String> = (parts.iter())
        .filter(|(count, _)| *count > 0)
        .map(|(count, place)| format!("{} {place}", grouped(*count)))
        .collect();
    if told.is_empty() {
        return String::new();
    }
    match told.split_first() {
        Some((first, rest)) => {
            let (count, place) = first.split_once(' ').unwrap_or((first, ""));
            let mut words = format!("{count} new {place}");
            for more in rest {
                words.push(' ');
                words.push_str(more);
            }
            words
        }
        None => String::new(),
    }
}

/// Left while a step, a note or an action on many orders had no answer.
pub const UNANSWERED: &str =
    "something was sent and not answered in time: look at its orders again before repeating it";
/// Left while the print command ran.
pub const UNPRINTED: &str = "a packing slip is perhaps not printed: the command had not ended";
