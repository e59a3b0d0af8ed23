//! Entries of the history.

use jiff::Timestamp;
use ordertop::order::{Actor, HistoryEntry, OrderState, OrderStatus};

pub(super) fn entry(
    state: &OrderState,
    actor: &Actor,
    action: &str,
    from: Option<OrderStatus>,
    request_id: &Option<String>,
    now: Timestamp,
) -> HistoryEntry {
    HistoryEntry {
        at: now,
        version: state.version,
        actor: actor.clone(),
        action: action.to_owned(),
        from,
        to: state.status,
        reason: None,
        request_id: request_id.clone(),
        forced: false,
    }
}
