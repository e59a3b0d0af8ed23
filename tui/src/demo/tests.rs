//! The demo against its own server, on a free port.

use std::time::Duration;

use ordertop::client::rest::ListQuery;
use ordertop::order::OrderStatus;
use ordertop::protocol::rest::StatusChange;

use super::*;

fn args(words: &[&str]) -> DemoArgs {
    #[derive(clap::Parser)]
    struct Program {
        #[command(flatten)]
        demo: DemoArgs,
    }
    let program: Program = clap::Parser::try_parse_from(["demo"].iter().chain(words)).unwrap();
    program.demo
}

async fn open(words: &[&str]) -> anyhow::Result<Demo> {
    Demo::open(&args(words), Arc::new(SystemClock)).await
}

#[tokio::test]
async fn an_order_waits_for_the_user_and_nothing_is_left_behind() {
    let demo = open(&["--orders", "40", "--rate", "0"]).await.unwrap();
    let folder = demo.folder.path().to_owned();
    let rest = Rest::new(&demo.guide.server, &demo.guide.credentials()).unwrap();
    assert_eq!(rest.vendors().await.unwrap().len(), 6);
    let waiting = rest.detail(&demo.guide.order).await.unwrap();
    assert_eq!(waiting.status, OrderStatus::Paid);
    let vendor = rest.acting_as(demo.guide.order.vendor.clone());
    let change = StatusChange {
        status: Some("Shipped".into()),
        ..StatusChange::default()
    };
    let shipped = vendor
        .change_status(&demo.guide.order, &change)
        .await
        .unwrap();
    assert!(shipped.changed);
    demo.server.stop().await.unwrap();
    demo.folder.close().unwrap();
    assert!(!folder.exists());
}

#[tokio::test]
async fn orders_and_changes_keep_coming_and_the_waiting_one_is_left_alone() {
    let demo = open(&["--orders", "60", "--rate", "6000", "--vendor", "kumo"])
        .await
        .unwrap();
    let vendor = demo.guide.order.vendor.clone();
    assert_eq!(vendor.as_str(), "kumo");
    let rest = Rest::new(&demo.guide.server, &demo.guide.credentials()).unwrap();
    let rest = rest.acting_as(vendor.clone());
    let first = rest.orders(&vendor, &ListQuery::default()).await.unwrap();
    let mut position = first.position.unwrap();
    let follow = async {
        let mut events = 0;
        while events < 100 {
            let page = rest
                .events(&vendor, &position, Duration::from_secs(10))
                .await
                .unwrap();
            assert!(!page.events.is_empty(), "nothing happened for ten seconds");
            events += page.events.len();
            position = page.position;
        }
    };
    tokio::select! {
        () = demo.traffic.run() => panic!("traffic never ends"),
        () = follow => {}
    }
    let waiting = rest.detail(&demo.guide.order).await.unwrap();
    assert_eq!(waiting.status, OrderStatus::Paid);
    let last = rest.orders(&vendor, &ListQuery::default()).await.unwrap();
    assert!(last.orders.len() > first.orders.len());
    demo.server.stop().await.unwrap();
}

#[tokio::test]
async fn a_vendor_of_another_market_is_refused_with_the_ones_there_are() {
    let error = open(&["--vendor", "7"]).await.err().unwrap().to_string();
    assert!(
        error.starts_with("the demo has no vendor 7: choose one of 42, nordlicht"),
        "{error}"
    );
}

#[tokio::test]
async fn it_runs_none_of_the_users_commands_by_itself() {
    let demo = open(&["--orders", "8"]).await.unwrap();
    let mut config = Settings::default();
    config.alerts.command = Some("ring-the-shop".into());
    config.print_command = Some("lp".into());
    config.file = Some("ordertop.toml".into());
    let args = DemoArgs::usual(Manners::default()).unwrap();
    let options = screen_options(&demo.guide, args, &config, None);
    assert_eq!(options.alerts.command, None);
    assert_eq!((options.config_file, options.views.len()), (None, 0));
    // A slip is printed for a key that somebody pressed.
    assert_eq!(options.print_command, Some(vec!["lp".to_owned()]));
    demo.server.stop().await.unwrap();
}

#[test]
fn only_this_machine_is_served() {
    assert!(loopback("0.0.0.0:80").is_err());
    assert!(loopback("here").is_err());
    assert!(loopback("[::1]:0").is_ok());
}
