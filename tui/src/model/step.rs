//! A step of an order, as it is asked for, wished for and offered to be undone.

use jiff::{SignedDuration, Timestamp};
use ordertop::order::{Actor, OrderKey, OrderStatus};

/// A text that goes with the step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FieldKind {
    /// Who carries it.
    Carrier,
    /// The carrier's number.
    Tracking,
    /// Why.
    Reason,
}

/// What kind of change is asked about.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Aim {
    /// To another status.
    #[default]
    Step,
    /// Back to where it stood before an own step.
    Undo,
    /// No step: support is asked for it.
    Ask,
}

/// A cancellation that support is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// Who asks; `None` is the one at this keyboard.
    pub by: Option<Actor>,
    /// Since when, as far as that is known here.
    pub at: Option<Timestamp>,
    /// Why, as far as that is known here.
    pub reason: Option<String>,
}

/// What can be undone now, for the footer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UndoOffer {
    /// The order, or the first one.
    pub key: OrderKey,
    /// How many orders.
    pub orders: usize,
    /// Where they were brought.
    pub to: OrderStatus,
    /// For how long; `None` without a limit.
    pub left: Option<SignedDuration>,
}
