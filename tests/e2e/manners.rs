//! How the terminal program behaves towards the terminal, the shell and the
//! system: it stops and continues, ends when told, and leaves nothing behind.

use std::process::Stdio;

use rustix::process::Signal;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};

use crate::support::{DEADLINE, Screen, TOKEN, TestServer, binary, paid, paid_now};

const LIVE: &str = "Real-time: ON";
const BEGIN: &[u8] = b"\x1b[?2026h";
const END: &[u8] = b"\x1b[?2026l";
const CLEAR: &str = "\x1b[2J";

#[tokio::test]
async fn ctrl_z_gives_the_shell_its_terminal_and_fg_takes_it_again() {
    let server = TestServer::start().await;
    server.support().place(&paid("42", "A-1001")).await;
    let mut screen = Screen::start_in_a_shell(&["--server", &server.url(), "--vendor", "42"]);
    screen.shows_line(&["A-1001", "Paid"]).await;
    screen.press("\x1a");
    screen.shows_text("Stopped").await;
    assert!(screen.is_restored(), "{}", screen.text());
    server.support().place(&paid("42", "A-1002")).await;
    screen.press("fg\r");
    screen.shows_line(&["A-1002", "Paid"]).await;
    screen.shows_line(&["A-1001", "Paid"]).await;
    assert!(!screen.is_restored());

    // The signal does what the key does.
    screen.signal_in_the_shell(Signal::TSTP);
    let stopped_twice = |text: &str| text.matches("Stopped").count() == 2;
    screen.shows("stopped twice", stopped_twice).await;
    assert!(screen.is_restored(), "{}", screen.text());
    screen.press("fg\r");
    screen.shows_line(&["A-1002", "Paid"]).await;
    screen.press("q");
    // What is typed before the program has left is its own.
    screen
        .shows("a prompt", |text| text.trim_end().ends_with(['#', '$']))
        .await;
    screen.press("echo over and $((40 + 2))\r");
    screen.shows_text("over and 42").await;
    assert!(screen.is_restored(), "{}", screen.text());
}

#[tokio::test]
async fn without_a_shell_ctrl_z_stops_nothing() {
    let server = TestServer::start().await;
    server.support().place(&paid("42", "A-1001")).await;
    let mut screen = Screen::watch_vendor(&server.url(), "42");
    screen.shows_line(&["A-1001", "Paid"]).await;
    screen.press("\x1a");
    screen.shows_text("no shell here").await;
    server
        .vendor("42")
        .set("A-1001", "Shipped")
        .await
        .expect(200);
    screen.shows_line(&["A-1001", "Shipped"]).await;
}

#[tokio::test]
async fn a_signal_to_end_leaves_the_terminal_as_it_was() {
    let server = TestServer::start().await;
    for signal in [Signal::TERM, Signal::INT, Signal::HUP] {
        let mut screen = Screen::watch_vendor(&server.url(), "42");
        screen.shows_text(LIVE).await;
        screen.signal(signal);
        screen.ended().await;
        assert!(screen.is_restored(), "{signal:?}: {}", screen.text());
        let written = screen.written();
        let tail = &written[written.len().saturating_sub(200)..];
        for restored in [
            "\x1b[?1049l",
            "\x1b[?25h",
            "\x1b[?2004l",
            "\x1b[?1000l",
            "\x1b[?2026l",
        ] {
            let found = tail
                .windows(restored.len())
                .any(|bytes| bytes == restored.as_bytes());
            assert!(
                found,
                "{signal:?}: {restored:?} in {:?}",
                String::from_utf8_lossy(tail)
            );
        }
    }
}

#[tokio::test]
async fn it_lives_through_every_size() {
    let server = TestServer::start().await;
    server.support().place(&paid("42", "A-1001")).await;
    let mut screen = Screen::watch_vendor(&server.url(), "42");
    screen.shows_line(&["A-1001", "Paid"]).await;
    for (columns, rows) in [(0, 0), (1, 1), (300, 1), (1, 80), (39, 7), (0, 24), (80, 0)] {
        // Two sizes at once are one to it: each has a frame of its own, which
        // begins with an empty screen.
        let before = screen.written().len();
        screen.resize(columns, rows);
        screen.writes(CLEAR, before).await;
        let before = screen.written().len();
        screen.resize(120, 30);
        screen.writes(CLEAR, before).await;
        screen.writes("A-1001", before).await;
    }
    server
        .vendor("42")
        .set("A-1001", "Shipped")
        .await
        .expect(200);
    screen.shows_line(&["A-1001", "Shipped"]).await;
}

#[tokio::test]
async fn a_frame_is_one_piece_between_its_marks() {
    let server = TestServer::start().await;
    let mut screen = Screen::watch_vendor(&server.url(), "42");
    screen.shows_text(LIVE).await;
    for number in ["A-1", "A-2", "A-3"] {
        server.support().place(&paid("42", number)).await;
        screen.shows_line(&[number, "Paid"]).await;
        screen.press("jk");
    }
    let written = screen.written();
    let first = find(&written, BEGIN).expect("a frame");
    let mut rest = &written[first..];
    let mut frames = 0;
    // Between frames it rings, and places nothing; the last one may be under way.
    while let Some(end) = find(rest, END) {
        let frame = &rest[..end + END.len()];
        let begin = find(frame, BEGIN).expect("a begin before each end");
        assert!(
            find(&frame[..begin], b"\x1b[").is_none(),
            "{:?}",
            String::from_utf8_lossy(frame)
        );
        assert_eq!(
            frame.windows(BEGIN.len()).filter(|b| *b == BEGIN).count(),
            1
        );
        rest = &rest[frame.len()..];
        frames += 1;
    }
    assert!(frames >= 4, "{frames}");
}

fn find(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    bytes.windows(wanted.len()).position(|part| part == wanted)
}

#[tokio::test]
async fn plain_lines_tell_what_happens_without_a_terminal() {
    let server = TestServer::start().await;
    let dir = tempfile::tempdir().unwrap();
    let config = dir.path().join("ordertop.toml");
    std::fs::write(&config, "[alerts]\nnew_order = [\"alarm\"]\n").unwrap();
    let mut child = tokio::process::Command::new(binary("ordertop"))
        .args(["--plain", "--server", &server.url(), "--vendor", "42"])
        .env("ORDERTOP_CONFIG", &config)
        .env("ORDERTOP_MASTER_TOKEN", TOKEN)
        .env("TERM", "dumb")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .expect("ordertop starts");
    let mut lines = BufReader::new(child.stdout.take().expect("stdout")).lines();
    let mut until = async |wanted: &str| {
        let found = async {
            while let Some(line) = lines.next_line().await.expect("text") {
                assert!(!line.contains('\x1b'), "{line:?}");
                if line.contains(wanted) {
                    return line;
                }
            }
            panic!("it ended before {wanted:?}");
        };
        tokio::time::timeout(DEADLINE, found).await.expect(wanted)
    };
    until("0 orders").await;
    server.support().place(&paid("42", "A-1001")).await;
    let line = until("new #A-1001").await;
    assert!(line.contains("Ana Souza, 13.90"), "{line}");
    server
        .vendor("42")
        .set("A-1001", "Shipped")
        .await
        .expect(200);
    until("#A-1001 Paid -> Shipped, by vendor 42").await;
    server.support().place(&paid_now("42", "A-1002")).await;
    until("new #A-1002").await;
    until("ALARM  1 new order not looked at").await;
}

#[tokio::test]
async fn a_record_is_masked_and_played_into_a_picture() {
    let server = TestServer::start().await;
    server.support().place(&paid("42", "A-1001")).await;
    let folder = tempfile::tempdir().expect("a folder");
    let record = folder.path().join("record.jsonl");
    let file = record.to_str().expect("a path");
    let mut screen = Screen::start(&[
        "--server",
        &server.url(),
        "--vendor",
        "42",
        "--record",
        file,
    ]);
    screen.shows_line(&["A-1001", "Ana Souza", "Paid"]).await;
    screen.press("q");
    assert_eq!(screen.ended().await, 0);
    let written = std::fs::read_to_string(&record).expect("a record");
    assert!(
        !written.contains("Souza") && !written.contains(TOKEN),
        "{written}"
    );

    let picture = folder.path().join("screen.svg");
    let mut child = tokio::process::Command::new(binary("ordertop"))
        .args(["--replay", file, "--svg"])
        .arg(&picture)
        .stdin(Stdio::piped())
        .spawn()
        .expect("ordertop starts");
    child
        .stdin
        .take()
        .expect("stdin")
        .shutdown()
        .await
        .expect("closed");
    assert!(child.wait().await.expect("a status").success());
    let drawn = std::fs::read_to_string(&picture).expect("a picture");
    assert!(
        drawn.contains("A-1001") && drawn.contains("Buyer 1"),
        "{drawn}"
    );
}

/// More than a terminal hands over at once: what stands at its end is not left
/// for the key after it.
#[tokio::test]
async fn a_burst_of_keys_is_read_to_its_end() {
    let server = TestServer::start().await;
    server.support().place(&paid("42", "A-1001")).await;
    let mut screen = Screen::watch_vendor(&server.url(), "42");
    screen.shows_line(&["A-1001", "Paid"]).await;
    screen.press(&("j".repeat(1_500) + "?"));
    screen.shows_text("next status of the order").await;
}
