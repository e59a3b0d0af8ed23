use std::path::Path;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use super::*;
use crate::args::{ServerArgs, TOKEN_VARIABLE, WatchArgs};
use crate::model::keymap::{Action, Context};

fn read(text: &str) -> Result<Config, Mistakes> {
    Config::read(Path::new("ordertop.toml"), text)
}

fn refused(text: &str) -> String {
    read(text).expect_err(text).to_string()
}

#[test]
fn a_whole_file_is_read() {
    let config = read(
        "server = \"https://orders.example.com\"\nvendor = \"42\"\npoll = 60\ntoken_file = \"token\"\n\
         [keys]\nnext-step = [\"s\", \"f2\"]\njump = []\n[keys.dialog]\nconfirm = \"ctrl-s\"\n\
         [print]\ncommand = \"lpr -P 'slips'\"\n",
    )
    .unwrap();
    let server = config.server.unwrap();
    assert_eq!(
        (server.value.as_str(), server.line),
        ("https://orders.example.com/", 1)
    );
    assert_eq!(config.poll.unwrap().value, Duration::from_secs(60));
    assert_eq!(config.token_file.unwrap().value, Path::new("token"));
    assert_eq!(config.print_command.unwrap(), "lpr -P 'slips'");
    let means = |context, code, held| config.keymap.action(context, KeyEvent::new(code, held));
    let none = KeyModifiers::NONE;
    assert_eq!(
        means(Context::Screen, KeyCode::F(2), none),
        Some(Action::NextStep)
    );
    assert_eq!(means(Context::Screen, KeyCode::Char('n'), none), None);
    assert_eq!(
        means(Context::Dialog, KeyCode::Char('s'), KeyModifiers::CONTROL),
        Some(Action::Confirm)
    );
    assert_eq!(means(Context::Dialog, KeyCode::Enter, none), None);
    assert!(read("").is_ok() && read("\u{feff}poll = 5").is_ok());
}

#[test]
fn all_mistakes_are_named_at_once_with_their_places() {
    let all = refused(
        "vendr = \"42\"\npoll = 4\nserver = \"ftp://x\"\n\n[keys]\n  nxt-step = \"s\"\n  open = \"ctrl-i\"\n\
         [keys.dialg]\n[print]\ncommand = 7\n",
    );
    let lines: Vec<&str> = all.lines().collect();
    let wanted = [
        "ordertop.toml:1:1: unknown key \"vendr\": did you mean \"vendor\"?",
        "ordertop.toml:2:8: poll = 4 is out of range: 5 to 300 seconds",
        "ordertop.toml:3:10: server = \"ftp://x\": give an address such as http://127.0.0.1:8080",
        "ordertop.toml:6:3: unknown key \"nxt-step\" in [keys]: did you mean \"next-step\"?",
        "ordertop.toml:7:10: \"ctrl-i\" is no key of its own: terminals send it as tab",
        "ordertop.toml:8:7: unknown key \"dialg\" in [keys]: did you mean \"dialog\"?",
        "ordertop.toml:10:11: command is a whole number, not a text in quotes",
    ];
    assert_eq!(lines, wanted, "{all}");
}

#[test]
fn what_is_no_toml_is_named_with_its_line() {
    let all = refused("poll = 30\nserver = \"http://x\nvendor = = 3\n");
    assert!(all.starts_with("ordertop.toml:2:"), "{all}");
    assert!(all.lines().count() >= 2, "{all}");
    let twice = refused("poll = 5\npoll = 6\n");
    assert_eq!(
        twice,
        "ordertop.toml:2:1: duplicate key \"poll\", in line 1 already"
    );
    let twice = refused("poll = 5\n[alerts]\nlate = []\n\"late\" = []\n");
    assert_eq!(
        twice,
        "ordertop.toml:4:1: duplicate key \"late\", in line 3 already"
    );
}

#[test]
fn the_token_is_refused_and_not_shown() {
    let all = refused("token = \"s3cret\"\nmaster_token = \"s3cret\"\n");
    assert_eq!(all.lines().count(), 2);
    assert!(
        all.contains("token_file") && all.contains("mode 600"),
        "{all}"
    );
    assert!(!all.contains("s3cret"), "{all}");
}

#[test]
fn one_key_with_two_meanings_is_named() {
    let all = refused("[keys]\nnext-step = \"o\"\n");
    assert!(
        all.starts_with("ordertop.toml:2:13: \"o\" is the key of sort"),
        "{all}"
    );
    let all = refused("[keys]\nopen = \"f5\"\nnext-step = [\"s\", \"f5\"]\n");
    assert_eq!(
        all,
        "ordertop.toml:3:13: \"f5\" is the key of open already, in line 2"
    );
    assert!(refused("[keys]\nopen = [\"f5\", \"f5\"]\n").contains("stands here twice"));
    assert!(read("[keys]\nsort = []\nnext-step = \"o\"\n").is_ok());
    // One key may mean something in each place.
    assert!(read("[keys.field]\nconfirm = [\"f5\"]\n[keys.screen]\nopen = \"f5\"\n").is_ok());
}

#[test]
fn find_is_a_place_with_a_table_and_an_action_with_keys() {
    let none = KeyModifiers::NONE;
    let means =
        |config: &Config, context, code| config.keymap.action(context, KeyEvent::new(code, none));
    let place = read("[keys.find]\nconfirm = [\"enter\", \"f5\"]\n").unwrap();
    let confirm = means(&place, Context::Find, KeyCode::F(5));
    assert_eq!(confirm, Some(Action::Confirm));
    let slash = means(&place, Context::Screen, KeyCode::Char('/'));
    assert_eq!(slash, Some(Action::Find));
    for keys in ["[keys]\nfind = [\"f4\"]\n", "[keys]\nfind = \"f4\"\n"] {
        let action = read(keys).unwrap();
        let find = means(&action, Context::Screen, KeyCode::F(4));
        assert_eq!(find, Some(Action::Find), "{keys}");
    }
    // Both at once: the screen by its own name.
    let both = read("[keys.screen]\nfind = \"f4\"\n[keys.find]\nconfirm = \"f5\"\n").unwrap();
    let find = means(&both, Context::Screen, KeyCode::F(4));
    let confirm = means(&both, Context::Find, KeyCode::F(5));
    assert_eq!((find, confirm), (Some(Action::Find), Some(Action::Confirm)));
    let all = refused("[keys]\nfind = 3\n");
    assert!(all.contains(":2:8: a key is a text"), "{all}");
    let all = refused("[keys.find]\nconfrm = \"f5\"\n");
    assert!(all.contains("did you mean \"confirm\"?"), "{all}");
    assert!(refused("[keys]\ndialog = \"x\"\n").contains("dialog is a text, not a section"));
}

#[test]
fn an_actions_keys_that_stand_twice_are_named_at_the_later_line() {
    let screen_last = "[keys]\nopen = \"f5\"\n[keys.screen]\nopen = \"f6\"\n";
    let told = "ordertop.toml:4:8: open has its keys in line 2 already";
    assert_eq!(refused(screen_last), told);
    let screen_first = "[keys.screen]\nopen = \"f6\"\n[keys]\nopen = \"f5\"\n";
    assert_eq!(refused(screen_first), told);
}

#[test]
fn views_are_read_and_their_mistakes_named() {
    let config = read(
        "[views.\"late and large\"]\nfilter = \"total>100\"\nsort = \"ship-by\"\nreversed = true\ntab = \"paid\"\n",
    )
    .unwrap();
    let view = &config.views[0];
    assert_eq!(
        (view.name.as_str(), view.filter.as_str()),
        ("late and large", "total>100")
    );
    assert!(view.sorting.reversed && view.tab.is_some());
    let all = refused("[views.a]\nsort = \"price\"\nfiltr = \"\"\n");
    assert!(
        all.contains(":2:8: sort = \"price\": sort by urgency"),
        "{all}"
    );
    assert!(
        all.contains(":3:1: unknown key \"filtr\" in [views.\"a\"]: did you mean \"filter\"?"),
        "{all}"
    );
    assert!(refused("[views]\nb = 3\n").contains("[views.\"b\"]"));
}

#[test]
fn a_theme_and_its_colours_are_read() {
    use crate::theme::{Glyphs, Meaning, ThemeName};
    let config =
        read("[theme]\nname = \"contrast\"\nglyphs = \"ascii\"\naccent = \"#88c0d0\"\n").unwrap();
    assert_eq!(config.looks.name, ThemeName::Contrast);
    assert_eq!(config.looks.glyphs, Some(Glyphs::Ascii));
    assert_eq!(config.looks.colours[0].0, Meaning::Accent);
    let all = refused("[theme]\nname = \"drak\"\naccnt = \"red\"\nbad = \"#12\"\n");
    assert!(
        all.contains(":2:8: unknown name \"drak\": did you mean \"dark\"?"),
        "{all}"
    );
    assert!(
        all.contains(":3:1: unknown key \"accnt\" in [theme]: did you mean \"accent\"?"),
        "{all}"
    );
    assert!(all.contains(":4:7: bad = \"#12\": give #rrggbb"), "{all}");
}

#[test]
fn every_place_can_be_left() {
    assert!(refused("[keys]\nquit = []\n").contains(":2:8: no key is left to leave the program"));
    assert!(refused("[keys.dialog]\ncancel = []\n").contains("to leave the dialog"));
    assert!(refused("[keys.find]\ncancel = \"x\"\n").contains("typed into the text"));
}

#[test]
fn a_flag_goes_before_the_environment_before_the_file_before_the_usual() {
    let config = read("server = \"http://file\"\npoll = 60\n").unwrap();
    let args = |server: Option<&str>| WatchArgs {
        at: ServerArgs {
            server: server.map(|server| Url::parse(server).unwrap()),
            ..ServerArgs::default()
        },
        poll: None,
    };
    let variable = |name: &str| match name {
        "ORDERTOP_SERVER" => Some("http://environment".into()),
        TOKEN_VARIABLE => Some("s3cret".into()),
        _ => None,
    };
    let token = |name: &str| variable(name).filter(|_| name == TOKEN_VARIABLE);
    let of = |server| Effective::of(&args(server), &config, &variable).unwrap();
    assert_eq!(
        of(Some("http://flag")).server.origin,
        Origin::Flag("--server")
    );
    assert_eq!(of(None).server.origin, Origin::Variable("ORDERTOP_SERVER"));
    let file = Effective::of(&args(None), &config, &token).unwrap();
    assert_eq!(file.server.origin, Origin::File(1));
    assert_eq!(file.vendor.origin, Origin::Usual);
    assert_eq!(file.client().unwrap().poll_every, Duration::from_secs(60));
    let shown = command::show(&config, &file);
    assert!(!shown.contains("s3cret"), "{shown}");
    assert!(
        shown.contains("http://file/") && shown.contains("line 1"),
        "{shown}"
    );
    assert!(shown.contains(TOKEN_VARIABLE), "{shown}");

    let nobody = Effective::of(&args(None), &Config::default(), &|_| None).unwrap();
    assert!(nobody.is_untouched());
    let refused = nobody.client().unwrap_err().to_string();
    assert!(refused.starts_with(TOKEN_VARIABLE) && refused.contains("ordertop demo"));
}

#[test]
fn the_tokens_file_gives_the_token() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("ordertop.toml");
    std::fs::write(&file, "token_file = \"token\"\n").unwrap();
    write_token(&folder.path().join("token"), "s3cret").unwrap();
    let config = Config::load(Some(&file)).unwrap();
    let effective = Effective::of(&WatchArgs::default(), &config, &|_| None).unwrap();
    assert!(!effective.is_untouched());
    assert_eq!(effective.token().unwrap(), "s3cret");
}

#[test]
fn a_variable_is_asked_where_it_is_needed_and_no_flag_goes_before_it() {
    let bad = |name: &str| match name {
        "ORDERTOP_POLL" => Some("3".into()),
        "ORDERTOP_VENDOR" => Some("a b".into()),
        _ => None,
    };
    let config = Config::default();
    let mut args = WatchArgs::default();
    let refused = |args: &WatchArgs| Effective::of(args, &config, &bad).map_err(|bad| bad.name);
    assert_eq!(refused(&args).unwrap_err(), "ORDERTOP_POLL");
    args.poll = Some(30);
    assert_eq!(refused(&args).unwrap_err(), "ORDERTOP_VENDOR");
    args.at.all_vendors = true;
    assert!(refused(&args).is_ok());
    args.at.all_vendors = false;
    args.at.vendor = Some("42".parse().unwrap());
    assert!(refused(&args).is_ok());
    // What does not poll does not ask how often.
    assert!(Effective::of_server(&args.at, &config, &bad).is_ok());
    let empty = |_: &str| Some("".into());
    let nothing = Effective::of(&WatchArgs::default(), &config, &empty).unwrap();
    assert!(nothing.is_untouched());
}

#[test]
fn the_token_is_that_of_the_flag_before_the_variable_before_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str| {
        let path = folder.path().join(name);
        write_token(&path, name).unwrap();
        path
    };
    let config = Config {
        token_file: Some(Written {
            value: file("file"),
            line: 3,
        }),
        ..Config::default()
    };
    let flag = ServerArgs {
        token_file: Some(file("flag")),
        ..ServerArgs::default()
    };
    let variable = |name: &str| (name == TOKEN_VARIABLE).then(|| "variable".into());
    let of = |args: &ServerArgs, with_variable: bool| {
        let none = |_: &str| None;
        let variables: &dyn Fn(&str) -> _ = if with_variable { &variable } else { &none };
        let effective = Effective::of_server(args, &config, variables).unwrap();
        (effective.token().unwrap(), effective.token_origin())
    };
    let table = [
        (&flag, true, "flag", "set, from --token-file"),
        (
            &ServerArgs::default(),
            true,
            "variable",
            "set, from ORDERTOP_MASTER_TOKEN",
        ),
        (
            &ServerArgs::default(),
            false,
            "file",
            "set, from token_file in line 3 of ordertop.toml",
        ),
    ];
    for (args, with_variable, token, origin) in table {
        assert_eq!(
            of(args, with_variable),
            (token.to_owned(), origin.to_owned())
        );
    }
    std::fs::remove_file(folder.path().join("file")).unwrap();
    let gone = Effective::of_server(&ServerArgs::default(), &config, &|_| None).unwrap();
    let told = gone.token_origin();
    assert!(
        told.starts_with("none, from token_file") && told.contains("cannot be read"),
        "{told}"
    );
}

#[test]
fn an_endless_file_is_no_configuration() {
    let endless = Config::load(Some(Path::new("/dev/zero"))).unwrap_err();
    assert!(endless.to_string().contains("longer than any"), "{endless}");
}

#[test]
fn a_named_file_must_be_there() {
    let gone = Config::load(Some(Path::new("/nowhere/ordertop.toml"))).unwrap_err();
    assert!(
        gone.to_string().starts_with("/nowhere/ordertop.toml: "),
        "{gone}"
    );
}
