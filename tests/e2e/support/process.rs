//! Running the binaries that were built beside this test.

use std::path::{Path, PathBuf};
use std::process::Stdio;

use tokio::process::Command;

use super::within;

/// The path of one of the workspace's binaries. Cargo names only the binaries
/// of a test's own package; these lie in the directory above this test's own.
pub(crate) fn binary(name: &str) -> PathBuf {
    let test = std::env::current_exe().expect("the path of this test");
    let profile = test.parent().and_then(Path::parent).expect("target/…/deps");
    let path = profile.join(format!("{name}{}", std::env::consts::EXE_SUFFIX));
    assert!(
        path.exists(),
        "{} is missing: run `cargo build --workspace --bins` first, or `tests/run`",
        path.display()
    );
    path
}

/// A command that knows nothing of the environment's own settings.
pub(crate) fn command(program: &Path) -> Command {
    let mut command = Command::new(program);
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("ORDERTOP_") {
            command.env_remove(name);
        }
    }
    command.stdin(Stdio::null()).kill_on_drop(true);
    command
}

/// How a program ended and what it said.
#[derive(Debug)]
pub(crate) struct Finished {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Finished {
    /// A refusal to start: a non-zero code, and one sentence on stderr for a
    /// person, which is answered.
    #[track_caller]
    pub(crate) fn one_sentence(&self) -> &str {
        assert!(matches!(self.code, Some(code) if code != 0), "{self:?}");
        let said = self.stderr.trim();
        assert_eq!(said.lines().count(), 1, "one sentence, not {self:?}");
        assert!(!said.contains("panicked"), "{self:?}");
        said
    }
}

/// Runs `program` to its end.
pub(crate) async fn run(program: &str, args: &[&str], env: &[(&str, &str)]) -> Finished {
    let mut command = command(&binary(program));
    command.args(args).envs(env.iter().copied());
    let output = within(&format!("{program} {args:?} to end"), command.output())
        .await
        .expect("the program starts");
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    Finished {
        code: output.status.code(),
        stdout: text(output.stdout),
        stderr: text(output.stderr),
    }
}
