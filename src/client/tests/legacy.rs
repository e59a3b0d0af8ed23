//! The client in front of a server of the old kind.

use super::*;

impl Screen {
    async fn until_legacy(&mut self) {
        self.until("an old server, followed", |screen| {
            let connection = screen.connection.as_ref();
            connection.is_some_and(|c| c.legacy && matches!(c.state, ConnectionState::Live { .. }))
        })
        .await;
    }

    async fn until_refused(&mut self) -> String {
        self.until("refused", |screen| {
            matches!(screen.state(), Some(ConnectionState::Refused { .. }))
        })
        .await;
        match self.state() {
            Some(ConnectionState::Refused { reason, .. }) => reason.clone(),
            other => panic!("{other:?}"),
        }
    }

    fn is_legacy(&self) -> bool {
        self.connection.as_ref().is_some_and(|c| c.legacy)
    }
}

async fn old_server() -> Fake {
    let fake = Fake::start().await;
    fake.with(|state| state.legacy = true);
    fake
}

#[tokio::test]
async fn an_old_server_is_known_by_its_silence_and_its_frames_are_looked_up() {
    let fake = old_server().await;
    touch(&fake, 1..=3);
    let mut screen = Screen::start(&fake, Some(vendor()), true);
    screen.until_legacy().await;
    screen.until_same(&fake).await;
    touch(&fake, [4, 1]);
    screen.until_same(&fake).await;
    assert!(screen.reported.is_empty() && screen.answers > 0);
}

#[tokio::test]
async fn what_a_break_swallowed_is_in_the_next_list() {
    let fake = old_server().await;
    touch(&fake, 1..=2);
    let mut screen = Screen::start(&fake, Some(vendor()), true);
    screen.until_legacy().await;
    fake.with(|state| {
        state.cut_now();
        state.stream.touch(3);
        state.stream.touch(1);
    });
    screen.until_same(&fake).await;
    screen.until_legacy().await;
}

#[tokio::test]
async fn a_list_that_is_asked_for_again_is_not_told_as_loading() {
    let fake = old_server().await;
    touch(&fake, 1..=9);
    let mut screen = Screen::start(&fake, Some(vendor()), true);
    screen.until_legacy().await;
    screen.until_same(&fake).await;
    let fresh_at = |screen: &Screen| screen.connection.as_ref().and_then(|c| c.fresh_at);
    let before = fresh_at(&screen);
    screen.client.refresh();
    screen
        .until("the list again", |screen| fresh_at(screen) > before)
        .await;
    assert!(!screen.is_loading, "no snapshot comes that would end it");
}

/// Has the screen ask for a list: it is read, and its answer held back.
async fn hold_a_list(fake: &Fake, screen: &Screen) {
    let before = lists(fake);
    fake.with(|state| state.hold_list_answers = true);
    screen.client.refresh();
    fake.until(|state| state.asked.iter().filter(|asked| is_list(asked)).count() > before)
        .await;
}

#[tokio::test]
async fn a_list_from_before_a_frame_does_not_undo_it() {
    let fake = old_server().await;
    touch(&fake, 1..=2);
    let mut screen = Screen::start(&fake, Some(vendor()), true);
    screen.until_legacy().await;
    screen.until_same(&fake).await;
    hold_a_list(&fake, &screen).await;
    touch(&fake, [1, 3]);
    screen.until_same(&fake).await;
    fake.with(|state| state.hold_list_answers = false);
    touch(&fake, [2]);
    screen
        .until("the list, and nothing undone", |screen| {
            let now = fake.with(|state| state.stream.list().clone());
            assert!(screen.orders.len() == 3, "one was undone");
            now == screen.orders
                && screen
                    .connection
                    .as_ref()
                    .is_some_and(|c| c.fresh_at.is_some())
        })
        .await;
}

#[tokio::test]
async fn many_frames_at_once_bring_the_list_though_an_older_one_is_under_way() {
    let fake = old_server().await;
    touch(&fake, [1]);
    let mut screen = Screen::start(&fake, Some(vendor()), true);
    screen.until_legacy().await;
    screen.until_same(&fake).await;
    hold_a_list(&fake, &screen).await;
    fake.with(|state| (1..=250).for_each(|n| state.stream.touch(n)));
    fake.with(|state| state.hold_list_answers = false);
    screen.until_same(&fake).await;
    let looked_up = fake.with(|state| {
        let asked = state.asked.iter();
        asked
            .filter(|asked| asked.contains("/vendor-detail/"))
            .count()
    });
    assert!(
        looked_up < 250,
        "{looked_up} orders were asked for one by one"
    );
}

#[tokio::test]
async fn a_change_through_an_old_server_is_looked_up() {
    let fake = old_server().await;
    touch(&fake, 1..=2);
    let mut screen = Screen::start(&fake, Some(vendor()), false);
    screen.until_same(&fake).await;
    let key = OrderKey {
        vendor: vendor(),
        number: OrderNumber::new("A-1").unwrap(),
    };
    let change = StatusChange::default();
    let changed = screen.client.change_status(&key, &change).await.unwrap();
    assert!(changed.changed && changed.order.is_none());
    screen.until_same(&fake).await;
    assert_eq!(lists(&fake), 1, "the one order was fetched");
}

#[tokio::test]
async fn a_server_that_is_replaced_by_the_other_kind_is_followed_as_what_it_is() {
    let fake = Fake::start().await;
    touch(&fake, 1..=3);
    let mut screen = Screen::start(&fake, Some(vendor()), true);
    screen.until_live().await;
    screen.until_same(&fake).await;
    assert!(!screen.is_legacy());
    fake.with(|state| {
        state.legacy = true;
        state.stream.touch(4);
        state.cut_now();
    });
    screen.until_legacy().await;
    screen.until_same(&fake).await;
    touch(&fake, [1]);
    screen.until_same(&fake).await;
    assert!(screen.reported.is_empty(), "it counts nothing");
    fake.with(|state| {
        state.legacy = false;
        state.stream.touch(5);
        state.cut_now();
    });
    screen
        .until("the new kind", |screen| {
            !screen.is_legacy() && matches!(screen.state(), Some(ConnectionState::Live { .. }))
        })
        .await;
    screen.until_same(&fake).await;
    touch(&fake, [2]);
    screen.until_same(&fake).await;
    assert_eq!(screen.reported, [7]);
    assert!(screen.history_changed.is_empty(), "it is another server");
}

#[tokio::test]
async fn an_old_server_that_refuses_sockets_is_polled() {
    let fake = Fake::start().await;
    touch(&fake, 1..=2);
    let mut screen = Screen::start(&fake, Some(vendor()), true);
    screen.until_live().await;
    screen.until_same(&fake).await;
    // The position that is held means nothing to it.
    fake.with(|state| {
        state.legacy = true;
        state.socket = Mode::Status(500);
        state.cut_now();
        state.stream.touch(3);
    });
    screen.until_same(&fake).await;
    screen
        .until("polling an old server", |screen| {
            screen.is_legacy() && matches!(screen.state(), Some(ConnectionState::Polling { .. }))
        })
        .await;
    fake.with(|state| state.rest = Mode::HangUp);
    screen.client.refresh();
    screen
        .until("offline", |screen| {
            matches!(screen.state(), Some(ConnectionState::Offline { .. }))
        })
        .await;
    fake.with(|state| (state.socket, state.rest) = (Mode::Good, Mode::Good));
    screen.client.refresh();
    screen.until_legacy().await;
}

#[tokio::test]
async fn a_proxy_that_takes_the_header_away_does_not_make_a_server_old() {
    let fake = Fake::start().await;
    fake.with(|state| state.headless = true);
    touch(&fake, 1..=2);
    let mut screen = Screen::start(&fake, Some(vendor()), true);
    screen.until_live().await;
    screen.until_same(&fake).await;
    touch(&fake, [3, 1]);
    screen.until_same(&fake).await;
    assert_eq!(screen.reported, [3, 4]);
    assert!(!screen.is_legacy());
}

#[tokio::test]
async fn an_old_server_asks_for_one_vendor_to_be_named() {
    let fake = old_server().await;
    // It knows no socket of all vendors either.
    fake.with(|state| state.socket = Mode::Status(500));
    let mut screen = Screen::start(&fake, None, true);
    assert!(screen.until_refused().await.contains("name the vendor"));
    assert!(screen.is_legacy());
    drop(screen);
    // One that takes any socket says no welcome on it.
    fake.with(|state| state.socket = Mode::Good);
    let mut screen = Screen::start(&fake, None, true);
    assert!(screen.until_refused().await.contains("name the vendor"));
}

#[tokio::test]
async fn an_old_servers_open_socket_does_not_hide_that_the_token_is_refused() {
    let fake = old_server().await;
    fake.with(|state| state.rest = Mode::Status(401));
    // The socket, too, is tried again after this time.
    let often = *POLL_RANGE.start();
    let mut screen = Screen::polling(&fake, Some(vendor()), true, often);
    assert_eq!(screen.until_refused().await, "Invalid vendor ID");
    let tries = |state: &fake::State| {
        let asked = state.asked.iter();
        asked.filter(|asked| asked.contains("/ws/")).count()
    };
    fake.until(|state| tries(state) > 1).await;
    while let Ok(told) = screen.events.try_recv() {
        screen.take(told);
    }
    let live = |state: &ConnectionState| matches!(state, ConnectionState::Live { .. });
    assert!(!screen.states.iter().any(live), "{:?}", screen.states);
    fake.with(|state| state.rest = Mode::Good);
    screen.until_legacy().await;
}

#[tokio::test]
async fn an_old_server_that_answers_no_ping_is_left() {
    let fake = old_server().await;
    fake.with(|state| state.mute = true);
    let mut screen = Screen::start(&fake, Some(vendor()), true);
    screen.until_legacy().await;
    screen
        .until("a break", |screen| {
            !matches!(screen.state(), Some(ConnectionState::Live { .. }))
        })
        .await;
    fake.with(|state| state.mute = false);
    screen.until_legacy().await;
    screen
        .until("a round trip", |screen| {
            screen
                .connection
                .as_ref()
                .is_some_and(|c| c.round_trip.is_some())
        })
        .await;
}
