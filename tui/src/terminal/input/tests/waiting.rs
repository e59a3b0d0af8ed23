//! What is awaited: keys, replies, and the rest of them before the program leaves.

use std::time::Duration;

use crossterm::event::{Event, KeyCode};
use tokio::sync::mpsc;

use super::CUT;
use crate::terminal::input::{Input, Read};

/// An input, and what its thread would read.
fn input() -> (mpsc::Sender<std::io::Result<Read>>, Input) {
    let (tell, reads) = mpsc::channel(8);
    (tell, Input::new(reads))
}

fn read(bytes: &[u8]) -> std::io::Result<Read> {
    let now = tokio::time::Instant::now().into_std();
    Ok(Read::Bytes(now, bytes.to_vec()))
}

/// The next key that is typed.
async fn typed(input: &mut Input) -> KeyCode {
    match input.next().await {
        Some(Ok(Event::Key(key))) => key.code,
        other => panic!("{other:?}"),
    }
}

#[tokio::test(start_paused = true)]
async fn a_colour_that_comes_late_and_cut_is_not_typed_and_keys_before_it_are() {
    let (tell, mut input) = input();
    tell.try_send(read(b"s\x1b]10;rgb:cccc/")).unwrap();
    assert_eq!(input.replies(Duration::from_millis(50)).await, []);
    assert_eq!(typed(&mut input).await, KeyCode::Char('s'));
    tokio::time::advance(CUT).await;
    tell.try_send(read(b"cccc/cccc\x1b")).unwrap();
    let rest = async {
        tokio::time::sleep(CUT).await;
        let rest = b"\\\x1b]11;rgb:0/0/0\x07\x1b[?62cq";
        tell.send(read(rest)).await.unwrap();
    };
    let (key, ()) = tokio::join!(typed(&mut input), rest);
    assert_eq!(key, KeyCode::Char('q'));
}

#[tokio::test(start_paused = true)]
async fn leaving_waits_for_replies_that_were_asked_for_and_for_no_others() {
    let now = tokio::time::Instant::now;
    let (tell, mut input) = input();
    // Nothing was asked for.
    let before = now();
    input.settle().await;
    assert_eq!(now(), before);
    // All came in time.
    tell.try_send(read(b"\x1b]11;rgb:0/0/0\x07\x1b[?62c"))
        .unwrap();
    assert_eq!(input.replies(Duration::from_millis(50)).await.len(), 2);
    input.settle().await;
    assert_eq!(now(), before);
    // They come while the program leaves.
    assert_eq!(input.replies(Duration::from_millis(50)).await, []);
    let late = async {
        tokio::time::sleep(CUT).await;
        tell.send(read(b"\x1b]11;rgb:0/0/0\x07")).await.unwrap();
        tokio::time::sleep(CUT).await;
        tell.send(read(b"\x1b[?62c")).await.unwrap();
    };
    tokio::join!(input.settle(), late);
    assert!(now() - before < Duration::from_millis(300));
    // They never come.
    let before = now();
    assert_eq!(input.replies(Duration::from_millis(50)).await, []);
    input.settle().await;
    assert!(now() - before < Duration::from_millis(1100));
    // The terminal ends.
    assert_eq!(input.replies(Duration::from_millis(50)).await, []);
    let before = now();
    drop(tell);
    input.settle().await;
    assert_eq!(now(), before);
    assert!(input.next().await.is_none());
}

#[tokio::test(start_paused = true)]
async fn escape_alone_is_pressed_when_its_time_is_over() {
    let (tell, mut input) = input();
    tell.try_send(read(b"\x1b")).unwrap();
    let before = tokio::time::Instant::now();
    assert_eq!(typed(&mut input).await, KeyCode::Esc);
    assert!(before.elapsed() < Duration::from_millis(60));
    tell.try_send(read(b"jk")).unwrap();
    assert_eq!(typed(&mut input).await, KeyCode::Char('j'));
    assert!(matches!(input.try_next(), Some(Ok(Event::Key(_)))));
    assert!(input.try_next().is_none());
}
