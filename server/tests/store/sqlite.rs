//! The story of SQLite, and what a file is beside a store.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use jiff::SignedDuration;
use ordertop::clock::ManualClock;
use ordertop::order::placement::Placement;
use ordertop::order::{Actor, ActorKind, Visibility};
use ordertop::protocol::message::Unrecovered;
use ordertop::protocol::rest::{ImportBatch, Outcome};
use ordertop_server::store::lock::{self, Locked, Owner};
use ordertop_server::store::sqlite::SqliteStore;
use ordertop_server::store::{
    ChangeOutcome, ListQuery, News, ONCE_FOR, Replay, Retention, Store, StoreError, StoreOptions,
};
use ordertop_server::{decision, merge};
use tokio::sync::mpsc;

use crate::imports::imports;
use crate::once::{placing, remembered_is_small, remembered_longer_than_replayed, say_once};
use crate::story::{assert_fed, at, key, place, ship, story, vendor};

/// The usual options by this clock.
fn by(clock: &ManualClock) -> StoreOptions {
    StoreOptions {
        clock: Arc::new(clock.clone()),
        ..StoreOptions::default()
    }
}

async fn open(path: &Path) -> (SqliteStore, mpsc::Receiver<Vec<News>>) {
    let (feed, fed) = mpsc::channel(1_024);
    (
        SqliteStore::open(path, &by(&ManualClock::new(at(100))), Some(feed))
            .await
            .unwrap(),
        fed,
    )
}

#[tokio::test]
async fn the_story_of_a_store_holds_for_sqlite() {
    let folder = tempfile::tempdir().unwrap();
    let (store, fed) = open(&folder.path().join("orders.db")).await;
    story(&store).await;
    store.close().await.unwrap();
    assert_fed(fed).await;
}

#[tokio::test]
async fn bodies_of_shops_are_merged_alike_on_sqlite() {
    let folder = tempfile::tempdir().unwrap();
    let (store, _fed) = open(&folder.path().join("orders.db")).await;
    imports(&store).await;
}

#[tokio::test]
async fn what_was_answered_is_there_after_opening_again() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("orders.db");
    let (store, _fed) = open(&path).await;
    store.add_vendor(vendor("42"), "Acme".into()).await.unwrap();
    place(&store, "42", "A-1", 1).await;
    let position = ship(&store, "42", "A-1", None).await.position.unwrap();
    store.close().await.unwrap();

    let (store, _fed) = open(&path).await;
    let acme = store.vendor(&vendor("42")).await.unwrap().unwrap();
    assert_eq!((acme.name.as_str(), acme.position), ("Acme", position));
    let next = place(&store, "42", "A-2", 2).await.position.unwrap();
    assert_eq!(next.offset, 3);
}

#[tokio::test]
async fn events_are_replayed_as_far_as_they_are_kept() {
    let folder = tempfile::tempdir().unwrap();
    let clock = ManualClock::new(at(0));
    let options = StoreOptions {
        retention: Retention {
            events: 3,
            age: Duration::from_secs(3_600),
        },
        ..by(&clock)
    };
    let store = SqliteStore::open(&folder.path().join("orders.db"), &options, None)
        .await
        .unwrap();
    let id = vendor("brief");
    let added = store.add_vendor(id.clone(), "Brief".into()).await;
    let mut positions = vec![added.unwrap().0.position];
    for n in 1..=4_u32 {
        let placed = place(&store, "brief", &format!("M-{n}"), i64::from(n) * 600).await;
        positions.push(placed.position.unwrap());
    }
    let missed = async |since: usize| match store
        .events(&id, &positions[since], None, 10)
        .await
        .unwrap()
    {
        Replay::Events { events, head } => {
            assert_eq!(head, positions[4]);
            Ok(events.len())
        }
        Replay::Unrecovered { reason, .. } => Err(reason),
    };
    let expired = Err(Unrecovered::PositionExpired);

    // By count: the birth is four events behind.
    clock.advance(SignedDuration::from_secs(2_400));
    assert_eq!(missed(0).await, expired);
    assert_eq!(missed(1).await, Ok(3));
    // By age: after 1 the first that was missed is event 2, of second 1,200.
    clock.advance(SignedDuration::from_secs(2_400));
    assert_eq!(missed(1).await, Ok(3));
    clock.advance(SignedDuration::from_secs(1));
    assert_eq!(missed(1).await, expired);
    assert_eq!(missed(2).await, Ok(2));
    // The newest is always a place to go on from.
    clock.advance(SignedDuration::from_hours(24 * 365));
    assert_eq!(missed(3).await, expired);
    assert_eq!(missed(4).await, Ok(0));
    // A clock set back makes nothing older.
    clock.advance(SignedDuration::from_hours(-24 * 365));
    assert_eq!(missed(2).await, Ok(2));
}

/// The revisions of contents that a file holds.
fn revisions(path: &Path) -> Vec<i64> {
    let db = rusqlite::Connection::open(path).unwrap();
    let mut read = db
        .prepare("SELECT revision FROM contents ORDER BY revision")
        .unwrap();
    let rows = read.query_map([], |row| row.get(0)).unwrap();
    rows.map(Result::unwrap).collect()
}

#[tokio::test]
async fn contents_are_kept_while_an_event_that_is_replayed_needs_them() {
    let by_count = Retention {
        events: 10,
        age: Duration::MAX,
    };
    let by_age = Retention {
        events: u64::MAX,
        // Of the notes that are written a minute apart the newest ten.
        age: Duration::from_secs(9 * 60),
    };
    for retention in [by_count, by_age] {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("orders.db");
        let clock = ManualClock::new(at(0));
        let options = StoreOptions {
            retention,
            ..by(&clock)
        };
        let store = SqliteStore::open(&path, &options, None).await.unwrap();
        store.add_vendor(vendor("42"), "Acme".into()).await.unwrap();
        let mut positions = vec![place(&store, "42", "A-1", 0).await.position.unwrap()];
        for n in 1..=90_i64 {
            let request = decision::NoteRequest {
                actor: Actor::new(ActorKind::Vendor, "42"),
                visibility: Visibility::Vendor,
                body: format!("note {n}"),
                request_id: None,
            };
            let note = decision::add_note(request, at(n * 60));
            let noted = store.change(key("42", "A-1"), note, None).await.unwrap();
            positions.push(noted.position.unwrap());
            clock.advance(SignedDuration::from_mins(1));
        }
        // The last step is after the answer; the next command comes after it.
        store.probe().await.unwrap();
        let kept = revisions(&path);
        assert!(kept.len() < 10 + 2 * 32, "{} revisions of 91", kept.len());
        assert_eq!(kept.last(), Some(&91));
        // What is replayed is as it was then.
        let replay = store.events(&vendor("42"), &positions[80], None, 100).await;
        let Replay::Events { events, .. } = replay.unwrap() else {
            panic!("ten events are kept");
        };
        let notes: Vec<usize> = events.iter().map(|e| e.order.content.notes.len()).collect();
        assert_eq!(notes, (81..=90).collect::<Vec<_>>());
        let replay = store.events(&vendor("42"), &positions[0], None, 100).await;
        assert!(matches!(replay.unwrap(), Replay::Unrecovered { .. }));
        // The history is whole.
        let history = store.history(&key("42", "A-1")).await.unwrap();
        assert_eq!(history.len(), 91);
        store.close().await.unwrap();

        // A longer retention brings nothing back, and says so.
        let store = SqliteStore::open(&path, &by(&clock), None).await.unwrap();
        let replay = store.events(&vendor("42"), &positions[0], None, 100).await;
        let Replay::Unrecovered { reason, .. } = replay.unwrap() else {
            panic!("the contents are gone");
        };
        assert_eq!(reason, Unrecovered::PositionExpired);
    }
}

#[tokio::test]
async fn contents_of_before_the_queue_are_found_by_the_migration() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("orders.db");
    let (store, _fed) = open(&path).await;
    store.add_vendor(vendor("42"), "Acme".into()).await.unwrap();
    for second in [30, 20, 10] {
        import(&store, "A", second).await;
    }
    store.close().await.unwrap();
    let db = rusqlite::Connection::open(&path).unwrap();
    let queue = |db: &rusqlite::Connection| -> Vec<(i64, i64)> {
        let mut read = db.prepare("SELECT seq, revision FROM superseded").unwrap();
        let rows = read.query_map([], |row| Ok((row.get(0)?, row.get(1)?)));
        rows.unwrap().map(Result::unwrap).collect()
    };
    let written = queue(&db);
    assert_eq!(written, [(2, 1), (3, 2)]);
    db.execute_batch("DROP TABLE superseded").unwrap();
    db.execute_batch(include_str!("../../migrations/004_superseded.sql"))
        .unwrap();
    assert_eq!(queue(&db), written);
}

#[tokio::test]
async fn an_answer_is_remembered_over_a_restart_and_forgotten_in_time() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("orders.db");
    let clock = ManualClock::new(at(0));
    let options = by(&clock);
    let store = SqliteStore::open(&path, &options, None).await.unwrap();
    store.add_vendor(vendor("42"), "Acme".into()).await.unwrap();
    let first = say_once(&store, "k", "d", placing("42", "A-1")).await;
    let refused = say_once(&store, "r", "d", placing("nobody", "A-1")).await;
    store.close().await.unwrap();

    let store = SqliteStore::open(&path, &options, None).await.unwrap();
    // The order moves on; what was answered stays.
    ship(&store, "42", "A-1", None).await;
    let almost = SignedDuration::try_from(ONCE_FOR).unwrap() - SignedDuration::from_micros(1);
    clock.advance(almost);
    assert_eq!(
        say_once(&store, "k", "d", placing("42", "A-1")).await,
        first
    );
    assert_eq!(
        say_once(&store, "r", "d", placing("nobody", "A-1")).await,
        refused
    );
    assert!(matches!(
        say_once(&store, "k", "e", placing("42", "A-1")).await,
        Err(StoreError::KeyReused)
    ));

    // After its time the key is free for another request.
    clock.advance(SignedDuration::from_micros(1));
    let again = say_once(&store, "k", "e", placing("42", "A-1")).await;
    assert_eq!(again.unwrap()[0].outcome, ChangeOutcome::Kept);
    // What has expired is removed by the way.
    let rows = |path: &Path| {
        let db = rusqlite::Connection::open(path).unwrap();
        let count = db.query_row("SELECT count(*) FROM once", [], |row| row.get::<_, u64>(0));
        count.unwrap()
    };
    assert_eq!(rows(&path), 1);
}

#[tokio::test]
async fn what_is_remembered_is_bounded_by_what_was_done() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("orders.db");
    let (store, _fed) = open(&path).await;
    let size = async |key: &str| {
        let db = rusqlite::Connection::open(&path).unwrap();
        let sql = "SELECT length(answer) FROM once WHERE key = 'vendor 42 ' || ?1";
        db.query_row(sql, [key], |row| row.get(0)).unwrap()
    };
    remembered_is_small(&store, size).await;
}

#[tokio::test]
async fn an_answer_is_given_again_after_its_content_is_no_longer_kept() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("orders.db");
    let (store, _fed) = open(&path).await;
    let forget = async || {
        let db = rusqlite::Connection::open(&path).unwrap();
        let forgotten = db.execute("DELETE FROM contents WHERE revision < 3", []);
        assert_eq!(forgotten.unwrap(), 2);
    };
    remembered_longer_than_replayed(&store, forget).await;
}

#[tokio::test]
async fn an_answer_that_an_earlier_build_remembered_is_given_again() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("orders.db");
    let (store, _fed) = open(&path).await;
    store.add_vendor(vendor("42"), "Acme".into()).await.unwrap();
    let placed = say_once(&store, "k", "d", placing("42", "A-1")).await;
    let position = serde_json::to_string(&placed.as_ref().unwrap()[0].position).unwrap();
    let db = rusqlite::Connection::open(&path).unwrap();
    let copied = format!(r#"[{{"outcome":"written","position":{position},"seq":1}}]"#);
    db.execute("UPDATE once SET answer = ?1", [copied]).unwrap();
    let again = say_once(&store, "k", "d", placing("42", "A-1")).await;
    assert_eq!(again, placed);
}

#[tokio::test]
async fn a_commit_that_failed_is_not_remembered() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("orders.db");
    let (store, _fed) = open(&path).await;
    store.add_vendor(vendor("42"), "Acme".into()).await.unwrap();
    let break_it = |sql: &str| {
        let db = rusqlite::Connection::open(&path).unwrap();
        db.execute_batch(sql).unwrap();
    };
    break_it("CREATE TRIGGER full BEFORE INSERT ON events BEGIN SELECT raise(ABORT, 'full'); END");
    let failed = say_once(&store, "k", "d", placing("42", "A-1")).await;
    assert!(matches!(failed, Err(StoreError::Failed(_))), "{failed:?}");
    break_it("DROP TRIGGER full");
    let done = say_once(&store, "k", "d", placing("42", "A-1")).await;
    assert_eq!(done.unwrap()[0].outcome, ChangeOutcome::Written);
}

#[tokio::test]
async fn an_order_whose_date_is_corrected_moves_in_the_list() {
    let folder = tempfile::tempdir().unwrap();
    let (store, _fed) = open(&folder.path().join("orders.db")).await;
    store.add_vendor(vendor("42"), "Acme".into()).await.unwrap();
    for (number, second) in [("A", 30), ("B", 20), ("C", 10)] {
        import(&store, number, second).await;
    }
    import(&store, "A", 1).await;
    let mut numbers = Vec::new();
    let mut cursor = None;
    loop {
        let query = ListQuery {
            vendor: Some(vendor("42")),
            limit: 1,
            cursor,
            ..ListQuery::default()
        };
        let page = store.list(query).await.unwrap();
        numbers.extend(page.orders.iter().map(|order| order.number.to_string()));
        cursor = page.next;
        if cursor.is_none() {
            break;
        }
    }
    assert_eq!(numbers, ["B", "C", "A"]);
}

async fn import(store: &dyn Store, number: &str, second: i64) {
    let order = Placement {
        vendor_id: Some("42".to_owned()),
        order_number: number.to_owned(),
        currency: "EUR".to_owned(),
        placed_at: Some(at(second)),
        lines: vec![serde_json::from_str(r#"{"sku":"MUG","unit_price":"5"}"#).unwrap()],
        ..Placement::default()
    };
    let batch = ImportBatch {
        from: "orders.json".to_owned(),
        orders: vec![order.check(None, at(100)).unwrap()],
    };
    let clock = ManualClock::new(at(100));
    let rows = merge::commit(store, &batch, None, &clock).await.unwrap();
    assert!(matches!(rows[0].result, Outcome::Placed | Outcome::Changed));
}

#[tokio::test]
async fn one_store_has_one_lock_whatever_it_is_called() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("orders.db");
    let (_store, _fed) = open(&path).await;
    let Locked::Ours(mut held) = lock::lock(&path).await.unwrap() else {
        panic!("nobody else has it");
    };
    let owner = Owner {
        url: "http://127.0.0.1:1".to_owned(),
        token: "t".to_owned(),
        pid: 1,
    };
    held.announce(&owner).unwrap();
    let link = folder.path().join("link.db");
    std::os::unix::fs::symlink(&path, &link).unwrap();
    assert!(matches!(
        lock::lock(&link).await.unwrap(),
        Locked::Theirs(_)
    ));
}

/// What trying to lock the store at `path` is refused with.
async fn lock_refused(path: &Path) -> String {
    lock::lock(path).await.unwrap_err().to_string()
}

#[tokio::test]
async fn a_lock_file_that_is_not_plainly_ours_is_refused() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("orders.db");
    let lock_path = folder.path().join("orders.db.lock");
    let other = folder.path().join("other");
    std::fs::write(&other, "precious").unwrap();

    std::os::unix::fs::symlink(&other, &lock_path).unwrap();
    let said = lock_refused(&path).await;
    assert!(said.contains("it is a link: remove it"), "{said}");
    assert!(lock::owner(&path).is_err());
    std::fs::remove_file(&lock_path).unwrap();

    std::fs::hard_link(&other, &lock_path).unwrap();
    let said = lock_refused(&path).await;
    assert!(said.contains("a hard link"), "{said}");
    std::fs::remove_file(&lock_path).unwrap();
    assert_eq!(std::fs::read_to_string(&other).unwrap(), "precious");

    std::fs::create_dir(&lock_path).unwrap();
    lock_refused(&path).await;
    std::fs::remove_dir(&lock_path).unwrap();

    // One that others may read is made private before it holds a token.
    std::fs::write(&lock_path, "").unwrap();
    std::fs::set_permissions(&lock_path, std::fs::Permissions::from_mode(0o644)).unwrap();
    let Locked::Ours(_held) = lock::lock(&path).await.unwrap() else {
        panic!("nobody else has it");
    };
    let mode = std::fs::metadata(&lock_path).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[tokio::test(start_paused = true)]
async fn a_hard_link_is_the_same_store() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("orders.db");
    let (store, _fed) = open(&path).await;
    store.close().await.unwrap();
    let link = folder.path().join("link.db");
    std::fs::hard_link(&path, &link).unwrap();
    let Locked::Ours(held) = lock::lock(&path).await.unwrap() else {
        panic!("nobody else has it");
    };
    let said = lock_refused(&link).await;
    assert!(said.contains("under another name"), "{said}");
    drop(held);
    assert!(matches!(lock::lock(&link).await.unwrap(), Locked::Ours(_)));
}

#[tokio::test]
async fn a_store_that_is_locked_and_never_written_is_not_left_behind() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("orders.db");
    let held = lock::lock(&path).await.unwrap();
    assert!(path.exists());
    drop(held);
    assert!(!path.exists());
    let held = lock::lock(&path).await.unwrap();
    let (store, _fed) = open(&path).await;
    store.close().await.unwrap();
    drop(held);
    assert!(path.exists());
}

#[tokio::test]
async fn a_store_that_is_not_where_it_was_takes_nothing() {
    let gone: [fn(&Path); 4] = [
        |path| std::fs::remove_file(path).unwrap(),
        |path| std::fs::remove_file(path.with_extension("db-wal")).unwrap(),
        |path| std::fs::rename(path, path.with_extension("away")).unwrap(),
        |path| {
            let copy = path.with_extension("copy");
            std::fs::copy(path, &copy).unwrap();
            std::fs::rename(&copy, path).unwrap();
        },
    ];
    for lose in gone {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("orders.db");
        let (store, _fed) = open(&path).await;
        store.add_vendor(vendor("42"), "Acme".into()).await.unwrap();
        store.probe().await.unwrap();
        lose(&path);
        let refused = store.add_vendor(vendor("43"), "Late".into()).await;
        let Err(StoreError::Failed(why)) = refused else {
            panic!("{refused:?}");
        };
        assert!(why.contains("nothing is written"), "{why}");
        assert!(store.probe().await.is_err());
        // Nor is an order looked for in what took its place, or made there.
        assert!(store.order(&key("42", "A-1")).await.is_err());
    }
}

#[tokio::test]
async fn a_probe_writes_once_a_second_and_not_after_a_commit() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("orders.db");
    let clock = ManualClock::new(at(0));
    let store = SqliteStore::open(&path, &by(&clock), None).await.unwrap();
    let written = || {
        let db = rusqlite::Connection::open(&path).unwrap();
        db.query_row("SELECT n FROM probe", [], |row| row.get::<_, i64>(0))
            .unwrap()
    };
    let probe = async |times: usize| {
        for _ in 0..times {
            store.probe().await.unwrap();
        }
        written()
    };
    assert_eq!(probe(5).await, 1);
    clock.advance(SignedDuration::from_millis(999));
    assert_eq!(probe(5).await, 1);
    clock.advance(SignedDuration::from_millis(1));
    assert_eq!(probe(5).await, 2);
    // A change is a proof too.
    clock.advance(SignedDuration::from_secs(1));
    store.add_vendor(vendor("42"), "Acme".into()).await.unwrap();
    assert_eq!(probe(5).await, 2);
    // A clock that was set back proves nothing.
    clock.advance(SignedDuration::from_secs(-60));
    assert_eq!(probe(1).await, 3);
}

#[tokio::test]
async fn a_history_that_another_process_went_on_with_is_not_forked() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("orders.db");
    let (ours, _fed) = open(&path).await;
    ours.add_vendor(vendor("42"), "Acme".into()).await.unwrap();
    let (theirs, _also_fed) = open(&path).await;
    place(&theirs, "42", "A-1", 1).await;
    let actor = Actor::new(ActorKind::Service, "test");
    let order = Placement {
        vendor_id: Some("42".to_owned()),
        order_number: "A-2".to_owned(),
        currency: "EUR".to_owned(),
        lines: vec![serde_json::from_str(r#"{"sku":"MUG","unit_price":"5"}"#).unwrap()],
        ..Placement::default()
    };
    let intake = order.check(None, at(2)).unwrap();
    let placing = decision::place(intake.clone(), actor, None, at(2));
    assert!(ours.change(intake.key(), placing, None).await.is_err());
    assert!(theirs.order(&key("42", "A-2")).await.unwrap().is_none());
}

#[tokio::test]
async fn a_closed_store_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let (store, _fed) = open(&folder.path().join("orders.db")).await;
    store.close().await.unwrap();
    let late = store.add_vendor(vendor("42"), "Acme".into()).await;
    assert!(matches!(late, Err(StoreError::Closed)));
}

#[tokio::test]
async fn what_is_no_store_is_refused_with_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let open = |path: std::path::PathBuf| async move {
        SqliteStore::open(&path, &StoreOptions::default(), None)
            .await
            .unwrap_err()
            .to_string()
    };
    let said = open(folder.path().to_owned()).await;
    assert!(said.contains("it is a folder"), "{said}");
    let said = open(folder.path().join("missing/orders.db")).await;
    assert!(said.contains("does not exist: make it first"), "{said}");
    let text = folder.path().join("notes.txt");
    std::fs::write(
        &text,
        "these are not orders, but quite some words about them".repeat(100),
    )
    .unwrap();
    let said = open(text.clone()).await;
    assert!(said.contains("it is not an ordertop store"), "{said}");
    let kept = std::fs::read_to_string(&text).unwrap();
    assert!(
        kept.starts_with("these are not orders"),
        "the file is as it was"
    );
}
