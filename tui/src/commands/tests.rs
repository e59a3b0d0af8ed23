use clap::{CommandFactory as _, ValueEnum as _};
use clap_complete::Shell;
use ordertop::client::RequestError;
use ordertop::protocol::ListedOrder;
use serde_json::json;

use super::completions::completions;
use super::{Exit, Failure, json as out, man};
use crate::args::Cli;

/// Every command that the program has, but for the help's own.
fn commands() -> Vec<String> {
    let cli = Cli::command();
    let names = cli.get_subcommands().map(|command| command.get_name());
    names.map(str::to_owned).collect()
}

#[test]
fn every_shells_completions_name_every_command() {
    let commands = commands();
    assert!(commands.len() >= 10, "{commands:?}");
    for shell in Shell::value_variants() {
        let script = completions(*shell);
        for command in &commands {
            assert!(script.contains(command.as_str()), "{shell}: {command}");
        }
        // The others are given the flags alone.
        if matches!(shell, Shell::Bash | Shell::Zsh | Shell::Fish) {
            assert!(script.contains("shipped"), "{shell} lists statuses");
        }
    }
}

#[test]
fn fish_offers_words_where_words_are_and_files_where_files_are() {
    let script = completions(Shell::Fish);
    let offers = |command: &str, words: &str| {
        let condition = format!("__fish_ordertop_using_subcommand {command}\" -f -a \"{words}");
        assert!(script.contains(&condition), "{command}: {words}");
    };
    offers("set", "pending paid shipped");
    offers("completions", "bash elvish fish");
    offers("show", "\"");
    assert!(script.contains("or argparse"), "a flag without its value");
    let flag = |start: &str| script.lines().find(|line| line.contains(start)).unwrap();
    assert!(flag("list\" -l vendor").ends_with("-r -f"));
    assert!(flag("list\" -l token-file").ends_with("-r -F"));
}

#[test]
fn the_help_of_set_tells_numbers_and_status_apart() {
    let help = crate::args::shown()
        .try_get_matches_from(["ordertop", "set", "--help"])
        .unwrap_err()
        .to_string();
    assert!(help.contains("[OPTIONS] <NUMBER>... <STATUS>"), "{help}");
    assert!(help.contains("possible values: pending, paid"), "{help}");
}

#[test]
fn every_command_has_a_manual_page_with_its_examples() {
    let dir = tempfile::tempdir().unwrap();
    let pages = dir.path().join("man1");
    man::write_all(&pages).unwrap();
    let whole = std::fs::read_to_string(pages.join("ordertop.1")).unwrap();
    assert!(whole.contains("130"), "the exit codes are told");
    for command in commands() {
        let page = pages.join(format!("ordertop-{command}.1"));
        let page = std::fs::read_to_string(&page).unwrap_or_else(|e| panic!("{command}: {e}"));
        assert!(page.contains(".TH"), "{command}");
        assert!(page.contains("ordertop"), "{command}");
    }
}

#[test]
fn what_steers_a_terminal_leaves_as_an_escape_and_means_the_same() {
    let hostile = json!({"a": "x\u{1b}[31m\u{9b}2J\u{202e}\u{200b}y\n", "ok": "陳美玲"});
    let line = out::safe(&hostile);
    assert!(!line.chars().any(char::is_control), "{line}");
    assert!(
        !line.contains('\u{202e}') && line.contains("陳美玲"),
        "{line}"
    );
    let read: serde_json::Value = serde_json::from_str(&line).unwrap();
    assert_eq!(read, hostile);
}

#[test]
fn an_orders_json_leaves_out_what_is_said_twice() {
    let order: ListedOrder = serde_json::from_value(json!({
        "id": 1, "order_number": "A-1", "status": "Paid", "total_amount": "5.00",
        "vendor_total": 5.00, "created_at": "2026-11-23T17:00:00Z",
        "updated_at": "2026-11-23T17:00:00Z", "vendor_id": "42", "version": 1,
    }))
    .unwrap();
    let told = out::order(&order);
    assert_eq!(told["total_amount"], "5.00");
    assert!(told.get("vendor_total").is_none() && told.get("vendor_items").is_none());
}

#[test]
fn each_way_to_fail_has_its_code() {
    let refused = |status| {
        let (code, message) = (String::new(), "no".to_owned());
        Failure::from(RequestError::Refused {
            status,
            code,
            message,
        })
        .exit()
    };
    let table = [
        (400, Exit::Refused),
        (401, Exit::Unauthorized),
        (403, Exit::Unauthorized),
        (404, Exit::NotFound),
        (409, Exit::Refused),
        (500, Exit::Failed),
    ];
    for (status, exit) in table {
        assert_eq!(refused(status), exit, "{status}");
    }
    let codes: Vec<_> = [Exit::Failed, Exit::TimedOut, Exit::Interrupted]
        .map(|exit| exit.code().to_string())
        .into();
    for code in codes {
        let told = super::EXIT_CODES.lines();
        let mut told = told.filter_map(|line| line.split_whitespace().next());
        assert!(told.any(|word| word == code), "{code}");
    }
    assert_eq!(Failure::ReaderGone.exit(), Exit::Done);
    assert_eq!(Failure::ReaderGone.sentence(""), None);
}

#[test]
fn a_servers_words_are_told_in_those_of_the_command_line() {
    let said = |status, code: &str, message: &str| {
        let (code, message) = (code.to_owned(), message.to_owned());
        let error = RequestError::Refused {
            status,
            code,
            message,
        };
        let credentials = "--token-file and --vendor";
        Failure::from(error).sentence(credentials).unwrap()
    };
    let table = [
        (
            400,
            "reason_required",
            "a change from Paid to Refunded needs a reason: send \"reason\"",
            "a change from Paid to Refunded needs a reason: give one with --reason",
        ),
        (
            409,
            "ambiguous_order",
            "several vendors have an order of this number: 42 and 43",
            "several vendors have an order of this number: 42 and 43; say which with --vendor",
        ),
        (
            401,
            "",
            "Invalid vendor ID",
            "Invalid vendor ID (check --token-file and --vendor)",
        ),
    ];
    for (status, code, message, sentence) in table {
        assert_eq!(said(status, code, message), sentence);
    }
}
