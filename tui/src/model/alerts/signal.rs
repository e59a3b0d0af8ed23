//! What is to be done for alerts, all at once.

use ordertop::order::OrderKey;

use super::kind::Kind;

/// What a moment's alerts come to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Signal {
    /// Ring the bell.
    pub bell: bool,
    /// Show this on the desktop.
    pub notification: Option<Notification>,
    /// Run the command for each of these.
    pub commands: Vec<Alert>,
    /// How many alerts more there were than commands may run.
    pub lost: usize,
}

impl Signal {
    /// Whether there is nothing to do.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        !self.bell && self.notification.is_none() && self.commands.is_empty()
    }
}

/// A desktop notification, before it is made harmless for the terminal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notification {
    /// Whose orders.
    pub title: String,
    /// What happened.
    pub body: String,
}

/// One thing that somebody should know now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alert {
    /// What kind of thing.
    pub kind: Kind,
    /// Which order, where it is about one.
    pub key: Option<OrderKey>,
    /// What happened, in words that are safe to show.
    pub text: String,
    /// About the order, safe to show: the buyer.
    pub buyer: String,
    /// The total with its currency.
    pub total: String,
    /// The status.
    pub status: String,
}

impl Alert {
    /// What the command finds in its environment. Names and values are part of
    /// the documented configuration.
    #[must_use]
    pub fn variables(&self) -> Vec<(&'static str, String)> {
        let key = self.key.as_ref();
        let number = key.map(|key| crate::model::text::tame(key.number.as_str()).into_owned());
        let vendor = key.map(|key| crate::model::text::tame(key.vendor.as_str()).into_owned());
        vec![
            ("ORDERTOP_EVENT", self.kind.as_str().to_owned()),
            ("ORDERTOP_TEXT", self.text.clone()),
            ("ORDERTOP_NUMBER", number.unwrap_or_default()),
            ("ORDERTOP_VENDOR", vendor.unwrap_or_default()),
            ("ORDERTOP_BUYER", self.buyer.clone()),
            ("ORDERTOP_TOTAL", self.total.clone()),
            ("ORDERTOP_STATUS", self.status.clone()),
        ]
    }
}
