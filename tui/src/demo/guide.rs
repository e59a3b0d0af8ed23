//! What the demo tells its user: where it is, and lines to copy.

use std::fmt::{self, Write};

use ordertop::client::Url;
use ordertop::order::OrderKey;

/// Where the demo is and what to try.
#[derive(Debug, Clone)]
pub(super) struct Guide {
    pub(super) server: Url,
    pub(super) token: String,
    /// A paid order that waits for a person to ship it.
    pub(super) order: OrderKey,
}

impl Guide {
    /// Ships the waiting order, from any terminal; one line.
    pub(super) fn curl(&self) -> String {
        self.curl_parts().join(" ")
    }

    /// The same in lines that a screen of 80 columns shows unbroken, so that
    /// they can be selected with the mouse.
    pub(super) fn curl_lines(&self) -> String {
        self.curl_parts().join(" \\\n  ")
    }

    fn curl_parts(&self) -> [String; 3] {
        let Self {
            server,
            token,
            order: OrderKey { vendor, number },
        } = self;
        [
            format!("curl -X POST {server}api/orders/{number}/update-status/"),
            format!("-H \"X-Master-Token: {token}\" -H \"X-Vendor-ID: {vendor}\""),
            "-H \"Content-Type: application/json\" -d '{\"status\": \"Shipped\"}'".to_owned(),
        ]
    }

    /// What the line is for.
    pub(super) fn title(&self) -> String {
        format!("Ship order {} from a second terminal", self.order)
    }
}

/// For a demo without a screen; the first line is as the server's own.
impl fmt::Display for Guide {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let server = self.server.as_str().trim_end_matches('/');
        let watch = format!(
            "ORDERTOP_MASTER_TOKEN={} ordertop --server {server}",
            self.token
        );
        let mut line = |title: &str, text: &str| writeln!(f, "\n{title}:\n  {text}");
        line("Watch all vendors", &watch)?;
        line(
            "Watch one",
            &format!("{watch} --vendor {}", self.order.vendor),
        )?;
        line(&self.title(), &self.curl())?;
        f.write_char('\n')?;
        f.write_str("Ctrl-C ends the demo and removes its orders.")
    }
}

#[cfg(test)]
mod tests {
    use ordertop::order::{OrderNumber, VendorId};

    use super::*;

    #[test]
    fn the_line_to_copy_is_the_seeds() {
        let guide = Guide {
            server: Url::parse("http://127.0.0.1:4711").unwrap(),
            token: "secret".into(),
            order: OrderKey {
                vendor: VendorId::new("42").unwrap(),
                number: OrderNumber::new("AC-10466").unwrap(),
            },
        };
        assert_eq!(
            guide.curl(),
            r#"curl -X POST http://127.0.0.1:4711/api/orders/AC-10466/update-status/ -H "X-Master-Token: secret" -H "X-Vendor-ID: 42" -H "Content-Type: application/json" -d '{"status": "Shipped"}'"#
        );
        let lines = guide.curl_lines();
        assert_eq!(lines.replace(" \\\n ", ""), guide.curl());
        assert!(lines.lines().all(|line| line.len() <= 80), "{lines}");
    }
}
