//! Steps that wait on disk while nothing answers.

use std::time::Duration;

use super::*;
use crate::model::bulk::Fate;
use crate::model::fixture::{noted, step_of, waiting, waiting_for};
use crate::model::outbox::{Contents, Entry, Sent, Work};
use crate::strings;

fn offline(stage: &mut Stage) {
    stage.link(ConnectionState::Offline {
        since: at(100),
        next_at: at(130),
        reason: "connection refused".into(),
    });
}

fn read(stage: &mut Stage, waiting: Vec<Entry>) -> Vec<Effect> {
    let contents = Contents {
        waiting,
        damaged: 0,
    };
    stage.app.update(Event::Outbox(Ok(contents)))
}

/// A shop without a server, whose outbox is empty.
fn cut_off(size: (u16, u16)) -> Stage {
    let mut stage = Stage::shop(size);
    read(&mut stage, vec![]);
    offline(&mut stage);
    stage
}

fn back(stage: &mut Stage) -> Vec<Effect> {
    let connection = ordertop::client::Connection {
        state: ConnectionState::Live { degraded: false },
        fresh_at: Some(at(119)),
        round_trip: None,
        legacy: false,
    };
    stage.tell(ClientEvent::Connection(connection))
}

fn to_send(effects: &[Effect]) -> Option<(Entry, u64)> {
    let mut all = effects.iter().filter_map(|effect| match effect {
        Effect::SendKept { entry, ticket } => Some(((**entry).clone(), *ticket)),
        _ => None,
    });
    let first = all.next();
    assert!(all.next().is_none(), "one at a time: {effects:?}");
    first
}

/// Confirms the next step of the order under the cursor, and has it written down.
fn keep(stage: &mut Stage) -> Entry {
    stage.keys("s");
    confirm_kept(stage, 1)
}

/// Confirms what is asked about an order that was seen at that version, and has it
/// written down.
fn confirm_kept(stage: &mut Stage, version: u64) -> Entry {
    let effects = stage.press(KeyCode::Enter);
    let [
        Effect::Keep {
            key,
            ticket,
            change,
            ..
        },
    ] = &effects[..]
    else {
        panic!("it is to be kept: {effects:?}");
    };
    let entry = waiting_for(key.number.as_str(), version, change);
    stage.app.update(Event::Kept {
        key: key.clone(),
        ticket: *ticket,
        unanswered: None,
        result: Ok(Box::new(entry.clone())),
    });
    entry
}

fn sent_back(
    stage: &mut Stage,
    (entry, ticket): &(Entry, u64),
    result: Result<StatusChanged, RequestError>,
) -> Vec<Effect> {
    stage.app.update(Event::KeptSent {
        id: entry.id.clone(),
        ticket: *ticket,
        sent: Sent::Answered {
            result: result.map(Box::new),
            unstruck: None,
        },
    })
}

fn unreachable() -> RequestError {
    RequestError::Unreachable {
        server: "127.0.0.1:8080".into(),
        reason: "connection refused".into(),
    }
}

fn toast(stage: &Stage) -> &str {
    stage.app.toast.as_ref().map_or("", |(words, _)| words)
}

fn line_of<'a>(screen: &'a str, number: &str) -> &'a str {
    (screen.lines().find(|line| line.contains(number))).unwrap_or_default()
}

#[test]
fn a_step_made_offline_waits_with_the_version_that_was_seen() {
    let mut stage = cut_off((120, 30));
    let entry = keep(&mut stage);
    assert_eq!((entry.number.as_str(), entry.version()), ("10471", Some(1)));
    assert_eq!(
        toast(&stage),
        "#10471 kept: it is shipped when the server answers"
    );
    let screen = stage.screen();
    let header = screen.lines().next().unwrap();
    assert!(header.trim_end().ends_with("⧗1"), "{header}");
    assert!(
        line_of(&screen, "  10471 ").contains("⧗→Shipped"),
        "{screen}"
    );
    stage.keys("gs");
    assert!(matches!(stage.app.overlay, Overlay::None));
    assert!(
        toast(&stage).contains("waits to be shipped"),
        "{}",
        toast(&stage)
    );
}

#[test]
fn until_it_is_on_disk_nothing_is_called_kept() {
    let mut stage = cut_off((120, 30));
    stage.keys("s");
    let effects = stage.press(KeyCode::Enter);
    assert!(stage.app.outbox().list().is_empty() && toast(&stage).is_empty());
    let Effect::Keep { key, ticket, .. } = &effects[0] else {
        panic!("{effects:?}");
    };
    stage.app.update(Event::Kept {
        key: key.clone(),
        ticket: *ticket,
        unanswered: None,
        result: Err("/x: no space left on device".into()),
    });
    assert_eq!(stage.app.on_its_way(key), None, "it is taken back");
    assert_eq!(
        toast(&stage),
        "#10471 not shipped: offline, and it cannot be kept: /x: no space left on device"
    );
    assert!(!stage.screen().contains('⧗'));
}

#[test]
fn what_waits_is_sent_once_when_the_server_is_back_one_after_the_other() {
    let mut stage = cut_off(SIZE);
    let first = keep(&mut stage);
    stage.keys("gj");
    let second = keep(&mut stage);
    assert_eq!(to_send(&stage.wait(5)), None, "nobody is there");
    let one = to_send(&back(&mut stage)).unwrap();
    assert_eq!(one.0, first);
    assert_eq!(to_send(&stage.wait(5)), None, "its answer is waited for");
    let shipped = changed(&stage, "10471", OrderStatus::Shipped);
    let other = to_send(&sent_back(&mut stage, &one, Ok(done(shipped)))).unwrap();
    assert_eq!(other.0, second);
    assert_eq!(status_of(&stage, "10471"), OrderStatus::Shipped);
    assert!(matches!(
        stage.app.notices.get(0).unwrap().what,
        What::Step { by: None, .. }
    ));
    let shipped = changed(&stage, "10474", OrderStatus::Shipped);
    assert_eq!(
        to_send(&sent_back(&mut stage, &other, Ok(done(shipped)))),
        None
    );
    assert!(stage.app.outbox().list().is_empty());
    assert_eq!(to_send(&stage.wait(100)), None);
}

#[test]
fn a_conflict_names_the_other_and_rolls_back() {
    let mut stage = cut_off(SIZE);
    keep(&mut stage);
    let one = to_send(&back(&mut stage)).unwrap();
    let theirs = changed(&stage, "10471", OrderStatus::Refunded);
    let conflict = RequestError::VersionConflict {
        order: Some(Box::new(theirs)),
        changed_by: Some(Actor::new(ActorKind::Support, "ana")),
        changed_at: Some(at(116)),
    };
    sent_back(&mut stage, &one, Err(conflict));
    assert_eq!(status_of(&stage, "10471"), OrderStatus::Refunded);
    assert_eq!(stage.app.on_its_way(&one.0.key()), None);
    let What::Refused { why, open, .. } = &stage.app.notices.get(0).unwrap().what else {
        panic!("a refusal is told");
    };
    assert_eq!(
        (why.as_str(), *open),
        ("support ana set it to Refunded 4 s ago", false)
    );
    assert!(stage.app.outbox().list().is_empty());
}

#[test]
fn what_gets_no_answer_is_tried_later_and_later() {
    let mut stage = cut_off(SIZE);
    let entry = keep(&mut stage);
    let one = to_send(&back(&mut stage)).unwrap();
    assert_eq!(
        to_send(&sent_back(&mut stage, &one, Err(unreachable()))),
        None
    );
    assert_eq!(
        stage.app.on_its_way(&entry.key()),
        Some(OrderStatus::Shipped)
    );
    assert_eq!(to_send(&stage.wait(1)), None);
    let again = to_send(&stage.wait(1)).unwrap();
    assert_eq!(again.0, entry, "the same key, the same change");
    sent_back(&mut stage, &again, Err(unreachable()));
    assert_eq!(to_send(&stage.wait(3)), None);
    assert!(to_send(&stage.wait(1)).is_some());
}

#[test]
fn a_step_whose_answer_was_lost_waits_too() {
    let mut stage = Stage::shop((120, 30));
    read(&mut stage, vec![]);
    stage.keys("s");
    let effects = stage.press(KeyCode::Enter);
    let (number, change, ticket) = sent(&effects).remove(0);
    let entry = Entry {
        sent: true,
        ..waiting_for(&number, 1, &change)
    };
    let effects = stage.app.update(Event::Kept {
        key: entry.key(),
        ticket,
        unanswered: Some(unreachable()),
        result: Ok(Box::new(entry.clone())),
    });
    assert_eq!(
        to_send(&effects).unwrap().0,
        entry,
        "the screen calls it live still"
    );
    assert!(stage.app.notices.is_empty(), "nothing was refused");
}

#[test]
fn what_waited_since_the_run_before_is_shown_and_sent_in_its_order() {
    let mut stage = Stage::new((120, 30));
    let mut again = waiting("10471", 2);
    if let Work::Step { to, .. } = &mut again.work {
        *to = OrderStatus::Delivered;
    }
    let all = vec![waiting("10471", 1), again.clone(), waiting("10474", 1)];
    read(&mut stage, all.clone());
    assert!(
        toast(&stage).starts_with("3 changes wait"),
        "{}",
        toast(&stage)
    );
    assert_eq!(to_send(&back(&mut stage)), None, "the list is not here yet");
    stage.snapshot(orders());
    let one = (all[0].clone(), 1);
    assert!(stage.app.outbox().is_sending(&one.0.id));
    let screen = stage.screen();
    assert!(
        line_of(&screen, "  10474 ").contains("⧗→Shipped"),
        "{screen}"
    );
    // The other order does not wait for this one's answer to be better.
    let ours = RequestError::Refused {
        status: 500,
        code: String::new(),
        message: "broken".into(),
    };
    let next = to_send(&sent_back(&mut stage, &one, Err(ours))).unwrap();
    assert_eq!(
        next.0, all[2],
        "an order's second step never overtakes its first"
    );
}

#[test]
fn what_another_program_settled_is_not_sent() {
    let mut stage = cut_off(SIZE);
    keep(&mut stage);
    read(&mut stage, vec![]);
    assert_eq!(to_send(&back(&mut stage)), None);
    let (entry, ticket) = to_send(&read(&mut stage, vec![waiting("10474", 1)])).unwrap();
    stage.app.update(Event::KeptSent {
        id: entry.id.clone(),
        ticket,
        sent: Sent::Gone,
    });
    assert!(stage.app.outbox().list().is_empty());
    assert_eq!(stage.app.on_its_way(&entry.key()), None);
}

#[test]
fn an_old_change_without_a_version_waits_for_a_decision() {
    let mut stage = Stage::shop((120, 30));
    let mut old = waiting("10471", 1);
    step_of(&mut old).expected_version = None;
    old.at = at(120 - 25 * 3_600);
    assert_eq!(to_send(&read(&mut stage, vec![old.clone()])), None);
    assert_eq!(to_send(&stage.wait(60)), None);
    stage.keys("Q");
    assert!(stage.screen().contains("held: older"), "{}", stage.screen());
    assert_eq!(to_send(&stage.keys("r")).unwrap().0, old);
}

#[test]
fn a_change_is_taken_back_after_a_question() {
    let mut stage = cut_off((120, 30));
    let entry = keep(&mut stage);
    stage.keys("Qx");
    assert!(stage.screen().contains("Delete this change?"));
    assert_eq!(stage.press(KeyCode::Esc), []);
    stage.keys("x");
    let effects = stage.press(KeyCode::Enter);
    assert_eq!(
        effects,
        [Effect::DropKept {
            id: entry.id.clone()
        }]
    );
    assert_eq!(
        stage.app.outbox().list().len(),
        1,
        "until it is off the disk"
    );
    stage.app.update(Event::KeptDropped {
        id: entry.id.clone(),
        result: Ok(()),
    });
    assert_eq!(toast(&stage), "#10471 deleted: it is not sent");
    assert!(stage.screen().contains("Nothing waits."));
    assert_eq!(stage.app.on_its_way(&entry.key()), None);
}

#[test]
fn what_is_being_deleted_is_not_sent_and_its_order_is_free_again() {
    let mut stage = cut_off((120, 30));
    let entry = keep(&mut stage);
    stage.keys("Qx");
    stage.press(KeyCode::Enter);
    assert_eq!(to_send(&back(&mut stage)), None, "it is being deleted");
    assert_eq!(to_send(&stage.wait(5)), None);
    let refused = Event::KeptDropped {
        id: entry.id.clone(),
        result: Err("no space left on device".into()),
    };
    let one = to_send(&stage.app.update(refused)).unwrap();
    assert_eq!(one.0, entry, "it waits still");
    // However the two answers come: a request that was answered is under way no more.
    stage.app.update(Event::KeptDropped {
        id: entry.id.clone(),
        result: Ok(()),
    });
    let shipped = changed(&stage, "10471", OrderStatus::Shipped);
    sent_back(&mut stage, &one, Ok(done(shipped)));
    assert_eq!(status_of(&stage, "10471"), OrderStatus::Shipped);
    assert!(!stage.app.in_flight.contains_key(&entry.key()));
    let told = &stage.app.notices.get(0).unwrap().what;
    assert!(matches!(told, What::Step { by: None, .. }), "{told:?}");
}

#[test]
fn what_another_program_learned_of_a_change_is_taken_from_the_file() {
    let mut stage = cut_off((120, 30));
    let entry = keep(&mut stage);
    let sent = Entry {
        sent: true,
        ..entry
    };
    read(&mut stage, vec![sent.clone()]);
    assert!(stage.app.outbox().list()[0].may_be_done());
    stage.app.update(Event::KeptDropped {
        id: sent.id,
        result: Ok(()),
    });
    assert!(
        toast(&stage).contains("it was sent before"),
        "{}",
        toast(&stage)
    );
}

#[test]
fn a_store_that_is_away_is_asked_for_nothing() {
    let mut stage = Stage::shop(SIZE);
    stage.link(ConnectionState::Live { degraded: true });
    assert_eq!(to_send(&read(&mut stage, vec![waiting("10471", 1)])), None);
    let polling = ConnectionState::Polling {
        every: Duration::from_secs(30),
        next_at: at(150),
        reason: "closed".into(),
        paused: false,
    };
    stage.link(polling);
    let sending = stage.app.outbox().is_sending("key-10471-1");
    assert!(sending, "polls are answered: so are changes");
}

#[test]
fn an_undo_of_what_only_waits_points_to_the_outbox() {
    let mut stage = cut_off((120, 30));
    keep(&mut stage);
    stage.keys("u");
    assert_eq!(
        toast(&stage),
        "#10471 only waits for the server: Q shows it, x there takes it back"
    );
}

#[test]
fn what_is_sent_is_not_said_to_wait_any_more() {
    let mut stage = Stage::shop((120, 30));
    let effects = read(&mut stage, vec![waiting("10471", 1)]);
    assert!(
        toast(&stage).contains("1 change waits"),
        "{}",
        toast(&stage)
    );
    let sent = to_send(&effects).unwrap();
    let order = changed(&stage, "10471", OrderStatus::Shipped);
    sent_back(&mut stage, &sent, Ok(done(order)));
    assert!(!toast(&stage).contains("waits"), "{}", toast(&stage));
}

#[test]
fn a_kept_step_that_takes_its_order_from_the_cursor_is_told_to_the_next_key() {
    let mut stage = cut_off((120, 30));
    stage.keys("2");
    let entry = keep(&mut stage);
    assert_eq!(under_cursor(&stage), "10471");
    stage.wait(60);
    let sending = to_send(&back(&mut stage)).unwrap();
    stage.app.drawn();
    let order = changed(&stage, "10471", OrderStatus::Shipped);
    sent_back(&mut stage, &sending, Ok(done(order)));
    stage.app.drawn();
    assert_eq!(under_cursor(&stage), "10474", "the next one has the cursor");
    // Meant for the one before it, perhaps.
    stage.keys("c");
    assert!(matches!(stage.app.overlay, Overlay::None));
    assert!(toast(&stage).contains("10474"), "{}", toast(&stage));
    stage.wait(1);
    stage.keys("c");
    assert!(matches!(stage.app.overlay, Overlay::Note(_)), "{entry:?}");
}

/// Ships the marked orders; gives the ticket and what is to be kept of them.
fn keep_marked(stage: &mut Stage) -> (u64, Vec<Entry>) {
    stage.keys("s");
    let effects = stage.press(KeyCode::Enter);
    let [Effect::KeepMany { ticket, rows }] = &effects[..] else {
        panic!("they are to be kept: {effects:?}");
    };
    let entries = (rows.iter()).map(|row| waiting_for(&row.order_number, 1, &row.change));
    (*ticket, entries.collect())
}

/// The order as a step of ours leaves it.
fn ours(stage: &Stage, number: &str, to: OrderStatus) -> ListedOrder {
    let mut order = changed(stage, number, to);
    order.status_by = Some(Actor::new(ActorKind::Vendor, "42"));
    order
}

fn fates(stage: &Stage) -> Vec<Fate> {
    let bulk = stage.app.acting.bulk.as_ref().unwrap();
    bulk.lines().map(|line| line.fate.clone()).collect()
}

#[test]
fn an_action_on_marked_orders_made_offline_waits_row_by_row_and_is_sent_in_its_order() {
    let mut stage = cut_off((120, 30));
    stage.keys("   ");
    let (ticket, entries) = keep_marked(&mut stage);
    assert!(stage.app.outbox().list().is_empty(), "not on disk yet");
    let versions = entries.iter().map(|entry| entry.version());
    assert!(versions.eq([Some(1); 3]));
    stage.app.update(Event::ManyKept {
        ticket,
        first: 0,
        unanswered: None,
        result: Ok(entries.clone()),
    });
    let screen = stage.screen();
    assert!(screen.contains("⧗ 3 kept"), "{screen}");
    let row = line_of(&screen, "⧗ #10471").to_owned();
    assert!(
        row.contains("kept: Shipped when the server answers"),
        "{screen}"
    );
    stage.press(KeyCode::Esc);
    assert_eq!(stage.app.marked(), 0);
    let screen = stage.screen();
    assert!(
        line_of(&screen, "  10474 ").contains("⧗→Shipped"),
        "{screen}"
    );
    stage.keys("u");
    assert!(
        toast(&stage).contains("only waits for the server"),
        "{}",
        toast(&stage)
    );

    let mut next = to_send(&back(&mut stage));
    for entry in &entries {
        let one = next.take().unwrap();
        assert_eq!(&one.0, entry);
        let shipped = ours(&stage, entry.number.as_str(), OrderStatus::Shipped);
        next = to_send(&sent_back(&mut stage, &one, Ok(done(shipped))));
    }
    assert_eq!(next, None);
    assert_eq!(fates(&stage), [Fate::Done(2), Fate::Done(2), Fate::Done(2)]);
    assert_eq!(stage.app.undo_offer().unwrap().to, OrderStatus::Shipped);
}

#[test]
fn what_the_outbox_has_no_room_for_is_refused_and_stays_marked() {
    let mut stage = cut_off((120, 30));
    stage.keys("   ");
    let (ticket, mut entries) = keep_marked(&mut stage);
    entries.truncate(2);
    stage.app.update(Event::ManyKept {
        ticket,
        first: 0,
        unanswered: None,
        result: Ok(entries),
    });
    let screen = stage.screen();
    assert!(
        screen.contains("⧗ 2 kept · 1 not, still marked"),
        "{screen}"
    );
    assert!(screen.contains("the outbox is full: 1000"), "{screen}");
    assert_eq!(stage.app.marked(), 1);
    stage.press(KeyCode::Esc);
    let (ticket, _) = keep_marked_one(&mut stage);
    // A disk that is full keeps none.
    stage.app.update(Event::Kept {
        key: stage.app.in_flight.keys().next().unwrap().clone(),
        ticket,
        unanswered: None,
        result: Err("no space left on device".into()),
    });
    assert_eq!(stage.app.marked(), 1);
}

/// Ships the one order that is marked.
fn keep_marked_one(stage: &mut Stage) -> (u64, OrderStatus) {
    stage.keys("s");
    match &stage.press(KeyCode::Enter)[..] {
        [Effect::Keep { ticket, to, .. }] => (*ticket, *to),
        other => panic!("{other:?}"),
    }
}

#[test]
fn an_action_that_got_no_answer_waits_where_its_versions_keep_it_from_being_done_twice() {
    let mut stage = Stage::shop((120, 30));
    read(&mut stage, vec![]);
    stage.keys("   s");
    let effects = stage.press(KeyCode::Enter);
    let [Effect::ChangeStatuses { ticket, rows }] = &effects[..] else {
        panic!("{effects:?}");
    };
    let entries: Vec<_> = (rows.iter().enumerate())
        .map(|(at, row)| Entry {
            sent: at < 2,
            ..waiting_for(&row.order_number, 1, &row.change)
        })
        .collect();
    let effects = stage.app.update(Event::ManyKept {
        ticket: *ticket,
        first: 0,
        unanswered: Some((2, unreachable())),
        result: Ok(entries.clone()),
    });
    assert_eq!(fates(&stage), [Fate::Kept, Fate::Kept, Fate::Kept]);
    let one = to_send(&effects).unwrap();
    assert_eq!(one.0, entries[0], "the screen calls it live still");
    // It was done the first time: the server finds it so.
    let there = StatusChanged {
        changed: false,
        ..done(changed(
            &stage,
            rows[0].order_number.as_str(),
            OrderStatus::Shipped,
        ))
    };
    sent_back(&mut stage, &one, Ok(there));
    assert!(fates(&stage).contains(&Fate::Unchanged));
    assert!(
        !stage
            .app
            .notices
            .all()
            .any(|(notice, _)| matches!(notice.what, What::Refused { .. }))
    );
}

#[test]
fn of_an_action_without_answer_that_cannot_be_kept_each_row_says_how_it_stands() {
    let mut stage = Stage::shop((120, 30));
    read(&mut stage, vec![]);
    stage.keys("   s");
    let effects = stage.press(KeyCode::Enter);
    let [Effect::ChangeStatuses { ticket, .. }] = &effects[..] else {
        panic!("{effects:?}");
    };
    stage.app.update(Event::ManyKept {
        ticket: *ticket,
        first: 0,
        unanswered: Some((2, unreachable())),
        result: Err("no space left on device".into()),
    });
    let fates = fates(&stage);
    assert!(
        matches!(fates[..], [Fate::Open(_), Fate::Open(_), Fate::NotSent]),
        "{fates:?}"
    );
    assert_eq!(stage.app.marked(), 3);
    assert!(toast(&stage).contains("no space left"), "{}", toast(&stage));
}

#[test]
fn an_undo_that_waited_is_not_offered_to_be_undone() {
    let mut stage = Stage::shop((120, 30));
    read(&mut stage, vec![]);
    stage.keys("s");
    let (number, _, ticket) = sent(&stage.press(KeyCode::Enter)).remove(0);
    let order = ours(&stage, &number, OrderStatus::Shipped);
    answer(&mut stage, &number, ticket, Ok(done(order)));
    offline(&mut stage);
    stage.keys("u");
    confirm_kept(&mut stage, 2);
    let one = to_send(&back(&mut stage)).unwrap();
    let paid = ours(&stage, &number, OrderStatus::Paid);
    sent_back(&mut stage, &one, Ok(done(paid)));
    assert_eq!(status_of(&stage, &number), OrderStatus::Paid);
    assert_eq!(stage.app.undo_offer(), None);
}

/// Writes a note about the order under the cursor; gives what is to be kept.
fn note(
    stage: &mut Stage,
    words: &str,
) -> (ordertop::order::OrderKey, ordertop::protocol::rest::NewNote) {
    stage.keys("c");
    stage.keys(words);
    match &stage.press(KeyCode::Enter)[..] {
        [Effect::KeepNote { key, note }] => (key.clone(), note.clone()),
        other => panic!("{other:?}"),
    }
}

fn note_sent_back(
    stage: &mut Stage,
    (entry, ticket): &(Entry, u64),
    result: Result<(), RequestError>,
) -> Vec<Effect> {
    stage.app.update(Event::KeptSent {
        id: entry.id.clone(),
        ticket: *ticket,
        sent: Sent::NoteAnswered {
            result,
            unstruck: None,
        },
    })
}

#[test]
fn a_note_written_offline_waits_behind_its_orders_step_and_is_sent_once() {
    let mut stage = cut_off((120, 30));
    let (key, words) = note(&mut stage, "call first");
    assert_eq!((key.number.as_str(), &*words.text), ("10471", "call first"));
    assert!(stage.app.outbox().list().is_empty(), "not on disk yet");
    stage.app.update(Event::NoteKept {
        key: key.clone(),
        unanswered: None,
        result: Ok(Box::new(noted("10471"))),
    });
    assert!(
        toast(&stage).starts_with("note on #10471 kept"),
        "{}",
        toast(&stage)
    );
    assert_eq!(stage.app.on_its_way(&key), None, "a note brings it nowhere");
    assert!(stage.screen().contains("⧗ 1 note waits for the server"));
    // The note would make a version, and the step is of the one that was seen.
    let step = keep(&mut stage);
    stage.keys("Q");
    let screen = stage.screen();
    assert!(screen.contains("⧗ note  "), "{screen}");
    stage.press(KeyCode::Esc);
    let one = to_send(&back(&mut stage)).unwrap();
    assert_eq!(one.0, step);
    let shipped = changed(&stage, "10471", OrderStatus::Shipped);
    let two = to_send(&sent_back(&mut stage, &one, Ok(done(shipped)))).unwrap();
    assert_eq!(two.0, noted("10471"));
    assert_eq!(
        to_send(&note_sent_back(&mut stage, &two, Err(unreachable()))),
        None
    );
    let again = to_send(&stage.wait(2)).unwrap();
    assert_eq!(again.0, two.0, "the same key, the same words");
    assert_eq!(to_send(&note_sent_back(&mut stage, &again, Ok(()))), None);
    assert_eq!(toast(&stage), "note added to #10471");
    assert!(stage.app.outbox().list().is_empty());
    assert_eq!(to_send(&stage.wait(100)), None);
}

#[test]
fn a_note_that_is_refused_or_not_kept_leaves_its_words() {
    let mut stage = cut_off((120, 30));
    let (key, _) = note(&mut stage, "call first");
    stage.app.update(Event::NoteKept {
        key,
        unanswered: None,
        result: Err("no space left on device".into()),
    });
    assert!(toast(&stage).contains("no space left"), "{}", toast(&stage));
    stage.keys("c");
    assert!(stage.screen().contains("call first"));
    stage.press(KeyCode::Esc);

    let mut stage = Stage::shop((120, 30));
    let one = to_send(&read(&mut stage, vec![noted("10471")])).unwrap();
    let full = RequestError::Refused {
        status: 409,
        code: "too_many_notes".into(),
        message: "the order has 100 notes already".into(),
    };
    note_sent_back(&mut stage, &one, Err(full));
    assert!(toast(&stage).contains("100 notes"), "{}", toast(&stage));
    assert!(stage.app.outbox().list().is_empty());
    stage.keys("c");
    assert!(stage.screen().contains("call first"));
}

#[test]
fn a_note_older_than_the_server_remembers_waits_for_a_decision() {
    let mut stage = Stage::shop((120, 30));
    let mut old = noted("10471");
    old.at = at(120 - 25 * 3_600);
    assert_eq!(to_send(&read(&mut stage, vec![old.clone()])), None);
    stage.keys("Q");
    assert_eq!(to_send(&stage.keys("r")).unwrap().0, old);
}

#[test]
fn a_kept_wish_to_cancel_is_called_one() {
    let mut stage = cut_off((120, 30));
    stage.keys("Scanc");
    stage.press(KeyCode::Enter);
    stage.keys("sold out");
    let key = confirm_kept(&mut stage, 1).key();
    assert!(
        toast(&stage).contains("support is asked to cancel it"),
        "{}",
        toast(&stage)
    );
    stage.keys("Q");
    assert!(stage.screen().contains("⧗ cancel?"), "{}", stage.screen());
    stage.press(KeyCode::Esc);
    let one = to_send(&back(&mut stage)).unwrap();
    let mut asked = changed(&stage, key.number.as_str(), OrderStatus::Paid);
    asked.flags.cancel_requested = true;
    sent_back(&mut stage, &one, Ok(done(asked)));
    let told = stage.screen();
    assert!(told.contains("asked to cancel  by you"), "{told}");
    assert!(!told.contains("Paid → Paid"), "{told}");
}

/// Tells of a step by this screen's own vendor.
fn told(stage: &mut Stage, order: &ListedOrder) {
    let vendor = Actor::new(ActorKind::Vendor, "42");
    stage.event(EventKind::Status, order, vendor);
}

fn newest(stage: &Stage) -> String {
    let words = strings::notice(stage.app.notices.get(0).unwrap());
    words.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn what_was_done_during_an_outage_is_told_with_where_it_came_from() {
    // In the same run the screen knows where the order stood.
    let mut stage = cut_off((120, 30));
    let mut entry = keep(&mut stage);
    entry.sent = true;
    read(&mut stage, vec![entry]);
    // The try before was made after all: the list that comes back has the order there.
    let order = ours(&stage, "10471", OrderStatus::Shipped);
    let shipped = std::sync::Arc::new(order.clone());
    let others = orders()
        .into_iter()
        .filter(|order| order.order_number.as_str() != "10471");
    stage.snapshot(others.chain([shipped]).collect());
    let one = to_send(&back(&mut stage)).unwrap();
    sent_back(&mut stage, &one, Ok(done(order.clone())));
    assert_eq!(newest(&stage), "#10471 Paid → Shipped by you");

    // A later run does not know, and claims nothing.
    let mut stage = Stage::shop((120, 30));
    stage.snapshot(vec![std::sync::Arc::new(order.clone())]);
    offline(&mut stage);
    read(&mut stage, vec![waiting("10471", 1)]);
    let one = to_send(&back(&mut stage)).unwrap();
    sent_back(&mut stage, &one, Ok(done(order)));
    assert_eq!(newest(&stage), "#10471 → Shipped by you");
    stage.keys("u");
    assert!(
        matches!(stage.app.overlay, Overlay::None),
        "nobody knows where to"
    );
}

#[test]
fn an_own_step_whose_answer_was_lost_is_ours_whatever_tells_of_it() {
    // The event alone, before the change is sent again.
    let mut stage = Stage::shop((120, 30));
    offline(&mut stage);
    read(
        &mut stage,
        vec![Entry {
            sent: true,
            ..waiting("10471", 1)
        }],
    );
    let order = ours(&stage, "10471", OrderStatus::Shipped);
    told(&mut stage, &order);
    assert_eq!(newest(&stage), "#10471 Paid → Shipped by you");
    // The second try finds it done, or at another version.
    let one = to_send(&back(&mut stage)).unwrap();
    let conflict = RequestError::VersionConflict {
        order: Some(Box::new(order.clone())),
        changed_by: order.status_by.clone(),
        changed_at: order.status_since,
    };
    sent_back(&mut stage, &one, Err(conflict));
    assert_eq!(newest(&stage), "#10471 Paid → Shipped by you");
    assert_eq!(stage.app.notices.len(), 1, "{:?}", stage.app.notices);

    // Of several orders: the rows that went out.
    let mut stage = Stage::shop((120, 30));
    read(&mut stage, vec![]);
    stage.keys("  s");
    let effects = stage.press(KeyCode::Enter);
    let [Effect::ChangeStatuses { ticket, rows }] = &effects[..] else {
        panic!("{effects:?}");
    };
    let entry = |row: &ordertop::protocol::rest::BulkRow| Entry {
        sent: true,
        ..waiting_for(&row.order_number, 1, &row.change)
    };
    offline(&mut stage);
    stage.app.update(Event::ManyKept {
        ticket: *ticket,
        first: 0,
        unanswered: Some((2, unreachable())),
        result: Ok(rows.iter().map(entry).collect()),
    });
    let first = ours(&stage, "10471", OrderStatus::Shipped);
    told(&mut stage, &first);
    assert_eq!(newest(&stage), "#10471 Paid → Shipped by you");
    let one = to_send(&back(&mut stage)).unwrap();
    let there = StatusChanged {
        changed: false,
        ..done(first)
    };
    let effects = sent_back(&mut stage, &one, Ok(there));
    let second = ours(&stage, "10474", OrderStatus::Shipped);
    let conflict = RequestError::VersionConflict {
        order: Some(Box::new(second.clone())),
        changed_by: second.status_by.clone(),
        changed_at: second.status_since,
    };
    sent_back(&mut stage, &to_send(&effects).unwrap(), Err(conflict));
    assert!(
        matches!(fates(&stage)[..], [Fate::Done(_), Fate::Done(_)]),
        "{:?}",
        fates(&stage)
    );
    assert_eq!(newest(&stage), "#10474 Paid → Shipped by you");
}

#[test]
fn a_row_without_an_answer_is_done_once_its_event_comes() {
    let mut stage = Stage::shop((120, 30));
    stage.keys("  s");
    let effects = stage.press(KeyCode::Enter);
    let [Effect::ChangeStatuses { ticket, rows }] = &effects[..] else {
        panic!("{effects:?}");
    };
    stage.app.update(Event::BulkAnswer {
        ticket: *ticket,
        first: 0,
        count: rows.len(),
        result: Err(unreachable()),
    });
    let order = ours(&stage, "10471", OrderStatus::Shipped);
    told(&mut stage, &order);
    assert_eq!(newest(&stage), "#10471 Paid → Shipped by you");
    assert!(
        fates(&stage).contains(&Fate::Done(2)),
        "{:?}",
        fates(&stage)
    );
    assert_eq!(stage.app.marked(), 1);
    // A colleague's other step of such a row is none of ours.
    let mut order = ours(&stage, "10474", OrderStatus::Refunded);
    order.status_by = Some(service());
    stage.event(EventKind::Status, &order, service());
    assert_eq!(newest(&stage), "#10474 Paid → Refunded by a script");
}
