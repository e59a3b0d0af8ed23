//! Which store a command works on.

use clap::Args;

use crate::store::StoreUrl;

/// Which store a command works on.
#[derive(Debug, Clone, Args)]
pub struct StoreArgs {
    /// The file with the orders, made where there is none; or a Redis
    ///
    /// While a server has a file open, management commands reach the orders
    /// through that server. A Redis may be shared by many: redis://HOST:6379/0,
    /// rediss://HOST:6379 (TLS), redis-sentinel://HOST:26379,HOST:26379/MASTER,
    /// redis-cluster://HOST:6379,HOST:6379; with USER:PASSWORD@ before the first
    /// host. A password is better kept in ORDERTOP_STORE than in a flag, which
    /// everyone on the machine can see.
    #[arg(
        long,
        value_name = "FILE|URL",
        env = "ORDERTOP_STORE",
        hide_env_values = true,
        default_value = crate::Config::DEFAULT_STORE
    )]
    pub store: StoreUrl,
}
