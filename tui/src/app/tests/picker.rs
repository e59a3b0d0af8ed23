//! Lists to pick from.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers, MouseButton, MouseEvent, MouseEventKind};
use ordertop::client::ClientEvent;
use ordertop::order::{OrderStatus, VendorId};
use ordertop::protocol::{EventKind, rest::Vendor};
use ordertop::replica::Change;

use super::{SIZE, changed, under_cursor};
use crate::app::Overlay;
use crate::app::picker::Picked;
use crate::event::{Effect, Event};
use crate::model::keymap::{Action, Chord, Context};
use crate::model::sort::{Sort, Sorting};
use crate::snapshots::{Stage, orders, service};
use crate::theme::{Depth, Glyphs, Looks, ThemeName, Themes};

#[test]
fn a_way_to_sort_is_picked_by_its_words() {
    let mut stage = Stage::shop(SIZE);
    stage.keys("onumber");
    assert!(matches!(stage.app.overlay, Overlay::Picker(_)));
    stage.press(KeyCode::Enter);
    assert_eq!(stage.app.orders.sort(), Sort::Number);
    assert!(matches!(stage.app.overlay, Overlay::None));
    stage.keys("o");
    stage.press(KeyCode::Enter);
    assert!(stage.app.orders.sorting().reversed, "again turns it round");
    stage.keys("obuyer");
    stage.press(KeyCode::Esc);
    assert_eq!(stage.app.orders.sort(), Sort::Number);
}

#[test]
fn a_press_of_the_mouse_picks() {
    let mut stage = Stage::shop(SIZE);
    stage.keys("o");
    let screen = stage.screen();
    let row = screen
        .lines()
        .position(|line| line.contains("the newest on top"));
    let press = MouseEvent {
        kind: MouseEventKind::Down(MouseButton::Left),
        column: 20,
        row: u16::try_from(row.unwrap()).unwrap(),
        modifiers: KeyModifiers::NONE,
    };
    stage.app.update(Event::Mouse(press));
    assert_eq!(stage.app.orders.sort(), Sort::Newest);
}

#[test]
fn every_key_is_a_command_too() {
    let mut stage = Stage::shop(SIZE);
    stage.keys(":paid alone");
    stage.press(KeyCode::Enter);
    assert_eq!(stage.app.orders.tab(), Some(OrderStatus::Paid));
    stage.keys(":leave the program");
    assert_eq!(stage.press(KeyCode::Enter), [Effect::Quit]);
    stage.keys(":next status");
    stage.press(KeyCode::Enter);
    assert!(matches!(&stage.app.overlay, Overlay::Dialog(_)));
}

#[test]
fn a_command_is_meant_for_the_order_that_was_under_the_cursor() {
    let mut stage = Stage::shop(SIZE);
    stage.keys("2:next status");
    let before = under_cursor(&stage);
    let theirs = changed(&stage, &before, OrderStatus::Shipped);
    stage.event(EventKind::Status, &theirs, service());
    stage.wait(5);
    assert_ne!(under_cursor(&stage), before);
    stage.press(KeyCode::Enter);
    assert!(matches!(stage.app.overlay, Overlay::None));
    let (words, _) = stage.app.toast.as_ref().unwrap();
    assert!(words.contains(&before), "{words}");
}

#[test]
fn a_press_on_a_column_head_sorts_by_it() {
    let mut stage = Stage::shop(SIZE);
    let press = |stage: &mut Stage, word: &str| {
        let screen = stage.screen();
        let (row, line) = screen
            .lines()
            .enumerate()
            .find(|(_, line)| line.starts_with('│') && line.contains("Buyer"))
            .unwrap();
        let before = &line[..line
            .find(word)
            .unwrap_or_else(|| panic!("{word}\n{screen}"))];
        let press = MouseEvent {
            kind: MouseEventKind::Down(MouseButton::Left),
            column: u16::try_from(before.chars().count()).unwrap(),
            row: u16::try_from(row).unwrap(),
            modifiers: KeyModifiers::NONE,
        };
        stage.app.update(Event::Mouse(press));
        stage.app.orders.sorting()
    };
    let heads = [
        ("Number", Sort::Number),
        ("Buyer", Sort::Buyer),
        ("Total", Sort::Total),
        ("Status", Sort::Status),
        ("Age", Sort::Newest),
    ];
    for (word, sort) in heads {
        assert_eq!(press(&mut stage, word), Sorting::from(sort), "{word}");
    }
    assert!(press(&mut stage, "Age").reversed);
    assert!(stage.screen().contains("↓Age") && stage.screen().contains("oldest first"));
    // Its head says what the column shows.
    stage.app.sort_by(Sort::Since);
    assert!(stage.screen().contains("longest in its status"));
    assert!(press(&mut stage, "Since").reversed);
    assert!(stage.screen().contains("shortest in its status"));
}

#[test]
fn the_last_column_is_the_age_unless_it_is_sorted_by_the_time_in_the_status() {
    let mut stage = Stage::new(SIZE);
    stage.live();
    let mut order = (*crate::model::fixture::listed("10482", OrderStatus::Shipped, -7_200)).clone();
    order.status_since = Some(crate::model::fixture::at(60));
    stage.snapshot(vec![order.into()]);
    let ends_in = |stage: &Stage, age: &str| {
        let screen = stage.screen();
        let row = screen.lines().find(|line| line.contains("▲ Shipped"));
        let row = row.unwrap().split('│').nth(1).unwrap().trim().to_owned();
        assert!(row.ends_with(age), "{row}");
    };
    ends_in(&stage, " 2h");
    stage.app.sort_by(Sort::Since);
    ends_in(&stage, " 1m");
}

#[test]
fn one_vendor_is_picked_by_name_or_id() {
    let mut stage = Stage::with(SIZE, |settings| settings.vendor = None);
    stage.live();
    let names = [("42", "Acme"), ("7", "Blue Door\u{1b}[2J")];
    let vendor = |(id, name): (&str, &str)| Vendor {
        id: VendorId::new(id).unwrap(),
        name: name.into(),
    };
    stage.tell(ClientEvent::Vendors(names.map(vendor).into()));
    stage.snapshot(orders());
    stage.tell(ClientEvent::Changes(vec![Change::Snapshot {
        vendor: VendorId::new("7").unwrap(),
        orders: vec![],
    }]));
    stage.keys("Vblue");
    stage.press(KeyCode::Enter);
    assert_eq!(
        (stage.app.orders.shown(), stage.app.orders.in_scope()),
        (0, 0)
    );
    stage.keys("V42");
    stage.press(KeyCode::Enter);
    assert_eq!(stage.app.orders.shown(), 11);
    assert!(stage.screen().contains("Acme · 11 orders"));
    stage.press(KeyCode::Esc);
    assert_eq!(stage.app.orders.vendor(), None);
}

#[test]
fn who_has_one_vendor_picks_none() {
    let mut stage = Stage::shop(SIZE);
    stage.keys("V");
    assert!(matches!(stage.app.overlay, Overlay::None));
}

#[test]
fn a_theme_is_seen_before_it_is_picked() {
    let looks = Looks {
        name: ThemeName::Dark,
        ..Looks::default()
    };
    let mut stage = Stage::with(SIZE, |settings| {
        settings.themes = Themes::new(looks, Depth::True, Glyphs::Unicode, None);
        settings.theme = settings.themes.theme(ThemeName::Dark);
    });
    stage.live();
    let accent = |stage: &Stage| stage.app.settings.theme.accent().fg;
    let dark = accent(&stage);
    stage.keys("T");
    assert_eq!(
        accent(&stage),
        dark,
        "the cursor stands on the one that is worn"
    );
    stage.press(KeyCode::Down);
    let ember = accent(&stage);
    assert_ne!(ember, dark, "it is seen at once");
    stage.press(KeyCode::Esc);
    assert_eq!(accent(&stage), dark, "Esc goes back");
    stage.keys("Tember");
    assert_eq!(accent(&stage), ember);
    stage.keys("zzz");
    assert_eq!(accent(&stage), dark, "none matches");
    stage.press(KeyCode::Esc);
    stage.keys("Tember");
    let effects = stage.press(KeyCode::Enter);
    assert_eq!(effects, [Effect::KeepTheme(ThemeName::Ember)]);
    assert_eq!(accent(&stage), ember);
    let name = ThemeName::Ember;
    let result = Ok(());
    stage.app.update(Event::ThemeKept { name, result });
    assert!(
        stage
            .screen()
            .contains("theme ember: kept in ordertop.toml")
    );
    let result = Err("read-only\u{1b}[2J".into());
    stage.app.update(Event::ThemeKept { name, result });
    assert!(stage.screen().contains("not kept: read-only"));
    assert_eq!(accent(&stage), ember);
}

#[test]
fn a_long_vendors_name_leaves_the_column_beside_it_straight() {
    let mut stage = Stage::with((120, 30), |settings| settings.vendor = None);
    stage.live();
    stage.vendors_named(&[
        ("42", "Acme"),
        ("hadley", "Hadley & Daughters, Booksellers since 1871"),
        ("kumo", "雲文具店 Kumo"),
    ]);
    stage.keys("V");
    let screen = stage.screen();
    let columns = screen.lines().filter_map(|line| {
        let at = line.find("  vendor ")?;
        Some(crate::model::text::width(&line[..at + 2]))
    });
    let columns: Vec<_> = columns.collect();
    assert_eq!(columns.len(), 3, "{screen}");
    assert!(columns.iter().all(|at| *at == columns[0]), "{screen}");
    assert!(screen.contains("Hadley & Daughters, Booksel…"), "{screen}");
}

#[test]
fn commands_show_the_keys_that_they_have() {
    let mut stage = Stage::with(SIZE, |settings| {
        let keys = ["f5", "ctrl-a"].map(|key| Chord::parse(key).unwrap());
        (settings.keymap).rebind(Context::Screen, Action::Tab, keys.into());
    });
    stage.live();
    stage.snapshot(orders());
    stage.keys(":");
    let Overlay::Picker(picker) = &stage.app.overlay else {
        panic!("{:?}", stage.app.overlay);
    };
    let tabs: Vec<_> = (picker.entries.iter())
        .filter(|entry| matches!(entry.picked, Picked::Tab(_)))
        .map(|entry| entry.key.as_deref())
        .collect();
    assert_eq!(tabs[..3], [Some("F5"), Some("Ctrl-A"), None]);
    let suspend = KeyEvent::new(KeyCode::Char('z'), KeyModifiers::CONTROL);
    assert_eq!(stage.app.update(Event::Key(suspend)), [Effect::Suspend]);
}

#[test]
fn a_key_of_the_tabs_is_known_with_what_is_held() {
    let keys = ["0", "ctrl-1", "1", "shift-up"].map(|key| Chord::parse(key).unwrap());
    let mut stage = Stage::with(SIZE, |settings| {
        (settings.keymap).rebind(Context::Screen, Action::Tab, keys.into());
    });
    stage.live();
    stage.snapshot(orders());
    let mut tab = |code, held| {
        stage.app.update(Event::Key(KeyEvent::new(code, held)));
        stage.app.orders.tab()
    };
    let plain = KeyModifiers::NONE;
    assert_eq!(tab(KeyCode::Char('1'), plain), Some(OrderStatus::Paid));
    let held = tab(KeyCode::Char('1'), KeyModifiers::CONTROL);
    assert_eq!(held, Some(OrderStatus::Pending));
    let held = tab(KeyCode::Up, KeyModifiers::SHIFT);
    assert_eq!(held, Some(OrderStatus::Shipped));
    assert_eq!(tab(KeyCode::Char('0'), plain), None);
}
