//! What alerts say.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use ordertop::order::OrderKey;

use super::{age, and_keys, number};
use crate::model::alerts::Silence;
use crate::model::figures::Revenue;
use crate::model::text::{grouped, money, tame};

/// One unit of a currency in a row's amount (`app::row::scaled`).
const ONE: i64 = 10_000;

/// The first of several alerts, and how many there are more.
#[must_use]
pub fn alert_and_more(first: &str, more: usize) -> String {
    match more {
        0 => first.to_owned(),
        more => format!("{first} and {} more", grouped(more)),
    }
}

/// The connection was lost, or is back.
#[must_use]
pub fn alert_link(back: bool) -> &'static str {
    if back {
        "the connection is back"
    } else {
        "nothing gets through to the server"
    }
}

/// An order is late or soon will be.
#[must_use]
pub fn alert_due(key: &OrderKey, buyer: &str, late: bool) -> String {
    format!("{} {}: {buyer}", number(key), is_due(late))
}

/// What is to be said of its time to ship.
pub(super) fn is_due(late: bool) -> &'static str {
    if late { "is late" } else { "is due soon" }
}

/// The same of so many more.
#[must_use]
pub fn alert_due_more(count: usize, late: bool) -> String {
    let what = match (count, late) {
        (1, true) => "more order is late",
        (1, false) => "more order is due soon",
        (_, true) => "more orders are late",
        (_, false) => "more orders are due soon",
    };
    format!("{} {what}", grouped(count))
}

/// Orders that became late while the program was off.
#[must_use]
pub fn late_meanwhile(count: usize) -> String {
    let orders = match count {
        1 => "order",
        _ => "orders",
    };
    format!("{} {orders} became late meanwhile", grouped(count))
}

/// The alarm's line, the longest form first.
#[must_use]
pub fn alarm(count: usize, only_new: bool, key: &str) -> [String; 3] {
    let what = match (count, only_new) {
        (1, true) => "1 new order".to_owned(),
        (more, true) => format!("{} new orders", grouped(more)),
        (1, false) => "1 thing".to_owned(),
        (more, false) => format!("{} things", grouped(more)),
    };
    let keys = [(key, "acknowledges")];
    [
        and_keys(&format!("ALARM  {what} not looked at"), " · ", &keys),
        and_keys(&format!("ALARM  {what}"), " · ", &keys),
        match key {
            "" => format!("ALARM {what}"),
            key => format!("ALARM {what} · {key}"),
        },
    ]
}

/// The alarm was acknowledged.
#[must_use]
pub fn acknowledged(count: usize) -> String {
    match count {
        0 => "no alarm is on".into(),
        1 => "alarm off: 1 was waiting".into(),
        more => format!("alarm off: {} were waiting", grouped(more)),
    }
}

/// Alerts were muted, or are on again.
#[must_use]
pub fn muted(now: bool, key: &str) -> String {
    if now {
        let words = "muted for an hour: no bell, no notification, no command";
        and_keys(words, "; ", &[(key, "ends it")])
    } else {
        "alerts are on again".into()
    }
}

/// The command of the alerts failed.
#[must_use]
pub fn alert_command_failed(why: &str) -> String {
    format!("! the alerts' command failed: {}", tame(why))
}

/// More alerts came than commands may wait.
#[must_use]
pub fn alert_commands_lost(count: usize) -> String {
    let alerts = match count {
        1 => "alert",
        _ => "alerts",
    };
    let count = grouped(count);
    format!("! too many alerts at once: the command did not run for {count} {alerts}")
}

/// The header's marks: notifications that nobody looked at, and why nothing rings.
#[must_use]
pub fn marks(unread: usize, silence: Option<Silence>, now: Timestamp) -> String {
    let unread = match unread {
        0 => String::new(),
        count => format!("!{count}"),
    };
    let silence = match silence {
        None => String::new(),
        Some(Silence::Muted(until)) => format!("muted {}", age(now, until)),
        Some(Silence::Quiet) => "quiet".to_owned(),
    };
    let blank = if unread.is_empty() || silence.is_empty() {
        ""
    } else {
        " "
    };
    format!("{unread}{blank}{silence}")
}

/// Orders that came while nobody watched.
#[must_use]
pub fn came_meanwhile(count: usize, since: &str) -> String {
    let since = tame(since);
    match count {
        1 => format!("1 new order since {since}"),
        more => format!("{} new orders since {since}", grouped(more)),
    }
}

/// A moment that lies back, by the clock on the wall: `14:02`, `14:02 yesterday`,
/// `14:02 on 21 Nov`.
#[must_use]
pub fn since(then: Timestamp, now: Timestamp, zone: &TimeZone) -> String {
    let (then, today) = (zone.to_datetime(then), zone.to_datetime(now).date());
    let time = then.strftime("%H:%M");
    if then.date() == today {
        time.to_string()
    } else if then.date().tomorrow().is_ok_and(|day| day == today) {
        format!("{time} yesterday")
    } else {
        format!("{time} on {}", then.strftime("%-d %b"))
    }
}

/// How many orders came in the last hour, the longer form first.
#[must_use]
pub fn an_hour(count: usize) -> [String; 2] {
    let orders = match count {
        1 => "order",
        _ => "orders",
    };
    let count = grouped(count);
    [format!("{count} {orders}/h"), format!("{count}/h")]
}

/// So many currencies are named at most.
const MOST_CURRENCIES: usize = 12;

/// What today's orders bring, in whole units: `today's orders 1,204 EUR, 310 USD`; the
/// currencies with the most orders first, and how many there are more. The form with
/// most of them first, none where there is nothing. Codes, not signs: as in the list,
/// and of every currency alike.
#[must_use]
pub fn revenue(by_currency: &[Revenue]) -> Vec<String> {
    let most = by_currency.len().min(MOST_CURRENCIES);
    let form = |named: usize| {
        let mut parts: Vec<String> = (by_currency.iter().take(named)).map(whole_units).collect();
        match by_currency.len() - named {
            0 => {}
            1 => parts.push("+1 currency".to_owned()),
            more => parts.push(format!("+{more} currencies")),
        }
        format!("today's orders {}", parts.join(", "))
    };
    (1..=most).rev().map(form).collect()
}

fn whole_units(revenue: &Revenue) -> String {
    let units = usize::try_from(revenue.amount.saturating_add(ONE / 2) / ONE).unwrap_or(0);
    money(&units.to_string(), revenue.currency)
}
