//! `ordertop keys`: the table as it is now, for people, programs and the page
//! `docs/KEYS.md`.

use std::fmt::Write as _;

use clap::Args;
use serde_json::json;

use crate::model::keymap::{Binding, Chord, Context, Keymap};
use crate::model::text::{fit, width};
use crate::strings;

/// Print every key, with the names that `[keys]` in ordertop.toml uses
#[derive(Debug, Clone, Copy, Args)]
pub struct KeysArgs {
    /// One JSON object a line: context, action, keys, does
    #[arg(long, conflicts_with = "markdown")]
    pub json: bool,
    /// The page docs/KEYS.md, of the usual keys
    #[arg(long)]
    pub markdown: bool,
}

/// What `ordertop keys` prints, the last line's end included.
#[must_use]
pub fn print(args: KeysArgs, keymap: &Keymap) -> String {
    match args {
        KeysArgs { json: true, .. } => lines_of_json(keymap),
        KeysArgs { markdown: true, .. } => markdown(&Keymap::default()),
        _ => table(keymap),
    }
}

/// What a place is, for people.
fn place(context: Context) -> String {
    match context {
        Context::Screen => "on the screen".into(),
        Context::Find => "while the filter is typed".into(),
        Context::Dialog => "in a dialog, on its button".into(),
        Context::Field => "in a dialog, in a text".into(),
        other => format!("in the {}", other.name()),
    }
}

fn written(keys: &[Chord]) -> String {
    match keys {
        [] => "(none)".into(),
        keys => {
            let keys: Vec<_> = keys.iter().map(|key| key.written()).collect();
            keys.join(" ")
        }
    }
}

fn table(keymap: &Keymap) -> String {
    let bindings = keymap.bindings();
    let widest = |column: fn(&Binding) -> String| {
        bindings
            .iter()
            .map(|line| width(&column(line)))
            .max()
            .unwrap_or(0)
    };
    let (names, keys) = (
        widest(|line| line.action.name()),
        widest(|line| written(&line.keys)),
    );
    let mut out = String::new();
    for context in keymap.contexts() {
        let gap = if out.is_empty() { "" } else { "\n" };
        let _ = writeln!(out, "{gap}[keys.{}]  {}", context.name(), place(context));
        for line in bindings.iter().filter(|line| line.context == context) {
            let name = fit(&line.action.name(), names);
            let keys = fit(&written(&line.keys), keys);
            let does = strings::action_help(line.action);
            let _ = writeln!(out, "  {name}  {keys}  {does}");
        }
    }
    out
}

fn lines_of_json(keymap: &Keymap) -> String {
    let mut out = String::new();
    for line in keymap.bindings() {
        let keys: Vec<_> = line.keys.iter().map(|key| key.written()).collect();
        let object = json!({
            "context": line.context.name(),
            "action": line.action.name(),
            "keys": keys,
            "does": strings::action_help(line.action),
        });
        let _ = writeln!(out, "{object}");
    }
    out
}

fn markdown(keymap: &Keymap) -> String {
    let mut out = String::from(
        "# Keys\n\n\
         Made by `ordertop keys --markdown` from the table that the program reads; `ordertop keys` prints the keys\n\
         as they are with your own `ordertop.toml`.\n\n\
         Other keys: a line of `[keys]`, or of `[keys.dialog]` and so on for another place than the screen.\n\n\
         ```toml\n\
         [keys]\n\
         next-step = [\"s\", \"f2\"]   # these keys in place of the usual ones\n\
         jump = []                  # none\n\n\
         [keys.dialog]\n\
         confirm = [\"enter\", \"y\", \"ctrl-s\"]\n\
         ```\n\n\
         A key is a character (`s`, `G`, `?`), a name (`space`, `enter`, `esc`, `tab`, `backtab`, `backspace`, `delete`, `insert`, `up`, `down`,\n\
         `left`, `right`, `pageup`, `pagedown`, `home`, `end`, `f1` to `f24`), or one of these after `ctrl-`, `alt-` or `shift-`. Capitals are\n\
         written as they are typed. `find` is an action and a place: keys are the action's, a table `[keys.find]` is the place; who changes both\n\
         writes the action into `[keys.screen]`. One key can mean one thing in one place: `ordertop config check` names what is wrong\n\
         with its line.\n\n\
         Keys are sequences of bytes, and so are a terminal's replies and reports. Only a whole sequence that is a key, a mouse report,\n\
         a focus report or a paste does something. What a connection cuts is waited for, so:\n\n\
         - Esc is pressed after 50 ms without another byte; a key that follows sooner is pressed with Alt. What goes on within 150 ms as a sequence that was cut behind its first byte is still read as one.\n\
         - Alt with `[`, `]`, `O`, `P`, `X`, `^` or `_` begins a sequence, and is pressed after half a second; `alt-\\` ends one, and is no key.\n\
         - A sequence that does not end is dropped after half a second without a byte, a paste after two seconds; both after ten seconds\n  \
         of waiting in all. Of a paste the first 64 KiB are taken.\n",
    );
    for context in keymap.contexts() {
        let _ = writeln!(
            out,
            "\n## `[keys.{}]`: {}\n\n| action | keys | does |\n|---|---|---|",
            context.name(),
            place(context)
        );
        for line in keymap
            .bindings()
            .iter()
            .filter(|line| line.context == context)
        {
            let keys: Vec<_> = (line.keys.iter())
                .map(|key| format!("`{}`", key.written().replace('|', "\\|")))
                .collect();
            let (name, keys) = (line.action.name(), keys.join(" "));
            let does = strings::action_help(line.action).replace('|', "\\|");
            let _ = writeln!(out, "| `{name}` | {keys} | {does} |");
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::keymap::Action;

    #[test]
    fn the_page_of_keys_is_up_to_date() {
        let page = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/KEYS.md");
        let made = markdown(&Keymap::default());
        if std::env::var_os("ORDERTOP_UPDATE_SNAPSHOTS").is_some() {
            std::fs::write(&page, &made).unwrap();
        }
        let kept = std::fs::read_to_string(&page).unwrap_or_default();
        assert!(
            kept == made,
            "docs/KEYS.md is not up to date: write it with `ordertop keys --markdown > docs/KEYS.md`"
        );
    }

    #[test]
    fn every_line_has_its_key_and_its_words() {
        let mut keymap = Keymap::default();
        keymap.rebind(Context::Screen, Action::Jump, vec![]);
        let args = |json| KeysArgs {
            json,
            markdown: false,
        };
        let table = print(args(false), &keymap);
        assert!(table.contains("[keys.screen]"), "{table}");
        let jump = table.lines().find(|line| line.contains("  jump ")).unwrap();
        assert!(jump.contains("(none)"), "{jump}");
        let lines = print(args(true), &keymap);
        assert_eq!(lines.lines().count(), keymap.bindings().len());
        for line in lines.lines() {
            let object: serde_json::Value = serde_json::from_str(line).unwrap();
            assert_ne!(object["does"], "", "{line}");
        }
    }
}
