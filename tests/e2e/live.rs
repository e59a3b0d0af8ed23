//! The live feed: welcome, positions, recovery, long polls.

use ordertop::protocol::Position;
use serde_json::{Value, json};

use crate::support::{Socket, TOKEN, TestServer, paid};

const EVENTS: &str = "/api/orders/vendor/events/";

async fn resume(server: &TestServer, position: &str) -> (Socket, Value) {
    let path = format!("/ws/vendor/42/orders/?position={position}");
    let headers = [("X-Master-Token", TOKEN), ("X-Vendor-ID", "42")];
    let mut socket = Socket::open(server.address(), &path, &headers)
        .await
        .unwrap();
    let welcome = socket.next_of("welcome").await;
    (socket, welcome)
}

/// The socket over every vendor, resumed with `positions`.
async fn resume_all(server: &TestServer, positions: Value) -> (Socket, Value) {
    let headers = [("X-Master-Token", TOKEN)];
    let mut socket = Socket::open(server.address(), "/ws/orders/", &headers)
        .await
        .unwrap();
    socket
        .send(&json!({"type": "resume", "positions": positions}))
        .await;
    let welcome = socket.next_of("welcome").await;
    (socket, welcome)
}

fn position(event: &Value) -> Position {
    serde_json::from_value(event["position"].clone()).unwrap()
}

/// Places an order and ships it: two events, whose positions are answered.
async fn place_and_ship(server: &TestServer, number: &str) -> [String; 2] {
    let placed = server.support().place(&paid("42", number)).await;
    let shipped = server.vendor("42").set(number, "Shipped").await.expect(200);
    [placed, shipped].map(|answer| answer["position"].as_str().unwrap().to_owned())
}

#[tokio::test]
async fn the_welcome_tells_how_to_behave() {
    let server = TestServer::start().await;
    let headers = [("X-Master-Token", TOKEN), ("X-Vendor-ID", "42")];
    let mut socket = Socket::open(server.address(), "/ws/vendor/42/orders/", &headers)
        .await
        .unwrap();
    assert_eq!(socket.headers["Ordertop-Protocol"], "1");
    let welcome = socket.next_of("welcome").await;
    assert_eq!(welcome["protocol"], 1);
    assert_eq!(welcome["vendor_id"], "42");
    assert_eq!(position(&welcome).offset, 0, "{welcome}");
    assert_eq!(welcome["recovered"], false);
    assert_eq!(welcome["reason"], "no_position");
    let ms = |field: &Value| field.as_u64().unwrap();
    assert!(
        ms(&welcome["ping_timeout_ms"]) < ms(&welcome["ping_interval_ms"]),
        "{welcome}"
    );
    assert!(
        ms(&welcome["retry"]["min_ms"]) < ms(&welcome["retry"]["max_ms"]),
        "{welcome}"
    );
    assert!(
        welcome["server_time"].as_str().unwrap().ends_with('Z'),
        "{welcome}"
    );
    // The types that every client reads agree.
    serde_json::from_value::<ordertop::protocol::ServerMessage>(welcome).unwrap();
}

#[tokio::test]
async fn events_name_their_place_and_carry_the_order() {
    let server = TestServer::start().await;
    let mut socket = server.socket("42").await;
    let answers = place_and_ship(&server, "A-1").await;
    let created = socket.next_of("order_created").await;
    let shipped = socket.next_of("order_status_update").await;
    assert_eq!(
        created["position"], answers[0],
        "the answer names its event"
    );
    assert_eq!(shipped["position"], answers[1]);
    let (first, second) = (position(&created), position(&shipped));
    assert_eq!(
        (first.offset, second.offset),
        (1, 2),
        "without a gap, from 1"
    );
    assert_eq!(
        (&created["offset"], &shipped["offset"]),
        (&json!(1), &json!(2))
    );
    assert_eq!(
        shipped["after"],
        first.mark.as_str(),
        "names the one before"
    );
    assert_eq!(
        (&created["version"], &shipped["version"]),
        (&json!(1), &json!(2))
    );
    assert_eq!(shipped["previous_status"], "Paid");
    assert_eq!(shipped["actor"], json!({"kind": "vendor", "id": "42"}));
    assert_eq!(shipped["order"]["status"], "Shipped");
    assert_eq!(shipped["order"]["version"], 2);
    assert_eq!(shipped["order"]["customer_email"], "a*****@example.com");
    for frame in [created, shipped] {
        serde_json::from_value::<ordertop::protocol::ServerMessage>(frame).unwrap();
    }
    socket.is_quiet().await;
}

#[tokio::test]
async fn resuming_replays_exactly_what_was_missed() {
    let server = TestServer::start().await;
    let [first, second] = place_and_ship(&server, "A-1").await;
    let [third, fourth] = place_and_ship(&server, "A-2").await;
    for (from, missed) in [
        (&first, vec![&second, &third, &fourth]),
        (&third, vec![&fourth]),
        (&fourth, vec![]),
    ] {
        let (mut socket, welcome) = resume(&server, from).await;
        assert_eq!(welcome["recovered"], true, "{welcome}");
        assert_eq!(welcome["replayed"], missed.len(), "{welcome}");
        assert_eq!(welcome["position"], *fourth);
        assert_eq!(welcome["reason"], json!(null), "{welcome}");
        for position in missed {
            assert_eq!(socket.next().await["position"], *position);
        }
        socket.is_quiet().await;
    }
}

#[tokio::test]
async fn what_happens_after_the_replay_follows_it() {
    let server = TestServer::start().await;
    let [first, second] = place_and_ship(&server, "A-1").await;
    let (mut socket, _) = resume(&server, &first).await;
    let [third, _] = place_and_ship(&server, "A-2").await;
    assert_eq!(socket.next().await["position"], *second);
    assert_eq!(socket.next().await["position"], *third);
}

#[tokio::test]
async fn a_position_of_another_history_is_refused_whole() {
    let server = TestServer::start().await;
    let [_, last] = place_and_ship(&server, "A-1").await;
    for foreign in ["0:0ff0ff", "1:0ff0ff", "2:0ff0ff", "999:0ff0ff"] {
        let (mut socket, welcome) = resume(&server, foreign).await;
        assert_eq!(welcome["recovered"], false, "{foreign}: {welcome}");
        assert_eq!(
            welcome["reason"], "position_unknown",
            "{foreign}: {welcome}"
        );
        assert_eq!(welcome["position"], last, "{foreign}: {welcome}");
        socket.is_quiet().await;
    }
    // What is new flows all the same.
    let (mut socket, _) = resume(&server, "999:0ff0ff").await;
    let [third, _] = place_and_ship(&server, "A-2").await;
    assert_eq!(socket.next_of("order_created").await["position"], third);
}

#[tokio::test]
async fn events_since_a_position_are_those_of_the_socket() {
    let server = TestServer::start().await;
    let vendor = server.vendor("42");
    let birth = vendor.position().await;
    let mut socket = server.socket("42").await;
    let [first, second] = place_and_ship(&server, "A-1").await;
    let frames = json!([socket.next().await, socket.next().await]);

    for path in [EVENTS, EVENTS.trim_end_matches('/')] {
        let all = vendor
            .get(&format!("{path}?since={birth}"))
            .await
            .expect(200);
        assert_eq!(all["position"], second);
        assert_eq!(all["events"], frames);
    }
    let rest = vendor
        .get(&format!("{EVENTS}?since={first}"))
        .await
        .expect(200);
    assert_eq!(rest["events"], json!([frames[1]]));
    let none = vendor
        .get(&format!("{EVENTS}?since={second}"))
        .await
        .expect(200);
    assert_eq!(none, json!({"position": second, "events": []}));
}

#[tokio::test]
async fn an_unknown_position_is_gone_and_a_malformed_one_is_bad() {
    let server = TestServer::start().await;
    place_and_ship(&server, "A-1").await;
    let vendor = server.vendor("42");
    for position in ["0:0ff0ff", "2:0ff0ff", "999:0ff0ff"] {
        let answer = vendor.get(&format!("{EVENTS}?since={position}")).await;
        answer.refused(410, "position_unknown");
    }
    for query in [
        "?since=2",
        "?since=two:aa",
        "?since=-1:aa",
        "?since=0:aa&wait=31",
        "?since=0:aa&wait=long",
    ] {
        let answer = vendor.get(&format!("{EVENTS}{query}")).await;
        assert_eq!(answer.status, 400, "{query}: {answer:?}");
    }
}

#[tokio::test]
async fn whoever_names_no_position_is_told_where_to_begin() {
    let server = TestServer::start().await;
    let [_, last] = place_and_ship(&server, "A-1").await;
    let page = server.vendor("42").get(EVENTS).await.expect(200);
    assert_eq!(page, json!({"position": last, "events": []}));
}

#[tokio::test]
async fn a_waiting_call_wakes_when_something_happens() {
    let server = TestServer::start().await;
    let vendor = server.vendor("42");
    let birth = vendor.position().await;
    let path = format!("{EVENTS}?since={birth}&wait=25");
    // The answer comes long before the 25 s, or the order was placed first;
    // either way it holds the event.
    let placing = async { server.support().place(&paid("42", "A-1")).await };
    let started = std::time::Instant::now();
    let (answer, placed) = tokio::join!(vendor.get(&path), placing);
    let page = answer.expect(200);
    assert!(started.elapsed().as_secs() < 20, "it waited to the end");
    assert_eq!(page["position"], placed["position"]);
    assert_eq!(page["events"][0]["type"], "order_created");

    let short = format!(
        "{EVENTS}?since={}&wait=1",
        placed["position"].as_str().unwrap()
    );
    let nothing = vendor.get(&short).await.expect(200);
    assert_eq!(
        nothing,
        json!({"position": placed["position"], "events": []})
    );
}

#[tokio::test]
async fn one_socket_follows_every_vendor() {
    let server = TestServer::start_with(&[], &["42", "43"]).await;
    let [first, second] = place_and_ship(&server, "A-1").await;
    let unknown = json!({"42": first, "43": "7:0ff0ff", "99": "1:aa"});
    let (mut socket, welcome) = resume_all(&server, unknown).await;
    assert_eq!(welcome["protocol"], 1);
    let vendors = &welcome["vendors"];
    assert_eq!(vendors["42"]["recovered"], true, "{welcome}");
    assert_eq!(vendors["42"]["replayed"], 1, "{welcome}");
    assert_eq!(vendors["42"]["position"], second);
    assert_eq!(vendors["43"]["recovered"], false, "{welcome}");
    assert_eq!(vendors["43"]["reason"], "position_unknown");
    assert_eq!(vendors["99"], json!(null), "no such vendor");
    assert_eq!(socket.next().await["position"], second);

    server.support().place(&paid("43", "B-1")).await;
    let created = socket.next_of("order_created").await;
    assert_eq!(created["vendor_id"], "43");
    assert_eq!(
        created["order"]["customer_email"], "ana@example.com",
        "support sees all"
    );

    let acme = json!({"id": "44", "name": "Acme"});
    server
        .support()
        .post("/api/vendors/", &acme)
        .await
        .expect(201);
    let added = socket.next_of("vendor_added").await;
    assert_eq!(
        (&added["vendor_id"], &added["name"]),
        (&json!("44"), &json!("Acme"))
    );
    assert_eq!(position(&added).offset, 0);
    server.support().place(&paid("44", "C-1")).await;
    assert_eq!(
        socket.next_of("order_created").await["after"],
        position(&added).mark.as_str()
    );
}

#[tokio::test]
async fn a_socket_that_says_nothing_is_welcomed_as_new() {
    let server = TestServer::start().await;
    let headers = [("X-Master-Token", TOKEN)];
    let mut socket = Socket::open(server.address(), "/ws/orders", &headers)
        .await
        .unwrap();
    let welcome = socket.next_of("welcome").await;
    assert_eq!(
        welcome["vendors"]["42"]["reason"], "no_position",
        "{welcome}"
    );
}

#[tokio::test]
async fn a_malformed_resume_is_closed_for_good() {
    let server = TestServer::start().await;
    let headers = [("X-Master-Token", TOKEN)];
    let mut socket = Socket::open(server.address(), "/ws/orders/", &headers)
        .await
        .unwrap();
    socket
        .send(&json!({"type": "resume", "positions": {"42": "second"}}))
        .await;
    assert_eq!(socket.closed(|frame| panic!("{frame}")).await, Some(4504));
}

#[tokio::test]
async fn events_of_all_vendors_come_by_one_call() {
    let server = TestServer::start_with(&[], &["42", "43"]).await;
    let [first, second] = place_and_ship(&server, "A-1").await;
    let body = json!({"positions": {"42": first, "43": "7:0ff0ff"}});
    for path in ["/api/orders/events/", "/api/orders/events"] {
        let answer = server.support().post(path, &body).await.expect(200);
        let vendors = &answer["vendors"];
        assert_eq!(vendors["42"]["position"], second, "{answer}");
        assert_eq!(vendors["42"]["recovered"], true, "{answer}");
        assert_eq!(vendors["42"]["events"].as_array().unwrap().len(), 1);
        assert_eq!(vendors["43"]["recovered"], false, "{answer}");
        assert_eq!(vendors["43"]["reason"], "position_unknown", "{answer}");
        assert_eq!(vendors["43"]["events"], json!([]));
    }
}

#[tokio::test]
async fn every_follower_gets_each_event_once_and_in_order() {
    const ORDERS: usize = 8;
    const STEPS: usize = 20;
    let server = TestServer::start().await;
    let mut sockets = [server.socket("42").await, server.socket("42").await];
    let vendor = server.vendor("42");
    let publishing = (0..ORDERS).map(|n| {
        let (support, vendor) = (server.support(), vendor.clone());
        async move {
            let number = format!("A-{n}");
            support.place(&paid("42", &number)).await;
            // To and fro: a vendor may undo an own step.
            for status in ["Shipped", "Paid"].into_iter().cycle().take(STEPS) {
                let done = match status {
                    "Paid" => vendor.undo(&number).await,
                    _ => vendor.set(&number, status).await,
                };
                let body = done.expect(200);
                assert_eq!(body["changed"], true, "{body}");
            }
        }
    });
    let publishing = futures_util::future::join_all(publishing);
    let [one, two] = &mut sockets;
    let expected = ORDERS * (1 + STEPS);
    let (_, first, second) = tokio::join!(publishing, follow(one, expected), follow(two, expected));
    assert_eq!(first, second, "both saw the same");
    for socket in &mut sockets {
        socket.is_quiet().await;
    }
}

/// Reads `count` events, each of which must follow the one before; answers
/// their positions.
async fn follow(socket: &mut Socket, count: usize) -> Vec<Position> {
    let mut seen: Vec<Position> = Vec::new();
    while seen.len() < count {
        let event = socket.next().await;
        let here = position(&event);
        assert_eq!(here.offset, seen.len() as u64 + 1, "{event}");
        if let Some(last) = seen.last() {
            assert_eq!(event["after"], last.mark.as_str(), "{event}");
        }
        seen.push(here);
    }
    seen
}
