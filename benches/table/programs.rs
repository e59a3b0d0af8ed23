//! Where the programs that are measured come from.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, ensure};

const NAMES: [&str; 2] = ["ordertop", "ordertop-server"];

/// The folder of the release build that this bench belongs to, with the programs
/// as the sources are now: Cargo builds what changed. Without Cargo those that lie
/// there are taken as they are.
pub(crate) fn built() -> anyhow::Result<PathBuf> {
    let this = std::env::current_exe()?;
    // target/release/deps/table-…
    let folder = this.ancestors().nth(2).context("no folder of programs")?;
    let there = NAMES.iter().all(|name| is_there(folder, name));
    let Some(cargo) = std::env::var_os("CARGO") else {
        ensure!(
            there,
            "no ordertop and ordertop-server in {}",
            folder.display()
        );
        return Ok(folder.to_path_buf());
    };
    let mut build = Command::new(cargo);
    build.args(["build", "--release", "--locked"]);
    build.args([
        "--manifest-path",
        concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml"),
    ]);
    // Beside this bench, wherever that is.
    let target = folder.parent().context("no target folder")?;
    build.arg("--target-dir").arg(target);
    build.args(NAMES.iter().flat_map(|name| ["--bin", name]));
    ensure!(build.status()?.success(), "the programs cannot be built");
    ensure!(
        NAMES.iter().all(|name| is_there(folder, name)),
        "the programs were not built into {}: name their folder",
        folder.display()
    );
    Ok(folder.to_path_buf())
}

fn is_there(folder: &Path, name: &str) -> bool {
    let file = format!("{name}{}", std::env::consts::EXE_SUFFIX);
    folder.join(file).is_file()
}
