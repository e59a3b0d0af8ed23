//! `ordertop-server import`: files in, orders out, as often as you like.

use std::path::{Path, PathBuf};

use serde_json::json;

use crate::support::{Finished, TOKEN, TestServer, order, paid, run};

const LIST: &str = "/api/orders/vendor/";

async fn import(files: &[&Path], store: &Path) -> Finished {
    let mut args = vec!["import"];
    args.extend(files.iter().map(|file| file.to_str().unwrap()));
    args.extend(["--vendor", "42", "--store", store.to_str().unwrap()]);
    run(
        "ordertop-server",
        &args,
        &[("ORDERTOP_MASTER_TOKEN", TOKEN)],
    )
    .await
}

/// A file with two orders as `POST /api/orders/` takes them, and one that is none.
fn own_orders(dir: &Path) -> PathBuf {
    let mut paid = paid("42", "A-1");
    paid.as_object_mut().unwrap().remove("vendor_id");
    let rows = json!([paid, order("42", "A-2", "Shipped")]);
    let path = dir.join("orders.json");
    std::fs::write(&path, rows.to_string()).unwrap();
    path
}

fn sample(path: &str) -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    root.join("tests/samples/shops").join(path)
}

#[tokio::test]
async fn files_become_orders_with_and_without_a_running_server() {
    let server = TestServer::start_with(&[], &[]).await;
    let dir = tempfile::tempdir().unwrap();
    let file = own_orders(dir.path());

    // The server holds the store: the import goes through it.
    let first = import(&[&file], &server.store()).await;
    assert_eq!(first.code, Some(0), "{first:?}");
    let vendors = server.support().get("/api/vendors/").await.expect(200);
    assert_eq!(vendors[0]["id"], "42", "the vendor was created");
    let mut numbers = server.vendor("42").numbers(LIST).await;
    numbers.sort();
    assert_eq!(numbers, ["A-1", "A-2"]);
    let history = server
        .vendor("42")
        .get("/api/orders/A-2/history/")
        .await
        .expect(200);
    assert_eq!(history["history"][0]["action"], "imported", "{history}");

    let position = server.vendor("42").position().await;
    let again = import(&[&file], &server.store()).await;
    assert_eq!(again.code, Some(0), "{again:?}");
    assert_eq!(
        server.vendor("42").position().await,
        position,
        "nothing changed"
    );
    assert!((again.stdout + &again.stderr).contains("unchanged"));

    // Nobody holds this one: the import opens it itself.
    let store = dir.path().join("alone.db");
    for _ in 0..2 {
        let alone = import(&[&file], &store).await;
        assert_eq!(alone.code, Some(0), "{alone:?}");
    }
}

#[tokio::test]
async fn an_import_is_seen_live() {
    let server = TestServer::start().await;
    let mut socket = server.socket("42").await;
    let dir = tempfile::tempdir().unwrap();
    import(&[&own_orders(dir.path())], &server.store()).await;
    let mut numbers = Vec::new();
    for _ in 0..2 {
        let event = socket.next_of("order_created").await;
        assert_eq!(event["actor"]["kind"], "import", "{event}");
        numbers.push(event["order_number"].clone());
    }
    assert_eq!(numbers, ["A-1", "A-2"]);
    socket.is_quiet().await;
}

#[tokio::test]
async fn shops_bodies_are_read_as_they_are() {
    let server = TestServer::start().await;
    let files = [
        sample("woocommerce/order_completed.docs.json"),
        sample("woocommerce/order_processing.docs.json"),
        sample("woocommerce/order_partial_refunds.docs.json"),
        sample("shopify/orders_create.2026-04.json"),
    ];
    let files: Vec<_> = files.iter().map(PathBuf::as_path).collect();
    let finished = import(&files, &server.store()).await;
    assert_eq!(finished.code, Some(0), "{finished:?}");
    // Two bodies are of one order, 727: the later one was read first, and the
    // earlier one is stale.
    let table = [
        ("727", "Shipped", "29.35", "0.00", json!(null)),
        ("723", "Shipped", "39.00", "19.00", json!(null)),
        ("9999", "Cancelled", "404.95", "0.00", json!({"test": true})),
    ];
    let vendor = server.vendor("42");
    assert_eq!(vendor.numbers(LIST).await.len(), table.len());
    for (number, status, total, refunded, flags) in table {
        let order = vendor.detail(number).await;
        assert_eq!(order["status"], status, "{order}");
        assert_eq!(order["total_amount"], total, "{order}");
        assert_eq!(order["totals"]["refunded"], refunded, "{order}");
        assert_eq!(order["currency"], "USD", "{order}");
        assert_eq!(order["flags"], flags, "{order}");
    }
}

#[tokio::test]
async fn rows_that_are_no_orders_are_named_and_the_rest_is_taken() {
    let server = TestServer::start().await;
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("orders.jsonl");
    let lines = [
        paid("42", "A-1").to_string(),
        r#"{"order_number":"A-2","currency":"EUR","lines":[]}"#.to_owned(),
        "not an order".to_owned(),
        paid("42", "A-3").to_string(),
    ];
    std::fs::write(&path, lines.join("\n")).unwrap();
    let finished = import(&[&path], &server.store()).await;
    assert!(
        matches!(finished.code, Some(1..)),
        "a refused row is a failure: {finished:?}"
    );
    let mut numbers = server.vendor("42").numbers(LIST).await;
    numbers.sort();
    assert_eq!(numbers, ["A-1", "A-3"]);
    let said = format!("{}{}", finished.stdout, finished.stderr);
    assert!(said.contains("A-2") && said.contains("refused"), "{said}");
}

#[tokio::test]
async fn a_file_that_is_not_there_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let missing = dir.path().join("missing.json");
    let finished = import(&[&missing], &dir.path().join("orders.db")).await;
    assert!(
        finished.one_sentence().contains("missing.json"),
        "{finished:?}"
    );
}

#[tokio::test]
async fn vendors_are_added_with_and_without_a_running_server() {
    let server = TestServer::start_with(&[], &[]).await;
    let dir = tempfile::tempdir().unwrap();
    for store in [server.store(), dir.path().join("alone.db")] {
        let args = [
            "vendor",
            "add",
            "42",
            "--name",
            "Acme",
            "--store",
            store.to_str().unwrap(),
        ];
        for _ in 0..2 {
            let env = [("ORDERTOP_MASTER_TOKEN", TOKEN)];
            let finished = run("ordertop-server", &args, &env).await;
            assert_eq!(finished.code, Some(0), "{finished:?}");
        }
    }
    let vendors = server.support().get("/api/vendors/").await.expect(200);
    assert_eq!(vendors, json!([{"id": "42", "name": "Acme"}]));
}
