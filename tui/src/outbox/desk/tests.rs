use std::sync::atomic::{AtomicUsize, Ordering};

use ordertop::client::{ClientConfig, Credentials};
use ordertop::clock::SystemClock;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::*;
use crate::model::fixture::{noted, step_of, vendor, waiting};

/// A server that takes changes and counts them; of the rest it knows nothing.
struct Server {
    url: ordertop::client::Url,
    changes: Arc<AtomicUsize>,
    /// From that change on it fails.
    fails_from: Arc<AtomicUsize>,
}

impl Server {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let changes = Arc::new(AtomicUsize::new(0));
        let fails_from = Arc::new(AtomicUsize::new(usize::MAX));
        let (counted, fails) = (changes.clone(), fails_from.clone());
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(answer(stream, counted.clone(), fails.clone()));
            }
        });
        Self {
            url: url.parse().unwrap(),
            changes,
            fails_from,
        }
    }
}

/// Answers one request; the connection ends with it.
async fn answer(mut stream: TcpStream, changes: Arc<AtomicUsize>, fails_from: Arc<AtomicUsize>) {
    let mut asked = Vec::new();
    // A head and a body of JSON; who only reads sends no body.
    let whole = |asked: &[u8]| match asked.starts_with(b"GET") {
        true => asked.ends_with(b"\r\n\r\n"),
        false => asked.ends_with(b"}"),
    };
    while !whole(&asked) {
        if !matches!(stream.read_buf(&mut asked).await, Ok(1..)) {
            return;
        }
    }
    let (status, body) = match asked.starts_with(b"POST") {
        true if changes.fetch_add(1, Ordering::SeqCst) < fails_from.load(Ordering::SeqCst) => (
            "200 OK",
            r#"{"status":"ok","new_status":"Shipped","changed":true,"results":[]}"#,
        ),
        true => ("500 Internal Server Error", "{}"),
        false => ("503 Service Unavailable", "{}"),
    };
    let length = body.len();
    let answer = format!(
        "HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}"
    );
    let _ = stream.write_all(answer.as_bytes()).await;
}

/// A desk at work; whoever drops it ends its client.
struct Office {
    desk: Desk,
    store: Store,
    answers: mpsc::Receiver<Event>,
    _client: mpsc::Receiver<ordertop::client::ClientEvent>,
    _folder: TempDir,
}

fn office(server: &Server) -> Office {
    let folder = tempfile::tempdir().unwrap();
    let credentials = Credentials {
        master_token: "secret".to_owned(),
    };
    let config = ClientConfig::new(server.url.clone(), Some(vendor()), credentials);
    let (client, events) = Client::start(config).unwrap();
    let store = Store::new(folder.path().join("outbox"), &server.url, Some(&vendor()));
    let (told, answers) = mpsc::channel(64);
    // It looks at no file by itself: nobody does what it would tell of.
    let desk = Desk {
        store: Some(store.clone()),
        client: Arc::new(client),
        clock: Arc::new(SystemClock),
        beat: Beat::begin(),
        answers: told,
        line: Arc::default(),
        sending: Arc::default(),
        open: Arc::default(),
    };
    Office {
        desk,
        store,
        answers,
        _client: events,
        _folder: folder,
    }
}

#[tokio::test]
async fn a_change_is_deleted_or_sent_and_never_both() {
    let server = Server::start().await;
    let mut office = office(&server);
    for deleted_first in [true, false] {
        let entry = waiting("A-1", 1);
        office.store.queue(&entry).unwrap();
        let before = server.changes.load(Ordering::SeqCst);
        let drop_kept = office.desk.clone().drop_kept(entry.id.clone());
        let send = office.desk.clone().send(entry.clone(), 7);
        match deleted_first {
            true => drop(tokio::join!(drop_kept, send)),
            false => drop(tokio::join!(send, drop_kept)),
        }
        let (mut sent, mut dropped) = (None, None);
        while sent.is_none() || dropped.is_none() {
            match office.answers.recv().await.unwrap() {
                Event::KeptSent { sent: how, .. } => sent = Some(how),
                Event::KeptDropped { result, .. } => dropped = Some(result),
                other => panic!("{other:?}"),
            }
        }
        let made = server.changes.load(Ordering::SeqCst) - before;
        match deleted_first {
            true => {
                assert!(matches!(sent, Some(Sent::Gone)), "{sent:?}");
                assert_eq!((dropped, made), (Some(Ok(())), 0));
            }
            false => {
                assert!(matches!(sent, Some(Sent::Answered { .. })), "{sent:?}");
                let refused = Some(Err(strings::BEING_SENT.to_owned()));
                assert_eq!((dropped, made), (refused, 1));
            }
        }
        assert_eq!(office.store.read().unwrap().waiting, []);
    }
}

#[tokio::test]
async fn while_another_program_sends_nothing_is_deleted() {
    let server = Server::start().await;
    let mut office = office(&server);
    let entry = waiting("A-1", 1);
    office.store.queue(&entry).unwrap();
    let turn = office.store.turn().unwrap();
    office.desk.clone().drop_kept(entry.id.clone()).await;
    let Some(Event::KeptDropped { result, .. }) = office.answers.recv().await else {
        panic!("it is answered");
    };
    assert_eq!(result, Err(strings::ANOTHER_SENDS.to_owned()));
    assert_eq!(office.store.read().unwrap().waiting.len(), 1);
    drop(turn);
    office.desk.clone().drop_kept(entry.id).await;
    assert_eq!(office.store.read().unwrap().waiting, []);
}

fn rows(count: usize) -> Vec<ordertop::protocol::rest::BulkRow> {
    let row = |i: usize| ordertop::protocol::rest::BulkRow {
        order_number: format!("A-{i}"),
        vendor_id: Some(vendor().to_string()),
        change: step_of(&mut waiting("A", 4)).clone(),
    };
    (0..count).map(row).collect()
}

#[tokio::test]
async fn rows_without_an_answer_and_those_after_them_are_kept() {
    let server = Server::start().await;
    server.fails_from.store(1, Ordering::SeqCst);
    let mut office = office(&server);
    let left = office.desk.clone().change_many(3, rows(500)).await;
    assert_eq!((left, office.desk.unanswered()), (None, 0));
    let answers = [
        office.answers.recv().await.unwrap(),
        office.answers.recv().await.unwrap(),
    ];
    let [
        Event::BulkAnswer { count: 200, .. },
        Event::ManyKept {
            first: 200,
            unanswered: Some((200, _)),
            result: Ok(kept),
            ..
        },
    ] = &answers
    else {
        panic!("{answers:?}");
    };
    let known = |entry: &Entry| (entry.number.to_string(), entry.sent);
    assert_eq!(known(&kept[0]), ("A-200".into(), true));
    assert_eq!(known(&kept[199]), ("A-399".into(), true));
    assert_eq!(
        known(&kept[299]),
        ("A-499".into(), false),
        "it was not sent"
    );
    let ids: std::collections::HashSet<_> = kept.iter().map(|entry| &entry.id).collect();
    assert_eq!(ids.len(), 300, "each has a key of its own");
    assert_eq!(&office.store.read().unwrap().waiting, kept);
}

#[tokio::test]
async fn a_row_that_may_be_done_and_has_no_version_is_not_kept() {
    let server = Server::start().await;
    server.fails_from.store(0, Ordering::SeqCst);
    let mut office = office(&server);
    let mut rows = rows(2);
    rows[0].change.expected_version = None;
    office.desk.clone().change_many(3, rows).await;
    let Some(Event::ManyKept { result, .. }) = office.answers.recv().await else {
        panic!("it is kept");
    };
    assert_eq!(result.unwrap().len(), 1);
}

#[tokio::test]
async fn what_is_left_of_an_action_is_kept_when_the_program_ends_meanwhile() {
    let server = Server::start().await;
    let office = office(&server);
    let entries = office.desk.entries(&rows(3));
    office.desk.open().insert(1, entries);
    office.desk.on_their_way(1, 2);
    office.desk.answered(1, 1);
    assert_eq!(office.desk.keep_unanswered().await, 0);
    let waiting = office.store.read().unwrap().waiting;
    let sent: Vec<_> = waiting.iter().map(|entry| entry.sent).collect();
    assert_eq!(sent, [true, false]);
}

#[tokio::test]
async fn a_note_without_an_answer_is_kept_under_the_key_that_it_was_sent_with() {
    let server = Server::start().await;
    server.fails_from.store(0, Ordering::SeqCst);
    let mut office = office(&server);
    let key = noted("A-1").key();
    let note = ordertop::protocol::rest::NewNote {
        text: "call first".into(),
        visibility: None,
    };
    let left = office
        .desk
        .clone()
        .add_note(key.clone(), 1, note.clone())
        .await;
    assert_eq!((left, office.desk.unanswered()), (None, 0));
    office.desk.clone().keep_note(key, note.clone()).await;
    let kept = office.store.read().unwrap().waiting;
    let sent: Vec<_> = kept.iter().map(|entry| entry.sent).collect();
    assert_eq!(sent, [true, false]);
    assert!(
        kept.iter()
            .all(|entry| entry.work == Work::Note { note: note.clone() })
    );
    for entry in &kept {
        let Some(Event::NoteKept { result, .. }) = office.answers.recv().await else {
            panic!("it is told");
        };
        assert_eq!(*result.unwrap(), *entry);
    }
}
