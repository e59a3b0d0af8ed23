//! What came back from a call: the answer of an ordertop server, of the old system, or of something
//! else that stands at the address.
//!
//! An ordertop server's answer carries the header [`VERSION_HEADER`]; its refusals, and the old
//! system's, are JSON objects. Whatever else refuses a call is [`RequestError::Foreign`]: its words
//! say nothing about an order, and no other address that it names is ever proposed or asked.

use std::sync::Arc;
use std::time::Duration;

use http::StatusCode;
use http::header::{CONTENT_TYPE, HeaderMap, HeaderName, LOCATION, RETRY_AFTER, SERVER};
use serde::de::DeserializeOwned;
use serde_json::Value;
use url::Url;

use super::error::{RequestError, innermost, status_words};
use super::route::Route;
use crate::order::text::clean;
use crate::protocol::VERSION_HEADER;

/// Longest name of a page, a program or an address that is passed on, in characters.
const MAX_NAME_CHARS: usize = 100;
/// How much of a page is searched for its title, in bytes.
const TITLE_WITHIN: usize = 16 * 1024;
/// What nginx says of a request in plain HTTP to its TLS port; Go's servers say "client sent an
/// HTTP request to an HTTPS server".
const PLAIN_TO_TLS: [&str; 2] = [
    "plain http request was sent",
    "http request to an https server",
];

/// An answer, whole.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
    /// The address that was asked.
    pub(crate) url: Url,
    /// Host and port, as errors name the server.
    pub(crate) server: String,
    /// The way that it came.
    pub(crate) route: Arc<Route>,
}

impl Answer {
    /// The same answer if it is a good one.
    pub(crate) fn good(self) -> Result<Self, RequestError> {
        if self.status.is_success() {
            return Ok(self);
        }
        Err(self.refusal())
    }

    /// The body as JSON.
    pub(crate) fn json<T: DeserializeOwned>(&self) -> Result<T, RequestError> {
        let mut json = serde_json::Deserializer::from_slice(&self.body);
        let read = serde_path_to_error::deserialize(&mut json);
        read.map_err(|error| {
            if !self.is_ours() && serde_json::from_slice::<Value>(&self.body).is_err() {
                return self.foreign(&self.not_ours());
            }
            tracing::debug!(%error, "an answer cannot be read");
            RequestError::Unreadable {
                reason: unreadable(&error),
            }
        })
    }

    /// A header's text.
    pub(crate) fn header(&self, name: &HeaderName) -> Option<&str> {
        header(&self.headers, name)
    }

    /// Whether an ordertop server says that it is its answer.
    pub(crate) fn is_ours(&self) -> bool {
        self.headers.contains_key(VERSION_HEADER)
    }

    fn refusal(&self) -> RequestError {
        let status = self.status.as_u16();
        let retry_after = self
            .header(&RETRY_AFTER)
            .and_then(|text| text.trim().parse().ok());
        let read = || {
            let retry_after = retry_after.map(Duration::from_secs);
            RequestError::from_answer(status, retry_after, &self.body)
        };
        if self.is_ours() {
            return read();
        }
        match status {
            300..=399 => self.foreign(&self.redirect()),
            // A balancer's word while no server is ready, or a proxy's.
            429 | 502..=504 => match read() {
                RequestError::Away {
                    status,
                    message,
                    retry_after,
                } => RequestError::Away {
                    status,
                    message: self.route.name_in(message),
                    retry_after,
                },
                other => other,
            },
            400..=499 if self.says_tls() => {
                let host = self.url.host_str().unwrap_or_default();
                let port = self
                    .url
                    .port()
                    .map_or(String::new(), |port| format!(":{port}"));
                self.foreign(&format!(
                    "speaks TLS, and was asked without: give https://{host}{port}"
                ))
            }
            400..=499 if !self.may_refuse() => self.foreign(&self.not_ours()),
            _ => read(),
        }
    }

    /// Whether the body is a refusal as an ordertop server and the old system write it. Of an order
    /// or a page that is not there both speak under names that are known; other programs write
    /// JSON too.
    fn may_refuse(&self) -> bool {
        let Ok(Value::Object(fields)) = serde_json::from_slice(&self.body) else {
            return false;
        };
        match self.status.as_u16() {
            404 | 405 => ["error", "detail"]
                .iter()
                .any(|name| fields.contains_key(*name)),
            _ => true,
        }
    }

    fn says_tls(&self) -> bool {
        let start = &self.body[..self.body.len().min(TITLE_WITHIN)];
        let said = String::from_utf8_lossy(start).to_lowercase();
        self.url.scheme() == "http" && PLAIN_TO_TLS.iter().any(|words| said.contains(words))
    }

    fn foreign(&self, found: &str) -> RequestError {
        RequestError::Foreign {
            server: self.route.name_in(self.server.clone()),
            status: self.status.as_u16(),
            found: found.to_owned(),
        }
    }

    /// What answered, and how.
    fn not_ours(&self) -> String {
        let status = status_words(self.status.as_u16());
        let what = self.page();
        let by = match self.header(&SERVER).map(|name| clean(name, MAX_NAME_CHARS)) {
            Some(name) if !name.is_empty() => format!(" of {name}"),
            _ => String::new(),
        };
        format!("answers {status} with {what}{by}: this is not an ordertop server")
    }

    fn page(&self) -> String {
        let kind = self
            .header(&CONTENT_TYPE)
            .unwrap_or_default()
            .to_lowercase();
        let start = &self.body[..self.body.len().min(TITLE_WITHIN)];
        let text = String::from_utf8_lossy(start);
        let text = text.trim_start_matches('\u{feff}').trim_start();
        if kind.contains("html") || text.starts_with("<!") || text.starts_with("<html") {
            return match title(text) {
                Some(title) => format!("a web page (\"{title}\")"),
                None => "a web page".to_owned(),
            };
        }
        match (
            text.is_empty(),
            serde_json::from_slice::<Value>(&self.body).is_ok(),
        ) {
            (true, _) => "nothing".to_owned(),
            (_, true) => "other JSON".to_owned(),
            _ => "something that is not JSON".to_owned(),
        }
    }

    /// Where a redirect leads, without what an address may hold of secrets. Nobody is told to go
    /// there: the token would go to whoever stands between. Only TLS on the same host is proposed.
    fn redirect(&self) -> String {
        let target = self.header(&LOCATION).and_then(|to| self.url.join(to).ok());
        let Some(target) = target else {
            let status = status_words(self.status.as_u16());
            return format!("answers {status}: this is not an ordertop server");
        };
        let host = clean(target.host_str().unwrap_or_default(), MAX_NAME_CHARS);
        let port = target
            .port()
            .map_or(String::new(), |port| format!(":{port}"));
        let same_host = target.host() == self.url.host();
        if same_host && self.url.scheme() == "http" && target.scheme() == "https" {
            return format!("answers with a redirect to TLS: give https://{host}{port}");
        }
        let path = clean(target.path(), MAX_NAME_CHARS);
        format!(
            "answers with a redirect to {}://{host}{port}{path}: a captive portal or another server, \
             not an ordertop server",
            target.scheme()
        )
    }
}

pub(crate) fn header<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

/// The title of a web page.
fn title(page: &str) -> Option<String> {
    let lower = page.to_ascii_lowercase();
    let start = lower.find("<title")?;
    let start = start + lower[start..].find('>')? + 1;
    let end = start + lower[start..].find("</title")?;
    let title = html_escape::decode_html_entities(&page[start..end]);
    let title = clean(title.trim(), MAX_NAME_CHARS);
    (!title.is_empty()).then_some(title)
}

/// Why no answer came, in words that say what a mix of `http` and `https` looks like.
pub(crate) fn no_answer(error: &(dyn std::error::Error + 'static), url: &Url) -> String {
    const NOT_TLS: &str = "it does not speak TLS: is its address http:// and not https://?";
    const NOT_HTTP: &str = "it does not answer in HTTP: is its address https:// and not http://?";
    let words = innermost(error);
    let mut causes = std::iter::successors(Some(error), |error| error.source());
    let is_garbage = causes.any(|cause| {
        let hyper = cause.downcast_ref::<hyper::Error>();
        hyper.is_some_and(hyper::Error::is_parse)
    });
    match url.scheme() {
        "https" if words.contains("InvalidContentType") => NOT_TLS.to_owned(),
        "http" if is_garbage => NOT_HTTP.to_owned(),
        _ => words,
    }
}

/// Why an answer cannot be read. The library's own words are for the log.
fn unreadable(error: &serde_path_to_error::Error<serde_json::Error>) -> String {
    use serde_json::error::Category;

    let path = error.path().to_string();
    match error.inner().classify() {
        Category::Eof => "it ends in the middle".to_owned(),
        Category::Syntax | Category::Io => "it is not JSON".to_owned(),
        Category::Data if path == "." => "it has another form than the protocol says".to_owned(),
        Category::Data => {
            format!("`{}` is not what the protocol says", clean(&path, 200))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::ListedOrder;

    fn answer(status: u16, headers: &[(&'static str, &str)], body: &str) -> RequestError {
        let headers = headers
            .iter()
            .map(|(name, value)| (HeaderName::from_static(name), value.parse().unwrap()));
        let answer = Answer {
            status: StatusCode::from_u16(status).unwrap(),
            headers: headers.collect(),
            body: body.as_bytes().to_vec(),
            url: "http://shop:8080/api/orders/A-1/vendor-detail/"
                .parse()
                .unwrap(),
            server: "shop:8080".to_owned(),
            route: Arc::new(Route::direct()),
        };
        let read = answer.good().and_then(|answer| answer.json::<u32>());
        read.unwrap_err()
    }

    #[test]
    fn what_is_no_ordertop_server_is_named_as_what_it_is() {
        const NGINX: &str =
            "<html>\r\n<head><title>404 Not Found</title></head>\r\n<body></body></html>";
        const TLS: &str = "<html><head><title>400 The plain HTTP request was sent to HTTPS port</title></head></html>";
        let html = ("content-type", "text/html");
        let portal = "http://u:p@portal.example/login?token=x";
        let table: [(u16, &[_], &str, &str); 11] = [
            (
                404,
                &[html, ("server", "nginx/1.24.0")],
                NGINX,
                "answers 404 Not Found with a web page (\"404 Not Found\") of nginx/1.24.0: this is not an ordertop server",
            ),
            (
                404,
                &[],
                "404 page not found",
                "answers 404 Not Found with something that is not JSON: this is not an ordertop server",
            ),
            (
                404,
                &[],
                r#"{"message":"no Route matched"}"#,
                "answers 404 Not Found with other JSON: this is not an ordertop server",
            ),
            (
                200,
                &[html],
                "<TITLE>\n Hotel &amp; Bar\u{7} </TITLE>",
                "answers 200 OK with a web page (\"Hotel & Bar\"): this is not an ordertop server",
            ),
            (
                302,
                &[("location", portal)],
                "",
                "answers with a redirect to http://portal.example/login: a captive portal or another server, not an ordertop server",
            ),
            (
                301,
                &[("location", "https://shop/api/")],
                "",
                "answers with a redirect to TLS: give https://shop",
            ),
            (
                308,
                &[("location", "https://shop.evil:8443/")],
                "",
                "answers with a redirect to https://shop.evil:8443/: a captive portal or another server, not an ordertop server",
            ),
            (
                302,
                &[("location", "/accounts/login/?next=/api/")],
                "",
                "answers with a redirect to http://shop:8080/accounts/login/: a captive portal or another server, not an ordertop server",
            ),
            (
                302,
                &[],
                "",
                "answers 302 Found: this is not an ordertop server",
            ),
            (
                400,
                &[html],
                TLS,
                "speaks TLS, and was asked without: give https://shop:8080",
            ),
            (
                401,
                &[],
                "",
                "answers 401 Unauthorized with nothing: this is not an ordertop server",
            ),
        ];
        for (status, headers, body, words) in table {
            let error = answer(status, headers, body);
            assert_eq!(error.to_string(), format!("shop:8080 {words}"));
            let foreign = matches!(error, RequestError::Foreign { status: s, .. } if s == status);
            assert!(
                foreign && !error.has_words() && !error.is_refusal(),
                "{error:?}"
            );
        }
    }

    #[test]
    fn refusals_of_both_kinds_of_server_are_taken_for_theirs() {
        let ours = (VERSION_HEADER, "1");
        let table: [(u16, &[_], &str, &str); 7] = [
            (404, &[ours], "", "the server answered 404 Not Found"),
            (
                404,
                &[],
                r#"{"error":"no such order","code":"not_found"}"#,
                "no such order",
            ),
            (404, &[], r#"{"detail":"Not found."}"#, "Not found."),
            (
                400,
                &[],
                r#"{"status":["This field is required."]}"#,
                "This field is required.",
            ),
            (
                403,
                &[],
                r#"{"error":"You do not have access to this order"}"#,
                "You do not have access to this order",
            ),
            (
                500,
                &[],
                "<h1>Server Error (500)</h1>",
                "the server answered 500 Internal Server Error",
            ),
            (
                503,
                &[],
                "<html>",
                "the server answered 503 Service Unavailable",
            ),
        ];
        for (status, headers, body, words) in table {
            let error = answer(status, headers, body);
            assert_eq!(error.to_string(), words);
            assert!(!matches!(error, RequestError::Foreign { .. }), "{error:?}");
        }
    }

    #[test]
    fn an_answer_of_ours_that_cannot_be_read_is_not_somebody_elses() {
        for (headers, body) in [(&[(VERSION_HEADER, "1")][..], "<html>"), (&[], "[1]")] {
            let error = answer(200, headers, body);
            assert!(
                matches!(error, RequestError::Unreadable { .. }),
                "{error:?}"
            );
        }
        let table = [
            ("<html>", "it is not JSON"),
            (r#"[{"id":1"#, "it ends in the middle"),
            ("null", "it has another form than the protocol says"),
            (
                r#"[{"id":"one"}]"#,
                "`[0].id` is not what the protocol says",
            ),
        ];
        for (body, words) in table {
            let mut json = serde_json::Deserializer::from_str(body);
            let error = serde_path_to_error::deserialize::<_, Vec<ListedOrder>>(&mut json);
            assert_eq!(unreadable(&error.unwrap_err()), words);
        }
    }
}
