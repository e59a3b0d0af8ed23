//! Marks, actions on many orders, and undo, in words.

use jiff::{SignedDuration, Timestamp};
use ordertop::order::{OrderKey, OrderStatus};
use ordertop::protocol::ListedOrder;

use super::steps::{asked_to_cancel_too, by_whom, done};
use super::{actor, and_keys, number, seconds, step_button};
use crate::model::bulk::{BulkLine, Fate, Tally};
use crate::model::row::Row;
use crate::model::step::Aim;
use crate::model::step::UndoOffer;
use crate::model::text::{grouped, width};

/// One bulk action at a time.
pub const BULK_UNDER_WAY: &str = "the marked orders before are not answered yet: wait";
/// An order that is not in the list any more.
pub const GONE: &str = "no longer here";
/// An order with a step under way.
pub const ON_ITS_WAY: &str = "a step is under way already";
/// No answer about an order.
pub const NO_ANSWER: &str = "the server did not say: look again";
/// None of the marked orders can be changed.
pub const NONE_CAN: &str = "none of them can be changed so";
/// Nothing to undo.
pub const NOTHING_TO_UNDO: &str = "nothing to undo";
/// The time to undo is over.
pub const TOO_LATE_TO_UNDO: &str = "too late to undo: a step can be taken back for 15 minutes";
/// Somebody else changed every order of a bulk action.
pub const ALL_CHANGED_SINCE: &str = "not undone: every one of them was changed since";

/// A range was begun.
#[must_use]
pub fn range_begun(range: &str, back: &str) -> String {
    let keys = [(range, "marks it"), (back, "leaves it")];
    and_keys("a range begins here: move", ", then ", &keys)
}

/// A legacy server cannot change many at once.
#[must_use]
pub fn no_bulk_on_legacy(back: &str) -> String {
    let keys = [(back, "clears the marks")];
    and_keys("a legacy server changes one order at a time", ": ", &keys)
}

/// So many orders are marked.
#[must_use]
pub fn marked(count: usize) -> String {
    format!("{} marked", grouped(count))
}

/// So many orders are marked, and so many of them are not in the list.
#[must_use]
pub fn marked_and_hidden(count: usize, hidden: usize) -> String {
    match hidden {
        0 => marked(count),
        hidden => format!("{}, {} hidden", marked(count), grouped(hidden)),
    }
}

/// What the next step of the marked orders is, in a word or two for the footer;
/// they all stand in `status`, where it is known.
#[must_use]
pub fn step_of_marked(count: usize, status: Option<OrderStatus>) -> String {
    let step = match status {
        Some(OrderStatus::Paid) => "ship",
        Some(OrderStatus::Shipped) => "deliver",
        _ => "next step of",
    };
    format!("{step} {}", marked(count))
}

/// Plan: orders that tab, vendor or filter keep out of the list; follows their count.
pub const NOT_IN_THE_LIST: &str = "hidden by tab or filter";

/// Plan: orders that support is asked to cancel; follows their count.
#[must_use]
pub fn asked_of(count: usize) -> &'static str {
    match count {
        1 => "was asked to be cancelled",
        _ => "were asked to be cancelled",
    }
}

/// Plan: orders of it that were changed while it was open; follows their count.
pub const CHANGED_SINCE: &str = "changed since, will be refused";

/// As many names as `room` columns hold, and how many there are more:
/// `#10471, #10474 and 9 more`. `name` says what an order is called.
#[must_use]
pub fn some_orders(keys: &[&OrderKey], room: usize, name: impl Fn(&OrderKey) -> String) -> String {
    let rest = |shown: usize| match keys.len() - shown {
        0 => String::new(),
        more => format!(" and {} more", grouped(more)),
    };
    let mut words = String::new();
    for (shown, key) in keys.iter().enumerate() {
        let comma = if shown == 0 { "" } else { ", " };
        let next = format!("{words}{comma}{}", name(key));
        // The first is named in any case.
        if shown > 0 && width(&next) + width(&rest(shown + 1)) > room {
            return words + &rest(shown);
        }
        words = next;
    }
    words
}

/// More are marked than one action takes.
#[must_use]
pub fn too_many_marked(count: usize, most: usize) -> String {
    format!(
        "{} are marked: one action takes at most {}",
        grouped(count),
        grouped(most)
    )
}

/// An order stands there already.
#[must_use]
pub fn stands_there(status: OrderStatus) -> String {
    format!("already {status}")
}

/// There is no next step from there.
#[must_use]
pub fn no_step_from(status: OrderStatus, support: bool) -> String {
    let why = super::steps::why_no_step(status, support);
    format!("{status}: {why}")
}

/// The table has no such step.
#[must_use]
pub fn cannot_go(from: OrderStatus, to: OrderStatus) -> String {
    format!("{from}: cannot become {to}")
}

/// Marked orders that are left out, by their names.
#[must_use]
pub fn left_out(names: &str, why: &str) -> String {
    format!("left out: {names}: {why}")
}

/// So many orders.
#[must_use]
pub fn orders(count: usize) -> String {
    match count {
        1 => "1 order".into(),
        more => format!("{} orders", grouped(more)),
    }
}

/// The question of a plan about so many orders; `to` is where all of them go, where that is one status.
#[must_use]
pub fn plan_title(aim: Aim, to: Option<OrderStatus>, count: usize) -> String {
    let count = orders(count);
    match (aim, to) {
        (Aim::Undo, _) => format!("Undo {count}?"),
        (_, Some(to)) => format!("{}: {count}?", step_button(to)),
        (_, None) => format!("Next step of {count}?"),
    }
}

/// The button of such a plan.
#[must_use]
pub fn plan_button(aim: Aim, to: Option<OrderStatus>, count: usize) -> String {
    let count = grouped(count);
    match (aim, to) {
        (Aim::Undo, _) => format!("Undo {count}"),
        (_, Some(to)) => format!("{} {count}", step_button(to)),
        (_, None) => format!("Change {count}"),
    }
}

/// The title of the result, of which so many are answered.
#[must_use]
pub fn result_title(answered: usize, all: usize) -> String {
    if answered < all {
        let (done, all) = (grouped(answered), grouped(all));
        format!("Sending: {done} of {all}")
    } else {
        format!("Result of {}", orders(all))
    }
}

/// What became of a bulk action.
#[must_use]
pub fn bulk_done(tally: Tally) -> String {
    let Tally {
        done,
        unchanged,
        failed,
        kept,
        step,
        undo,
    } = tally;
    let mut words = match (done, step) {
        (0, _) if kept > 0 => String::new(),
        (0, _) => "0 changed".to_owned(),
        (some, Some((from, to))) => format!("{} {from} → {to}", orders(some)),
        (some, None) => format!("{} changed", orders(some)),
    };
    if unchanged > 0 {
        words.push_str(&format!(" · {} were so already", grouped(unchanged)));
    }
    if kept > 0 {
        let dot = if words.is_empty() { "" } else { " · " };
        words.push_str(&format!("{dot}⧗ {} kept", grouped(kept)));
    }
    if failed > 0 {
        let marked = if undo { "" } else { ", still marked" };
        words.push_str(&format!(" · {} not{marked}", grouped(failed)));
    }
    words
}

/// What became of one order.
#[must_use]
pub fn fate(line: &BulkLine) -> String {
    match &line.fate {
        Fate::Waiting => format!("{} → {} …", line.from, line.to),
        Fate::Done(_) => format!("{} → {}", line.from, line.to),
        Fate::Unchanged => format!("was already {}", line.to),
        Fate::Refused(why) => format!("not {}: {why}", done(line.to)),
        Fate::Open(why) => format!("perhaps not {}: {why}", done(line.to)),
        Fate::NotSent => "not sent".into(),
        Fate::Kept => format!("kept: {} when the server answers", line.to),
    }
}

/// Somebody was first.
#[must_use]
pub fn was_first(order: &ListedOrder, now: Timestamp) -> String {
    let when = seconds(order.updated_at, now);
    if order
        .status_since
        .is_some_and(|since| since < order.updated_at)
    {
        return format!(
            "somebody changed it {when} ago{}",
            asked_to_cancel_too(order)
        );
    }
    let who = order.status_by.as_ref().map_or("somebody".into(), actor);
    format!("{who} set it to {} {when} ago", order.status)
}

/// Somebody changed an order that was to be undone.
#[must_use]
pub fn changed_by(row: &Row) -> String {
    let by = by_whom(row.listed().status_by.as_ref());
    format!("{} since{by}", row.status())
}

/// An own change cannot be undone any more.
#[must_use]
pub fn not_undone(row: &Row, now: Timestamp) -> String {
    let order = row.listed();
    let who = order.status_by.as_ref().map_or("somebody".into(), actor);
    let when = seconds(row.since(), now);
    let number = number(&row.key);
    format!(
        "{number} not undone: {who} set it to {} {when} ago",
        order.status
    )
}

/// `14:32`
fn clock(left: SignedDuration) -> String {
    let seconds = left.as_secs().max(0);
    format!("{}:{:02}", seconds / 60, seconds % 60)
}

/// What can be undone, the long form and the short one.
#[must_use]
pub fn undo_offer(offer: &UndoOffer) -> [String; 2] {
    let what = match offer.orders {
        1 => number(&offer.key),
        more => orders(more),
    };
    let left = offer.left.map(clock);
    let long = match &left {
        Some(left) => format!("undo {what} {} ({left} left)", offer.to),
        None => format!("undo {what} {}", offer.to),
    };
    let short = match left {
        Some(left) => format!("undo {left}"),
        None => "undo".into(),
    };
    [long, short]
}

/// A bulk action broke off, and the screen is gone.
#[must_use]
pub fn bulk_broke_off(not: usize, all: usize, why: &str) -> String {
    format!(
        "{} of {} marked orders were perhaps not changed: {why}",
        grouped(not),
        grouped(all)
    )
}

/// A bulk action could not be written down while the program ended.
#[must_use]
pub fn bulk_not_kept(rows: usize) -> String {
    format!(
        "not all of {} marked orders could be kept: look at them again",
        grouped(rows)
    )
}

/// A bulk action went on after the screen was left.
#[must_use]
pub fn bulk_left(sent: usize) -> String {
    format!(
        "{} marked orders were sent; look at them again, some may have been refused",
        grouped(sent)
    )
}
