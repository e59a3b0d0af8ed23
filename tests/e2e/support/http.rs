//! Plain HTTP, as a script or a dashboard would speak it.

use reqwest::header::HeaderMap;
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

use super::DEADLINE;

/// Someone who calls the server: with a token and a vendor, or without.
#[derive(Clone)]
pub(crate) struct Caller {
    http: reqwest::Client,
    base: String,
    token: Option<String>,
    vendor: Option<String>,
}

impl Caller {
    /// A caller without credentials; `base` is `http://ADDR:PORT`.
    pub(crate) fn anonymous(base: &str) -> Self {
        let http = reqwest::Client::builder()
            .no_proxy()
            .timeout(DEADLINE)
            .build()
            .expect("an HTTP client");
        Self {
            http,
            base: base.to_owned(),
            token: None,
            vendor: None,
        }
    }

    /// The same with a token.
    pub(crate) fn token(mut self, token: &str) -> Self {
        self.token = Some(token.to_owned());
        self
    }

    /// The same, acting as a vendor.
    pub(crate) fn vendor(mut self, vendor: &str) -> Self {
        self.vendor = Some(vendor.to_owned());
        self
    }

    /// A request with the credentials on it, to add to.
    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let url = if path.starts_with("http://") {
            path.to_owned()
        } else {
            format!("{}{path}", self.base)
        };
        let mut request = self.http.request(method, url);
        if let Some(token) = &self.token {
            request = request.header("X-Master-Token", token);
        }
        if let Some(vendor) = &self.vendor {
            request = request.header("X-Vendor-ID", vendor);
        }
        request
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        Answer::to(self.request(Method::GET, path)).await
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> Answer {
        Answer::to(self.request(Method::POST, path).json(body)).await
    }

    /// Places an order, which must be new; answers the body.
    pub(crate) async fn place(&self, order: &Value) -> Value {
        let answer = self.post("/api/orders/", order).await;
        assert!(
            matches!(answer.status, 200 | 201),
            "placing {order} was answered {answer:?}"
        );
        let body = answer.json();
        assert_eq!(body["result"], "placed", "{body}");
        body
    }

    /// Asks for a status; whatever the answer is.
    pub(crate) async fn set(&self, number: &str, status: &str) -> Answer {
        let path = format!("/api/orders/{number}/update-status/");
        self.post(&path, &json!({ "status": status })).await
    }

    /// Takes back the newest step of an order.
    pub(crate) async fn undo(&self, number: &str) -> Answer {
        let path = format!("/api/orders/{number}/update-status/");
        self.post(&path, &json!({"undo": true})).await
    }

    /// One order as the detail call shows it.
    pub(crate) async fn detail(&self, number: &str) -> Value {
        let path = format!("/api/orders/{number}/vendor-detail/");
        self.get(&path).await.expect(200)
    }

    /// The numbers of the list at `path`, in its order.
    pub(crate) async fn numbers(&self, path: &str) -> Vec<String> {
        let list = self.get(path).await.expect(200);
        let rows = list.as_array().expect("a list is an array");
        rows.iter()
            .map(|row| row["order_number"].as_str().expect("a number").to_owned())
            .collect()
    }

    /// Where the vendor's stream stands: the list's `ETag` without its quotes.
    pub(crate) async fn position(&self) -> String {
        let list = self.get("/api/orders/vendor/?limit=1").await;
        list.header("etag").trim_matches('"').to_owned()
    }
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
}

impl Answer {
    /// Sends the request.
    pub(crate) async fn to(request: RequestBuilder) -> Self {
        Self::try_to(request).await.expect("an answer")
    }

    /// Sends the request to a server that may be gone.
    pub(crate) async fn try_to(request: RequestBuilder) -> reqwest::Result<Self> {
        let response = request.send().await?;
        Ok(Self {
            status: response.status().as_u16(),
            headers: response.headers().clone(),
            text: response.text().await?,
        })
    }

    /// The body, once the status is as expected.
    #[track_caller]
    pub(crate) fn expect(&self, status: u16) -> Value {
        assert_eq!(self.status, status, "{self:?}");
        self.json()
    }

    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|e| panic!("no JSON ({e}): {self:?}"))
    }

    /// A refusal: the status, the stable code, and a sentence that says
    /// something. Answers the whole body.
    #[track_caller]
    pub(crate) fn refused(&self, status: u16, code: &str) -> Value {
        let body = self.expect(status);
        assert_eq!(body["code"], code, "{body}");
        let sentence = body["error"].as_str().expect("a sentence");
        assert!(sentence.len() > 10, "{body}");
        body
    }

    /// A header's text; empty when there is none.
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .map_or("", |value| value.to_str().unwrap_or(""))
    }
}
