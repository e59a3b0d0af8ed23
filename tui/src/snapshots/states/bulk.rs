//! Steps of many orders at once.

use crossterm::event::KeyCode;
use ordertop::order::{Actor, ActorKind, OrderStatus};
use ordertop::protocol::ListedOrder;
use ordertop::protocol::rest::{BulkRow, Outcome, RowResult, RowResults};

use super::super::orders::orders;
use super::super::{Stage, State};
use super::acting::ask_for;
use super::list::{all_vendors, flagged};
use super::{Size, after, entered, state};
use crate::event::{Effect, Event};
use crate::model::fixture::vendor;

pub(super) const STATES: &[State] = &[
    state("slips_of_the_marked", |size| {
        let mut stage = Stage::with(size, |settings| {
            settings.print_command = Some(vec!["lp".into()]);
        });
        stage.live();
        stage.vendors();
        stage.snapshot(orders());
        stage.rest();
        stage.keys("   P");
        stage
    }),
    state("bulk_plan", |size| after(size, "As")),
    state("bulk_plan_of_held_and_changed", |size| {
        let mut stage = flagged(size);
        stage.keys("As");
        ask_for(&mut stage, "10474");
        stage
    }),
    state("bulk_plan_of_several_vendors", |size| {
        let mut stage = all_vendors(size);
        stage.keys("As");
        stage
    }),
    state("bulk_result_of_several_vendors", |size| {
        let mut stage = all_vendors(size);
        stage.keys("/status:paid");
        stage.press(KeyCode::Enter);
        stage.keys("As");
        stage.press(KeyCode::Enter);
        stage
    }),
    state("bulk_plan_with_a_reason", |size| {
        let mut stage = Stage::with(size, |settings| settings.vendor = None);
        stage.live();
        stage.vendors();
        stage.snapshot(orders());
        stage.rest();
        stage.keys("ASdisputed");
        stage.press(KeyCode::Enter);
        stage
    }),
    state("bulk_none_can", |size| {
        let mut stage = entered(size, "/status:cancelled,refunded");
        stage.keys("AS");
        stage
    }),
    state("bulk_plan_of_hidden_and_asked", |size| {
        let mut stage = after(size, "  ");
        ask_for(&mut stage, "10471");
        ask_for(&mut stage, "10474");
        stage.keys("/number:10477");
        stage.press(KeyCode::Enter);
        // The list is looked at for long enough.
        stage.app.drawn();
        stage.rest();
        stage.keys(" s");
        stage
    }),
    state("marks_hidden", |size| {
        let mut stage = after(size, "  ");
        stage.keys("/status:ship");
        stage.press(KeyCode::Enter);
        stage
    }),
    state("bulk_sending", |size| sent(size, 2)),
    state("bulk_results", |size| sent(size, usize::MAX)),
    state("bulk_undo_offered", |size| {
        let mut stage = sent(size, usize::MAX);
        stage.press(KeyCode::Esc);
        stage
    }),
];

/// Everything in the list, shipped; the first rows are answered, and the second
/// of them is refused.
fn sent(size: Size, most: usize) -> Stage {
    let mut stage = after(size, "As");
    let effects = stage.press(KeyCode::Enter);
    let sent = effects.into_iter().find_map(|effect| match effect {
        Effect::ChangeStatuses { ticket, rows } => Some((ticket, rows)),
        _ => None,
    });
    let (ticket, rows) = sent.unwrap();
    let count = rows.len().min(most);
    let results = rows.iter().take(count).enumerate();
    let results = results
        .map(|(i, row)| result(&stage, row, i == 1))
        .collect();
    stage.app.update(Event::BulkAnswer {
        ticket,
        first: 0,
        count,
        result: Ok(RowResults { results }),
    });
    stage
}

fn result(stage: &Stage, row: &BulkRow, refused: bool) -> RowResult {
    let known = orders();
    let is = |order: &&std::sync::Arc<ListedOrder>| order.order_number.as_str() == row.order_number;
    let key = known.iter().find(is).unwrap().key(&vendor());
    let mut order = (*stage.app.orders.get(&key).unwrap().listed()).clone();
    let to: OrderStatus = row.change.status.as_deref().unwrap().parse().unwrap();
    (order.status, order.version) = (to, 2);
    order.status_by = Some(Actor::new(ActorKind::Vendor, "42"));
    let outcome = match refused {
        true => Outcome::Refused,
        false => Outcome::Changed,
    };
    RowResult {
        error: refused.then(|| "Order must be paid before marking as shipped".into()),
        order: (!refused).then_some(order),
        ..RowResult::new(None, None, outcome)
    }
}
