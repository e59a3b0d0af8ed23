//! A cluster whose slots move between nodes, and whose nodes come and go.

use ordertop_server::store::{ChangeOutcome, Following, News, Store};

use super::{next, open, until};
use crate::once::placing;
use crate::redis_server::Cluster;
use crate::story::{place, vendor};

/// Hash tags that lie at the node that is drained: a vendor's and one of the probes'.
const TAGS: [&str; 2] = ["10", "42"];

#[tokio::test]
async fn a_drained_node_that_is_removed_is_no_longer_asked() {
    let mut cluster = Cluster::start().await;
    let fourth = cluster.join().await;
    for tag in TAGS {
        let from = cluster.master_of(tag).await;
        cluster.move_slot(tag, from, fourth).await;
    }
    // The removed node is one of the address, too.
    let url = format!(
        "{},127.0.0.1:{}",
        cluster.url(),
        cluster.nodes()[fourth].port()
    );
    let (one, mut fed) = open(&url).await;
    let (two, _fed) = open(&url).await;
    one.add_vendor(vendor("42"), "Acme".into()).await.unwrap();
    let _watch = one.watch(&Following::Vendor(vendor("42"))).await.unwrap();
    place(&two, "42", "A-1", 1).await;
    let ready = || async { one.probe().await.is_ok() && two.probe().await.is_ok() };
    until("both are ready", ready).await;

    for tag in TAGS {
        let home = cluster.master_of(tag).await;
        cluster.move_slot(tag, fourth, home).await;
    }
    let _removed = cluster.remove(fourth).await;
    for (store, number) in [(&two, "A-2"), (&one, "A-3"), (&two, "A-4")] {
        let placed = store.change_all(placing("42", number), None).await;
        assert_eq!(placed.unwrap()[0].outcome, ChangeOutcome::Written);
    }
    until("both are ready again", ready).await;
    let mut offset = 0;
    while offset < 4 {
        for news in next(&mut fed).await {
            if let News::Event(event) = news {
                offset += 1;
                assert_eq!(event.event.position.offset, offset);
            }
        }
    }
    // A connection that is made now does not take the removed node's map.
    for _ in 0..4 {
        let (late, _fed) = open(&url).await;
        late.vendor(&vendor("42")).await.unwrap().unwrap();
    }
}
