//! Where the programs that are measured come from.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, ensure};

const NAMES: [&str; 2] = ["ordertop", "ordertop-server"];

/// The folder of the `dist` build beside this bench, with the programs as the
/// sources are now: Cargo builds what changed. Without Cargo those that lie there
/// are taken as they are.
pub(crate) fn built() -> anyhow::Result<PathBuf> {
    let this = std::env::current_exe()?;
    // target/release/deps/table-…
    let target = this.ancestors().nth(3).context("no target folder")?;
    let folder = target.join("dist");
    let there = NAMES.iter().all(|name| is_there(&folder, name));
    let Some(cargo) = std::env::var_os("CARGO") else {
        ensure!(
            there,
            "no ordertop and ordertop-server in {}",
            folder.display()
        );
        return Ok(folder);
    };
    let mut build = Command::new(cargo);
    build.args(["build", "--profile", "dist", "--locked"]);
    build.args([
        "--manifest-path",
        concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml"),
    ]);
    build.arg("--target-dir").arg(target);
    build.args(NAMES.iter().flat_map(|name| ["--bin", name]));
    ensure!(build.status()?.success(), "the programs cannot be built");
    ensure!(
        NAMES.iter().all(|name| is_there(&folder, name)),
        "the programs were not built into {}: name their folder",
        folder.display()
    );
    Ok(folder)
}

fn is_there(folder: &Path, name: &str) -> bool {
    let file = format!("{name}{}", std::env::consts::EXE_SUFFIX);
    folder.join(file).is_file()
}
