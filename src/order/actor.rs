//! Who changes orders.

use std::fmt;

use serde::{Deserialize, Serialize};

/// What kind of caller acts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ActorKind {
    /// The vendor whose order it is.
    Vendor,
    /// Support staff.
    Support,
    /// Another program, with the right to place orders and step them.
    Service,
    /// The passing of time.
    Clock,
    /// An import of old orders: rings nothing.
    Import,
}

/// Who changed an order.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Actor {
    /// What kind of caller.
    pub kind: ActorKind,
    /// Which one: the vendor's id, the name in a token, a file's name.
    pub id: String,
}

impl Actor {
    /// An actor of a kind.
    #[must_use]
    pub fn new(kind: ActorKind, id: impl Into<String>) -> Self {
        Self {
            kind,
            id: id.into(),
        }
    }
}

impl fmt::Display for Actor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match self.kind {
            ActorKind::Vendor => "vendor",
            ActorKind::Support => "support",
            ActorKind::Service => "service",
            ActorKind::Clock => "clock",
            ActorKind::Import => "import",
        };
        if self.id.is_empty() {
            f.write_str(kind)
        } else {
            write!(f, "{kind} {}", self.id)
        }
    }
}
