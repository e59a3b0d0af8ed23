//! Which server, and as whom: the same flags and variables for every command.

use clap::Args;
use ordertop::client::{Credentials, Rest, Url};
use ordertop::order::{OrderKey, OrderNumber, VendorId};

use super::Failure;
use crate::args::{master_token, server_address};

/// Which server, and as whom.
#[derive(Debug, Clone, Args)]
pub struct ConnectArgs {
    /// The server's address
    #[arg(
        long,
        value_name = "URL",
        env = "ORDERTOP_SERVER",
        default_value = "http://127.0.0.1:8080",
        value_parser = server_address
    )]
    pub server: Url,
    /// The vendor to act as; without it, support: every vendor that the token may see
    #[arg(long, value_name = "ID", env = "ORDERTOP_VENDOR")]
    pub vendor: Option<VendorId>,
}

impl ConnectArgs {
    /// The server's calls.
    ///
    /// # Errors
    /// When the token is not set, or it or the address can never work.
    pub fn rest(&self) -> Result<Rest, Failure> {
        let credentials = Credentials {
            master_token: master_token()?,
        };
        let rest = Rest::new(&self.server, &credentials)?;
        Ok(match &self.vendor {
            Some(vendor) => rest.acting_as(vendor.clone()),
            None => rest,
        })
    }

    /// Whose order a number means: the vendor's that is named, else the only
    /// one's that has it, for whom the server is asked.
    ///
    /// # Errors
    /// When nobody has it, or several vendors do.
    pub async fn order_key(&self, rest: &Rest, number: &OrderNumber) -> Result<OrderKey, Failure> {
        let number = number.clone();
        let vendor = match &self.vendor {
            Some(vendor) => vendor.clone(),
            None => rest.vendor_of(&number).await?,
        };
        Ok(OrderKey { vendor, number })
    }
}
