//! stub
#![allow(missing_docs)]
pub struct ScreenOptions {
    pub client: ordertop::client::ClientConfig,
    pub title: Option<String>,
    pub hint: Option<crate::Hint>,
}
impl ScreenOptions {
    pub fn new(client: ordertop::client::ClientConfig) -> Self {
        Self {
            client,
            title: None,
            hint: None,
        }
    }
}
pub async fn run_screen(_: ScreenOptions) -> anyhow::Result<()> {
    Ok(())
}
