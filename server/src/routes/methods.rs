//! Methods that each path takes, for the `Allow` of an answer 405 (RFC 9110, section 15.5.6).

const READ: &str = "GET, HEAD";
const WRITE: &str = "POST";

/// The methods that a path takes; `None` for a path that there is not.
pub(super) fn allowed(path: &str) -> Option<&'static str> {
    let path = path.strip_suffix('/').unwrap_or(path);
    let parts: Vec<_> = path.split('/').skip(1).collect();
    Some(match parts[..] {
        ["livez" | "readyz" | "status"]
        | ["api", "orders", "vendor"]
        | ["api", "orders", "vendor", "events"]
        | ["api", "orders", _, "vendor-detail" | "history"] => READ,
        ["api", "orders"]
        | ["api", "orders", "events" | "import" | "update-status"]
        | ["api", "orders", _, "update-status" | "notes" | "shipments"] => WRITE,
        ["api", "vendors"] => "GET, HEAD, POST",
        ["ws", "orders"] | ["ws", "vendor", _, "orders"] => "GET",
        _ => return None,
    })
}
