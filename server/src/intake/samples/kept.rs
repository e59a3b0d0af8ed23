//! What is kept of odd and rich bodies.

use ordertop::order::Currency;

use super::*;

#[test]
fn odd_fields_of_plugins_cost_nothing_else() {
    let table = [
        (made!("odd-meta-object.json"), 0),
        (made!("odd-quantity-half.json"), 0),
        (made!("odd-four-decimals.json"), 0),
        (made!("odd-zero-date.json"), 1),
        (made!("odd-phone-false.json"), 1),
        (made!("odd-line-items-object.json"), 0),
    ];
    for (body, warnings) in table {
        assert_eq!(warned(body).1.len(), warnings, "{:?}", warned(body).1);
        assert_eq!(order(body).status, OrderStatus::Paid);
    }
    let half = order(made!("odd-quantity-half.json"));
    let line = &half.content.lines[0];
    assert_eq!(
        (line.qty.to_string(), line.unit_price, line.total),
        ("0.5".into(), 1000, 500)
    );
    let ribbon = order(made!("odd-four-decimals.json")).content;
    assert_eq!(
        (
            ribbon.lines[0].total,
            ribbon.totals.items,
            ribbon.totals.total
        ),
        (1500, 1500, 1500)
    );
    assert_eq!(order(made!("odd-zero-date.json")).moments.paid_at, None);
    assert_eq!(
        order(made!("odd-phone-false.json")).content.buyer.phone,
        None
    );
    assert_eq!(
        order(made!("odd-line-items-object.json")).content.lines[0].title,
        "Teapot"
    );
    let gift = &order(made!("odd-meta-object.json")).content.lines[0].properties;
    assert_eq!(
        (gift[0].name.as_str(), gift[0].value.as_str()),
        ("gift", "yes")
    );
    for (currency, amount, rounded) in [
        ("CLP", "15.50", 16),
        ("JPY", "600.25", 600),
        ("EUR", "14.9975", 1500),
    ] {
        let body = with(
            made!("odd-four-decimals.json"),
            &[
                ("/currency", json!(currency)),
                ("/line_items/0/subtotal", json!(amount)),
                ("/total", json!(amount)),
            ],
        );
        let (order, warnings) = warned(&body);
        assert_eq!(
            (order.content.lines[0].total, order.content.totals.total),
            (rounded, rounded)
        );
        assert_eq!(warnings, [""; 0]);
    }
}

#[test]
fn what_the_buyer_chose_keeps_its_names() {
    let pairs = |properties: &[ordertop::order::Property]| -> Vec<String> {
        let pair = |p: &ordertop::order::Property| format!("{}: {}", p.name, p.value);
        properties.iter().map(pair).collect()
    };
    let teapot = &order(made!("addons-with-names.json")).content.lines[0];
    assert_eq!(
        pairs(&teapot.properties),
        ["Engraving: Happy Birthday", "As a gift: No"]
    );
    assert_eq!(teapot.variant, None);
    let shopify = order(made!("shopify-properties.json")).content;
    assert_eq!(
        pairs(&shopify.lines[0].properties),
        ["Custom Engraving: Happy Birthday"]
    );
    assert_eq!(pairs(&shopify.attributes), ["Student: Kim"]);
    let object = with(
        made!("shopify-properties.json"),
        &[(
            "/note_attributes",
            json!({"Student": "Kim", "_app": "x", "Year": 7}),
        )],
    );
    assert_eq!(
        pairs(&order(&object).content.attributes),
        ["Student: Kim", "Year: 7"]
    );
}

#[test]
fn parcels_of_woocommerces_extensions_are_kept() {
    let parcels = json!([{"tracking_provider": "dhl", "tracking_number": "JJD000390002", "date_shipped": "1777716000"}]);
    let forms = [
        made!("tracking-in-meta.json").to_owned(),
        with(
            made!("tracking-in-meta.json"),
            &[("/meta_data/0/value", json!({"0": parcels[0]}))],
        ),
        with(
            made!("tracking-in-meta.json"),
            &[("/meta_data/0/value", json!(parcels.to_string()))],
        ),
        with(
            made!("tracking-in-meta.json"),
            &[(
                "/meta_data",
                json!({"9": {"key": "_wc_shipment_tracking_items", "value": parcels}}),
            )],
        ),
    ];
    for body in forms {
        let (order, warnings) = warned(&body);
        assert_eq!(warnings, [""; 0]);
        let shipment = &order.content.shipments[0];
        assert_eq!(shipment.carrier.as_deref(), Some("DHL"));
        assert_eq!(shipment.tracking_number.as_deref(), Some("JJD000390002"));
        assert_eq!(shipment.shipped_at, Some(at("2026-05-02T10:00:00Z")));
        assert!(shipment.from_shop);
        assert_eq!(order.content.shipments.len(), 1);
    }
    let odd = with(
        made!("tracking-in-meta.json"),
        &[("/meta_data/0/value", json!("a:1:{i:0;"))],
    );
    let (order, warnings) = warned(&odd);
    assert_eq!(order.content.shipments, []);
    assert_eq!(
        warnings,
        ["`meta_data[0].value`: `\"a:1:{i:0;\"` is not a list of parcels: left out"]
    );
}

/// What the parts of a total come to.
fn sum(totals: ordertop::order::Totals) -> i64 {
    let tax = if totals.tax_included { 0 } else { totals.tax };
    totals.items - totals.discount + totals.shipping + totals.fees + totals.tips - totals.gift_cards
        + tax
}

#[test]
fn the_parts_of_a_total_come_to_it_by_one_convention() {
    let discounted = with(
        PROCESSING,
        &[
            ("/line_items/0/total", json!("4.00")),
            ("/discount_total", json!("2.00")),
            ("/total", json!("26.35")),
            ("/gift_cards", json!([{"code": "X", "amount": "1.00"}])),
        ],
    );
    let discounted = with(&discounted, &[("/total", json!("26.35"))]);
    let taxed = with(
        SHOPIFY,
        &[
            ("/cancelled_at", Value::Null),
            ("/financial_status", json!("paid")),
            ("/taxes_included", json!(true)),
            ("/current_total_tax", json!("66.25")),
            ("/total_tip_received", json!("5.00")),
            ("/current_total_price", json!("419.95")),
            (
                "/current_shipping_price_set",
                json!({"shop_money": {"amount": "0.00"}}),
            ),
        ],
    );
    let table = [
        (PROCESSING.to_owned(), 2935),
        (REFUNDS.to_owned(), 3900),
        (made!("fee-and-tip.json").to_owned(), 10225),
        (discounted, 2635),
        (SHOPIFY.to_owned(), 40495),
        (taxed, 41995),
        (made!("shopify-shipping-lines-only.json").to_owned(), 1500),
    ];
    for (body, total) in table {
        let (order, warnings) = warned(&body);
        let totals = order.content.totals;
        assert_eq!((totals.total, sum(totals)), (total, total), "{totals:?}");
        assert_eq!(warnings, [""; 0]);
    }
    let fees = order(made!("fee-and-tip.json")).content.totals;
    assert_eq!((fees.items, fees.fees), (9900, 325));
    assert_eq!(
        order(made!("shopify-shipping-lines-only.json"))
            .content
            .totals
            .shipping,
        1000
    );
    let line = order(&with(PROCESSING, &[("/line_items/0/total", json!("4.00"))]));
    assert_eq!(line.content.lines[0].total, 600, "before discounts");
}

#[test]
fn an_order_that_is_paid_at_the_door_may_leave_first() {
    let door = order(made!("shopify-cod-unfulfilled.json"));
    assert_eq!(door.status, OrderStatus::Pending);
    assert!(door.flags.pay_on_delivery);
    let fulfilled = with(
        made!("shopify-cod-unfulfilled.json"),
        &[("/fulfillment_status", json!("fulfilled"))],
    );
    let fulfilled = order(&fulfilled);
    assert_eq!(fulfilled.status, OrderStatus::Shipped);
    assert!(fulfilled.flags.pay_on_delivery);
    let terms = with(
        made!("shopify-cod-unfulfilled.json"),
        &[
            ("/payment_gateway_names", json!([])),
            ("/payment_terms", json!({"payment_terms_name": "Net 30"})),
        ],
    );
    assert!(order(&terms).flags.pay_on_delivery);
    let old = order(made!("old-cod-without-date-paid.json"));
    assert_eq!((old.status, old.moments.paid_at), (OrderStatus::Paid, None));
    assert!(old.flags.pay_on_delivery);
    assert_eq!(old.content.placed_at, at("2019-03-01T09:00:00Z"));
}

#[test]
fn an_exception_says_what_it_set_aside() {
    let refunded = with(COMPLETED, &[("/status", json!("refunded"))]);
    let refunded = order(&refunded);
    assert_eq!(refunded.prior, Some(OrderStatus::Shipped));
    assert_eq!(
        refunded.moments.shipped_at,
        Some(at("2017-03-22T19:30:35Z"))
    );
    assert!(
        refunded
            .content
            .lines
            .iter()
            .all(|line| line.qty_shipped == line.qty)
    );
    let cancelled = with(PROCESSING, &[("/status", json!("cancelled"))]);
    assert_eq!(order(&cancelled).prior, Some(OrderStatus::Paid));
    let unpaid = with(
        PROCESSING,
        &[
            ("/status", json!("cancelled")),
            ("/date_paid_gmt", json!(null)),
        ],
    );
    assert_eq!(order(&unpaid).prior, Some(OrderStatus::Pending));
    assert_eq!(order(PROCESSING).prior, None);
    assert_eq!(order(SHOPIFY).prior, Some(OrderStatus::Pending));
}

#[test]
fn source_and_prefix_are_what_the_operator_says() {
    let declared = Settings {
        source: Some("my shop".into()),
        prefix: "S-".into(),
        ..settings()
    };
    let read = |body: &str| {
        let row: &RawValue = serde_json::from_str(body).unwrap();
        match read_row(row, &Form::Body, &declared) {
            Ok(Row::Order { intake, .. }) => Ok(*intake),
            Ok(other) => panic!("{other:?}"),
            Err(error) => Err(error.to_string()),
        }
    };
    let woo = read(PROCESSING).unwrap();
    let source = woo.content.source.unwrap();
    assert_eq!(woo.number.as_str(), "S-727");
    assert_eq!(
        (source.name.as_deref(), source.order_id.as_deref()),
        (Some("my shop"), Some("727"))
    );
    let own = read(PLACEMENT).unwrap();
    let source = own.content.source.unwrap();
    assert_eq!(own.number.as_str(), "S-A-1001");
    assert_eq!(
        (source.channel.as_str(), source.order_id.as_deref()),
        ("generic", Some("A-1001"))
    );
    let long = with(PROCESSING, &[("/number", json!("9".repeat(63)))]);
    assert!(read(&long).unwrap_err().contains("with its prefix"));
}

#[test]
fn the_old_servers_orders_keep_ids_and_times() {
    let list: Vec<Value> = serde_json::from_str(made!("old-list.json")).unwrap();
    let euro = Settings {
        currency: Currency::new("EUR").ok(),
        ..settings()
    };
    let read = |body: &Value| {
        let body = body.to_string();
        let row: &RawValue = serde_json::from_str(&body).unwrap();
        match read_row(row, &Form::Body, &euro) {
            Ok(Row::Order { intake, warnings }) => (*intake, warnings.kept),
            other => panic!("{other:?}"),
        }
    };
    let (part, warnings) = read(&list[0]);
    assert_eq!(warnings, [""; 0]);
    assert_eq!(
        (part.number.as_str(), part.status),
        ("ORD-00000004", OrderStatus::Paid)
    );
    assert_eq!(part.content.totals.total, 500, "the vendor's part");
    assert_eq!(part.content.lines.len(), 1);
    assert_eq!(part.content.placed_at, at("2026-11-23T17:31:33.960982Z"));
    assert_eq!(
        part.content.buyer.email.as_deref(),
        Some("cus*****@example.com")
    );
    assert_eq!(
        part.content.source.unwrap().order_id.as_deref(),
        Some("23005")
    );
    let (delivered, _) = read(&list[1]);
    assert_eq!(delivered.status, OrderStatus::Delivered);
    assert_eq!(
        delivered.moments.delivered_at,
        Some(at("2026-11-22T12:00:00Z"))
    );
    assert_eq!(delivered.content.lines[0].qty_shipped.to_string(), "3");
    let error = refusal(&list[0].to_string());
    assert!(error.contains("--currency"), "{error}");
}
