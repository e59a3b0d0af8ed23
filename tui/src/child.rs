//! Commands of the user's that run beside the screen: for so long and no longer.

use std::io;
use std::process::{Child, ExitStatus};
use std::thread;
use std::time::{Duration, Instant};

/// How long the print command and an alert's command may take.
pub(crate) const PATIENCE: Duration = Duration::from_secs(10);
/// How often it is looked whether one ended.
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// How it ended; `None` when it had to be killed after `patience`. Blocks until then.
///
/// # Errors
/// When the system does not say, or does not kill it.
pub(crate) fn ended_within(
    child: &mut Child,
    patience: Duration,
) -> io::Result<Option<ExitStatus>> {
    let deadline = Instant::now() + patience;
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(Some(status));
        }
        if Instant::now() >= deadline {
            child.kill()?;
            child.wait()?;
            return Ok(None);
        }
        thread::sleep(LOOK_EVERY);
    }
}
