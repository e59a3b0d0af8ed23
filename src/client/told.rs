//! What was told to the one who started the client.

use tokio::sync::mpsc;
use tokio::time::Instant;

use super::event::{ClientEvent, Connection};
use crate::protocol::rest::Vendor;

/// What was told last, and where it goes.
#[derive(Debug)]
pub(crate) struct Told {
    pub(crate) to: mpsc::Sender<ClientEvent>,
    /// `None` until they are known.
    pub(crate) vendors: Option<Vec<Vendor>>,
    /// With the moment.
    pub(crate) connection: Option<(Connection, Instant)>,
    /// When the age of the data is to be told again.
    pub(crate) age_at: Option<Instant>,
}

impl Told {
    pub(crate) fn new(to: mpsc::Sender<ClientEvent>) -> Self {
        Self {
            to,
            vendors: None,
            connection: None,
            age_at: None,
        }
    }
}
