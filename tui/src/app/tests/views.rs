//! Saved views.

use crossterm::event::KeyCode;
use ordertop::order::OrderStatus;

use super::SIZE;
use crate::app::Overlay;
use crate::event::{Effect, Event};
use crate::model::sort::{Sort, Sorting};
use crate::model::views::SavedView;
use crate::snapshots::Stage;

fn view(name: &str, filter: &str) -> SavedView {
    SavedView {
        name: name.into(),
        filter: filter.into(),
        sorting: Sort::Total.into(),
        tab: Some(OrderStatus::Paid),
        vendor: None,
    }
}

#[test]
fn what_is_shown_is_saved_under_a_name_and_shown_again() {
    let mut stage = Stage::shop(SIZE);
    stage.keys("2/total>100");
    stage.press(KeyCode::Enter);
    stage.keys("obuyer");
    stage.press(KeyCode::Enter);
    stage.keys("Wlarge");
    let effects = stage.press(KeyCode::Enter);
    let saved = SavedView {
        sorting: Sort::Buyer.into(),
        ..view("large", "total>100")
    };
    assert_eq!(effects, [Effect::SaveView(Box::new(saved))]);
    stage.app.update(Event::ViewSaved {
        name: "large".into(),
        result: Ok(()),
    });
    assert!(stage.screen().contains("saved as large"));
    stage.press(KeyCode::Esc);
    stage.keys("0F");
    stage.press(KeyCode::Enter);
    assert_eq!(stage.app.filter.value(), "total>100");
    assert_eq!(stage.app.orders.tab(), Some(OrderStatus::Paid));
    assert_eq!(stage.app.orders.sorting(), Sorting::from(Sort::Buyer));
    assert_eq!(stage.app.orders.shown(), 3);
}

#[test]
fn a_view_of_the_same_name_is_replaced() {
    let mut stage = Stage::with(SIZE, |settings| settings.views = vec![view("large", "")]);
    stage.live();
    stage.keys("W");
    // Nobody typed a name: the one that is there is typed for them first.
    assert!(stage.press(KeyCode::Enter).is_empty());
    let effects = stage.press(KeyCode::Enter);
    let Effect::SaveView(saved) = &effects[0] else {
        panic!("{effects:?}");
    };
    assert_eq!((saved.name.as_str(), saved.tab), ("large", None));
    assert_eq!(stage.app.views.len(), 1);
    stage.keys("Wlarg");
    stage.press(KeyCode::Enter);
    assert_eq!(stage.app.views.len(), 2, "what is typed is meant as it is");
}

#[test]
fn a_failure_to_save_is_told() {
    let mut stage = Stage::shop(SIZE);
    stage.app.update(Event::ViewSaved {
        name: "x".into(),
        result: Err("permission denied\u{1b}[2J".into()),
    });
    assert!(stage.screen().contains("not saved: permission denied"));
}

#[test]
fn without_views_there_is_nothing_to_pick() {
    let mut stage = Stage::shop(SIZE);
    stage.keys("F");
    assert!(matches!(stage.app.overlay, Overlay::None));
}
