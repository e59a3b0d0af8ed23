//! What is examined.

use ordertop::order::VendorId;
use url::Url;

use crate::config::Secret;
use crate::store::StoreUrl;

/// What to look at.
#[derive(Debug, Clone)]
pub struct Subject {
    /// The store.
    pub store: StoreUrl,
    /// The server; `None` for the one that has the store open, or the default.
    pub server: Option<Url>,
    /// A vendor that should be there.
    pub vendor: Option<VendorId>,
    /// The token of the callers.
    pub token: Option<Secret>,
    /// A dashboard's origin that should be let in.
    pub origin: Option<String>,
}
