//! The form of the first start: where the keys can go, and how far a trial is.

use std::time::Duration;

/// Where the keys can go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Spot {
    /// The server's address.
    Server,
    /// The vendor, or none for all.
    Vendor,
    /// The token.
    Token,
    /// Try it, keep it, go on.
    Connect,
    /// The demo instead.
    Demo,
    /// Leave.
    Quit,
}

impl Spot {
    /// The fields, from top to bottom.
    pub const FIELDS: [Self; 3] = [Self::Server, Self::Vendor, Self::Token];
    /// The buttons, from left to right.
    pub const BUTTONS: [Self; 3] = [Self::Connect, Self::Demo, Self::Quit];

    pub(crate) const ALL: [Self; 6] = [
        Self::Server,
        Self::Vendor,
        Self::Token,
        Self::Connect,
        Self::Demo,
        Self::Quit,
    ];

    pub(crate) fn is_field(self) -> bool {
        Self::FIELDS.contains(&self)
    }
}

/// How far a trial is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Nothing answered yet.
    Reaching,
    /// Something answered, after so long; who asks is looked at.
    LettingIn(Duration),
}
