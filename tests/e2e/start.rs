//! The first start: nobody said which server, so the program asks, tries, keeps
//! what was answered, and shows the orders.

use std::path::Path;

use crate::support::{FaultProxy, Network, OldServer, Screen, TOKEN, TestServer, binary, paid};

const LIVE: &str = "Real-time: ON";
const TITLE: &str = "Welcome to ordertop";

fn settings(home: &Path) -> std::path::PathBuf {
    home.join(".config/ordertop/ordertop.toml")
}

/// Types over the address that stands in the form.
fn type_server(screen: &mut Screen, url: &str) {
    // Ctrl-U empties the field.
    screen.press(&format!("\u{15}{url}"));
}

#[tokio::test]
async fn a_server_is_asked_for_tried_and_kept() {
    let server = TestServer::start().await;
    server.support().place(&paid("42", "A-1001")).await;
    let home = tempfile::tempdir().expect("a directory");
    let mut screen = Screen::start_unconfigured(home.path(), &[]);
    screen.shows_text(TITLE).await;
    screen.shows_text("http://127.0.0.1:8080").await;
    type_server(&mut screen, &server.url());
    screen.press("\r43\rnot-the-token");
    screen.shows_text("•••••••••••••").await;
    screen.press("\r");
    let text = screen.shows_text("does not accept this token").await;
    assert!(!text.contains("not-the-token"), "{text}");
    assert!(!settings(home.path()).exists(), "nothing is kept yet");

    screen.press(&format!("\u{15}{TOKEN}\r"));
    screen
        .shows_text("Vendor 43 is not on this server; there: 42.")
        .await;
    screen.press("\u{15}42\r");
    screen.shows_text(LIVE).await;
    screen.shows_line(&["A-1001", "Ana Souza", "Paid"]).await;
    screen
        .shows_text("kept in ~/.config/ordertop/ordertop.toml")
        .await;
    let written = std::fs::read_to_string(settings(home.path())).expect("it is kept");
    let expected = format!(
        "server = \"{}\"\nvendor = \"42\"\ntoken_file = \"token\"\n",
        server.url()
    );
    assert_eq!(written, expected);
    let token = settings(home.path()).with_file_name("token");
    assert_eq!(
        std::fs::read_to_string(&token).expect("a token").trim(),
        TOKEN
    );
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = std::fs::metadata(&token)
            .expect("a file")
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o600);
    }
    // A theme is kept beside it.
    screen.press("Tember\r");
    screen
        .shows_text("theme ember: kept in ordertop.toml")
        .await;
    let written = std::fs::read_to_string(settings(home.path())).expect("it is kept");
    let expected = format!("{expected}\n[theme]\nname = \"ember\"\n");
    assert_eq!(written, expected);
    screen.press("q");
    assert_eq!(screen.ended().await, 0);
    assert!(screen.is_restored(), "{}", screen.text());

    let mut screen = Screen::start_unconfigured(home.path(), &[]);
    screen.shows_text(LIVE).await;
    screen.shows_text("A-1001").await;
    let written = screen.written();
    assert!(
        !String::from_utf8_lossy(&written).contains(TITLE),
        "it does not ask again"
    );
    assert!(!String::from_utf8_lossy(&written).contains(TOKEN));
}

#[tokio::test]
async fn what_is_wrong_with_a_server_is_said_under_it() {
    let mut gone = TestServer::start().await;
    gone.kill().await;
    let server = TestServer::start().await;
    let proxy = FaultProxy::in_front_of(server.address()).await;
    proxy.set(Network::Down);
    let old = OldServer::start().await;
    let home = tempfile::tempdir().expect("a directory");
    let mut screen = Screen::start_unconfigured(home.path(), &[]);
    screen.shows_text(TITLE).await;
    type_server(&mut screen, &gone.url());
    screen.press(&format!("\r\r{TOKEN}\r"));
    screen.shows_text("Nothing listens at").await;
    // The keys are where it is wrong.
    type_server(&mut screen, &server.url().replace("http:", "https:"));
    screen.press("\r");
    screen.shows_text("speaks no TLS: try http://").await;
    type_server(&mut screen, "http://nowhere.invalid");
    screen.press("\r");
    screen
        .shows_text("No machine is called nowhere.invalid")
        .await;
    type_server(&mut screen, &proxy.url());
    screen.press("\r");
    screen.shows_text("cannot be reached").await;
    type_server(&mut screen, &old.url());
    screen.press("\r");
    screen.shows_text("shows one vendor at a time").await;
    screen.press("42\r");
    screen.shows_text("legacy server").await;
    screen.shows_text("kept in").await;
    screen.press("q");
    assert_eq!(screen.ended().await, 0);
}

#[tokio::test]
async fn the_demo_is_one_key_away_and_keeps_nothing() {
    let home = tempfile::tempdir().expect("a directory");
    let mut screen = Screen::start_unconfigured(home.path(), &[]);
    screen.shows_text(TITLE).await;
    // One step back from the first field is the last button.
    screen.press("\u{1b}[Z\u{1b}[Z\r");
    screen.shows_text(LIVE).await;
    screen.shows_text("demo").await;
    screen.press("q");
    assert_eq!(screen.ended().await, 0);
    assert!(screen.is_restored(), "{}", screen.text());
    assert!(!settings(home.path()).exists());
}

#[tokio::test]
async fn without_a_terminal_it_says_how_to_name_a_server() {
    let home = tempfile::tempdir().expect("a directory");
    for args in [&[][..], &["--plain"]] {
        let mut command = tokio::process::Command::new(binary("ordertop"));
        command.args(args).env_clear().env("HOME", home.path());
        let output = command.output().await.expect("it starts");
        assert_eq!(output.status.code(), Some(2), "{args:?}");
        let said = String::from_utf8_lossy(&output.stderr);
        for words in [
            "--server URL",
            "ORDERTOP_MASTER_TOKEN",
            "~/.config/ordertop/ordertop.toml",
        ] {
            assert!(said.contains(words), "{args:?}: {said}");
        }
        assert!(output.stdout.is_empty());
    }
}
