//! `ordertop` without its screen: what it writes, and how it ends.

use std::process::Stdio;

use futures_util::FutureExt as _;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpListener;
use tokio::process::{Child, Command};

use crate::support::{
    Finished, OldServer, TOKEN, TestServer, binary, command, order, paid, run, within,
};

const ENV: [(&str, &str); 1] = [("ORDERTOP_MASTER_TOKEN", TOKEN)];

/// Runs a command as support on this server.
async fn ordertop(server: &TestServer, args: &[&str]) -> Finished {
    let url = server.url();
    let env = [ENV[0], ("ORDERTOP_SERVER", url.as_str())];
    run("ordertop", args, &env).await
}

/// The same as vendor 42.
async fn as_42(server: &TestServer, args: &[&str]) -> Finished {
    let args = [args, &["--vendor", "42"]].concat();
    ordertop(server, &args).await
}

/// A command that goes on, with its stdout in our hand.
fn begin(server: &TestServer, args: &[&str]) -> Command {
    let mut command = command(&binary("ordertop"));
    command
        .args(args)
        .args(["--server", &server.url()])
        .envs(ENV)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

/// How it ended, and what it said that was not read.
async fn ended(child: Child) -> Finished {
    let output = within("it to end", child.wait_with_output()).await.unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    Finished {
        code: output.status.code(),
        stdout: text(output.stdout),
        stderr: text(output.stderr),
    }
}

impl Finished {
    /// The objects on stdout, one a line, of a command that said nothing else.
    #[track_caller]
    fn objects(&self, code: i32) -> Vec<Value> {
        assert_eq!(self.code, Some(code), "{self:?}");
        let lines = self.stdout.lines();
        let read = |line| serde_json::from_str(line).unwrap_or_else(|e| panic!("{e}: {line}"));
        lines.map(read).collect()
    }

    /// No data, one sentence, and this code.
    #[track_caller]
    fn fails(&self, code: i32, words: &str) {
        assert_eq!(self.code, Some(code), "{self:?}");
        assert_eq!(self.stdout, "", "{self:?}");
        assert!(self.one_sentence().contains(words), "{self:?}");
    }
}

async fn shop() -> TestServer {
    let server = TestServer::start_with(&[], &["42", "43"]).await;
    let support = server.support();
    support.place(&paid("42", "A-1")).await;
    support.place(&order("42", "A-2", "Pending")).await;
    let mut wide = paid("43", "B-1");
    wide["buyer"]["name"] = "陳美玲".into();
    support.place(&wide).await;
    server
}

#[tokio::test]
async fn a_list_is_a_table_for_people_and_a_line_an_order_for_programs() {
    let server = shop().await;
    let table = ordertop(&server, &["list", "--sort", "number"]).await;
    assert_eq!(table.code, Some(0), "{table:?}");
    assert_eq!(table.stderr, "");
    assert!(!table.stdout.contains('\u{1b}'), "no colours in a pipe");
    let lines: Vec<_> = table.stdout.lines().collect();
    assert!(lines[0].starts_with("NUMBER  VENDOR  STATUS"), "{table:?}");
    assert!(lines[1].starts_with("A-1     42      Paid"), "{table:?}");
    assert!(lines[1].contains("13.90 EUR"), "{table:?}");
    assert!(lines[3].contains("陳美玲     2 × Mug"), "wide: {table:?}");
    assert_eq!(lines.len(), 4);

    let rows = ordertop(&server, &["list", "--json", "--status", "paid"]).await;
    let rows = rows.objects(0);
    let mut numbers: Vec<_> = rows.iter().map(|row| &row["order_number"]).collect();
    numbers.sort_by_key(|number| number.to_string());
    assert_eq!(numbers, ["A-1", "B-1"]);
    assert_eq!(rows[0]["total_amount"], "13.90", "{rows:?}");
    assert!(rows[0].get("vendor_items").is_none());

    let found = as_42(&server, &["list", "--json", "--filter", "mug pending"]).await;
    assert_eq!(found.objects(0)[0]["order_number"], "A-2");
    let typed = ordertop(
        &server,
        &["list", "--json", "--filter", "total>10 -vendor:42"],
    )
    .await;
    assert_eq!(typed.objects(0)[0]["order_number"], "B-1");
    let wrong = as_42(&server, &["list", "--filter", "total>much"]).await;
    wrong.fails(2, "--filter: at character 7");
    let none = as_42(&server, &["list", "--filter", "nobody"]).await;
    assert_eq!((none.code, none.stdout.as_str()), (Some(0), ""));
    let cut = as_42(&server, &["list", "-n", "1", "--sort", "newest"]).await;
    assert_eq!(cut.stdout.lines().count(), 2, "{cut:?}");
    assert!(cut.stderr.contains("--limit 0"), "{cut:?}");
}

#[tokio::test]
async fn an_order_is_shown_whole_with_its_history() {
    let server = shop().await;
    server.vendor("42").set("A-1", "Shipped").await.expect(200);
    let shown = ordertop(&server, &["show", "A-1", "--json"]).await;
    let shown = shown.objects(0).remove(0);
    assert_eq!(shown["order"]["status"], "Shipped");
    assert_eq!(shown["history"][1]["action"], "status", "{shown}");
    let people = as_42(&server, &["show", "A-1"]).await.stdout;
    for words in [
        "status        Shipped",
        "Ana Souza",
        "2 × Mug",
        "Paid → Shipped",
    ] {
        assert!(people.contains(words), "{words}: {people}");
    }
}

#[tokio::test]
async fn each_failure_has_its_code_and_one_sentence() {
    let mut server = shop().await;
    let show = ["show", "Z-9"];
    ordertop(&server, &show).await.fails(3, "no such order");
    as_42(&server, &show).await.fails(3, "no such order");
    let nobody = ordertop(&server, &["list", "--vendor", "99"]).await;
    nobody.fails(6, "Invalid vendor");
    let url = server.url();
    let wrong = [("ORDERTOP_MASTER_TOKEN", "another token")];
    let args = ["show", "A-1", "--server", &url];
    let refused = run("ordertop", &args, &wrong).await;
    refused.fails(6, "(check ORDERTOP_MASTER_TOKEN and --vendor)");
    let without = run("ordertop", &args, &[]).await;
    without.fails(2, "ORDERTOP_MASTER_TOKEN");
    let flag = ordertop(&server, &["list", "--status", "lost"]).await;
    assert_eq!(flag.code, Some(2), "{flag:?}");
    let both = ["set", "A-1", "A-2", "shipped", "--expect-version", "1"];
    ordertop(&server, &both).await.fails(2, "--expect-version");
    let whose = ordertop(&server, &["tail", "--since", "1:ab"]).await;
    whose.fails(2, "--vendor");
    server.support().place(&paid("43", "A-1")).await;
    let two = ordertop(&server, &["show", "A-1"]).await;
    two.fails(4, "this number: 42 and 43; say which with --vendor");
    server.kill().await;
    let gone = ordertop(&server, &["tail"]).await;
    gone.fails(5, "cannot be reached");
}

#[tokio::test]
async fn a_flag_goes_before_a_variable_and_a_bad_one_is_named_where_it_is_used() {
    let server = shop().await;
    let url = server.url();
    let list = ["list", "--json"];
    let with = async |args: &[&str], more: &[(&str, &str)]| {
        let env = [&[ENV[0], ("ORDERTOP_SERVER", url.as_str())], more].concat();
        run("ordertop", args, &env).await
    };
    // Nothing here polls or has a theme.
    let unused = [("ORDERTOP_POLL", "3"), ("ORDERTOP_THEME", "drak")];
    for args in [
        &list[..],
        &["keys"],
        &["completions", "bash"],
        &["config", "check"],
    ] {
        assert_eq!(with(args, &unused).await.code, Some(0), "{args:?}");
    }
    let bad = [("ORDERTOP_VENDOR", "a b")];
    with(&list, &bad).await.fails(2, "ORDERTOP_VENDOR: ");
    let flag = [&list[..], &["--vendor", "43"]].concat();
    assert_eq!(with(&flag, &bad).await.objects(0).len(), 1);
    let empty = [("ORDERTOP_VENDOR", ""), ("ORDERTOP_CONFIG", "")];
    assert_eq!(with(&list, &empty).await.objects(0).len(), 3);
    let poll = with(&["config", "show"], &unused).await;
    poll.fails(2, "ORDERTOP_POLL: give 5 to 300 seconds");

    // The flag's token goes before the variable's.
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("token");
    std::fs::write(&file, "another token\n").unwrap();
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o600);
    std::fs::set_permissions(&file, mode).unwrap();
    let flag = [&list[..], &["--token-file", file.to_str().unwrap()]].concat();
    let refused = with(&flag, &[]).await;
    refused.fails(6, "(check --token-file and --vendor)");
}

#[tokio::test]
async fn a_broken_configuration_stops_only_what_needs_it() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("ordertop.toml");
    std::fs::write(&file, "poll = 1\n").unwrap();
    let broken = [("ORDERTOP_CONFIG", file.to_str().unwrap())];
    for args in [
        &["completions", "zsh"][..],
        &["man"],
        &["keys", "--markdown"],
    ] {
        let told = run("ordertop", args, &broken).await;
        assert_eq!((told.code, told.stderr.as_str()), (Some(0), ""), "{args:?}");
    }
    for args in [&["keys"][..], &["list"], &["config", "check"]] {
        run("ordertop", args, &broken).await.fails(2, "poll = 1");
    }
}

#[tokio::test]
async fn a_tokens_file_that_is_gone_is_named_where_it_is_configured() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("ordertop.toml");
    std::fs::write(&file, "# mine\ntoken_file = \"gone\"\n").unwrap();
    let config = [("ORDERTOP_CONFIG", file.to_str().unwrap())];
    let check = run("ordertop", &["config", "check"], &config).await;
    check.fails(2, "ordertop.toml:2: the token's file ");
    let show = run("ordertop", &["config", "show"], &config).await;
    let token = show.stdout.lines().find(|line| line.starts_with("token "));
    assert!(
        token.unwrap().contains("none, from token_file in line 2"),
        "{show:?}"
    );
}

#[tokio::test]
async fn a_full_disk_below_stdout_is_a_failure() {
    for args in [&["config", "path"][..], &["keys"], &["--help"], &["man"]] {
        let full = std::fs::OpenOptions::new().write(true).open("/dev/full");
        let mut command = command(&binary("ordertop"));
        let child = command
            .args(args)
            .stdout(full.unwrap())
            .stderr(Stdio::piped());
        let told = ended(child.spawn().unwrap()).await;
        told.fails(1, "stdout");
    }
}

#[tokio::test]
async fn a_status_is_set_once_and_again_without_harm() {
    let server = shop().await;
    let parcel = ["--carrier", "DHL", "--tracking", "JJD000123"];
    let ship = [&["set", "A-1", "shipped", "--json"][..], &parcel].concat();
    let row = as_42(&server, &ship).await.objects(0).remove(0);
    let told = json!({"order_number": "A-1", "vendor_id": "42", "result": "changed",
        "status": "Shipped", "version": 2, "code": null, "error": null});
    assert_eq!(row, told);
    let again = as_42(&server, &ship).await.objects(0).remove(0);
    assert_eq!(
        (&again["result"], &again["version"]),
        (&json!("unchanged"), &json!(2))
    );
    let order = server.vendor("42").detail("A-1").await;
    assert_eq!(order["shipments"][0]["carrier"], "DHL");
    let link = order["shipments"][0]["tracking_url"].as_str();
    assert!(
        link.is_some_and(|link| link.ends_with("JJD000123")),
        "{order}"
    );

    let stale = ["set", "A-1", "delivered", "--expect-version", "1", "--json"];
    let row = as_42(&server, &stale).await.objects(4).remove(0);
    assert_eq!(row["code"], "version_conflict", "{row}");
    assert_eq!(
        (&row["status"], &row["version"]),
        (&json!("Shipped"), &json!(2))
    );
    // It stands there already: a parcel that it does not have is added.
    let other = ["set", "--json", "A-1", "--tracking", "JJD9", "shipped"];
    let row = as_42(&server, &other).await.objects(0).remove(0);
    assert_eq!(
        (&row["result"], &row["version"]),
        (&json!("changed"), &json!(3))
    );
    let seen = ["set", "A-1", "--expect-version", "1", "shipped", "--json"];
    let row = as_42(&server, &seen).await.objects(4).remove(0);
    assert_eq!(row["code"], "version_conflict", "{row}");
    let early = as_42(&server, &["set", "A-2", "delivered"]).await;
    early.fails(4, "A-2: Order must be shipped");
}

#[tokio::test]
async fn many_orders_are_set_from_stdin_each_with_a_result() {
    let server = shop().await;
    let args = ["set", "-", "shipped", "--json"];
    let mut child = begin(&server, &args).stdin(Stdio::piped()).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(b"A-1\n\nB-1\nZ-9\n").await.unwrap();
    drop(stdin);
    let rows = ended(child).await.objects(3);
    let told: Vec<_> = rows
        .iter()
        .map(|row| {
            (
                row["order_number"].as_str().unwrap(),
                row["result"].as_str().unwrap(),
            )
        })
        .collect();
    let expected = [("A-1", "changed"), ("B-1", "changed"), ("Z-9", "refused")];
    assert_eq!(told, expected);
    assert_eq!(rows[1]["vendor_id"], "43");
}

#[tokio::test]
async fn support_sets_an_order_while_the_server_starts_anew() {
    let mut server = shop().await;
    server.kill().await;
    let mut child = begin(&server, &["set", "B-1", "shipped"]).spawn().unwrap();
    let mut said = BufReader::new(child.stderr.take().unwrap()).lines();
    let first = within("a word", said.next_line()).await.unwrap().unwrap();
    assert!(first.contains("no answer yet"), "{first}");
    server.restart().await;
    let told = ended(child).await;
    assert_eq!(
        (told.code, told.stdout.as_str()),
        (Some(0), "B-1  Shipped  changed\n")
    );
}

#[tokio::test]
async fn what_a_full_disk_cannot_take_is_said_and_no_more_is_sent() {
    let server = shop().await;
    let support = server.support();
    let numbers: Vec<String> = (10..30).map(|n| format!("A-{n}")).collect();
    for number in &numbers {
        support.place(&paid("42", number)).await;
    }
    let numbers = numbers.iter().map(String::as_str);
    let args: Vec<&str> = ["set"]
        .into_iter()
        .chain(numbers)
        .chain(["shipped"])
        .collect();
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full");
    let child = begin(&server, &args).stdout(full.unwrap()).spawn().unwrap();
    let told = ended(child).await;
    assert_eq!(told.code, Some(1), "{told:?}");
    let lines: Vec<&str> = told.stderr.lines().collect();
    assert_eq!(
        lines.len(),
        21,
        "a line an order, and how it ended: {told:?}"
    );
    let changed = lines
        .iter()
        .filter(|line| line.contains(": Shipped, changed"));
    let changed = changed.count();
    let not_sent = lines
        .iter()
        .filter(|line| line.ends_with(": not sent"))
        .count();
    assert!(
        changed > 0 && not_sent > 0 && changed + not_sent == 20,
        "{told:?}"
    );
    let last = format!("{changed} done, 0 failed, {not_sent} not sent");
    assert!(
        lines[20].starts_with("ordertop: stdout: ") && lines[20].ends_with(&last),
        "{told:?}"
    );
    let list = as_42(&server, &["list", "--json", "--status", "shipped"]).await;
    assert_eq!(list.objects(0).len(), changed);
}

#[tokio::test]
async fn a_parcel_is_added_corrected_and_refused_by_name() {
    let server = shop().await;
    as_42(&server, &["set", "A-1", "shipped"]).await;
    let add = ["track", "A-1", "JJD1", "--carrier", "DHL", "--json"];
    let told = as_42(&server, &add).await.objects(0).remove(0);
    assert_eq!(told["changed"], true, "{told}");
    assert_eq!(told["shipments"][0]["tracking_number"], "JJD1", "{told}");
    assert_eq!(told["shipments"][0]["carrier"], "DHL", "{told}");
    // The same again changes nothing, and is no failure.
    let again = as_42(&server, &add).await.objects(0).remove(0);
    assert_eq!(again["changed"], false, "{again}");
    assert_eq!(again["version"], told["version"]);
    let correct = ["track", "A-1", "JJD2", "--replace", "JJD1"];
    let said = as_42(&server, &correct).await;
    assert_eq!(said.stdout, "A-1  parcel JJD2 corrected\n", "{said:?}");
    let order = server.vendor("42").detail("A-1").await;
    let parcels = order["shipments"].as_array().unwrap();
    assert_eq!(parcels.len(), 1, "{order}");
    assert_eq!(parcels[0]["tracking_number"], "JJD2", "{order}");
    let unknown = ["track", "A-1", "JJD4", "--replace", "JJD9"];
    as_42(&server, &unknown).await.fails(3, "JJD9");
    as_42(&server, &["track", "A-2", "JJD3"])
        .await
        .fails(4, "Shipped");
    as_42(&server, &["track", "A-1", " "])
        .await
        .fails(2, "the tracking number is empty");
}

#[tokio::test]
async fn undo_takes_back_the_newest_own_step_and_nothing_else() {
    let server = shop().await;
    let ship = ["set", "A-1", "shipped", "--carrier", "DHL"];
    as_42(&server, &ship).await;
    let undone = as_42(&server, &["undo", "A-1", "--json"]).await;
    let row = undone.objects(0).remove(0);
    assert_eq!(row["result"], "changed", "{row}");
    assert_eq!(row["status"], "Paid", "{row}");
    let order = server.vendor("42").detail("A-1").await;
    let parcels = order["shipments"].as_array();
    assert!(parcels.is_none_or(Vec::is_empty), "{order}");
    // An undo is no step that could be undone.
    let again = as_42(&server, &["undo", "A-1", "--json"]).await;
    let row = again.objects(4).remove(0);
    assert_eq!(row["result"], "refused", "{row}");
    assert_eq!(row["code"], "nothing_to_undo", "{row}");
}

#[tokio::test]
async fn a_note_is_added_for_whom_it_is_meant() {
    let server = shop().await;
    let words = ["note", "A-1", "ring twice", "--json"];
    let told = as_42(&server, &words).await.objects(0).remove(0);
    assert_eq!(told["note"]["visibility"], "vendor", "{told}");
    assert_eq!(told["version"], 2);
    let inner = ["note", "A-1", "look closely"];
    let said = ordertop(&server, &inner).await;
    assert_eq!(said.stdout, "A-1  noted for support alone  look closely\n");
    let long = "words ".repeat(300);
    let said = as_42(&server, &["note", "A-2", &long]).await;
    assert!(said.stdout.contains(long.trim()), "{said:?}");
    let shown = as_42(&server, &["show", "A-2"]).await;
    assert!(shown.stdout.contains(long.trim()), "{shown:?}");
    let longer = "é".repeat(2_001);
    let too_long = as_42(&server, &["note", "A-2", &longer]).await;
    too_long.fails(2, "2,001 characters");
    let notes = server.vendor("42").detail("A-1").await["notes"].clone();
    assert_eq!(notes.as_array().unwrap().len(), 1, "{notes}");
    let refused = [&inner[..], &["--visibility", "support"]].concat();
    as_42(&server, &refused)
        .await
        .fails(6, "leave --visibility out");
}

#[tokio::test]
async fn tail_tells_what_was_missed_and_what_happens_meanwhile() {
    let server = shop().await;
    let since = server.vendor("42").position().await;
    server.vendor("42").set("A-1", "Shipped").await.expect(200);
    let args = [
        "tail", "--vendor", "42", "--json", "--since", &since, "--count", "2",
    ];
    let mut child = begin(&server, &args).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut next = async || {
        let line = within("a line", lines.next_line()).await.unwrap();
        serde_json::from_str::<Value>(&line.expect("it goes on")).unwrap()
    };
    let missed = next().await;
    assert_eq!(missed["type"], "order_status_update", "{missed}");
    assert_eq!(missed["order_number"], "A-1");
    // It is told of the first while it waits for the second.
    server.support().place(&paid("42", "A-3")).await;
    let placed = next().await;
    assert_eq!(placed["type"], "order_created", "{placed}");
    assert_eq!(placed["order"]["order_number"], "A-3");
    assert_eq!(
        placed["after"],
        missed["position"]
            .as_str()
            .unwrap()
            .split_once(':')
            .unwrap()
            .1
    );
    assert_eq!(ended(child).await.code, Some(0));
}

#[tokio::test]
async fn tail_outlives_the_server_and_ends_with_an_interrupt() {
    let mut server = shop().await;
    let since = server.vendor("42").position().await;
    server.vendor("42").set("A-1", "Shipped").await.expect(200);
    let args = ["tail", "--vendor", "42", "--since", &since];
    let mut child = begin(&server, &args).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let first = within("a line", lines.next_line()).await.unwrap().unwrap();
    assert!(
        first.ends_with("A-1  Paid → Shipped  by vendor 42"),
        "{first}"
    );
    server.kill().await;
    server.restart().await;
    server.support().place(&paid("42", "A-3")).await;
    let second = within("a line", lines.next_line()).await.unwrap().unwrap();
    assert!(
        second.contains("A-3  new, Paid  Ana Souza  13.90 EUR"),
        "{second}"
    );
    let pid = i32::try_from(child.id().unwrap()).unwrap();
    kill_process(Pid::from_raw(pid).unwrap(), Signal::INT).unwrap();
    let told = ended(child).await;
    assert_eq!(told.code, Some(130), "{told:?}");
    assert!(told.stderr.contains("trying again"), "{told:?}");
}

#[tokio::test]
async fn watch_order_ends_when_it_is_shipped_and_not_before() {
    let server = shop().await;
    let until = ["watch-order", "A-1", "--until", "shipped", "--json"];
    let early = [&until[..], &["--timeout", "1"]].concat();
    ordertop(&server, &early)
        .await
        .fails(7, "A-1 becoming Shipped");
    let child = begin(&server, &until).spawn().unwrap();
    let vendor = server.vendor("42");
    let note = json!({"text": "soon"});
    vendor
        .post("/api/orders/A-1/notes/", &note)
        .await
        .expect(201);
    vendor.set("A-1", "Shipped").await.expect(200);
    let order = ended(child).await.objects(0).remove(0);
    assert_eq!(
        (&order["status"], &order["version"]),
        (&json!("Shipped"), &json!(3))
    );
    let at_once = ordertop(&server, &["watch-order", "A-1", "--until", "shipped"]).await;
    assert!(at_once.stdout.starts_with("A-1  Shipped  "), "{at_once:?}");
    ordertop(&server, &["watch-order", "Z-9"])
        .await
        .fails(3, "no such order");
}

#[tokio::test]
async fn status_tells_a_server_that_is_well_from_one_that_is_not() {
    let mut server = shop().await;
    let args = ["status", "--json"];
    let well = ordertop(&server, &args).await.objects(0).remove(0);
    assert_eq!(well["ready"], true, "{well}");
    assert_eq!(well["legacy"], false);
    assert_eq!(well["status"]["store"]["orders"], 3);
    assert!(well["round_trip_ms"].is_number());
    let people = ordertop(&server, &["status"]).await.stdout;
    assert!(people.contains("lets you in yes"), "{people}");
    let url = server.url();
    let wrong = [("ORDERTOP_MASTER_TOKEN", "another token")];
    let args = ["status", "--json", "--server", &url];
    let out = run("ordertop", &args, &wrong).await.objects(6).remove(0);
    assert_eq!(
        (&out["reachable"], &out["authorized"]),
        (&json!(true), &json!(false))
    );
    let hint = "(check ORDERTOP_MASTER_TOKEN and --vendor)";
    assert!(out["error"].as_str().unwrap().ends_with(hint), "{out}");
    server.kill().await;
    let gone = ordertop(&server, &["status", "--json"]).await;
    assert_eq!(gone.objects(5)[0]["reachable"], false);
}

/// Answers everything alike, as something that is no server of ours; gives its address.
async fn answering(answer: &'static str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut tcp, _)) = listener.accept().await {
            let mut asked = Vec::new();
            let whole = |asked: &[u8]| asked.windows(4).any(|end| end == b"\r\n\r\n");
            while !whole(&asked) && tcp.read_buf(&mut asked).await.unwrap() > 0 {}
            tcp.write_all(answer.as_bytes()).await.unwrap();
            tcp.shutdown().await.unwrap();
            // What is left unread would reset the connection.
            let _ = tcp.read_to_end(&mut asked).await;
        }
    });
    format!("http://{address}")
}

#[tokio::test]
async fn status_tells_what_is_no_server_of_any_kind_from_an_old_one() {
    for answer in [
        "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nConnection: close\r\n\r\n<html>welcome</html>",
        "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n{\"status\": \"fine\"}",
        "HTTP/1.1 500 Oops\r\nConnection: close\r\n\r\n<html>oops</html>",
        "HTTP/1.1 404 Not Found\r\nConnection: close\r\n\r\n<html>nothing</html>",
        "HTTP/1.1 401 Unauthorized\r\nConnection: close\r\n\r\n<html>who?</html>",
        "HTTP/1.1 301 Moved\r\nLocation: https://x.example/\r\nConnection: close\r\n\r\n",
    ] {
        let url = answering(answer).await;
        let status = ["status", "--vendor", "42", "--server", &url];
        let json = [&status[..], &["--json"]].concat();
        let told = run("ordertop", &json, &ENV).await.objects(5).remove(0);
        assert_eq!(
            (&told["kind"], &told["legacy"], &told["ready"]),
            (&json!("other"), &json!(false), &json!(false)),
            "{answer}"
        );
        let people = run("ordertop", &status, &ENV).await;
        assert!(
            people.stdout.contains("something else answers here: "),
            "{people:?}"
        );
    }
}

#[tokio::test]
async fn what_is_no_ordertop_server_has_no_missing_orders_and_is_named() {
    let table = [
        (
            "HTTP/1.1 404 Not Found\r\nServer: nginx/1.24.0\r\nContent-Type: text/html\r\nConnection: close\r\n\r\n\
             <html><head><title>404 Not Found</title></head></html>",
            "answers 404 Not Found with a web page (\"404 Not Found\") of nginx/1.24.0: this is not an ordertop server",
        ),
        (
            "HTTP/1.1 302 Found\r\nLocation: http://portal.example/login?to=x\r\nConnection: close\r\n\r\n",
            "answers with a redirect to http://portal.example/login: a captive portal or another server",
        ),
    ];
    for (answer, words) in table {
        let url = answering(answer).await;
        for args in [
            &["show", "A-1"][..],
            &["set", "A-1", "shipped"],
            &["note", "A-1", "hello"],
            &["list"],
            &["tail"],
        ] {
            let args = [args, &["--server", &url, "--vendor", "42"]].concat();
            run("ordertop", &args, &ENV).await.fails(5, words);
        }
    }
}

#[tokio::test]
async fn nothing_for_this_machine_goes_through_a_proxy() {
    let server = shop().await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let proxy = format!("http://{}", listener.local_addr().unwrap());
    let (url, store) = (server.url(), server.store());
    let store = store.to_str().unwrap();
    let env = [
        ENV[0],
        ("http_proxy", proxy.as_str()),
        ("HTTP_PROXY", proxy.as_str()),
        ("ALL_PROXY", proxy.as_str()),
    ];
    let list = run("ordertop", &["list", "--server", &url], &env).await;
    assert_eq!(list.code, Some(0), "{list:?}");
    for args in [
        &["vendor", "add", "77", "--store", store][..],
        &["doctor", "--store", store],
    ] {
        let managed = run("ordertop-server", args, &env).await;
        assert_eq!(managed.code, Some(0), "{managed:?}");
    }
    let asked = listener.accept().now_or_never();
    assert!(asked.is_none(), "the proxy was asked");
    // Elsewhere it is asked, and named where it does not answer.
    drop(listener);
    let elsewhere = ["list", "--server", "http://shop.example:8080"];
    run("ordertop", &elsewhere, &env)
        .await
        .fails(5, &format!("(through the proxy {proxy})"));
}

#[tokio::test]
async fn a_reader_that_goes_away_ends_it_quietly() {
    let server = shop().await;
    for args in [
        &["list", "--json"][..],
        &["show", "B-1"],
        &["completions", "bash"],
        &["man"],
    ] {
        let mut command = command(&binary("ordertop"));
        let url = server.url();
        let mut child = command
            .args(args)
            .envs(ENV)
            .env("ORDERTOP_SERVER", url)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        drop(child.stdout.take());
        let told = ended(child).await;
        assert_eq!((told.code, told.stderr.as_str()), (Some(0), ""), "{args:?}");
    }
}

#[tokio::test]
async fn tail_ends_with_its_reader_though_nothing_happens() {
    let server = shop().await;
    let since = server.vendor("42").position().await;
    server.vendor("42").set("A-1", "Shipped").await.expect(200);
    let args = ["tail", "--vendor", "42", "--since", &since];
    let mut child = begin(&server, &args).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    within("a line", lines.next_line()).await.unwrap().unwrap();
    drop(lines);
    let told = ended(child).await;
    assert_eq!((told.code, told.stderr.as_str()), (Some(0), ""));
}

#[tokio::test]
async fn many_orders_are_set_to_the_last_though_nobody_reads() {
    let server = shop().await;
    let args = ["set", "A-1", "B-1", "shipped"];
    let mut child = begin(&server, &args).spawn().unwrap();
    drop(child.stdout.take());
    let told = ended(child).await;
    assert_eq!((told.code, told.stderr.as_str()), (Some(0), ""));
    for (vendor, number) in [("42", "A-1"), ("43", "B-1")] {
        let order = server.vendor(vendor).detail(number).await;
        assert_eq!(order["status"], "Shipped", "{number}");
    }
}

#[tokio::test]
async fn completions_and_pages_are_made_without_a_server_or_a_token() {
    let script = run("ordertop", &["completions", "zsh"], &[]).await;
    assert_eq!(script.code, Some(0));
    assert!(script.stdout.starts_with("#compdef ordertop"));
    let dir = tempfile::tempdir().unwrap();
    let pages = dir.path().join("man1");
    let made = run("ordertop", &["man", "--dir", pages.to_str().unwrap()], &[]).await;
    assert_eq!((made.code, made.stdout.as_str()), (Some(0), ""), "{made:?}");
    assert!(pages.join("ordertop-watch-order.1").exists());
    let help = run("ordertop", &["--help"], &[]).await.stdout;
    assert!(help.contains("130  interrupted"), "{help}");
}

#[tokio::test]
async fn a_server_of_the_old_kind_is_listed_and_its_orders_are_set() {
    let server = OldServer::start().await;
    server.place("A-1", "Paid");
    let url = server.url();
    let old = async |args: &[&str]| {
        let args = [args, &["--server", &url, "--vendor", "42"]].concat();
        run("ordertop", &args, &ENV).await
    };
    let row = old(&["list", "--json"]).await.objects(0).remove(0);
    assert_eq!(row["order_number"], "A-1");
    let shown = old(&["show", "A-1", "--json"]).await.objects(0).remove(0);
    assert_eq!(shown["history"], Value::Null, "{shown}");
    let row = old(&["set", "A-1", "shipped", "--json"])
        .await
        .objects(0)
        .remove(0);
    assert_eq!(
        (&row["result"], &row["version"]),
        (&json!("changed"), &Value::Null)
    );
    let status = old(&["status", "--json"]).await.objects(0).remove(0);
    assert_eq!(
        (&status["legacy"], &status["ready"]),
        (&json!(true), &json!(true))
    );
    // It is known by its words, too.
    let args = ["status", "--json", "--server", &url, "--vendor", "99"];
    let refused = run("ordertop", &args, &ENV).await.objects(6).remove(0);
    assert_eq!(refused["kind"], "old", "{refused}");
    old(&["note", "A-1", "hello"])
        .await
        .fails(4, "keeps no notes");
    old(&["tail"]).await.fails(4, "keeps no events");
}

#[tokio::test]
async fn tail_says_where_events_are_missing_and_goes_on() {
    let server = TestServer::start_with(&["--keep-events", "2"], &["42"]).await;
    let support = server.support();
    let since = server.vendor("42").position().await;
    for number in ["A-1", "A-2", "A-3", "A-4"] {
        support.place(&paid("42", number)).await;
    }
    let args = [
        "tail", "--vendor", "42", "--json", "--since", &since, "--count", "1",
    ];
    let mut child = begin(&server, &args).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut next = async || {
        let line = within("a line", lines.next_line()).await.unwrap();
        serde_json::from_str::<Value>(&line.expect("it goes on")).unwrap()
    };
    let gap = next().await;
    assert_eq!(
        (&gap["type"], &gap["reason"]),
        (&json!("gap"), &json!("position_expired"))
    );
    assert_eq!(gap["position"], server.vendor("42").position().await);
    support.place(&paid("42", "A-5")).await;
    assert_eq!(next().await["order_number"], "A-5");
    assert_eq!(ended(child).await.code, Some(0));
}
