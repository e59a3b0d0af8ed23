use std::thread;

use tempfile::TempDir;

use super::*;
use crate::model::fixture::{at as second, vendor, waiting};

fn store(dir: &TempDir) -> Store {
    let server = "http://user:secret@127.0.0.1:8080/?q".parse().unwrap();
    Store::new(dir.path().join("outbox"), &server, Some(&vendor()))
}

fn numbers(store: &Store) -> Vec<String> {
    let waiting = store.read().unwrap().waiting;
    waiting.iter().map(|e| e.number.to_string()).collect()
}

fn settle(store: &Store, entry: &Entry) -> bool {
    store.settle(&entry.id, Outcome::Done, second(130)).unwrap()
}

#[test]
fn a_change_waits_until_it_is_settled() {
    let dir = tempfile::tempdir().unwrap();
    let store = store(&dir);
    assert_eq!(store.read().unwrap(), Contents::default());
    assert_eq!(store.stamp(), None);
    let (a, b) = (waiting("A-1", 1), waiting("陳-2", 7));
    store.queue(&a).unwrap();
    let stamp = store.stamp();
    store.queue(&b).unwrap();
    store.queue(&a).unwrap();
    assert_ne!(store.stamp(), stamp);
    assert_eq!(store.read().unwrap().waiting, [a.clone(), b.clone()]);
    assert!(settle(&store, &a) && !settle(&store, &a));
    assert_eq!(numbers(&store), ["陳-2"]);
    assert!(settle(&store, &b));
    let left = fs::read_to_string(store.path()).unwrap();
    assert_eq!(left.lines().count(), 1, "only whose it is: {left}");
    assert!(!left.contains("secret") && !left.contains("user"), "{left}");
    store.queue(&b).unwrap();
    assert_eq!(numbers(&store), ["陳-2"]);
}

#[test]
fn cut_at_any_byte_it_holds_what_was_acknowledged_before_it() {
    let dir = tempfile::tempdir().unwrap();
    let store = store(&dir);
    let [a, b, c] = ["A", "B", "C"].map(|number| waiting(number, 1));
    // What waits from which length on.
    let mut acknowledged = vec![(0, numbers(&store))];
    let mut note = || {
        let bytes = fs::metadata(store.path()).unwrap().len();
        acknowledged.push((bytes, numbers(&store)));
    };
    store.queue(&a).unwrap();
    note();
    store.queue(&b).unwrap();
    note();
    settle(&store, &a);
    note();
    store.queue(&c).unwrap();
    note();
    let whole = fs::read(store.path()).unwrap();
    for cut in 0..=whole.len() {
        fs::write(store.path(), &whole[..cut]).unwrap();
        let so_far = acknowledged.iter().rev();
        let mut so_far = so_far.skip_while(|(bytes, _)| *bytes > cut as u64);
        let mut expected = so_far.next().unwrap().1.clone();
        assert_eq!(numbers(&store), expected, "cut at {cut}");
        // The next writer goes on as if the torn end had never been.
        store.queue(&waiting("D", 1)).unwrap();
        expected.push("D".into());
        assert_eq!(numbers(&store), expected, "cut at {cut}");
        assert_eq!(store.read().unwrap().damaged, 0, "cut at {cut}");
    }
}

#[test]
fn a_kill_while_the_file_is_replaced_loses_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let store = store(&dir);
    store.queue(&waiting("A", 1)).unwrap();
    // The half of a new file that was never put in place.
    fs::write(store.dir.join(".tmpAb12Cd"), b"5d1c0a7f4b2e9938 {\"out").unwrap();
    assert_eq!(numbers(&store), ["A"]);
    assert!(settle(&store, &waiting("A", 1)));
    assert_eq!(numbers(&store), [""; 0]);
}

#[test]
fn a_damaged_line_costs_nothing_but_itself() {
    let dir = tempfile::tempdir().unwrap();
    let store = store(&dir);
    let [a, b, c] = ["A", "B", "C"].map(|number| waiting(number, 1));
    for entry in [&a, &b, &c] {
        store.queue(entry).unwrap();
    }
    settle(&store, &a);
    let damage = |line: usize| {
        let mut lines: Vec<String> = (fs::read_to_string(store.path()).unwrap().lines())
            .map(ToOwned::to_owned)
            .collect();
        lines[line] = lines[line].replace("\"", "'");
        fs::write(store.path(), lines.join("\n") + "\n").unwrap();
    };
    damage(2);
    assert_eq!(numbers(&store), ["C"]);
    assert_eq!(store.read().unwrap().damaged, 1);
    damage(4);
    assert_eq!(numbers(&store), ["A", "C"], "sent again rather than lost");
    settle(&store, &a);
    settle(&store, &c);
    assert_eq!(store.read().unwrap().damaged, 0);
    let aside = fs::read_to_string(store.file("damaged")).unwrap();
    assert!(aside.contains("'number':'B'"), "it is kept aside: {aside}");
    // Another day's damage takes no other's place.
    store.queue(&waiting("D", 1)).unwrap();
    store.queue(&waiting("E", 1)).unwrap();
    damage(1);
    settle(&store, &waiting("E", 1));
    assert_eq!(fs::read_to_string(store.file("damaged")).unwrap(), aside);
    let next = fs::read_to_string(store.file("damaged-2")).unwrap();
    assert!(next.contains("'number':'D'"), "{next}");
}

#[test]
fn that_a_change_was_sent_is_written_down_once_and_read_by_all() {
    let dir = tempfile::tempdir().unwrap();
    let store = store(&dir);
    let [a, b] = ["A", "B"].map(|number| waiting(number, 1));
    for entry in [&a, &b] {
        store.queue(entry).unwrap();
    }
    store.mark_sent(&a).unwrap();
    let sent = |store: &Store| -> Vec<bool> {
        let waiting = store.read().unwrap().waiting;
        waiting.iter().map(|entry| entry.sent).collect()
    };
    assert_eq!(sent(&store), [true, false], "in its old place");
    let stamp = store.stamp();
    store.mark_sent(&a).unwrap();
    store.mark_sent(&waiting("C", 1)).unwrap();
    assert_eq!(store.stamp(), stamp);
    assert!(settle(&store, &a));
    assert_eq!(numbers(&store), ["B"]);
}

#[test]
fn two_programs_that_write_at_once_lose_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let writer = |name: char| {
        let store = store(&dir);
        move || {
            for i in 0..12 {
                let entry = waiting(&format!("{name}{i}"), 1);
                store.queue(&entry).unwrap();
                if i % 3 == 0 {
                    assert!(settle(&store, &entry));
                }
            }
        }
    };
    thread::scope(|scope| {
        scope.spawn(writer('a'));
        scope.spawn(writer('b'));
    });
    let read = store(&dir).read().unwrap();
    assert_eq!((read.waiting.len(), read.damaged), (16, 0));
}

#[test]
fn what_another_program_wrote_is_read_though_the_file_was_read_before() {
    let dir = tempfile::tempdir().unwrap();
    let (one, other) = (store(&dir), store(&dir));
    let [a, b] = ["A", "B"].map(|number| waiting(number, 1));
    one.queue(&a).unwrap();
    assert!(other.waits(&a.id).unwrap());
    other.queue(&b).unwrap();
    assert_eq!(numbers(&one), ["A", "B"]);
    assert!(settle(&one, &a) && settle(&one, &b));
    assert!(!other.waits(&b.id).unwrap());
    assert!(!settle(&other, &b));
}

#[test]
fn one_program_sends_at_a_time() {
    let dir = tempfile::tempdir().unwrap();
    let (one, other) = (store(&dir), store(&dir));
    let turn = one.turn().unwrap();
    assert!(turn.is_some() && other.turn().unwrap().is_none());
    other.queue(&waiting("A", 1)).unwrap();
    drop(turn);
    assert!(other.turn().unwrap().is_some());
}

#[test]
fn a_writer_that_does_not_end_is_not_waited_for_long() {
    let dir = tempfile::tempdir().unwrap();
    let store = store(&dir);
    let _held = store.lock().unwrap();
    let refused = store.queue(&waiting("A", 1)).unwrap_err();
    assert!(matches!(refused, OutboxError::Busy { .. }), "{refused}");
    assert_eq!(numbers(&store), [""; 0]);
}

#[test]
fn a_full_outbox_refuses_and_says_so() {
    let dir = tempfile::tempdir().unwrap();
    let store = store(&dir);
    files::make_folder(&store.path()).unwrap();
    let entries = (0..MAX_WAITING).map(|i| waiting(&i.to_string(), 1));
    let full = Contents {
        waiting: entries.collect(),
        ..Contents::default()
    };
    store.rewrite(&full).unwrap();
    let refused = store.queue(&waiting("A", 1)).unwrap_err();
    assert_eq!(refused.to_string(), "the outbox is full: 1000 changes wait");
    assert!(settle(&store, &waiting("7", 1)));
    store.queue(&waiting("A", 1)).unwrap();
    assert_eq!(store.read().unwrap().waiting.len(), MAX_WAITING);
}

#[test]
fn of_many_changes_those_that_find_room_are_kept_in_their_order_at_once() {
    let dir = tempfile::tempdir().unwrap();
    let store = store(&dir);
    let many: Vec<Entry> = (0..MAX_WAITING + 5)
        .map(|i| waiting(&i.to_string(), 1))
        .collect();
    assert_eq!(store.queue_all(&many[..3]).unwrap(), 3);
    assert_eq!(store.queue_all(&many).unwrap(), MAX_WAITING);
    assert_eq!(store.read().unwrap().waiting, many[..MAX_WAITING]);
    assert_eq!(store.queue_all(&many[MAX_WAITING..]).unwrap(), 0);
    assert_eq!(store.queue_all(&[]).unwrap(), 0);
}

#[test]
fn what_another_wrote_is_left_as_it_is() {
    let dir = tempfile::tempdir().unwrap();
    let store = store(&dir);
    store.queue(&waiting("A", 1)).unwrap();
    let mut newer = fs::read(store.path()).unwrap();
    let json = r#"{"postponed":{"id":"key-A-1"}}"#;
    newer.extend(format!("{:016x} {json}\n", digest::of(json.as_bytes())).into_bytes());
    fs::write(store.path(), &newer).unwrap();
    let refused = store.queue(&waiting("B", 1)).unwrap_err();
    assert!(matches!(refused, OutboxError::Newer { .. }), "{refused}");
    assert_eq!(fs::read(store.path()).unwrap(), newer);

    let mut other = store.clone();
    other.owner.vendor = Some("43".into());
    fs::write(
        store.path(),
        other.line(&Record::Outbox(other.owner.clone())).unwrap(),
    )
    .unwrap();
    let refused = store.read().unwrap_err();
    assert!(matches!(refused, OutboxError::Foreign { .. }), "{refused}");
}

#[test]
fn servers_and_vendors_have_files_of_their_own() {
    let path = |server: &str, vendor: Option<&str>| {
        let vendor = vendor.map(|id| id.parse().unwrap());
        Store::new("/x".into(), &server.parse().unwrap(), vendor.as_ref()).path()
    };
    let own = path("http://h:1/shop", Some("42"));
    assert_eq!(own, path("http://h:1/shop/", Some("42")));
    assert_eq!(own, path("http://me:pw@h:1/shop?x=1#y", Some("42")));
    for (server, vendor) in [
        ("https://h:1/shop", Some("42")),
        ("http://h:2/shop", Some("42")),
        ("http://h:1/", Some("42")),
        ("http://h:1/shop", Some("43")),
        ("http://h:1/shop", None),
    ] {
        assert_ne!(own, path(server, vendor), "{server} {vendor:?}");
    }
}

#[test]
fn a_disk_that_refuses_is_named() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("outbox"), "a file").unwrap();
    let refused = store(&dir).queue(&waiting("A", 1)).unwrap_err();
    assert!(refused.to_string().contains("outbox: "), "{refused}");
}

#[cfg(unix)]
#[test]
fn nobody_else_may_read_it() {
    use std::os::unix::fs::PermissionsExt;
    let dir = tempfile::tempdir().unwrap();
    let store = store(&dir);
    store.queue(&waiting("A", 1)).unwrap();
    settle(&store, &waiting("A", 1));
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&store.path()), 0o600);
    assert_eq!(mode(&store.dir), 0o700);
}
