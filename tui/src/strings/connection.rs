//! The connection in words.

use jiff::Timestamp;
use ordertop::client::{Connection, ConnectionState};

use super::seconds;
use crate::text::{cut, grouped, tame};

/// What stands in the middle of an empty list.
#[must_use]
pub fn empty(connection: &Connection, loaded: bool, loading: Option<usize>) -> (String, String) {
    match &connection.state {
        ConnectionState::Refused { reason, .. } => (
            format!("The server refuses: {}", tame(reason)),
            "Check ORDERTOP_MASTER_TOKEN and --vendor, then press r to try again.".into(),
        ),
        _ if loaded => (
            "No orders yet.".into(),
            "New orders appear here by themselves.".into(),
        ),
        ConnectionState::Offline { reason, .. } => (
            format!("The server cannot be reached: {}", tame(reason)),
            "Is --server right? It is tried again by itself; r tries now.".into(),
        ),
        _ => match loading {
            Some(received) => (
                format!("Loading orders … {}", grouped(received)),
                String::new(),
            ),
            None => ("Connecting …".into(), String::new()),
        },
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
                format!("Real-time: ON, server cannot save · {age}"),
                format!("ON, server cannot save · {age}"),
                format!("cannot save · {age}"),
            ],
        ),
        ConnectionState::Live { degraded: false } => {
            let rate = rate(events_per_second);
            let trip = connection
                .round_trip
                .map(|trip| format!("{} ms · ", trip.as_millis().max(1)))
                .unwrap_or_default();
            (
                Health::Good,
                vec![
                    format!("Real-time: ON ● {trip}{rate} · {age}"),
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
            let next = seconds(now, *next_at);
            let every = every.as_secs();
            let long = if *paused {
                format!(
                    "Real-time: OFF, paused by you, polling every {every} s (next in {next}) · {age}"
                )
            } else {
                let reason = tame(reason);
                let why = cut(&reason, 30);
                format!("Real-time: OFF ({why}), polling every {every} s (next in {next}) · {age}")
            };
            let middle = if *paused {
                format!("Real-time: OFF, paused by you · {age}")
            } else {
                format!("Real-time: OFF, polling every {every} s (next in {next})")
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
                    format!(
                        "{middle}{}",
                        if *paused {
                            String::new()
                        } else {
                            format!(" · {age}")
                        }
                    ),
                    format!("Real-time: {short} · {age}"),
                    format!("{short} · {age}"),
                ],
            )
        }
        ConnectionState::Offline {
            next_at, reason, ..
        } => {
            let next = seconds(now, *next_at);
            let reason = tame(reason);
            let why = cut(&reason, 40);
            (
                Health::Bad,
                vec![
                    format!("Real-time: OFF, offline: {age} · {why} · next try in {next}"),
                    format!("Real-time: OFF, offline: {age}"),
                    format!("OFF, offline: {age}"),
                    format!("OFFLINE · {age}"),
                ],
            )
        }
        ConnectionState::Refused { reason, next_at } => {
            let next = seconds(now, *next_at);
            let reason = tame(reason);
            let why = cut(&reason, 40);
            (
                Health::Bad,
                vec![
                    format!("Real-time: OFF, refused: {why} · next try in {next} · {age}"),
                    format!("Real-time: OFF, refused: {why} · {age}"),
                    format!("Real-time: OFF, refused · {age}"),
                    format!("REFUSED · {age}"),
                ],
            )
        }
    };
    if connection.legacy {
        let long: Vec<String> = (forms.iter())
            .map(|form| format!("{form} · legacy server"))
            .collect();
        let tail = forms.split_off(1.min(forms.len()));
        forms = long.into_iter().take(2).chain(tail).collect();
    }
    (health, forms)
}

fn rate(events_per_second: f64) -> String {
    if events_per_second >= 10.0 || events_per_second == 0.0 {
        format!("{events_per_second:.0}/s")
    } else {
        format!("{events_per_second:.1}/s")
    }
}
