//! Who calls, and for which vendor.

use http::{HeaderMap, HeaderValue};
use ordertop::order::{Actor, ActorKind, OrderKey, OrderNumber, VendorId};
use ordertop::protocol::listed::View;

use crate::reply::ApiError;
use crate::state::AppState;

/// The header that carries the shared token.
pub const TOKEN_HEADER: &str = "X-Master-Token";
/// The header that says for which vendor the caller acts.
pub const VENDOR_HEADER: &str = "X-Vendor-ID";

/// Who calls.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Caller {
    /// A vendor: sees and steps its own orders.
    Vendor(VendorId),
    /// The master token alone: support, service and admin in one.
    Master,
}

/// Why the credentials do not do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BadCredentials {
    /// There is no token.
    NoToken,
    /// It is another token.
    WrongToken,
    /// The vendor header is there and blank: perhaps a variable that was not set.
    BlankVendor,
    /// The vendor does not exist.
    UnknownVendor,
}

impl Caller {
    /// Reads who calls from the headers.
    ///
    /// # Errors
    /// What is wrong with the credentials; 400 for a header that is there twice; or that the store
    /// is away.
    pub async fn identify(
        state: &AppState,
        headers: &HeaderMap,
    ) -> Result<Result<Self, BadCredentials>, ApiError> {
        let Some(token) = one(headers, TOKEN_HEADER)? else {
            return Ok(Err(BadCredentials::NoToken));
        };
        let token = token.as_bytes();
        // Both are compared, always: the time tells nothing.
        if !(state.master_token.matches(token) | state.management_token.matches(token)) {
            return Ok(Err(BadCredentials::WrongToken));
        }
        let named = one(headers, VENDOR_HEADER)?.map(|id| id.to_str().unwrap_or("?").trim());
        match named {
            None => Ok(Ok(Self::Master)),
            Some("") => Ok(Err(BadCredentials::BlankVendor)),
            Some(id) => match known_vendor(state, id).await? {
                Some(id) => Ok(Ok(Self::Vendor(id))),
                None => Ok(Err(BadCredentials::UnknownVendor)),
            },
        }
    }

    /// [`Self::identify`] for the calls that the seed has: its 401 bodies.
    ///
    /// # Errors
    /// The seed's 401, or that the store is away.
    pub async fn of_seed_call(state: &AppState, headers: &HeaderMap) -> Result<Self, ApiError> {
        Self::identify(state, headers)
            .await?
            .map_err(|bad| match bad {
                BadCredentials::UnknownVendor => ApiError::InvalidVendor,
                BadCredentials::NoToken
                | BadCredentials::WrongToken
                | BadCredentials::BlankVendor => ApiError::VendorAuthenticationRequired,
            })
    }

    /// [`Self::identify`] for the calls that only we have.
    ///
    /// # Errors
    /// 401, or that the store is away.
    pub async fn of_our_call(state: &AppState, headers: &HeaderMap) -> Result<Self, ApiError> {
        Self::identify(state, headers)
            .await?
            .map_err(|bad| match bad {
                BadCredentials::UnknownVendor => ApiError::InvalidVendor,
                BadCredentials::BlankVendor => ApiError::BlankVendor,
                BadCredentials::NoToken | BadCredentials::WrongToken => ApiError::Unauthorized,
            })
    }

    /// For the calls that only the master token alone may make; `why` tells a
    /// vendor so.
    ///
    /// # Errors
    /// 401 or 403, or that the store is away.
    pub async fn must_be_master(
        state: &AppState,
        headers: &HeaderMap,
        why: &'static str,
    ) -> Result<(), ApiError> {
        match Self::of_our_call(state, headers).await? {
            Self::Master => Ok(()),
            Self::Vendor(_) => Err(ApiError::Forbidden(why)),
        }
    }

    /// What this caller may see.
    #[must_use]
    pub fn view(&self) -> View {
        match self {
            Self::Vendor(_) => View::Vendor,
            Self::Master => View::Support,
        }
    }

    /// As whom this caller changes a status.
    #[must_use]
    pub fn actor(&self) -> Actor {
        match self {
            Self::Vendor(id) => Actor::new(ActorKind::Vendor, id.as_str()),
            Self::Master => Actor::new(ActorKind::Support, "master"),
        }
    }

    /// Whose orders a list or a stream is of: one vendor's, or with `?vendor=*`
    /// everyone's (`None`).
    ///
    /// # Errors
    /// The seed's 401 when nothing says which; 403 or 404 for another vendor.
    pub async fn list_scope(
        &self,
        state: &AppState,
        asked: Option<&str>,
    ) -> Result<Option<VendorId>, ApiError> {
        match (self, asked) {
            (Self::Vendor(own), None) => Ok(Some(own.clone())),
            (Self::Vendor(own), Some(asked)) if own.as_str() == asked => Ok(Some(own.clone())),
            (Self::Vendor(_), Some(_)) => Err(ApiError::Forbidden(
                "you act as one vendor: leave X-Vendor-ID out to see another",
            )),
            (Self::Master, None) => Err(ApiError::VendorAuthenticationRequired),
            (Self::Master, Some("*")) => Ok(None),
            (Self::Master, Some(asked)) => match known_vendor(state, asked).await? {
                Some(id) => Ok(Some(id)),
                None => Err(ApiError::UnknownVendor(ordertop::order::text::clean(
                    asked, 64,
                ))),
            },
        }
    }

    /// Which order a number means. With `?vendor=*` the number alone has to do.
    ///
    /// # Errors
    /// As [`Self::list_scope`]; 404 for a number that nobody has, 409 for one
    /// that several have.
    pub async fn order_key(
        &self,
        state: &AppState,
        asked: Option<&str>,
        number: &str,
    ) -> Result<OrderKey, ApiError> {
        let mut keys = self.order_keys(state, &[(asked, number)]).await?;
        keys.pop().unwrap_or(Err(ApiError::UnknownOrder))
    }

    /// [`Self::order_key`] for each of these, in their order: numbers that have to do alone
    /// are looked for together.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn order_keys(
        &self,
        state: &AppState,
        asked: &[(Option<&str>, &str)],
    ) -> Result<Vec<Result<OrderKey, ApiError>>, ApiError> {
        let mut keys = Vec::with_capacity(asked.len());
        let (mut alone, mut places) = (Vec::new(), Vec::new());
        for (vendor, number) in asked {
            let Ok(number) = OrderNumber::new(number) else {
                keys.push(Err(ApiError::UnknownOrder));
                continue;
            };
            keys.push(match self.list_scope(state, *vendor).await {
                Ok(Some(vendor)) => Ok(OrderKey { vendor, number }),
                Ok(None) => {
                    alone.push(number);
                    places.push(keys.len());
                    Err(ApiError::UnknownOrder)
                }
                Err(error) => Err(error),
            });
        }
        if alone.is_empty() {
            return Ok(keys);
        }
        let with = state.store.vendors_with_each(&alone).await?;
        for ((place, number), mut vendors) in places.into_iter().zip(alone).zip(with) {
            keys[place] = match (vendors.pop(), vendors.is_empty()) {
                (None, _) => Err(ApiError::UnknownOrder),
                (Some(vendor), true) => Ok(OrderKey { vendor, number }),
                (Some(last), false) => {
                    vendors.push(last);
                    Err(ApiError::Ambiguous(vendors))
                }
            };
        }
        Ok(keys)
    }
}

/// The header of this name, which may be there once: of two, a proxy and a server could each take another.
fn one<'a>(
    headers: &'a HeaderMap,
    name: &'static str,
) -> Result<Option<&'a HeaderValue>, ApiError> {
    let mut values = headers.get_all(name).iter();
    let first = values.next();
    if values.next().is_some() {
        let error = format!("{name} is there more than once: send it once");
        return Err(ApiError::bad("doubled_header", error));
    }
    Ok(first)
}

/// The id, if it is one and there is such a vendor.
async fn known_vendor(state: &AppState, id: &str) -> Result<Option<VendorId>, ApiError> {
    let Ok(id) = VendorId::new(id) else {
        return Ok(None);
    };
    Ok(state.store.has_vendor(&id).await?.then_some(id))
}
