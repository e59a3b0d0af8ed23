//! What can be told beyond the screen, and why nothing is now.

use jiff::Timestamp;

/// What can be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// An order came.
    NewOrder,
    /// Its ship-by time passed.
    Late,
    /// Its ship-by time is near.
    DueSoon,
    /// The buyer disputes it.
    Dispute,
    /// A change of ours was not made.
    Refused,
    /// Somebody cancelled it.
    Cancelled,
    /// Nothing gets through.
    ConnectionLost,
    /// It is back.
    ConnectionBack,
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::NewOrder,
        Self::Late,
        Self::DueSoon,
        Self::Dispute,
        Self::Refused,
        Self::Cancelled,
        Self::ConnectionLost,
        Self::ConnectionBack,
    ];

    /// As the settings and the command call it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NewOrder => "new_order",
            Self::Late => "late",
            Self::DueSoon => "due_soon",
            Self::Dispute => "dispute",
            Self::Refused => "refused",
            Self::Cancelled => "cancelled",
            Self::ConnectionLost => "connection_lost",
            Self::ConnectionBack => "connection_back",
        }
    }
}

/// Why nothing makes a noise now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Silence {
    /// Muted by a key, until then.
    Muted(Timestamp),
    /// Quiet hours.
    Quiet,
}
