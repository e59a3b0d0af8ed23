//! `ordertop completions`.

use clap::{Args, CommandFactory as _};
use clap_complete::Shell;

use super::output::{Output, OutputArgs};
use super::{Exit, Failure};
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
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "ordertop", &mut script);
    String::from_utf8_lossy(&script).into_owned()
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
