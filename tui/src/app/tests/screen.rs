//! What a user sees and what a key does at that moment.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers, MouseButton, MouseEvent, MouseEventKind};
use ordertop::client::ConnectionState;
use ordertop::order::{Actor, ActorKind, OrderStatus};
use ordertop::protocol::EventKind;

use super::{SIZE, answer, changed, done, sent, under_cursor};
use crate::app::{Overlay, Pane};
use crate::event::{Effect, Event};
use crate::model::fixture::{at, listed};
use crate::model::notices::What;
use crate::model::sort::Sort;
use crate::snapshots::{Stage, orders, service};

fn press_ctrl(stage: &mut Stage, c: char) -> Vec<Effect> {
    let key = KeyEvent::new(KeyCode::Char(c), KeyModifiers::CONTROL);
    stage.app.update(Event::Key(key))
}

fn toast(stage: &Stage) -> &str {
    (stage.app.toast.as_ref()).map_or("", |(words, _)| words.as_str())
}

#[test]
fn a_screen_that_shows_nothing_takes_no_keys() {
    let mut stage = Stage::shop((30, 5));
    let mut effects = stage.keys("sy");
    effects.extend(stage.press(KeyCode::Enter));
    assert!(effects.is_empty() && matches!(stage.app.overlay, Overlay::None));
    assert_eq!(stage.keys("q"), [Effect::Quit]);

    let mut stage = Stage::shop(SIZE);
    stage.keys("s");
    stage.app.update(Event::Resize(30, 5));
    assert!(stage.keys("y").is_empty(), "the question is out of sight");
    assert_eq!(press_ctrl(&mut stage, 'c'), [Effect::Quit]);
}

#[test]
fn ctrl_c_leaves_from_everywhere() {
    for keys in ["", "?", "/a", "s"] {
        let mut stage = Stage::shop(SIZE);
        stage.keys(keys);
        assert_eq!(press_ctrl(&mut stage, 'c'), [Effect::Quit], "after {keys}");
    }
}

#[test]
fn who_comes_second_is_told_so() {
    let other = Actor::new(ActorKind::Vendor, "43");
    let mut stage = Stage::shop(SIZE);
    stage.keys("s");
    let confirm = stage.press(KeyCode::Tab);
    assert!(confirm.is_empty());
    stage.keys("DHL");
    stage.press(KeyCode::Enter);
    let effects = stage.keys("y");
    let ticket = sent(&effects)[0].2;
    let mut theirs = changed(&stage, "10471", OrderStatus::Shipped);
    theirs.status_by = Some(other.clone());
    stage.event(EventKind::Status, &theirs, other.clone());
    let mut late = done(theirs);
    late.changed = false;
    answer(&mut stage, "10471", ticket, Ok(late));
    assert_eq!(
        toast(&stage),
        "#10471 was already Shipped (by vendor 43); carrier and number were not kept"
    );
    let What::Step { by, .. } = &stage.app.notices.get(0).unwrap().what else {
        panic!("their step is told");
    };
    assert_eq!((by, stage.app.notices.len()), (&Some(other), 1));
}

#[test]
fn what_is_so_already_is_not_asked_for() {
    let mut stage = Stage::shop(SIZE);
    stage.keys("s");
    let mut theirs = changed(&stage, "10471", OrderStatus::Shipped);
    theirs.status_by = Some(Actor::new(ActorKind::Vendor, "43"));
    stage.event(EventKind::Status, &theirs, service());
    assert!(stage.screen().contains("! already Shipped by vendor 43"));
    assert!(stage.press(KeyCode::Enter).is_empty());
    stage.press(KeyCode::Esc);
    assert!(matches!(stage.app.overlay, Overlay::None));
}

#[test]
fn a_key_meant_for_an_order_that_left_does_not_reach_the_next() {
    let mut stage = Stage::shop(SIZE);
    stage.keys("2");
    stage.app.drawn();
    let mut theirs = changed(&stage, "10471", OrderStatus::Shipped);
    theirs.status_by = Some(Actor::new(ActorKind::Vendor, "43"));
    stage.event(EventKind::Status, &theirs, service());
    assert_eq!(toast(&stage), "#10471 was just shipped by vendor 43");
    // However late the frame comes, the key was pressed before it was seen.
    stage.wait(5);
    stage.keys("s");
    assert!(matches!(stage.app.overlay, Overlay::None));
    assert_eq!(
        toast(&stage),
        "#10471 was just shipped by vendor 43; the cursor is on #10474 now"
    );
    stage.app.drawn();
    stage.keys("s");
    assert!(matches!(stage.app.overlay, Overlay::None));
    stage.wait(1);
    stage.keys("s");
    assert!(matches!(stage.app.overlay, Overlay::Dialog(_)));
}

#[test]
fn a_queue_of_ones_own_goes_on_at_once() {
    let mut stage = Stage::shop(SIZE);
    stage.keys("2s");
    let effects = stage.press(KeyCode::Enter);
    let order = changed(&stage, "10471", OrderStatus::Shipped);
    let us = Actor::new(ActorKind::Vendor, "42");
    stage.event(EventKind::Status, &order, us);
    answer(&mut stage, "10471", sent(&effects)[0].2, Ok(done(order)));
    let what = &stage.app.notices.get(0).unwrap().what;
    assert!(matches!(what, What::Step { by: None, .. }), "by you");
    stage.keys("s");
    assert!(matches!(&stage.app.overlay, Overlay::Dialog(d) if d.key.number.as_str() == "10474"));
}

#[test]
fn shipping_is_told_where_no_notification_can_be() {
    let mut stage = Stage::shop((40, 8));
    stage.keys("s");
    let effects = stage.keys("y");
    let order = changed(&stage, "10471", OrderStatus::Shipped);
    answer(&mut stage, "10471", sent(&effects)[0].2, Ok(done(order)));
    assert_eq!(toast(&stage), "#10471 shipped");
    stage.press(KeyCode::Down);
    assert_eq!(toast(&stage), "", "the next key clears it");
}

#[test]
fn a_filter_is_seen_while_it_is_typed() {
    let mut stage = Stage::shop((40, 8));
    stage.keys("/zzz");
    let screen = stage.screen();
    assert!(screen.contains("/ zzz ") && screen.contains("0 of 11"));
}

#[test]
fn a_hint_says_its_own_keys_and_the_footer_keeps_the_main_ones() {
    for size in [(45, 12), (40, 8), (120, 30)] {
        let mut stage = Stage::with(size, |settings| {
            settings.hint = Some(crate::Hint {
                title: "Try".into(),
                text: "curl".into(),
            });
        });
        stage.live();
        stage.snapshot(orders());
        let screen = stage.screen();
        let footer = screen.lines().last().unwrap();
        assert!(footer.starts_with(" s next step"), "{size:?}: {footer}");
        let shown = size.0 == 120;
        let told = screen.contains("y copies, H hides");
        assert_eq!(told, shown, "{size:?}: {screen}");
    }
    let mut stage = Stage::shop((45, 12));
    stage.press(KeyCode::Enter);
    assert!(stage.screen().lines().last().unwrap().contains("Esc back"));
}

#[test]
fn a_refusal_speaks_of_options_and_not_of_headers() {
    let said = "Vendor authentication required. Please provide X-Vendor-ID header.";
    let table = [
        (said, "the token is not accepted"),
        ("Invalid vendor ID", "vendor '42' is not on this server"),
        ("no entry", "no entry"),
    ];
    for (said, told) in table {
        let mut stage = Stage::new((120, 30));
        stage.link(ConnectionState::Refused {
            reason: said.into(),
            next_at: at(120),
        });
        let screen = stage.screen();
        assert!(screen.contains(&format!("The server refuses: {told}")));
        assert!(screen.contains("next try now") && !screen.contains("X-Vendor"));
    }
}

#[test]
fn the_wheel_turns_the_pane_under_it() {
    let mut stage = Stage::shop((120, 30));
    for i in 0..5 {
        let order = listed(&format!("N{i}"), OrderStatus::Paid, 100 + i);
        stage.event(EventKind::Created, &order, service());
    }
    let mouse = |stage: &mut Stage, kind, column, row| {
        stage.app.update(Event::Mouse(MouseEvent {
            kind,
            column,
            row,
            modifiers: KeyModifiers::NONE,
        }));
    };
    stage.keys("g");
    mouse(&mut stage, MouseEventKind::ScrollDown, 5, 25);
    assert_eq!((stage.app.cursor_at, stage.app.notices.chosen), (0, 3));
    assert_eq!(stage.app.focus, Pane::Orders);
    mouse(&mut stage, MouseEventKind::ScrollDown, 5, 8);
    assert_eq!((stage.app.cursor_at, stage.app.notices.chosen), (3, 3));
    let notices = crate::view::areas(&stage.app).unwrap().notices.unwrap();
    let press = MouseEventKind::Down(MouseButton::Left);
    mouse(&mut stage, press, 5, notices.y + 2);
    let (focus, chosen) = (stage.app.focus, stage.app.notices.chosen);
    assert_eq!((focus, chosen), (Pane::Notices, 1));
    stage.keys("?");
    mouse(&mut stage, MouseEventKind::ScrollDown, 5, 8);
    assert!(matches!(&stage.app.overlay, Overlay::Help(help) if help.scroll == 3));
}

#[test]
fn only_the_keys_that_say_so_close_the_help() {
    let open = |stage: &Stage| matches!(stage.app.overlay, Overlay::Help(_));
    let mut stage = Stage::shop(SIZE);
    for key in ["q", "?"] {
        stage.keys("?s3zVo");
        assert!(open(&stage), "a key of another screen does nothing here");
        stage.keys(key);
        assert!(!open(&stage), "{key}");
    }
    for code in [KeyCode::Esc, KeyCode::Enter] {
        stage.keys("?");
        stage.press(code);
        assert!(!open(&stage), "{code:?}");
    }
    assert_eq!(stage.app.orders.tab(), None);
}

#[test]
fn what_is_typed_narrows_the_help() {
    let mut stage = Stage::shop((80, 24));
    stage.keys("?/packing slip");
    let screen = stage.screen();
    assert!(
        screen.contains("print the packing slip of the order"),
        "{screen}"
    );
    assert!(!screen.contains("saved views"), "{screen}");
    stage.press(KeyCode::Enter);
    stage.keys("j");
    assert!(!stage.screen().contains("saved views"));
    stage.keys("/");
    stage.press(KeyCode::Esc);
    assert!(stage.screen().contains("saved views"), "all of it again");
    stage.press(KeyCode::Esc);
    assert!(matches!(stage.app.overlay, Overlay::None));
}

#[test]
fn a_long_word_goes_on_above_the_footer_and_leaves_the_cursors_row_in_sight() {
    let mut stage = Stage::shop((45, 12));
    stage.keys("s");
    stage.press(KeyCode::Esc);
    let words = "no next step for #AC-10402, Cancelled: it has ended and that is all";
    for key in [KeyCode::Home, KeyCode::End] {
        stage.press(key);
        stage.app.say(words);
        let screen = stage.screen();
        assert!(screen.contains("ended and that is all"), "{screen}");
        assert!(screen.contains("│▶"), "{screen}");
    }
}

#[test]
fn a_dialog_stays_where_it_is_whatever_comes() {
    for size in [(80, 24), (120, 30)] {
        let mut stage = Stage::with(size, |settings| settings.alerts.alarm = true);
        stage.live();
        stage.snapshot(orders());
        let top = |stage: &Stage| {
            let screen = stage.screen();
            screen.lines().position(|line| line.contains("╭ Ship"))
        };
        stage.keys("s");
        let before = top(&stage);
        assert!(before.is_some());
        let number = under_cursor(&stage);
        let new = listed("10482", OrderStatus::Paid, 110);
        stage.event(EventKind::Created, &new, service());
        assert!(stage.screen().contains("ALARM"));
        assert_eq!(top(&stage), before, "{size:?}");
        let shipped = changed(&stage, &number, OrderStatus::Shipped);
        stage.event(EventKind::Status, &shipped, service());
        assert!(stage.screen().contains("already Shipped"));
        assert_eq!(top(&stage), before, "{size:?}");
    }
}

#[test]
fn until_a_key_is_pressed_the_cursor_is_on_top() {
    let mut stage = Stage::new(SIZE);
    stage.live();
    stage.snapshot(vec![]);
    stage.keys("H");
    stage.app.orders.set_sort(Sort::Newest);
    for number in ["A1", "A2"] {
        let order = listed(number, OrderStatus::Paid, 200 + stage.app.cursor_at as i64);
        stage.event(EventKind::Created, &order, service());
    }
    let newest = listed("A3", OrderStatus::Paid, 300);
    stage.event(EventKind::Created, &newest, service());
    assert_eq!(
        (under_cursor(&stage).as_str(), stage.app.cursor_at),
        ("A3", 0)
    );
}

#[test]
fn late_and_due_come_first_and_say_so() {
    let mut stage = Stage::shop((120, 30));
    for (number, due) in [("D1", 3 * 3_600 + 200), ("D2", -2 * 86_400)] {
        let mut order = (*listed(number, OrderStatus::Paid, 0)).clone();
        order.ship_by = Some(at(due));
        stage.event(EventKind::Created, &order, service());
    }
    let screen = stage.screen();
    let rows: Vec<_> = screen.lines().skip(5).take(3).collect();
    assert!(rows[0].contains("D2") && rows[0].contains("late 2d"));
    assert!(rows[1].contains("D1") && rows[1].contains("due 3h"));
    assert!(rows[2].contains("10471"));
}

#[test]
fn tabs_and_columns_keep_their_places() {
    let mut stage = Stage::shop((120, 30));
    let heads = |stage: &Stage| -> Vec<String> {
        let screen = stage.screen();
        screen.lines().skip(1).take(1).map(str::to_owned).collect()
    };
    let before = heads(&stage);
    for tab in '1'..='8' {
        stage.press(KeyCode::Char(tab));
        assert_eq!(heads(&stage), before);
    }
    stage.press(KeyCode::Char('0'));
    let mut order = (*listed("LONG-NUMBER-1", OrderStatus::Paid, -9_000)).clone();
    order.total_amount = "1234567.00".into();
    stage.event(EventKind::Created, &order, service());
    let columns = |stage: &Stage| stage.screen().lines().nth(4).map(str::to_owned);
    let wide = columns(&stage);
    stage.event(EventKind::Removed, &order, service());
    assert_eq!(columns(&stage), wide, "they do not shrink under the eye");
}

#[test]
fn a_notification_goes_only_when_it_is_known_which() {
    let mut stage = Stage::shop(SIZE);
    let order = listed("N1", OrderStatus::Paid, 119);
    stage.event(EventKind::Created, &order, service());
    stage.keys("x");
    assert_eq!(stage.app.notices.len(), 1);
    stage.keys("nx");
    assert!(toast(&stage).starts_with("dismissed: new #N1"));
    assert!(stage.app.notices.is_empty());
}

#[test]
fn another_sort_is_read_from_its_top() {
    let mut stage = Stage::shop(SIZE);
    stage.keys("jjjonewest");
    stage.press(KeyCode::Enter);
    assert_eq!(stage.app.cursor_at, 0);
    stage.keys("/a");
    stage.press(KeyCode::Enter);
    stage.keys("j");
    let before = under_cursor(&stage);
    stage.keys("onumber");
    stage.press(KeyCode::Enter);
    assert_eq!(
        under_cursor(&stage),
        before,
        "who filters looks for an order"
    );
}

#[test]
fn a_queue_is_worked_off_from_its_top_as_fast_as_it_is_answered() {
    let mut stage = Stage::shop(SIZE);
    stage.keys("2");
    for next in ["10471", "10474", "10477"] {
        assert_eq!(under_cursor(&stage), next);
        stage.keys("s");
        let (number, _, ticket) = sent(&stage.press(KeyCode::Enter)).remove(0);
        assert_eq!(number, next);
        let order = changed(&stage, next, OrderStatus::Shipped);
        answer(&mut stage, next, ticket, Ok(done(order)));
        stage.app.drawn();
    }
}

#[test]
fn an_answer_that_comes_late_does_not_slip_another_order_under_a_key() {
    let mut stage = Stage::shop(SIZE);
    stage.keys("2s");
    let (number, _, ticket) = sent(&stage.press(KeyCode::Enter)).remove(0);
    stage.wait(5);
    stage.app.drawn();
    let order = changed(&stage, &number, OrderStatus::Shipped);
    answer(&mut stage, &number, ticket, Ok(done(order)));
    stage.app.drawn();
    assert_ne!(under_cursor(&stage), number);
    stage.keys("s");
    assert!(
        matches!(stage.app.overlay, Overlay::None),
        "{}",
        stage.screen()
    );
}

#[test]
fn the_chosen_notification_stays_chosen_while_its_pane_has_the_keys() {
    let mut stage = Stage::shop((120, 30));
    for number in ["N1", "N2"] {
        let order = listed(number, OrderStatus::Paid, 119);
        stage.event(EventKind::Created, &order, service());
    }
    stage.press(KeyCode::BackTab);
    assert_eq!(stage.app.focus, Pane::Notices);
    let order = listed("N3", OrderStatus::Paid, 119);
    stage.event(EventKind::Created, &order, service());
    stage.keys("x");
    let left = (0..).map_while(|at| stage.app.notices.get(at));
    let left: Vec<_> = left.filter_map(|notice| notice.key.as_ref()).collect();
    let left: Vec<_> = left.iter().map(|key| key.number.as_str()).collect();
    assert_eq!(left, ["N3", "N1"]);
    stage.press(KeyCode::Enter);
    assert_eq!(under_cursor(&stage), "N1");
}
