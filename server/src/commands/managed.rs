//! How a management command reaches the orders: directly while nobody has the
//! store open, through the server that has it open otherwise.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use ordertop::client::rest::Rest;
use ordertop::client::{Credentials, Route};
use ordertop::clock::{Clock, SystemClock};
use ordertop::order::VendorId;
use ordertop::order::intake::Intake;
use ordertop::protocol::rest::{ImportBatch, RowResult, Vendor};

use crate::import::Sink;
use crate::merge;
use crate::store::lock::{self, Locked, StoreLock};
use crate::store::{self, Retention, Store, StoreOptions, StoreUrl};

/// The orders of a store, however they are reached.
#[derive(Debug)]
pub enum Managed {
    /// We hold the store.
    Directly {
        /// The store.
        store: Arc<dyn Store>,
        /// Kept for as long as an embedded store is open.
        lock: Option<StoreLock>,
    },
    /// A server holds it.
    Through(Rest),
}

impl Managed {
    /// [`Self::open`] for what only looks: a store that is not there is not made.
    ///
    /// # Errors
    /// When there is none, or as [`Self::open`].
    pub async fn open_existing(url: &StoreUrl) -> anyhow::Result<Self> {
        if let StoreUrl::File(path) = url {
            anyhow::ensure!(
                path.exists(),
                "there is no store at {url}: say where it is with --store"
            );
        }
        Self::open(url).await
    }

    /// Opens the store at `url`, making it where there is none, or finds the
    /// server that has it open.
    ///
    /// # Errors
    /// When neither goes.
    pub async fn open(url: &StoreUrl) -> anyhow::Result<Self> {
        let locked = match url {
            StoreUrl::File(path) => Some(lock::lock(path).await?),
            StoreUrl::Redis(_) => None,
        };
        let directly = |lock| async {
            let store = store::open(url, &options(), None).await?;
            Ok(Self::Directly { store, lock })
        };
        match locked {
            None => directly(None).await,
            Some(Locked::Ours(lock)) => directly(Some(lock)).await,
            Some(Locked::Theirs(owner)) => {
                let address = owner
                    .url
                    .parse()
                    .context("the store's lock names no address")?;
                let credentials = Credentials {
                    master_token: owner.token,
                };
                // This token opens everything, and the server's machine is this one.
                Ok(Self::Through(Rest::on(
                    Route::direct(),
                    &address,
                    &credentials,
                )?))
            }
        }
    }

    /// Every vendor.
    ///
    /// # Errors
    /// When the store or the server does not answer.
    pub async fn vendors(&self) -> anyhow::Result<Vec<Vendor>> {
        match self {
            Self::Directly { store, .. } => {
                let vendors = store.vendors().await?.into_iter();
                Ok(vendors
                    .map(|vendor| Vendor {
                        id: vendor.id,
                        name: vendor.name,
                    })
                    .collect())
            }
            Self::Through(rest) => Ok(rest.vendors().await?),
        }
    }

    /// Adds a vendor; whether it is new. One that is there stays as it is.
    ///
    /// # Errors
    /// When the store or the server does not answer.
    pub async fn add_vendor(&self, id: VendorId, name: String) -> anyhow::Result<(Vendor, bool)> {
        match self {
            Self::Directly { store, .. } => {
                let (vendor, new) = store.add_vendor(id, name).await?;
                Ok((
                    Vendor {
                        id: vendor.id,
                        name: vendor.name,
                    },
                    new,
                ))
            }
            Self::Through(rest) => {
                let known = rest.vendors().await?.iter().any(|vendor| vendor.id == id);
                let vendor = rest.add_vendor(&Vendor { id, name }).await?;
                Ok((vendor, !known))
            }
        }
    }

    /// Finishes and closes.
    ///
    /// # Errors
    /// When the store cannot be closed.
    pub async fn close(self) -> anyhow::Result<()> {
        if let Self::Directly { store, lock } = self {
            store.close().await?;
            drop(lock);
        }
        Ok(())
    }
}

/// A command serves no replays: how much is kept for them is for the servers to
/// say, who may share the store.
fn options() -> StoreOptions {
    StoreOptions {
        retention: Retention {
            events: i64::MAX.unsigned_abs(),
            age: Duration::MAX,
        },
        ..StoreOptions::default()
    }
}

impl Sink for Managed {
    async fn import(&mut self, from: &str, orders: Vec<Intake>) -> anyhow::Result<Vec<RowResult>> {
        let batch = ImportBatch {
            from: from.to_owned(),
            orders,
        };
        match self {
            Self::Directly { store, .. } => {
                let clock: &dyn Clock = &SystemClock;
                Ok(merge::commit(&**store, &batch, None, clock).await?)
            }
            Self::Through(rest) => Ok(rest.import(&batch).await?.results),
        }
    }
}
