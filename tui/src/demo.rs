//! The demo: a server with a simulated marketplace inside this program.

/// Options of the demo.
#[derive(Debug, clap::Args)]
pub struct DemoArgs {}

/// Runs the demo until the user leaves it.
///
/// # Errors
/// When it cannot start.
#[expect(clippy::unused_async, reason = "its callers await it")]
pub async fn run(_args: DemoArgs) -> anyhow::Result<()> {
    anyhow::bail!("the demo is not built in yet")
}
