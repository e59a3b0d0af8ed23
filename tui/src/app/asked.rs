//! Cancellations that a vendor asked support for: they must be seen by whoever
//! is about to act on such an order.

use ordertop::order::{Actor, ActorKind, OrderKey};

use super::{App, Load};
use crate::model::notices::What;
use crate::model::step::Asked;

/// The action of a history's line that asks for a cancellation.
const ACTION: &str = "cancel_requested";

impl App {
    /// The cancellation that support is asked for, of an order whose flag says so.
    /// The list has the flag alone; when and why is taken from the history, which
    /// is here for the order under the cursor, else from the notification.
    #[must_use]
    pub fn asked(&self, key: &OrderKey) -> Option<Asked> {
        let row = self.orders.get(key)?;
        if !row.flags().cancel_requested {
            return None;
        }
        let told = || (0..self.notices.len()).filter_map(|at| self.notices.get(at));
        let mut told = told().filter(|notice| notice.key.as_ref() == Some(key));
        let told = told.find_map(|notice| match &notice.what {
            What::Asked { by } => Some((by.clone(), notice.at)),
            _ => None,
        });
        let history = match &self.details.history {
            Load::Here(history) if self.details.key.as_ref() == Some(key) => &history[..],
            _ => &[],
        };
        let entry = history.iter().rev().find(|entry| entry.action == ACTION);
        let vendor = Actor::new(ActorKind::Vendor, key.vendor.as_str());
        // The history that is here may be older than the wish.
        let entry = entry.filter(|entry| told.as_ref().is_none_or(|(_, at)| entry.at >= *at));
        let reason = entry.and_then(|entry| entry.reason.clone());
        let (by, at) = match (told, entry) {
            (Some((by, at)), _) => (by, Some(at)),
            (None, Some(entry)) => (Some(entry.actor.clone()), Some(entry.at)),
            // The table lets nobody else ask.
            (None, None) => (Some(vendor), None),
        };
        Some(Asked { by, at, reason })
    }

    /// Whether support is asked to cancel an order.
    #[must_use]
    pub fn is_asked(&self, key: &OrderKey) -> bool {
        let row = self.orders.get(key);
        row.is_some_and(|row| row.flags().cancel_requested)
    }
}
