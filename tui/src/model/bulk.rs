//! An action on many orders: what is planned for each, what became of it, what it comes to.

use ordertop::order::{OrderKey, OrderStatus};
use serde::{Deserialize, Serialize};

/// One order of a plan.
#[derive(Debug, Clone)]
pub struct PlanRow {
    /// Which order.
    pub key: OrderKey,
    /// The version that was seen.
    pub version: u64,
    /// Where it stands.
    pub from: OrderStatus,
    /// Where it goes.
    pub to: OrderStatus,
    /// Whether it needs a reason.
    pub reason: bool,
}

/// What became of an order of a bulk action.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fate {
    /// Not answered yet.
    Waiting,
    /// Changed, to this version.
    Done(u64),
    /// It was there already.
    Unchanged,
    /// Not changed, and why.
    Refused(String),
    /// Changed or not: nobody said.
    Open(String),
    /// Never sent, for one before it failed.
    NotSent,
    /// It waits on disk for the server.
    Kept,
}

/// One order of a bulk action.
#[derive(Debug, Clone)]
pub struct BulkLine {
    /// Which order.
    pub key: OrderKey,
    /// Where it stood.
    pub from: OrderStatus,
    /// Where it goes.
    pub to: OrderStatus,
    /// What became of it.
    pub fate: Fate,
}

/// How many orders of a bulk action came to what.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tally {
    /// Changed.
    pub done: usize,
    /// There already.
    pub unchanged: usize,
    /// Refused, open or not sent.
    pub failed: usize,
    /// On disk, until the server answers.
    #[serde(default)]
    pub kept: usize,
    /// From where to where those went that changed, where all went one way.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step: Option<(OrderStatus, OrderStatus)>,
    /// It took steps back: then none of them was marked.
    #[serde(default)]
    pub undo: bool,
}
