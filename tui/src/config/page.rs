//! `docs/CONFIGURATION.md` says what the program reads: what the page shows is
//! read, and what can be read stands on the page.

use std::path::Path;

use clap::{CommandFactory, ValueEnum};
use ordertop::order::OrderStatus;

use super::Config;
use crate::args::{Cli, LOG_VARIABLE, TOKEN_VARIABLE};
use crate::model::alerts::Kind;
use crate::model::alerts::{Alert, AlertSettings};
use crate::model::keymap::{Context, Keymap};
use crate::model::sort::Sort;
use crate::theme::{Meaning, ThemeName};

/// A name that is like no other, so that all known ones are listed.
const NO_NAME: &str = "zzzzzzzzzzzzzzzzzzzz";

fn page() -> String {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/CONFIGURATION.md");
    std::fs::read_to_string(page).unwrap()
}

fn blocks(page: &str) -> Vec<&str> {
    let fenced = page.split("```toml\n").skip(1);
    fenced.filter_map(|rest| rest.split("```").next()).collect()
}

/// What the reader says of a file.
fn mistakes(text: &str) -> String {
    let read = Config::read(Path::new("ordertop.toml"), text);
    read.err().map_or(String::new(), |all| all.to_string())
}

/// The names that the reader offers for one that is wrong.
fn offered(text: &str) -> Vec<String> {
    let words = mistakes(text);
    let known = words.split(": known are ").nth(1).unwrap_or_default();
    let line = known.lines().next().unwrap_or_default();
    line.split(", ").map(str::to_owned).collect()
}

fn assert_named<'a>(page: &str, names: impl IntoIterator<Item = &'a str>) {
    for name in names {
        let named = page.contains(&format!("`{name}`"));
        assert!(named, "docs/CONFIGURATION.md does not name `{name}`");
    }
}

#[test]
fn what_the_page_shows_is_read() {
    let page = page();
    let blocks = blocks(&page);
    assert!(blocks.len() >= 7, "{}", blocks.len());
    for block in blocks {
        assert_eq!(mistakes(block), "", "{block}");
    }
}

#[test]
fn every_key_stands_on_the_page() {
    let page = page();
    let top = offered(&format!("{NO_NAME} = 1\n"));
    assert!(top.contains(&"server".to_owned()), "{top:?}");
    let mut sections = Vec::new();
    for key in &top {
        // Views have names of the user's, and keys the page of their own.
        let text = match key.as_str() {
            "views" => format!("[views.a]\n{NO_NAME} = 1\n"),
            "keys" => continue,
            key => format!("[{key}]\n{NO_NAME} = 1\n"),
        };
        if mistakes(&text).contains("is a section, not") {
            assert_named(&page, [key.as_str()]);
            continue;
        }
        assert!(page.contains(&format!("\n### `[{key}]`\n")), "[{key}]");
        let known = offered(&text);
        assert_named(&page, known.iter().map(String::as_str));
        sections.push(key.as_str());
    }
    assert_eq!(sections, ["print", "alerts", "theme", "views"]);
    for context in Keymap::default().contexts() {
        if context != Context::Screen {
            assert_named(&page, [format!("[keys.{}]", context.name()).as_str()]);
        }
    }
}

#[test]
fn every_value_that_is_a_name_stands_on_the_page() {
    let page = page();
    let themes: Vec<_> = (ThemeName::value_variants().iter())
        .filter_map(|name| Some(name.to_possible_value()?.get_name().to_owned()))
        .collect();
    assert_named(&page, themes.iter().map(String::as_str));
    assert_named(&page, Meaning::ALL.map(Meaning::name));
    assert_named(&page, Kind::ALL.map(Kind::as_str));
    assert_named(&page, Sort::ALL.map(Sort::name));
    let statuses = OrderStatus::ALL.map(|status| status.as_str().to_lowercase());
    assert_named(&page, statuses.iter().map(String::as_str));
    let glyphs = offered(&format!("[theme]\nglyphs = \"{NO_NAME}\"\n"));
    assert!(glyphs.len() > 2, "{glyphs:?}");
    assert_named(&page, glyphs.iter().map(String::as_str));
    for value in ["late = [\"zz\"]", "notify = \"zz\""] {
        let names = offered(&format!("[alerts]\n{value}\n"));
        assert!(names.len() >= 4, "{names:?}");
        assert_named(&page, names.iter().map(String::as_str));
    }
}

#[test]
fn the_usual_alerts_are_those_that_the_page_shows() {
    let page = page();
    let block = blocks(&page)
        .into_iter()
        .find(|block| block.contains("quiet ="));
    let read = Config::read(Path::new("ordertop.toml"), block.unwrap()).unwrap();
    let usual = AlertSettings {
        command: read.alerts.command.clone(),
        quiet: read.alerts.quiet,
        ..AlertSettings::default()
    };
    assert_eq!(read.alerts, usual);
}

#[test]
fn every_variable_stands_on_the_page() {
    let page = page();
    // Every variable that the help names.
    let help = Cli::command().render_long_help().to_string();
    let words = help.split(|c: char| !c.is_ascii_uppercase() && c != '_');
    let named: Vec<&str> = words.filter(|word| word.starts_with("ORDERTOP_")).collect();
    assert!(named.len() >= 8, "{named:?}");
    assert_named(&page, named.into_iter().filter(|name| *name != "ORDERTOP_"));
    assert_named(&page, [TOKEN_VARIABLE, LOG_VARIABLE, "ORDERTOP_LOG_FILTER"]);
    let alert = Alert {
        kind: Kind::Late,
        key: None,
        text: String::new(),
        buyer: String::new(),
        total: String::new(),
        status: String::new(),
    };
    assert_named(&page, alert.variables().iter().map(|(name, _)| *name));
}
