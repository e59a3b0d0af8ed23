//! The vendors that a caller may see, and adding one.

use bytes::Buf;
use futures_util::Stream;
use http::StatusCode;
use ordertop::order::VendorId;
use ordertop::order::text::{MAX_NAME_CHARS, clean};
use ordertop::protocol::rest::Vendor;
use serde::Deserialize;

use crate::caller::Caller;
use crate::reply;
use crate::request;
use crate::request::{Answer, Incoming};

/// `GET /api/vendors/`.
pub(super) async fn list(incoming: Incoming) -> Answer {
    let state = &incoming.state;
    let caller = Caller::of_our_call(state, &incoming.headers).await?;
    let seen = |id: &VendorId| match &caller {
        Caller::Master => true,
        Caller::Vendor(own) => own == id,
    };
    let vendors = state
        .store
        .vendors()
        .await?
        .into_iter()
        .filter(|vendor| seen(&vendor.id));
    let vendors: Vec<_> = vendors
        .map(|vendor| Vendor {
            id: vendor.id,
            name: vendor.name,
        })
        .collect();
    Ok(reply::json(StatusCode::OK, &vendors))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewVendor {
    id: VendorId,
    #[serde(default)]
    name: String,
}

/// `POST /api/vendors/`: 201, or 200 when it is there already.
pub(super) async fn add(
    incoming: Incoming,
    body: impl Stream<Item = Result<impl Buf, warp::Error>>,
) -> Answer {
    let state = &incoming.state;
    let why = "only the master token without X-Vendor-ID may add vendors";
    Caller::must_be_master(state, &incoming.headers, why).await?;
    let NewVendor { id, name } = request::read_json(state, &incoming.headers, body).await?;
    let name = clean(&name, MAX_NAME_CHARS);
    let name = if name.is_empty() {
        id.to_string()
    } else {
        name
    };
    let (vendor, new) = state.store.add_vendor(id, name).await?;
    let status = if new {
        StatusCode::CREATED
    } else {
        StatusCode::OK
    };
    Ok(reply::json(
        status,
        &Vendor {
            id: vendor.id,
            name: vendor.name,
        },
    ))
}
