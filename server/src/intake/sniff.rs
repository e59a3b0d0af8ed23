//! What a JSON body is, by its fields: an order, something beside an order that is skipped by name, or something else
//! that is called what it is.

use ordertop::order::OrderNumber;
use ordertop::order::text::clean;
use serde_json::value::RawValue;

use super::field::Object;
use super::refusal::Refusal;

/// The kind of an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Placement,
    WooCommerce,
    Shopify,
    OldServer,
    Other,
}

impl Kind {
    pub(super) fn of(row: &Object<'_>) -> Self {
        let has = |name| row.has(name);
        // Shopify's orders have an `order_number` too, but no `lines`.
        if has("order_number") && has("lines") {
            Self::Placement
        } else if has("financial_status") && (has("line_items") || has("total_price")) {
            Self::Shopify
        } else if (has("order_key") && has("total"))
            || (has("line_items") && (has("billing") || has("order_key")))
        {
            Self::WooCommerce
        } else if has("order_number")
            && has("total_amount")
            && (has("items") || has("vendor_items"))
        {
            Self::OldServer
        } else {
            Self::Other
        }
    }

    /// The number of an order as far as it can be read.
    pub(super) fn number_for_report(self, row: &Object<'_>) -> Option<String> {
        let names: &[&str] = match self {
            Self::Placement | Self::OldServer => &["order_number"],
            Self::WooCommerce => &["number", "id"],
            Self::Shopify => &["name", "order_number"],
            Self::Other => &["number", "name", "order_number", "id"],
        };
        let text = names.iter().find_map(|name| row.get(name).text_if_any())?;
        let text = clean(text.trim().trim_start_matches('#'), OrderNumber::MAX_CHARS);
        (!text.is_empty()).then_some(text)
    }
}

/// The order in a body such as Shopify's `{"order":{…}}`.
pub(super) fn wrapped<'a>(row: &Object<'a>) -> Option<&'a RawValue> {
    row.get(wrapper(row)?).raw_object()
}

/// The refusal of an order that was unwrapped and is wrapped still.
pub(super) fn wrapped_again(inner: &Object<'_>) -> Option<Refusal> {
    wrapped(inner)?;
    let name = wrapper(inner)?;
    Some(Refusal::Foreign(format!(
        "an order with more than one object around it: send what stands in the inner `{name}`"
    )))
}

/// The only field of an object, where it is one that Shopify puts around a body.
fn wrapper<'r>(row: &'r Object<'_>) -> Option<&'r str> {
    let mut names = row.names();
    let (name, None) = (names.next()?, names.next()) else {
        return None;
    };
    matches!(name, "order" | "draft_order" | "refund" | "fulfillment").then_some(name)
}

/// What a body is that tells of an order or is none yet, and is not kept: its order's body tells the same.
pub(super) fn skipped(row: &Object<'_>) -> Option<String> {
    let has = |name| row.has(name);
    let word = |name| row.get(name).text_if_any().map(|text| text.to_lowercase());
    let told = "its order's body tells the same";
    let kind = word("type");
    let graphql = row.get("admin_graphql_api_id").text_if_any();
    let is_a = |name: &str| {
        let prefix = format!("gid://shopify/{name}/");
        graphql.as_deref().is_some_and(|id| id.starts_with(&prefix))
    };
    if kind.as_deref() == Some("shop_subscription")
        || (has("billing_period") && has("billing_interval"))
    {
        return Some("a WooCommerce subscription, whose orders come on their own".into());
    }
    if kind.as_deref() == Some("shop_order_refund")
        || (has("refunded_by") && has("amount") && !has("billing"))
    {
        return Some(format!("a WooCommerce refund ({told})"));
    }
    if is_a("DraftOrder") || (has("invoice_url") && has("line_items") && !has("financial_status")) {
        return Some("a Shopify draft order: no order yet".into());
    }
    if has("abandoned_checkout_url") && !has("financial_status") {
        return Some("a Shopify checkout that was not finished: no order yet".into());
    }
    if has("order_id") && has("refund_line_items") {
        return Some(format!("a Shopify refund ({told})"));
    }
    if has("order_id") && (has("tracking_company") || has("shipment_status")) {
        return Some(format!("a Shopify fulfillment ({told})"));
    }
    if has("order_id") && has("gateway") && has("kind") {
        return Some(format!("a Shopify payment ({told})"));
    }
    if Kind::of(row) == Kind::WooCommerce {
        let status = word("status")?;
        let draft = status.strip_prefix("wc-").unwrap_or(&status);
        if matches!(draft, "checkout-draft" | "auto-draft" | "draft") {
            return Some(format!("a WooCommerce draft (`{draft}`): no order yet"));
        }
    }
    None
}

/// Other programs' bodies by fields that they alone have.
const FOREIGN: &[(&[&str], &str)] = &[
    (&["legacyOrderId"], "an eBay order: not supported"),
    (
        &["orderId", "pricingSummary"],
        "an eBay order: not supported",
    ),
    (&["orderFulfillmentStatus"], "an eBay order: not supported"),
    (&["orderPaymentStatus"], "an eBay order: not supported"),
    (&["AmazonOrderId"], "an Amazon order: not supported"),
    (&["amazonOrderId"], "an Amazon order: not supported"),
    (
        &["receipt_id", "transactions"],
        "an Etsy receipt: not supported",
    ),
    (
        &["increment_id", "grand_total"],
        "a Magento order: not supported",
    ),
    (
        &["subtotal_ex_tax", "order_is_digital"],
        "a BigCommerce order: not supported",
    ),
    (
        &["orderNumber", "grandTotal", "lineItems"],
        "a Squarespace order: not supported",
    ),
    (
        &["orderNumber", "lineItems"],
        "an order of a program that is not known: not supported",
    ),
    (
        &["orderId", "lineItems"],
        "an order of a program that is not known: not supported",
    ),
    (&["purchase_units"], "a PayPal order: not supported"),
];

/// Why a body is not taken that is neither an order nor skipped.
pub(super) fn refusal(row: &Object<'_>) -> Refusal {
    for (names, what) in FOREIGN {
        if names.iter().all(|name| row.has(name)) {
            return Refusal::Foreign((*what).to_owned());
        }
    }
    if let Some(what) = answer(row) {
        return Refusal::Foreign(what);
    }
    Refusal::UnknownKind { seen: seen(row) }
}

/// A shop's answer to a request that failed, or that asked for something else.
fn answer(row: &Object<'_>) -> Option<String> {
    let text = |name: &str| row.get(name).text_if_any().map(|text| clean(&text, 200));
    if let (Some(code), Some(message)) = (text("code"), text("message")) {
        let meaning = match code.as_str() {
            "woocommerce_rest_authentication_error" => "key or secret is wrong",
            "woocommerce_rest_cannot_view" | "rest_forbidden" | "rest_cannot_view" => {
                "key and secret did not arrive, or the key may not read orders"
            }
            "rest_no_route" => "the address is not one of WooCommerce's REST API v3",
            "woocommerce_rest_shop_order_invalid_id" | "woocommerce_rest_invalid_id" => {
                "the shop has no such order"
            }
            "rest_invalid_param" => "a parameter of the request is wrong",
            _ => "the request failed",
        };
        return Some(format!(
            "not an order but WooCommerce's error `{code}`, \"{message}\": {meaning}"
        ));
    }
    if row.has("errors") {
        let why = text("errors").map(|why| format!(", \"{why}\""));
        return Some(format!(
            "not an order but Shopify's error{}: the request failed",
            why.unwrap_or_default()
        ));
    }
    if row.has("data")
        && row
            .names()
            .all(|name| matches!(name, "data" | "extensions"))
    {
        return Some(
            "an answer of Shopify's GraphQL API: not supported, use the REST call `orders.json`"
                .into(),
        );
    }
    if let Some(detail) = text("detail").or_else(|| text("error")) {
        return Some(format!("not an order but a server's error, \"{detail}\""));
    }
    None
}

/// What a row that is no order looks like.
fn seen(row: &Object<'_>) -> String {
    let names: Vec<String> = row
        .names()
        .map(|name| format!("`{}`", clean(name, 40)))
        .collect();
    match names.len() {
        0 => "an empty object".into(),
        1 if row.has("id") => "the notice of a deleted thing (`id` alone)".into(),
        1..=8 => format!("an object with {}", names.join(", ")),
        more => format!(
            "an object with {} and {} more",
            names[..8].join(", "),
            more - 8
        ),
    }
}
