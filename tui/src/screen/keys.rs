//! What is typed, from a thread of its own: crossterm 0.29 reads for ever on a
//! terminal that hung up, and whoever reads then does nothing else any more. Its
//! `EventStream` lets the loop itself read now and then.
//!
//! Its feature `use-dev-tty` is on: without it, what comes beyond 1,024 bytes at
//! once is left unread until the next key, which then meets another screen.

use std::io;

use crossterm::event::{Event, read};
use tokio::sync::mpsc;

/// Keys that wait for the loop; the terminal keeps what comes beyond them.
const QUEUE: usize = 64;

/// Reads until nobody listens or the terminal fails. There must be one at a time.
///
/// # Errors
/// When there is no thread for it.
pub(super) fn typed() -> io::Result<mpsc::Receiver<io::Result<Event>>> {
    let (tell, keys) = mpsc::channel(QUEUE);
    std::thread::Builder::new()
        .name("keys".to_owned())
        .spawn(move || {
            loop {
                let event = read();
                let failed = event.is_err();
                if tell.blocking_send(event).is_err() || failed {
                    return;
                }
            }
        })?;
    Ok(keys)
}
