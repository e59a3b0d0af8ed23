//! Which server, and as whom: the same flags and variables for every command.

use clap::Args;
use ordertop::client::{Credentials, Rest, Url};
use ordertop::order::{OrderKey, OrderNumber, VendorId};

use super::Failure;
use crate::args::{ServerArgs, TOKEN_VARIABLE};
use crate::config::{Config, Effective, NoToken, environment};
use crate::model::address::usual_server;

/// Which server, and as whom.
#[derive(Debug, Clone, Args)]
pub struct ConnectArgs {
    /// What was given; the rest comes from the configuration file.
    #[command(flatten)]
    given: ServerArgs,
    /// The server's address, once settled.
    #[arg(skip = usual_server())]
    pub server: Url,
    /// The vendor to act as, once settled; `None` for support.
    #[arg(skip)]
    pub vendor: Option<VendorId>,
    /// What holds in the end.
    #[arg(skip)]
    effective: Option<Effective>,
}

impl ConnectArgs {
    /// Takes from the environment and the configuration file what was not given.
    ///
    /// # Errors
    /// When a variable that is needed cannot be used.
    pub(super) fn settle(&mut self, config: &Config) -> Result<(), Failure> {
        let effective = Effective::of_server(&self.given, config, &environment)?;
        self.server = effective.server.value.clone();
        self.vendor.clone_from(&effective.vendor.value);
        self.effective = Some(effective);
        Ok(())
    }

    /// What to look at when the server lets nobody in, as a user writes it.
    pub(super) fn credentials(&self) -> String {
        match &self.effective {
            Some(effective) => {
                let (token, vendor) = (effective.token_name(), effective.vendor_name());
                format!("{token} and {vendor}")
            }
            None => format!("{TOKEN_VARIABLE} and --vendor"),
        }
    }

    /// The server's calls.
    ///
    /// # Errors
    /// When there is no token, or it or the address can never work.
    pub fn rest(&self) -> Result<Rest, Failure> {
        let master_token = match &self.effective {
            Some(effective) => effective.token()?,
            None => return Err(NoToken::Unset.into()),
        };
        let rest = Rest::new(&self.server, &Credentials { master_token })?;
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
        let vendor = match &self.vendor {
            Some(vendor) => vendor.clone(),
            None => rest.vendor_of(number).await?,
        };
        let number = number.clone();
        Ok(OrderKey { vendor, number })
    }

    /// The same for an order that is about to be changed: a server that starts anew is
    /// waited for, as it is with the change itself.
    ///
    /// # Errors
    /// When nobody has it, or several vendors do.
    pub async fn key_to_change(
        &self,
        rest: &Rest,
        number: &OrderNumber,
    ) -> Result<OrderKey, Failure> {
        let vendor = match &self.vendor {
            Some(vendor) => vendor.clone(),
            None => rest.vendor_of_to_change(number).await?,
        };
        let number = number.clone();
        Ok(OrderKey { vendor, number })
    }
}
