//! The connection in words.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use ordertop::client::{Connection, ConnectionState};
use ordertop::order::VendorId;

use super::{and_keys, seconds};
use crate::model::text::{cut, grouped, tame};

/// Marks a server of the old kind: one without positions, whose new orders are
/// found by polling.
const LEGACY_SERVER: &str = "legacy server";
/// Seconds that the age of live data is told by.
const LIVE_STEP: i64 = 10;

/// What stands in the middle of an empty list.
#[must_use]
pub fn empty(
    connection: &Connection,
    vendor: Option<&VendorId>,
    loaded: bool,
    refresh: &str,
) -> (String, String) {
    match &connection.state {
        ConnectionState::Refused { reason, .. } => {
            let (why, what_to_do) = refused(reason, vendor, refresh);
            (format!("The server refuses: {why}"), what_to_do)
        }
        _ if loaded => (
            "No orders yet.".into(),
            "New orders appear here by themselves.".into(),
        ),
        ConnectionState::Offline { reason, .. } => (
            format!("The server cannot be reached: {}", tame(reason)),
            format!(
                "{}.",
                and_keys(
                    "Is --server right? It is tried again by itself",
                    "; ",
                    &[(refresh, "tries now")]
                )
            ),
        ),
        _ => ("Connecting …".into(), String::new()),
    }
}

/// How far a snapshot is: `Loading 34,000 of 100,000`.
#[must_use]
pub fn loading(received: usize, total: Option<usize>) -> String {
    let received = grouped(received);
    match total {
        Some(total) => format!("Loading {received} of {}", grouped(total)),
        None => format!("Loading {received} orders"),
    }
}

/// Why the server refuses, in the words of this program's options, and what to
/// do about it. The server's sentence speaks of headers.
fn refused(reason: &str, vendor: Option<&VendorId>, refresh: &str) -> (String, String) {
    let said = reason.to_lowercase();
    match vendor {
        None if said.contains("name the vendor") => (
            "a legacy server, one vendor at a time".into(),
            "Start it again with --vendor ID.".into(),
        ),
        Some(vendor) if said.contains("invalid vendor") => (
            format!("vendor '{vendor}' is not on this server"),
            "Start it with another --vendor, or without one to see all.".into(),
        ),
        _ if said.contains("token") || said.contains("authentication required") => (
            "the token is not accepted".into(),
            "Set ORDERTOP_MASTER_TOKEN to the server's master token and start again.".into(),
        ),
        _ => (
            tame(reason).into_owned(),
            format!(
                "{}.",
                and_keys(
                    "Check ORDERTOP_MASTER_TOKEN and --vendor",
                    "; ",
                    &[(refresh, "tries again")]
                )
            ),
        ),
    }
}

/// `in 12 s`, or `now`.
fn until(now: Timestamp, then: Timestamp) -> String {
    if then.duration_since(now).as_secs() <= 0 {
        "now".into()
    } else {
        format!("in {}", seconds(now, then))
    }
}

/// An age while the socket lives, whose signs of life come by themselves: in
/// steps, as seconds would move what stands still.
fn about(from: Timestamp, now: Timestamp) -> String {
    let age = now.duration_since(from).as_secs().max(0);
    match age / LIVE_STEP {
        step @ 0..=5 => format!("<{} s", (step + 1) * LIVE_STEP),
        _ => seconds(from, now),
    }
}

/// How good the connection is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Health {
    /// Live.
    Good,
    /// Something is slower or less than it should be.
    Fair,
    /// Nothing gets through.
    Bad,
}

/// The connection in words, the longest form first; each says the data's age.
#[must_use]
pub fn indicator(
    connection: &Connection,
    vendor: Option<&VendorId>,
    now: Timestamp,
    events_per_second: f64,
) -> (Health, Vec<String>) {
    let old = connection
        .fresh_at
        .map(|at| format!("data {} old", seconds(at, now)));
    let age = old.clone().unwrap_or_else(|| "no data yet".into());
    let (health, mut forms) = match &connection.state {
        ConnectionState::Connecting => (
            Health::Fair,
            vec![
                format!("Real-time: CONNECTING · {age}"),
                format!("CONNECTING · {age}"),
            ],
        ),
        ConnectionState::Live { degraded: true } => (
            Health::Bad,
            vec![
                format!("Real-time: ON, server cannot save: try changes again later · {age}"),
                format!("Real-time: ON, server cannot save · {age}"),
                format!("ON, server cannot save · {age}"),
                format!("ON, cannot save · {age}"),
            ],
        ),
        ConnectionState::Live { degraded: false } => {
            let age = (connection.fresh_at)
                .map_or_else(|| age.clone(), |at| format!("data {} old", about(at, now)));
            // An old server tells orders, not events.
            let rate = match connection.legacy {
                true => String::new(),
                false => format!("{} · ", rate(events_per_second)),
            };
            let trip = connection
                .round_trip
                .map(|trip| format!("{} ms · ", trip.as_millis().max(1)))
                .unwrap_or_default();
            (
                Health::Good,
                vec![
                    format!("Real-time: ON ● {trip}{rate}{age}"),
                    format!("Real-time: ON ● {trip}{age}"),
                    format!("Real-time: ON ● {age}"),
                    format!("ON ● {age}"),
                ],
            )
        }
        ConnectionState::Polling {
            every,
            next_at,
            paused,
            reason,
        } => {
            let next = until(now, *next_at);
            let every = every.as_secs();
            let long = if *paused {
                format!(
                    "Real-time: OFF, paused by you, polling every {every} s (next {next}) · {age}"
                )
            } else {
                let reason = tame(reason);
                let why = cut(&reason, 30);
                format!("Real-time: OFF, polling every {every} s (next {next}): {why} · {age}")
            };
            let middle = if *paused {
                format!("Real-time: OFF, paused by you · {age}")
            } else {
                format!("Real-time: OFF, polling every {every} s (next {next}) · {age}")
            };
            let short = if *paused {
                "OFF, paused"
            } else {
                "OFF, polling"
            };
            (
                Health::Fair,
                vec![
                    long,
                    middle,
                    format!("Real-time: {short} · {age}"),
                    format!("{short} · {age}"),
                ],
            )
        }
        ConnectionState::Offline {
            next_at, reason, ..
        } => {
            let next = until(now, *next_at);
            let reason = tame(reason);
            let why = cut(&reason, 40);
            (
                Health::Bad,
                vec![
                    format!("Real-time: OFF, offline: {age} · {why} · next try {next}"),
                    format!("Real-time: OFF, offline: {age}"),
                    format!("OFF, offline: {age}"),
                    format!("OFFLINE · {age}"),
                ],
            )
        }
        ConnectionState::Refused { reason, next_at } => {
            let next = until(now, *next_at);
            let (reason, _) = refused(reason, vendor, "");
            let why = cut(&reason, 40);
            (
                Health::Bad,
                vec![
                    format!("Real-time: OFF, refused: {why} · next try {next} · {age}"),
                    format!("Real-time: OFF, refused: {why} · {age}"),
                    format!("Real-time: OFF, refused · {age}"),
                    format!("REFUSED · {age}"),
                ],
            )
        }
    };
    if connection.legacy {
        let marked = forms.iter().map(|form| format!("{form} · {LEGACY_SERVER}"));
        forms = marked.chain(forms.last().cloned()).collect();
    }
    (health, forms)
}

/// What is shown is a record: since when, by its own clock, and how the server stood
/// then; the longest form first.
#[must_use]
pub fn replaying(now: Timestamp, zone: &TimeZone, forms: &[String]) -> Vec<String> {
    let now = zone.to_datetime(now);
    let day = now.strftime("%Y-%m-%d %H:%M:%S");
    let then = forms.iter().map(|form| format!("REPLAY of {day} · {form}"));
    let alone = [
        format!("REPLAY of {day}"),
        format!("REPLAY {}", now.strftime("%H:%M:%S")),
    ];
    then.chain(alone).collect()
}

fn rate(events_per_second: f64) -> String {
    if events_per_second >= 10.0 || events_per_second == 0.0 {
        format!("{events_per_second:.0}/s")
    } else {
        format!("{events_per_second:.1}/s")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::fixture::at;

    #[test]
    fn the_age_of_live_data_is_told_in_steps_and_exactly_from_a_minute_on() {
        let table = [
            // A server whose clock is ahead.
            (-5, "<10 s"),
            (0, "<10 s"),
            (9, "<10 s"),
            (10, "<20 s"),
            (19, "<20 s"),
            (20, "<30 s"),
            (30, "<40 s"),
            (40, "<50 s"),
            (50, "<60 s"),
            (59, "<60 s"),
            (60, "60 s"),
            (61, "61 s"),
            (119, "119 s"),
            (120, "2 min"),
            (7_199, "119 min"),
            (7_200, "2 h"),
        ];
        for (age, told) in table {
            assert_eq!(about(at(0), at(age)), told, "{age} s");
        }
        // It is never said to be fresher than it is.
        for age in 0..60 {
            let told = about(at(0), at(age));
            let bound: i64 = told[1..told.len() - 2].parse().unwrap();
            assert!(age < bound && bound <= age + LIVE_STEP, "{age} s: {told}");
        }
    }
}
