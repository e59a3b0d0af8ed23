//! `ordertop completions`.

use std::fmt::Write as _;

use clap::{Arg, Args, Command, CommandFactory as _, ValueHint};
use clap_complete::Shell;

use super::output::{Output, OutputArgs};
use super::{Exit, Failure, set};
use crate::args::Cli;

const EXAMPLES: &str = "\
Examples:
  ordertop completions bash > ~/.local/share/bash-completion/completions/ordertop
  ordertop completions zsh > ~/.zfunc/_ordertop        # with fpath+=~/.zfunc before compinit
  ordertop completions fish > ~/.config/fish/completions/ordertop.fish";

/// Which shell.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct CompletionsArgs {
    /// The shell
    #[arg(value_enum)]
    shell: Shell,
}

/// The completions of a shell.
pub(super) fn completions(shell: Shell) -> String {
    let mut command = without_files(Cli::command()).mut_subcommand("set", set::as_completed);
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut command, "ordertop", &mut script);
    let mut script = String::from_utf8_lossy(&script).into_owned();
    if shell == Shell::Fish {
        // A flag that has no value yet is no command line to fish, and what may be its
        // value would not be offered: without it, it is one.
        const READ: &str = "argparse -s (__fish_ordertop_global_optspecs) -- $cmd";
        script = script.replace(
            &format!("    {READ} 2>/dev/null\n"),
            &format!("    {READ} 2>/dev/null\n    or {READ}[1..-2] 2>/dev/null\n"),
        );
        script.push_str(&words_for_fish(&command));
    }
    script
}

/// Says of each value that nothing is known of that it names no file: shells offer
/// files otherwise.
fn without_files(command: Command) -> Command {
    let known =
        |arg: &Arg| !arg.get_action().takes_values() || arg.get_value_hint() != ValueHint::Unknown;
    command
        .mut_args(|arg| match known(&arg) {
            true => arg,
            false => arg.value_hint(ValueHint::Other),
        })
        .mut_subcommands(without_files)
}

/// The words that commands take without a flag, which `clap_complete` leaves out for
/// fish.
fn words_for_fish(command: &Command) -> String {
    let mut script = String::new();
    for command in command.get_subcommands() {
        let mut words = Vec::new();
        let mut files = false;
        for word in command.get_positionals() {
            files |= word.get_value_hint() != ValueHint::Other;
            let values = word.get_possible_values();
            words.extend(values.iter().map(|value| value.get_name().to_owned()));
        }
        if command.get_positionals().next().is_none() || (files && words.is_empty()) {
            continue;
        }
        let (name, words) = (command.get_name(), words.join(" "));
        // Writing to a string cannot fail.
        let _ = writeln!(
            script,
            "complete -c ordertop -n \"__fish_ordertop_using_subcommand {name}\" -f -a \"{words}\""
        );
    }
    script
}

/// Prints them.
///
/// # Errors
/// When stdout fails.
pub(super) fn run(args: CompletionsArgs) -> Result<Exit, Failure> {
    let mut out = Output::new(OutputArgs { json: false });
    out.line(completions(args.shell).trim_end())?;
    out.flush()?;
    Ok(Exit::Done)
}
