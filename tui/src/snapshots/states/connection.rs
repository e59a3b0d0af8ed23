//! How the program stands with the server, and lists without orders.

use std::time::Duration;

use ordertop::client::{ClientEvent, ConnectionState};

use super::super::{Stage, State};
use super::{Size, after, state};
use crate::app::Hint;
use crate::model::fixture::at;

pub(super) const STATES: &[State] = &[
    state("connecting", Stage::new),
    state("loading", |size| {
        let mut stage = Stage::new(size);
        loading(&mut stage, 12_000, None);
        stage
    }),
    state("loading_of_so_many", |size| {
        let mut stage = Stage::new(size);
        stage.live();
        loading(&mut stage, 34_000, Some(100_000));
        stage
    }),
    state("loading_anew", |size| {
        let mut stage = after(size, "");
        loading(&mut stage, 2_000, Some(100_000));
        stage
    }),
    state("empty", |size| {
        let mut stage = Stage::new(size);
        stage.live();
        stage.vendors();
        stage.snapshot(vec![]);
        stage
    }),
    state("empty_in_the_demo", |size| {
        let mut stage = Stage::with(size, |settings| settings.hint = Some(hint()));
        stage.live();
        stage.vendors();
        stage.snapshot(vec![]);
        stage
    }),
    state("unreachable_from_the_start", |size| {
        let mut stage = Stage::new(size);
        stage.link(offline());
        stage
    }),
    state("offline", |size| linked(size, offline(), false)),
    state("refused_token", |size| {
        refused(size, "Invalid master token\u{1b}[2J")
    }),
    state("refused_vendor", |size| refused(size, "Invalid vendor ID")),
    state("degraded", |size| {
        linked(size, ConnectionState::Live { degraded: true }, false)
    }),
    state("polling", |size| linked(size, polling(false), false)),
    state("paused_by_the_user", |size| {
        linked(size, polling(true), false)
    }),
    state("old_server", |size| {
        linked(size, ConnectionState::Live { degraded: false }, true)
    }),
    state("old_server_polled", |size| {
        linked(size, polling(false), true)
    }),
];

fn loading(stage: &mut Stage, received: usize, total: Option<usize>) {
    stage.tell(ClientEvent::Loading { received, total });
}

pub(super) fn offline() -> ConnectionState {
    ConnectionState::Offline {
        since: at(78),
        next_at: at(124),
        reason: "connection refused".into(),
    }
}

pub(super) fn polling(paused: bool) -> ConnectionState {
    ConnectionState::Polling {
        every: Duration::from_secs(30),
        next_at: at(132),
        reason: "connection refused".into(),
        paused,
    }
}

fn linked(size: Size, state: ConnectionState, legacy: bool) -> Stage {
    let mut stage = after(size, "");
    stage.link_to(state, legacy);
    stage
}

fn refused(size: Size, reason: &str) -> Stage {
    let mut stage = Stage::new(size);
    stage.link(ConnectionState::Refused {
        reason: reason.into(),
        next_at: at(150),
    });
    stage
}

pub(super) fn hint() -> Hint {
    Hint {
        title: "Move an order from a second terminal".into(),
        text: "curl -X POST http://127.0.0.1:8080/api/orders/10474/update-status/ \\\n  -H 'X-Master-Token: demo' -H 'X-Vendor-ID: 42' \\\n  -H 'Content-Type: application/json' -d '{\"status\":\"Shipped\"}'".into(),
    }
}
