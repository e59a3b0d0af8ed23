//! What an order from an export must be. It may come from a stranger: what our
//! own store could not hold is refused, not mended, for a mended order would
//! not be the one that was kept.

use ordertop::order::intake::{Intake, IntakeError, Moments};
use ordertop::order::text::{MAX_NAME_CHARS, MAX_NOTE_CHARS, strip};
use ordertop::order::{HistoryEntry, OrderContent, VendorOrder};
use serde_json::Value;

use crate::store::KeptOrder;

/// Largest id and version: far beyond any real one, and far enough below 2^53
/// that whoever reads numbers as doubles (JSON in a browser, scripts in Redis)
/// can go on counting from it (RFC 8259, section 6).
const MAX_NUMBER: u64 = 1 << 52;
/// Most statuses that an order sets aside; the status table comes to three.
const MAX_PRIOR: usize = 16;

/// Why an order is not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// A number that is none of ours.
    #[error("`{field}` is {given}: 1 to {MAX_NUMBER} is needed")]
    Number {
        /// Where.
        field: &'static str,
        /// As given.
        given: u64,
    },
    /// An order without a past.
    #[error("`history` is empty: an order has at least its placing")]
    NoHistory,
    /// Entries out of their order.
    #[error("`history[{at}].version` is {version}, which does not follow {before}")]
    HistoryOrder {
        /// Which entry, from 0.
        at: usize,
        /// Its version.
        version: u64,
        /// The version of the one before it.
        before: u64,
    },
    /// Order and history are not of one moment.
    #[error("`history` ends with version {history}, but the order has version {order}")]
    HistoryEnd {
        /// The newest entry's.
        history: u64,
        /// The order's.
        order: u64,
    },
    /// A text that nobody can have entered.
    #[error("`{0}` is too long, or has characters that do not print")]
    Text(String),
    /// A list that is too long.
    #[error("`{0}` is too long")]
    List(&'static str),
    /// Too many lines, shipments or notes.
    #[error("`order.content`: {0}")]
    Content(#[from] IntakeError),
}

/// Checks an order and its history; ids, statuses, times and currencies were
/// checked as they were read.
///
/// # Errors
/// The first thing that is wrong.
pub fn check(kept: &KeptOrder) -> Result<(), Fault> {
    let KeptOrder { order, history } = kept;
    number("order.id", order.id.0)?;
    number("order.state.version", order.state.version)?;
    text("order.state.status_by.id", &order.state.status_by.id)?;
    if order.state.prior.len() > MAX_PRIOR {
        return Err(Fault::List("order.state.prior"));
    }
    check_content(order)?;
    check_history(order, history)
}

fn check_history(order: &VendorOrder, history: &[HistoryEntry]) -> Result<(), Fault> {
    let mut before = 0;
    for (at, entry) in history.iter().enumerate() {
        let version = entry.version;
        if version <= before {
            return Err(Fault::HistoryOrder {
                at,
                version,
                before,
            });
        }
        before = version;
        let field = |name: &str| format!("history[{at}].{name}");
        let note = |name: &str, text: &Option<String>, max_chars| match text {
            Some(text) if strip(text, max_chars) != *text => Err(Fault::Text(field(name))),
            _ => Ok(()),
        };
        text(&field("actor.id"), &entry.actor.id)?;
        text(&field("action"), &entry.action)?;
        note("reason", &entry.reason, MAX_NOTE_CHARS)?;
        note("request_id", &entry.request_id, MAX_NAME_CHARS)?;
    }
    match history.last() {
        None => Err(Fault::NoHistory),
        Some(last) if last.version == order.state.version => Ok(()),
        Some(last) => Err(Fault::HistoryEnd {
            history: last.version,
            order: order.state.version,
        }),
    }
}

/// The content is as it would be if it came from outside today: cleaning it
/// changes nothing.
fn check_content(order: &VendorOrder) -> Result<(), Fault> {
    let intake = Intake {
        vendor_id: order.vendor_id.clone(),
        number: order.number.clone(),
        status: order.state.status,
        flags: order.state.flags,
        prior: None,
        moments: Moments::default(),
        undated: false,
        content: order.content.clone(),
    };
    let cleaned = intake.distrusted()?.content;
    if cleaned == order.content {
        return Ok(());
    }
    let value = |content: &OrderContent| serde_json::to_value(content).unwrap_or_default();
    let mut path = "order.content".to_owned();
    find_difference(&value(&order.content), &value(&cleaned), &mut path);
    Err(Fault::Text(path))
}

/// Adds to `path` what leads to the first value that differs.
fn find_difference(a: &Value, b: &Value, path: &mut String) {
    match (a, b) {
        (Value::Object(a), Value::Object(b)) => {
            let differs = a.iter().find(|(name, value)| b.get(*name) != Some(value));
            if let Some((name, value)) = differs {
                path.push('.');
                path.push_str(name);
                find_difference(value, b.get(name).unwrap_or(&Value::Null), path);
            }
        }
        (Value::Array(a), Value::Array(b)) => {
            let differs = a.iter().zip(b).position(|(a, b)| a != b);
            if let Some(at) = differs {
                path.push_str(&format!("[{at}]"));
                find_difference(&a[at], &b[at], path);
            }
        }
        _ => {}
    }
}

fn number(field: &'static str, given: u64) -> Result<(), Fault> {
    if (1..=MAX_NUMBER).contains(&given) {
        Ok(())
    } else {
        Err(Fault::Number { field, given })
    }
}

fn text(field: &str, text: &str) -> Result<(), Fault> {
    if strip(text, MAX_NAME_CHARS) == text {
        Ok(())
    } else {
        Err(Fault::Text(field.to_owned()))
    }
}
