//! Asking about orders and vendors: whose, which, and page by page.

use reqwest::Method;
use serde_json::json;

use crate::support::{Answer, TestServer, paid, placed_at};

#[tokio::test]
async fn vendors_are_added_and_listed() {
    let server = TestServer::start_with(&[], &[]).await;
    let support = server.support();
    let acme = json!({"id": "42", "name": "Acme"});
    for path in ["/api/vendors/", "/api/vendors"] {
        let answer = support.post(path, &acme).await;
        let first = path.ends_with('/');
        assert_eq!(answer.status, if first { 201 } else { 200 }, "{answer:?}");
        assert_eq!(support.get(path).await.expect(200), json!([acme]));
    }
    let own = server.vendor("42").get("/api/vendors/").await.expect(200);
    assert_eq!(own, json!([acme]));
    for (body, status) in [
        (json!({"id": "a/b", "name": "x"}), 400),
        (json!({"id": "", "name": "x"}), 400),
        (json!({"name": "x"}), 400),
        (json!({"id": 42}), 400),
    ] {
        let answer = support.post("/api/vendors/", &body).await;
        assert_eq!(answer.status, status, "{body}: {answer:?}");
    }
    let vendor = server.vendor("42");
    let answer = vendor.post("/api/vendors/", &json!({"id": "43"})).await;
    assert_eq!(answer.status, 403, "{answer:?}");
    let answer = server.anonymous().get("/api/vendors/").await;
    assert_eq!(answer.status, 401, "{answer:?}");
}

#[tokio::test]
async fn support_names_the_vendor() {
    let server = TestServer::start_with(&[], &["42", "43"]).await;
    let support = server.support();
    for vendor in ["42", "43"] {
        support.place(&paid(vendor, "A-1")).await;
    }
    let mut later = paid("43", "B-1");
    later["placed_at"] = placed_at(5).into();
    support.place(&later).await;

    let list = support
        .get("/api/orders/vendor/?vendor=42")
        .await
        .expect(200);
    assert_eq!(list.as_array().unwrap().len(), 1);
    assert_eq!(list[0]["vendor_id"], "42");
    let all = support
        .get("/api/orders/vendor/?vendor=*")
        .await
        .expect(200);
    assert_eq!(all.as_array().unwrap().len(), 3);
    assert_eq!(
        all[0]["order_number"], "B-1",
        "newest first over all vendors"
    );

    let ambiguous = support.get("/api/orders/A-1/history/").await;
    let body = ambiguous.refused(409, "ambiguous_order");
    assert_eq!(body["vendors"], json!(["42", "43"]));
    let history = support.get("/api/orders/B-1/history/").await.expect(200);
    assert_eq!(history["history"][0]["action"], "placed");

    let path = "/api/orders/A-1/update-status/?vendor=43";
    let body = support
        .post(path, &json!({"status": "Shipped"}))
        .await
        .expect(200);
    assert_eq!(body["order"]["vendor_id"], "43");
    assert_eq!(server.vendor("42").detail("A-1").await["status"], "Paid");
    assert_eq!(server.vendor("43").detail("A-1").await["status"], "Shipped");
    let unknown = support.get("/api/orders/vendor/?vendor=99").await;
    assert!(matches!(unknown.status, 401 | 404), "{unknown:?}");
}

#[tokio::test]
async fn numbers_that_need_escaping_are_found() {
    let server = TestServer::start().await;
    for (number, escaped) in [
        ("#1/2 50%", "%231%2F2%2050%25"),
        ("注文 7", "%E6%B3%A8%E6%96%87%207"),
    ] {
        server.support().place(&paid("42", number)).await;
        let order = server.vendor("42").detail(escaped).await;
        assert_eq!(order["order_number"], number);
        server
            .vendor("42")
            .set(escaped, "Shipped")
            .await
            .expect(200);
    }
}

#[tokio::test]
async fn a_list_that_has_not_changed_answers_304() {
    let server = TestServer::start().await;
    server.support().place(&paid("42", "A-1")).await;
    let vendor = server.vendor("42");
    let ask = |etag: String| {
        let request = vendor.request(Method::GET, "/api/orders/vendor/");
        Answer::to(request.header("If-None-Match", etag))
    };
    let list = vendor.get("/api/orders/vendor/").await;
    let etag = list.header("etag").to_owned();
    assert!(etag.starts_with("\"1:") && etag.ends_with('"'), "{etag}");

    let same = ask(etag.clone()).await;
    assert_eq!((same.status, same.text.as_str()), (304, ""), "{same:?}");
    assert_eq!(same.header("etag"), etag);
    assert_eq!(ask(format!("W/{etag}")).await.status, 304);
    assert_eq!(ask(format!("\"0:aa\", {etag}")).await.status, 304);
    assert_eq!(ask("\"1:0000000\"".into()).await.status, 200);

    let changed = vendor.set("A-1", "Shipped").await.expect(200);
    let list = ask(etag).await;
    assert_eq!(list.status, 200, "{list:?}");
    assert_eq!(
        list.header("etag"),
        format!("\"{}\"", changed["position"].as_str().unwrap())
    );
}

#[tokio::test]
async fn pages_lead_through_the_whole_list() {
    let server = TestServer::start().await;
    let rows: Vec<_> = (0..7)
        .map(|n| {
            let mut order = paid("42", &format!("A-{n}"));
            // Pairs of the same minute: a page may end between two of them.
            order["placed_at"] = placed_at(n / 2).into();
            order
        })
        .collect();
    server
        .support()
        .post("/api/orders/", &rows.into())
        .await
        .expect(200);
    let vendor = server.vendor("42");
    let whole = vendor.numbers("/api/orders/vendor/").await;
    assert_eq!(whole.len(), 7);

    let mut path = "/api/orders/vendor/?limit=3&status=Paid".to_owned();
    let mut read = Vec::new();
    let mut pages = Vec::new();
    loop {
        let page = vendor.get(&path).await;
        let orders = page.expect(200);
        let orders = orders.as_array().unwrap().clone();
        pages.push(orders.len());
        read.extend(
            orders
                .iter()
                .map(|order| order["order_number"].as_str().unwrap().to_owned()),
        );
        if page.header("link").is_empty() {
            break;
        }
        path = next_page(page.header("link"));
        // What comes in between neither repeats nor hides a row.
        let mut newer = paid("42", &format!("B-{}", pages.len()));
        newer["placed_at"] = placed_at(30).into();
        server.support().place(&newer).await;
    }
    assert_eq!(pages, [3, 3, 1]);
    assert_eq!(read, whole);
}

/// The address in `<…>; rel="next"`.
fn next_page(link: &str) -> String {
    let (address, rest) = link
        .strip_prefix('<')
        .and_then(|link| link.split_once('>'))
        .unwrap_or_else(|| panic!("no link: {link}"));
    assert!(rest.contains("rel=\"next\""), "{link}");
    address.to_owned()
}

#[tokio::test]
async fn a_masked_e_mail_cannot_be_guessed_by_searching() {
    let server = TestServer::start().await;
    server.support().place(&paid("42", "A-1")).await;
    let find = "/api/orders/vendor/?q=@example.com";
    assert!(server.vendor("42").numbers(find).await.is_empty());
    let support = format!("{find}&vendor=42");
    assert_eq!(server.support().numbers(&support).await, ["A-1"]);
}

#[tokio::test]
async fn a_search_looks_in_address_parcels_and_the_notes_that_the_caller_may_read() {
    let server = TestServer::start().await;
    let (support, vendor) = (server.support(), server.vendor("42"));
    let mut order = paid("42", "A-1");
    order["ship_to"] = json!({"line1": "Müllerstraße 7", "city": "Berlin", "country": "DE"});
    order["buyer_note"] = json!("Ring at O'Brien's");
    support.place(&order).await;
    vendor.set("A-1", "Shipped").await.expect(200);
    let parcel = json!({"carrier": "DHL", "tracking_number": "JJD0003"});
    let answer = vendor.post("/api/orders/A-1/shipments/", &parcel).await;
    answer.expect(200);
    for (caller, text, visibility) in [
        (&vendor, "Zoë fetches it", "vendor"),
        (&support, "Looks like fraud", "support"),
    ] {
        let note = json!({"text": text, "visibility": visibility});
        let answer = caller.post("/api/orders/A-1/notes/", &note).await;
        answer.expect(201);
    }

    let finds = [
        ("mullerstrasse", true),
        ("obrien", true),
        ("jjd0003", true),
        ("zoe", true),
        ("fraud", false),
        ("jjd0004", false),
    ];
    for (text, vendor_finds) in finds {
        let find = format!("/api/orders/vendor/?q={text}");
        let found = vendor.numbers(&find).await.len() == 1;
        assert_eq!(found, vendor_finds, "{text}");
    }
    let find = "/api/orders/vendor/?vendor=42&q=fraud";
    assert_eq!(support.numbers(find).await, ["A-1"]);

    let list = vendor.get("/api/orders/vendor/").await.expect(200);
    let seen = &list[0]["notes_excerpt"];
    assert_eq!(seen, "Ring at O'Brien's\nZoë fetches it");
    let list = support
        .get("/api/orders/vendor/?vendor=42")
        .await
        .expect(200);
    let seen = &list[0]["notes_excerpt"];
    assert_eq!(seen, "Ring at O'Brien's\nLooks like fraud\nZoë fetches it");
}

#[tokio::test]
async fn an_answer_is_kept_for_nobody_else_and_head_is_get_without_its_body() {
    let server = TestServer::start().await;
    let caller = server.vendor("42");
    let list = caller.get("/api/orders/vendor/").await;
    assert_eq!(list.header("cache-control"), "private, no-cache");
    assert!(list.header("vary").contains("X-Vendor-ID"), "{list:?}");
    let head = caller.request(reqwest::Method::HEAD, "/api/orders/vendor/");
    let head = crate::support::Answer::to(head).await;
    assert_eq!((head.status, head.text.as_str()), (200, ""));
    assert_eq!(head.header("etag"), list.header("etag"));
}
