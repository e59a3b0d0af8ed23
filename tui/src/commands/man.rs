//! `ordertop man`.

use std::io;
use std::path::{Path, PathBuf};

use clap::Args;
use clap_mangen::Man;

use super::output::{Output, OutputArgs};
use super::{Exit, Failure};
use crate::args::shown;

const EXAMPLES: &str = "\
Examples:
  ordertop man | man -l -
  ordertop man --dir ~/.local/share/man/man1
      one page a command: then `man ordertop-list`";

/// Where the pages go.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct ManArgs {
    /// Write a page for each command into this directory, which is made
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
}

/// Prints the page, or writes all.
///
/// # Errors
/// When the directory or stdout fails.
pub(super) fn run(args: &ManArgs) -> Result<Exit, Failure> {
    if let Some(dir) = &args.dir {
        return write_all(dir)
            .map(|()| Exit::Done)
            .map_err(|error| Failure::Io {
                what: dir.display().to_string(),
                error,
            });
    }
    let mut page = Vec::new();
    // Writing to memory cannot fail.
    let _ = Man::new(shown()).render(&mut page);
    let mut out = Output::new(OutputArgs { json: false });
    out.line(String::from_utf8_lossy(&page).trim_end())?;
    out.flush()?;
    Ok(Exit::Done)
}

/// Writes `ordertop.1`, `ordertop-list.1` and so on.
pub(super) fn write_all(dir: &Path) -> io::Result<()> {
    std::fs::create_dir_all(dir)?;
    clap_mangen::generate_to(shown(), dir)
}
