//! Marks, actions on many orders, any status, and undo.

use ordertop::protocol::rest::{BulkRow, Outcome, RowResult, RowResults};

use super::*;
use crate::model::bulk::Fate;
use crate::model::notices::What;

fn bulk_sent(effects: &[Effect]) -> (u64, Vec<BulkRow>) {
    let found = effects.iter().find_map(|effect| match effect {
        Effect::ChangeStatuses { ticket, rows } => Some((*ticket, rows.clone())),
        _ => None,
    });
    found.unwrap_or_else(|| panic!("no bulk in {effects:?}"))
}

fn numbers(rows: &[BulkRow]) -> Vec<&str> {
    rows.iter().map(|row| row.order_number.as_str()).collect()
}

fn row_result(number: &str, result: Outcome, order: Option<ListedOrder>) -> RowResult {
    RowResult {
        order,
        ..RowResult::new(Some("42".into()), Some(number.into()), result)
    }
}

fn by(mut order: ListedOrder, kind: ActorKind, id: &str) -> ListedOrder {
    order.status_by = Some(Actor::new(kind, id));
    order
}

fn ours(stage: &Stage, number: &str, to: OrderStatus) -> ListedOrder {
    by(changed(stage, number, to), ActorKind::Vendor, "42")
}

/// Ships the order under the cursor, answered.
fn ship(stage: &mut Stage) -> String {
    stage.keys("s");
    let (number, _, ticket) = sent(&stage.press(KeyCode::Enter)).remove(0);
    let order = ours(stage, &number, OrderStatus::Shipped);
    answer(stage, &number, ticket, Ok(done(order)));
    number
}

fn footer(stage: &Stage) -> String {
    stage.screen().lines().last().unwrap_or_default().to_owned()
}

#[test]
fn marks_stay_on_their_orders_through_filter_and_sort() {
    let mut stage = Stage::shop((120, 30));
    stage.keys("  ");
    assert_eq!((stage.app.marked(), &*under_cursor(&stage)), (2, "10477"));
    stage.keys("/müller");
    stage.press(KeyCode::Enter);
    stage.keys(" ");
    assert_eq!(stage.app.marked(), 3);
    stage.app.orders.set_sort(Sort::Newest);
    let theirs = changed(&stage, "10471", OrderStatus::Refunded);
    stage.event(EventKind::Status, &theirs, service());
    let screen = stage.screen();
    assert!(screen.contains("3 marked"), "{screen}");
    let row = |number: &str| screen.lines().find(|line| line.contains(number)).unwrap();
    assert!(row("10477   J").contains("✔"), "{screen}");
    // Marks go before the filter does.
    stage.press(KeyCode::Esc);
    assert_eq!((stage.app.marked(), stage.app.orders.shown()), (0, 1));
    stage.press(KeyCode::Esc);
    assert_eq!(stage.app.orders.shown(), orders().len());
}

#[test]
fn ranges_all_and_the_rest_are_marked() {
    let mut stage = Stage::shop((120, 30));
    stage.keys("jvjj");
    assert_eq!(stage.app.marked(), 3, "a range counts while it is drawn");
    stage.press(KeyCode::Esc);
    assert_eq!(stage.app.marked(), 0);
    stage.keys("gjvjjv");
    assert_eq!(stage.app.marked(), 3);
    stage.keys("*");
    assert_eq!(stage.app.marked(), orders().len() - 3);
    stage.keys("A");
    assert_eq!(stage.app.marked(), orders().len());
    let gone = listed("10455", OrderStatus::Paid, 0);
    stage.event(EventKind::Removed, &gone, service());
    assert_eq!(stage.app.marked(), orders().len() - 1);
    stage.snapshot(orders().into_iter().take(2).collect());
    assert_eq!(stage.app.marked(), 2);
}

#[test]
fn one_plan_says_what_will_happen_and_one_result_what_did() {
    let mut stage = Stage::shop((120, 30));
    // Three Paid, one Shipped, one Refunded.
    stage.keys("   ");
    for number in ["10466", "10431"] {
        let key = listed(number, OrderStatus::Paid, 0).key(&vendor());
        stage.app.go_to(&key);
        stage.keys(" ");
    }
    stage.keys("s");
    let screen = stage.screen();
    for words in [
        "#10471, #10474, #10477, #10466",
        "Next step of 4 orders?",
        "3  ● Paid ─▶ ▲ Shipped",
        "1  ▲ Shipped ─▶ ✓ Delivered",
        "1  left out: #10431: Refunded: it has ended",
    ] {
        assert!(screen.contains(words), "{words}: {screen}");
    }
    let (ticket, rows) = bulk_sent(&stage.press(KeyCode::Enter));
    assert_eq!(numbers(&rows), ["10471", "10474", "10477", "10466"]);
    assert!(
        rows.iter()
            .all(|row| row.change.expected_version == Some(1))
    );
    let key = listed("10474", OrderStatus::Paid, 0).key(&vendor());
    assert_eq!(stage.app.on_its_way(&key), Some(OrderStatus::Shipped));
    assert!(stage.screen().contains("Sending: 0 of 4"));

    let first = ours(&stage, "10471", OrderStatus::Shipped);
    // The event comes before the answer: the result tells of it, nothing else.
    let actor = Actor::new(ActorKind::Vendor, "42");
    stage.event(EventKind::Status, &first, actor);
    let mut conflict = row_result("10474", Outcome::Refused, None);
    conflict.code = Some("version_conflict".into());
    let theirs = changed(&stage, "10474", OrderStatus::Refunded);
    conflict.order = Some(by(theirs, ActorKind::Support, "ana"));
    stage.app.update(Event::BulkAnswer {
        ticket,
        first: 0,
        count: 2,
        result: Ok(RowResults {
            results: vec![row_result("10471", Outcome::Changed, Some(first)), conflict],
        }),
    });
    assert!(stage.screen().contains("Sending: 2 of 4"));
    let third = ours(&stage, "10477", OrderStatus::Shipped);
    let mut refused = row_result("10466", Outcome::Refused, None);
    refused.error = Some("no\u{1b}[2J".into());
    stage.app.update(Event::BulkAnswer {
        ticket,
        first: 2,
        count: 2,
        result: Ok(RowResults {
            results: vec![
                row_result("10477", Outcome::Unchanged, Some(third)),
                refused,
            ],
        }),
    });
    let screen = stage.screen();
    for words in [
        "1 order Paid → Shipped · 1 were so already · 2 not, still marked",
        "! #10474  not shipped: support ana set it to Refunded",
        "! #10466  not marked delivered: no",
        "✓ #10471  Paid → Shipped",
        "= #10477",
    ] {
        assert!(screen.contains(words), "{words}: {screen}");
    }
    assert_eq!(
        stage.app.marked(),
        3,
        "the failed ones and the one left out"
    );
    assert!(stage.app.is_marked(&key) && stage.app.on_its_way(&key).is_none());
    assert_eq!(stage.app.notices.len(), 1, "{:?}", stage.app.notices);
    let told = &stage.app.notices.get(0).unwrap().what;
    assert!(matches!(told, What::Bulk(tally) if tally.failed == 2));
    stage.press(KeyCode::Esc);
    assert!(matches!(stage.app.overlay, Overlay::None));
}

#[test]
fn what_comes_after_a_request_that_failed_is_not_sent() {
    let mut stage = Stage::shop((120, 30));
    stage.keys("   s");
    let (ticket, _) = bulk_sent(&stage.press(KeyCode::Enter));
    let timeout = RequestError::Timeout {
        server: "h:1".into(),
        after: std::time::Duration::from_secs(30),
    };
    stage.app.update(Event::BulkAnswer {
        ticket,
        first: 0,
        count: 2,
        result: Err(timeout),
    });
    let bulk = stage.app.acting.bulk.as_ref().unwrap();
    let fates: Vec<_> = bulk.lines().map(|line| &line.fate).collect();
    assert!(
        matches!(fates[..], [Fate::Open(_), Fate::Open(_), Fate::NotSent]),
        "{fates:?}"
    );
    assert!(!bulk.is_under_way());
    assert_eq!(stage.app.marked(), 3);
    let key = stage.app.orders.at(0).unwrap().key.clone();
    assert_eq!(stage.app.on_its_way(&key), None, "rolled back");
}

#[test]
fn a_bulk_reason_is_asked_where_the_table_wants_one() {
    let mut stage = Stage::with((120, 30), |settings| settings.vendor = None);
    stage.live();
    stage.snapshot(orders());
    stage.keys("  S");
    stage.keys("cancel");
    stage.press(KeyCode::Enter);
    assert!(stage.screen().contains("Cancel the order: 2 orders?"));
    let effects = stage.press(KeyCode::Enter);
    assert!(effects.is_empty() && stage.screen().contains("a reason is needed"));
    stage.keys("out of stock");
    let (_, rows) = bulk_sent(&stage.press(KeyCode::Enter));
    assert!(rows.iter().all(|row| {
        row.change.reason.as_deref() == Some("out of stock")
            && row.change.status.as_deref() == Some("Cancelled")
            && row.vendor_id.as_deref() == Some("42")
    }));
}

#[test]
fn any_status_that_may_be_set_is_offered_and_no_other() {
    let mut stage = Stage::shop((120, 30));
    stage.keys("S");
    let screen = stage.screen();
    assert!(screen.contains("Paid → Shipped"), "{screen}");
    assert!(screen.contains("Ask support to cancel"), "{screen}");
    assert!(!screen.contains("→ Refunded"), "{screen}");
    stage.keys("cancel");
    // The order under the cursor moves on meanwhile: the question stays its own.
    let sooner = listed("0001", OrderStatus::Paid, -90_000);
    stage.event(EventKind::Created, &sooner, service());
    stage.press(KeyCode::Enter);
    stage.keys("sold out");
    let (number, change, ticket) = sent(&stage.press(KeyCode::Enter)).remove(0);
    assert_eq!(
        (&*number, change.status.as_deref()),
        ("10471", Some("Cancelled"))
    );
    let mut order = changed(&stage, "10471", OrderStatus::Paid);
    order.flags.cancel_requested = true;
    answer(&mut stage, "10471", ticket, Ok(done(order)));
    assert!(footer(&stage).contains("support was asked to cancel #10471"));
    assert_eq!(stage.app.undo_offer(), None);

    let mut stage = Stage::shop((120, 30));
    let last = listed("10431", OrderStatus::Paid, 0).key(&vendor());
    stage.app.go_to(&last);
    stage.keys("S");
    assert!(footer(&stage).contains("#10431 is Refunded: you may not change that"));
}

#[test]
fn an_own_step_can_be_undone_while_the_clock_runs() {
    let mut stage = Stage::shop((120, 30));
    let number = ship(&mut stage);
    stage.wait(28);
    let shown = footer(&stage);
    assert!(
        shown.contains("u undo #10471 Shipped (14:32 left)"),
        "{shown}"
    );
    stage.keys("u");
    assert!(stage.screen().contains("Undo #10471?"));
    let (undone, change, ticket) = sent(&stage.press(KeyCode::Enter)).remove(0);
    assert_eq!(undone, number);
    assert_eq!(
        (change.status.as_deref(), change.expected_version),
        (Some("Paid"), Some(2))
    );
    let order = ours(&stage, &number, OrderStatus::Paid);
    answer(&mut stage, &number, ticket, Ok(done(order)));
    assert_eq!(status_of(&stage, &number), OrderStatus::Paid);
    assert_eq!(stage.app.undo_offer(), None, "an undo is not undone");

    ship(&mut stage);
    stage.wait(901);
    assert_eq!(stage.app.undo_offer(), None);
    stage.keys("u");
    assert!(footer(&stage).contains("too late to undo"));
}

#[test]
fn what_somebody_changed_since_is_not_undone() {
    let mut stage = Stage::shop((120, 30));
    let first = ship(&mut stage);
    let second = ship(&mut stage);
    assert_ne!(first, second);
    let theirs = changed(&stage, &second, OrderStatus::Delivered);
    let ana = Actor::new(ActorKind::Support, "ana");
    stage.event(
        EventKind::Status,
        &by(theirs, ActorKind::Support, "ana"),
        ana,
    );
    assert_eq!(stage.app.undo_offer(), None, "the newest cannot be undone");
    stage.keys("u");
    let words = footer(&stage);
    assert!(
        words.contains("not undone: support ana set it to Delivered"),
        "{words}"
    );
    stage.keys("u");
    assert!(stage.screen().contains(&format!("Undo #{first}?")));
}

#[test]
fn an_undo_of_many_is_one_plan() {
    let mut stage = Stage::shop((120, 30));
    stage.keys("  s");
    let (ticket, rows) = bulk_sent(&stage.press(KeyCode::Enter));
    let results = numbers(&rows).into_iter().map(|number| {
        let order = ours(&stage, number, OrderStatus::Shipped);
        row_result(number, Outcome::Changed, Some(order))
    });
    let results = RowResults {
        results: results.collect(),
    };
    stage.app.update(Event::BulkAnswer {
        ticket,
        first: 0,
        count: 2,
        result: Ok(results),
    });
    stage.press(KeyCode::Esc);
    assert_eq!(stage.app.marked(), 0);
    assert!(footer(&stage).contains("undo 2 orders Shipped (14:59 left)"));
    stage.keys("u");
    assert!(stage.screen().contains("2  ▲ Shipped ─▶ ● Paid"));
    let (ticket, rows) = bulk_sent(&stage.press(KeyCode::Enter));
    assert!(
        rows.iter()
            .all(|row| row.change.expected_version == Some(2))
    );
    let first = numbers(&rows)[0];
    let order = ours(&stage, first, OrderStatus::Paid);
    let results = vec![
        row_result(first, Outcome::Changed, Some(order)),
        row_result(numbers(&rows)[1], Outcome::Refused, None),
    ];
    stage.app.update(Event::BulkAnswer {
        ticket,
        first: 0,
        count: 2,
        result: Ok(RowResults { results }),
    });
    let screen = stage.screen();
    assert!(screen.contains("Shipped → Paid · 1 not "), "{screen}");
    assert!(!screen.contains("still marked"), "nothing was: {screen}");
}

#[test]
fn a_key_for_the_status_that_was_on_the_screen_does_not_make_the_step_after_it() {
    let mut stage = Stage::shop((120, 30));
    stage.keys("j");
    let number = under_cursor(&stage);
    stage.screen();
    stage.app.drawn();
    let theirs = changed(&stage, &number, OrderStatus::Shipped);
    stage.event(EventKind::Status, &theirs, service());
    stage
        .app
        .go_to(&listed(&number, OrderStatus::Paid, 0).key(&vendor()));
    for key in ["s", "S"] {
        stage.keys(key);
        assert!(matches!(stage.app.overlay, Overlay::None), "{key}");
        let screen = stage.screen();
        assert!(
            screen.contains("press again if you mean it as it is now"),
            "{screen}"
        );
    }
    stage.app.drawn();
    stage.rest();
    stage.keys("s");
    assert!(!matches!(stage.app.overlay, Overlay::None));
}

#[test]
fn a_plan_is_not_made_of_marked_orders_that_have_just_changed() {
    let mut stage = Stage::shop((120, 30));
    stage.keys("  ");
    let theirs = changed(&stage, "10471", OrderStatus::Refunded);
    stage.event(EventKind::Status, &theirs, service());
    stage.keys("s");
    assert!(matches!(stage.app.overlay, Overlay::None));
    stage.app.drawn();
    stage.rest();
    stage.keys("s");
    assert!(matches!(stage.app.overlay, Overlay::Plan(_)));
}

#[test]
fn an_undo_of_many_waits_for_the_action_that_is_under_way() {
    let mut stage = Stage::shop((120, 30));
    stage.keys("  s");
    let (first, rows) = bulk_sent(&stage.press(KeyCode::Enter));
    let results = (rows.iter())
        .map(|row| {
            let number = row.order_number.as_str();
            let order = ours(&stage, number, OrderStatus::Shipped);
            row_result(number, Outcome::Changed, Some(order))
        })
        .collect();
    stage.app.update(Event::BulkAnswer {
        ticket: first,
        first: 0,
        count: 2,
        result: Ok(RowResults { results }),
    });
    stage.press(KeyCode::Esc);
    for number in ["10477", "10466"] {
        stage
            .app
            .go_to(&listed(number, OrderStatus::Paid, 0).key(&vendor()));
        stage.keys(" ");
    }
    stage.keys("s");
    bulk_sent(&stage.press(KeyCode::Enter));
    stage.press(KeyCode::Esc);
    stage.keys("u");
    assert!(matches!(stage.app.overlay, Overlay::None));
    let bulk = stage.app.acting.bulk.as_ref().unwrap();
    assert!(bulk.is_under_way());
    assert!(
        footer(&stage).contains(crate::strings::BULK_UNDER_WAY),
        "{}",
        footer(&stage)
    );
}

#[test]
fn news_neither_add_to_a_range_nor_take_from_it() {
    let mut stage = Stage::shop((120, 30));
    stage.keys("vjj");
    let drawn: Vec<_> = (0..3).filter_map(|at| stage.app.orders.at(at)).collect();
    let drawn: Vec<_> = drawn.into_iter().map(|row| row.key.clone()).collect();
    // Older than the second, so it stands between.
    let between = listed("N-BETWEEN", OrderStatus::Paid, -3_700 + 120);
    stage.event(EventKind::Created, &between, service());
    let stranger = between.key(&vendor());
    let place = stage.app.orders.index_of(&stranger);
    assert!(place.is_some_and(|at| at < 3), "{place:?}");
    assert!(!stage.app.is_marked(&stranger));
    assert!(drawn.iter().all(|key| stage.app.is_marked(key)));
    // One that left its place stays in.
    let gone = changed(&stage, "10474", OrderStatus::Refunded);
    stage.event(EventKind::Status, &gone, service());
    assert_eq!(stage.app.marked(), 3);
    stage.keys("v");
    assert_eq!(stage.app.marked(), 3);
    assert!(drawn.iter().all(|key| stage.app.is_marked(key)));
}

#[test]
fn a_range_lets_go_of_what_the_cursor_passes_on_its_way_back() {
    let mut stage = Stage::shop((120, 30));
    stage.keys("jjvjj");
    assert_eq!(stage.app.marked(), 3);
    stage.keys("k");
    assert_eq!(stage.app.marked(), 2);
    // Over where it began, to the other side.
    stage.keys("kkk");
    assert_eq!(stage.app.marked(), 3);
    stage.keys("G");
    assert_eq!(stage.app.marked(), orders().len() - 2);
    // A mark of its own is none of the range's.
    stage.press(KeyCode::Esc);
    stage.keys("g vjj");
    stage.press(KeyCode::Esc);
    assert_eq!(stage.app.marked(), 1);
}

#[test]
fn more_than_one_action_takes_are_refused_before_they_are_looked_at() {
    let mut stage = Stage::shop((120, 30));
    let many =
        (0..=crate::app::bulk::MAX_BULK).map(|n| listed(&format!("M{n}"), OrderStatus::Paid, 0));
    stage.snapshot(many.collect());
    stage.keys("A");
    for key in ["s", "S"] {
        stage.keys(key);
        assert!(matches!(stage.app.overlay, Overlay::None));
        let toast = stage.app.toast.as_ref().map_or("", |(words, _)| words);
        assert!(toast.contains("one action takes at most"), "{toast}");
    }
}

#[test]
fn a_note_is_no_hindrance_to_undo() {
    let mut stage = Stage::shop((120, 30));
    let number = ship(&mut stage);
    let key = listed(&number, OrderStatus::Paid, 0).key(&vendor());
    let mut noted = (*stage.app.orders.get(&key).unwrap().listed()).clone();
    noted.version += 1;
    noted.updated_at = at(121);
    stage.event(EventKind::Updated, &noted, service());
    assert!(stage.app.undo_offer().is_some());
    stage.keys("u");
    let (undone, change, _) = sent(&stage.press(KeyCode::Enter)).remove(0);
    assert_eq!(undone, number);
    assert_eq!(
        change.expected_version,
        Some(noted.version),
        "as it was seen last"
    );
}

#[test]
fn the_offer_to_undo_counts_what_can_be_undone() {
    let mut stage = Stage::shop((120, 30));
    stage.keys("  s");
    let (ticket, rows) = bulk_sent(&stage.press(KeyCode::Enter));
    let results = numbers(&rows).into_iter().map(|number| {
        let order = ours(&stage, number, OrderStatus::Shipped);
        row_result(number, Outcome::Changed, Some(order))
    });
    let results = results.collect();
    stage.app.update(Event::BulkAnswer {
        ticket,
        first: 0,
        count: 2,
        result: Ok(RowResults { results }),
    });
    assert_eq!(stage.app.undo_offer().unwrap().orders, 2);
    stage.wait(5);
    let theirs = changed(&stage, "10471", OrderStatus::Delivered);
    stage.event(EventKind::Status, &theirs, service());
    assert_eq!(stage.app.undo_offer().unwrap().orders, 1);
}
