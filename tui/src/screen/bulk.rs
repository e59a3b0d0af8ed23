//! Sends changes of many orders, some hundred at once, so that the screen can
//! say how far it is.

use std::sync::Arc;

use ordertop::client::Client;
use ordertop::protocol::rest::{BulkChange, BulkRow};
use tokio::sync::mpsc;

use crate::event::Event;
use crate::strings;

/// So many orders go into one request: a fraction of what a server takes, and a
/// fraction of a second of its time.
const AT_ONCE: usize = 200;

/// Sends `rows` in their order until one request fails. Gives what to say when
/// nobody listens any more: the user has left.
pub(super) async fn send(
    client: Arc<Client>,
    answers: mpsc::Sender<Event>,
    ticket: u64,
    rows: Vec<BulkRow>,
) -> Option<String> {
    let (mut sent, mut unheard) = (0, None);
    for orders in rows.chunks(AT_ONCE) {
        let bulk = BulkChange {
            orders: orders.to_vec(),
        };
        let result = client.change_statuses(&bulk).await;
        let failed = result.as_ref().err().map(strings::sentence);
        let answer = Event::BulkAnswer {
            ticket,
            first: sent,
            count: orders.len(),
            result,
        };
        let heard = answers.send(answer).await.is_ok();
        if let Some(why) = failed {
            let not = strings::bulk_broke_off(rows.len() - sent, rows.len(), &why);
            return (!heard).then_some(not);
        }
        sent += orders.len();
        if !heard {
            unheard = Some(strings::bulk_left(sent));
        }
    }
    unheard
}
